"""Bits a token: what texts cost by a noise and the denoiser that learned to take it back."""
