"""Ids that are no names: a lawful name is made, told in a remark, and found in finite time."""

from __future__ import annotations

from contextlib import suppress
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

import immunode as im
from immunode.exchange.naming import lawful
from immunode.language.expression import name_problem
from tests.clock import cpu_below
from tests.exchange.test_sbml_read import MATH, document, parameter, rule, ruled
from tests.libraries import needs

pytestmark = needs("libsbml")


@pytest.mark.parametrize(
    ("odd", "name"),
    [
        ("TNF-a", "TNF_a"),
        ("ä", "a"),
        ("a:b", "a_b"),
        ("TNF-α", "TNF_alpha"),
        ("ΔG", "DeltaG"),
        ("IL 6", "IL_6"),
        ("a.b", "a_b"),
        ("6mer", "id6mer"),
        ("日本", "_"),
        ("x²", "x2"),
    ],
)
def test_an_odd_id_gets_a_lawful_name_and_a_remark(odd: str, name: str) -> None:
    model = im.io.read_sbml(ruled(f"<apply><plus/><ci>{odd}</ci><cn>1</cn></apply>", parameter(odd, "41")))
    assert [p.name for p in model.parameters] == [name]
    assert im.simulate(model, until=1)["x"][-1] == 42
    assert f"the id '{odd}' is none that SBML allows; it is called '{name}'" in model.remarks


def test_ids_that_come_to_the_same_name_stay_apart() -> None:
    text = ruled(
        "<apply><minus/><ci>a-b</ci><ci>a:b</ci></apply>",
        parameter("a:b", "1") + parameter("a-b", "5") + parameter("a_b", "9"),
    )
    model = im.io.read_sbml(text)
    assert {p.name: p.value for p in model.parameters} == {"a_b": 9.0, "a_b_": 1.0, "a_b_2": 5.0}
    assert im.simulate(model, until=1)["x"][-1] == 4


def test_an_ordinary_id_needs_no_remark() -> None:
    assert im.io.read_sbml(ruled("<ci>lambda</ci>", parameter("lambda"))).remarks == ()


KINDS = ("constant", "happens", "J", "S")
BODY = f"""
<listOfCompartments><compartment id="C" spatialDimensions="3" size="1" constant="true"/></listOfCompartments>
<listOfSpecies><species id="{{S}}" compartment="C" initialAmount="1" hasOnlySubstanceUnits="true"
  boundaryCondition="false" constant="false"/></listOfSpecies>
<listOfReactions><reaction id="{{J}}" reversible="false">
  <listOfReactants><speciesReference species="{{S}}" stoichiometry="1" constant="true"/></listOfReactants>
  <kineticLaw><math {MATH}><ci>{{constant}}</ci></math>
    <listOfLocalParameters><localParameter id="{{constant}}" value="0.5"/></listOfLocalParameters>
  </kineticLaw></reaction></listOfReactions>
<listOfEvents><event id="{{happens}}" useValuesFromTriggerTime="true"><trigger initialValue="true" persistent="true">
  <math {MATH}><apply><lt/><ci>{{S}}</ci><cn>0.75</cn></apply></math></trigger>
  <listOfEventAssignments><eventAssignment variable="{{S}}"><math {MATH}><cn>2</cn></math></eventAssignment>
  </listOfEventAssignments></event></listOfEvents>"""
"""S' = -1/2 from 1, set to 2 as it falls below 3/4."""


@pytest.mark.parametrize("odd", KINDS)
def test_an_odd_id_is_no_end_anywhere(odd: str) -> None:
    body = BODY.format(**{kind: "o-d:d ä" if kind == odd else kind for kind in KINDS})
    model = im.io.read_sbml(document(body))
    one = im.simulate(model, times=[0, 0.4, 0.6], rtol=1e-9)
    assert one[model.states[0].name] == pytest.approx([1, 0.8, 1.95], rel=1e-6)


def test_thousands_of_events_without_an_id_take_no_time() -> None:
    one = (
        f'<event useValuesFromTriggerTime="true"><trigger initialValue="true" persistent="true"><math {MATH}><apply>'
        f"<gt/><ci>x</ci><cn>2</cn></apply></math></trigger><listOfEventAssignments>"
        f'<eventAssignment variable="y"><math {MATH}>'
        "<cn>1</cn></math></eventAssignment></listOfEventAssignments></event>"
    )
    body = f"<listOfParameters>{parameter('x', '1', 'false')}{parameter('y', '1', 'false')}</listOfParameters>"
    body += f"<listOfRules>{rule('rate', 'x', '<cn>1</cn>')}</listOfRules><listOfEvents>{one * 2000}</listOfEvents>"
    with cpu_below(30):
        model = im.io.read_sbml(document(body))
    assert [e.name for e in model.events[:3]] == ["event", "event_", "event_2"]


@given(st.text(max_size=12))
def test_any_text_becomes_a_lawful_name_which_stays_itself(text: str) -> None:
    name = lawful(text)
    assert name_problem(name) == ""
    assert lawful(name) == name


@pytest.mark.slow
@given(st.text(st.characters(min_codepoint=32, exclude_categories=("Cs", "Cc", "Cn")), min_size=1, max_size=8))
def test_no_id_keeps_the_reader_from_coming_to_an_end(odd: str) -> None:
    text = ruled("<cn>1</cn>", f'<parameter id={quoteattr(odd)} value="1" constant="true"/>')
    with suppress(im.ImmunodeError):
        model = im.io.read_sbml(text)
        assert lawful(odd) in {one.name for one in (*model.parameters, *model.states)}
