"""Does augmentation help on your data? Classifiers learn with it and without, and are compared on rows left out."""
