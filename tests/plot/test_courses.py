"""Time courses of arms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from immunode.errors import StudyError
from immunode.plot import arm_colors, courses
from immunode.plot.kit.style import readable

T = np.linspace(0, 364, 53)


def labels(ax: Axes, gid: str = "end-label") -> list[str]:
    return [text.get_text() for text in ax.texts if text.get_gid() == gid]


def marks(ax: Axes, gid: str) -> list[Any]:
    return [line for line in ax.lines if line.get_gid() == gid]


def test_every_arm_is_named_at_its_line_in_its_color(two_arms: Figure) -> None:
    colors = arm_colors(["control", "anti_tnf"])
    for ax in two_arms.axes:
        assert sorted(labels(ax)) == ["anti_tnf", "control"]
        assert ax.get_legend() is None
        for text in ax.texts:
            if text.get_gid() == "end-label":
                assert to_hex(text.get_color()) == readable(colors[text.get_text()])


def test_lines_hold_the_data_in_the_time_shown() -> None:
    figure = courses(T, {"x": {"a": T**2, "b": T}}, time_unit="day")
    first: Any = figure.axes[0].lines[0]
    np.testing.assert_allclose(first.get_xdata(), T / 7, rtol=1e-12)
    np.testing.assert_array_equal(first.get_ydata(), T**2)


def test_doses_stand_at_their_times_and_only_inside_the_axis() -> None:
    figure = courses(T, {"x": {"a": T, "b": T}}, time_unit="day", doses={"b": [-7, 0, 70, 140, 500]})
    (row,) = marks(figure.axes[0], "doses")
    np.testing.assert_allclose(row.get_xdata(), [0, 10, 20], atol=1e-12)
    assert to_hex(row.get_color()) == arm_colors(["a", "b"])["b"].lower()
    assert labels(figure.axes[0], "mark-label") == ["doses"]


def test_many_doses_become_ticks_instead_of_a_smear() -> None:
    few, many = (courses(T, {"x": T}, doses={"drug": np.linspace(0, 364, n)}) for n in (20, 365))
    assert marks(few.axes[0], "doses")[0].get_marker() == "v"
    assert marks(many.axes[0], "doses")[0].get_marker() == "|"


def test_an_axis_that_is_not_time_is_named_as_given() -> None:
    figure = courses(np.linspace(0, 2, 5), {"x": np.arange(5.0)}, time_unit="dose (usual doses)")
    assert figure.axes[-1].get_xlabel() == "dose (usual doses)"


def test_windows_too_brief_for_a_bar_are_drawn_as_doses() -> None:
    """An hour's infusion each month, and in another row a day that can be seen."""
    hours = [(day, day + 1 / 24) for day in (0, 28, 56)]
    figure = courses(T, {"x": T}, time_unit="day", windows={"infusion": hours, "fever": [(0, 0.01), (70, 140)]})
    (triangles,) = marks(figure.axes[0], "doses")
    np.testing.assert_allclose(np.asarray(triangles.get_xdata()), [0, 4, 8])
    assert len(marks(figure.axes[0], "window")) == 2


def test_windows_are_shaded_between_their_ends_also_open_ones() -> None:
    figure = courses(T, {"x": T}, time_unit="day", windows={"infection": [(70, 140), (350, None), (None, 7)]})
    bars = [list(bar.get_xdata()) for bar in marks(figure.axes[0], "window")]
    np.testing.assert_allclose(bars, [[10, 20], [50, 52], [0, 1]], rtol=1e-12)
    assert labels(figure.axes[0], "mark-label") == ["infection"]


def test_a_log_axis_comes_only_where_asked() -> None:
    series = {"T": {"a": np.geomspace(1e4, 1e9, 53)}, "E": {"a": np.geomspace(1, 1e6, 53)}}
    assert [ax.get_yscale() for ax in courses(T, series).axes] == ["linear", "linear"]
    assert [ax.get_yscale() for ax in courses(T, series, log=("T",)).axes] == ["log", "linear"]
    assert [ax.get_yscale() for ax in courses(T, series, log=True).axes] == ["log", "log"]


