"""Benchmarks: a peer and us on the same work in one process tree, printed as ratios.

They measure, they do not judge: no test depends on a time.
"""
