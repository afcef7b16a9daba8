"""Steady states of delay equations: found as without delays, stable as their characteristic roots say."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import lambertw

import immunode as im
from immunode.errors import ModelError
from immunode.model import Model, Parameter, Process, State


def number(name: str, value: float, unit: str = "1/day") -> Parameter:
    return Parameter(name, value, unit, "", "assumed: a test")


HUTCHINSON = Model(
    name="hutchinson",
    title="logistic growth whose brake lags",
    time_unit="day",
    horizon=100.0,
    states=[State("x", 0.5, kind="cell")],
    parameters=[number("r", 1.0), number("tau", 1.0, "day")],
    processes=[Process("growth", "-> x", "r*x*(1 - delay(x, tau))")],
)
"""Hutchinson 1948, doi:10.1111/j.1749-6632.1948.tb39854.x: x = 1 is stable as long as r tau < pi/2."""


def test_the_leading_roots_are_those_of_the_lambert_function() -> None:
    """At x = 1, lambda = -r exp(-lambda tau), so lambda tau is the main branch of W(-r tau)."""
    taus = np.array([0.0, 0.2, 0.3, 1.0, 1.5, 1.6, 3.0])
    found = im.dynamics.steady_states(HUTCHINSON, design={"tau": taus})
    full = [state for state in found if state.values["x"] == pytest.approx(1.0)]
    wanted = [-1.0, *(complex(lambertw(-tau)) / tau for tau in taus[1:])]
    for state, root in zip(full, wanted, strict=True):
        assert state.eigenvalues[0].real == pytest.approx(np.real(root), abs=1e-8)
        assert abs(state.eigenvalues[0].imag) == pytest.approx(abs(np.imag(root)), abs=1e-8)
    kinds = [state.kind for state in full]
    assert kinds == ["stable node"] * 3 + ["stable spiral"] * 2 + ["unstable spiral"] * 2
    empty = [state for state in found if state.values["x"] == pytest.approx(0.0)]
    assert [state.eigenvalues[0].real for state in empty] == pytest.approx([1.0] * len(taus))


def test_runs_do_what_the_roots_say() -> None:
    times = np.linspace(0, 200, 2001)
    calm, cycling = (im.simulate(HUTCHINSON.with_values({"tau": tau}), times=times)["x"][-500:] for tau in (1.4, 1.8))
    assert np.ptp(calm) < 1e-3
    assert np.ptp(cycling) > 1.0


def test_a_run_may_start_at_the_steady_state() -> None:
    run = im.simulate(HUTCHINSON.replace(start="steady state"))
    assert run["x"] == pytest.approx(np.ones(len(run.times)), abs=1e-9)


def test_two_states_with_a_delay_between_them() -> None:
    """x' = -y(t - tau), y' = x - y: lambda (lambda + 1) = -exp(-lambda tau) holds of what is found."""
    pair = Model(
        name="pair", title="pair", time_unit="day", horizon=10.0,
        states=[State("x", 1.0), State("y", 1.0)],
        parameters=[number("k", 1.0), number("tau", 0.7, "day")],
        processes=[
            Process("a", "x ->", "k*delay(y, tau)"), Process("b", "-> y", "k*x"), Process("c", "y ->", "k*y"),
        ],
    )  # fmt: skip
    (rest,) = im.dynamics.steady_states(pair)
    roots = np.array(rest.eigenvalues)
    assert len(roots) == 2
    assert np.abs(roots * (roots + 1) + np.exp(-0.7 * roots)) == pytest.approx([0, 0], abs=1e-8)


def test_what_needs_a_state_to_be_a_point_is_refused_in_words() -> None:
    with pytest.raises(ModelError, match=r"'delay\(x, tau\)' makes it a delay equation, whose state is a whole past"):
        im.dynamics.continuation(HUTCHINSON, "tau")


def test_a_steady_state_on_a_line_of_them_is_not_hyperbolic() -> None:
    """Every number of target cells is a steady state of the infection once there is no virus."""
    found = im.dynamics.steady_states(im.load_model("myers2021"))
    assert [state.kind for state in found] == ["not hyperbolic"] * len(found)
    assert all(state.eigenvalues[0] == 0 for state in found)
