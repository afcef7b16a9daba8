"""The dark style: every color turned over, nothing in the figure changed."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from immunode.errors import StudyError
from immunode.plot import courses, heat, panels, save
from immunode.plot.kit.dark_ground import DARK_PALETTE, dark, turned
from immunode.plot.kit.style import FAINT, INK, PALETTE, PAPER, contrast, readable

_SPEC = importlib.util.spec_from_file_location("colors", Path(__file__).with_name("test_style.py"))
assert _SPEC is not None
assert _SPEC.loader is not None
colors = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(colors)

TIMES = np.linspace(0, 10, 21)
NAMES = {"x_label": "x", "y_label": "y", "z_label": "z"}


def figure(style: str) -> Figure:
    return courses(TIMES, {"x": {"control": TIMES, "drug": 10 - TIMES}}, time_unit="day", style=style)


def pixels(made: Figure) -> Any:
    made.savefig(out := BytesIO(), format="png", dpi=40)
    return np.asarray(Image.open(out).convert("RGB"))


@pytest.mark.parametrize("eye", colors.EYES)
def test_any_two_arms_can_be_told_apart_in_the_dark(eye: str) -> None:
    """The same bar as for the light palette."""
    seen = [colors.lab(color, eye) for color in DARK_PALETTE]
    assert min(colors.distance(a, b) for i, a in enumerate(seen) for b in seen[:i]) >= 12


def test_lines_and_text_stand_out_in_the_dark() -> None:
    """WCAG 2.2 asks for 3 of graphics and 4.5 of text; text in the color of an arm is that color here."""
    ground = dark(PAPER)
    assert min(contrast(dark(color), ground) for color in PALETTE) >= 4.5
    assert min(contrast(dark(readable(color)), ground) for color in PALETTE) >= 4.5
    assert contrast(dark(INK), ground) >= 12
    assert contrast(dark(FAINT), ground) >= 4.5


@pytest.mark.parametrize("palette", [PALETTE, DARK_PALETTE])
def test_lines_can_be_seen_in_grayscale(palette: tuple[str, ...]) -> None:
    """A gray of the same luminance has the same contrast; names at the lines tell grays apart."""
    ground = PAPER if palette is PALETTE else dark(PAPER)
    assert min(contrast(color, ground) for color in palette) >= 3


def test_lightness_turns_over_and_stays_in_order() -> None:
    grays = np.linspace(0, 1, 21)[:, None] * np.ones(3)
    out = turned(grays)
    assert np.all(np.diff(out[:, 0]) <= 1e-6)
    assert out.min() >= 0
    assert out.max() <= 1
    assert np.ptp(out, axis=1).max() < 1e-3  # a gray stays a gray, up to the digits of the published matrices


def test_only_the_colors_of_the_drawing_differ() -> None:
    light, night = figure("slide"), figure("dark")
    a, b = pixels(light), pixels(night)
    assert a.shape == b.shape
    assert tuple(a[2, 2]) == (255, 255, 255)
    assert tuple(b[2, 2]) == tuple(int(dark(PAPER)[i : i + 2], 16) for i in (1, 3, 5))
    assert [line.get_color() for line in light.axes[0].lines] == [line.get_color() for line in night.axes[0].lines]
    line = tuple(int(DARK_PALETTE[1][i : i + 2], 16) for i in (1, 3, 5))
    assert (np.abs(b.astype(int) - line).max(axis=2) <= 2).sum() > 100


def test_color_maps_that_do_not_fade_into_the_paper_keep_their_colors() -> None:
    grid = np.arange(16.0).reshape(4, 4)
    night = pixels(heat(np.arange(4.0), np.arange(4.0), grid, style="dark", contours=False, **NAMES))
    light = pixels(heat(np.arange(4.0), np.arange(4.0), grid, style="slide", contours=False, **NAMES))
    for corner in ((253, 231, 37), (68, 1, 84)):  # the ends of viridis
        assert (np.abs(night.astype(int) - corner).max(axis=2) <= 3).sum() > 1000
        assert (np.abs(light.astype(int) - corner).max(axis=2) <= 3).sum() > 1000


@pytest.mark.parametrize("ending", ["svg", "pdf"])
def test_vector_files_are_dark_too(tmp_path: Path, ending: str) -> None:
    path = save(figure("dark"), tmp_path / f"a.{ending}")
    if ending == "svg":
        text = path.read_text()
        assert dark(PAPER) in text
        assert DARK_PALETTE[1].lower() in text
        assert PALETTE[1].lower() not in text
    else:
        light = save(figure("slide"), tmp_path / "b.pdf")
        assert path.read_bytes() != light.read_bytes()


def test_a_dark_figure_needs_a_page_of_its_own() -> None:
    with pytest.raises(StudyError, match=r'style "dark" needs a figure of its own'):
        courses(TIMES, {"x": TIMES}, style="dark", axes=Figure().add_subplot())


def test_small_multiples_take_figures_of_any_kind(drawn: Callable[[Figure], Any]) -> None:
    page, axes = panels(2, columns=2, style="dark", title="Two")
    courses(TIMES, {"x": TIMES}, style="dark", axes=axes[0])
    heat(np.arange(3.0), np.arange(3.0), np.eye(3), style="dark", axes=axes[1], **NAMES)
    drawn(page)
    assert all(isinstance(ax, Axes) and ax.has_data() for ax in axes)
    with pytest.raises(StudyError, match="0 panels"):
        panels(0)
