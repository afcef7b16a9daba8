from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text

from immunode.errors import StudyError
from immunode.plot.charts.analysis.basin_map import basins
from immunode.plot.kit.style import GRID

X, Y = np.linspace(0.0, 3e6, 31), np.geomspace(1e4, 6e8, 25)
# the left third, the rest, and one start that comes nowhere
WHERE = np.broadcast_to(np.where(X < 1e6, 0, 1), (len(Y), len(X))).copy()
WHERE[0, 0] = -1
NAMES = ("stable node at E = 173,000, T = 4.47×10⁸", "stable spiral at E = 1.61×10⁶, T = 8.19×10⁶")
FIXED = [(1.732e5, 4.47e8, "stable node"), (7.585e5, 2.68e8, "saddle"), (1.608e6, 8.19e6, "stable spiral")]
Seen = Callable[[Figure], list[Text]]
Drawn = Callable[[Figure], Any]


def picture(style: str = "slide") -> Figure:
    return basins(
        X, Y, WHERE, NAMES, fixed=FIXED, borders=[(np.full(2, 1e6), np.array([1e4, 6e8]))], x_label="E", y_label="T",
        x_unit="cell", y_unit="cell", log=(False, True), title="which start ends where", style=style,
    )  # fmt: skip


def test_each_start_has_the_color_of_its_end_in_the_key() -> None:
    figure = picture()
    ax = figure.axes[0]
    (mesh,) = [c for c in ax.collections if c.get_array() is not None]
    colors = mesh.cmap(mesh.norm(np.asarray(mesh.get_array()).reshape(WHERE.shape)))[..., :3]
    patches = {text.get_text(): patch.get_facecolor()[:3] for text, patch in _key(figure)}
    assert list(patches) == [f"to {name}" for name in NAMES] + ["elsewhere"]
    assert np.allclose(colors[3, 0], patches[f"to {NAMES[0]}"])
    assert np.allclose(colors[3, -1], patches[f"to {NAMES[1]}"])
    assert np.allclose(colors[0, 0], to_rgb(GRID))


@pytest.mark.parametrize("style", ["slide", "paper"])
def test_texts_stay_on_the_page_and_apart_and_the_map_fills_it(style: str, seen: Seen, drawn: Drawn) -> None:
    figure = picture(style)
    drawn(figure)
    # the extent of an annotation holds its leader too
    boxes = [(text.get_text(), Text.get_window_extent(text)) for text in seen(figure)]
    page = figure.bbox
    for text, box in boxes:
        assert box.x0 >= page.x0 - 1, text
        assert box.x1 <= page.x1 + 1, text
    for (a, box), (b, other) in itertools.combinations(boxes, 2):
        wide, high = min(box.x1, other.x1) - max(box.x0, other.x0), min(box.y1, other.y1) - max(box.y0, other.y0)
        assert min(wide, high) <= 2, f"'{a}' and '{b}' overlap"
    assert figure.axes[0].bbox.width > 0.7 * page.width


def test_states_outside_the_map_are_left_out() -> None:
    figure = basins(X, Y, WHERE, NAMES, fixed=[(5e6, 1e6, "saddle")], x_label="E", y_label="T", log=(False, True))
    assert not [line for line in figure.axes[0].lines if line.get_gid() == "fixed"]


def test_more_ends_than_colors_is_one_clear_line() -> None:
    with pytest.raises(StudyError, match="9 ends; a map shows 7 at most"):
        basins(X, Y, WHERE, [f"end {k}" for k in range(9)], x_label="E", y_label="T")


def _key(figure: Figure) -> list[tuple[Text, Any]]:
    legend = figure.axes[0].get_legend()
    assert legend is not None
    return list(zip(legend.get_texts(), legend.get_patches(), strict=True))
