"""What an SBML file says is what the Model says; what can't be honored is one clear line."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import immunode as im
from immunode.exchange.sbml.reading.functions import FUNCTIONS, call
from immunode.exchange.sbml.reading.functions import number as literal
from immunode.language.evaluation import evaluate
from tests.libraries import needs

pytestmark = needs("libsbml")
MATH = 'xmlns="http://www.w3.org/1998/Math/MathML"'


def document(body: str, model: str = "", level: str = "3", version: str = "2") -> str:
    core = f"http://www.sbml.org/sbml/level{level}/version{version}" + ("/core" if level == "3" else "")
    head = f'<?xml version="1.0" encoding="UTF-8"?><sbml xmlns="{core}" level="{level}" version="{version}">'
    return f'{head}<model id="m" {model}>{body}</model></sbml>'


def parameter(name: str, value: str = "1", constant: str = "true") -> str:
    return f'<parameter id="{name}" value="{value}" constant="{constant}"/>'


def rule(kind: str, variable: str, inside: str) -> str:
    return f'<{kind}Rule variable="{variable}"><math {MATH}>{inside}</math></{kind}Rule>'


def ruled(inside: str, more: str = "", functions: str = "") -> str:
    """Return a document in which x follows an assignment rule."""
    return document(
        f"{functions}<listOfParameters>{parameter('x', '1', 'false')}{more}</listOfParameters>"
        f"<listOfRules>{rule('assignment', 'x', inside)}</listOfRules>"
    )


TWO = document(
    """
    <listOfUnitDefinitions><unitDefinition id="day"><listOfUnits>
      <unit kind="second" exponent="1" scale="0" multiplier="86400"/></listOfUnits></unitDefinition>
      <unitDefinition id="per_day"><listOfUnits>
      <unit kind="second" exponent="-1" scale="0" multiplier="86400"/></listOfUnits></unitDefinition>
    </listOfUnitDefinitions>
    <listOfCompartments><compartment id="cell" spatialDimensions="3" size="2" units="litre" constant="true"/>
    </listOfCompartments>
    <listOfSpecies>
      <species id="A" name="antigen" compartment="cell" initialConcentration="3" hasOnlySubstanceUnits="false"
        boundaryCondition="false" constant="false"/>
      <species id="lambda" compartment="cell" initialAmount="0" hasOnlySubstanceUnits="true"
        boundaryCondition="false" constant="false"/>
    </listOfSpecies>
    <listOfReactions><reaction id="J" reversible="false"><listOfReactants>
      <speciesReference species="A" stoichiometry="1" constant="true"/></listOfReactants><listOfProducts>
      <speciesReference species="lambda" stoichiometry="2" constant="true"/></listOfProducts>
      <kineticLaw><math xmlns="http://www.w3.org/1998/Math/MathML"><apply><times/><ci>cell</ci><ci>k</ci><ci>A</ci>
      </apply></math><listOfLocalParameters><localParameter id="k" value="0.5" units="per_day"/></listOfLocalParameters>
      </kineticLaw></reaction></listOfReactions>
    """,
    'timeUnits="day" substanceUnits="mole" volumeUnits="litre" extentUnits="mole"',
)


def test_concentrations_amounts_and_local_parameters_keep_their_meaning() -> None:
    model = im.io.read_sbml(TWO)
    assert [s.name for s in model.states] == ["A", "lambda_"]
    assert {p.name for p in model.parameters} == {"cell", "J.k"}
    run = im.simulate(model, until=2, rtol=1e-9)
    # 3 mol/L in 2 L decay at 0.5/day; each mole makes two
    assert run["A"][-1] == pytest.approx(3 * math.exp(-1), rel=1e-7)
    assert run["lambda_"][-1] == pytest.approx(2 * 2 * 3 * (1 - math.exp(-1)), rel=1e-7)
    assert run.flux("J")[0] == pytest.approx(2 * 0.5 * 3, rel=1e-12)


def test_units_that_fit_are_kept() -> None:
    model = im.io.read_sbml(TWO)
    assert model.time_unit == "day"
    assert {s.name: s.unit for s in model.states} == {"A": "M", "lambda_": "mol"}
    assert model.remarks == ()
    assert model.states[0].meaning == "antigen"


def test_units_that_do_not_fit_are_left_out_with_a_remark() -> None:
    model = im.io.read_sbml(TWO.replace('units="per_day"', 'units="mole"'))
    assert (model.time_unit, model.clock) == ("", "day")
    assert "units are left out" in model.remarks[0]
    assert im.Model.from_json(model.to_json()) == model


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('scale="0"', 'scale="999"'),
        ('exponent="-1"', 'exponent="-40"'),
        ('exponent="1"', 'exponent="NaN"'),
        ('multiplier="86400"', 'multiplier="-2"'),
        ('multiplier="86400"', 'multiplier="0"'),
    ],
)
def test_units_of_impossible_size_are_left_out_with_a_remark(old: str, new: str) -> None:
    model = im.io.read_sbml(TWO.replace(old, new))
    assert (model.time_unit, model.states[0].unit) == ("", "")
    assert any("units are left out" in remark for remark in model.remarks)


def test_an_intervention_acts_on_an_imported_parameter() -> None:
    model = im.io.read_sbml(TWO)
    block = im.Intervention("block", [im.inhibit("J.k", 1.0)])
    assert im.simulate(model, until=2, interventions=[block])["A"][-1] == pytest.approx(3.0)


@pytest.mark.parametrize("engine", ["numpy", "compiled"])
def test_engines_agree_on_an_imported_model(engine: str) -> None:
    if engine == "compiled":
        pytest.importorskip("llvmlite")
    model = im.io.read_sbml(TWO)
    one, other = (im.simulate(model, until=5, rtol=1e-9, engine=e) for e in ("scipy", engine))
    np.testing.assert_allclose(other["A"], one["A"], rtol=1e-6)


def test_a_file_is_loaded_by_its_ending(tmp_path: Path) -> None:
    file = tmp_path / "two.xml"
    file.write_text(TWO)
    assert im.load_model(file) == im.io.read_sbml(file)
    assert im.load_model(str(file)).name == "two"


def test_a_species_in_a_growing_compartment_is_diluted() -> None:
    text = TWO.replace('size="2" units="litre" constant="true"', 'size="2" units="litre" constant="false"')
    text = text.replace('value="0.5"', 'value="0"')
    rate = f"<listOfRules>{rule('rate', 'cell', '<cn>1</cn>')}</listOfRules><listOfReactions>"
    model = im.io.read_sbml(text.replace("<listOfReactions>", rate))
    run = im.simulate(model, until=2, rtol=1e-9)
    np.testing.assert_allclose(run["A"], 6 / (2 + run.times), rtol=1e-8)
    np.testing.assert_allclose(run["A.amount"], 6.0, rtol=1e-8)


@pytest.mark.parametrize(
    ("size", "level", "expected"),
    [
        ('size="2"', ("3", "2"), 4 * math.exp(-0.5)),
        ("", ("3", "2"), 4 * math.exp(-1)),
        ("", ("2", "4"), 4 * math.exp(-1)),
    ],
    ids=["a size", "no size", "level 2"],
)
def test_a_compartment_without_dimensions_divides_by_the_size_it_has(
    size: str, level: tuple[str, str], expected: float
) -> None:
    """S' = -S/2 in amounts where [S] = S/2, S' = -S where the compartment is a point."""
    own = 'boundaryCondition="false" constant="false"'
    space = f'<compartment id="C" spatialDimensions="0" {size} constant="true"/>'
    told = 'constant="true"' if level[0] == "3" else ""
    amount = f'hasOnlySubstanceUnits="{"false" if level[0] == "3" else "true"}"'
    model = im.io.read_sbml(
        document(
            f"<listOfCompartments>{space}</listOfCompartments>"
            f'<listOfSpecies><species id="S" compartment="C" initialAmount="4" {amount} {own}/></listOfSpecies>'
            '<listOfReactions><reaction id="J" reversible="false"><listOfReactants>'
            f'<speciesReference species="S" stoichiometry="1" {told}/></listOfReactants>'
            f"<kineticLaw><math {MATH}><ci>S</ci></math></kineticLaw></reaction></listOfReactions>",
            level=level[0],
            version=level[1],
        )
    )
    one = im.simulate(model, times=[0, 1], rtol=1e-9)
    assert one["S"][-1] * (2 if size else 1) == pytest.approx(expected, rel=1e-7)


@pytest.mark.slow
def test_minimum_and_choice_of_very_many_are_written_in_parts() -> None:
    smallest = ruled(f"<apply><min/><cn>5</cn>{'<ci>k</ci>' * 2000}</apply>", parameter("k", "2"))
    assert im.simulate(im.io.read_sbml(smallest), until=1)["x"][-1] == 2
    pieces = "".join(f"<piece><cn>{i}</cn><apply><lt/><ci>k</ci><cn>{i}</cn></apply></piece>" for i in range(1200))
    first = ruled(f"<piecewise>{pieces}<otherwise><cn>-1</cn></otherwise></piecewise>", parameter("k", "997.5"))
    assert im.simulate(im.io.read_sbml(first), until=1)["x"][-1] == 998


ARGUMENTS = [0.3, 0.7, 1.7, 2.5]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("arcsinh", np.arcsinh),
        ("arccosh", lambda x: np.arccosh(1 + x)),
        ("arctanh", lambda x: np.arctanh(x / 3)),
        ("arcsech", lambda x: np.arccosh(1 / (x / 3))),
        ("arccsch", lambda x: np.arcsinh(1 / x)),
        ("arccoth", lambda x: np.arctanh(1 / (1 + x))),
        ("sec", lambda x: 1 / np.cos(x)),
        ("coth", lambda x: 1 / np.tanh(x)),
        ("factorial", lambda x: [math.gamma(1 + float(v)) for v in x]),
    ],
)
def test_functions_built_from_others_are_exact_to_rounding(name: str, wanted: object) -> None:
    inside = {"arccosh": lambda x: x + 1, "arccoth": lambda x: x + 1, "arctanh": lambda x: x / 3}
    inside["arcsech"] = inside["arctanh"]
    x = np.array(ARGUMENTS)
    given = inside.get(name, lambda v: v)(x)
    found = evaluate(call(name, [("name", "x")], "test"), {"x": given})
    # a few roundings of doubles
    np.testing.assert_allclose(found, wanted(x), rtol=5e-14)  # type: ignore[operator]


@pytest.mark.parametrize(("a", "b"), [(7.0, 3.0), (-7.0, 3.0), (7.0, -3.0)])
def test_quotient_and_remainder_go_toward_zero(a: float, b: float) -> None:
    parts = [literal(a), literal(b)]
    assert float(evaluate(call("quotient", parts, ""), {})) == math.trunc(a / b)
    assert float(evaluate(call("rem", parts, ""), {})) == math.fmod(a, b)


def test_every_function_of_mathml_is_known() -> None:
    assert len(FUNCTIONS) == 41


def test_infinities_and_missing_numbers_stay_what_they_are() -> None:
    run = im.simulate(im.io.read_sbml(ruled("<apply><minus/><infinity/></apply>")), until=1)
    assert np.isneginf(run["x"]).all()
    run = im.simulate(im.io.read_sbml(ruled("<apply><divide/><cn>0</cn><cn>0</cn></apply>")), until=1)
    assert np.isnan(run["x"]).all()


def function(name: str, body: str) -> str:
    inside = f"<lambda><bvar><ci>u</ci></bvar>{body}</lambda>"
    return f'<functionDefinition id="{name}"><math {MATH}>{inside}</math></functionDefinition>'


def functions(*found: str) -> str:
    return f"<listOfFunctionDefinitions>{''.join(found)}</listOfFunctionDefinitions>"


def applied(name: str, *arguments: str) -> str:
    return f"<apply><ci>{name}</ci>{''.join(arguments)}</apply>"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ruled("<ci>kk</ci>", parameter("k")), "unknown name 'kk'; did you mean 'k'"),
        (ruled("<ci>x</ci>"), "x -> x depends on itself"),
        (ruled("<cn>1</cn>", parameter("x")), "another element has this id"),
        (
            ruled(applied("f", "<cn>1</cn>"), "", functions(function("f", applied("f", "<ci>u</ci>")))),
            "f -> f calls itself",
        ),
        ("<html/>", "there is no SBML model in it|no SBML"),
        (TWO[:900], "is it cut off"),
        (TWO.replace('<?xml version="1.0" encoding="UTF-8"?>', '<!DOCTYPE a [<!ENTITY b "c">]>'), "document type"),
        (ruled("<apply><sin/>" * 400 + "<cn>1</cn>" + "</apply>" * 400), "levels deep"),
    ],
)  # fmt: skip
def test_what_can_not_be_read_is_one_clear_line(text: str, message: str) -> None:
    with pytest.raises(im.errors.ModelError, match=message) as caught:
        im.io.read_sbml(text)
    assert "\n" not in str(caught.value)


def test_function_definitions_that_explode_are_refused() -> None:
    found = [function("f0", "<apply><times/><ci>u</ci><ci>u</ci></apply>")]
    found += [function(f"f{i + 1}", applied(f"f{i}", applied(f"f{i}", "<ci>u</ci>"))) for i in range(30)]
    text = ruled(applied("f30", "<ci>k</ci>"), parameter("k"), functions(*found))
    with pytest.raises(im.errors.ModelError, match="more than 50,000 parts"):
        im.io.read_sbml(text)


def test_a_long_sum_is_written_in_parts() -> None:
    terms = "".join("<apply><times/><ci>k</ci><ci>k</ci></apply>" for _ in range(3000))
    model = im.io.read_sbml(ruled(f"<apply><plus/>{terms}</apply>", parameter("k", "2")))
    assert im.simulate(model, until=1)["x"][-1] == 12_000.0


def test_rules_may_need_each_other_in_a_long_chain() -> None:
    many = [f"y{i}" for i in range(500)]
    rules = [rule("assignment", a, f"<apply><plus/><ci>{b}</ci><cn>1</cn></apply>") for a, b in pairwise(many)]
    declared = "".join(parameter(name, "0", "false") for name in many)
    text = document(
        f"<listOfParameters>{declared}</listOfParameters><listOfRules>{''.join(rules)}</listOfRules>"
    )  # fmt: skip
    assert im.simulate(im.io.read_sbml(text), until=1)["y0"][-1] == 499


def test_a_missing_file_is_told() -> None:
    with pytest.raises(im.errors.ModelError, match="there is no file"):
        im.io.read_sbml("nowhere.xml")


def test_a_delay_of_what_never_changes_is_that() -> None:
    delay = '<csymbol encoding="text" definitionURL="http://www.sbml.org/sbml/symbols/delay">delay</csymbol>'
    text = TWO.replace("<ci>k</ci>", f"<apply>{delay}<ci>k</ci><cn>1</cn></apply>")
    late, now = im.simulate(im.io.read_sbml(text), until=2), im.simulate(im.io.read_sbml(TWO), until=2)
    assert all((late[name] == now[name]).all() for name in now.states)
