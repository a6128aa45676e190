"""Named things: does a tagger find more of them, once it has learned from more sentences?"""
