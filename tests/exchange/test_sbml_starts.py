"""What a user may change is never folded into a number: a change after reading is one in the file."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import immunode as im
from tests.exchange.test_sbml_algebraic import sbml as with_algebraic_rules
from tests.exchange.test_sbml_read import MATH, document, parameter, rule
from tests.libraries import needs

pytestmark = needs("libsbml")


def ci(text: str) -> str:
    """Return MathML of a formula."""
    import libsbml

    written = libsbml.writeMathMLToString(libsbml.parseL3Formula(text))
    return re.sub(r"^.*?<math[^>]*>|</math>\s*$", "", written, flags=re.DOTALL)


def initially(symbol: str, formula: str) -> str:
    return f'<initialAssignment symbol="{symbol}"><math {MATH}>{ci(formula)}</math></initialAssignment>'


def species(
    name: str, given: str, *, amount: bool = True, boundary: bool = False, more: str = "", home: str = "V"
) -> str:
    flags = f'hasOnlySubstanceUnits="{str(amount).lower()}" boundaryCondition="{str(boundary).lower()}"'
    return f'<species id="{name}" compartment="{home}" {given} {flags} constant="false" {more}/>'


def listed(what: str, *elements: str) -> str:
    return f"<listOf{what}>{''.join(elements)}</listOf{what}>"


def sized(name: str, size: str, constant: str = "true") -> str:
    return f'<compartment id="{name}" spatialDimensions="3" size="{size}" constant="{constant}"/>'


def reaction(name: str, formula: str, reactant: str = "", product: str = "", local: str = "", named: str = "") -> str:
    def reference(identity: str, sign: str) -> str:
        extra = f'id="{named}" constant="false"' if named and sign == "Products" else 'constant="true"'
        one = f'<speciesReference species="{identity}" stoichiometry="2" {extra}/>'
        return listed(sign, one) if identity else ""

    parameters = listed("LocalParameters", local) if local else ""
    law = f"<kineticLaw><math {MATH}>{ci(formula)}</math>{parameters}</kineticLaw>"
    sides = reference(reactant, "Reactants") + reference(product, "Products")
    return f'<reaction id="{name}" reversible="false">{sides}{law}</reaction>'


def chain(rule_between: bool = False) -> im.Model:
    """dose := 2*5, twice := 2*dose (or a rule that says so), A(0) := twice."""
    between = initially("twice", "2*dose") if not rule_between else ""
    rules = listed("Rules", rule("assignment", "twice", ci("2*dose"))) if rule_between else ""
    parameters = [parameter("dose"), parameter("k", "0.1"), parameter("twice", "1", str(not rule_between).lower())]
    return im.io.read_sbml(
        document(
            listed("Compartments", sized("V", "1"))
            + listed("Species", species("A", 'initialAmount="0"'))
            + listed("Parameters", *parameters)
            + listed("InitialAssignments", initially("dose", "2*5"), between, initially("A", "twice"))
            + rules
            + listed("Reactions", reaction("loss", "k*A", "A"))
        )
    )


@pytest.mark.parametrize("rule_between", [False, True])
def test_a_chain_of_initial_assignments_follows_its_first(rule_between: bool) -> None:
    model = chain(rule_between)
    assert im.simulate(model, until=1)["A"][0] == 20
    found = im.sweep(model, im.grid(dose=[0.0, 5.0, 50.0]), endpoints=im.peak("A"), until=1e-9)
    assert found.table()["peak(A)"].tolist() == [0.0, 10.0, 100.0]


def resting(given: str = 'initialConcentration="4"') -> im.Model:
    """A(0) = 4 in a volume of 2; q := 3 A(0); B(0) := q + 1."""
    return im.io.read_sbml(
        document(
            listed("Compartments", sized("V", "2"))
            + listed("Species", species("A", given, amount=False), species("B", ""))
            + listed("Parameters", '<parameter id="q" constant="true"/>')
            + listed("InitialAssignments", initially("B", "q + 1"), initially("q", "3*A"))
            + listed("Reactions", reaction("J", "A", "A", "B"))
        )
    )


@pytest.mark.parametrize("given", ['initialConcentration="4"', 'initialAmount="8"'])
@pytest.mark.parametrize(
    "begun",
    [
        lambda model, value: im.simulate(model, until=1, initial={"A": value})["B"][0],
        lambda model, value: im.simulate(model.with_initial(A=value), until=1)["B"][0],
        lambda model, value: im.simulate(model.with_initial(A="V").with_initial(A=value), until=1)["B"][0],
        lambda model, value: im.sweep(
            model, im.grid({"A(0)": [value]}), endpoints=im.trough("B"), until=1e-9
        ).table()["trough(B)"][0],
    ],
    ids=["initial=", "with_initial", "with_initial twice", "sweep"],
)  # fmt: skip
def test_an_initial_value_that_rests_on_another_follows_it(
    begun: Callable[[im.Model, float], float], given: str
) -> None:
    assert begun(resting(given), 4.0) == pytest.approx(13)
    assert begun(resting(given), 10.0) == pytest.approx(31)


def test_what_rests_on_two_that_rest_on_each_other_follows_both() -> None:
    """A(0) = 8/V, B(0) := 3 A(0), D(0) := A(0) + B(0), with any of them set for some runs."""
    model = im.io.read_sbml(
        document(
            listed("Compartments", sized("V", "2"))
            + listed("Species", species("A", 'initialAmount="8"', amount=False), species("B", ""), species("D", ""))
            + listed("InitialAssignments", initially("D", "A + B"), initially("B", "3*A"))
            + listed("Reactions", reaction("J", "A", "A", "B"), reaction("K", "B", "B", "D"))
        )
    )
    design = im.grid(V=[2.0, 4.0], **{"A(0)": [1.0, 10.0]}) + im.grid({"B(0)": [100.0]}) + im.grid(V=[2.0, 4.0])
    table = im.sweep(model, design, endpoints=[im.trough("D"), im.trough("B")], until=1e-9).table()
    assert table["trough(B)"].tolist() == pytest.approx([3, 30, 3, 30, 100, 12, 6], rel=1e-7)
    assert table["trough(D)"].tolist() == pytest.approx([4, 40, 4, 40, 104, 16, 8], rel=1e-7)


def test_a_text_still_replaces_an_initial_value_that_others_rest_on() -> None:
    model = resting().with_initial(A="V")
    scaled = resting().with_initial(A="1.5*A.initial")
    for moved, begun in (
        (model, 2),
        (model.with_values(V=5), 5),
        (model.with_initial(A=7), 7),
        (scaled, 6),
        (scaled.with_values({"A.initial": 10}), 15),
    ):
        run = im.simulate(moved, until=1)
        assert (run["A"][0], run["B"][0]) == (begun, 3 * begun + 1)


RICH = document(
    """<listOfFunctionDefinitions><functionDefinition id="f"><math xmlns="http://www.w3.org/1998/Math/MathML"><lambda>
    <bvar><ci>u</ci></bvar><apply><times/><ci>u</ci><cn>2</cn></apply></lambda></math></functionDefinition>
    </listOfFunctionDefinitions>"""
    + listed("Compartments", sized("V", "2"), sized("W", "3", "false"))
    + listed(
        "Species",
        species("A", 'initialConcentration="4"', amount=False),
        species("B", 'initialAmount="1.5"', amount=False, more='conversionFactor="factor"'),
        species("D", 'initialConcentration="0.8"'),
        species("E", 'initialAmount="2.2"', home="W", amount=False),
        species("F", 'initialAmount="0.7"', amount=False, boundary=True),
        species("G", 'initialConcentration="0.6"', boundary=True),
    )
    + listed(
        "Parameters",
        *(parameter(name, value) for name, value in zip("kmnd", ("0.3", "0.2", "1.1", "0.4"), strict=True)),
        parameter("factor", "0.5"),
        parameter("late", "0.7"),
        parameter("level", "0.9"),
        parameter("r", "0.3", "false"),
        parameter("s", "0.2", "false"),
        '<parameter id="q" constant="true"/>',
    )
    + listed("InitialAssignments", initially("q", "f(A) + E"), initially("r", "q*m"))
    + listed("Rules", rule("assignment", "s", ci("f(k)*B + q")), rule("rate", "W", ci("0.1*d*W")))
    + listed(
        "Reactions",
        reaction("J", "kl*A*V*n", "A", "B", '<localParameter id="kl" value="0.25"/>', "count"),
        reaction("K", "k*D*F + m*G", "D", "E"),
        reaction("L", "s*0.01*V", "", "A"),
    )
    + listed(
        "Events",
        '<event id="X" useValuesFromTriggerTime="true"><trigger initialValue="true" persistent="true">'
        f"<math {MATH}>{ci('time >= late')}</math></trigger><delay><math {MATH}>{ci('d')}</math></delay>"
        + listed(
            "EventAssignments",
            f'<eventAssignment variable="r"><math {MATH}>{ci("level*count")}</math></eventAssignment>',
            f'<eventAssignment variable="E"><math {MATH}>{ci("level + r")}</math></eventAssignment>',
        )
        + "</event>",
    )
)
GIVEN = re.compile(
    r'<(species|parameter|localParameter|compartment) id="(\w+)"[^>]*?(value|size|initial\w+)="([\d.]+)"'
)
CHANGEABLE = [
    (found[2], found.start(4), found.end(4))
    for found in GIVEN.finditer(RICH)
    if found[2] not in ("r", "s")  # an initial assignment and a rule override their values
]


def changed_in_the_model(model: im.Model, name: str, value: float) -> im.Model:
    """Return the model with another number for what the file calls `name`."""
    parameters = [p.name for p in model.parameters]
    for own in (f"J.{name}", f"{name}.initial", f"{name}.amount", f"{name}.concentration", name):
        if own in parameters:
            return model.with_values({own: value})
    state = next(s for s in model.states if s.name in (name, f"{name}.amount"))
    volume = next(p.value for p in model.parameters if p.name == "V")
    # the file's number is the other measure of what the state is
    return model.with_initial({state.name: value * volume if name == "D" else value / volume if name == "B" else value})


@pytest.mark.parametrize(("name", "start", "stop"), CHANGEABLE, ids=[name for name, _, _ in CHANGEABLE])
def test_each_number_of_a_file_changed_after_reading_does_what_it_does_in_the_file(
    name: str, start: int, stop: int
) -> None:
    value = 1.3 * float(RICH[start:stop])
    read = im.io.read_sbml(RICH)
    runs = [
        im.simulate(model, times=np.linspace(0, 2, 9), rtol=1e-10)
        for model in (
            im.io.read_sbml(f"{RICH[:start]}{value!r}{RICH[stop:]}"),
            changed_in_the_model(read, name, value),
            read,
        )
    ]
    shown = [q for q in ("A", "B", "D", "E", "G", "W", "r", "s") if q in runs[0]]
    there, here, before = (np.array([run[q] for q in shown]) for run in runs)
    np.testing.assert_allclose(here, there, rtol=1e-7)
    assert np.abs(there - before).max() > 1e-3


def test_a_value_too_long_to_be_written_holds_only_for_what_it_was_computed_with() -> None:
    """x(0) = 2^59 through fifty-nine initial assignments, each the sum of the one before and itself."""
    many = [f"y{i}" for i in range(60)]
    doubled = [initially(b, f"{a} + {a}") for a, b in pairwise(many)]
    text = document(
        listed("Parameters", *(parameter(name) for name in many), parameter("x", "1", "false"))
        + listed("InitialAssignments", *doubled, initially("x", "y59"))
        + listed("Rules", rule("rate", "x", "<cn>0</cn>"))
    )
    model = im.io.read_sbml(text)
    assert im.simulate(model, until=1)["x"][0] == 2.0**59
    found = im.sweep(model, im.grid(y0=[1.0, 2.0]), endpoints=im.peak("x"), until=1)
    assert found.table()["status"].tolist()[0] == "ok"
    assert found.table()["status"].tolist()[1] != "ok"
    with pytest.raises(im.ImmunodeError, match="for y0 = 1; change it in the file"):
        im.simulate(model.with_values(y0=2), until=1)


def test_the_root_of_an_algebraic_rule_holds_only_for_what_it_was_found_with() -> None:
    """z^3 + z = k x with x(0) = 2: z(0) = 1."""
    model = with_algebraic_rules({"x": "1"}, ["z^3 + z - k*x"], {"x": 2.0, "z": 0.7, "k": 1.0}, "k")
    assert im.simulate(model, until=1)["z"][0] == pytest.approx(1.0)
    for other in (model.with_values(k=2.0), model.with_initial(x=5.0)):
        with pytest.raises(im.ImmunodeError, match="z begins with a value that was computed"):
            im.simulate(other, until=1)


def test_a_model_with_an_initial_parameter_reads_the_same_from_disk(tmp_path: Path) -> None:
    from immunode.exchange.sbml.writing.writer import write_sbml

    model = resting()
    assert im.io.read_sbml(write_sbml(model, tmp_path / "m.xml")) == model
