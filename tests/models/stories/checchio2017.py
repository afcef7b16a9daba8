"""Psoriasis: antibodies to IL-17 bring more patients to PASI75, and sooner, than etanercept or ustekinumab."""

from __future__ import annotations

from stories import Arms, at


def holds(arms: Arms) -> bool:
    """At weeks 4, 12 and 24; placebo lies below all."""
    placebo, tnf, il23, *il17 = (arms[name] for name in arms)
    return all(
        min(at(run, "PASI75", week) for run in il17)
        > max(at(run, "PASI75", week) for run in (tnf, il23))
        > at(placebo, "PASI75", week)
        for week in (4, 12, 24)
    )
