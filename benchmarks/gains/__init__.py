"""Does a classifier get better? The parts of ``benchmarks/gain.py``: tasks, methods, classifiers, figures, cells."""
