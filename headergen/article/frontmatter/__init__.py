"""What stands between an article's fences: found, read, checked, and changed byte by byte."""
