"""A model as a text for another program that solves it, and back."""
