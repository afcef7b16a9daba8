"""A factor on a value below 0, or on a logarithm, is warned of when it is composed and found by `check`."""

from __future__ import annotations

import math
import warnings

import pytest

import immunode as im
from immunode.intervention import add, inhibit, scale, set_to, stimulate


@pytest.mark.parametrize(
    ("operation", "after", "way"),
    [(inhibit("log_rate", 0.5), "-3.32", "up"), (scale("log_rate", 2), "-13.28", "down"),
     (stimulate("log_rate", 0.5), "-9.96", "down")],
)  # fmt: skip
def test_factors_on_a_logarithm_below_0_say_what_they_do(operation: object, after: str, way: str) -> None:
    model = im.load_model("jin2025")
    with pytest.warns(UserWarning, match="log_rate") as told:
        made = im.perturb(model, im.Intervention("x", [operation]))
    (line,) = [str(w.message) for w in told]
    assert f"goes {way}" in line
    assert after in line
    assert "logarithm" in line
    # what it says is what happens
    assert im.simulate(made, 1).values["log_rate.effective"][-1] == pytest.approx(float(after))


def test_the_shift_that_is_advised_does_what_was_meant() -> None:
    model = im.load_model("jin2025")
    with pytest.warns(UserWarning, match="-0.693"):
        im.perturb(model, im.Intervention("x", [inhibit("log_rate", 0.5)]))
    half = im.Intervention("half", [add("log_rate", math.log(0.5))])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = im.perturb(model, half)
    ratio = im.simulate(made, 364).final("exac") / im.simulate(model, 364).final("exac")
    assert ratio == pytest.approx(0.5, rel=1e-5)


def test_a_drug_is_told_too_and_ordinary_values_and_shifts_are_not() -> None:
    model = im.load_model("jin2025")
    drug = im.drug("tezepelumab").usual().inhibit("Emax", 0.5, ic50=1.0)
    with pytest.warns(UserWarning, match="'Emax' multiplies -0.51 by 0.5, so it goes up"):
        im.perturb(model, drug)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        im.perturb(model, im.Intervention("x", [set_to("log_rate", -7), inhibit("V", 0.5), scale("CL", 2)]))


def test_check_finds_it_in_a_declared_intervention() -> None:
    model = im.Model(
        name="below",
        time_unit="day",
        states=[im.State("x", 1.0, "mg", "drug")],
        parameters=[im.Parameter("ln_k", 0.5, "", "logarithm of the loss", source="assumed: a test"),
                    im.Parameter("one", 1.0, "1/day", "unit", source="assumed: a test")],
        processes=[im.Process("loss", "x ->", "one*exp(ln_k)*x")],
        interventions=[im.Intervention("less", [inhibit("ln_k", 0.5)])],
    )  # fmt: skip
    told = [str(f) for f in model.check().findings if f.where == "intervention 'less'"]
    assert len(told) == 1
    assert "logarithm" in told[0]
    assert "goes down" in told[0]
