"""How a model looks in a terminal and in a notebook."""

from __future__ import annotations

from html import escape
from typing import Any

from immunode.model.declaration import Declaration

_SHOWN = 24
"""States listed before the rest is only counted."""


def text(model: Declaration) -> str:
    """Return a model as plain text of a few lines: name, title, states with initial values, and what else it has."""
    lines = [f"Model {model.label}" + (f": {model.title}" if model.title else "")]
    facts = [
        model.system,
        f"time in {_unit(model.time_unit)}, horizon {number(model.horizon)}",
        f"steps of at most {number(model.max_step)}" if model.max_step else "",
        model.species,
        model.status,
    ]
    if model.reference:
        facts.append(model.reference)
    lines.append("  " + " | ".join(fact for fact in facts if fact))
    rows = [(s.name, _initial(s.initial), s.unit, s.meaning) for s in model.states]
    shown = rows[:_SHOWN]
    widths = [max((len(row[i]) for row in shown), default=0) for i in range(3)]
    for row in shown:
        cells = [row[0].ljust(widths[0]), row[1].rjust(widths[1]), row[2].ljust(widths[2]), row[3]]
        lines.append(("  " + "  ".join(cells)).rstrip())
    if len(rows) > _SHOWN:
        lines.append(f"  ... and {len(rows) - _SHOWN} more states")
    lines.append("  " + counts(model))
    for label, names in _lists(model):
        lines.append(f"  {label}: {', '.join(names)}")
    return "\n".join(lines)


def counts(model: Declaration) -> str:
    """Return `"2 states, 8 parameters, 6 processes"`, without what the model doesn't have."""
    groups = [
        (model.states, "state", "states"),
        (model.parameters, "parameter", "parameters"),
        (model.processes, "process", "processes"),
        (model.derived, "derived quantity", "derived quantities"),
        (model.events, "event", "events"),
        (model.switches, "switch", "switches"),
        (model.compartments, "compartment", "compartments"),
        (model.effects, "effect", "effects"),
    ]
    return ", ".join(f"{len(g)} {one if len(g) == 1 else many}" for g, one, many in groups if g) or "empty"


def _lists(model: Declaration) -> list[tuple[str, list[str]]]:
    lists = [
        ("interventions", [i.name for i in model.interventions]),
        ("variants", [v.name for v in model.variants]),
        ("applied", list(model.applied)),
        (
            "not as declared",
            [f"{n} = {_initial(now)} (was {_initial(was)})" for n, (was, now) in model.changed.items()],
        ),
        ("readouts", list(model.readouts)),
    ]
    return [(label, names) for label, names in lists if names]


def number(value: float) -> str:
    """Return a number in up to six digits: `5e+05` as `500000`, `1.3e4` as `13000`, small ones in powers of ten."""
    return (
        f"{value:.6g}"
        if value == 0 or 1e-4 <= abs(value) < 1e7
        else f"{value:.6g}".replace("e+0", "e").replace("e+", "e")
    )


def _initial(value: float | str) -> str:
    return value if isinstance(value, str) else number(value)


def _unit(unit: str) -> str:
    return unit or "its own unit"


def table(model: Declaration) -> Any:
    """Return a model as `rich` text with a table of its states, for terminals with color."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    lines = text(model).splitlines()
    shown = min(len(model.states), _SHOWN)
    grid = Table(box=None)
    grid.add_column("state")
    grid.add_column("initial", justify="right")
    grid.add_column("unit")
    grid.add_column("meaning")
    for state in model.states[:_SHOWN]:
        grid.add_row(*(Text(cell) for cell in (state.name, _initial(state.initial), state.unit, state.meaning)))
    return Group(Text(lines[0], style="bold"), Text(lines[1]), grid, *(Text(line) for line in lines[2 + shown :]))


_TABLE = "<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def html(model: Declaration) -> str:
    """Return a model as HTML for a notebook; every text of the model is escaped."""
    facts = [
        model.system,
        model.species,
        f"time in {_unit(model.time_unit)}",
        model.status,
        model.reference,
        counts(model),
    ]
    parts = [
        f"<div><strong>{escape(model.label)}</strong> {escape(model.title)}<br>",
        f"<small>{escape(' | '.join(fact for fact in facts if fact))}</small>",
        _table(
            ["state", "initial", "unit", "meaning"],
            [[s.name, _initial(s.initial), s.unit, s.meaning] for s in model.states],
        ),
        "<details><summary>Parameters</summary>",
        _table(
            ["parameter", "value", "unit", "meaning", "source"],
            [[p.name, number(p.value), p.unit, p.meaning, p.source] for p in model.parameters],
        ),
        "</details><details><summary>Processes</summary>",
        _table(
            ["process", "arrow", "rate", "meaning"],
            [[p.name, p.arrow, p.rate, p.meaning] for p in model.processes],
        ),
        "</details>",
    ]
    for label, names in _lists(model):
        parts.append(f"<small>{escape(label)}: {escape(', '.join(names))}</small><br>")
    return "".join([*parts, "</div>"])


def _table(head: list[str], rows: list[list[str]]) -> str:
    def row(cells: list[str], tag: str) -> str:
        return "".join(f'<{tag} style="text-align:left">{escape(cell)}</{tag}>' for cell in cells)

    body = "".join(f"<tr>{row(cells, 'td')}</tr>" for cells in rows)
    return _TABLE.format(head=row(head, "th"), body=body)
