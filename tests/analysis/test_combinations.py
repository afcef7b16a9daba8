"""Bliss, highest single agent and Loewe on surfaces known in closed form."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from immunode.analysis.treatment.combinations import combination
from immunode.analysis.treatment.combined_effects import synergy
from immunode.errors import StudyError
from immunode.intervention import Intervention, inhibit
from immunode.model import Derived, Model, Parameter, Process, State

A = np.linspace(0, 4, 9)
FINE = np.linspace(0.01, 12, 400)


def _hill(d: Any, top: float = 1.0, half: float = 2.0, n: float = 1.5) -> Any:
    return top * d**n / (half**n + d**n)


def _sham(half: float = 2.0, potency: float = 1.0) -> Any:
    """The same agent twice, of which one unit of B is worth `potency` units of A."""
    response = 100 * (1 - _hill(A[:, None] + potency * A[None], half=half))
    alone = (FINE, 100 * (1 - _hill(FINE, half=half))), (FINE, 100 * (1 - _hill(potency * FINE, half=half)))
    return synergy(A, A, response, alone=alone)


@pytest.mark.parametrize("potency", [1.0, 0.5, 2.0])
def test_an_agent_with_itself_is_additive_for_loewe(potency: float) -> None:
    found = _sham(potency=potency)
    # what interpolation of the single curves (400 doses) leaves
    assert np.nanmax(np.abs(found.excess("loewe"))) < 1e-4
    assert np.nanmax(np.abs(found.index - 1)) < 1e-3
    assert not np.isnan(found.expected["loewe"]).any()
    assert found.excess("hsa")[1:, 1:].min() > 0
    assert "loewe: excess +0.000 on average" in repr(found)
    assert "as expected" in repr(found)


def test_independent_agents_are_additive_for_bliss() -> None:
    e, f = _hill(A, half=1.0)[:, None], _hill(A, top=0.6, half=3.0)[None]
    found = synergy(A, A, 50 * (1 - e) * (1 - f))
    np.testing.assert_allclose(found.excess("bliss"), 0, atol=1e-14)
    np.testing.assert_allclose(found.expected["hsa"], np.maximum(e, f) + 0 * e * f, atol=1e-14)


def test_synergy_bends_isoboles_below_and_antagonism_above() -> None:
    both = A[:, None] + A[None]
    product = A[:, None] * A[None]
    for sign, below in ((0.5, True), (-0.1, False)):
        found = synergy(
            A, A, 1 - _hill(both + sign * product),
            alone=((FINE, 1 - _hill(FINE)), (FINE, 1 - _hill(FINE))),
        )  # fmt: skip
        inside = found.index[1:, 1:]
        assert (inside[np.isfinite(inside)] < 1).all() == below
        assert (found.summary().loc["loewe", "mean"] > 0) == below


def test_synergy_at_some_doses_and_antagonism_at_others_are_both_told() -> None:
    e, f = _hill(A)[:, None], _hill(A)[None]
    wave = 0.1 * np.sin(np.pi * A[:, None] / 2) * (A[None] > 0)
    assert "bliss: excess" in (text := repr(synergy(A, A, (1 - e) * (1 - f) - wave)))
    assert "both, by dose" in text


def test_an_agent_that_raises_the_endpoint_has_effects_towards_its_goal() -> None:
    found = synergy(A, A, 10 + 90 * _hill(A[:, None] + A[None]), full=100.0)
    np.testing.assert_allclose(found.effect, _hill(A[:, None] + A[None]), atol=1e-14)


def test_beyond_both_curves_loewe_is_not_defined_and_says_so() -> None:
    found = synergy(A, A, 1 - _hill(A[:, None] + A[None]))
    assert np.isnan(found.expected["loewe"][-1, -1])
    assert "Loewe is not defined" in repr(found)


def test_one_idle_agent_leaves_the_other_as_it_is() -> None:
    found = synergy(A, A, 1 - _hill(A[:, None] + 0 * A[None]))
    for reference in ("bliss", "hsa", "loewe"):
        # pchip between 9 doses is exact at the doses
        assert np.nanmax(np.abs(found.excess(reference))) < 2e-3


def _model() -> Model:
    """x(T) falls with the sum of two doses of one agent; y with two independent blocks."""
    return Model(
        name="agents",
        states=[State("x", 1.0)],
        parameters=[
            *(Parameter(n, 0.0, source="assumed: a test") for n in ("dose_1", "dose_2")),
            *(Parameter(n, 1.0, source="assumed: a test") for n in ("k", "m")),
        ],
        processes=[Process("rest", "x ->", "0*x")],
        derived=[Derived("x2", "1/(1 + ((dose_1 + dose_2)/2)**1.5)"), Derived("y", "k*m")],
        interventions=[Intervention("block_k", [inhibit("k", 0.8)]), Intervention("block_m", [inhibit("m", 0.9)])],
        horizon=1.0,
    )


def test_a_model_that_adds_doses_is_additive_for_loewe() -> None:
    found = combination(_model(), {"dose_1": A, "dose_2": A[1:]}, "final(x2)")
    assert found.response.shape == (9, 9)
    assert np.nanmax(np.abs(found.excess("loewe"))) < 1e-3
    assert found.endpoint == "final(x2)"


def test_two_blocks_of_a_product_are_independent() -> None:
    doses = {"block_k.strength": np.linspace(0, 1, 5), "block_m.strength": np.linspace(0, 1, 5)}
    found = combination(_model(), doses, "final(y)")
    np.testing.assert_allclose(found.excess("bliss"), 0, atol=1e-12)
    assert found.effect[-1, -1] == pytest.approx(1 - 0.2 * 0.1)
    assert found.table().shape == (25, 8)


def test_what_can_not_be_is_one_line() -> None:
    model, s = _model(), np.linspace(0, 1, 3)
    with pytest.raises(StudyError, match="needs the doses of two knobs, got 1"):
        combination(model, {"k": s}, "final(y)")
    with pytest.raises(StudyError, match=r"'block_n' is no intervention.*did you mean 'block_"):
        combination(model, {"block_n.strength": s, "block_m.strength": s}, "final(y)")
    with pytest.raises(StudyError, match=r"'block_k.strenght'.*'block_k.strength'"):
        combination(model, {"block_k.strenght": s, "block_m.strength": s}, "final(y)")
    with pytest.raises(StudyError, match=r"doses of block_k.strength must be finite, not below 0"):
        combination(model, {"block_k.strength": -s, "block_m.strength": s}, "final(y)")
    with pytest.raises(StudyError, match=r"block_k\.strength can't be 2; its largest value is 1"):
        combination(model, {"block_k.strength": 2 * s, "block_m.strength": s}, "final(y)")
    with pytest.raises(StudyError, match="looks at one endpoint, got 2"):
        combination(model, {"block_k.strength": s, "block_m.strength": s}, ["final(y)", "peak(y)"])
    with pytest.raises(StudyError, match="there is no effect to measure"):
        synergy(A, A, np.zeros((9, 9)))
    with pytest.raises(StudyError, match="must increase from 0"):
        synergy(A + 1, A, np.ones((9, 9)))
    with pytest.raises(StudyError, match="unknown reference 'blis'; did you mean 'bliss'"):
        _sham().excess("blis")
    with pytest.raises(StudyError, match="unknown plot 'surface'"):
        _sham().plot("surface")


@pytest.mark.parametrize("style", ["slide", "paper"])
def test_isoboles_of_an_agent_with_itself_lie_on_the_lines_of_additivity(style: str) -> None:
    found = _sham()
    figure = found.plot(style=style)
    figure.canvas.draw()
    drawn = [line for line in figure.axes[0].lines if line.get_gid() == "additive"]
    assert len(drawn) == 3
    a = float(np.asarray(drawn[1].get_xdata())[0])
    assert a == pytest.approx(2.0, rel=1e-3)  # half of the effect at ec50
    found.plot("excess", style=style).canvas.draw()
