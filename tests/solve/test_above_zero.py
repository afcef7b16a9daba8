"""Runs that fall below 0 where the system can't are made anew, in all engines; against Radau at rtol 1e-10."""

from __future__ import annotations

import numpy as np
import pytest

from immunode.model import Model, Parameter, Process, State
from immunode.program.lowering import lower
from immunode.program.numpy.functions import compile_numpy
from immunode.solve import solve
from immunode.solve.accuracy.positive import never_falls
from tests.libraries import needs

VALUES = {"D0": 2.0, "kon": 1e7, "koff": 1.0, "ks": 1.0, "kd": 1.0, "ke": 0.1, "ki": 0.5}
BINDING = Model(
    name="binding",
    states=[State("D", "D0", typical=1.0), State("T", "ks/kd", typical=1.0), State("C", 0.0, typical=1.0)],
    parameters=[Parameter(name, value) for name, value in VALUES.items()],
    processes=[
        Process("bind", "D + T -> C", "kon*D*T"),
        Process("part", "C -> D + T", "koff*C"),
        Process("make", "-> T", "ks"),
        Process("decay", "T ->", "kd*T"),
        Process("clear", "D ->", "ke*D"),
        Process("take_in", "C ->", "ki*C"),
    ],
)
"""Target-mediated disposition of a drug that binds ten million times faster than all else goes."""
LOW, HIGH = (
    dict(zip(VALUES, row, strict=True))
    for row in ((0.1, 1e3, 1e-3, 0.1, 0.05, 0.01, 0.01), (20.0, 1e8, 10.0, 10.0, 5.0, 1.0, 5.0))
)
TIMES = np.linspace(0.0, 20.0, 41)


def drawn(n: int) -> np.ndarray:
    """Return log-uniform values, (n_values, n)."""
    names, rng = compile_numpy(lower(BINDING)).program.parameters, np.random.default_rng(1)
    rows = {name: np.exp(rng.uniform(np.log(LOW[name]), np.log(HIGH[name]), n)) for name in VALUES}
    return np.array([rows[name] for name in names])


@pytest.mark.parametrize(
    "engine", ["scipy", "numpy", pytest.param("compiled", marks=[needs("llvmlite"), pytest.mark.slow])]
)
def test_fast_binding_stays_above_zero(engine: str) -> None:
    """Some end 36 below 0 with rodas5p, LSODA and Radau at 1e-4, where 1e-9 is right."""
    functions, values = compile_numpy(lower(BINDING)), drawn(400)[:, [10, 47, 57, 58]]
    exact = solve(functions, values, times=TIMES, engine="scipy", method="Radau", rtol=1e-10, atol=1e-14).y
    assert exact.min() > -1e-12
    made = solve(functions, values, times=TIMES, engine=engine, rtol=1e-4)
    assert np.all(made.status == 0)
    assert "fell below 0 and " in made.reason
    assert made.y.min() > -1e-6
    np.testing.assert_allclose(made.y[-1], exact[-1], rtol=0.05, atol=1e-6)
    named = solve(functions, values, times=TIMES, engine=engine, method=str(made.methods[0]), rtol=1e-4)
    assert np.nanmin(named.y) < -1.0  # a method that is named is kept, and so are its steps


def test_which_states_can_not_fall_below_zero() -> None:
    """A product of a loss holds its reactants above 0; an oscillator and a constant loss do not."""
    model = Model(
        name="mixed",
        states=[State(name, 1.0) for name in ("prey", "x", "v", "stock")],
        parameters=[Parameter("k", 0.3)],
        processes=[
            Process("eaten", "prey ->", "k*prey*prey"),
            Process("move", "-> x", "v"),
            Process("pull", "-> v", "-x"),
            Process("sale", "stock ->", "k"),
        ],
    )
    assert never_falls(compile_numpy(lower(model)), 0.0, 10.0).tolist() == [True, False, False, False]
