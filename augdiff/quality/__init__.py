"""Judges: what a variant is worth, and why one is rejected."""
