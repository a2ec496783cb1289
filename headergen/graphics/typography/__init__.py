"""Text on pictures: which glyphs, broken where, how large, and drawn."""
