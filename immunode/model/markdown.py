"""Texts of models as Markdown: shown as they are, whichever program turns the Markdown into a page."""

from __future__ import annotations

import re
from collections.abc import Sequence


def plain(text: str) -> str:
    """Return text in which Markdown reads nothing of its own, on one line.

    `<` and `&` become entities: not every program knows a backslash before them, and raw HTML runs in a page.
    """
    line = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;")
    line = re.sub(r"([\\|*_`>\[\]{}#$])", r"\\\1", line)
    # at the start of a paragraph these begin a list, a fence or an underline
    return re.sub(r"^(?:([-+~=:])|(\d+)([.)]))", lambda f: f"\\{f[1]}" if f[1] else f"{f[2]}\\{f[3]}", line)


def code(text: str) -> str:
    """Return text between as many backticks as it needs, on one line."""
    line = " ".join(text.split())
    fence = "`" * (1 + max(map(len, re.findall("`+", line)), default=0))
    room = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{room}{line}{room}{fence}"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table. heads : words of ours.   rows : texts of a model."""
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return "\n".join([*lines, *("| " + " | ".join(map(plain, row)) + " |" for row in rows)])
