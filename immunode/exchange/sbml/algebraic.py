"""Algebraic rules: equations that hold at all times."""

from __future__ import annotations

from immunode.exchange.sbml.frame import Reading


def resolve_algebraic(reading: Reading) -> None:
    """Turn algebraic rules (`reading.algebraic`) into rules that give a value or a rate.

    Called before any quantity is read: `reading.assigned` and `reading.rates` (id -> mathematics) may be filled here.
    """
    if reading.algebraic:
        raise reading.error("algebraic rule", "algebraic rules are not read here")
