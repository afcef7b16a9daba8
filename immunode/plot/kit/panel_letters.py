"""Letters of panels, as journals want them: a, b, c in bold at the upper left corner of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from immunode.errors import StudyError
from immunode.plot.kit.figure import StyledFigure
from immunode.plot.kit.style import INK, Style, find_style, styled

MOST = 26


def letters(
    figure: Figure, *, first: str = "a", style: str | Style | None = None, axes: Sequence[Axes] | None = None
) -> Figure:
    """Return the figure with a letter on each of its panels, in the order in which they were made.

    Also for a figure of your own. Call it once all panels are drawn; a second call writes the letters anew.

    Parameters
    ----------
    first : str
        letter of the first panel; upper case makes all of them so.
    style : str | Style | None
        sets their size; default that of the figure, "paper" for one of your own.
    axes : Sequence[Axes] | None
        the panels that get one; default all but color bars.

    Raises
    ------
    StudyError
        `first` is no letter, or there are more panels than letters.
    """
    if len(first) != 1 or not first.isascii() or not first.isalpha():
        raise StudyError(f"letters: first must be one letter such as 'a', got {first!r}")
    look = find_style(style or (figure.style if isinstance(figure, StyledFigure) else "paper"))
    panels = [ax for ax in figure.axes if ax.get_label() != "<colorbar>"] if axes is None else list(axes)
    start = ord(first)
    if start + len(panels) > ord("A" if first.isupper() else "a") + MOST:
        raise StudyError(f"letters: {len(panels)} panels from '{first}' on are more than there are letters")
    with styled(look):
        for i, ax in enumerate(panels):
            for old in [text for text in ax.texts if text.get_gid() == "letter"]:
                old.remove()
            title = _title(ax)
            # beside the first line of a title, else above the corner
            place: Any = "axes fraction" if title is None else title
            ax.annotate(
                chr(start + i), (0.0, 1.0), xycoords=place, ha="right", va="baseline" if title is None else "top",
                xytext=(-0.9 * look.text, 0.75 * look.text if title is None else 0.1 * look.text),
                textcoords="offset points", fontsize=1.15 * look.text, fontweight="bold", color=INK,
                annotation_clip=False, gid="letter",
            )  # fmt: skip
    return figure


def _title(ax: Axes) -> Text | None:
    """Return the title on the left of a panel, None where there is none."""
    shown = ax.get_title(loc="left")
    texts = (one for one in ax.get_children() if isinstance(one, Text) and one not in ax.texts)
    return next((one for one in texts if shown and one.get_text() == shown), None)
