"""The styles, the palette, and the checks on colors behind them; nothing is ever set globally."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.colors import to_hex, to_rgb

from immunode.errors import StudyError, did_you_mean

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PALETTE = ("#30343B", "#0F6FC6", "#D9480F", "#06A869", "#920506", "#C07096", "#0C05CE", "#6E5078")
"""Colors of arms: the first is kept for the control, the others follow in order. All have a contrast of at least 3
against white (WCAG 2.2, 1.4.11: graphics), and any two are at least 12 apart in CIEDE2000, also under simulated
protanopia, deuteranopia and tritanopia, and 20 for most eyes (a test measures all). Found by a search."""

UNTREATED = ("control", "untreated", "placebo", "no treatment", "no drug", "vehicle", "baseline", "healthy")
"""Names of arms that are drawn as the control where nobody says which it is."""

DASHES: tuple[Any, ...] = (
    "-", (0, (4, 1.5)), (0, (1.2, 1.2)),
    (0, (5, 1.4, 1.2, 1.4)), (0, (9, 1.8)), (0, (5, 1.2, 1.2, 1.2, 1.2, 1.2)),
    (0, (2.2, 1.2)), (0, (1.2, 2.6)), (0, (9, 1.4, 2.4, 1.4)),
)  # fmt: skip
"""Line styles, three for each round of the colors: see `arm_dashes`."""

APART = 12.0
"""Two lines of one dash differ in lightness (CIE L*, 0 to 100) by at least this, so that gray paper keeps them apart:
five times the just noticeable difference, as for colors."""

INK, FAINT, GRID, PAPER = "#1E2126", "#5B616B", "#E3E6EA", "#FFFFFF"
"""Colors of text, of secondary text, of grid lines and of the ground."""

OWN_COLORS = "own-colors"
"""The gid of marks that keep their colors in the dark: color maps that don't fade into the paper, and lines on them."""


@dataclass(frozen=True, slots=True)
class Style:
    """Sizes of a figure, for one place where figures are read.

    Attributes
    ----------
    width, height : float
        size of the figure in inches; a figure with many panels may be taller.
    text, small, head, least : float
        sizes in points of axis text, of tick labels, of the figure's title; the least of all.
    line : float
        width of a line in points.
    columns : int
        most panels side by side.
    row : float
        least height of a row of panels in inches.
    fixed : bool
        always of this height, like a screen.
    dark : bool
        drawn in light on a dark ground (`immunode.plot.kit.dark_ground`).
    """

    name: str
    width: float
    height: float
    text: float
    small: float
    least: float
    head: float
    line: float
    columns: int
    row: float
    fixed: bool
    dark: bool = False

    def rc(self) -> dict[str, Any]:
        """Return the matplotlib settings of this style (fonts that matplotlib ships, text kept as text)."""
        thin = max(0.6, self.line / 3)
        return {
            "font.family": "sans-serif",
            "font.sans-serif": ["DejaVu Sans"],
            "mathtext.fontset": "dejavusans",
            # a dollar sign in a title is one; what is mathematics says so itself
            "text.parse_math": False,
            "font.size": self.text,
            "axes.titlesize": self.text,
            "axes.labelsize": self.text,
            "xtick.labelsize": self.small,
            "ytick.labelsize": self.small,
            "figure.titlesize": self.head,
            "text.color": INK,
            "axes.labelcolor": INK,
            "axes.titlecolor": INK,
            "axes.edgecolor": FAINT,
            "xtick.color": FAINT,
            "ytick.color": FAINT,
            "xtick.labelcolor": INK,
            "ytick.labelcolor": INK,
            "axes.facecolor": PAPER,
            "figure.facecolor": PAPER,
            "savefig.facecolor": PAPER,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.linewidth": thin,
            "axes.grid": False,
            "axes.axisbelow": True,
            "grid.color": GRID,
            "grid.linewidth": thin,
            "xtick.major.width": thin,
            "ytick.major.width": thin,
            "xtick.major.size": self.text / 4,
            "ytick.major.size": self.text / 4,
            "xtick.minor.size": self.text / 8,
            "ytick.minor.size": self.text / 8,
            "lines.linewidth": self.line,
            "lines.solid_capstyle": "round",
            "hatch.linewidth": thin,
            "hatch.color": FAINT,
            "svg.fonttype": "none",
            "svg.hashsalt": "immunode",
            "pdf.fonttype": 42,
            "ps.fonttype": 42,
            "axes.unicode_minus": True,
            "figure.dpi": 100.0,
            "savefig.dpi": "figure",
        }


SLIDE = Style("slide", 40 / 3, 7.5, text=18, small=16, least=14, head=24, line=3.2, columns=3, row=2.05, fixed=True)
PRINT = Style("paper", 3.4, 2.5, text=7.5, small=7, least=6, head=8.5, line=1.3, columns=1, row=1.25, fixed=False)
POSTER = Style("poster", 20.0, 11.25, text=27, small=24, least=20, head=36, line=4.8, columns=3, row=3.3, fixed=False)
DARK = replace(SLIDE, name="dark", dark=True)
STYLES = {style.name: style for style in (SLIDE, PRINT, POSTER, DARK)}
"""By name: "slide" (lecture hall, 16:9), "paper" (one column of a journal), "poster" (20 inches wide, read from two
meters), "dark" (a slide for a dark room). All use DejaVu Sans, an open font that comes with matplotlib."""


