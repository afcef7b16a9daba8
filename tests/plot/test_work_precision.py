"""What precision costs: points where they were measured, the named end, rings, shade, and what can't be drawn."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from immunode.errors import StudyError
from immunode.plot import work_precision

RTOLS = 10.0 ** -np.arange(3, 10)
SLOPES = {
    "scipy LSODA": (4e-3, 0.07),
    "numpy": (6e-5, 0.1),
    "compiled": (1e-6, 0.08),
    "CVODE (of another kit)": (4e-3, 0.06),
}


def table(panels: tuple[str, ...] = ("",)) -> pd.DataFrame:
    rows = [
        (panel, tool, rtol, 10 * rtol * (1 + i), start * (1 + k) * rtol**-slope)
        for k, panel in enumerate(panels)
        for i, (tool, (start, slope)) in enumerate(SLOPES.items())
        for rtol in RTOLS
    ]
    return pd.DataFrame(rows, columns=["panel", "tool", "rtol", "error", "seconds"])


def lines(figure: Figure, gid: str) -> list[Any]:
    return [line for ax in figure.axes for line in ax.lines if line.get_gid() == gid]


def test_points_stand_where_they_were_measured_in_the_unit_of_the_axis() -> None:
    given = table()
    figure = work_precision(given)
    assert figure.axes[0].get_ylabel().replace("\n", " ") == "processor time a run (µs)"
    for line in lines(figure, "tool"):
        mine = given[given["tool"] == line.get_label()]
        np.testing.assert_allclose(line.get_xdata(), mine["error"])
        np.testing.assert_allclose(line.get_ydata(), mine["seconds"] * 1e6)


def test_precision_grows_to_the_right() -> None:
    left, right = work_precision(table()).axes[0].get_xlim()
    assert left > 1e-2 > 1e-8 > right


def test_one_tolerance_is_ringed_on_every_line() -> None:
    rings = lines(work_precision(table(), mark=1e-5), "ring")
    assert [float(r.get_xdata()[0]) for r in rings] == pytest.approx([10 * 1e-5 * (1 + i) for i in range(len(SLOPES))])


def test_what_is_closer_than_the_reference_is_shaded_and_told(seen: Callable[[Figure], list[Text]]) -> None:
    shaded = work_precision(table(), floor=1e-6)
    (patch,) = [p for p in shaded.axes[0].patches if p.get_gid() == "floor"]
    outline = patch.get_patch_transform().transform_path(patch.get_path())
    assert outline.get_extents().x1 == pytest.approx(1e-6)
    assert any("closer than the reference is known" in t.get_text() for t in seen(shaded))
    plain = work_precision(table(), floor=1e-30)
    assert not [p for p in plain.axes[0].patches if p.get_gid() == "floor"]
    assert not any("closer than the reference is known" in t.get_text() for t in seen(plain))


@pytest.mark.sampled
@pytest.mark.parametrize("style", ["slide", "paper", "poster", "dark"])
@pytest.mark.parametrize("panels", [("",), ("one model, not stiff", "another model, stiff")])
def test_names_cover_nothing_and_every_tool_is_named(
    style: str, panels: tuple[str, ...], drawn: Callable[[Figure], Any], seen: Callable[[Figure], list[Text]]
) -> None:
    figure = work_precision(table(panels), title="What precision costs", style=style)
    drawn(figure)
    texts = seen(figure)
    words = " ".join(t.get_text().replace("\n", " ") for t in texts)
    assert all(words.count(tool) == len(panels) for tool in SLOPES)
    for a, b in itertools.combinations(texts, 2):
        one, other = a.get_window_extent(), b.get_window_extent()
        wide = min(one.x1, other.x1) - max(one.x0, other.x0)
        high = min(one.y1, other.y1) - max(one.y0, other.y0)
        # as in test_look: a box holds room for accents and descenders
        assert min(wide, high) <= 2, f"'{a.get_text()}' and '{b.get_text()}' overlap"


def test_tools_differ_in_shape_too() -> None:
    assert len({line.get_marker() for line in lines(work_precision(table()), "tool")}) == len(SLOPES)


def test_rows_without_a_value_are_left_out_and_counted(seen: Callable[[Figure], list[Text]]) -> None:
    given = table()
    given.loc[0, "error"] = np.nan
    figure = work_precision(given)
    assert len(lines(figure, "tool")[0].get_xdata()) == len(RTOLS) - 1
    assert any("1 measurement without a value" in t.get_text() for t in seen(figure))


def test_an_exact_result_has_a_place() -> None:
    figure = work_precision({"tool": ["a", "a"], "error": [1e-3, 0.0], "seconds": [1.0, 2.0]})
    assert min(lines(figure, "tool")[0].get_xdata()) == 1e-16


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"tool": ["a"], "errors": [1e-3], "seconds": [1.0]}, "no column 'error' in tool, errors, seconds; did you"),
        ({"tool": ["a"], "error": [np.nan], "seconds": [1.0]}, "nothing to draw"),
        ({"tool": ["a"], "error": [1e-3, 1e-4], "seconds": [1.0]}, r"column 'error' has the shape \(2,\)"),
    ],
)
def test_a_table_that_will_not_do_is_told(given: dict[str, Any], said: str) -> None:
    with pytest.raises(StudyError, match=said):
        work_precision(given)
