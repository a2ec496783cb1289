"""What is wrong with headers or with this machine. Nothing is changed."""
