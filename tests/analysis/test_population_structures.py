"""Effects of covariates, correlated random effects, and what a fitted population is used for."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import immunode as im
from immunode.analysis.mixed_effects.results.population_fit import PopulationFit
from immunode.cli import main
from immunode.model import Derived, Model, Observed, Parameter, Process, Variability
from tests.population_models import intravenous, parameters

Capture = pytest.CaptureFixture[str]
FORMS = {
    "power": ("CL*(WT/standard)**beta", lambda ratio: ratio**0.75),
    "exponential": ("CL*exp(beta*(WT/standard - 1))", lambda ratio: np.exp(0.75 * (ratio - 1))),
    "linear": ("CL*(1 + beta*(WT/standard - 1))", lambda ratio: 1 + 0.75 * (ratio - 1)),
}
TIMES = np.array([0.5, 2.0, 5.0, 9.0, 15.0])


def covariate_model(form: str) -> Model:
    base = intravenous(1.5, 15.0, (0.04, 0.04), additive=1.0)
    return base.replace(
        parameters=[*base.parameters, *parameters(("WT", 70.0, "kg"), ("standard", 70.0, "kg"), ("beta", 0.2, ""))],
        derived=[*base.derived, Derived("clearance", FORMS[form][0], "L/h")],
        processes=[Process("elimination", "A ->", "clearance/V*A")],
        observed=[Observed("cp", lognormal=0.2)],
    )


@cache
def boluses(form: str = "", corr: float = 0.0, n: int = 50) -> pd.DataFrame:
    """CL = 2 (times a covariate's effect), V = 20, spreads 0.3 and 0.2, log-normal error 0.1."""
    rng, rows = np.random.default_rng(17), []
    omega = np.array([[0.09, corr * 0.06], [corr * 0.06, 0.04]])
    effects = rng.multivariate_normal([0, 0], omega, n)
    for i, (e_cl, e_v) in enumerate(effects):
        weight = float(rng.uniform(40, 120))
        cl, v = 2.0 * np.exp(e_cl) * (FORMS[form][1](weight / 70) if form else 1.0), 20.0 * np.exp(e_v)
        y = 100 / v * np.exp(-cl / v * TIMES) * np.exp(0.1 * rng.standard_normal(5))
        rows.append({"ID": i, "TIME": 0.0, "AMT": 100.0, "EVID": 1, "WT": weight, "DV": 0.0})
        rows += [{"ID": i, "TIME": a, "EVID": 0, "WT": weight, "DV": b} for a, b in zip(TIMES, y, strict=True)]
    return pd.DataFrame(rows)


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_effects_of_covariates_are_estimated_in_every_form(form: str) -> None:
    """SAEM finds them from the means of clearances, or by its own steps; FOCEI agrees."""
    fits = [
        im.estimate(
            covariate_model(form),
            boluses(form),
            method=m,
            parameters={"beta": "linear"},
            iterations=(60, 60),
            draws=100,
        )
        for m in ("saem", "focei")
    ]
    k = fits[0].names.index("beta")
    for fit in fits:
        assert fit.intervals()[k, 0] < 0.75 < fit.intervals()[k, 1]
        assert fit.intervals()[k, 0] > 0
    assert abs(fits[0].values[k] - fits[1].values[k]) < 0.2 * fits[1].standard_errors[k]
    table = fits[0].table()
    assert table.loc["beta", "unit"] == ""


def block_model() -> Model:
    base = intravenous(1.5, 15.0, (0.04, 0.04), additive=1.0, corr=0.1)
    return base.replace(observed=[Observed("cp", lognormal=0.2)])


@cache
def correlated(method: str) -> PopulationFit:
    return im.estimate(block_model(), boluses(corr=0.6), method=method, iterations=(60, 60), draws=200)


@pytest.mark.parametrize("method", ["saem", "focei"])
def test_correlations_of_random_effects_are_estimated(method: str) -> None:
    fit = correlated(method)
    assert fit.names == ("CL", "V", "omega(CL)", "corr(CL, V)", "omega(V)", "lognormal(cp)")
    truth = [2.0, 20.0, 0.3, 0.6, 0.2, 0.1]
    far = np.abs(fit.values - truth) / fit.standard_errors
    assert far.max() < 3
    assert np.all(np.abs(fit.values - correlated("focei").values) < 0.25 * fit.standard_errors)
    assert fit.model().correlations[0].value == pytest.approx(fit["corr(CL, V)"])


@pytest.mark.slow
def test_a_block_and_a_covariate_go_through_the_shell(tmp_path: Path, capsys: Capture) -> None:
    model = covariate_model("power").replace(correlations=block_model().correlations)
    (tmp_path / "model.json").write_text(model.to_json())
    boluses("power").to_csv(tmp_path / "data.csv", index=False)
    words = [str(tmp_path / "model.json"), str(tmp_path / "data.csv"), "--estimator", "focei", "--also", "beta"]
    assert main(["estimate", *words, "--json"]) == 0
    told = {row["name"]: row["value"] for row in json.loads(capsys.readouterr().out)["estimates"]}
    fit = im.estimate(model, boluses("power"), method="focei", parameters=["beta"])
    assert told == pytest.approx(dict(zip(fit.names, fit.values, strict=True)), rel=1e-6)
    assert {"beta", "corr(CL, V)"} <= told.keys()


# The fitted population ------------------------------------------------------------------------------------------------


def test_a_fitted_population_is_swept_in_arms_and_the_recipe_repeats_it() -> None:
    """An inhibitor that halves clearance doubles exposure in every patient of the fitted population."""
    fit = correlated("focei")
    model = fit.model().with_initial(A=100.0)
    inhibitor = im.Intervention("inhibitor", [im.scale("CL", 0.5)])
    people = fit.population().draw(60, seed=4)
    arms = im.Arms(control=[], inhibited=[inhibitor])
    result = im.sweep(model, people * arms, until=2000.0, endpoints=["auc(cp)"])
    arm_of = np.asarray(result.table()["arm"])
    control, inhibited = (result.endpoint("auc(cp)")[arm_of == arm] for arm in ("control", "inhibited"))
    clearance = people.values[:, list(people.names).index("CL")]
    np.testing.assert_allclose(np.sort(control), np.sort(100 / clearance), rtol=1e-3)
    np.testing.assert_allclose(inhibited, 2 * control, rtol=1e-3)
    assert np.corrcoef(np.log(people.values[:, :2]).T)[0, 1] == pytest.approx(fit["corr(CL, V)"], abs=0.3)
    again = im.sweep(model, fit.population().draw(60, seed=4) * arms, until=2000.0, endpoints=["auc(cp)"])
    np.testing.assert_array_equal(again.endpoint("auc(cp)"), result.endpoint("auc(cp)"))
    assert fit.recipe["seed"] == fit.seed == 0
    assert {"version", "method", "data", "seed", "rtol"} <= fit.recipe.keys()


def test_names_of_the_fitted_model_are_those_of_the_declared_one() -> None:
    fitted, declared = correlated("focei").model(), block_model()
    assert [p.name for p in fitted.parameters] == [p.name for p in declared.parameters]
    assert isinstance(fitted.parameters[0], Parameter)
    assert [type(v) for v in fitted.variability] == [Variability] * 2
