"""Rows of a model that has everything, doses, events on states, delays and bends: the same bits however computed."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from immunode.model import Event, Model, Parameter, Process, State, Switch
from immunode.solve.thread_limits import threads_at_most
from immunode.study import SweepResult, sweep
from tests.libraries import needs

N = 16
ENDPOINTS = ["final(x)", "final(z)", "peak(y)", "auc(x)"]
pytestmark = pytest.mark.slow
engines = pytest.mark.parametrize(
    "engine", [pytest.param("numpy", marks=pytest.mark.soak), pytest.param("compiled", marks=needs("llvmlite"))]
)
ways = pytest.mark.parametrize(
    ("engine", "method"),
    [
        ("numpy", "tsit5"),
        *(pytest.param("numpy", m, marks=pytest.mark.soak) for m in ("auto", "rodas5p")),
        *(pytest.param("compiled", m, marks=needs("llvmlite")) for m in ("auto", "tsit5", "rodas5p")),
    ],
)


@pytest.fixture(scope="module")
def whole() -> dict[tuple[str, str], SweepResult]:
    """Sweeps of all rows together, by engine and method; each is made once."""
    return {}


def everything() -> Model:
    """Doses every 1.3, two events on states, one on a delayed one, a swept lag, and rates that bend and jump."""
    rates = {
        "x": "1.2*(1 - 0.4*u) - k*delay(x, tau) + max(0.8 - y, 0)",
        "y": "x + piecewise(0.2, x > 0.6, -0.2) - y",
        "z": "delay(y, 0.3) - z",
    }
    events = [
        Event("cut", {"x": "0.4*x"}, when="x > 1.3"),
        Event("turn", {"u": "1 - u", "y": "y + 0.1"}, when="delay(x, tau) > 0.9"),
        Event("down", {"y": "0.1"}, when="y > 1.4", priority="2"),
        Event("dose", {"x": "x + size"}, at=0.9, every=1.3, count=3),
    ]
    return Model(
        name="everything",
        horizon=4,
        states=[State(n, v, typical=1.0) for n, v in {"x": 0.5, "y": 0.0, "z": 0.2}.items()],
        parameters=[Parameter(n, v, bounds=(0.1, 5)) for n, v in {"k": 0.7, "tau": 1.3, "size": 0.5}.items()],
        processes=[Process(f"change_{n}", f"-> {n}", rate) for n, rate in rates.items()],
        switches=[Switch("u")],
        events=events,
    )


def design() -> pd.DataFrame:
    spread = np.random.default_rng(4).uniform(0.8, 1.3, (N, 3))
    return pd.DataFrame(spread * [0.7, 1.3, 0.5], columns=["k", "tau", "size"])


def run(engine: str, method: str, rows: Any = slice(None), **options: Any) -> SweepResult:
    asked: dict[str, Any] = {"endpoints": ENDPOINTS, "keep": ["x"], "engine": engine, "method": method}
    return sweep(everything(), design().iloc[rows].reset_index(drop=True), **{**asked, **options})


def made(whole: dict[tuple[str, str], SweepResult], engine: str, method: str) -> SweepResult:
    if (engine, method) not in whole:
        whole[engine, method] = run(engine, method)
    return whole[engine, method]


def same(part: SweepResult, whole: SweepResult, rows: Any = slice(None)) -> bool:
    """Whether a sweep gives rows of the whole one, bit for bit."""
    assert part.ok.all()
    return (
        np.array_equal(part.values, whole.values[rows])
        and np.array_equal(part.kept["x"], whole.kept["x"][rows])
        and np.array_equal(part.methods, whole.methods[rows])
    )


@ways
def test_alone_in_blocks_and_in_any_order(whole: dict[tuple[str, str], SweepResult], engine: str, method: str) -> None:
    truth = made(whole, engine, method)
    assert truth.ok.all()
    assert np.ptp(truth.values, axis=0).min() > 0.01
    for row in (0, 11):
        assert same(run(engine, method, [row]), truth, [row])
    order = np.random.default_rng(0).permutation(N)
    assert same(run(engine, method, order), truth, order)
    assert same(run(engine, method, block=7), truth)


@engines
def test_on_any_number_of_threads_in_processes_and_through_a_store(
    whole: dict[tuple[str, str], SweepResult], engine: str, tmp_path: Path
) -> None:
    truth = made(whole, engine, "auto")
    for number in (1, 2):
        with threads_at_most(number):
            assert same(run(engine, "auto", block=8), truth)
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert same(run(engine, "auto", block=8, executor=pool), truth)
    assert same(run(engine, "auto", block=8, store=tmp_path / "a.zarr"), truth)
    # the same line again reads what was kept
    assert same(run(engine, "auto", block=8, store=tmp_path / "a.zarr"), truth)


@engines
def test_what_else_is_asked_for_changes_no_bit_of_a_method_that_is_named(
    whole: dict[tuple[str, str], SweepResult], engine: str
) -> None:
    """Under "auto" it may: tolerances are divided by what the runs around the declared values need for it."""
    finals = run(engine, "tsit5", endpoints=ENDPOINTS[:2], keep="endpoints")
    assert np.array_equal(finals.values, made(whole, engine, "tsit5").values[:, :2])
