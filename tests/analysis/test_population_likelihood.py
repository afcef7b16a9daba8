"""Likelihoods of population models at fixed numbers: against closed forms, other programs and published values."""

from __future__ import annotations

import json
from functools import cache
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from immunode.analysis.mixed_effects.problem import population_likelihood
from immunode.analysis.mixed_effects.records.individual_records import IndividualData, Route, individual_data
from immunode.errors import StudyError
from immunode.model import Correlation, Derived, Model, Observed, Process, State, Variability
from tests.population_models import (
    SHARED,
    WANG,
    antibody,
    decay,
    intravenous,
    needs_shared,
    oral,
    oral_curve,
    parameters,
    theophylline,
)

DATA = SHARED / "data"


def exact(table: pd.DataFrame, density, sd: float) -> float:  # type: ignore[no-untyped-def]
    """-2 log likelihood with one random effect by adaptive quadrature; density(rows, eta) of an individual's rows."""
    from scipy.integrate import quad
    from scipy.stats import norm

    total = 0.0
    for _, group in table.groupby("ID"):
        rows = SimpleNamespace(**{name: group[name].to_numpy() for name in group})
        part, _ = quad(
            lambda e, r=rows: density(r, e) * norm.pdf(e, 0, sd), -8 * sd, 8 * sd, epsabs=0, epsrel=1e-10, limit=200
        )
        total -= 2 * np.log(part)
    return total


# One random effect: Wang 2007 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "proportional", "additive"),
    [
        ("fo", 39.2132, 0.0258),
        ("foce", 39.2067, -2.0588),
        ("focei", 39.4576, -2.0588),
        ("laplace", 39.2268, -1.9361),
        ("quadrature", 39.3548, -1.9896),
    ],
)
def test_wang_2007_by_every_method(method: str, proportional: float, additive: float) -> None:
    """NONMEM's, nlmixr2's and Pumas's values of FO, FOCE and FOCEI; the others from an independent program."""
    for error, value in (({"proportional": 0.1**0.5}, proportional), ({"additive": 0.1**0.5}, additive)):
        assert population_likelihood(decay(**error), WANG, method).objective == pytest.approx(value, abs=1e-4)


@pytest.mark.parametrize("error", ["lognormal", "combined1", "combined2", "power"])
def test_every_form_of_error_has_its_density(error: str) -> None:
    from scipy.stats import norm

    declared = {
        "lognormal": Observed("a", lognormal=0.2),
        "combined1": Observed("a", additive=0.3, proportional=0.1, combined="sds"),
        "combined2": Observed("a", additive=0.3, proportional=0.1),
        "power": Observed("a", proportional=0.2, power=0.6),
    }[error]

    def density(rows: SimpleNamespace, eta: float) -> float:
        f, y = 10 * np.exp(-0.5 * np.exp(eta) * rows.TIME), rows.DV
        if error == "lognormal":
            return float(np.prod(norm.pdf(np.log(y), np.log(f), 0.2) / y))
        sd = {"combined1": 0.3 + 0.1 * f, "combined2": np.sqrt(0.09 + 0.01 * f**2), "power": 0.2 * f**0.6}[error]
        return float(np.prod(norm.pdf(y, f, sd)))

    found = population_likelihood(decay(additive=1.0).replace(observed=[declared]), WANG, "quadrature", nodes=31)
    assert found.minus2ll == pytest.approx(exact(WANG, density, 0.2), abs=1e-5)


def test_values_beyond_limits_have_the_probability_of_their_interval() -> None:
    """M3: below DV, above DV (CENS -1), between LIMIT and DV."""
    from scipy.stats import norm

    table = WANG.assign(CENS=0, LIMIT=np.nan)
    table.loc[1, "CENS"], table.loc[3, "CENS"], table.loc[5, ["CENS", "LIMIT"]] = 1, -1, [1, 5.0]

    def density(rows: SimpleNamespace, eta: float) -> float:
        f = 10 * np.exp(-0.5 * np.exp(eta) * rows.TIME)
        y, cens, limit = rows.DV, rows.CENS, rows.LIMIT
        low = np.where(np.isnan(limit), 0.0, norm.cdf(limit, f, 0.3))
        part = np.where(
            cens == 1, norm.cdf(y, f, 0.3) - low, np.where(cens == -1, norm.sf(y, f, 0.3), norm.pdf(y, f, 0.3))
        )
        return float(np.prod(part))

    found = population_likelihood(decay(additive=0.3), table, "quadrature", nodes=31)
    assert found.minus2ll == pytest.approx(exact(table, density, 0.2), abs=1e-5)


