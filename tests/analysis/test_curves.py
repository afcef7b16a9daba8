from __future__ import annotations

import numpy as np
import pytest

import immunode as im
from tests.analysis import normal_forms


def test_the_folds_of_the_cusp_lie_on_its_curve_and_the_cusp_at_its_tip() -> None:
    found = im.dynamics.continuation(normal_forms.CUSP, "r", (-2.0, 2.0), bounds=normal_forms.BOX).curves(
        "s", (-1.0, 2.0)
    )
    table = found.table()
    assert np.allclose(27 * table.r**2, 4 * table.s**3, atol=1e-6)
    ((kind, r, s),) = found.points
    assert kind == "cusp"
    assert abs(r) < 1e-5
    assert abs(s) < 1e-4


def test_the_hopf_curve_of_the_brusselator_is_the_parabola() -> None:
    first = im.dynamics.continuation(normal_forms.BRUSSELATOR, "B", (0.5, 6.0), engine="numpy")
    (curve,) = first.curves("A", (0.3, 2.0)).curves
    assert len(curve.x) > 10
    assert np.allclose(curve.x, 1 + curve.y**2, rtol=1e-6)
    assert np.allclose(curve.period, 2 * np.pi / curve.y, rtol=1e-6)


def test_folds_and_hopf_points_meet_in_the_bogdanov_takens_point_of_the_normal_form() -> None:
    box = {"x": (-3.0, 3.0), "y": (-3.0, 3.0)}
    first = im.dynamics.continuation(normal_forms.BOGDANOV_TAKENS, "r", (-1.0, 1.0), bounds=box, engine="numpy")
    assert len(first.branches) == 1
    assert [(p.kind, round(p.parameter, 8)) for p in first.points] == [("Hopf", 0.0), ("fold", 0.25)]
    found = first.curves("s", (-2.0, 1.0))
    ((kind, r, s),) = found.points
    assert kind == "Bogdanov-Takens"
    assert abs(r) < 1e-6
    assert abs(s) < 1e-6
    curves = {c.kind: c for c in found.curves}
    assert np.allclose(4 * curves["fold"].x, curves["fold"].y ** 2, atol=1e-9)
    assert np.allclose(curves["Hopf"].x, 0.0, atol=1e-9)
    # the curve of Hopf points ends in that point, with waves of infinite period
    assert abs(curves["Hopf"].y.max()) < 1e-6
    there = curves["Hopf"].y < -0.01
    assert np.allclose(curves["Hopf"].period[there], 2 * np.pi / np.sqrt(-curves["Hopf"].y[there]), rtol=1e-6)


def test_curves_run_to_the_ends_of_the_ranges() -> None:
    found = im.dynamics.continuation(normal_forms.CUSP, "r", (-2.0, 2.0), bounds=normal_forms.BOX).curves(
        "s", (-1.0, 2.0)
    )
    (curve,) = found.curves
    assert [curve.y[0], curve.y[-1]] == pytest.approx([2.0, 2.0], abs=1e-9)


def test_the_first_parameter_is_no_second_one() -> None:
    first = im.dynamics.continuation(normal_forms.FOLD, "r", (-2.0, 2.0), bounds=normal_forms.BOX)
    with pytest.raises(im.errors.StudyError, match="first parameter already"):
        first.curves("r", (-2.0, 2.0))
