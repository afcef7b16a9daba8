"""Derivatives of predictions: exact ones agree with differences, and lead a fit to the same optimum."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from immunode.analysis.fitting.derivatives import Looks, make_looks
from immunode.analysis.fitting.fits import fit
from immunode.analysis.fitting.measurements import observable
from immunode.analysis.fitting.problem import make_problem
from immunode.errors import ModelError, StudyError
from immunode.intervention import Intervention, scale
from immunode.model import Event, Model, Parameter, Process, State
from immunode.study.design.distributions import normal
from immunode.study.simulations import simulate

VALUES = {"k": 0.4, "size": 3.0, "start": 1.2, "v": 1.5, "K": 2.0}
DOSED = Model(
    name="dosed",
    states=[State("x", 1.0), State("y", 0.2)],
    parameters=[Parameter(n, v, source="assumed: a test") for n, v in VALUES.items()],
    processes=[
        Process("loss", "x -> ", "k*x"),
        Process("make", "-> y", "v*hill(x, K, 2)"),
        Process("fall", "y ->", "0.3*y"),
    ],
    events=[Event("dose", {"x": "x + size"}, at="start", every=2.0, count=3)],
    interventions=[Intervention("block", [scale("v", 0.4)], source="assumed: a test")],
    horizon=8,
)
BOX = {"k": (0.1, 2.0), "size": (1.0, 9.0), "start": (0.5, 1.6), "K": (0.5, 8.0), "y(0)": (0.0, 1.0), "sd_x": (0.05, 1)}


def data() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    tables = []
    for arm, interventions in (("control", ()), ("block", ("block",))):
        run = simulate(DOSED, times=np.linspace(0, 8, 17), interventions=interventions, rtol=1e-9)
        columns: dict[str, Any] = {n: run[n] * rng.lognormal(0, 0.1, 17) for n in ("x", "y")}
        tables.append(pd.DataFrame({"time": run.times, "arm": arm, **columns})[1:])
    return pd.concat(tables)


def observables() -> dict[str, Any]:
    return {"x": observable("x", noise="normal", sd="sd_x*(1 + x)"), "y": observable("y", noise="lognormal")}


def test_exact_derivatives_are_those_that_differences_come_near() -> None:
    made: dict[str, Any] = {"observables": observables(), "arms": None, "rtol": 1e-10, "engine": "numpy"}
    problems = [make_problem(DOSED, data(), BOX, **made, derivatives=how) for how in ("differences", "exact")]
    rng = np.random.default_rng(1)
    u = rng.uniform(0.2, 0.8, (4, len(BOX)))
    asked = np.concatenate([u, np.ones_like(u)], axis=1)
    near, exact = (make_looks(problem)(asked) for problem in problems)
    assert exact.shape == (4, 2 * len(problems[0].data), 1 + len(BOX))
    assert exact[..., 0] == pytest.approx(near[..., 0], rel=1e-7, abs=1e-9, nan_ok=True)
    # steps of 1e-4 of the box leave an error of its square times the third derivative
    assert exact[..., 1:] == pytest.approx(near[..., 1:], rel=2e-5, abs=1e-5 * np.abs(exact[..., 1:]).max())
    held = asked.copy()
    held[:, len(BOX)] = 0.0
    assert np.all(make_looks(problems[1])(held)[..., 1] == 0)


@pytest.mark.slow
def test_a_fit_with_exact_derivatives_ends_where_the_one_with_differences_does() -> None:
    box = {n: BOX[n] for n in ("k", "size", "K", "sd_x")}
    priors = {"k": normal(0.4, 0.1)}
    options: dict[str, Any] = {"observables": observables(), "priors": priors, "starts": 1, "engine": "numpy"}
    one, other = (fit(DOSED, data(), box, derivatives=how, **options) for how in ("differences", "exact"))
    assert other.best.u == pytest.approx(one.best.u, abs=1e-5)
    assert other.best.cost == pytest.approx(one.best.cost, abs=1e-6)
    assert other.table()["low"].to_numpy() == pytest.approx(one.table()["low"].to_numpy(), rel=1e-4)


def test_exact_derivatives_that_are_not_known_are_refused() -> None:
    model = DOSED.replace(events=[Event("relapse", {"x": "x + size"}, when="x < 0.5")])
    with pytest.raises(ModelError, match="event 'relapse' fires on a state"):
        fit(model, data(), {"k": (0.1, 2.0)}, derivatives="exact")
    with pytest.raises(StudyError, match=r"'exakt'.*did you mean 'exact'"):
        fit(DOSED, data(), {"k": (0.1, 2.0)}, derivatives="exakt")


def test_failed_runs_have_no_prediction_and_finite_derivatives() -> None:
    model = Model(
        name="blowup",
        states=[State("x", 1.0)],
        parameters=[Parameter("k", 0.1, source="assumed: a test")],
        processes=[Process("growth", "-> x", "k*x**2")],
    )
    table = pd.DataFrame({"time": [0.1, 1.0], "x": [1.0, 1.1]})
    for how in ("differences", "exact"):
        looks = make_looks(make_problem(model, table, {"k": (0.01, 10.0)}, None, None, 1e-6, "numpy", None, how))
        assert isinstance(looks, Looks)
        found = looks(np.array([[0.1, 1.0], [0.95, 1.0]]))
        assert np.isfinite(found[0]).all()
        assert np.isnan(found[1, :, 0]).any()
        assert np.isfinite(found[..., 1]).all()