def test_a_run_that_stops_is_marked_and_named(drawn: Callable[[Figure], Any]) -> None:
    cut = np.where(T < 100, T, np.nan)
    figure = courses(T, {"x": {"a": cut, "b": T, "c": np.full_like(T, np.nan), "d": np.where(T > 50, np.inf, T)}})
    drawn(figure)
    said = sorted(" ".join(label.split()) for label in labels(figure.axes[0]))
    assert said == ["a, stopped", "b", "c: no values", "d, stopped"]
    crosses = marks(figure.axes[0], "stopped")
    assert [float(c.get_xdata()[0]) for c in crosses] == [98, 49]


def test_long_meanings_are_titles_and_arms_have_nicknames() -> None:
    figure = courses(T, {"x": {"a": T, "b": T}}, labels={"x": "what x is", "a": "first arm"})
    assert figure.axes[0].get_title(loc="left") == "what x is"
    assert sorted(labels(figure.axes[0])) == ["b", "first arm"]


def test_three_panels_a_row_share_the_labels_of_the_last() -> None:
    """Elsewhere every panel has its own; also here where a line stops or the last panel lacks an arm."""
    full, cut = {"a": T, "b": T**2}, {"a": T, "b": np.where(T < 99, T, np.nan)}
    figure = courses(T, {"u": full, "v": full, "w": full, "x": cut, "y": full, "z": {"a": T}})
    assert [len(labels(ax)) for ax in figure.axes] == [0, 0, 2, 2, 2, 1]
    assert [len(labels(ax)) for ax in courses(T, dict.fromkeys("uvwx", full)).axes] == [2, 2, 2, 2]


def test_one_array_needs_no_label() -> None:
    figure = courses(T, {"x": T})
    assert labels(figure.axes[0]) == []
    assert len(figure.axes[0].lines) == 1


def test_arms_may_have_their_own_times() -> None:
    figure = courses({"a": [0, 1], "b": [0, 1, 2]}, {"x": {"a": [1, 2], "b": [1, 2, 3]}})
    assert figure.axes[0].get_xlim() == (0, 2)


def test_the_caller_may_bring_axes() -> None:
    mine = Figure()
    axes = mine.subplots(2, 1)
    assert courses(T, {"x": T, "y": T}, axes=axes) is mine
    assert [len(ax.lines) for ax in axes] == [1, 1]
    parts: Any = mine.subfigures(1, 2)
    inside = parts[0].add_subplot()
    assert courses(T, {"x": T}, axes=inside) is mine
    with pytest.raises(StudyError, match="2 axes given for 1 panels"):
        courses(T, {"x": T}, axes=axes)


def test_the_callers_arrays_stay_as_they_were() -> None:
    t, y = T.copy(), np.where(T < 100, T, np.inf)
    kept = y.copy()
    courses(t, {"x": {"a": y}}, time_unit="day", log=True)
    np.testing.assert_array_equal(t, T)
    np.testing.assert_array_equal(y, kept)


@pytest.mark.parametrize(
    ("times", "series", "options", "message"),
    [
        (T, {}, {}, "no quantity to draw"),
        (T, {"x": {}}, {}, "'x': no arm to draw"),
        (T, {"x": {"a": T[1:]}}, {}, r"'x', arm 'a': values of shape \(52,\) for times of shape \(53,\)"),
        ({"a": T}, {"x": {"a": T, "b": T}}, {}, "no times for arm 'b'"),
        (T, {"tumor": T}, {"log": ["tumour"]}, "unknown quantity 'tumour'; did you mean 'tumor'"),
    ],
)
def test_mistakes_are_named(times: Any, series: Any, options: Any, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        courses(times, series, **options)
