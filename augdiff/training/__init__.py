"""How denoisers learn: rows, how they are noised, what is to be got right, and the only training loop."""
