"""The explicit pair of order 8: its coefficients, and when it is taken."""

from __future__ import annotations
