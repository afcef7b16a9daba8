"""What the tables of `run` and `sweep` share."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

NOISE = 1e-3
"""Times the relative tolerance and the size of a quantity: what is no different from 0."""


def once_each(rows: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
    """Return rows that say what a quantity is in the first of its rows only."""
    told: set[object] = set()
    shown = []
    for row in rows:
        again = row["quantity"] in told
        told.add(row["quantity"])
        blank = dict.fromkeys(("quantity", "meaning", "unit"), "")
        shown.append({**row, **(blank if again else {"unit": shown_unit(str(row["unit"]))})})
    return shown


def without_noise(rows: Sequence[Mapping[str, object]], columns: Sequence[str], rtol: float) -> list[dict[str, object]]:
    """Return rows in which numbers below what the solver can tell from 0 are 0.

    That is rtol * 1e-3 of the largest number of the same quantity, as the default absolute tolerance of a state.

    rows : each with its `quantity`.   columns : those with values of it, in its unit.
    """
    sizes: dict[object, float] = {}
    for row in rows:
        values = [abs(value) for name in columns if isinstance(value := row[name], float) and math.isfinite(value)]
        sizes[row["quantity"]] = max([sizes.get(row["quantity"], 0.0), *values])
    shown = []
    for row in rows:
        least = rtol * NOISE * sizes[row["quantity"]]
        small = [name for name in columns if isinstance(value := row[name], float) and abs(value) < least]
        shown.append({**row, **dict.fromkeys(small, 0.0)})
    return shown


def shown_unit(unit: str) -> str:
    """Return a unit as tables show it: nothing for 1."""
    return "" if unit == "1" else unit


def print_arm_names(screen: Console, called: Mapping[str, str]) -> None:
    """Print under which names arms are asked for, where tables call them otherwise."""
    other = [f"{label}: {arm}" for arm, label in called.items() if label != arm]
    if other:
        screen.print("arms by name: " + "; ".join(other), soft_wrap=True)
