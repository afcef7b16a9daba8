"""Equations as a picture, for slides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.mathtext import MathTextParser

from immunode.errors import StudyError
from immunode.plot.kit.figure import StyledFigure
from immunode.plot.kit.style import FAINT, INK, Style, find_style, styled
from immunode.plot.kit.text import width_of, wrap


def equations(
    lines: Sequence[str] | str,
    *,
    meanings: Mapping[str, str] | None = None,
    title: str = "",
    style: str | Style = "slide",
) -> Figure:
    """Return a picture of equations, one under the other, as large as the width allows.

    Parameters
    ----------
    lines : Sequence[str] | str
        LaTeX of one equation each, with or without `$`; what matplotlib's mathtext can't set is shown as written.
    meanings : Mapping[str, str] | None
        symbol -> what it is, written small below.

    Raises
    ------
    StudyError
        no equation.
    """
    look = find_style(style)
    given = lines.splitlines() if isinstance(lines, str) else list(lines)
    texts = [
        line.strip().strip("$").strip().replace(r"\frac", r"\dfrac")
        for line in given
        if line.strip().strip("$").strip()
    ]
    if not texts:
        raise StudyError("equations: nothing to draw; pass one LaTeX text an equation")
    with styled(look):
        parser: MathTextParser[Any] = MathTextParser("path")
        sized = [_measure(parser, text, look.text) for text in texts]
        widest = max(width for _, width, _ in sized)
        room = look.width * 72 - 3 * look.text
        size = look.text * min(1.7, room / widest)
        if size < 14 and look.fixed:
            size = 14.0
        scale = size / look.text
        step = [height * scale + 0.8 * size for _, _, height in sized]
        head = 2.2 * look.head if title else 0.0
        wide = max(widest * scale, width_of(title, look.head, bold=True), 18 * look.text * bool(meanings))
        said = [f"{symbol}: {meaning}" for symbol, meaning in (meanings or {}).items()]
        key = wrap("; ".join(said), wide, look.small, lines=12)
        below = 1.25 * look.small * (key.count("\n") + 1) + 0.6 * size if key else 0.0
        height = (sum(step) + head + size + below) / 72
        figure = StyledFigure(look, figsize=((wide + 3 * look.text) / 72, height))
        inset = 1.5 * look.text / 72 / figure.get_figwidth()
        if title:
            figure.text(
                inset, 1 - 0.8 * look.head / 72 / height, title, fontsize=look.head, fontweight="bold", va="top"
            )
        y = height * 72 - head - 0.5 * size
        for (text, _, _), room_below in zip(sized, step, strict=True):
            y -= room_below
            figure.text(
                inset, (y + room_below / 2) / 72 / height, text, fontsize=size, va="center", color=INK, parse_math=True
            )
        if key:
            figure.text(inset, 0.5 * size / 72 / height, key, fontsize=look.small, va="bottom", color=FAINT, gid="key")
    return figure


def _measure(parser: MathTextParser[Any], text: str, size: float) -> tuple[str, float, float]:
    """Return the text to draw, and its width and height in points."""
    from matplotlib.font_manager import FontProperties

    font = FontProperties(family="DejaVu Sans", size=size)
    for candidate in (f"${text}$", text.replace("$", r"\$")):
        try:
            width, height, depth, _, _ = parser.parse(candidate, dpi=72, prop=font)
        except ValueError:
            continue
        return candidate, float(width), float(height) + float(depth)
    return text, 0.6 * size * len(text), 1.2 * size
