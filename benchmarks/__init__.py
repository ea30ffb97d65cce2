"""Figures of speed, beside the plain way of doing the same. Not tests: a busy machine fails nothing."""
