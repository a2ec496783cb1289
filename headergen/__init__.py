"""Give every Markdown article its header picture."""

__version__ = "0.1.0"
