"""What a terminal would obey is shown in it: names of models, files and pictures, in results and in errors."""

from __future__ import annotations

import ast
import json
import re
import struct
import sys
import zlib
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import immunode as im
from immunode.cli import main
from immunode.errors import ImmunodeError, ModelError, StoreError, StudyError
from immunode.exchange.sbml.writing.writer import to_sbml
from immunode.language.characters import UNPRINTABLE, visible
from immunode.model import Derived, Event, Variant
from immunode.plot import read_metadata, save
from tests.hostile.texts import NAMES, evil, written

ROOT = Path(__file__).resolve().parents[2]
ESCAPES = "\x1b[2J\x1b]0;title\x07\x9b31m\u202e\x7f\r"


@pytest.mark.parametrize("words", [["show"], ["check"], ["run"], ["atlas"], ["validate", "--patients", "200"]])
def test_a_terminal_shows_what_looks_like_markup(
    words: list[str], key: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "400")
    file = written(evil(key), ".json")
    assert main([*words, file]) in (0, 1)
    told = capsys.readouterr()
    shown = re.sub(r"\x1b\[[\d;]*m", "", told.out)
    assert not UNPRINTABLE.search(shown)
    assert not UNPRINTABLE.search(re.sub(r"\x1b\[[\d;]*m", "", told.err))
    if words != ["check"]:
        assert "".join(NAMES[key].split()) in "".join(shown.split())


def test_a_terminal_shows_escapes_and_never_obeys_them(capsys: pytest.CaptureFixture[str]) -> None:
    from immunode.cli import output

    output.print_rows(output.console(), ESCAPES, [{"a": ESCAPES, f"b{ESCAPES}": "[/c]"}])
    output.say_written([Path(f"a{ESCAPES}.png")])
    output.say(ESCAPES)
    output.remark(ESCAPES)
    output.print_json({ESCAPES: ESCAPES})
    told = capsys.readouterr()
    assert not UNPRINTABLE.search(told.out + told.err)
    assert "␛[2J␛]0;title␇" in told.out
    assert "[/c]" in told.out
    output.print_json({ESCAPES: ESCAPES})
    assert json.loads(capsys.readouterr().out) == {ESCAPES: ESCAPES}


