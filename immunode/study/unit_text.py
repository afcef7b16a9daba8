"""Units as text."""

from __future__ import annotations


def times_unit(unit: str, other: str) -> str:
    """Return the product of two units as text."""
    return f"{unit}*{other}" if unit and other else unit or other
