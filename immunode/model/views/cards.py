"""The card of an intervention: what it does, by how much, when, on whose authority, and what it expects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Self

from immunode.model import markdown
from immunode.model.declaration import Perturbation

_CHANGES = ("acts on", "meaning", "without", "at full strength", "unit")
_KNOBS = ("knob", "value", "unit", "meaning", "source")


@dataclass(frozen=True, slots=True)
class Card:
    """What an intervention says about itself; prints as text, in a notebook as HTML, on a terminal as a table.

    Attributes
    ----------
    labels : str
        kind, direction and place of action.
    rows : tuple[tuple[str, str], ...]
        (word, text), such as ("does", "inhibits k by 95 %").
    changes : tuple[tuple[str, ...], ...]
        rows of target, meaning, value without it, value at full strength, unit; empty without a model.
    knobs : tuple[tuple[str, ...], ...]
        rows of name, value, unit, meaning, source; empty without a model.
    """

    name: str
    labels: str
    rows: tuple[tuple[str, str], ...]
    changes: tuple[tuple[str, ...], ...] = ()
    knobs: tuple[tuple[str, ...], ...] = ()

    @classmethod
    def of(cls, perturbation: Perturbation) -> Self:
        """Return what a perturbation says about itself without a model."""
        labels, rows = perturbation.card_rows()
        return cls(perturbation.name, labels, tuple((word, text) for word, text in rows.items() if text))

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
        parts: list[Any] = [heading, grid]
        for heads, rows in ((_CHANGES, self.changes), (_KNOBS, self.knobs)):
            if rows:
                table = Table(box=SIMPLE_HEAD, pad_edge=False)
                for head in heads:
                    right = head in ("without", "at full strength", "value")
                    table.add_column(head, justify="right" if right else "left", overflow="fold")
                for row in rows:
                    table.add_row(*(Text(cell) for cell in row))
                parts.append(table)
        return Group(*parts)


def _html(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    def line(cells: Sequence[str], tag: str) -> str:
        return "<tr>" + "".join(f'<{tag} style="text-align:left">{escape(c)}</{tag}>' for c in cells) + "</tr>"

    head = f"<thead>{line(heads, 'th')}</thead>" if heads else ""
    return f"<table>{head}<tbody>{''.join(line(row, 'td') for row in rows)}</tbody></table>"
