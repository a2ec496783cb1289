"""What a picture file tells, read without Pillow: first bytes, metadata, provenance."""
