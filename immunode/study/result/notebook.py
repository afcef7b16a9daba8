"""How results show themselves in a notebook: what they print, and their table to unfold."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

ROWS = 60
"""Rows of a table shown at most; the rest is counted."""


class Tabled:
    """A result with a printed summary and a table, shown together in Jupyter."""

    __slots__ = ()

    def table(self) -> pd.DataFrame:
        """Return the result as a table."""
        raise NotImplementedError

    def _repr_html_(self) -> str:
        return page(repr(self), self.table())


def page(text: str, table: pd.DataFrame, name: str = "Table") -> str:
    """Return a printed summary with a table under it as HTML; every text is escaped."""
    shown = table.head(ROWS).to_html(border=0, float_format=lambda value: f"{value:.4g}", na_rep="")
    more = f"<p>... and {len(table) - ROWS:,} more rows</p>" if len(table) > ROWS else ""
    return (
        f'<div><pre style="white-space: pre-wrap">{escape(text)}</pre>'
        f"<details><summary>{escape(name)}: {len(table):,} rows</summary>{shown}{more}</details></div>"
    )
