"""Slopes at edges of functions: where a value is finite its slope is a number, and the one-sided limit if there is one.

Without a slope are left x/(x + K) and michaelis(x, K) with both 0, whose value is not finite either; what is finite
only by way of an infinite value, such as exp(-1/x) at 0; and the slope by an exponent of a base below 0. At a kink or a
jump the slope is one between those of the two sides.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import quad

from immunode.model import Model, Parameter, Process, State
from immunode.program import compile_numpy, lower
from immunode.program.numpy.functions import Functions
from immunode.study import simulate

NAMES = ("x", "y", "n")
POINTS = (0.0, 1e-9, 0.5, 1.0, 2.0, 50.0)
BELOW = (-1.0, -0.5)
EXPRESSIONS = (
    "hill(x, y, 0.5)", "hill(x, y, 1)", "hill(x, y, 1.5)", "hill(x, y, 2)", "hill(x, y, 3)", "hill(x, y, 14)",
    "hill(x, y, n)", "hill(2, x, n)", "hill(x, 0, 1)", "hill(x*y, n, 2)", "hill(hill(x, y, 2), n, 1)",
    "michaelis(x, y)", "x/(x + y)", "x*y/(x + y)",
    "x**0.5", "x**0.3", "x**1.5", "x**0 + x", "x**1", "x**13", "x**(-0.5)",
    "x**y", "(x*y)**n", "max(x - 1, 0)**0.7", "max(x - 1, 0)**n", "x**y**n", "(x**2)**0.5", "sqrt(x)", "sqrt(x**2)",
    "sqrt(x*y)", "x*sqrt(x)", "sqrt(x**3)", "sqrt(x**2 + y**2)", "sqrt(max(x - y, 0))", "abs(x)", "abs(x - y)",
    "min(x, y)", "max(x, y, n)", "exp(-x)", "log(x + 1)", "x*log(x + 1e-300)", "tanh(x)", "tan(x)",
    "sin(x)/(x + 1)", "sinh(x)", "cosh(x)", "atan(x)", "asin(x)", "acos(x)", "asin(1 - x**2)",
    "floor(x)*x", "ceil(x)*x", "piecewise(x, x < 1, sqrt(x))", "piecewise(0, x <= 0, x**n)", "(x/(1 + x))**n",
)  # fmt: skip
BOTH_SIGNS = ("x**13", "x**1", "abs(x)", "sqrt(x**2)", "(x**2)**0.5", "max(x, y, n)", "tanh(x)", "hill(2, x, 2)",
              "sqrt(x**2 + y**2)", "x**(-13)", "max(x - 1, 0)**0.7", "atan(x)", "asin(x)")  # fmt: skip


def _functions(expression: str) -> Functions:
    return compile_numpy(
        lower(
            Model(
                name="edge",
                states=[*(State(name, 1.0) for name in NAMES), State("out", 0.0)],
                parameters=[Parameter("one", 1.0, source="assumed: a test")],
                processes=[Process("made", "-> out", f"one*({expression})")],
            )
        )
    )


def _value(functions: Functions, y: NDArray[np.float64]) -> float:
    c = functions.prepare(functions.parameters(np.ones((1, 1))))
    return float(functions.rhs(0.0, np.append(y, 0.0)[:, None], c)[3, 0])


def _slopes(functions: Functions, y: NDArray[np.float64]) -> NDArray[np.float64]:
    c = functions.prepare(functions.parameters(np.ones((1, 1))))
    made = np.zeros(3)
    entries = functions.jacobian(0.0, np.append(y, 0.0)[:, None], c)
    for (_, column, _), value in zip(functions.program.jacobian, entries, strict=True):
        made[column] = value[0]
    return made


def _limit(functions: Functions, y: NDArray[np.float64], j: int, sign: float) -> float | None:
    """Return the limit of the difference quotient from one side; NaN where it does not settle, None without values."""
    here = _value(functions, y)
    quotients = []
    for step in (1e-5, 1e-6, 1e-7):
        there = y.copy()
        there[j] += sign * step * max(abs(y[j]), 1.0)
        quotients.append((_value(functions, there) - here) / (there[j] - y[j]))
    if not np.isfinite(quotients).all():
        return None
    first, second, third = quotients
    scale = max(abs(third), 1.0)
    settled = abs(second - third) <= min(1e-4 * scale, abs(first - second) + 1e-7 * scale)
    return third if settled else np.nan


@pytest.mark.sampled
@pytest.mark.parametrize("expression", dict.fromkeys((*EXPRESSIONS, *BOTH_SIGNS)))
def test_a_finite_value_has_a_slope_that_is_the_limit(expression: str) -> None:
    functions = _functions(expression)
    columns = {column for _, column, _ in functions.program.jacobian}
    looked = 0
    with np.errstate(all="ignore"):
        for at in product((*POINTS, *(BELOW if expression in BOTH_SIGNS else ())), POINTS, (0.0, 0.5, 1.0, 2.0)):
            y = np.array(at)
            if not np.isfinite(_value(functions, y)):
                continue
            slopes = _slopes(functions, y)
            assert not np.isnan(slopes).any(), (at, slopes)
            for j in columns:
                sides = [_limit(functions, y, j, sign) for sign in (1.0, -1.0)]
                known = [side for side in sides if side is not None]
                if not known or np.isnan(known).any() or 0 < abs(y[j]) < 1e-4:
                    continue
                looked += 1
                slack = 1e-3 * max(abs(side) for side in known) + 1e-4
                assert min(known) - slack <= slopes[j] <= max(known) + slack, (at, NAMES[j], slopes[j], known)
    assert looked


def test_hill_with_k_at_0_has_its_limits() -> None:
    for n, wanted in ((1.0, -0.5), (2.0, 0.0), (1.5, 0.0)):
        for text in (f"hill(x, y, {n})", "hill(x, y, n)"):
            with np.errstate(divide="ignore"):
                slopes = _slopes(_functions(text), np.array([2.0, 0.0, n]))
            # d/dK of x/(K + x) is -1/x; of higher powers 0
            assert slopes[1] == pytest.approx(wanted, abs=1e-12), (text, n)
    # below 1 it falls without bounds, which is a large number here
    steep = _slopes(_functions("hill(x, y, n)"), np.array([2.0, 0.0, 0.5]))[1]
    assert -np.inf < steep < -1e100


@pytest.mark.parametrize("ratio", [1e-3, 1e-8, 1e-20])
def test_the_slope_by_a_small_k_keeps_its_digits(ratio: float) -> None:
    # -n K^(n-1) x^n/(K^n + x^n)^2; 1 - value would have lost all digits
    slopes = _slopes(_functions("hill(x, y, 2)"), np.array([1.0, ratio, 2.0]))
    assert slopes[1] == pytest.approx(-2 * ratio / (1 + ratio**2) ** 2, rel=1e-12)


@pytest.mark.parametrize("engine", ["scipy", "numpy", "compiled"])
def test_an_implicit_method_starts_where_the_half_is_at_0(engine: str) -> None:
    # x' = -hill(1, x, 1.5)*x from 0.5, beside a state that starts at the edge: K' = 1 from 0
    model = Model(
        name="edge",
        states=[State("K", 0.0), State("x", 0.5)],
        parameters=[Parameter("n", 1.5, source="assumed: a test"), Parameter("p", 1.0, source="assumed: a test")],
        processes=[Process("grows", "-> K", "p"), Process("falls", "x ->", "hill(p, K, n)*x")],
    )
    times = np.linspace(0.0, 2.0, 5)
    implicit = {"scipy": "Radau", "numpy": "rodas5p", "compiled": "rodas5p"}[engine]
    run = simulate(model, times=times, engine=engine, method=implicit, rtol=1e-8)
    # ln x = ln 0.5 - integral of 1/(1 + s**1.5)
    area = [quad(lambda s: 1 / (1 + s**1.5), 0, t)[0] for t in times]
    np.testing.assert_allclose(run["x"], 0.5 * np.exp(-np.array(area)), rtol=1e-6)
