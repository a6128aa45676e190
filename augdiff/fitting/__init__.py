"""What all rows teach before any of them grows."""
