"""The card of an intervention: what it does, by how much, when, on whose authority, and what it expects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from immunode.intervention.operations import JUMPS, Operation
from immunode.model import markdown

if TYPE_CHECKING:
    from immunode.intervention.drugs.drug import Drug
    from immunode.intervention.intervention import Intervention
    from immunode.model.declaration import Model, Parameter

_CHANGES = ("acts on", "meaning", "without", "at full strength", "unit")
_KNOBS = ("knob", "value", "unit", "meaning", "source")


@dataclass(frozen=True, slots=True)
class Card:
    """What an intervention says about itself; prints as text, in a notebook as HTML, on a terminal as a table.

    labels : kind, direction and place of action.   rows : (word, text), such as ("does", "inhibits k by 95 %").
    changes : rows of target, meaning, value without it, value at full strength, unit; empty without a model.
    knobs : rows of name, value, unit, meaning, source; empty without a model.
    """

    name: str
    labels: str
    rows: tuple[tuple[str, str], ...]
    changes: tuple[tuple[str, ...], ...] = ()
    knobs: tuple[tuple[str, ...], ...] = ()

    def __str__(self) -> str:
        lines = [f"{self.name} ({self.labels})" if self.labels else self.name]
        lines += [f"  {word:<8} {text}" for word, text in self.rows]
        for i, (target, _, before, after, unit) in enumerate(self.changes):
            lines.append(f"  {'changes' * (i == 0):<8} {target}: {before} -> {after}{f' {unit}' if unit else ''}")
        return "\n".join(lines)

    def to_markdown(self) -> str:
        """Return the card as Markdown: a heading and tables."""
        labels = f" ({self.labels})" if self.labels else ""
        parts = [f"### {markdown.plain(self.name + labels)}", markdown.table(("", ""), self.rows)]
        parts += [markdown.table(_CHANGES, self.changes)] * bool(self.changes)
        parts += [markdown.table(_KNOBS, self.knobs)] * bool(self.knobs)
        return "\n\n".join(parts) + "\n"

    def _repr_html_(self) -> str:
        labels = f" <small>{escape(self.labels)}</small>" if self.labels else ""
        parts = [f"<div><strong>{escape(self.name)}</strong>{labels}", _html((), self.rows)]
        parts += [_html(_CHANGES, self.changes)] * bool(self.changes)
        if self.knobs:
            parts.append(f"<details><summary>Knobs</summary>{_html(_KNOBS, self.knobs)}</details>")
        return "".join([*parts, "</div>"])

    def __rich__(self) -> Any:
        from rich.box import SIMPLE_HEAD
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        heading = Text.assemble((self.name, "bold"), f"  {self.labels}" if self.labels else "")
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="dim", no_wrap=True)
        grid.add_column(overflow="fold")
        for word, text in self.rows:
            grid.add_row(Text(word), Text(text))
        made: list[Any] = [heading, grid]
        for heads, rows in ((_CHANGES, self.changes), (_KNOBS, self.knobs)):
            if rows:
                table = Table(box=SIMPLE_HEAD, pad_edge=False)
                for head in heads:
                    right = head in ("without", "at full strength", "value")
                    table.add_column(head, justify="right" if right else "left", overflow="fold")
                for row in rows:
                    table.add_row(*(Text(cell) for cell in row))
                made.append(table)
        return Group(*made)


def card(intervention: Intervention | Drug, model: Model | None = None) -> Card:
    """Return the card of an intervention or a drug.

    model : with it, the card also tells what each target is without it and at full strength, and the knobs.

    Raises
    ------
    ModelError, DoseError, UnitError : it does not fit the model, as in `perturb`.
    """
    labels, rows = intervention.card_rows()
    told = tuple((word, text) for word, text in rows.items() if text)
    if model is None:
        return Card(intervention.name, labels, told)
    from immunode.intervention.compose import knobs, perturb

    composed = perturb(model, intervention)
    known: dict[tuple[bool, str], Any] = {(False, p.name): p for p in composed.parameters}
    known |= {(True, s.name): s for s in composed.states}
    acts: Sequence[Any] = getattr(intervention, "operations" if hasattr(intervention, "operations") else "effects")
    changes = []
    for act in acts:
        moved = isinstance(act, Operation) and act.operator in JUMPS
        target = known[moved, act.target]
        before = _number(target.initial if moved else target.value)
        changes.append((act.target, target.meaning, before, _after(act, target, intervention.strength), target.unit))
    return Card(
        intervention.name, labels, told, tuple(changes), tuple(_knob_row(p) for p in knobs(model, intervention))
    )


def _after(act: Any, target: Any, strength: float) -> str:
    """Return what a target becomes at full signal: a drug's full occupancy, a transfer's jump."""
    size = float(act.value if isinstance(act, Operation) else act.size)
    if not isinstance(act, Operation):
        strength = 1.0  # a drug's strength scales its doses
    if act.operator == "transfer":
        return f"+ {size * strength:.6g}"
    if act.operator == "remove":
        return f"x {1 - size * strength:.6g}"
    value = float(target.value)
    if act.operator == "scale":
        return _number(value * size**strength)
    if act.operator == "inhibit":
        return _number(value * (1 - size * strength))
    if act.operator == "stimulate":
        return _number(value * (1 + size * strength))
    return _number(value + strength * (size - value)) if act.operator == "set_to" else _number(value + strength * size)


def _knob_row(knob: Parameter) -> tuple[str, ...]:
    evidence = f" ({knob.evidence})" if knob.evidence else ""
    return (knob.name, _number(knob.value), knob.unit, knob.meaning, f"{knob.source}{evidence}")


def _number(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.6g}"


def _html(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    def line(cells: Sequence[str], tag: str) -> str:
        return "<tr>" + "".join(f'<{tag} style="text-align:left">{escape(c)}</{tag}>' for c in cells) + "</tr>"

    head = f"<thead>{line(heads, 'th')}</thead>" if heads else ""
    return f"<table>{head}<tbody>{''.join(line(row, 'td') for row in rows)}</tbody></table>"