def test_counts_are_poisson_with_the_increase_of_the_quantity() -> None:
    from scipy.stats import poisson

    rng = np.random.default_rng(3)
    table = pd.DataFrame({"ID": np.repeat(np.arange(6), 4), "TIME": np.tile([1.0, 2.0, 4.0, 5.0], 6)})
    table["DV"] = rng.poisson(1.5, 24)
    model = Model(
        name="counts",
        time_unit="day",
        states=[State("N", 0.0, "")],
        parameters=parameters(("rate", 0.8, "1/day")),
        processes=[Process("events", "-> N", "rate")],
        variability=[Variability("rate", sd=0.7)],
        observed=[Observed("N", counts="poisson")],
    )

    def density(rows: SimpleNamespace, eta: float) -> float:
        spans = np.diff(rows.TIME, prepend=0.0)
        return float(np.prod(poisson.pmf(rows.DV, 0.8 * np.exp(eta) * spans)))

    found = population_likelihood(model, table, "quadrature", nodes=31)
    assert found.minus2ll == pytest.approx(exact(table, density, 0.7), abs=1e-5)


def test_importance_sampling_lies_within_its_error_and_repeats_with_its_seed() -> None:
    model = decay(proportional=0.1**0.5)
    first, again = (population_likelihood(model, WANG, "importance", draws=4000, seed=5) for _ in range(2))
    assert first.minus2ll == again.minus2ll
    assert abs(first.objective - 39.354803) < 3 * first.standard_error
    assert first.standard_error < 0.05
    assert first.effective_samples.min() > 1000


def test_laplace_of_one_node_is_quadrature() -> None:
    model = oral(additive=0.5, proportional=0.1)
    table = simulated_oral()
    by_one = population_likelihood(model, table, "quadrature", nodes=1).minus2ll
    assert by_one == pytest.approx(population_likelihood(model, table, "laplace").minus2ll, abs=1e-7)


def test_a_linear_model_has_one_likelihood() -> None:
    """Linear in its random effect with an additive error: all methods are exact, equal to the normal of y."""
    model = Model(
        name="line",
        time_unit="h",
        states=[State("x", 0.0, "")],
        parameters=parameters(("slope", 2.0, "1/h")),
        processes=[Process("growth", "-> x", "slope")],
        variability=[Variability("slope", sd=0.5, scale="linear")],
        observed=[Observed("x", additive=0.4)],
    )
    t = np.array([1.0, 2.0, 3.0])
    y = np.array([[2.2, 3.1, 7.0], [1.0, 4.4, 5.0]])
    table = pd.DataFrame({"ID": np.repeat([1, 2], 3), "TIME": np.tile(t, 2), "DV": y.ravel()})
    v = 0.25 * np.outer(t, t) + 0.16 * np.eye(3)
    expected = sum(
        np.linalg.slogdet(v)[1] + (e := row - 2 * t) @ np.linalg.solve(v, e) + 3 * np.log(2 * np.pi) for row in y
    )
    for method in ("fo", "foce", "focei", "laplace", "quadrature"):
        assert population_likelihood(model, table, method).minus2ll == pytest.approx(expected, abs=1e-6)


def test_impossible_observations_are_told_by_name() -> None:
    table = WANG.assign(DV=WANG.DV.where(WANG.index != 3, -4.0))
    model = decay(proportional=0.1).replace(states=[State("a", 0.0, "mg")])
    with pytest.raises(StudyError, match="ID 1: no random effects give its observations a probability"):
        population_likelihood(model, table, "focei")


def test_what_cannot_be_is_refused() -> None:
    model = decay(proportional=0.1)
    with pytest.raises(StudyError, match=r"unknown method 'laplac'.*laplace"):
        population_likelihood(model, WANG, "laplac")
    with pytest.raises(StudyError, match="no parameter differs between individuals"):
        population_likelihood(model.replace(variability=[]), WANG)
    with pytest.raises(StudyError, match="FO needs normal errors"):
        population_likelihood(model.replace(observed=[Observed("a", lognormal=0.1)]), WANG, "fo")


def simulated_oral() -> pd.DataFrame:
    """Eight individuals drawn from `oral`."""
    rng = np.random.default_rng(8)
    t, rows = np.array([0.5, 1.0, 3.0, 8.0, 20.0]), []
    for i in range(8):
        ka, cl, v = np.array([1.5, 2.75, 31.8]) * np.exp(rng.standard_normal(3) * np.sqrt([0.4, 0.07, 0.02]))
        f = oral_curve(ka, cl, v, 320.0, t)
        y = f + rng.standard_normal(5) * np.sqrt(0.25 + 0.01 * f**2)
        rows.append({"ID": i, "TIME": 0.0, "AMT": 320.0, "EVID": 1})
        rows += [{"ID": i, "TIME": a, "DV": b, "EVID": 0} for a, b in zip(t, y, strict=True)]
    return pd.DataFrame(rows)


