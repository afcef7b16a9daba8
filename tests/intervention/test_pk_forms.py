"""Ways in, further compartments and numbers that follow from others, against matrix exponentials and closed forms.

Linear kinetics are written by hand as y' = A y + b between events; 1e-8 is what stepping at rtol 1e-11 leaves.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import expm

from immunode.errors import DoseError, ModelError
from immunode.intervention import PK, Covariate, Drug, Regimen, one_compartment, perturb, two_compartment
from immunode.model import Observed, Parameter, PatientCovariate, Variability
from immunode.model.serial import from_json, to_json

CLOSE = 1e-8
TIMES = np.linspace(0, 12, 49)
TWO = two_compartment(CL=0.9, V1=4.0, Q=0.8, V2=6.0, ka=1.1, F=0.7)
THREE = replace(TWO, Q3=0.3, V3=9.0)
Array = NDArray[np.float64]


@pytest.fixture
def given(toy: Callable[..., Any], run: Callable[..., Any]) -> Callable[..., Any]:
    def of(pk: PK, regimen: str, times: Any = TIMES, patient: Any = None, **more: Any) -> Any:
        chosen = Drug("d", pk, regimen, **more)
        return run(perturb(toy(), chosen if patient is None else chosen.covariates(**patient)), times)

    return of


def matrix(pk: PK) -> Array:
    """Rates of depot, transit compartments, central and the others, without formulas."""
    n = pk.transits
    c = 1 + n
    a = np.zeros((c + pk.compartments, c + pk.compartments))
    chain = [pk.ktr] * n + [pk.ka]
    for i, rate in enumerate(chain):
        a[i, i] -= rate
        a[i + 1, i] += rate
    a[c, c] -= pk.CL / pk.V1
    for i, (q, v) in enumerate([(pk.Q, pk.V2), (pk.Q3, pk.V3)][: pk.compartments - 1]):
        a[c, c] -= q / pk.V1
        a[c + 1 + i, c] += q / pk.V1
        a[c, c + 1 + i] += q / v
        a[c + 1 + i, c + 1 + i] -= q / v
    return a


def central(pk: PK, start: dict[int, float], inflow: dict[int, float], length: float, times: Array = TIMES) -> Array:
    """Central amounts after amounts at time 0 and rates of inflow over `length`."""
    a = matrix(pk)
    size = len(a)
    whole = np.zeros((size + 1, size + 1))
    whole[:size, :size] = a
    y0 = np.zeros(size + 1)
    y0[size] = 1.0
    for place, amount in start.items():
        y0[place] = amount
    for place, rate in inflow.items():
        whole[place, size] = rate
    ends = expm(whole * length) @ y0 if length else y0

    def at(t: float) -> Array:
        return np.asarray(expm(whole * t) @ y0 if t <= length else expm(a * (t - length)) @ ends[:size])

    return np.array([at(t)[1 + pk.transits] for t in times])


def test_a_third_compartment(given: Callable[..., Any]) -> None:
    found = given(THREE, "10 mg sc once")
    assert found["d.central"] == pytest.approx(central(THREE, {0: 7.0}, {}, 0.0), rel=CLOSE, abs=1e-10)
    slowest = -max(np.linalg.eigvals(matrix(THREE)).real)
    assert THREE.half_life == pytest.approx(math.log(2) / slowest, rel=1e-12)


@pytest.mark.parametrize("pk", [TWO, THREE])
def test_a_dose_that_enters_the_depot_at_a_constant_rate(given: Callable[..., Any], pk: PK) -> None:
    slow = replace(pk, D1=2.5, lag=0.0)
    expected = central(pk, {}, {0: 7.0 / 2.5}, 2.5)
    assert given(slow, "10 mg sc once")["d.central"] == pytest.approx(expected, rel=CLOSE, abs=1e-10)


def test_a_dose_that_enters_the_central_compartment_at_a_constant_rate(given: Callable[..., Any]) -> None:
    """One compartment without ka: an infusion of F dose over D1, after the lag."""
    pk = replace(one_compartment(CL=0.9, V1=4.0, F=0.5, lag=0.75), D1=2.0)
    since = np.maximum(TIMES - 0.75, 0.0)
    expected = 2.5 / 0.9 * (1 - np.exp(-0.225 * np.minimum(since, 2))) * np.exp(-0.225 * np.maximum(since - 2, 0))
    found = given(pk, "10 mg po once")
    assert found["d.C"] == pytest.approx(expected, rel=CLOSE, abs=1e-12)
    assert "d.depot" not in found


def test_a_dose_of_which_a_share_passes_the_depot(given: Callable[..., Any]) -> None:
    pk = replace(TWO, D1=3.0, direct=0.75)
    expected = central(TWO, {0: 7.0 * 0.25}, {1: 7.0 * 0.75 / 3.0}, 3.0)
    assert given(pk, "10 mg po once")["d.central"] == pytest.approx(expected, rel=CLOSE, abs=1e-10)


def test_doses_that_enter_slowly_may_overlap(given: Callable[..., Any]) -> None:
    pk = replace(TWO, D1=2.5)
    one = given(pk, "10 mg sc once")["d.central"]
    three = given(pk, "10 mg sc q1d x 3")["d.central"]
    shifted = [np.concatenate([np.zeros(4 * k), one[: len(one) - 4 * k]]) for k in range(3)]
    assert three == pytest.approx(sum(shifted), rel=CLOSE, abs=1e-10)


def test_transit_compartments(given: Callable[..., Any]) -> None:
    pk = replace(TWO, ktr=3.0, transits=3)
    expected = central(pk, {0: 7.0}, {}, 0.0)
    assert given(pk, "10 mg sc once")["d.central"] == pytest.approx(expected, rel=CLOSE, abs=1e-10)


@pytest.mark.parametrize(("quick", "late"), [({"D1": 1e-6}, 5e-7), ({"ktr": 2000.0, "transits": 2}, 1e-3)])
def test_at_their_limits_ways_in_are_of_first_order(
    given: Callable[..., Any], quick: dict[str, Any], late: float
) -> None:
    """What is left is the mean delay, D1/2 or transits/ktr."""
    plain = given(TWO, "10 mg sc once", TIMES[4:] - late)["d.central"]
    found = given(replace(TWO, **quick), "10 mg sc once", TIMES[4:])["d.central"]
    assert found == pytest.approx(plain, rel=late**1.5)


def test_a_prodrug_by_vein_becomes_the_drug(given: Callable[..., Any]) -> None:
    pk = replace(TWO, prodrug=True)
    assert given(pk, "10 mg iv over 12 h once")["d.central"] == pytest.approx(
        central(TWO, {}, {0: 20.0}, 0.5), rel=CLOSE, abs=1e-10
    )
    assert given(pk, "10 mg iv once")["d.depot"][0] == 10.0


def test_a_baseline_is_measured_and_not_lost(given: Callable[..., Any]) -> None:
    plain, higher = given(TWO, "10 mg iv once"), given(replace(TWO, C0=1.5), "10 mg iv once")
    assert higher["d.C"] == pytest.approx(plain["d.C"] + 1.5, rel=CLOSE)
    assert higher["d.central"] == pytest.approx(plain["d.central"], rel=CLOSE)


# Numbers that follow from others


def constants(**values: tuple[float, str]) -> list[Parameter]:
    return [Parameter(name, value, unit, "a test", "assumed: a test") for name, (value, unit) in values.items()]


def test_a_number_follows_from_others_in_each_run(toy: Callable[..., Any], run: Callable[..., Any]) -> None:
    pk = replace(TWO, formulas={"ka": "k_in + CL/V1", "CL": "out*V1"}, constants=constants(
        k_in=(0.4, "1/time"), out=(0.3, "1/time")))  # fmt: skip
    assert (pk.CL, pk.ka) == pytest.approx((1.2, 0.7))
    composed = perturb(toy(), Drug("d", pk, "10 mg sc once"))
    expected = central(replace(TWO, CL=1.2, ka=0.7), {0: 7.0}, {}, 0.0)
    assert run(composed, TIMES)["d.central"] == pytest.approx(expected, rel=CLOSE, abs=1e-10)
    other = run(composed.with_values({"d.out": 0.5, "d.V1": 3.0}), TIMES)
    expected = central(replace(TWO, CL=1.5, ka=0.9, V1=3.0), {0: 7.0}, {}, 0.0)
    assert other["d.central"] == pytest.approx(expected, rel=CLOSE, abs=1e-10)


def test_formulas_keep_the_clock_of_the_drug(toy: Callable[..., Any], run: Callable[..., Any]) -> None:
    """A drug in hours within a model in days: rates are converted, and so is the time since the first dose."""
    pk = replace(
        one_compartment(CL=0.1, V1=4.0, time="hour"),
        formulas={"CL": "last + more*exp(-fall*since)"},
        constants=constants(last=(0.02, "volume/time"), more=(0.05, "volume/time"), fall=(0.01, "1/time")),
    )
    found = run(perturb(toy(), Drug("d", pk, "10 mg iv at day 2")), 2 + TIMES)
    hours = 24 * TIMES
    lost = (0.02 * hours + 0.05 * (1 - np.exp(-0.01 * hours)) / 0.01) / 4.0
    assert found["d.C"] == pytest.approx(2.5 * np.exp(-lost), rel=CLOSE)
    assert pytest.approx(0.02) == pk.CL


def test_a_formula_may_ask_when_and_how_much_was_given_last(given: Callable[..., Any]) -> None:
    pk = replace(
        one_compartment(CL=0.1, V1=4.0),
        formulas={"CL": "base*(1 + 0.5*latest/week)*(dose/dose_ref)**0.5"},
        constants=constants(base=(0.2, "volume/time"), week=(7.0, "time"), dose_ref=(10.0, "mass")),
    )
    found = given(pk, "10 mg iv once then 40 mg iv at day 7", np.array([0.0, 6.9, 7.0, 12.0]))
    assert found["d.CL"] == pytest.approx([0.2, 0.2, 0.6, 0.6], rel=1e-12)
    left = (2.5 * math.exp(-0.05 * 7) + 10) * math.exp(-0.15 * 5)
    assert found["d.C"][-1] == pytest.approx(left, rel=CLOSE)
    assert pytest.approx(0.2) == pk.CL


# What patients differ in

FACTORS = [
    ("", {}, 50.0, (50 / 40) ** 0.02),
    ("slope", {}, 50.0, 1 + 0.02 * 10),
    ("exponential", {}, 50.0, math.exp(0.02 * 10)),
    ("two slopes", {"above": (("CL", 0.01),)}, 50.0, 1 + 0.01 * 10),
    ("two slopes", {"above": (("CL", 0.01),)}, 30.0, 1 - 0.02 * 10),
    ("power of x + 1", {}, 0.0, (1 / 41) ** 0.02),
]


@pytest.mark.parametrize(("form", "more", "value", "factor"), FACTORS)
def test_forms_of_covariates(given: Callable[..., Any], form: str, more: Any, value: float, factor: float) -> None:
    unit = "" if form == "power of x + 1" else "g/L"
    albumin = Covariate("albumin", (("CL", 0.02),), 40.0, unit, source="test", form=form, **more)
    pk = replace(TWO, covariates=[albumin])
    found = given(pk, "10 mg sc once", [1.0], {"albumin": value})
    assert found["d.CL.effective"][0] == pytest.approx(0.9 * factor, rel=1e-12)
    assert given(pk, "10 mg sc once", [1.0], {})["d.CL.effective"][0] == pytest.approx(0.9, rel=1e-12)


@pytest.mark.parametrize(
    ("form", "factor"),
    [
        ("power of logarithms", (math.log(100) / math.log(20)) ** 0.3),
        ("slope of logarithms", 1 + 0.3 * math.log(100 / 20)),
    ],
)
def test_forms_of_logarithms(given: Callable[..., Any], form: str, factor: float) -> None:
    pk = replace(TWO, covariates=[Covariate("titer", (("CL", 0.3),), 20.0, source="test", form=form)])
    found = given(pk, "10 mg sc once", [1.0], {"titer": 100})
    assert found["d.CL.effective"][0] == pytest.approx(0.9 * factor, rel=1e-12)


def test_one_covariate_may_act_in_two_forms(given: Callable[..., Any]) -> None:
    pk = replace(
        TWO,
        covariates=[
            Covariate("BMI", (("CL", 0.8),), 24.0, "kg/m**2", source="test"),
            Covariate("BMI", (("V1", 0.04),), 24.0, "kg/m**2", source="test", form="exponential"),
        ],
    )
    found = given(pk, "10 mg sc once", [1.0], {"BMI": 30})
    assert found["d.CL.effective"][0] == pytest.approx(0.9 * 1.25**0.8, rel=1e-12)
    assert found["d.V1.effective"][0] == pytest.approx(4.0 * math.exp(0.24), rel=1e-12)


def test_a_formula_may_name_covariates(given: Callable[..., Any]) -> None:
    """F on the logit scale, with the typical patient where none is named."""
    pk = replace(
        TWO,
        formulas={"F": "1/(1 + (1/F_0 - 1)*exp(-slope*(BMI - BMI_ref)))", "CL": "base"},
        constants=constants(F_0=(0.4, ""), slope=(-0.05, "1/(kg/m**2)"), base=(0.9, "volume/time")),
        covariates=[Covariate("BMI", (("CL", 0.5),), 24.0, "kg/m**2", source="test")],
    )
    assert pytest.approx(0.4) == pk.F
    assert given(pk, "10 mg sc once")["d.depot"][0] == pytest.approx(4.0, rel=1e-12)
    heavy = given(pk, "10 mg sc once", TIMES, {"BMI": 34})
    odds = 0.4 / 0.6 * math.exp(-0.5)
    assert heavy["d.depot"][0] == pytest.approx(10 * odds / (1 + odds), rel=1e-12)
    # a covariate acts on a number that follows from others, too
    assert heavy["d.CL"][0] == pytest.approx(0.9 * (34 / 24) ** 0.5, rel=1e-12)


def test_genotypes_exclude_one_another() -> None:
    pk = replace(
        TWO,
        covariates=[
            Covariate("gene_1_2", (("CL", 0.8),), source="test", group="gene", level="*1/*2"),
            Covariate("gene_2_2", (("CL", 0.5),), source="test", group="gene", level="*2/*2"),
        ],
    )
    chosen = Drug("d", pk)
    assert dict(chosen.covariates(gene="*2/*2").patient or ()) == {"gene_1_2": 0.0, "gene_2_2": 1.0}
    again = chosen.covariates(gene="*2/*2").covariates(gene="*1/*2")
    assert dict(again.patient or ()) == {"gene_1_2": 1.0, "gene_2_2": 0.0}
    assert dict(again.covariates(Gene="typical").patient or ()) == {"gene_1_2": 0.0, "gene_2_2": 0.0}
    with pytest.raises(DoseError, match=r"gene has no level '\*1/\*3'; did you mean"):
        chosen.covariates(gene="*1/*3")
    assert from_json(Drug, to_json(again)) == again


def test_doses_by_body_surface(given: Callable[..., Any]) -> None:
    pk = replace(TWO, covariates=[Covariate("BSA", (("V1", 1.0),), 1.6, "m**2", source="test")])
    assert str(Regimen.of("5 mg/m2 iv q1w x 3")) == "5 mg/m2 iv q1w x 3"
    found = given(pk, "5 mg/m2 iv once", area=2.0)
    assert found["d.central"][0] == 10.0
    for one in (
        Drug("d", pk).covariates(BSA=2).dose("5 mg/m2 iv"),
        Drug("d", pk).dose("5 mg/m2 iv", BSA=2).covariates(),
    ):
        assert one.area == 2.0
        assert dict(one.patient or ())["BSA"] == 2.0
    with pytest.raises(DoseError, match=r"by body surface, and toy declares no BSA .* say dose\(..., BSA=1.8\), in m2"):
        given(pk, "5 mg/m2 iv")
    with pytest.raises(DoseError, match="by body surface"):
        Regimen.of("5 mg/m2 iv").to_table()
    assert Regimen.of("5 mg/m2 iv q1d x 3").to_table(BSA=1.8)["AMT"].tolist() == [9.0]


def test_what_doses_do_not_need_differs_in_nobody(toy: Callable[..., Any]) -> None:
    """By vein there is no ka, so it has no variability and no covariate acts on it; its correlations go, too."""
    pk = replace(TWO, covariates=[Covariate("food", (("ka", 0.5), ("F", 0.9)), source="test")])
    chosen = Drug(
        "d",
        pk,
        variability=[Variability("CL", 0.3), Variability("ka", 0.4), Variability("Q", 0.15, shares="CL")],
        people=[PatientCovariate("food", "share", share=0.5)],
        observed=Observed("C", proportional=0.1),
    ).covariates(food=True)
    by_vein, by_skin = (perturb(toy(), chosen.dose(f"10 mg {route} once")) for route in ("iv", "sc"))
    assert [v.parameter for v in by_vein.variability] == ["d.CL", "d.Q"]
    assert [v.parameter for v in by_skin.variability] == ["d.CL", "d.ka", "d.Q"]
    assert by_vein.variability[1].shares == "d.CL"
    assert by_vein.observed[0].quantity == "d.C"
    assert [e.target for e in by_skin.effects] == ["d.F", "d.ka"]
    assert not by_vein.effects


# What begins at a steady state, and what can't


def test_a_steady_state_of_doses_that_enter_slowly(given: Callable[..., Any]) -> None:
    pk = replace(TWO, D1=0.5)
    long = given(pk, "10 mg sc q1d x 301", 300 + np.linspace(0, 0.99, 12))["d.central"]
    steady = given(pk, "10 mg sc q1d at steady state", np.linspace(0, 0.99, 12))["d.central"]
    assert steady == pytest.approx(long, rel=1e-7)


@pytest.mark.parametrize(
    ("pk", "why"),
    [
        (THREE, "three compartments"),
        (replace(TWO, ktr=1.0, transits=1), "transit compartments"),
        (replace(TWO, D1=1.0, direct=0.5), "two ways of absorption"),
        (
            replace(TWO, formulas={"CL": "base*exp(-since/day)"}, constants=constants(base=(1, ""), day=(1, "time"))),
            "changes in time",
        ),
    ],
)
def test_without_a_closed_form_there_is_no_steady_state(toy: Callable[..., Any], pk: PK, why: str) -> None:
    with pytest.raises(DoseError, match=why):
        perturb(toy(), Drug("d", pk, "10 mg sc q1d at steady state"))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: replace(TWO, Q3=1.0), "Q3 is given but V3 is not"),
        (lambda: replace(one_compartment(1, 1), Q3=1.0, V3=1.0), "Q3 is given but Q is not"),
        (lambda: replace(TWO, transits=2), "goes with ktr"),
        (lambda: replace(TWO, transits=1.5, ktr=1.0), "whole number"),
        (lambda: replace(TWO, direct=0.5), "direct is given but D1 is not"),
        (lambda: replace(TWO, direct=1.5, D1=1.0), "direct is a share"),
        (lambda: replace(TWO, formulas={"CLX": "1"}), "no number"),
        (lambda: replace(TWO, formulas={"lag": "1"}), "has no formula"),
        (lambda: replace(TWO, formulas={"CL": "V9"}), "unknown name 'V9'; did you mean"),
        (lambda: replace(TWO, formulas={"CL": "V1", "V1": "CL"}), "in a circle: CL, V1"),
        (lambda: replace(TWO, covariates=[Covariate("a", (("lag", 2.0),))]), "no covariate changes"),
        (lambda: replace(TWO, covariates=[Covariate("a", (("V9", 2.0),))]), "is no number of it"),
        (lambda: replace(TWO, covariates=[Covariate("a", (), 1.0), Covariate("a", (), 2.0)]), "two references"),
        (lambda: Covariate("a", (("CL", 2.0),), 1.0, form="slop"), "unknown form 'slop'; did you mean 'slope'"),
        (lambda: Covariate("a", (("CL", 2.0),), form="slope"), "needs a reference"),
        (lambda: Covariate("a", (("CL", 2.0),), 1.0, form="two slopes"), "two slopes are written"),
        (lambda: Covariate("a", (("CL", 2.0),), group="g"), "has a level"),
    ],
)
def test_wrong_kinetics_are_refused(wrong: Callable[[], Any], message: str) -> None:
    with pytest.raises(DoseError, match=message):
        wrong()


def test_a_random_effect_is_shared_with_one_that_exists(toy: Callable[..., Any]) -> None:
    with pytest.raises(ModelError, match="can't share its own"):
        Variability("CL", 0.3, shares="CL")
    with pytest.raises(ModelError, match="shares 'm'"):
        toy(variability=[Variability("k", 0.3), Variability("g", 0.2, shares="m")])
