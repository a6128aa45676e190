"""Rows of any container in, rows and their variants out, and where each came from."""