# Published values, where the reference data lie beside the checkout ---------------------------------------------------

INITIAL = (2.77, 0.0781, 0.0363, 1.5)
FO_FINAL = np.array(
    [
        [18.1195, -1.12474e-2, -3.05266e-2],
        [-1.12474e-2, 2.25098e-4, 1.04586e-2],
        [-3.05266e-2, 1.04586e-2, 0.59985],
    ]
)
FOCEI_FINAL = (1.58896, 8.52144e-2, 3.97132e-2, 2.03889)
RUNS = {
    "run2_FO_init": ("fo", INITIAL, np.diag([5.55, 0.0024, 0.515]), 0.388, 0.0),
    "run2_FO_final": ("fo", (4.20241, 7.25283e-2, 3.57499e-2, 2.12401), FO_FINAL, 0.266533, 0.0),
    "run3_FOCE_init": ("foce", INITIAL, np.diag([5.55, 0.515]), 0.388, 0.0),
    "run3_FOCE_final": (
        "foce", (1.67977, 8.49011e-2, 3.93898e-2, 2.10668), np.diag([1.62087, 0.226449]), 0.514069, 0.0,
    ),
    "run4_FOCEI_init": ("focei", INITIAL, np.diag([5.55, 0.515]), 0.388, 0.3),
    "run4_FOCEI_final": ("focei", FOCEI_FINAL, np.diag([1.49637, 0.262862]), 0.209834, 1.13479e-2),
    "run4_FOCE_noInt_final": (
        "foce", (3.9553, 8.2427e-2, 3.9067e-2, 3.2303), np.diag([6.1240, 0.25828]), 0.113, 9.9131e-3,
    ),
    "run5_LAPLACE_init": ("laplace", INITIAL, np.diag([5.55, 0.515]), 0.388, 0.0),
    "run5_LAPLACE_final": (
        "laplace", (1.68975, 8.54637e-2, 3.95757e-2, 2.11952), np.diag([1.596, 0.227638]), 0.514457, 0.0,
    ),
    "run6_LAPLACEI_init": ("laplace", INITIAL, np.diag([5.55, 0.515]), 0.388, 0.3),
    "run6_LAPLACEI_final": (
        "laplace", (1.60941, 8.55663e-2, 3.97472e-2, 2.0583), np.diag([1.48117, 0.267215]), 0.18805, 1.25319e-2,
    ),
}  # fmt: skip
"""Numbers of NONMEM's runs on theophylline, as the tests of Pumas.jl quote them (test/nlme/theophylline.jl)."""


@cache
def theophylline_data() -> IndividualData:
    table = pd.read_csv(DATA / "theo_sd.csv")
    return individual_data(table.assign(SEX=(table.ID > 6).astype(int)), routes="depot")


@pytest.mark.sampled
@needs_shared
@pytest.mark.parametrize("run", RUNS)
def test_theophylline_has_the_values_of_nonmem(run: str) -> None:
    method, fixed, omega, additive, proportional = RUNS[run]
    reference = json.loads((SHARED / "ref_theo_nonmem.json").read_text())[run]
    found = population_likelihood(theophylline(fixed, omega, additive, proportional), theophylline_data(), method)
    # one of NONMEM's values is printed with three decimals
    tolerance = 1e-4 if run != "run5_LAPLACE_init" else 5e-4
    assert found.objective == pytest.approx(reference["nonmem"], abs=tolerance)
    assert found.objective == pytest.approx(reference["ours"], abs=1e-4)
    if "ebe" in reference:
        np.testing.assert_allclose(found.modes, reference["ebe"], rtol=1e-3)


