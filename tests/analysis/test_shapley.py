"""Shapley shares against their axioms and closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from immunode.analysis.treatment.shapley_shares import shapley
from immunode.errors import StudyError
from immunode.intervention import Intervention, inhibit, scale
from immunode.model import Derived, Model, Parameter, Process, State

FACTORS = ["halve_a", "third_b", "nothing"]


def _product() -> Model:
    return Model(
        name="product",
        states=[State("x", 1.0)],
        parameters=[Parameter(n, 6.0, source="assumed: a test", bounds=(3.0, 9.0)) for n in ("a", "b", "c")],
        processes=[Process("rest", "x ->", "0*x")],
        derived=[Derived("y", "a*b"), Derived("z", "a + 2*b")],
        interventions=[
            Intervention("halve_a", [inhibit("a", 0.5)]),
            Intervention("third_b", [scale("b", 1 / 3)]),
            Intervention("nothing", [scale("c", 2)]),
        ],
        horizon=1.0,
    )


def test_shares_of_a_product_are_those_computed_by_hand() -> None:
    found = shapley(_product(), FACTORS, endpoints=["final(y)", "final(z)"])
    # y: 36 -> 18 (a), 12 (b), 6 (both); halves of (36-18 and 12-6), (36-12 and 18-6)
    np.testing.assert_allclose(found.shares[0, :, 0], [-12, -18, 0], atol=1e-9)
    np.testing.assert_allclose(found.alone[0, :, 0], [-18, -24, 0], atol=1e-9)
    np.testing.assert_allclose(found.last[0, :, 0], [-6, -12, 0], atol=1e-9)
    # z is a sum: nothing interacts, and a share is what each does alone
    np.testing.assert_allclose(found.shares[1], found.alone[1], atol=1e-9)


@pytest.mark.slow
def test_shares_add_up_draw_by_draw_and_an_idle_factor_has_none() -> None:
    found = shapley(_product(), FACTORS, ["a", "b"], 32, endpoints="final(y)")
    np.testing.assert_allclose(found.shares.sum(axis=1), found.together - found.none, rtol=1e-12)
    np.testing.assert_allclose(found.shares[:, 2], 0, atol=1e-9)
    assert found.runs == 8 * 32
    np.testing.assert_allclose(found.table()["part"].iloc[2], 0, atol=1e-9)


def test_the_order_of_factors_does_not_matter() -> None:
    one = shapley(_product(), FACTORS, endpoints="final(y)")
    other = shapley(_product(), FACTORS[::-1], endpoints="final(y)")
    np.testing.assert_allclose(one.shares[0, :, 0], other.shares[0, ::-1, 0], rtol=1e-12, atol=1e-12)


def test_a_mapping_names_factors_and_joins_interventions() -> None:
    found = shapley(_product(), {"both": ["halve_a", "third_b"], "idle": "nothing"}, endpoints="final(y)")
    assert found.factors == ("both", "idle")
    np.testing.assert_allclose(found.shares[0, :, 0], [-30, 0], atol=1e-9)


def test_what_can_not_be_is_one_line() -> None:
    with pytest.raises(StudyError, match="at least two factors, got 1"):
        shapley(_product(), "halve_a")
    with pytest.raises(StudyError, match="8 draws need a space"):
        shapley(_product(), FACTORS, n=8)
    with pytest.raises(StudyError, match="unknown intervention or arm 'halve'"):
        shapley(_product(), ["halve", "third_b"])


def test_its_text_and_figure_tell_the_sum() -> None:
    found = shapley(_product(), FACTORS, endpoints="final(y)")
    assert "36 without, 6 with all" in repr(found)
    assert "it is not a cause" in repr(found)
    figure = found.plot()
    figure.canvas.draw()
    texts = [t.get_text() for t in figure.axes[0].texts]
    assert "−30" in texts
