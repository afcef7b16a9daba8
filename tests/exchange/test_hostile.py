"""Files that mean harm end within seconds and a gigabyte in one clear line; nothing is executed, fetched or written."""

from __future__ import annotations

import json
import math
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import immunode as im
from immunode.errors import ImmunodeError, ModelError, StoreError
from tests import lent_drugs
from tests.clock import PATIENCE
from tests.libraries import needs

pytestmark = needs("libsbml")
CORE = "http://www.sbml.org/sbml/level3/version2/core"
MATH = '<math xmlns="http://www.w3.org/1998/Math/MathML">'


def document(inside: str, math: str = "", head: str = "") -> str:
    """Return a document with one species S and one parameter k; `math` becomes a rule on k."""
    rule = f'<listOfRules><rateRule variable="k">{MATH}{math}</math></rateRule></listOfRules>' if math else ""
    return (
        f'<?xml version="1.0"?>{head}<sbml xmlns="{CORE}" level="3" version="2"><model id="m">{inside}'
        '<listOfCompartments><compartment id="c" size="1" constant="true"/></listOfCompartments>'
        '<listOfSpecies><species id="S" compartment="c" initialAmount="1" hasOnlySubstanceUnits="true" '
        'boundaryCondition="false" constant="false"/></listOfSpecies>'
        f'<listOfParameters><parameter id="k" value="1" constant="false"/></listOfParameters>{rule}</model></sbml>'
    )


def bomb() -> str:
    levels = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 12))
    return document("<notes>&l11;</notes>", head=f'<!DOCTYPE sbml [<!ENTITY l0 "ha">{levels}]>')


def external() -> str:
    return document("<notes>&x;</notes>", head='<!DOCTYPE sbml [<!ENTITY x SYSTEM "file:///etc/passwd">]>')


def deep(n: int = 100_000) -> str:
    return document("", "<apply><minus/>" * n + "<ci>k</ci>" + "</apply>" * n)


def wide(n: int = 100_000) -> str:
    return document("", "<apply><plus/>" + "<ci>k</ci>" * n + "</apply>")


def functions(*pairs: tuple[str, str]) -> str:
    made = "".join(
        f'<functionDefinition id="{name}">{MATH}<lambda><bvar><ci>x</ci></bvar>{body}</lambda></math>'
        "</functionDefinition>"
        for name, body in pairs
    )
    return f"<listOfFunctionDefinitions>{made}</listOfFunctionDefinitions>"


def call(name: str, *arguments: str) -> str:
    return f"<apply><ci>{name}</ci>{''.join(arguments)}</apply>"


def recursive() -> str:
    return document(functions(("f", call("f", "<ci>x</ci>"))), call("f", "<cn>1</cn>"))


def mutual() -> str:
    return document(functions(("f", call("g", "<ci>x</ci>")), ("g", call("f", "<ci>x</ci>"))), call("f", "<cn>1</cn>"))


def doubling(n: int = 60) -> str:
    """Return functions each of which calls the one before twice: 2**60 terms when written out."""
    pairs = [("f0", "<apply><plus/><ci>x</ci><cn>1</cn></apply>")]
    for i in range(1, n):
        inner = call(f"f{i - 1}", "<ci>x</ci>")
        pairs.append((f"f{i}", f"<apply><plus/>{inner}{inner}</apply>"))
    return document(functions(*pairs), call(f"f{n - 1}", "<ci>k</ci>"))


def cyclic() -> str:
    text = document("", "<cn>1</cn>")
    rules = "".join(
        f'<assignmentRule variable="{a}">{MATH}<ci>{b}</ci></math></assignmentRule>'
        for a, b in (("p", "q"), ("q", "p"))
    )
    more = '<parameter id="p" constant="false"/><parameter id="q" constant="false"/></listOfParameters>'
    return text.replace("</listOfParameters>", more).replace("<listOfRules>", f"<listOfRules>{rules}")


def self_initial() -> str:
    made = f'<listOfInitialAssignments><initialAssignment symbol="k">{MATH}<apply><plus/><ci>k</ci><cn>1</cn></apply>'
    made += "</math></initialAssignment></listOfInitialAssignments>"
    return document("").replace("</listOfParameters>", f"</listOfParameters>{made}")


