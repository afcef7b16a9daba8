"""What patients differ in: published powers and factors (pk.md) as knobs."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from immunode.errors import DoseError
from immunode.intervention import LIBRARY, Covariate, Drug, drug, one_compartment, perturb
from immunode.model.serial import from_json, to_json

# patient, and the factors on the drug's numbers: pk.md (two digits for men under nivolumab: 1.18, 1.16),
# drug_library.md, and nlmixr2lib for the rest
PATIENTS: dict[str, tuple[dict[str, Any], dict[str, float]]] = {
    "infliximab": (
        {"albumin": 25, "ADA": True, "sex": "female", "weight": 60},
        {"CL": 1.471 * 0.764 * (2.5 / 4.1) ** -1.54, "V1": 0.863 * (60 / 77) ** 0.538},
    ),
    "nivolumab": (
        {"sex": "male", "weight": 60, "ecog_above_0": True},
        {"CL": math.exp(0.165 + 0.172) * 0.75**0.566, "V1": math.exp(0.152) * 0.75**0.597},
    ),
    "pembrolizumab": (
        {"sex": "female", "weight": 60, "albumin": 30},
        {
            "CL": 0.848 * (60 / 76.8) ** 0.595 * (30 / 39.6) ** -0.907,
            "V1": 0.866 * (60 / 76.8) ** 0.489 * (30 / 39.6) ** -0.208,
            "Q": (60 / 76.8) ** 0.595,
            "V2": (60 / 76.8) ** 0.489,
        },
    ),
    "tocilizumab": (
        {"sex": "female", "albumin": 30, "smoker": True, "BSA": 2.1},
        {"CL": 0.84 * (2.1 / 1.8) ** 0.7, "V1": (30 / 38) ** 0.7, "Vmax": 1.11 * (30 / 38) ** -0.4},
    ),
    "tacrolimus": ({"cyp3a5_expresser": True, "CYP3A4_22": True}, {"CL": 1.631 * 0.8}),
    "belimumab": (
        {"weight": 90, "albumin": 35, "igg": 20},
        {
            "CL": (90 / 67) ** 0.75 * (35 / 41) ** -0.736 * (20 / 13.7) ** 0.347,
            "V1": 90 / 67,
            "Q": (90 / 67) ** 0.75,
            "V2": (90 / 67) ** 0.8,
        },
    ),
}


def course(toy: Any, run: Any, given: Drug, times: Any = (0.0, 3.0, 30.0)) -> Any:
    return run(perturb(toy(), given), times)


@pytest.mark.parametrize("name", PATIENTS)
def test_factors_are_the_published_ones(toy: Callable[..., Any], run: Callable[..., Any], name: str) -> None:
    values, expected = PATIENTS[name]
    found = course(toy, run, drug(name).dose("100 mg once").covariates(**values))
    composed = {p.name: p.value for p in perturb(toy(), drug(name).dose("100 mg once")).parameters}
    for number, factor in expected.items():
        assert found[f"{name}.{number}.effective"] == pytest.approx(composed[f"{name}.{number}"] * factor, rel=1e-12)


@pytest.mark.parametrize("name", PATIENTS)
def test_the_typical_patient_is_the_default(toy: Callable[..., Any], run: Callable[..., Any], name: str) -> None:
    given = drug(name).dose("100 mg once")
    plain, typical = course(toy, run, given), course(toy, run, given.covariates())
    assert typical[f"{name}.C"] == pytest.approx(plain[f"{name}.C"], rel=1e-12)
    assert {c.name for c in given.pk.covariates} == {n for n, _ in given.covariates().patient or ()}


def test_covariates_can_be_swept_and_carry_their_source(toy: Callable[..., Any], run: Callable[..., Any]) -> None:
    composed = perturb(toy(), drug("infliximab").dose("350 mg iv once").covariates())
    low = run(composed.with_values({"infliximab.albumin": 25.0}), [0.0])["infliximab.CL.effective"]
    assert low == pytest.approx(0.407 * (2.5 / 4.1) ** -1.54, rel=1e-12)
    by_name = {p.name: p for p in composed.parameters}
    assert "Fasanmade 2009" in by_name["infliximab.albumin_on_CL"].source
    assert by_name["infliximab.ADA"].bounds == (0.0, 1.0)
    assert by_name["infliximab.albumin_ref"].bounds == (41.0, 41.0)


def test_values_may_have_units_and_come_one_by_one() -> None:
    twice = drug("infliximab").covariates(albumin="2.5 g/dL").covariates(ada=True)
    assert dict(twice.patient or ()) == pytest.approx({"weight": 77.0, "albumin": 25.0, "ADA": 1.0, "female": 0.0})
    assert from_json(Drug, to_json(twice)) == twice
    assert "weight 77, albumin 25, ADA 1, female 0" in repr(twice)
    assert hash(twice) == hash(from_json(Drug, to_json(twice)))


@pytest.mark.parametrize(
    ("given", "expected"), [("70000 g", 70.0), ("70 kg", 70.0), ("70", 70.0), ("154 lb", 154 * 0.45359237)]
)
def test_body_weight_has_the_units_that_people_use(given: str, expected: float) -> None:
    assert dict(drug("infliximab").covariates(weight=given).patient or ())["weight"] == pytest.approx(expected)


@pytest.mark.parametrize(("given", "expected"), [("yes", 1), ("No", 0), (True, 1), (0, 0)])
def test_yes_or_no_is_also_a_word(given: Any, expected: float) -> None:
    assert dict(drug("infliximab").covariates(ADA=given).patient or ())["ADA"] == expected


def test_weight_serves_doses_per_kg_and_kinetics(toy: Callable[..., Any], run: Callable[..., Any]) -> None:
    for given in (
        drug("belimumab").covariates(weight=90).dose("10 mg/kg iv once"),
        drug("belimumab").dose("10 mg/kg iv once", weight=90).covariates(),
        drug("belimumab").covariates().dose("10 mg/kg iv once", weight=90),
    ):
        found = course(toy, run, given)
        assert found["belimumab.central"][0] == 900
        assert found["belimumab.V1.effective"][0] == pytest.approx(2.30 * 90 / 67, rel=1e-12)


def test_a_drug_of_ones_own_has_covariates_too(toy: Callable[..., Any], run: Callable[..., Any]) -> None:
    from dataclasses import replace

    pk = replace(one_compartment(CL=1, V1=2), covariates=[Covariate("age", [("CL", -0.5)], 50, "year")])
    found = course(toy, run, Drug("d", pk, "10 mg iv once").covariates(age=72.0))
    assert found["d.CL.effective"][0] == pytest.approx((72 / 50) ** -0.5, rel=1e-12)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: drug("infliximab").covariates(albumn=3), "no published covariate 'albumn'; did you mean"),
        (lambda: drug("infliximab").covariates(age=3), "no published covariate 'age'"),
        (lambda: drug("tezepelumab").covariates(weight=80), "no published covariate 'weight'; it has none"),
        (lambda: drug("infliximab").covariates(sex="woman"), "sex is 'female' or 'male', got 'woman'"),
        (lambda: drug("infliximab").covariates(albumin=-1), "albumin must be above 0 g/L, got -1"),
        (lambda: drug("infliximab").covariates(albumin="2.5 L"), "can't read albumin '2.5 L'; write e.g. '30 g/L'"),
        (lambda: drug("infliximab").covariates(ADA=3), r"ADA is yes \(True\) or no \(False\), got 3"),
        (lambda: drug("infliximab").covariates(ADA=0.5), r"ADA is yes \(True\) or no \(False\), got 0.5"),
        (lambda: drug("infliximab").covariates(ADA="maybe"), "got 'maybe'"),
        (lambda: drug("infliximab").covariates(weight="70 cm"), "can't read weight '70 cm'; write e.g. '30 kg'"),
        (lambda: Covariate("x", [("CL", -1)]), "covariate 'x' on CL: write a power or a factor above 0"),
        (lambda: Covariate("x", [("CL", -1)], 0), "the reference must be above 0, got 0"),
    ],
)
def test_wrong_patients_are_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(DoseError, match=message):
        make()


def test_every_covariate_of_the_library_acts_on_a_number_of_its_drug() -> None:
    for chosen in LIBRARY.values():
        for covariate in chosen.pk.covariates:
            assert covariate.source
            for number, _ in covariate.on:
                further = [constant.name for constant in chosen.pk.constants]
                assert number in further or getattr(chosen.pk, number) is not None, (chosen.name, number)
