from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immunode.errors import ModelError, StoreError
from immunode.language.characters import UNPRINTABLE
from immunode.model import Compartment, Derived, Effect, Event, Model, Parameter, Requirement, State, Switch, Unit
from immunode.model.serial import FORMAT, content_key, from_json, register, to_json
from tests.clock import PATIENCE

Make = Callable[..., Model]


@register
@dataclass(frozen=True, slots=True)
class Shape:
    """A record of a layer above, as the interventions are."""

    name: str
    size: float = 1.0
    count: int = 1
    open: bool = False
    side: Literal["left", "right"] = "left"
    pairs: Mapping[str, float] | tuple[tuple[str, float], ...] = ()
    point: tuple[float, float] | None = None
    inner: Shape | None = None
    anything: Any = None


@pytest.fixture(scope="module")
def full(make: Make) -> Model:
    """Return a model that has one of everything."""
    base = make()
    return make(
        parameters=[*base.parameters, Parameter("x.dose", 2, "", "", "assumed: shown", "assumed", (1, 3))],
        compartments=[Compartment("blood", "2*x.dose", "")],
        units=[Unit("score", "made up")],
        states=[*base.states, State("C", 2.0, "score", compartment="blood", typical=2.0)],
        switches=[Switch("on", 0.0)],
        events=[
            Event("start", {"on": "1"}, at="2/d", every=7, count=4, meaning="μ, 免疫"),
            Event("cut", {"T": "T/2"}, when="T > g"),
        ],
        derived=[*base.derived, Derived("u", "on*x.dose")],
        effects=[Effect("d", "scale", "1 + on", by="x")],
        requirements=[Requirement("x.dose > 0", "a dose is above 0")],
        aliases={"tumor": "escaping"},
        applied=["x"],
    )


def test_a_model_comes_back_equal(full: Model) -> None:
    again = Model.from_json(full.to_json())
    assert again == full
    assert hash(again) == hash(full)
    assert again.to_json() == full.to_json()


def test_text_is_one_item_a_line_and_leaves_out_defaults(model: Model) -> None:
    lines = to_json(model).splitlines()
    assert lines[1] == f' "format": "{FORMAT}",'
    assert '  {"type": "Process", "name": "influx", "arrow": "-> E", "rate": "s"},' in lines
    assert "switches" not in to_json(model)
    assert json.loads(to_json(model))["type"] == "Model"


def test_equal_models_have_equal_keys(make: Make) -> None:
    a = make(parameters=[*make().parameters, Parameter("x", 3)])
    b = make(parameters=[*make().parameters, Parameter("x", 3.0)])
    assert a == b
    assert content_key(a) == content_key(b)
    assert len(content_key(a)) == 64


def test_different_models_have_different_keys(make: Make) -> None:
    keys = {
        content_key(m)
        for m in (make(), make(title="x"), make().with_values(s=1.0), make().with_initial(E=1.0), make(name="x"))
    }
    assert len(keys) == 5


def test_the_key_is_the_same_in_another_process() -> None:
    code = (
        "from immunode.model import *; from immunode.model.serial import content_key;"
        "print(content_key(Model(name='m', title='μ', parameters=[Parameter('k', 0.1)], aliases={'a': ''})))"
    )
    line = [sys.executable, "-c", code]
    runs = [subprocess.run(line, capture_output=True, text=True, check=True, timeout=PATIENCE).stdout for _ in range(2)]
    assert runs[0] == runs[1]
    model = Model(name="m", title="μ", parameters=[Parameter("k", 0.1)], aliases={"a": ""})
    assert runs[0].strip() == content_key(model)


@given(
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(blacklist_categories=["Cs"])).filter(lambda text: not UNPRINTABLE.search(text)),
    st.lists(st.tuples(st.text("abc", min_size=1), st.floats(0, 1)), unique_by=lambda pair: pair[0]),
)
def test_every_number_and_text_survives(value: float, text: str, pairs: list[tuple[str, float]]) -> None:
    parameter = Parameter("k", value, meaning=text)
    assert from_json(Parameter, to_json(parameter)) == parameter
    shape = Shape("a", value, pairs=tuple(pairs), point=(value, 1.0), inner=Shape("b", open=True), anything=text)
    assert from_json(Shape, to_json(shape)) == shape


