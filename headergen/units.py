"""Bytes as people read them; the parent and the worker share this page."""

from __future__ import annotations

GIGABYTE, MEGABYTE = 1e9, 1e6


def gigabytes(size_bytes: int) -> str:
    """Write a number of bytes in GB: `20.5 GB`."""
    return f"{size_bytes / GIGABYTE:.1f} GB"
