"""Small systems with known answers, declared as models and compiled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from immunode.model import Event, Model, Parameter, Process, Requirement, State, Switch
from immunode.program.lowering import lower
from immunode.program.numpy.functions import Functions, compile_numpy
from immunode.solve import choice

Array = NDArray[np.float64]
Build = Callable[..., Functions]


@pytest.fixture
def unmade(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no machine code be at hand, and nothing be spent so far."""
    monkeypatch.setattr(choice, "at_hand", lambda program: False)
    monkeypatch.setattr(choice, "_spent", {})
    monkeypatch.setattr(choice, "_settled", {})


@pytest.fixture(scope="session")
def build() -> Build:
    """Return a function that compiles a system from its states, parameters and rates of change."""

    def compiled(
        states: Mapping[str, float | str],
        parameters: Mapping[str, float],
        rates: Mapping[str, str],
        events: Sequence[Event] = (),
        switches: Sequence[str] = (),
        requirements: Sequence[Requirement] = (),
        typical: Mapping[str, float] | None = None,
        name: str = "toy",
    ) -> Functions:
        sizes = dict(typical or {})
        model = Model(
            name=name,
            states=[State(n, v, typical=sizes.get(n, 0.0)) for n, v in states.items()],
            parameters=[Parameter(n, v, source="assumed: test") for n, v in parameters.items()],
            processes=[Process(f"change_{n}", f"-> {n}", rate) for n, rate in rates.items()],
            events=list(events),
            switches=[Switch(n) for n in switches],
            requirements=list(requirements),
        )
        return compile_numpy(lower(model))

    return compiled


@pytest.fixture(scope="session")
def decay(build: Build) -> Functions:
    """x' = -k x, x(0) = 1."""
    return build({"x": 1.0}, {"k": 1.0}, {"x": "-k*x"})


@pytest.fixture(scope="session")
def dosed(build: Build) -> Functions:
    """x' = -k x with doses into x at first, first + gap, ... (n times)."""
    dose = Event("dose", {"x": "x + size"}, at="first", every="gap", count="n")
    return build({"x": 0.0}, {"k": 0.5, "size": 2.0, "first": 1.0, "gap": 3.0, "n": 3.0}, {"x": "-k*x"}, [dose])


@pytest.fixture(scope="session")
def predator(build: Build) -> Functions:
    """Tumor and effector cells with a Hill term, a non-integer power and a dose: nothing is linear."""
    dose = Event("dose", {"x": "x + size"}, at="first", every="gap", count="n")
    return build(
        {"x": 0.76, "y": 50.0},
        {"s": 0.1181, "r": 1.131, "eta": 20.19, "mu": 0.00311, "d": 0.3743, "a": 1.636, "b": 0.002, "m": 1.3}
        | {"size": 0.2, "first": 5.3, "gap": 7.7, "n": 3.0},
        {"x": "s + r*x*hill(y, eta, m) - mu*x*y - d*x", "y": "a*y*(1 - b*y) - x*y + 0.01*exp(-x)*tanh(y)**1.5"},
        [dose],
    )


@pytest.fixture(scope="session")
def relaxation(build: Build) -> Functions:
    """The oscillator of van der Pol, x' = y, y' = mu ((1 - x^2) y - x): stiff for large mu."""
    return build({"x": 2.0, "y": -0.66}, {"mu": 1.0}, {"x": "y", "y": "mu*((1 - x**2)*y - x)"}, name="van_der_pol")


@pytest.fixture(scope="session")
def sets() -> Callable[..., Any]:
    """Return a function that draws parameter sets log-uniform +-30 % around the declared values."""

    def draw(functions: Functions, n: int, seed: int = 1, keep: Sequence[str] = ()) -> Array:
        program = functions.program
        p0 = np.array(program.values)[:, None]
        factor = np.exp(np.random.default_rng(seed).uniform(np.log(0.7), np.log(1.3), (len(p0), n)))
        for name in keep:
            factor[program.parameters.index(name)] = 1.0
        return np.asarray(p0 * factor)

    return draw
