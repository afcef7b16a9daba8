"""What the tables of `run` and `sweep` share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


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


def shown_unit(unit: str) -> str:
    """Return a unit as tables show it: nothing for 1."""
    return "" if unit == "1" else unit


def print_arm_names(screen: Console, called: Mapping[str, str]) -> None:
    """Print under which names arms are asked for, where tables call them otherwise."""
    other = [f"{label}: {arm}" for arm, label in called.items() if label != arm]
    if other:
        screen.print("arms by name: " + "; ".join(other), soft_wrap=True)
