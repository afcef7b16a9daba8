"""Fits of the two sets that were simulated from known truth, where the reference data lie beside the checkout."""

from __future__ import annotations

import pandas as pd
import pytest

import immunode as im
from immunode.analysis.mixed_effects.likelihoods import likelihood_value
from immunode.analysis.mixed_effects.results.population_fit import PopulationFit
from immunode.fitting import Route
from tests.analysis.test_population_likelihood import indirect_response
from tests.population_models import SHARED, antibody, needs_shared

DATA = SHARED / "data"
INTO = Route("Ct", factor="1/V")
RESPONSE = {
    "kout": 0.15, "IC50": 1.2, "R0": 50.0, "Imax": 0.9, "beta": 0.4, "omega(kout)": 0.25, "omega(IC50)": 0.5,
    "omega(R0)": 0.2, "corr(kout, IC50)": -0.3, "corr(kout, R0)": 0.2, "corr(IC50, R0)": 0.4, "proportional(R)": 0.12,
}  # fmt: skip
ANTIBODY = {
    "CL": 0.2, "V": 3.2, "Q": 0.4, "Vp": 2.6, "R0": 2.0, "kdeg": 0.8, "kint": 0.12, "Kss": 0.8, "omega(CL)": 0.3,
    "omega(V)": 0.2, "omega(R0)": 0.4, "corr(CL, V)": 0.4, "proportional(C)": 0.15,
}  # fmt: skip


def share_inside(fit: PopulationFit, truth: dict[str, float]) -> float:
    """Return the share of numbers whose 95 % interval holds the truth."""
    assert set(fit.names) == set(truth)
    ends = dict(zip(fit.names, fit.intervals(), strict=True))
    return sum(ends[name][0] < value < ends[name][1] for name, value in truth.items()) / len(truth)


def fitted_response(method: str, seed: int = 0, draws: int = 500) -> PopulationFit:
    start = indirect_response().with_values({"kout": 0.2, "IC50": 0.8, "R0": 40.0, "Imax": 0.8, "beta": 0.1})
    data = im.individual_data(DATA / "sim_idr.csv", routes="depot")
    also = {"Imax": "logit", "beta": "linear"}
    return im.estimate(start, data, method=method, parameters=also, draws=draws, seed=seed)


@needs_shared
@pytest.mark.slow
@pytest.mark.parametrize("method", ["focei", pytest.param("saem", marks=pytest.mark.soak)])
def test_fits_of_the_indirect_response_hold_the_truth(method: str) -> None:
    """-2LL at the truth is 8699.866 by quadrature; FOCEI's own value there is not far from it."""
    fit = fitted_response(method)
    assert share_inside(fit, RESPONSE) >= 0.9
    assert fit.likelihood.minus2ll + 3 * fit.likelihood.standard_error < 8699.866


@needs_shared
@pytest.mark.soak
@pytest.mark.slow
def test_five_seeds_of_saem_agree_in_the_likelihood_of_the_indirect_response() -> None:
    """The specification asks for 0.5; measured 0.04. By quadrature, so that no noise of sampling is in the values.

    All are below the exact value at FOCEI's optimum, 8686.637.
    """
    values = []
    for seed in range(5):
        fit = fitted_response("saem", seed, 100)
        values.append(likelihood_value(fit.predict, fit.point, "quadrature", nodes=5).minus2ll)
    assert max(values) - min(values) < 0.1
    assert max(values) < 8686.637


@needs_shared
@pytest.mark.soak
@pytest.mark.slow
def test_saem_of_the_antibody_holds_the_truth_with_all_typical_values_open() -> None:
    """-2LL at the truth is 7047.94."""
    start = antibody().with_values(
        {"CL": 0.25, "V": 3.0, "R0": 2.5, "Q": 0.5, "Vp": 2.0, "kint": 0.15, "Kss": 1.0, "kdeg": 1.0}
    )
    data = im.individual_data(DATA / "sim_tmdd_qss.csv", routes=INTO)
    also = ("Q", "Vp", "kdeg", "kint", "Kss")
    fit = im.estimate(start, data, parameters=also, fixed=["additive(C)"], draws=1000)
    assert share_inside(fit, ANTIBODY) >= 0.9
    assert fit.likelihood.minus2ll + 3 * fit.likelihood.standard_error < 7047.94


@needs_shared
@pytest.mark.slow
def test_values_below_the_limit_left_out_or_halved_change_clearance() -> None:
    table = pd.read_csv(DATA / "sim_tmdd_qss.csv")
    halved = table.assign(DV=table.DV.where(table.CENS == 0, table.DV / 2), CENS=0)
    found = {}
    for name, rows in (("whole", table), ("left out", table[table.CENS == 0]), ("halved", halved)):
        data = im.individual_data(rows, routes=INTO)
        found[name] = im.estimate(antibody(), data, method="focei", fixed=["additive(C)"])
    clearance = {name: fit["CL"] for name, fit in found.items()}
    assert clearance["left out"] > 1.02 * clearance["whole"]
    assert clearance["halved"] > 1.3 * clearance["whole"]
    whole = found["whole"]
    k = whole.names.index("CL")
    assert whole.intervals()[k, 0] < 0.2 < whole.intervals()[k, 1]
    assert not whole.intervals()[k, 0] < clearance["halved"] < whole.intervals()[k, 1]