def doubling_start(n: int = 60) -> str:
    """Return initial assignments each of which has the one before twice."""
    names = [f"p{i}" for i in range(n)]
    declared = "".join(f'<parameter id="{name}" constant="true"/>' for name in names)
    body = "<apply><plus/><ci>{0}</ci><ci>{0}</ci></apply>"
    made = "".join(
        f'<initialAssignment symbol="{name}">{MATH}{body.format(before)}</math></initialAssignment>'
        for before, name in zip(["k", *names], names, strict=False)
    )
    text = document("").replace("</listOfParameters>", f"{declared}</listOfParameters>")
    return text.replace(
        "</listOfParameters>", f"</listOfParameters><listOfInitialAssignments>{made}</listOfInitialAssignments>"
    )


def logical(operator: str, n: int) -> str:
    parts = "".join(f"<apply><lt/><ci>k</ci><cn>{i}</cn></apply>" for i in range(n))
    condition = f"<apply><{operator}/>{parts}</apply>"
    return document("", f"<piecewise><piece><cn>1</cn>{condition}</piece><otherwise><cn>2</cn></otherwise></piecewise>")


def nested(operator: str, n: int) -> str:
    inside = "<ci>k</ci>"
    for _ in range(n):
        inside = f"<apply><{operator}/>{inside}<cn>3</cn></apply>"
    return document("", inside)


def twice() -> str:
    return document("").replace('<parameter id="k"', '<parameter id="S" value="1" constant="true"/><parameter id="k"')


def tower() -> str:
    power = "<cn>9</cn>"
    for _ in range(12):
        power = f"<apply><power/><cn>9</cn>{power}</apply>"
    return document("", power)


HOSTILE: dict[str, Callable[[], str]] = {
    "entity bomb": bomb,
    "external entity": external,
    "100,000 nested apply": deep,
    "299 levels": lambda: deep(140),
    "recursive function": recursive,
    "mutually recursive functions": mutual,
    "functions that double": doubling,
    "cyclic rules": cyclic,
    "initial value of itself": self_initial,
    "initial values that double": doubling_start,
    "xor of 80": lambda: logical("xor", 80),
    "and of 20,000": lambda: logical("and", 20_000),
    "and of 4,000": lambda: logical("and", 4_000),
    "rem in rem": lambda: nested("rem", 60),
    "quotient in quotient": lambda: nested("quotient", 60),
    "factorial in factorial": lambda: document("", "<apply><factorial/>" * 60 + "<ci>k</ci>" + "</apply>" * 60),
    "duplicate ids": twice,
    "50 MB of text": lambda: document("<notes><p>" + "x" * 50_000_000 + "</p></notes>"),
    "unknown function": lambda: document("", call("os.system", "<ci>k</ci>")),
    "unknown name": lambda: document("", "<ci>nothing</ci>"),
    "no model": lambda: f'<sbml xmlns="{CORE}" level="3" version="2"/>',
    "another language": lambda: "<html><script>alert(1)</script></html>",
    "no xml": lambda: "<<<<>>>>",
    "comp from outside": lambda: document("").replace(
        "<model ",
        '<comp:listOfExternalModelDefinitions xmlns:comp="http://www.sbml.org/sbml/level3/version1/comp/version1">'
        '<comp:externalModelDefinition comp:id="x" comp:source="file:///etc/passwd"/>'
        "</comp:listOfExternalModelDefinitions><model ",
    ),
}
MAY_BE_READ = {
    "299 levels", "comp from outside", "initial value of itself", "initial values that double", "xor of 80",
    "and of 4,000", "rem in rem", "quotient in quotient", "factorial in factorial",
}  # fmt: skip
"""What an honest file may hold too: then reading it quickly is as good as a clear error."""

RUN = """
import json, resource, sys, time
from pathlib import Path
from immunode.exchange.sbml import read_sbml
from immunode.errors import ImmunodeError
def peak():
    # of this program alone: what getrusage tells also counts the process that it was forked from
    told = Path("/proc/self/status")
    if told.exists():
        return int(told.read_text().split("VmHWM:")[1].split()[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for name in ["plain.xml", *sys.argv[1:]]:
    start = time.process_time()
    try:
        read_sbml(name)
        told = "read"
    except ImmunodeError as error:
        told = str(error)
    print(json.dumps([name, time.process_time() - start, peak(), told]), flush=True)
"""