def find_style(style: str | Style, axes: Axes | None = None) -> Style:
    """Return the style called `style`: "slide", "paper", "poster" or "dark".

    axes : where the figure is drawn into axes of the caller; then width and height are those of their cell of the page.
    """
    if not isinstance(style, Style):
        if style not in STYLES:
            raise StudyError(f"plot: unknown style '{style}'{did_you_mean(style, STYLES)}")
        style = STYLES[style]
    spec = None if axes is None else axes.get_subplotspec()
    if axes is None or spec is None or axes.figure is None:
        return style
    rows, columns = spec.get_gridspec().get_geometry()
    box = axes.figure.bbox
    wide = box.width / axes.figure.dpi * len(spec.colspan) / columns
    high = box.height / axes.figure.dpi * len(spec.rowspan) / rows
    return style if (rows, columns) == (1, 1) else replace(style, width=wide, height=high)


@contextmanager
def styled(style: Style) -> Iterator[None]:
    """Set matplotlib's settings to the style for the length of a `with` block, whatever they were before."""
    settings: dict[Any, Any] = {
        key: value for key, value in mpl.rcParamsDefault.items() if not key.startswith(_UNTOUCHED)
    }
    settings.update(style.rc())
    with mpl.rc_context():
        mpl.rcParams.update(settings)
        yield


_UNTOUCHED = (
    "backend",
    "interactive",
    "toolbar",
    "timezone",
    "webagg",
    "tk.",
    "figure.max_open",
    "date.epoch",
    "docstring",
    "figure.raise_window",
    "keymap",
    "animation",
    "_internal",
)


def arm_colors(arms: Iterable[str], control: str | None = None) -> dict[str, str]:
    """Return one color for each arm, no color twice; the same in every figure with the same arms in the same order.

    The control has a dark gray that no other arm gets, unless it is alone. Colors after the seventh of treated arms
    are shades of these, which dashes and labels have to tell apart.

    Parameters
    ----------
    control : str | None
        the arm without treatment, "" for none; by default the first with such a name (`UNTREATED`).
    """
    places = _places(arms, control)
    if len(places) == 1:
        return dict.fromkeys(places, PALETTE[1])
    return {name: _color(place) for name, place in places.items()}


def arm_dashes(arms: Iterable[str], control: str | None = None) -> dict[str, Any]:
    """Return one line style for each arm, so that any two differ in lightness by `APART` or in their dashes.

    Each takes the first style in which no color before it is as light. Shades of colors have other styles. A lone arm
    is drawn solid.

    Parameters
    ----------
    control : str | None
        as in `arm_colors`.
    """
    places = _places(arms, control)
    if len(places) == 1:
        return dict.fromkeys(places, "-")
    return {
        name: DASHES[_families()[_hue(place)] + 3 * (_round(place) % (len(DASHES) // 3))]
        for name, place in places.items()
    }


def _places(arms: Iterable[str], control: str | None) -> dict[str, int]:
    """Return arm -> its place among the colors: 0 for the control, 1 and more for the others."""
    names = list(dict.fromkeys(arms))
    if control is None:
        control = next((name for name in names if name.lower() in UNTREATED), "")
    others = [name for name in names if name != control or not control]
    return {name: 0 if name == control and control else 1 + others.index(name) for name in names}


def _hue(place: int) -> int:
    return 0 if place == 0 else 1 + (place - 1) % (len(PALETTE) - 1)


def _round(place: int) -> int:
    return 0 if place == 0 else (place - 1) // (len(PALETTE) - 1)


def _color(place: int) -> str:
    """Return the color of a place; after the palette shades of it: a light color darker, a dark one lighter."""
    color, again = PALETTE[_hue(place)], _round(place)
    if not again:
        return color
    share = 0.45 / again**0.5
    toward = 0.0 if luminance(color) > 0.09 else 1.0
    red, green, blue = ((1 - share) * c + share * toward for c in to_rgb(color))
    return readable(to_hex((red, green, blue)), 3.0)


@cache
def _families() -> tuple[int, ...]:
    """Return for each color of the palette which of three line styles keeps it apart from those before it."""
    families: list[int] = []
    for light in map(lightness, PALETTE):
        near = {f for f, other in zip(families, PALETTE, strict=False) if abs(light - lightness(other)) < APART}
        families.append(min(set(range(3)) - near))
    return tuple(families)


def luminance(color: str) -> float:
    """Return the relative luminance of a color, 0 (black) to 1 (white). Source: WCAG 2.2, "relative luminance"."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def lightness(color: str) -> float:
    """Return how light a color is on gray paper, 0 to 100. Source: CIE 1976 L* (ISO/CIE 11664-4), white point D65."""
    y = luminance(color)
    return 116 * y ** (1 / 3) - 16 if y > (6 / 29) ** 3 else y * (29 / 3) ** 3


def contrast(color: str, ground: str = PAPER) -> float:
    """Return the contrast ratio of two colors, 1 to 21. Source: WCAG 2.2, "contrast ratio"."""
    high, low = sorted((luminance(color), luminance(ground)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def readable(color: str, least: float = 4.5) -> str:
    """Return the color, darkened until text in it has a contrast of `least` on white (4.5: WCAG 2.2, 1.4.3)."""
    red, green, blue = to_rgb(color)
    factor = 1.0
    while contrast(to_hex((red * factor, green * factor, blue * factor))) < least:
        factor -= 0.02
    return to_hex((red * factor, green * factor, blue * factor))
