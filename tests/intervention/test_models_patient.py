"""A drug's patient is the model's, where the model declares the property."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import immunode as im
from immunode.intervention import LIBRARY, Drug, drug, perturb
from immunode.intervention.expand.models_patient import SYNONYMS
from immunode.model import Model, Parameter
from immunode.model.patients import PatientCovariate
from immunode.model.serial import from_json, to_json


def people(toy: Callable[..., Model], *properties: tuple[str, float, str], **changes: Any) -> Model:
    """The toy model with patients who have properties: name, value, unit."""
    plain = toy(**changes)
    shapes = {name: ("lognormal", {"median": value, "sd": 0.2}) for name, value, unit in properties if unit}
    shapes |= {name: ("share", {"share": 0.5}) for name, _, unit in properties if not unit}
    return plain.replace(
        parameters=(*plain.parameters, *(Parameter(name, value, unit) for name, value, unit in properties)),
        covariates=[PatientCovariate(name, shape, **numbers) for name, (shape, numbers) in shapes.items()],
    )


def effective(run: Callable[..., Any], model: Model, one: Drug, number: str) -> float:
    composed = perturb(model, one)
    typical = {p.name: p.value for p in composed.parameters}
    found = run(composed, [0.0])
    return float(found.get(f"{one.name}.{number}.effective", [typical[f"{one.name}.{number}"]])[0])


def test_the_weight_of_the_model_reaches_the_drug(toy: Callable[..., Any], run: Callable[..., Any]) -> None:
    given = drug("abatacept").dose("125 mg sc q1w")
    heavy = people(toy, ("weight", 100.0, "kg"))
    assert effective(run, heavy, given, "V2") == pytest.approx(3.67 * (100 / 68) ** 0.575, rel=1e-12)
    assert effective(run, heavy.with_values(weight=50), given, "V2") == pytest.approx(
        3.67 * (50 / 68) ** 0.575, rel=1e-12
    )


def test_a_patient_of_a_population_has_one_weight(toy: Callable[..., Any]) -> None:
    """The peak of a bolus is dose/V1, and V1 of a drug without other differences follows the model's weight."""
    model = people(toy, ("weight", 80.0, "kg"))
    given = drug("ipilimumab").dose("240 mg iv once")
    given = replace(given, variability=(), correlations=())
    out = im.sweep(model, patients=200, seed=2, arms={"a": [given]}, endpoints=["at(ipilimumab.C, 0)"])
    weight = out.table()["weight"].to_numpy()
    assert out.endpoint("at(ipilimumab.C, 0)") == pytest.approx(240 / (4.15 * (weight / 80) ** 0.708), rel=1e-9)
    assert np.ptp(weight) > 40


@pytest.mark.parametrize(
    ("name", "value", "unit", "expected"),
    [
        ("albumin", 30.0, "g/L", 30.0),
        ("albumin", 3.0, "g/dL", 30.0),
        ("ALB", 30.0, "g/L", 30.0),
        ("albumin", 30.0, "mg", 41.0),  # another thing of this name
    ],
)
def test_units_are_converted_and_synonyms_known(
    toy: Callable[..., Any], run: Callable[..., Any], name: str, value: float, unit: str, expected: float
) -> None:
    given = drug("infliximab").dose("385 mg iv once")
    found = effective(run, people(toy, (name, value, unit)), given, "CL")
    assert found == pytest.approx(0.407 * (expected / 41) ** -1.54, rel=1e-12)


def test_men_and_women_are_the_models(toy: Callable[..., Any], run: Callable[..., Any]) -> None:
    women = people(toy, ("female", 1.0, ""))
    assert effective(run, women, drug("infliximab").dose("385 mg iv once"), "CL") == pytest.approx(0.407 * 0.764)
    man = women.with_values(female=0)
    v1 = [
        run(perturb(m, drug("rituximab").dose("1 g iv once")), [0.0])["rituximab.V1.effective"][0] for m in (women, man)
    ]
    assert v1[1] / v1[0] == pytest.approx(np.exp(0.37))


def test_doses_by_weight_follow_it(toy: Callable[..., Any], run: Callable[..., Any]) -> None:
    model = people(toy, ("weight", 90.0, "kg"))
    usual, said = drug("belimumab").usual("by vein"), drug("belimumab").dose("10 mg/kg iv once", weight=60)
    day = [1e-9 + 1 / 24]
    light, heavy = (run(perturb(m, usual), day)["belimumab.central"][0] for m in (toy(), model))
    assert heavy / light == pytest.approx(90 / 67, rel=1e-3)
    assert run(perturb(model, said), [0.0])["belimumab.central"][0] == 600


@pytest.mark.parametrize("name", ["infliximab", "tocilizumab", "rozanolixizumab"])
def test_doses_by_weight_need_none_where_the_model_has_one(
    toy: Callable[..., Any], run: Callable[..., Any], name: str
) -> None:
    """Also where the kinetics do not depend on it, and in another unit."""
    given = drug(name).dose("10 mg/kg iv once")
    amounts = [
        run(perturb(people(toy, ("weight", w, "kg")), given), [0.0])[f"{name}.central"][0] for w in (50.0, 100.0)
    ]
    assert amounts[1] == pytest.approx(2 * amounts[0], rel=1e-12)
    model = people(toy, ("weight", 100.0, "kg"))
    assert "follow the weight of the patient of toy" in perturb(model, given).remarks[0]
    stated = replace(given, weight=60.0, unsaid=())
    assert run(perturb(model, stated), [0.0])[f"{name}.central"][0] == pytest.approx(0.6 * amounts[1], rel=1e-12)
    assert "weight 60 kg, as stated" in perturb(model, stated).remarks[0]


