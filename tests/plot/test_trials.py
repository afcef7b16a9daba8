"""Figures of trials: shares, waterfalls, time to event, regimens."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_hex

from immunode.errors import StudyError
from immunode.plot.charts.event_curves import time_to_event
from immunode.plot.charts.kaplan_meier import survival_estimate
from immunode.plot.charts.patient_changes import waterfall
from immunode.plot.charts.quantile_bands import LEVELS, bands
from immunode.plot.charts.regimen_tradeoff import regimens
from immunode.plot.charts.responder_bars import responder_shares
from immunode.plot.kit.style import PALETTE, arm_colors


def texts(figure: Any, gid: str) -> list[str]:
    return [t.get_text() for ax in figure.axes for t in ax.texts if t.get_gid() == gid]


def test_shares_are_bars_with_their_number() -> None:
    values = {"control": (0.2, 0.1, 0.3), "drug": (0.7, 0.6, 0.8)}
    figure = responder_shares(values, rule="with x > 1", patients=50, nnt={"drug": 2.0}, versus="control")
    widths: list[Any] = [bar.get_width() for bar in figure.axes[0].patches]  # type: ignore[attr-defined]
    assert widths == pytest.approx([20, 70])
    assert texts(figure, "share") == ["20 %", "70 %   NNT 2"]
    rare = responder_shares(values, rule="with x > 1", patients=500, nnt={"drug": -128.0}, versus="control")
    assert texts(rare, "share")[1] == "70 %   1 in 130 fewer"


def test_waterfall_is_sorted_and_marks_what_is_cut() -> None:
    changes = [-50.0, 300.0, *[20.0] * 30, np.nan]
    figure = waterfall({"drug": changes}, label="change (%)", lines={"partial response": -30})
    heights = [bar.get_height() for bar in figure.axes[0].patches]  # type: ignore[attr-defined]
    assert (heights[0], heights[1], heights[-1]) == (100.0, 20.0, -50.0)
    note = figure.get_supxlabel().replace("\n", " ")
    assert "dashed: partial response; triangle: above +100 %; 1 without a value" in note


def test_a_waterfall_of_manyfold_changes_shows_how_many_times() -> None:
    """+900 % in half of the patients would all be cut off; they are ten times the baseline, and -75 % a quarter."""
    figure = waterfall({"drug": [900.0, 900.0, -75.0, -100.0]}, label="change (%)")
    ax = figure.axes[0]
    tops = [bar.get_y() + bar.get_height() for bar in ax.patches]  # type: ignore[attr-defined]
    assert ax.get_yscale() == "log"
    assert ax.get_ylabel() == "change (fold)"
    assert tops == pytest.approx([10, 10, 0.25, 0.25])
    assert "triangle: below 0.25 times" in figure.get_supxlabel().replace("\n", " ")


def test_where_few_respond_the_axis_ends_early_and_the_distance_is_told() -> None:
    values = {"control": (0.0, 0.0, 0.014), "drug": (0.02, 0.01, 0.05)}
    figure = responder_shares(values, rule="in remission", patients=256, distance=(150.0, 310.0, 14.0, "ng/mL"))
    assert list(figure.axes[0].get_xticks()) == [0, 5, 10]
    note = " ".join(figure.get_supxlabel().split())
    assert "medians of the arms are 150 ng/mL to 310 ng/mL and the threshold is 14 ng/mL" in note


def test_numbers_at_risk_stand_below_each_time_of_the_axis() -> None:
    """Of 7 patients with events at 2, 4 and 4 days, 7 have none before days 0 and 2, 6 before day 4, 4 after it."""
    times = {"drug": [2.0, 4.0, 4.0, *[np.inf] * 4], "placebo": [1.0, np.inf, np.inf, np.nan]}
    figure = time_to_event(times, until=10, time_unit="day", event="relapse", control="placebo", style="paper")
    figure.draw_without_rendering()
    ticks = [t for t in figure.axes[0].xaxis.get_majorticklocs() if 0 <= t <= 10]
    assert ticks == [0, 2, 4, 6, 8, 10]
    assert texts(figure, "at-risk") == ["7", "7", "6", "4", "4", "4", "3", "2", "2", "2", "2", "2"]
    assert texts(figure, "at-risk-arm") == ["drug", "placebo"]
    colors = [t.get_color() for t in figure.axes[0].texts if t.get_gid() == "at-risk-arm"]
    assert to_hex(colors[1]) == PALETTE[0].lower()
    slide = time_to_event(times, until=10, time_unit="day", event="relapse")
    assert texts(slide, "at-risk") == ["7", "6", "4", "3", "2", "2"]  # days 0, 4 and 8


def test_long_names_of_arms_keep_their_ends_in_the_table() -> None:
    arms = {f"neuraminidase inhibitor (97 %) from day {i}": [2.0, np.inf] for i in (1, 2)}
    figure = time_to_event(arms, until=10, time_unit="day", event="relapse", style="paper")
    first, second = texts(figure, "at-risk-arm")
    assert first.startswith("… ")
    assert (first[-5:], second[-5:]) == ("day 1", "day 2")


# Freireich et al. 1963, Blood 21:699: weeks of remission of 21 pairs of children; + was still in remission
MERCAPTOPURINE = ([6, 6, 6, 7, 10, 13, 16, 22, 23], [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35])
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]


def remissions() -> tuple[dict[str, Any], dict[str, Any]]:
    relapses, lost = MERCAPTOPURINE
    times = {"6-MP": [*map(float, relapses), *[np.inf] * len(lost)], "placebo": list(map(float, PLACEBO))}
    return times, {"6-MP": [*[99.0] * len(relapses), *map(float, lost)]}


def test_the_estimate_is_that_of_a_published_trial() -> None:
    """Medians with log-log intervals and the first steps as SAS and R print them for this much used trial."""
    times, watched = remissions()
    drug = survival_estimate(np.array(times["6-MP"]), np.array(watched["6-MP"]))
    assert drug.median == (23.0, 13.0, np.inf)
    assert survival_estimate(np.array(times["placebo"]), np.array(99.0)).median == (8.0, 4.0, 11.0)
    moments = np.searchsorted(drug.times, [6.0, 10.0, 23.0])
    assert drug.share[moments] == pytest.approx([0.8571, 0.7529, 0.4482], abs=5e-5)
    assert drug.low[moments] == pytest.approx([0.6197, 0.5032, 0.1881], abs=5e-5)
    assert drug.high[moments] == pytest.approx([0.9516, 0.8894, 0.6801], abs=5e-5)


def test_intervals_of_listed_patients_are_those_of_each_of_them_once() -> None:
    """Every patient four times: the estimate stays, and the interval is that of one of each."""
    once = np.array([1.0, 2.0, 2.0, 5.0, np.inf, np.inf])
    alone, often = (
        survival_estimate(once, np.array(9.0)),
        survival_estimate(np.tile(once, 4), np.array(9.0), effective=6.0),
    )
    for name in ("times", "share", "low", "high"):
        assert getattr(often, name) == pytest.approx(getattr(alone, name), rel=1e-9)
    assert survival_estimate(np.tile(once, 4), np.array(9.0)).low[1] > alone.low[1] + 0.1


def test_the_interval_ends_where_nobody_is_left_and_begins_at_all() -> None:
    one = survival_estimate(np.array([2.0, 3.0]), np.array(9.0))
    assert (one.low[0], one.high[0], one.share[-1]) == (1.0, 1.0, 0.0)
    assert np.isnan([one.low[-1], one.high[-1]]).all()


def test_curves_have_bands_strokes_and_medians() -> None:
    times, watched = remissions()
    figure = time_to_event(times, until=40, time_unit="week", event="relapse", watched=watched, control="placebo")
    ax = figure.axes[0]
    strokes = {line.get_color(): list(line.get_xdata()) for line in ax.lines if line.get_gid() == "lost"}
    assert strokes[arm_colors(times, "placebo")["6-MP"]] == [6, 9, 10, 11, 17, 19, 20, 25, 32, 34, 35]
    assert PALETTE[0] not in strokes
    assert sorted(float(line.get_xdata()[0]) for line in ax.lines if line.get_gid() == "median") == [8, 23]
    assert texts(figure, "median-text") == ["23 (13 to –)", "8 (4 to 11)"]
    assert texts(figure, "median-head") == ["median (95 %), weeks"]
    band = next(one for one in ax.collections if one.get_gid() == "band")
    corners = band.get_paths()[0].vertices
    assert [corners[corners[:, 0] == 9.0, 1].min(), corners[corners[:, 0] == 9.0, 1].max()] == pytest.approx(
        [100 * 0.5631, 100 * 0.9228], abs=5e-3
    )
    # an empty line would take room in the corner of the page
    assert all(len(line.get_xdata()) for line in ax.lines if line.get_gid() == "lost")
    note = figure.get_supxlabel().replace("\n", " ")
    assert "stroke: lost from sight; bands: 95 % interval at each time (Greenwood, log-log)" in note


def test_what_is_no_time_is_refused() -> None:
    with pytest.raises(StudyError, match="each with a time from 0 on"):
        time_to_event({"a": [-1.0]}, until=1, time_unit="day", event="x")


def test_the_axis_of_events_names_them_above_whatever_room_is_beside_it() -> None:
    """The numbers at risk make the axis lower than its figure: a long name beside it ran into the title."""
    for event in ("relapse", "percent improvement of EASI > 87"):
        arms = {f"arm {i}": [1.0, 2.0, np.inf] for i in range(5)}
        figure = time_to_event(arms, until=10, time_unit="day", event=event, title="A title")
        figure.draw_without_rendering()
        ax = figure.axes[0]
        assert ax.get_title(loc="left") == f"patients without event: {event}"
        beside = ax.yaxis.label.get_window_extent()
        assert ax.bbox.y0 <= beside.y0 < beside.y1 <= ax.bbox.y1


def test_the_control_has_its_color_whatever_it_is_called() -> None:
    changes = {"drug": [-50.0, 10.0], "no cytokine": [-10.0, 30.0]}
    figure = waterfall(changes, label="change (%)", control="no cytokine")
    assert [to_hex(ax.patches[0].get_facecolor()) for ax in figure.axes] == [c.lower() for c in PALETTE[1::-1]]
    shares = responder_shares({"no cytokine": (0.2, 0.1, 0.3), "drug": (0.5, 0.4, 0.6)}, rule="r", patients=9,
                              control="no cytokine")  # fmt: skip
    bars = [to_hex(bar.get_facecolor()) for bar in shares.axes[0].patches]
    assert bars == [c.lower() for c in PALETTE[:2]]


def test_arms_keep_their_colors_where_not_all_are_drawn() -> None:
    figure = waterfall({"b": [-50.0]}, label="change (%)", arms=["control", "a", "b"], control="control")
    assert to_hex(figure.axes[0].patches[0].get_facecolor()) == PALETTE[2].lower()


def test_the_axis_ends_soon_after_events_that_all_come_early() -> None:
    early = {"drug": [1.0, 2.0, 4.0], "placebo": [2.0, 3.0, np.inf]}
    figure = time_to_event(early, until=364, time_unit="day", event="relapse")
    assert figure.axes[0].get_xlim()[1] == pytest.approx(6, rel=0.1)
    assert "no event after what is shown" in " ".join(text.get_text() for text in figure.texts).replace("\n", " ")
    whole = time_to_event({**early, "late": [300.0, 1.0]}, until=364, time_unit="day", event="relapse")
    assert whole.axes[0].get_xlim()[1] > 50


def test_time_to_event_is_the_kaplan_meier_curve() -> None:
    """Of 4 patients with events at 1, 3 and 3, one without: all to time 1, 3/4 to 3, then 1/4."""
    figure = time_to_event({"drug": [1.0, 3.0, 3.0, np.inf, np.nan]}, until=5, time_unit="day", event="relapse")
    line = figure.axes[0].lines[0]
    t, share = np.asarray(line.get_xdata()), np.asarray(line.get_ydata())
    assert [share[np.searchsorted(t, at)] for at in (0.5, 2.0, 4.0)] == [100.0, 75.0, 25.0]


def test_regimens_name_the_best() -> None:
    figure = regimens(
        [1.0, 2.0], [0.5, 0.9], [0.0, 0.05], [False, True], [True, True], prefer="smallest dose",
        rules=("x > 1", "y > 1"), limits=(0.8, 0.1), best="dose 2 mg", patients=30,
    )  # fmt: skip
    assert texts(figure, "best") == ["dose 2 mg"]


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: responder_shares({}, rule="x", patients=1), "nothing to draw"),
        (lambda: waterfall({"a": [np.nan]}, label="x"), "no run has a change"),
        (lambda: time_to_event({"a": [np.nan]}, until=1, time_unit="day", event="x"), "no run is ok"),
    ],
)
def test_nothing_to_draw_is_said(draw: Any, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        draw()


def test_a_panel_without_a_bar_says_so() -> None:
    figure = waterfall({"control": [0.0, 0.0, 0.0], "drug": [10.0, -40.0, 0.0]}, label="x, change (%)")
    told = [[t.get_text() for t in ax.texts] for ax in figure.axes]
    assert told[0] == ["no change"]
    assert told[1] == []


def test_a_panel_below_the_axis_says_so() -> None:
    t, q = np.linspace(0, 9, 10), np.ones((5, 10)) * np.array([[1.0], [10.0], [100.0], [1e3], [1e4]])
    arms = {"control": q, "cured": 1e-9 * q}
    figure = bands(t, arms, LEVELS, quantity="virus", unit="copies", time_unit="day", log=True, together=False)
    told = [[t.get_text() for t in ax.texts if t.get_gid() == "blank"] for ax in figure.axes]
    assert told[0] == []
    assert len(told[1]) == 1
    assert told[1][0].startswith("below ")


def test_five_arms_of_a_waterfall_stand_in_one_row() -> None:
    figure = waterfall({arm: [-10.0, 20.0] for arm in ("a", "b", "c", "d", "200 mg q2w, 12 weeks")}, label="change (%)")
    spec = figure.axes[0].get_subplotspec()
    assert spec is not None
    assert spec.get_gridspec().get_geometry() == (1, 5)


def test_ranges_are_printed_with_one_sign() -> None:
    note = waterfall({"a": [-10.0]}, label="change (%)", whom="parameter sets, +-30 %")._supxlabel.get_text()
    assert "±30 %" in note
    assert "+-" not in note
