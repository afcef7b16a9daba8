"""Figures that a model can be asked for: which fit it, how each is drawn, its script, and a page of all of them."""
