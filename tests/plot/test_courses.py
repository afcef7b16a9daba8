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
    assert labels(figure.axes[0], "mark-label") == ["b"]


def test_many_doses_become_ticks_and_then_a_band_instead_of_a_smear() -> None:
    few, more, many = (
        courses(T, {"x": T}, time_unit="day", doses={"drug": np.linspace(0, 364, n)}) for n in (20, 100, 729)
    )
    assert marks(few.axes[0], "doses")[0].get_marker() == "v"
    assert marks(more.axes[0], "doses")[0].get_marker() == "|"
    assert marks(many.axes[0], "doses") == []
    (band,) = marks(many.axes[0], "dose-band")
    assert list(band.get_xdata()) == [0, 52]
    assert labels(many.axes[0], "mark-label") == ["drug, every 12 h"]


def test_a_pause_ends_a_band() -> None:
    days = [*range(100), *range(200, 300)]
    (first, second) = marks(courses(T, {"x": T}, time_unit="day", doses={"drug": days}).axes[0], "dose-band")
    np.testing.assert_allclose([*first.get_xdata(), *second.get_xdata()], np.array([0, 100, 200, 300]) / 7)


def test_arms_treated_alike_share_a_row_once_per_figure() -> None:
    series = {"x": {"control": T, "a": T, "b": T + 1, "c": T + 2}}
    doses = {"a": [0, 70], "b": [0, 70], "c": [0, 35, 70]}
    figure = courses(T, {**series, "y": series["x"]}, time_unit="day", doses=doses)
    assert labels(figure.axes[0], "mark-label") == ["a, b", "c"]
    assert [len(marks(ax, "doses")) for ax in figure.axes] == [2, 0]
    alike = courses(T, series, time_unit="day", doses=dict.fromkeys("abc", (0, 70)))
    assert labels(alike.axes[0], "mark-label") == ["all treated"]
    everyone = courses(T, series, time_unit="day", doses=dict.fromkeys(series["x"], (0, 70)))
    assert labels(everyone.axes[0], "mark-label") == ["all arms"]


def test_fractions_of_radiation_stand_out_among_doses() -> None:
    fractions = [(day, day + 0.01) for day in range(7, 12)]
    figure = courses(T, {"x": {"both": T}}, time_unit="day", doses={"both": [7, 9]}, windows={"both": fractions})
    (blocks,), (doses,) = (marks(figure.axes[0], gid) for gid in ("brief-window", "doses"))
    np.testing.assert_allclose(blocks.get_xdata(), np.arange(7, 12) / 7)
    assert blocks.get_markersize() > doses.get_markersize()


def test_a_shade_belongs_to_one_row() -> None:
    """Shades of several rows would hide each other."""
    one = courses(T, {"x": T, "y": T}, windows={"a": [(7, 70)]})
    assert [sum(p.get_gid() == "shade" for p in ax.patches) for ax in one.axes] == [1, 1]
    two = courses(T, {"x": T, "y": T}, windows={"a": [(7, 70)], "b": [(14, 70)]})
    assert [sum(p.get_gid() == "shade" for p in ax.patches) for ax in two.axes] == [0, 0]


def test_an_axis_that_is_not_time_is_named_as_given() -> None:
    figure = courses(np.linspace(0, 2, 5), {"x": np.arange(5.0)}, time_unit="dose (usual doses)")
    assert figure.axes[-1].get_xlabel() == "dose (usual doses)"


def test_windows_too_brief_for_a_bar_are_drawn_as_doses() -> None:
    """An hour's infusion each month, and in another row a day that can be seen."""
    hours = [(day, day + 1 / 24) for day in (0, 28, 56)]
    figure = courses(T, {"x": T}, time_unit="day", windows={"infusion": hours, "fever": [(0, 0.01), (70, 140)]})
    (triangles,) = marks(figure.axes[0], "doses")
    np.testing.assert_allclose(np.asarray(triangles.get_xdata()), [0, 4, 8])
    assert len(marks(figure.axes[0], "window")) == 1
    assert len(marks(figure.axes[0], "brief-window")) == 1


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


def test_panels_of_a_row_share_the_labels_of_the_last() -> None:
    """Elsewhere every panel has its own; also here where a line stops or the last panel lacks an arm."""
    full, cut = {"a": T, "b": T**2}, {"a": T, "b": np.where(T < 99, T, np.nan)}
    figure = courses(T, {"u": full, "v": full, "w": full, "x": cut, "y": full, "z": {"a": T}})
    assert [len(labels(ax)) for ax in figure.axes] == [0, 2, 0, 2, 2, 1]
    assert [len(labels(ax)) for ax in courses(T, dict.fromkeys("uvw", full)).axes] == [2, 2, 2]


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


