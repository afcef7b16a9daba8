"""Corners of a right-hand side are found, and guards of logarithms are not taken for such."""

from __future__ import annotations

import pytest

from immunode.model import Derived, Model, Parameter, Process, State
from immunode.program.lowering import lower
from immunode.program.nonsmooth import has_corners


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        ("k*x", False),
        ("k*max(x - 0.5, 0)", True),
        ("k*min(x, k)", True),
        ("k*abs(x - 1)", True),
        ("piecewise(k, x > 1, 0.0)", False),
        ("k*max(k, 1)", False),
        ("k*hill(x, 2, 1.5)", False),
        ("k*michaelis(x, 2)", False),
        ("k*max(t - 3, 0)", False),
    ],
)
def test_corners_in_states_are_found(rate: str, expected: bool) -> None:
    model = Model(
        name="corner",
        states=[State("x", 1.0)],
        parameters=[Parameter("k", 1.0, source="assumed: a test")],
        processes=[Process("p", "x ->", rate)],
    )
    assert has_corners(lower(model)) is expected


def test_a_corner_that_bends_no_derivative_does_not_count() -> None:
    model = Model(
        name="looked_at",
        states=[State("x", 1.0)],
        parameters=[Parameter("k", 1.0, source="assumed: a test")],
        processes=[Process("p", "x ->", "k*x")],
        derived=[Derived("shown", "max(x, 0.5)")],
    )
    assert not has_corners(lower(model))
