"""The evidence ledger against shares of variance known in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from immunode.analysis.sensitivity.ledger import _design, evidence_ledger
from immunode.errors import StudyError
from immunode.model import Derived, Model, Parameter, Process, State


def _model() -> Model:
    kinds = {"a": "measured", "b": "assumed", "c": "assumed", "d": "fitted", "e": ""}
    return Model(
        name="sum",
        states=[State("x", 1.0)],
        parameters=[
            Parameter(n, 0.5, source="" if n == "e" else "a test", evidence=kind, bounds=(0.2, 1.2))
            for n, kind in kinds.items()
        ],
        processes=[Process("rest", "x ->", "0*x")],
        derived=[Derived("y", "a + 2*b + 3*c + d + 0*e"), Derived("product", "(a - 0.7)*(b - 0.7)")],
        horizon=1.0,
    )


def test_shares_of_a_sum_are_those_of_its_squares() -> None:
    found = evidence_ledger(_model(), n=512, endpoints=["final(y)"])
    assert found.kinds == ("measured", "fitted", "assumed", "not said")
    assert found.members["assumed"] == ("b", "c")
    exact = np.array([1, 1, 4 + 9, 0]) / 15
    # the total estimator of a sum is a mean of squared differences of a balanced sample
    np.testing.assert_allclose(found.total[0], exact, atol=0.02)
    assert (np.abs(found.alone[0] - exact) <= 1.5 * found.alone_half[0] + 1e-9).all()
    assert found.share("assumed") == pytest.approx(13 / 15, abs=0.02)
    assert found.next_to_measure().index.tolist() == ["c", "b", "e"]
    assert found.next_to_measure()["c"] == pytest.approx(9 / 15, abs=0.02)


def test_an_interaction_belongs_to_neither_kind_alone() -> None:
    found = evidence_ledger(_model(), n=512, endpoints=["final(product)"])
    total = dict(zip(found.kinds, found.total[0], strict=True))
    alone = dict(zip(found.kinds, found.alone[0], strict=True))
    assert total["measured"] == pytest.approx(1, abs=0.1)
    assert total["assumed"] == pytest.approx(1, abs=0.1)
    assert abs(alone["measured"]) < 0.15
    assert abs(alone["assumed"]) < 0.15


def test_it_says_what_the_shares_hold_for() -> None:
    text = repr(evidence_ledger(_model(), n=16, endpoints="final(y)"))
    assert "shares hold for the ranges sampled" in text
    assert "measure next: c" in text


def test_a_function_has_no_evidence() -> None:
    with pytest.raises(StudyError, match="needs a model"):
        evidence_ledger(lambda x: x)  # type: ignore[arg-type]


@pytest.mark.parametrize("style", ["slide", "paper"])
def test_its_figure_can_be_drawn(style: str) -> None:
    figure = evidence_ledger(_model(), n=32, endpoints="final(y)").plot(style=style)
    figure.canvas.draw()
    assert "assumed (2)" in [t.get_text() for t in figure.legends[0].get_texts()]


def test_points_of_groups_are_those_of_salib() -> None:
    sample = pytest.importorskip("SALib.sample.sobol")
    names, groups = ["a", "b", "c"], ["weak", "strong", "weak"]
    problem = {"num_vars": 3, "names": names, "bounds": [[0.0, 1.0]] * 3, "groups": groups}
    told = sample.sample(problem, 16, calc_second_order=False, seed=5)
    found = _design(names, {"weak": ("a", "c"), "strong": ("b",)}, 16, 5)
    blocks = (np.asarray(told).reshape(16, 4, 3), found.reshape(16, 4, 3))
    for block in blocks:
        np.testing.assert_array_equal(block[:, [0, 3]], blocks[0][:, [0, 3]])
    # SALib orders groups its own way
    assert {tuple(row) for row in told} == {tuple(row) for row in found}


@pytest.mark.parametrize("scale", ["linear", "rank"])
def test_the_order_of_kinds_does_not_move_the_shares(scale: str) -> None:
    found = evidence_ledger(_model(), ["e", "d", "c", "b", "a"], n=64, endpoints="final(y)", scale=scale)
    assert found.kinds == ("measured", "fitted", "assumed", "not said")
    assert found.total[0].argmax() == found.kinds.index("assumed")
    assert found.total[0][found.kinds.index("not said")] == pytest.approx(0, abs=1e-12)
