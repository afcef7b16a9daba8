"""Programs as NumPy source: the functions that engines call."""

from __future__ import annotations
