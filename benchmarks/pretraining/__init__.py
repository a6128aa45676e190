"""Training the shipped denoisers on one GPU in minutes: what ``augdiff train`` does, by the clock.

The rows, the noise and the networks are those of ``augdiff train``. What differs is how a step is computed: worker
processes noise the rows, and all rows of a batch lie in one line of always as many places, so that everything but
attention has one shape and is compiled once.
"""
