"""PEtab's own test suite and published problems, where they lie beside the checkout: simulations and likelihoods."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import immunode as im
from immunode.exchange.petab.formulas import parse_formula
from immunode.language.evaluation import evaluate
from tests.libraries import needs

yaml = pytest.importorskip("yaml")
pytestmark = needs("libsbml")
FILES = Path(__file__).parents[3] / "shared" / "petab"
CASES = sorted(folder.name for folder in (FILES / "test-suite" / "sbml").glob("[0-9]*"))
PUBLISHED = {
    "Bachmann_MSB2011": 418.40573341425295,
    "Boehm_JProteomeRes2014": -138.22199693517703,
    "Borghans_BiophysChem1997": 83.3237191357272,
    "Brannmark_JBC2010": -141.889113770537,
    "Bruno_JExpBot2016": 46.688176988431806,
    "Elowitz_Nature2000": 63.20279991419332,
    "Fujita_SciSignal2010": 53.08377736998929,
    "Sneyd_PNAS2002": 319.79177818768756,
    "Weber_BMC2015": -296.2017922646865,
    "Zheng_PNAS2012": 278.33353271001477,
}
"""Log likelihood at the nominal parameters, as AMICI publishes it."""
OTHERS = {
    # AMICI publishes -190.96521897, from simulations with loose tolerances; this follows from the problem's own
    # table of simulations and from RoadRunner at a relative tolerance of 1e-12
    "Crauste_CellSystems2017": -190.963977571,
    # no number is published; densities by petab.v1.calculate_llh of simulations that agree with RoadRunner's
    "Okuonghae_ChaosSolitonsFractals2020": -470490.60584781,
    "Perelson_Science1996": -432.03854981,
    "Rahman_MBS2016": -21.15348998,
}
"""Those of a second implementation."""
COMPARED = ("Armistead_CellDeathDis2024", "Raia_CancerResearch2011")
"""Without a published number: the simulations that come with the problem are compared."""

needs_files = pytest.mark.skipif(not CASES, reason="PEtab's test suite is not beside the checkout")


def benchmark(name: str) -> Path:
    return FILES / "benchmarks" / name / f"{name}.yaml"


@pytest.mark.sampled
@needs_files
@pytest.mark.parametrize("case", CASES or ["none"])
def test_a_case_of_the_suite_has_its_simulations_likelihood_and_residuals(case: str) -> None:
    """To the tolerances that the suite gives with each case."""
    folder = FILES / "test-suite" / "sbml" / case
    told = yaml.safe_load((folder / f"_{case}_solution.yaml").read_text())
    expected = pd.read_csv(folder / "_simulations.tsv", sep="\t")
    problem = im.io.read_petab(folder / f"_{case}.yaml")
    found = problem.simulate()
    np.testing.assert_allclose(found["simulation"], expected["simulation"], rtol=0, atol=told["tol_simulations"])
    np.testing.assert_allclose(found["time"], expected["time"], rtol=1e-12)
    assert problem.log_likelihood() == pytest.approx(told["llh"], abs=told["tol_llh"])
    assert (found["residual"] ** 2).sum() == pytest.approx(told["chi2"], abs=told["tol_chi2"])
    for name, density in told.get("log_prior", {}).items():
        assert float(problem.priors[name].log_density(problem.nominal[name])) == pytest.approx(density, abs=1e-12)
    if "unnorm_log_posterior" in told:
        assert problem.log_posterior() == pytest.approx(told["unnorm_log_posterior"], abs=1e-9)


@needs_files
@pytest.mark.parametrize("case", ["0002", "0009", "0010", "0012", "0017", "0020", "0022", "0028", "0031"])
def test_the_arms_of_a_case_run_in_simulate(case: str) -> None:
    """The same numbers through `simulate(problem.model, arms=problem.arms)` as through `problem.simulate`."""
    problem = im.io.read_petab(FILES / "test-suite" / "sbml" / case / f"_{case}.yaml")
    times = np.unique(np.concatenate([[0.0], problem.data["time"]]))
    runs = im.simulate(problem.model, arms=problem.arms, times=times, rtol=1e-9)
    found = [
        runs[row["arm"]][row["observable"]][np.searchsorted(times, row["time"])] for _, row in problem.data.iterrows()
    ]
    np.testing.assert_allclose(found, problem.simulate()["simulation"], rtol=1e-6)


@needs_files
def test_formulas_have_the_values_that_the_suite_gives() -> None:
    cases = yaml.safe_load((FILES / "test-suite" / "math" / "math_tests.yaml").read_text())["cases"]
    for case in cases:
        text, names = str(case["expression"]), {"a": "a", "b": "b"}
        with np.errstate(divide="ignore"):
            found = float(evaluate(parse_formula(text, names, "a case"), {"a": 3.0, "b": 5.0}))
        expected = 15.0 if text == "a * b" else float(case["expected"])
        assert found == pytest.approx(expected, rel=1e-12), text


@needs_files
@pytest.mark.slow
@pytest.mark.parametrize(("name", "expected"), (PUBLISHED | OTHERS).items())
def test_a_published_problem_has_its_likelihood(name: str, expected: float) -> None:
    problem = im.io.read_petab(benchmark(name))
    rtol = 1e-10 if name in OTHERS else 1e-8
    assert problem.log_likelihood(rtol=rtol) == pytest.approx(expected, rel=1e-9, abs=1e-3)


@needs_files
@pytest.mark.slow
@pytest.mark.parametrize("name", COMPARED)
def test_a_published_problem_has_the_simulations_that_come_with_it(name: str) -> None:
    folder = FILES / "benchmarks" / name
    expected = pd.read_csv(next(folder.glob("simulatedData*")), sep="\t")
    column = "simulation" if "simulation" in expected.columns else "measurement"
    data = pd.read_csv(next(folder.glob("measurementData*")), sep="\t")
    keys = ["observableId", "simulationConditionId", "time"]
    found = data[keys].assign(simulation=im.io.read_petab(benchmark(name)).simulate()["simulation"])
    if name.startswith("Raia"):
        np.testing.assert_allclose(found["simulation"], expected[column], rtol=1e-4, atol=1e-9)
        return
    # rows of this table stand in another order
    both = (table.groupby(keys)[c].first() for table, c in ((found, "simulation"), (expected, column)))
    pd.testing.assert_series_equal(*both, check_names=False, rtol=1e-6)
