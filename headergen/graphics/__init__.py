"""Pictures on the CPU; the only room that imports Pillow."""
