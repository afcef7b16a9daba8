"""A chain of transit compartments delays, conserves what passes, and is refused where it makes no sense."""

from __future__ import annotations

import math

import numpy as np
import pytest

from immunode.errors import ModelError
from immunode.model import Model, Parameter, Process, State, transit_chain
from immunode.program.lowering import lower
from immunode.program.numpy.functions import compile_numpy
from immunode.solve import solve


def run(model: Model, times: np.ndarray) -> dict[str, np.ndarray]:
    functions = compile_numpy(lower(model))
    values = np.array(functions.program.values)[:, None]
    batch = solve(functions, values, times=times, engine="scipy", rtol=1e-10)
    assert batch.status[0] == 0
    return dict(zip(functions.program.states, batch.y[:, :, 0].T, strict=True))


def passing(n: int) -> Model:
    chain = transit_chain("S", n, "tau", inflow="k*A", takes="A", into="B", unit="cell")
    return Model(
        name="maturation",
        time_unit="day",
        states=[State("A", 1.0, "cell"), *chain.states, State("B", 0.0, "cell")],
        parameters=[Parameter("k", 1e3, "1/day"), Parameter("tau", 5.0, "day")],
        processes=chain.processes,
    )


@pytest.mark.parametrize("n", [1, 4, 12])
def test_passage_times_are_gamma_distributed(n: int) -> None:
    """What has arrived by time t is the Erlang distribution; entry is over after 1e-3 days, hence 1e-3."""
    times = np.array([1.0, 3.0, 5.0, 8.0, 12.0])
    y = run(passing(n), times)
    x = n * times / 5.0
    erlang = 1 - sum(np.exp(-x) * x**i / math.factorial(i) for i in range(n))
    np.testing.assert_allclose(y["B"], erlang, atol=1e-3)


def test_what_passes_is_conserved() -> None:
    y = run(passing(5), np.linspace(0, 20, 7))
    np.testing.assert_allclose(sum(y.values()), 1.0, rtol=1e-9)


def test_a_delayed_copy_takes_nothing_and_lags_by_the_time() -> None:
    """Of A = exp(-k t) long after the start: a lag of tau, shortened by k tau^2/(2 n) at first order."""
    chain = transit_chain("D", 40, "tau", follows="A", unit="cell", kind="cell", source="assumed: a test")
    model = Model(
        name="delay",
        time_unit="day",
        states=[State("A", 1.0, "cell"), *chain.states],
        parameters=[Parameter("k", 0.1, "1/day"), Parameter("tau", 5.0, "day")],
        processes=[Process("loss", "A ->", "k*A"), *chain.processes],
    )
    y = run(model, np.array([15.0, 20.0]))
    np.testing.assert_allclose(y["A"], np.exp([-1.5, -2.0]), rtol=1e-9)
    assert chain.last == "D40"
    assert chain.states[0].source == "assumed: a test"
    np.testing.assert_allclose(y["D40"] / y["A"], (1 - 0.1 * 5 / 40) ** -40, rtol=2e-3)
    assert not [f for f in model.check().findings if f.severity == "error"]


@pytest.mark.parametrize(
    ("n", "given", "said"),
    [
        (0, {"follows": "A"}, "at least 1"),
        (2.5, {"follows": "A"}, "at least 1"),
        (3, {}, "either follows"),
        (3, {"follows": "A", "inflow": "k*A"}, "either follows"),
        (3, {"follows": "A", "takes": "A"}, "takes nothing"),
        (3, {"inflow": "k*"}, "k\\*"),
    ],
)
def test_what_makes_no_chain_is_refused(n: int, given: dict[str, str], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        transit_chain("X", n, "tau", **given)  # type: ignore[arg-type]
