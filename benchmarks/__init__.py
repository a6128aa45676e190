"""Measurements: a script, a commit and a JSON line each; ``README.md`` says how to run them."""
