"""Steady states of a program: the one that a start leads to, and all that many starts lead to."""
