"""Hill curves recovered from curves known in closed form, and from noisy ones."""

from __future__ import annotations

import numpy as np
import pytest

from immunode.analysis.treatment.hill_curves import dose_response, hill_curve, hill_fit
from immunode.errors import StudyError
from immunode.intervention import Intervention, inhibit
from immunode.model import Derived, Model, Parameter, Process, State

DOSES = np.array([0, 0.3, 1, 3, 10, 30, 100.0])


def _model() -> Model:
    return Model(
        name="receptor",
        states=[State("x", 1.0)],
        parameters=[
            Parameter("dose", 0.0, "mg", source="assumed: a test"),
            Parameter("half", 5.0, "mg", source="assumed: a test", bounds=(2.5, 10.0)),
            Parameter("k", 1.0, source="assumed: a test"),
        ],
        processes=[Process("rest", "x ->", "0*x")],
        derived=[
            Derived("bound", "2 + 8*hill(dose, half, 2)"),
            Derived("free", "10 - 8*hill(dose, half, 2)"),
            Derived("one", "1"),
        ],
        interventions=[Intervention("block", [inhibit("k", 0.8)])],
        horizon=1.0,
    )


def test_a_model_with_a_hill_curve_has_its_values() -> None:
    found = dose_response(_model(), "dose", DOSES, endpoints=["final(bound)", "final(free)", "final(one)"])
    np.testing.assert_allclose(found.fits[0, 0], [2, 10, 5, 2], rtol=1e-6)
    np.testing.assert_allclose(found.fits[1, 0], [10, 2, 5, 2], rtol=1e-6)
    assert np.isnan(found.fits[2]).all()
    assert found.dose_unit == "mg"
    assert found.table()["r2"].iloc[0] == pytest.approx(1)
    assert "final(one): no curve" in repr(found)
    np.testing.assert_allclose(found.predict([5.0], "final(bound)"), [[6.0]], rtol=1e-6)


def test_virtual_patients_have_each_their_own_ec50() -> None:
    found = dose_response(_model(), "dose", DOSES, endpoints="final(bound)", space=["half"], n=32)
    assert found.responses.shape == (1, 32, 7)
    ec50 = np.sort(found.fits[0, :, 2])
    assert ec50[0] >= 2.5
    assert ec50[-1] <= 10
    # Sobol points: uniform between 2.5 and 10 to within a 32nd
    np.testing.assert_allclose(ec50, 2.5 + 7.5 * (np.arange(32) + 0.5) / 32, atol=7.5 / 32)
    row = found.table().iloc[0]
    assert 2.5 < row["ec50_low"] < 3.5
    assert 9 < row["ec50_high"] < 10


@pytest.mark.slow
def test_intervals_of_noisy_curves_cover_the_true_ec50() -> None:
    rng = np.random.default_rng(0)
    doses = np.tile(np.geomspace(0.3, 100, 12), 2)
    truth = hill_curve(doses, 0.0, 1.0, 5.0, 1.2)
    found = hill_fit(doses, truth + 0.05 * rng.normal(size=(150, 24)))
    order = np.abs(np.log(found.fits[0, :, 2] / 5.0)) <= found.half[0]
    # binomial: 150 intervals of 95 % cover 134 to 150 times, in 99.7 % of all cases
    assert order.sum() >= 134
    assert order.sum() < 150


@pytest.mark.parametrize("ec50", [4.0, 0.02])
def test_an_ec50_outside_the_doses_is_told(ec50: float) -> None:
    doses = np.linspace(0, 1, 9)
    told = repr(hill_fit(doses, hill_curve(doses, 0.0, 1.0, ec50, 2.0)))
    assert "100 % of the EC50 lie outside the doses tested, 0.125 to 1" in told


def test_a_curve_that_is_none_is_told() -> None:
    doses = np.linspace(0, 10, 21)
    assert "a Hill curve does not fit well" in repr(hill_fit(doses, np.sin(doses)))


def test_what_can_not_be_is_one_line() -> None:
    with pytest.raises(StudyError, match="with 0 at least 5"):
        dose_response(_model(), "dose", [1, 2])
    with pytest.raises(StudyError, match="unknown knob 'doses'; did you mean 'dose'"):
        dose_response(_model(), "doses", DOSES, endpoints="final(x)")
    with pytest.raises(StudyError, match="'blok' is no intervention that it declares"):
        dose_response(_model(), "blok.strength", np.linspace(0, 1, 6))
    with pytest.raises(StudyError, match=r"block\.strength can't be 2; its largest value is 1"):
        dose_response(_model(), "block.strength", np.linspace(0, 2, 6))
    with pytest.raises(StudyError, match="4 draws need a space"):
        dose_response(_model(), "dose", DOSES, n=4)
    with pytest.raises(StudyError, match="'half' is dosed, so the space can't vary it"):
        dose_response(_model(), "half", DOSES, space=["half"], n=4)
    with pytest.raises(StudyError, match=r"responses of shape \(3,\) for 7 doses"):
        hill_fit(DOSES, [1, 2, 3])


@pytest.mark.parametrize("style", ["slide", "paper"])
def test_its_figure_marks_the_ec50(style: str) -> None:
    figure = dose_response(_model(), "dose", DOSES, endpoints="final(bound)").plot(style=style)
    figure.canvas.draw()
    assert "EC50 5 mg" in [t.get_text() for t in figure.axes[0].texts]
    drawn = dose_response(_model(), "dose", DOSES, endpoints="final(bound)", space=["half"], n=8).plot(style=style)
    drawn.canvas.draw()
    assert any(c.get_gid() == "band" for c in drawn.axes[0].collections)