@pytest.mark.parametrize("words", [["run"], ["show"], ["check"], ["figure"], ["sweep"], ["export", "--to", "latex"]])
def test_an_error_shows_a_name_that_was_given(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    verb, *options = words
    assert main([verb, f"no[x]{ESCAPES}", *options]) == 2
    told = capsys.readouterr()
    assert not UNPRINTABLE.search(told.out + told.err)
    assert "no[x]␛[2J" in told.err
    assert told.err.count("\n") == 1


def test_only_the_module_output_writes_to_the_terminal() -> None:
    """So that no command forgets to make a text visible."""
    for file in (ROOT / "immunode" / "cli").rglob("*.py"):
        if file.name in ("output.py", "screen.py"):
            continue
        tree = ast.parse(file.read_bytes())
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
                pytest.fail(f"{file.name}, line {node.lineno}: `output` prints")
            if isinstance(node, ast.Attribute) and node.attr in ("stdout", "stderr"):
                assert (file.parent.name, file.name) == ("cli", "__init__.py"), f"{file.name}, line {node.lineno}"
            if isinstance(node, ast.keyword) and node.arg == "markup":
                pytest.fail(f"{file.name}, line {node.value.lineno}: texts are never markup")
            if isinstance(node, ast.ImportFrom) and node.module == "rich.console" and file.name != "screen.py":
                assert [alias.name for alias in node.names] == ["Console"]


@pytest.mark.parametrize("code", ["\x1b", "\x07", "\x9b", "\u202e", "\x00", "\ud800", "\r"])
def test_no_model_keeps_a_character_that_a_terminal_obeys(code: str) -> None:
    base = evil("f-string")
    with pytest.raises(ModelError, match=r"U\+"):
        base.replace(name=f"a{code}")
    for field in ("title", "description", "reference", "system"):
        with pytest.raises(ModelError, match=rf"{field}: it holds the character U\+{ord(code):04X}"):
            base.replace(**{field: f"a{code}"})
    with pytest.raises(ModelError, match="meaning= can't be used"):
        base.replace(derived=[Derived("load", "T + E", "", f"a{code}")])
    with pytest.raises(ModelError, match="name= can't be used"):
        base.replace(events=[Event(f"a{code}", {"E": "1"}, at=1)])
    with pytest.raises(StudyError, match="can't be called so"):
        im.Arms({f"a{code}": []})


def _found(value: object, seen: dict[str, Any]) -> None:
    """Put one record of each type that is in a value into `seen`."""
    if is_dataclass(value) and not isinstance(value, type):
        seen.setdefault(type(value).__name__, value)
        for spec in fields(value):
            _found(getattr(value, spec.name), seen)
    elif isinstance(value, tuple):
        for item in value:
            _found(item, seen)


def test_no_text_of_any_record_holds_a_character_that_a_terminal_obeys() -> None:
    """Each text of each type of record that a model, an intervention or a drug of the package is made of."""
    seen: dict[str, Any] = {}
    models = [im.load_model(name) for name in ("baker2013", "kuznetsov1994")]
    _found((*models, *(im.perturb(m, m.interventions[0]) for m in models), im.drug("adalimumab")), seen)
    assert {"Model", "Variant", "State", "Effect", "Intervention", "Operation", "Schedule", "Drug", "PK"} <= seen.keys()
    for name, record in seen.items():
        for spec in fields(record):
            value = getattr(record, spec.name)
            pairs = isinstance(value, tuple) and value and isinstance(value[0], tuple) and isinstance(value[0][0], str)
            if isinstance(value, str) or pairs:
                wrong: Any = (("\x1b[3m", *value[0][1:]), *value[1:]) if pairs else f"{value}\x1b[3m"
                with pytest.raises(ImmunodeError):
                    print(name, replace(record, **{spec.name: wrong}))


def test_a_card_never_shows_an_escape() -> None:
    with pytest.raises(ModelError, match=r"Variant '.*': name= .*U\+001B"):
        Variant("\x1b[3m")
    with pytest.raises(ModelError, match=r"Intervention 'a': note= .*U\+001B"):
        im.Intervention("a", im.scale("k", 2), note="\x1b[31m")
    with pytest.raises(ModelError, match=r"Operation '': target= can't be used"):
        im.scale("\x1b[31m", 2)
    with pytest.raises(ModelError, match=r"Intervention 'a': expects= can't be used"):
        im.Intervention("a", im.scale("k", 2), expects={"\x9bm": "up"})
    with pytest.raises(ModelError, match=r"Drug 'adalimumab': source= can't be used"):
        replace(im.drug("adalimumab"), source="\x1b")


@pytest.mark.parametrize("head", ["site", "\x9b31m"])
def test_labels_of_rows_that_a_terminal_would_obey_are_refused(head: str) -> None:
    cell = "a" if head != "site" else "\x1b[31mred"
    frame = pd.DataFrame({"k": [1.0], head: [cell]})
    frame.to_csv("design.csv", index=False)
    for given in (frame, "design.csv"):
        with pytest.raises(StudyError, match=r"can't be used: it holds the character U\+00"):
            im.from_table(given)
    with pytest.raises(StudyError, match=r"can't be used: it holds the character U\+001B"):
        im.from_table({"k": [1.0], "arm": ["\x1b"]})


def test_a_name_has_one_line() -> None:
    for name in ("a\nb", "a\tb"):
        with pytest.raises(ModelError, match=r"U\+000"):
            evil("f-string").replace(name=name)


def test_json_with_an_escape_is_refused_in_one_plain_line(capsys: pytest.CaptureFixture[str]) -> None:
    text = evil("f-string").to_json()
    for old in ('"title": "', '"note": "', '"name": "'):
        Path("a.json").write_text(text.replace(old, f"{old}\\u001b[2J\\u009b", 1), encoding="utf-8")
        with pytest.raises(StoreError, match=r"it holds the character U\+001B"):
            im.load_model("a.json")
        assert main(["show", "a.json"]) == 1
        told = capsys.readouterr().err
        assert told.count("\n") == 1
        assert not UNPRINTABLE.search(told)


def test_sbml_with_an_escape_is_read_and_shows_it() -> None:
    """XML can hold no U+001B, but the one character that begins a command as well."""
    from immunode.exchange.sbml import read_sbml

    text = to_sbml(evil("f-string"), facts=False)
    plain = text.replace('<species id="E" name="E"', '<species id="E" name="E&#x9b;31m&#x202e;"')
    assert plain != text
    plain = re.sub(r'(<model [^>]*)name="[^"]*"', r'\1name="t&#x9b;2J"', plain)
    model = read_sbml(plain)
    assert visible("t\x9b2J") == model.title
    assert visible("E\x9b31m\u202e") == next(s.meaning for s in model.states if s.name == "E")
    for record in (*model.states, *model.parameters, *model.processes):
        assert not UNPRINTABLE.search(repr(record))


def test_a_picture_that_would_unfold_without_end_is_refused() -> None:
    levels = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 12))
    Path("a.svg").write_text(f'<!DOCTYPE svg [<!ENTITY l0 "ha">{levels}]><svg>&l11;</svg>', encoding="utf-8")
    with pytest.raises(StoreError, match="it declares entities"):
        read_metadata("a.svg")


def test_a_picture_of_many_pixels_is_refused() -> None:
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    parts = [(b"IHDR", head), (b"IDAT", zlib.compress(b"\0")), (b"IEND", b"")]
    chunks = [struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in parts]
    Path("a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))
    with pytest.raises(StoreError, match="can't read"):
        read_metadata("a.png")


def test_what_a_picture_of_a_stranger_remembers_is_printed_and_never_obeyed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from matplotlib.figure import Figure

    save(Figure(), "a.png", script=f"print({ESCAPES!r})\n# {ESCAPES}\n")
    assert main(["figure", "a.png", "--code"]) == 0
    assert capsys.readouterr().out == f"print({ESCAPES!r})\n# {ESCAPES}\n"  # a file gets every byte
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert main(["figure", "a.png", "--code"]) == 0
    assert not UNPRINTABLE.search(capsys.readouterr().out)
    save(Figure(), "b.png", script="", metadata={"recipe": f"immunode run {ESCAPES}"})
    assert main(["figure", "b.png", "--code"]) == 0
    assert not UNPRINTABLE.search(capsys.readouterr().out)
