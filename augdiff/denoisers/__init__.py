"""The networks, and the code that makes a denoiser of a folder."""