def test_an_axis_starts_at_zero_unless_it_says_that_it_does_not() -> None:
    """Values beyond 60 % of the largest are looked at closely, a change of 1 % never fills the panel."""
    wave = np.sin(T / 30)
    figure = courses(T, {"wide": 100 + 50 * wave, "near": 100 + 10 * wave, "flat": 100 + 0.5 * wave, "loss": -wave - 2})
    wide, near, flat, loss = (ax.get_ylim() for ax in figure.axes)
    assert wide[0] == 0
    assert 80 < near[0] < 90
    assert 10 <= flat[1] - flat[0] <= 12
    assert loss[0] < -3 < 0 <= loss[1] < 0.2
    assert [len(marks(ax, "axis-break")) for ax in figure.axes] == [0, 2, 2, 0]


def test_the_name_of_a_level_covers_no_curve_where_there_is_room(drawn: Callable[[Figure], Any]) -> None:
    late, early = np.where(T > 182, 10.3, 1.0), np.where(T < 182, 10.3, 1.0)
    for curve, right in ((early, True), (late, False)):
        figure = courses(T, {"x": {"a": curve, "b": curve - 0.5}}, thresholds={"x": [("normal", 10.0)]})
        drawn(figure)
        (name,) = [text for text in figure.axes[0].texts if text.get_gid() == "level-name"]
        box, axes = name.get_window_extent(), figure.axes[0].bbox
        assert (box.x0 > (axes.x0 + axes.x1) / 2) == right


def test_a_level_with_a_long_name_has_it_in_two_lines(drawn: Callable[[Figure], Any]) -> None:
    """On paper it would be as wide as the axes, and so cover every curve that crosses its level."""
    name = "persistently high viral load, on day 7 after the dose"
    for style, lines in (("paper", 2), ("slide", 1)):
        figure = courses(T, {"x": {"a": np.linspace(7, 0, T.size)}}, thresholds={"x": [(name, 3.5)]}, style=style)
        drawn(figure)
        (text,) = [text for text in figure.axes[0].texts if text.get_gid() == "level-name"]
        box, axes = text.get_window_extent(), figure.axes[0].bbox
        assert text.get_text().replace("\n", " ") == name
        assert text.get_text().count("\n") + 1 == lines
        assert axes.x0 <= box.x0 < box.x1 <= axes.x1
        patch = text.get_bbox_patch()
        assert patch is not None
        assert patch.get_alpha() == 0  # no curve below


def test_what_every_arm_gets_is_of_all_arms_also_where_they_get_more_with_it() -> None:
    figure = courses(T, {"x": {"a": T, "b": 2 * T}}, doses={"all arms": [0], "a": [0], "b": [0]})
    assert [text.get_text() for text in figure.axes[0].texts if text.get_gid() == "mark-label"] == ["all arms"]


def test_a_unit_without_room_beside_a_low_panel_stands_above_with_the_name() -> None:
    series = {name: {"a": T} for name in ("naive T cells", "TNF", "IL-6")}
    figure = courses(T, series, units=dict.fromkeys(series, "unheard_of_things"))
    for name, ax in zip(series, figure.axes, strict=True):
        assert (ax.get_title(loc="left"), ax.get_ylabel()) == (f"{name} (unheard_of_things)", "")


def test_a_log_axis_reaches_one_cell_and_not_a_part_of_it() -> None:
    falls = np.geomspace(1e6, 1e-6, 53)
    assert 0.3 < courses(T, {"x": falls}, log=True).axes[0].get_ylim()[0] < 1
    assert courses(T, {"x": falls / 1e6}, log=True).axes[0].get_ylim()[0] < 1e-4


@pytest.mark.sampled
@pytest.mark.parametrize("n", [1, 3, 4, 6, 9, 12, 20])
def test_a_slide_is_a_slide_whatever_is_on_it(n: int, drawn: Callable[[Figure], Any]) -> None:
    series = {f"quantity {i}": {f"arm {k}": T + k for k in range(6)} for i in range(n)}
    figure = courses(T, series, title="A title", note="a note", doses={f"arm {k}": [k] for k in range(6)})
    drawn(figure)
    assert tuple(figure.get_size_inches()) == (40 / 3, 7.5)
    assert min(ax.bbox.height for ax in figure.axes) > 20