@needs_shared
@pytest.mark.slow
def test_phenobarbital_has_the_values_of_nonmem() -> None:
    data = individual_data(DATA / "pheno_sd.csv")
    first = intravenous(0.00469307, 1.00916, (0.0309626, 0.031128), 0.013241**0.5)
    assert population_likelihood(first, data, "focei").objective == pytest.approx(1113.062322, abs=1e-3)
    last = intravenous(0.00581756, 1.44555, (0.111053, 0.201526), 0.0164177**0.5)
    assert population_likelihood(last, data, "focei").objective == pytest.approx(730.894727, abs=1e-3)
    assert population_likelihood(last, data, "quadrature").objective == pytest.approx(729.5688, abs=0.01)
    sampled = population_likelihood(last, data, "importance", draws=4000)
    assert abs(sampled.objective - 729.5688) < 3 * sampled.standard_error
    block = intravenous(
        np.exp(-4.99035), np.exp(0.339869), (0.2392, 0.1548), additive=2.86398, corr=0.1921 / np.sqrt(0.2392 * 0.1548)
    )
    assert population_likelihood(block, data, "focei").objective == pytest.approx(688.522142, abs=1e-3)
    assert population_likelihood(block, data, "quadrature").objective == pytest.approx(687.9224, abs=0.01)


@pytest.mark.slow
@needs_shared
def test_phenobarbital_with_covariates_has_the_values_of_nonmem() -> None:
    plain = intravenous(0.00469555, 0.984258, (0.02935, 0.02791), 0.01324**0.5)
    model = plain.replace(
        parameters=parameters(
            ("CL", 0.00469555, "L/h/kg"), ("V", 0.984258, "L/kg"), ("WGT", 1.0, "kg"), ("APGR", 7.0, ""),
            ("more", 0.15892, ""),
        ),
        derived=[
            Derived("volume", "V*WGT*piecewise(1 + more, APGR < 5, 1)", "L"), Derived("cp", "A/volume", "mg/L"),
        ],
        processes=[Process("elimination", "A ->", "CL*WGT/volume*A")],
    )  # fmt: skip
    data = individual_data(DATA / "nm_pheno.dta")
    # initial values as NONMEM's run had them: the first line of its table of iterations, not of its control file
    first = model.with_values(CL=0.00469307, V=1.00916, more=0.1).replace(
        variability=intravenous(1.0, 1.0, (0.0309626, 0.031128), 0.1).variability,
        observed=[Observed("cp", proportional=0.0130865**0.5)],
    )
    assert population_likelihood(first, data, "focei").objective == pytest.approx(587.366441, abs=1e-5)
    assert population_likelihood(model, data, "focei").objective == pytest.approx(586.276056, abs=1e-3)
    assert population_likelihood(model, data, "quadrature").objective == pytest.approx(586.2652, abs=0.01)


@needs_shared
def test_theophylline_at_the_best_point_and_at_steady_state() -> None:
    best = oral(1.5829, 2.7502, 31.622, (0.4050, 0.0703, 0.0185), 0.6959)
    data = individual_data(DATA / "theo_sd.csv", routes="depot")
    assert population_likelihood(best, data, "quadrature", nodes=9).minus2ll == pytest.approx(360.70, abs=0.01)
    steady = oral(1.2798, 3.250, 37.26, (0.640**2, 0.173**2, 0.0566**2), 0.0, 0.1967)
    sampled = population_likelihood(
        steady, individual_data(DATA / "mlx_theo_ss.csv", routes="depot"), "importance", draws=1000, rtol=1e-6
    )
    assert abs(sampled.minus2ll - 380.446) < 3 * sampled.standard_error


@needs_shared
@pytest.mark.slow
def test_the_simulated_antibody_has_its_likelihood_with_values_below_the_limit() -> None:
    data = individual_data(DATA / "sim_tmdd_qss.csv", routes=Route("Ct", factor="1/V"))
    model = antibody()
    assert population_likelihood(model, data, "laplace").minus2ll == pytest.approx(7049.32, abs=0.01)
    sampled = population_likelihood(model, data, "importance", draws=1500, rtol=1e-7)
    assert abs(sampled.minus2ll - 7047.94) < 3 * sampled.standard_error
    assert sampled.standard_error < 0.5
    # values below the limit are not missing ones, and not half the limit
    seen = pd.read_csv(DATA / "sim_tmdd_qss.csv")
    half = seen.assign(DV=seen.DV.where(seen.CENS == 0, seen.DV / 2), CENS=0)
    other = individual_data(half, routes=Route("Ct", factor="1/V"))
    assert population_likelihood(model, other, "laplace").minus2ll > 7100


@needs_shared
@pytest.mark.slow
def test_the_simulated_indirect_response_has_its_likelihood() -> None:
    data = individual_data(DATA / "sim_idr.csv", routes="depot")
    model = indirect_response()
    assert population_likelihood(model, data, "laplace").minus2ll == pytest.approx(8703.001, abs=0.01)
    assert population_likelihood(model, data, "quadrature", nodes=9).minus2ll == pytest.approx(8699.869, abs=0.005)


