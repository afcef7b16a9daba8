"""A dose-response curve with its marks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from immunode.errors import StudyError
from immunode.plot.charts.analysis.dose_curve import dose_response

DOSES = np.array([0, 1, 3, 10, 30.0])
GRID = np.geomspace(0.3, 30, 50)
LABELS = {"x_label": "drug.dose", "x_unit": "mg", "y_label": "auc(p)"}


def _curve(d: Any, ec50: float = 5.0) -> Any:
    return d / (d + ec50)


@pytest.mark.parametrize("style", ["slide", "paper"])
def test_points_curve_and_ec50_stand_where_they_belong(style: str) -> None:
    figure = dose_response(DOSES, _curve(DOSES)[None], grid=GRID, curves=_curve(GRID)[None], ec50=5.0,
                           interval=(4.0, 6.0), style=style, **LABELS)  # fmt: skip
    figure.canvas.draw()
    lines = {line.get_gid(): line for line in figure.axes[0].lines}
    np.testing.assert_allclose(np.asarray(lines["responses"].get_ydata()), _curve(DOSES))
    assert np.asarray(lines["responses"].get_xdata())[0] < 0.3  # the dose 0 has a place left of the curve
    assert np.asarray(lines["ec50"].get_xdata())[0] == 5
    assert [t.get_text() for t in figure.axes[0].texts] == ["EC50 5 mg"]


def test_of_many_draws_it_shows_the_median_and_a_band() -> None:
    halves = np.linspace(2, 8, 21)
    responses, curves = (np.array([_curve(d, h) for h in halves]) for d in (DOSES, GRID))
    figure = dose_response(DOSES, responses, grid=GRID, curves=curves, ec50=5.0, interval=(2.3, 7.7), **LABELS)
    lines = {line.get_gid(): line for line in figure.axes[0].lines}
    np.testing.assert_allclose(np.asarray(lines["curve"].get_ydata()), _curve(GRID, 5.0))
    assert "21 draws" in figure.get_supxlabel()


def test_without_a_curve_the_points_are_drawn_alone() -> None:
    figure = dose_response(DOSES, np.ones((1, 5)), grid=GRID, curves=np.empty((0, 50)), **LABELS)
    figure.canvas.draw()
    assert "ec50" not in {line.get_gid() for line in figure.axes[0].lines}


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(StudyError, match="for 5 doses"):
        dose_response(DOSES, np.ones((1, 4)), grid=GRID, curves=np.empty((0, 50)), **LABELS)
