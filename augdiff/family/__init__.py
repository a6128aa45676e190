"""Families: one file for each published way of noising and denoising, a composition of the engine's values."""
