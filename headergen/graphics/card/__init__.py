"""Title cards: what they show, and how they are drawn."""