@pytest.mark.slow
@needs_shared
def test_warfarin_with_a_lag_time_has_the_value_of_monolix() -> None:
    table = pd.read_csv(DATA / "mlx_warfarin_data.csv", encoding="utf-8-sig", na_values=".")
    table = table[(table.dvid == 1) | table.amt.notna()].drop(columns=["dvid"])
    plain = oral(1.456, 0.1325, 7.960, (1.082**2, 0.286**2, 0.2225**2), 0.247, 0.0503, "sds")
    model = plain.replace(
        parameters=[*plain.parameters, *parameters(("Tlag", 0.764, "h"))],
        variability=[*plain.variability, Variability("Tlag", sd=0.605)],
    )
    data = individual_data(table, routes=Route("depot", lag="Tlag"))
    assert population_likelihood(model, data, "focei").minus2ll == pytest.approx(654.41, abs=0.01)
    sampled = population_likelihood(model, data, "importance", draws=4000, rtol=1e-6)
    assert abs(sampled.minus2ll - 657.40) < 3 * sampled.standard_error


@needs_shared
def test_counts_have_their_exact_value() -> None:
    model = Model(
        name="counts",
        time_unit="day",
        states=[State("N", 0.0, "")],
        parameters=parameters(("rate", 0.47218, "1/day")),
        processes=[Process("events", "-> N", "rate")],
        variability=[Variability("rate", sd=1.0615)],
        observed=[Observed("N", counts="poisson")],
    )
    data = individual_data(DATA / "mlx_count1_data.txt", columns={"DV": "Y"})
    assert population_likelihood(model, data, "quadrature").minus2ll == pytest.approx(7679.7278, abs=0.001)


@pytest.mark.slow
@needs_shared
def test_a_dose_response_without_time_has_its_value() -> None:
    model = Model(
        name="response",
        axis="dose",
        states=[],
        parameters=parameters(
            ("Emax", 107.2, ""), ("EC50", 11.36, ""), ("S0", 23.3, ""), ("beta", 0.406, ""), ("gender", 0.0, "")
        ),
        derived=[Derived("EC", "EC50*exp(beta*gender)"), Derived("effect", "S0 + Emax*t/(EC + t)")],
        variability=[Variability("Emax", sd=0.563), Variability("EC50", sd=0.266), Variability("S0", sd=0.355)],
        observed=[Observed("effect", additive=4.397)],
    )
    data = individual_data(DATA / "PD1.saemix.tab", columns={"ID": "subject", "TIME": "dose", "DV": "response"})
    sampled = population_likelihood(model, data, "importance", draws=6000)
    assert abs(sampled.minus2ll - 2453.6) < 3 * sampled.standard_error + 0.1


@needs_shared
def test_many_subjects_have_the_value_of_nlmixr() -> None:
    table = pd.read_csv(DATA / "Bolus_1CPT.csv")
    model = intravenous(3.9215, 67.085, (0.2699**2, 0.3029**2), 0.19789)
    assert population_likelihood(model, table[table.SD == 1], "focei").objective == pytest.approx(20058.4791, abs=0.01)


def indirect_response() -> Model:
    """A drug that slows the production of a response; individual pharmacokinetics are given."""
    return Model(
        name="indirect",
        time_unit="h",
        states=[State("depot", 0.0, "mg"), State("central", 0.0, "mg"), State("R", "R0", "")],
        parameters=parameters(
            ("kout", 0.15, "1/h"), ("IC50", 1.2, "mg/L"), ("R0", 50.0, ""), ("Imax", 0.9, ""), ("beta", 0.4, ""),
            ("FEMALE", 0.0, ""), ("KAI", 1.0, "1/h"), ("CLI", 3.0, "L/h"), ("VI", 30.0, "L"),
        ),
        derived=[Derived("C", "central/VI", "mg/L"), Derived("IC", "IC50*exp(beta*FEMALE)", "mg/L")],
        processes=[
            Process("absorption", "depot -> central", "KAI*depot"),
            Process("elimination", "central ->", "CLI/VI*central"),
            Process("production", "-> R", "kout*R0*(1 - Imax*C/(IC + C))"), Process("loss", "R ->", "kout*R"),
        ],
        variability=[Variability("kout", sd=0.25), Variability("IC50", sd=0.5), Variability("R0", sd=0.2)],
        correlations=[
            Correlation("kout", "IC50", -0.3), Correlation("kout", "R0", 0.2), Correlation("IC50", "R0", 0.4),
        ],
        observed=[Observed("R", proportional=0.12)],
    )  # fmt: skip
