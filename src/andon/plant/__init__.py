"""Nouns of a plant: tags, recordings, windows, verdicts, events, labels, budgets; status, time, errors, words.

Everything here is frozen data or a pure function of it; nothing opens a file (but `atomic_write`), and nothing
imports more than the standard library and numpy.
"""
