"""Language models that adapters adapt: how a copy of one is found, known again and read."""
