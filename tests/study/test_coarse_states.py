"""States that the default tolerance does not resolve are named, and what the line says mends them."""

from __future__ import annotations

import numpy as np
import pytest

import immunode as im
from immunode.model import Model, Parameter, Process, State


def made(typical: float = 0.0) -> Model:
    """x in mol: x' = k (1 - sin(3 t)/2) - x."""
    return Model(
        name="moles",
        states=[State("x", 0.0, typical=typical), State("y", 0.0)],
        parameters=[Parameter("k", 1e-16, source="assumed: a test")],
        processes=[Process("making", "-> x", "k*(1 - 0.5*sin(3*t))"), Process("loss", "x ->", "x")],
        horizon=20,
    )


def exact(t: float) -> float:
    """Return x at k = 1."""
    decay = np.exp(-t)
    return float(1 - decay - 0.5 * (np.sin(3 * t) - 3 * np.cos(3 * t) + 3 * decay) / 10)


def test_a_state_of_the_size_of_the_tolerance_is_told() -> None:
    """It errs by 3 % in NumPy, and ended at -0.94e-16 instead of 0.87e-16 in machine code: a step may err by 1e-15."""
    run = im.simulate(made(), until=20, engine="numpy")
    (line,) = run.recipe["remarks"]
    assert "'x' stays below" in line
    assert "errors of 1e-15 in each step are allowed" in line
    assert abs(run["x"][-1] / 1e-16 - exact(20)) > 0.01


@pytest.mark.parametrize(("typical", "atol"), [(1e-16, None), (0.0, 1e-25)])
def test_what_the_line_says_gives_the_right_value(typical: float, atol: float | None) -> None:
    run = im.simulate(made(typical), until=20, engine="numpy", atol=atol)
    assert run.recipe["remarks"] == []
    assert run["x"][-1] / 1e-16 == pytest.approx(exact(20), rel=1e-4)


def test_states_that_are_0_or_large_enough_are_not() -> None:
    assert im.simulate(made().with_values(k=1e-6), until=20, engine="numpy").recipe["remarks"] == []
    assert im.simulate(made().with_values(k=0.0), until=20, engine="numpy").recipe["remarks"] == []