@pytest.mark.slow
def test_every_hostile_document_ends_within_five_seconds_and_a_gigabyte_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "plain.xml").write_text(document(""))
    files = {f"{i}.xml": name for i, name in enumerate(HOSTILE)}
    for file, name in files.items():
        (tmp_path / file).write_text(HOSTILE[name]())
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", RUN, *files]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=PATIENCE)
    assert done.returncode == 0, (done.stdout[-500:], done.stderr[-500:])
    ends = [json.loads(line) for line in done.stdout.splitlines()]
    assert [files.get(file, file) for file, *_ in ends] == ["plain.xml", *HOSTILE]
    for file, seconds, kilobytes, told in ends:
        name = files.get(file, "plain")
        assert seconds < 5, name
        assert kilobytes < 1e6, name
        assert len(told.splitlines()) == 1, (name, told)
        assert "root:" not in told
        assert told != "read" or name == "plain" or name in MAY_BE_READ, name
    assert {file.name for file in tmp_path.iterdir()} == {"plain.xml", *files}


def outcome(read: Callable[[], object]) -> str:
    """Return what comes of reading: "read", or the one line that an error of ours has."""
    told = "read"
    try:
        read()
    except ImmunodeError as error:
        told = str(error)
    assert 1 <= len(told.splitlines()) <= 6
    return told


def from_text(text: str) -> str:
    from immunode.exchange.sbml import read_sbml

    return outcome(lambda: read_sbml(text))


def test_a_file_cut_off_anywhere_is_said_to_be_no_xml() -> None:
    from immunode.exchange.sbml.writing.writer import to_sbml

    text = to_sbml(im.perturb(lent_drugs.MODEL, "infliximab"))
    for end in range(1000, len(text) - 20, 1000):
        told = from_text(text[:end])
        assert "no XML" in told, end


def test_json_cut_off_anywhere_is_said_to_be_cut_off() -> None:
    text = im.load_model("baker2013").to_json()
    for end in range(1000, len(text) - 5, 1000):
        with pytest.raises(StoreError, match=r"not JSON|cut off"):
            im.Model.from_json(text[:end])


def derived(text: str) -> str:
    """Return JSON of a model with one derived quantity."""
    record = {"type": "Derived", "name": "d", "expression": text}
    return json.dumps({"format": "immunode 1", "type": "Model", "name": "x", "derived": [record]})


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        "9" * 1_000_000,
        '{"format": "immunode 1", "type": "Model", "name": "x", "horizon": 1e999}',
        derived("9**9**9**9"),
        derived("(" * 10_000),
        '{"format": "immunode 1", "type": "Popen", "args": ["touch", "hacked"]}',
        derived("().__class__.__bases__[0].__subclasses__()"),
        "\x00\x01\x02",
    ],
)
def test_hostile_json_is_refused_in_a_few_lines(text: str) -> None:
    assert outcome(lambda: im.Model.from_json(text)) != "read"


def test_an_annotation_with_hostile_json_does_not_stop_a_good_document() -> None:
    from immunode.exchange.sbml import read_sbml
    from immunode.exchange.sbml.writing.writer import FACTS

    for inside in ("[" * 50_000, '{"format": "immunode 1", "type": "Popen"}', "&lt;script/&gt;", ""):
        facts = f'<annotation><f:facts xmlns:f="{FACTS}">{inside}</f:facts></annotation>'
        back = read_sbml(document(facts))
        assert "S" in {record.name for record in (*back.states, *back.parameters)}


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
@example(b"\xff\xfe<\x00s\x00b\x00m\x00l\x00")
@example(b"<sbml>\x00</sbml>")
def test_binary_junk_is_no_model(junk: bytes) -> None:
    assert from_text("<" + junk.decode("latin-1")) != "read"


BASE = document(functions(("f", "<apply><plus/><ci>x</ci><cn>1</cn></apply>")), call("f", "<ci>k</ci>"))


