"""Corners of a right-hand side are found, and guards of logarithms are not taken for such."""

from __future__ import annotations

import pytest

from immunode.model import Derived, Event, Model, Parameter, Process, State, Switch
from immunode.program.lowering import lower
from immunode.program.nonsmooth import edges, has_corners


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


@pytest.mark.parametrize(
    ("rate", "count"),
    [
        ("k*max(t - 3, 0)", 0),
        ("max(k*t/2, 1 - t)", 0),
        ("max(sin(k*t), 0)", 1),
        ("min(t*t, k) + abs(cos(t))", 2),
        ("max(u*t - 3, 0)", 1),
        ("max(u, k)", 0),
        ("max(k, 1)", 0),
        ("max(sin(t), 0) + max(x, sin(t))", 2),
        ("piecewise(1, sin(t) > 0, 0)", 0),
    ],
)
def test_bends_on_time_count_unless_solvers_stop_there(rate: str, count: int) -> None:
    model = Model(
        name="corner",
        states=[State("x", 1.0)],
        parameters=[Parameter("k", 1.0, source="assumed: a test")],
        processes=[Process("p", "x ->", rate)],
        switches=[Switch("u", 1.0)],
        events=[Event("turn", {"u": "2"}, at=1.0)],
    )
    assert len(edges(lower(model))) == count


def test_a_corner_that_bends_no_derivative_does_not_count() -> None:
    model = Model(
        name="looked_at",
        states=[State("x", 1.0)],
        parameters=[Parameter("k", 1.0, source="assumed: a test")],
        processes=[Process("p", "x ->", "k*x")],
        derived=[Derived("shown", "max(x, 0.5)")],
    )
    assert not has_corners(lower(model))