def test_the_weight_in_a_dose_is_that_of_the_kinetics_too(toy: Callable[..., Any], run: Callable[..., Any]) -> None:
    model = people(toy, ("weight", 100.0, "kg"))
    for carrier in (model, toy()):
        for given in (
            drug("infliximab").dose("5 mg/kg iv", weight=60),
            drug("infliximab").dose("300 mg iv", weight=60),
        ):
            assert effective(run, carrier, given, "V1") == pytest.approx(3.29 * (60 / 77) ** 0.538, rel=1e-12)


def test_the_body_surface_in_a_dose_is_that_of_the_kinetics_too() -> None:
    """0.862 after 84 days is SciPy's, with the kinetics of the same patient."""
    model = im.load_model("kuznetsov1994")
    given = drug("mercaptopurine").dose("50 mg/m2 po daily", BSA=1.8)
    for one in (given, drug("mercaptopurine").covariates(BSA=1.8).dose("50 mg/m2 po daily")):
        run = im.simulate(model, "84 days", interventions=[one])
        assert run.final("mercaptopurine.TGN") == pytest.approx(0.862, abs=5e-4)
    assert "BSA 1.8 m2, as stated" in run.recipe["remarks"][0]


def test_what_is_said_of_the_patient_stays(toy: Callable[..., Any], run: Callable[..., Any]) -> None:
    model = people(toy, ("weight", 100.0, "kg"), ("albumin", 30.0, "g/L"))
    given = drug("infliximab").covariates(weight=50, ADA=True).dose("385 mg iv once")
    assert effective(run, model, given, "V1") == pytest.approx(3.29 * (50 / 77) ** 0.538, rel=1e-12)
    assert effective(run, model, given, "CL") == pytest.approx(0.407 * (30 / 41) ** -1.54 * 1.471, rel=1e-12)
    assert from_json(Drug, to_json(given)) == given


def test_numbers_with_a_formula_follow_it(toy: Callable[..., Any], run: Callable[..., Any]) -> None:
    model = people(toy, ("BSA", 2.0, "m**2"))
    found = run(perturb(model, drug("everolimus").dose("0.75 mg po once")), [0.0])["everolimus.CL"][0]
    assert found == pytest.approx(24 * (12.5 + 9.71 * 2.0 / 1.5), rel=1e-12)


def test_what_nobody_says_is_told_once(toy: Callable[..., Any]) -> None:
    model = people(toy, ("weight", 100.0, "kg"))
    given = drug("infliximab").dose("385 mg iv once")
    line = perturb(model, given).remarks[-1]
    assert "albumin 41 g/L" in line
    assert "weight" not in line
    assert "infliximab" in line
    assert im.simulate(model, interventions=[given]).recipe["remarks"] == [line]
    out = im.sweep(model, patients=3, arms={"a": [given], "b": [given]}, endpoints=["final(x)"])
    assert out.recipe["remarks"] == [line]
    assert line in str(perturb(model, given).check())
    assert not perturb(model, given.covariates(albumin=41, ADA=False, sex="male")).remarks
    assert not perturb(model, drug("tezepelumab").dose("210 mg sc once")).remarks


def test_the_order_of_drugs_changes_no_remark(toy: Callable[..., Any]) -> None:
    one, other = drug("infliximab").dose("385 mg iv once"), drug("abatacept").dose("125 mg sc once")
    told = perturb(toy(), other, one).remarks
    assert len(told) == 2
    assert perturb(perturb(toy(), one), other).remarks == perturb(perturb(toy(), other), one).remarks == told


def test_antibodies_against_one_drug_are_not_those_against_another(toy: Callable[..., Any]) -> None:
    model = perturb(people(toy, ("ADA", 1.0, "")), drug("infliximab").dose("385 mg iv once"))
    assert "infliximab.ADA" not in {d.name for d in model.derived}


def test_synonyms_stand_for_covariates_that_drugs_have() -> None:
    known = {c.name for one in LIBRARY.values() for c in one.pk.covariates}
    assert set(SYNONYMS) <= known


def test_a_clinical_model_lends_its_patients() -> None:
    """Patients of ma2020 differ in weight and CRP; a drug that it does not have takes both."""
    composed = perturb(im.load_model("ma2020"), drug("adalimumab").dose("40 mg sc q2w"))
    assert {"adalimumab.weight", "adalimumab.CRP"} <= {d.name for d in composed.derived}
    assert "albumin 43 g/L" in composed.remarks[-1]
    assert "CRP" not in composed.remarks[-1]


def test_a_part_of_a_joined_model_lends_its_patients(toy: Callable[..., Any], run: Callable[..., Any]) -> None:
    whole = im.join(people(toy, ("weight", 100.0, "kg")), toy(name="other"))
    found = effective(run, whole, drug("abatacept").dose("125 mg sc q1w"), "V2")
    assert found == pytest.approx(3.67 * (100 / 68) ** 0.575, rel=1e-12)


@pytest.mark.parametrize("given", [drug("infliximab"), drug("infliximab").covariates()])
def test_a_size_in_a_dose_that_is_no_number_is_refused_in_one_line(given: Drug) -> None:
    with pytest.raises(im.errors.DoseError, match="weight must be above 0 kg, got 'heavy'"):
        given.dose("5 mg/kg iv", weight="heavy")  # type: ignore[arg-type]
