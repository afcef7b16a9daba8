"""No model errs by more than five tolerances: every state at 101 times, against SciPy's LSODA at rtol 1e-11.

A tolerance is atol + rtol |y|, with the default atol. LSODA at 1e-11 errs by up to a thousandth of that at 1e-6.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from behavior import Array, System

from immunode.catalogue import list_models, load_model
from immunode.solve import solve
from immunode.solve.step_size import absolute_tolerance
from tests.libraries import needs

MODELS = [entry.name for entry in list_models()]
ENGINES = ["numpy", pytest.param("compiled", marks=needs("llvmlite"))]
MOST = 5.0
RTOL = 1e-6
DRAWS, SPREAD = 3, 0.2
# For all others SciPy takes minutes together: they are run by hand.
OFTEN = ("baccam2006", "hancioglu2007", "kuznetsov1994", "lewkiewicz2019", "reynolds2006", "yu2022_crohns")
BY_HAND = [pytest.mark.slow, pytest.mark.soak]


@cache
def system(name: str, intervention: str) -> System:
    return System(load_model(name)).given([intervention] if intervention else [])


def drawn(model: System, n: int) -> Array:
    """Return the declared values and n with every parameter +-20 % around its own, (n_values, 1 + n)."""
    factors = np.exp(
        np.random.default_rng(11).uniform(np.log(1 - SPREAD), np.log(1 + SPREAD), (len(model.values()), n))
    )
    return np.hstack([model.values(), model.values() * factors])


@cache
def truth(name: str, intervention: str, n: int) -> tuple[Array, Array]:
    """Return times and trajectories, (n_times, n_states, n_runs), NaN where a run does not come to its end."""
    model = system(name, intervention)
    times = np.linspace(0.0, model.model.horizon, 101)
    exact = solve(
        model.functions, drawn(model, n), times=times, engine="scipy", method="LSODA", rtol=1e-11, max_steps=300_000
    )
    return times, exact.y


def errors(name: str, intervention: str, engine: str, n: int, rtol: float = RTOL) -> Array:
    """Return the error of each run that SciPy finishes, in tolerances."""
    model, (times, exact) = system(name, intervention), truth(name, intervention, n)
    values = drawn(model, n)
    made = solve(model.functions, values, times=times, engine=engine, rtol=rtol)
    begun = model.functions.initial(model.functions.parameters(values))
    scale = absolute_tolerance(model.functions.program, begun, rtol, None) + rtol * np.abs(exact)
    known = np.isfinite(exact).all(axis=(0, 1))
    assert known[0]
    return np.asarray(np.max(np.abs(made.y - exact) / scale, axis=(0, 1))[known])


@pytest.mark.parametrize("name", [n if n in OFTEN else pytest.param(n, marks=BY_HAND) for n in MODELS])
@pytest.mark.parametrize("engine", ENGINES)
def test_no_model_errs_by_more_than_five_tolerances(name: str, engine: str) -> None:
    assert errors(name, "", engine, 0).max() <= MOST


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("engine", ENGINES)
def test_no_model_does_near_its_declared_values(name: str, engine: str) -> None:
    assert errors(name, "", engine, DRAWS).max() <= MOST
