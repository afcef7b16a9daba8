"""Values that can't be a person's are refused wherever they come from; those outside declared ranges are told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields

import numpy as np
import pytest

import immunode as im
from immunode.cli import main
from immunode.errors import DoseError, ImmunodeError, ModelError, StudyError
from immunode.intervention import LIBRARY, set_to
from immunode.model.plausible import RANGES, implausible, plausible_range
from immunode.study.out_of_bounds import value_remarks

MA = "ma2020"


def _sweep(weights: list[float]) -> im.SweepResult:
    return im.sweep(im.load_model(MA), im.grid(weight=weights), endpoints="final(das28)", until=28)


@pytest.mark.parametrize(
    ("ask", "error"),
    [
        (lambda: im.load_model(MA).with_values(weight=70_000), ModelError),
        (lambda: im.load_model("chatterjee2017").with_values(albumin=3.9), ModelError),
        (lambda: _sweep([70.0, 70_000.0]), StudyError),
        (lambda: im.perturb(im.load_model("berends2019"), im.Intervention("x", [set_to("ALB", 2.5)])), ModelError),
        (lambda: im.drug("infliximab").dose("5 mg/kg iv q8w", weight=70_000), DoseError),
        (lambda: im.drug("infliximab").covariates(weight=70_000), DoseError),
        (lambda: im.drug("infliximab").covariates(albumin=4), DoseError),
        (lambda: im.drug("rituximab").dose("375 mg/m2 iv q1w x 4", BSA=18), DoseError),
    ],
)
def test_what_can_not_be_a_person_is_refused(ask: Callable[[], object], error: type[ImmunodeError]) -> None:
    with pytest.raises(error, match=r"of a person, which lies in [\d.]+ to [\d.]+ (kg|g/L|m2)"):
        ask()


def test_a_knob_of_a_drug_is_held_against_the_same_table() -> None:
    given = im.drug("infliximab").usual().covariates(weight=80)
    carrier = im.load_model(MA)
    model = im.perturb(carrier, given)
    assert model.with_values({"infliximab.weight": 120.0}).out_of_bounds == {}
    with pytest.raises(ModelError, match="no body weight"):
        model.with_values({"infliximab.weight": 80_000.0})


def test_the_message_says_which_unit_was_likely_meant() -> None:
    assert "4 g/dL would be 40 g/L" in implausible("albumin", 4.0, "g/L")
    assert "70000 g would be 70 kg" in implausible("x.WT", 70_000.0, "kg")
    assert implausible("weight", 70.0, "kg") == implausible("weight", 0.4, "") == implausible("k", 1e9, "kg") == ""
    # in the parameter's own unit
    known = plausible_range("ALB", "g/dL")
    assert known is not None
    assert (known.low, known.high) == pytest.approx((1.0, 7.0))


def test_an_animal_may_be_light() -> None:
    assert im.drug("anti_pdl1").usual().weight == 0.02
    mine = im.Drug("mine", im.pk.one_compartment(CL=1.0, V1=1.0), "5 mg/kg iv once", weight=0.02)
    assert mine.weight == 0.02
    with pytest.raises(DoseError, match="no body weight"):
        im.drug("infliximab").usual(weight=0.02)


def test_every_typical_patient_of_the_library_is_plausible() -> None:
    looked = 0
    for name in LIBRARY:
        for covariate in im.drug(name).pk.covariates:
            assert implausible(covariate.name, covariate.typical, covariate.unit) == ""
            looked += plausible_range(covariate.name, covariate.unit) is not None
    assert looked > 50
    assert all(one.source.startswith("plausibility") for one in RANGES)


def test_a_value_outside_the_declared_range_is_told_with_the_range() -> None:
    model = im.load_model(MA)
    heavy = model.with_values(weight=180)
    (line,) = im.simulate(heavy, 28).recipe["remarks"]
    assert "'weight' is 180" in line
    assert "40 to 170 kg" in line
    assert line in repr(im.simulate(heavy, 28))
    # back inside, and values that the file itself declares for a variant, are not told
    assert im.simulate(heavy.with_values(weight=80), 28).recipe["remarks"] == []
    assert all(im.load_model(MA, variant=v.name).out_of_bounds == {} for v in model.variants)
    assert heavy.out_of_bounds == {"weight": (180.0, 40.0, 170.0)}
    assert im.Model.from_json(heavy.to_json()).out_of_bounds == heavy.out_of_bounds


def test_a_column_outside_the_declared_range_is_told_unless_patients_differ_in_it() -> None:
    model = im.Model(
        name="ranged", time_unit="day", horizon=10.0, states=[im.State("x", 1.0, "mg", "drug")],
        parameters=[im.Parameter("k", 0.1, "1/day", "loss", source="assumed: a test", bounds=(0.05, 0.2))],
        processes=[im.Process("loss", "x ->", "k*x")],
    )  # fmt: skip
    out = im.sweep(model, im.grid(k=[0.2, 0.4, 0.6]), until=1)
    (line,) = out.recipe["remarks"]
    assert "'k' goes to 0.6" in line
    assert "0.05 to 0.2 1/day" in line
    assert "in 2 of 3 rows" in line
    assert line in repr(out)
    (line,) = _sweep([35.0, 70.0]).recipe["remarks"]
    assert "'weight' goes to 35 (declared 40 to 170 kg), in 1 of 2 rows" in line
    # of patients who were drawn, some lie outside a range to sample from
    people = model.replace(variability=[im.Variability("k", cv=0.8)])
    drawn = im.sweep(people, patients=50, until=1)
    assert np.max(drawn.inputs()) > 0.2
    assert drawn.recipe["remarks"] == []


def test_columns_that_no_patient_can_have_are_told_in_one_line() -> None:
    model = im.load_model(MA)
    out = im.sweep(
        model, im.grid(smoker=[0, 7], CL=[0.26, -1]), until=2, arms={"s": ["sarilumab_200"]}, endpoints=["final(anc)"]
    )
    (line,) = out.recipe["remarks"]
    assert "'smoker' goes to 7 (declared 0 to 1), in 2 of 4 rows" in line
    assert "'CL' goes to -1 (declared 0.26 L/day, above 0), in 2 of 4 rows" in line
    assert im.sweep(model, im.grid(smoker=[0, 1], CL=[0.26, 1]), until=2).recipe["remarks"] == []


def test_a_setting_outside_the_range_is_told_on_the_error_stream(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["sweep", MA, "--patients", "5", "--until", "2", "--arm", "sarilumab_200"]
    assert main([*asked, "--set", "HAQ=50"]) == 0
    assert "'HAQ' goes to 50 (declared 0.125 to 3), in 5 of 5 rows" in capsys.readouterr().err
    assert main([*asked, "--set", "HAQ=2"]) == 0
    assert capsys.readouterr().err == ""


def test_a_value_on_the_other_side_of_0_is_told_unless_it_may_lie_there() -> None:
    model = im.load_model(MA)
    (line,) = value_remarks(model.with_values(CL=-1))
    assert "'CL' is -1, below 0, and the model declares 0.26 L/day" in line
    assert value_remarks(model.with_values(CL=0.5, logit_Emax=-1.0)) == []


def test_the_weight_in_a_dose_is_the_patients() -> None:
    given = im.drug("infliximab").dose("5 mg/kg iv q8w", weight=120)
    assert "5 mg/kg iv q8w at 120 kg" in str(given)
    carrier = im.Model(name="none", time_unit="day", horizon=10.0, states=[im.State("x", 1.0, "mg", "nothing")])
    same = (given, given.covariates(), im.drug("infliximab").covariates(weight=120).dose("5 mg/kg iv q8w"))
    troughs = [im.simulate(carrier, 56, interventions=d).final("infliximab.C") for d in same]
    assert troughs == pytest.approx([troughs[0]] * 3, rel=1e-6)
    typical = im.simulate(carrier, 56, interventions=im.drug("infliximab").dose("600 mg iv q8w"))
    assert abs(troughs[0] / typical.final("infliximab.C") - 1) > 0.05


def test_bounds_are_kept_apart_from_the_model() -> None:
    # as `file_values`, they are no part of equality, so that caches and stores do not depend on them
    (spec,) = [f for f in fields(im.Model) if f.name == "file_bounds"]
    assert spec.compare is False


def test_runs_outside_the_scale_of_a_read_out_are_counted_and_kept() -> None:
    model = im.Model(
        name="scored", time_unit="day", horizon=10.0, states=[im.State("x", 0.0, "point", "score", limits=(0.0, 24.0))],
        parameters=[im.Parameter("k", 1.0, "point/day", "change", source="assumed: a test")],
        processes=[im.Process("change", "-> x", "k")],
    )  # fmt: skip
    below, line = im.simulate(model.with_values(k=-1.0)).recipe["remarks"]
    assert "'k' is -1, below 0" in below
    assert "x goes to -10, outside its scale, 0 to 24 point" in line
    assert im.simulate(model).recipe["remarks"] == []
    out = im.sweep(model, im.grid(k=[-1.0, 1.0, 2.0, 3.0]), endpoints=["final(x)", "change(x, 5 days)"])
    _, line = out.recipe["remarks"]
    assert "2 of 4 runs have final(x) outside its scale" in line
    # told, and not clipped
    assert out.table()["final(x)"].tolist() == pytest.approx([-10, 10, 20, 30])


def test_limits_are_a_pair_that_rises_and_no_part_of_the_numbers() -> None:
    with pytest.raises(ModelError, match="wrong way round"):
        im.Model(name="m", states=[im.State("x", 0.0, limits=(5.0, 1.0))])
    model = im.load_model("valenzuela2025")
    assert next(d.limits for d in model.derived if d.name == "MG_ADL") == (0.0, 24.0)
    assert im.Model.from_json(model.to_json()).derived == model.derived
