"""The config file, and everything that it may set."""
