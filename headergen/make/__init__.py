"""Jobs become pictures on disk, and articles that name them."""
