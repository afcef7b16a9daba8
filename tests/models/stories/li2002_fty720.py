"""Monkeys: T cells leave blood within hours; B cells, refilled from a pool, fall less and sink for two days."""

from __future__ import annotations

from stories import Arms, at, low


def holds(arms: Arms) -> bool:
    """After 1 mg/kg; in percent of the counts before."""
    run = arms["1 mg/kg"]
    lowest = float(run.times[run["B_left"].argmin()])
    return at(run, "T_left", 6) < 25 and low(run, "B_left") > 1.5 * low(run, "T_left") and 48 <= lowest < 72
