"""Containers: one short file each, found by the type of the data without importing its library."""