def _edited(model: Model, old: str, new: str) -> str:
    text = to_json(model)
    assert old in text
    return text.replace(old, new, 1)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"State"', '"Stat"', r"Model.states\[0\]: unknown type 'Stat'; did you mean 'State'"),
        ('"State"', '"Nothing"', r"Model.states\[0\]: unknown type 'Nothing'"),
        ('"type": "Model"', '"type": "os.system"', "unknown type 'os.system'"),
        ('"type": "Model",', "", "an object without a type"),
        ('"meaning"', '"meening"', r"Model.states\[0\].State: unknown field 'meening'; did you mean 'meaning'"),
        ('"title"', '"_title"', "Model: unknown field '_title'; did you mean 'title'"),
        ('"kind": "cell"', '"name": "E"', "the field 'name' occurs twice"),
        ('"name": "E", ', "", r"states\[0\].State: the field 'name' is missing"),
        ("13000", "NaN", "NaN stands in this JSON"),
        ("13000", "-Infinity", "-Infinity stands in this JSON"),
        ("13000", "1e999", "the number 1e999 in this JSON is too large"),
        ("13000", "9" * 5000, "too large"),
        ("13000", '"x"', r"parameters\[0\].Parameter.value: float is needed, but found \"x\""),
        ("13000", "true", "float is needed, but found true"),
        ("13000", "null", "float is needed, but found null"),
        ("13000", "[1]", r"float is needed, but found \[1\]"),
        ('"-> E"', "3", "Process.arrow: str is needed, but found 3"),
        ("[0, 100000]", "[0, 1, 2]", "Parameter.bounds"),
        ("[0, 100000]", '[0, "1"]', "Parameter.bounds"),
        ('"readouts": ["T", "burden"]', '"readouts": "T"', "Model.readouts"),
        ('"readouts": ["T", "burden"]', '"readouts": [["T"]]', "Model.readouts"),
        ('[["T", 100000000]]', '[["T", [1]]]', "Variant.initial"),
        ('"type": "State"', '"type": "Process"', "Process: unknown field 'initial'"),
        ("immunode 1", "immunode 2", "its format is 'immunode 2', and 'immunode 1' is read here"),
        ('"format": "immunode 1",', "", "it has no format"),
    ],
)
def test_what_is_not_known_is_told_with_its_place(model: Model, old: str, new: str, message: str) -> None:
    with pytest.raises(StoreError, match=message):
        Model.from_json(_edited(model, old, new))


def test_what_reads_well_but_does_not_hold_together_is_a_model_error(model: Model) -> None:
    with pytest.raises(ModelError, match="unknown name 'Q' in 'n\\*E\\*Q'"):
        Model.from_json(_edited(model, "n*E*T", "n*E*Q"))
    with pytest.raises(ModelError, match="two underscores"):
        Model.from_json(_edited(model, "n*E*T", "__import__('os').system('true')"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        ("[]", "but a list was found"),
        ("3", "but a number was found"),
        ("null", "but null was found"),
        ("{}", "it has no format"),
        ("[" * 100_000, "nested too deeply"),
        (b"\x89PNG\r\n\x1a\n\x00\xff", "not UTF-8 text"),
        ("PK\x03\x04", "not JSON"),
        (3, "JSON text is needed, but int was found"),
    ],
)
def test_other_files_are_refused(text: Any, message: str) -> None:
    with pytest.raises(StoreError, match=message):
        Model.from_json(text)


def test_a_file_cut_off_anywhere_is_refused(model: Model) -> None:
    text = to_json(model).rstrip()
    for length in range(0, len(text), 37):
        with pytest.raises(StoreError, match=r"not JSON|it has no format"):
            Model.from_json(text[:length])
    with pytest.raises(StoreError, match="cut off"):
        Model.from_json(text[: len(text) // 2])


def test_bytes_are_read_too(model: Model) -> None:
    assert from_json(Model, to_json(model).encode()) == model


def test_deep_records_are_refused_in_both_directions() -> None:
    shape = Shape("leaf")
    for _ in range(100):
        shape = Shape("ring", inner=shape)
    with pytest.raises(StoreError, match="nested more than"):
        to_json(shape)
    text = '{"type": "Shape", "name": "x", "inner": ' * 100 + "null" + "}" * 100
    with pytest.raises(StoreError, match="nested more than"):
        from_json(Shape, text.replace("{", f'{{"format": "{FORMAT}", ', 1))


def test_what_json_cannot_hold_is_refused_when_written() -> None:
    with pytest.raises(StoreError, match=r"Shape.size: nan can't be written"):
        to_json(Shape("x", float("nan")))
    for value in (print, object(), {"a": 1}, {1, 2}, b"x", 1j):
        with pytest.raises(StoreError, match=r"Shape.anything: .* can't be written as JSON"):
            to_json(Shape("x", anything=value))


def test_another_record_than_the_one_asked_for_is_refused(model: Model) -> None:
    with pytest.raises(StoreError, match="a Model is needed, but the text holds a State"):
        Model.from_json(to_json(model.states[0]))


def test_values_are_held_against_their_annotations() -> None:
    head = f'{{"format": "{FORMAT}", "type": "Shape", "name": "x", '
    assert from_json(Shape, head + '"size": 2}').size == 2.0
    assert type(from_json(Shape, head + '"size": 2}').size) is float
    for field in (
        '"count": 1.5',
        '"count": true',
        '"open": 1',
        '"side": "up"',
        '"point": [1]',
        '"inner": {"type": "State", "name": "E", "initial": 1}',
        '"pairs": [["a"]]',
    ):
        with pytest.raises(StoreError, match="is needed, but found"):
            from_json(Shape, head + field + "}")


def test_two_records_of_one_name_are_refused() -> None:
    @dataclass(frozen=True)
    class Shape:
        name: str

    with pytest.raises(StoreError, match="two records are called Shape"):
        register(Shape)
    with pytest.raises(StoreError, match="no dataclass"):
        register(int)


def test_the_mark_that_windows_puts_before_text_is_passed_over(model: Model) -> None:
    text = "\ufeff" + to_json(model)
    assert from_json(Model, text) == from_json(Model, text.encode()) == model
