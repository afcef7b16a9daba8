"""What is taken from the steps of derived quantities between events: the parameters are those of the run itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from immunode.catalogue import load_model
from immunode.model import Derived, Event, Model, Parameter, Process, State, Switch
from immunode.study import SweepResult, from_table, sweep
from tests.libraries import needs

ENDPOINTS = ["peak(z)", "auc(z)", "time_of_peak(z)", "trough(z)", "fraction_of_time(z > 1)", "peak(x)"]
TIMED = Event("dose", {"x": "x + d"}, at=1, every=1, count=5)
ON_STATE = Event("rescue", {"x": "x + 3*d"}, when="x < 0.4")
EVENTS = {"timed": [TIMED], "on states": [ON_STATE], "both": [TIMED, ON_STATE]}


def model(events: list[Event], switch: str) -> Model:
    """x decays and is dosed; z is read from it with a rate that differs between runs. switch : event that sets one."""
    turned = [
        Event(e.name, {**dict(e.changes), "s": "1 - s"}, at=e.at, every=e.every, count=e.count, when=e.when)
        if e.name == switch
        else e
        for e in events
    ]
    return Model(
        name="q",
        states=[State("x", 1.0)],
        parameters=[Parameter("k", 0.5, source="assumed"), Parameter("d", 2.0, source="assumed")],
        switches=[Switch("s", 0)] if switch else [],
        processes=[Process("out", "x ->", "k*x")],
        events=turned,
        derived=[Derived("z", "x*k + s" if switch else "x*k")],
        horizon=10,
    )


def run(made: Model, table: pd.DataFrame, engine: str, **options: Any) -> SweepResult:
    return sweep(made, from_table(table), endpoints=ENDPOINTS, engine=engine, **options)


@pytest.mark.sampled
@needs("llvmlite")
@pytest.mark.parametrize("switch", ["", "dose", "rescue"])
@pytest.mark.parametrize("kind", EVENTS)
def test_each_run_has_its_own_parameters_in_every_step(kind: str, switch: str) -> None:
    if switch and switch not in {e.name for e in EVENTS[kind]}:
        pytest.skip("there is no such event")
    made = model(EVENTS[kind], switch)
    table = pd.DataFrame({"k": np.linspace(0.3, 0.8, 12)})
    mine = run(made, table, "compiled", rtol=1e-8)
    other = run(made, table, "scipy", rtol=1e-10)
    assert mine.ok.all()
    for name in mine.endpoints:
        loose = 2e-3 if name.startswith("fraction") else 2e-6
        np.testing.assert_allclose(mine.endpoint(name), other.endpoint(name), rtol=loose, atol=loose, err_msg=name)
    alone = run(made, table[7:8], "compiled", rtol=1e-8)
    assert [alone.endpoint(n)[0] for n in alone.endpoints] == [mine.endpoint(n)[7] for n in mine.endpoints]


@pytest.mark.slow
@needs("llvmlite")
@pytest.mark.parametrize(
    "name",
    ["crass2024", *(pytest.param(name, marks=pytest.mark.slow) for name in ("hayashi2007", "s1p_lymphocytes"))],
)
def test_endpoints_of_patients_under_doses_are_those_of_the_numpy_engine(name: str) -> None:
    made = load_model(name)
    asked: dict[str, Any] = {"arms": ["control", made.interventions[0].name], "n": 12, "seed": 1}
    mine, other = (sweep(made, engine=engine, **asked) for engine in ("compiled", "numpy"))
    assert mine.ok.all()
    for endpoint in mine.endpoints:
        scale = np.abs(other.endpoint(endpoint)).max()
        np.testing.assert_allclose(
            mine.endpoint(endpoint), other.endpoint(endpoint), rtol=1e-2, atol=1e-3 * scale, err_msg=endpoint
        )


@pytest.mark.slow
def test_runs_with_delays_and_repeated_doses_do_not_look_at_each_other() -> None:
    made = Model(
        name="dc",
        states=[State("x", 1.0)],
        parameters=[
            Parameter(name, value, source="assumed")
            for name, value in {"a": 2.0, "tau": 1.5, "k": 0.8, "t1": 3.3}.items()
        ],
        processes=[Process("come", "-> x", "a/(1 + delay(x, tau))"), Process("out", "x ->", "k*x")],
        events=[Event("e", {"x": "x + 1"}, at="t1", every=0.7, count=6)],
        horizon=12,
    )
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {name: value * rng.uniform(0.7, 1.3, 40) for name, value in {"a": 2.0, "tau": 1.5, "k": 0.8, "t1": 3.3}.items()}
    )

    def final(rows: pd.DataFrame, engine: str = "numpy", **options: Any) -> Any:
        return sweep(made, from_table(rows), endpoints="final(x)", engine=engine, **options).endpoint("final(x)")

    all_of_them = final(table)
    assert np.array_equal(all_of_them, final(table[::-1])[::-1])
    assert np.array_equal(all_of_them[3:5], final(table[3:5]))
    np.testing.assert_allclose(all_of_them[:6], final(table[:6], "scipy", rtol=1e-9), rtol=2e-5)
