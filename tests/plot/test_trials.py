"""Figures of trials: shares, waterfalls, time to event, regimens."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from immunode.errors import StudyError
from immunode.plot.charts.event_curves import time_to_event
from immunode.plot.charts.patient_changes import waterfall
from immunode.plot.charts.regimen_tradeoff import regimens
from immunode.plot.charts.responder_bars import responder_shares


def texts(figure: Any, gid: str) -> list[str]:
    return [t.get_text() for ax in figure.axes for t in ax.texts if t.get_gid() == gid]


def test_shares_are_bars_with_their_number() -> None:
    values = {"control": (0.2, 0.1, 0.3), "drug": (0.7, 0.6, 0.8)}
    figure = responder_shares(values, rule="with x > 1", patients=50, nnt={"drug": 2.0}, versus="control")
    widths: list[Any] = [bar.get_width() for bar in figure.axes[0].patches]  # type: ignore[attr-defined]
    assert widths == pytest.approx([20, 70])
    assert texts(figure, "share") == ["20 %", "70 %   NNT 2"]


def test_waterfall_is_sorted_and_marks_what_is_cut() -> None:
    figure = waterfall({"drug": [-50.0, 300.0, 20.0, np.nan]}, label="change (%)", lines={"partial response": -30})
    heights = [bar.get_height() for bar in figure.axes[0].patches]  # type: ignore[attr-defined]
    assert heights == [100.0, 20.0, -50.0]
    note = figure.get_supxlabel().replace("\n", " ")
    assert "dashed: partial response; triangle: above +100 %; 1 without a value" in note


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