@given(
    st.integers(0, len(BASE) - 1),
    st.integers(0, 40),
    st.sampled_from(['"', "<", ">", "&", "\x00", "NaN", "-1", "S", "k", "1e400", "<ci>k</ci>", ""]),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_document_with_a_piece_replaced_is_read_or_refused(at: int, length: int, piece: str) -> None:
    told = from_text(BASE[:at] + piece + BASE[at + length :])
    assert told == "read" or piece != BASE[at : at + length]


@pytest.mark.parametrize("value", ["", "9" * 400, "1e999", "0x10", "1_0", "1,5", "1d3", "abc", "1e", "\u0661"])
@pytest.mark.parametrize("place", ["size", "initialAmount", "value", "cn"])
def test_what_is_not_a_number_is_refused(place: str, value: str) -> None:
    """libSBML goes on with an unset value, the largest number that there is, or what stands before a comma."""
    old, new = (f'{place}="1"', f'{place}="{value}"') if place != "cn" else ("<cn>1</cn>", f"<cn>{value}</cn>")
    assert from_text(BASE) == "read"
    assert BASE.count(old) == 1
    told = from_text(BASE.replace(old, new))
    assert "line 1" in told
    assert "is not a number" in told or "too large for a number" in told


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (" +2. ", 2.0),
        (".5e1", 5.0),
        ("-0", 0.0),
        ('1.5<sep/>2"e-notation', 150.0),
        ('3<sep/>4"rational', 0.75),
        ('7"integer', 7.0),
    ],
)
def test_numbers_in_all_their_forms_are_read(text: str, value: float) -> None:
    number, _, kind = text.partition('"')
    cn = f'<cn type="{kind}">{number}</cn>' if kind else f"<cn>{number}</cn>"
    model = im.io.read_sbml(BASE.replace("<cn>1</cn>", cn))
    # k' = f(k) = k + value, from 1
    assert im.simulate(model, 1)["k"][-1] == pytest.approx((1 + value) * math.e - value, rel=1e-4)


def test_numbers_of_other_tools_in_annotations_are_their_own() -> None:
    note = '<annotation><parameter xmlns="urn:other" value="1,5"/><cn>x</cn></annotation></model>'
    assert from_text(BASE.replace("</model>", note)) == "read"


NUMBERS = st.sampled_from(
    ["0", "-0", "1e308", "-1e308", "1e-320", "NaN", "INF", "-INF", "1e999", "0x10", "", "9" * 400]
)


@given(NUMBERS, NUMBERS, NUMBERS)
@settings(max_examples=100, deadline=None)
def test_odd_numbers_are_read_or_refused(size: str, amount: str, value: str) -> None:
    text = BASE.replace('size="1"', f'size="{size}"').replace('initialAmount="1"', f'initialAmount="{amount}"')
    told = from_text(text.replace('value="1"', f'value="{value}"').replace("<cn>1</cn>", f"<cn>{value}</cn>"))
    if {size, amount, value} & {"1e999", "0x10", "", "9" * 400}:
        assert "a number" in told


OPERATORS = [
    "plus",
    "times",
    "minus",
    "divide",
    "power",
    "exp",
    "ln",
    "piecewise",
    "and",
    "lt",
    "root",
    "factorial",
    "max",
    "rem",
    "not",
]


@st.composite
def maths(draw: st.DrawFn, depth: int = 4) -> str:
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        return draw(
            st.sampled_from(
                [
                    "<ci>k</ci>",
                    "<ci>S</ci>",
                    "<cn>2</cn>",
                    "<cn>-1e9</cn>",
                    "<true/>",
                    "<pi/>",
                    "<notanumber/>",
                    "<infinity/>",
                    "<ci/>",
                    "<cn/>",
                ]
            )
        )
    operator = draw(st.sampled_from(OPERATORS))
    parts = draw(st.lists(maths(depth=depth - 1), max_size=3))
    return f"<apply><{operator}/>{''.join(parts)}</apply>"


@given(maths())
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_tree_of_mathml_is_read_or_refused(math: str) -> None:
    from_text(document("", math))


@pytest.mark.slow
@pytest.mark.soak
def test_ten_thousand_damaged_documents_are_read_or_refused() -> None:
    from immunode.exchange.sbml.writing.writer import to_sbml

    chance = random.Random(7)
    whole = to_sbml(im.perturb(im.load_model("berends2019"), "short_interval"), facts=False)
    for _ in range(10_000):
        at, length = chance.randrange(len(whole)), chance.choice((0, 1, 2, 5, 20, 200))
        piece = "".join(chance.choice("<>\"'/&;=abkt019-.e \x00é") for _ in range(chance.choice((0, 1, 3))))
        from_text(whole[:at] + piece + whole[at + length :])


def test_a_model_that_can_not_be_made_is_a_model_error() -> None:
    with pytest.raises(ModelError):
        im.Model.from_json(json.dumps({"format": "immunode 1", "type": "Model", "name": ""}))
