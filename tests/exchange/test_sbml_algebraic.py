"""Algebraic rules of SBML files: solved for what nothing else determines."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

import immunode as im
from immunode.exchange.sbml.reading.algebraic import derivative, isolated
from immunode.exchange.sbml.reading.reader import read_sbml
from immunode.language.evaluation import evaluate
from immunode.language.expression import parse
from immunode.language.tree import to_text
from immunode.model import Model
from tests.exchange.suite import FOLDER, run_case
from tests.libraries import needs

pytestmark = needs("libsbml")


def sbml(
    rules: dict[str, str],
    algebraic: list[str],
    values: dict[str, float],
    constants: str = "",
    events: Mapping[str, float] = MappingProxyType({}),
) -> Model:
    """Return the model of a file of parameters with rate rules and algebraic rules, written as formulas.

    events : parameter -> when it doubles.
    """
    import libsbml

    document = libsbml.SBMLDocument(3, 2)
    model = document.createModel()
    for name, value in values.items():
        parameter = model.createParameter()
        parameter.setId(name)
        parameter.setValue(value)
        parameter.setConstant(name in constants)
    for name, formula in rules.items():
        rule = model.createRateRule()
        rule.setVariable(name)
        rule.setMath(libsbml.parseL3Formula(formula))
    for formula in algebraic:
        model.createAlgebraicRule().setMath(libsbml.parseL3Formula(formula))
    for name, time in events.items():
        event = model.createEvent()
        event.setUseValuesFromTriggerTime(True)
        trigger = event.createTrigger()
        trigger.setInitialValue(True)
        trigger.setPersistent(True)
        trigger.setMath(libsbml.parseL3Formula(f"time >= {time}"))
        assignment = event.createEventAssignment()
        assignment.setVariable(name)
        assignment.setMath(libsbml.parseL3Formula(f"2*{name}"))
    return read_sbml(libsbml.writeSBMLToString(document))


def test_a_linear_equation_gives_a_derived_quantity() -> None:
    model = sbml({"x": "-x"}, ["x + z - total"], {"x": 3.0, "z": 99.0, "total": 4.0}, "total")
    assert [(d.name, d.expression) for d in model.derived] == [("z", "total - x")]
    one = im.simulate(model, times=[0, 1, 2], rtol=1e-9)
    assert one["z"] == pytest.approx(4 - 3 * np.exp(-np.arange(3.0)), abs=1e-7)


@pytest.mark.parametrize(("known", "unknown"), [(("Q", "R"), "S"), (("R", "S"), "Q"), (("S", "Q"), "R")])
def test_what_events_assign_is_not_what_a_rule_tells(known: tuple[str, str], unknown: str) -> None:
    """Q + R - S = 0, two of which events double at 1 and 2."""
    values = {"Q": 1.0, "R": 2.0, "S": 3.0}
    model = sbml({}, ["Q + R - S"], values, events=dict(zip(known, (1.0, 2.0), strict=True)))
    assert [d.name for d in model.derived] == [unknown]
    one = im.simulate(model, times=[0, 0.5, 1.5, 2.5])
    for name, doubled in zip(known, ([1, 1, 2, 2], [1, 1, 1, 2]), strict=True):
        assert one[name].tolist() == [values[name] * factor for factor in doubled]
    assert (one["Q"] + one["R"] - one["S"]).tolist() == [0, 0, 0, 0]


def test_a_rule_gives_way_so_that_no_other_takes_what_events_assign() -> None:
    """a - b = 0 and b + c = 3, where events assign c: b is what the second tells, and a what the first."""
    model = sbml({}, ["a - b", "b + c - 3"], {"a": 1.0, "b": 1.0, "c": 2.0}, events={"c": 1.0})
    one = im.simulate(model, times=[0, 0.5, 1.5])
    assert one["a"].tolist() == one["b"].tolist() == [1, 1, -1]


def test_equations_are_solved_in_the_order_in_which_they_can_be() -> None:
    """z - 2 w = 0 and w x - 6 = 0, whichever is written first."""
    for rules in (["z - 2*w", "w*x - 6"], ["w*x - 6", "z - 2*w"]):
        model = sbml({"x": "1"}, rules, {"x": 1.0, "z": 0.0, "w": 0.0})
        one = im.simulate(model, times=[0, 1, 2], rtol=1e-9)
        assert one["z"] == pytest.approx(12 / np.array([1, 2, 3]), rel=1e-7)


def test_an_equation_that_is_not_linear_is_followed_from_its_root() -> None:
    """z^3 + z = x with x = t: the root found at the start, then along the curve."""
    model = sbml({"x": "1"}, ["z^3 + z - x"], {"x": 2.0, "z": 0.7})
    one = im.simulate(model, times=np.linspace(0, 8, 9), rtol=1e-10)
    assert one["z"][0] == pytest.approx(1.0, abs=1e-12)
    assert one["z"] ** 3 + one["z"] == pytest.approx(one["x"], rel=1e-7)


def test_an_equation_with_time_is_followed_too() -> None:
    model = sbml({}, ["exp(z) - 1 - time"], {"z": 0.1})
    one = im.simulate(model, times=[0, 1, 2], rtol=1e-10)
    assert one["z"] == pytest.approx(np.log([1, 2, 3]), abs=1e-8)


def test_what_can_not_be_solved_is_told() -> None:
    with pytest.raises(im.ImmunodeError, match="algebraic rule 1: nothing in it is free to change"):
        sbml({"x": "1"}, ["x - 3"], {"x": 3.0})
    with pytest.raises(im.ImmunodeError, match="algebraic rule 2: other rules determine z already"):
        sbml({"x": "1"}, ["z - x", "z + x - 4"], {"x": 3.0, "z": 1.0})
    with pytest.raises(im.ImmunodeError, match="no initial value fulfills its algebraic rule"):
        sbml({"x": "1"}, ["z^2 + x"], {"x": 3.0, "z": 1.0})
    with pytest.raises(im.ImmunodeError, match="depend on each other"):
        sbml({"x": "1"}, ["z + w - x", "z - w - 1"], {"x": 3.0, "z": 1.0, "w": 1.0})


@pytest.mark.parametrize(
    ("equation", "solved"),
    [("a + b - z", "a + b"), ("z - a", "a"), ("a - (b - z)", "b - a"), ("-(z + a)", "-a"), ("z**2 - a", None)],
)
def test_equations_read_as_an_author_would_solve_them(equation: str, solved: str | None) -> None:
    found = isolated(parse(equation), "z")
    assert (None if found is None else to_text(found)) == solved


@pytest.mark.parametrize(
    "text",
    [
        "3*z/k - exp(z)*z", "z**3.5 + k**z", "log(z)*sqrt(z) + 1/z", "sin(z)*cos(z) - tan(z)", "atan(z*k)",
        "tanh(z) + sinh(z)*cosh(z)", "piecewise(z*z, k > 1, 2*z)", "t*z - t",
    ],
)  # fmt: skip
def test_derivatives_agree_with_differences(text: str) -> None:
    slope = derivative(parse(text), "z")
    assert slope is not None
    known: dict[str, Any] = {"k": 1.7}
    ends = [evaluate(parse(text), {**known, "z": 0.8 + side}, 0.3) for side in (1e-6, -1e-6)]
    # the central difference errs by h^2 and by rounding/h, both near 1e-10
    assert evaluate(slope, {**known, "z": 0.8}, 0.3) == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=1e-7)


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the SBML Test Suite is not beside the project")
@pytest.mark.parametrize("case", ["00039", "00182", "00539", "00575", "01083", "01482", "01503", "01578", "01791"])
def test_cases_of_the_suite(case: str) -> None:
    verdict = run_case(case)
    assert verdict.passed, verdict.detail
