"""Random texts to every reader: each is read, or refused with an error of ours in a message that can be read.

A quick round of 2,000 texts runs always; `-m soak` runs 100,000 for each reader.
"""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import immunode as im
from immunode.errors import ImmunodeError
from immunode.exchange.sheets import sheet
from immunode.language.dimension import parse_unit
from immunode.language.expression import parse, parse_arrow
from immunode.model.units import parse_time
from immunode.study.endpoints import endpoint
from immunode.study.result.row_condition import rows_that
from tests.clock import cpu_below

pandas = pytest.importorskip("pandas")

QUICK, MANY = 2_000, 100_000
LONGEST = 1_200
"""Characters that the message on any text may have: a line of 1,000, and what stands around it."""
SLOW = 5.0
"""Seconds that no text may take."""
MODEL = im.load_model("kuznetsov1994")
JSON = MODEL.to_json()
WORDS = {
    "rate": "x k T t E 2 0 1e300 1e-300 9e99 .5 1/3 ( ) ( ) + - * / ** < <= == and or not , hill( min( max( exp( log( "
    "sqrt( piecewise( abs( michaelis( floor( a.b __x lambda if é ² 0x1 1_0 \t \n ' [ { : ;",
    "unit": "cell mL day mg kg 1 0 / * ** ^ ( ) -1 2 1e300 1e-300 0.5 1/3 nan inf pi degC dB mol L % µg m² furlong "
    "delta_ s bel hour e counts neper ) ( 1e999 a_b ⁻¹ é",
    "regimen": "40 0 -1 1e300 mg mg/kg mg/h kg sc iv po q2w q0d bid every 2 weeks x 26 x 1e300 at week 0, 2, 6 then "
    "over 2 h from day 3 at steady state until missing dose 3 , F 0.5 lag 1 d loading once ss time µg months 1e-300 "
    "× and",
    "endpoint": "peak( final( at( auc( time_to( fraction_of_time( T E ) ) , 24 weeks 1e300 nan inf > < == and or not 0 "
    "k t ( "
    "trough( time_of_peak( - * / **",
    "arrow": "A B 2 0.5 0 -> -> + E T <-> => 1e300 * - é \n ( ) -1",
    "time": "1 2.5 -1 1e300 1e999 nan inf week weeks h day months mg / * é",
    "condition": "final(T) k > < >= == 1 1e6 and or not ( ) , * / - x at(T, 0) peak( T 1e300 nan",
    "csv": "k s ID arm , ; \t \n \n 1 0,5 0.5 nan inf text \" ' 1e300 sep=; \r\n time value é \ufeff #",
}
CHARACTERS = "abkxTE019.,;:+-*/^()<>=!&|[]{}'\"\\ \t\n_%µé²⁻\x00\x1b\u202e𝒳"


SEEDS = {
    "rate": ["k*x*(1 - x/T)", "piecewise(k*x, x > 2 and not T < 1, 0)", "hill(x, T, 2)*max(k, 1/3)", "+2**2*x",
             "+(1/3)*x"],
    "unit": ["cell/(mL*day)", "1/(cell day)", "mg/kg", "10**3 cell", "m^(1/2)/s"],
    "regimen": ["5 mg/kg iv over 2 h at week 0, 2, 6 then q8w x 6", "40 mg sc q2w x 26 missing dose 3, 5",
                "10 mg/h iv at steady state until day 2",
                "80 mg sc lag 1 d F 0.5 then 40 mg every 2 weeks x 3 from day 7"],
    "endpoint": ["peak(T)", "at(T, 24 weeks)", "time_to(T > 1e8 and E < 2*k)", "fraction_of_time(not T > 1)"],
    "arrow": ["2 A + B -> C", "-> A", "A ->", "0.5 A -> 2 B + C"],
    "time": ["2 weeks", "1e3 h", "180", "-2.5 days"],
    "condition": ["final(T) > 1 and k < 2", "not final(T)/k >= 0.5 or k > 1e3"],
    "csv": ["k;s;who\n0,1;2;a\n0,2;3;b\n", "ID,k,arm\n1,0.5,control\n2,0.7,block\n", "k\ts\n1\t2\n"],
}  # fmt: skip


def changed(draw: random.Random, text: str, words: list[str]) -> str:
    """Return a text that can be read with up to three of its pieces left out, doubled or replaced."""
    pieces = re.findall(r"\w+|\W", text)
    for _ in range(draw.randint(0, 3)):
        place = draw.randrange(len(pieces))
        pieces[place] = draw.choice(("", 2 * pieces[place], draw.choice(words)))
    return "".join(pieces)


def texts(kind: str, n: int) -> list[str]:
    """Return `n` texts: words of the language in any order, some with strange characters, some very long."""
    draw = random.Random(f"{kind} 2024")
    words = WORDS[kind].split(" ")
    made = []
    for _ in range(n):
        parts = draw.choices(words, k=draw.randint(1, 12))
        text = draw.choice(("", " ")).join(parts)
        if draw.random() < 0.5:
            text = changed(draw, draw.choice(SEEDS[kind]), words)
        style = draw.random()
        if style < 0.15:
            place = draw.randint(0, len(text))
            text = text[:place] + "".join(draw.choices(CHARACTERS, k=draw.randint(1, 6))) + text[place:]
        elif style < 0.2:
            text = text * draw.choice((3, 40, 400))
        made.append(text)
    return made


def check(read: Callable[[Any], object], given: Any) -> bool:
    """Return whether something was read; fail where it was neither read nor refused in short words."""
    with cpu_below(SLOW, given):
        try:
            read(given)
            return True
        except ImmunodeError as error:
            message = str(error)
            assert message.strip(), f"no message for {given!r:.300}"
            assert max(map(len, message.splitlines())) <= LONGEST, f"{len(message)} characters for {given!r:.300}"
        except Exception as error:
            raise AssertionError(f"{type(error).__name__}: {error} for {given!r:.300}") from error
    return False


def read_endpoint(text: str) -> object:
    return endpoint(text).names()


def read_rate(text: str) -> object:
    model = im.Model(
        "m",
        time_unit="day",
        states=[im.State("x", 1.0, "cell"), im.State("T", 1.0, "cell")],
        parameters=[im.Parameter("k", 1.0, "1/day"), im.Parameter("E", 1.0, "cell")],
        processes=[im.Process("p", "x ->", text)],
    )
    return model.equations("latex"), sheet(model), sheet(model, "latex"), model.to_json()


COLUMNS = {"final(T)": pandas.Series([1.0, 2.0]).to_numpy(), "k": pandas.Series([1.0, 2.0]).to_numpy()}
READERS: dict[str, tuple[str, Callable[[Any], object]]] = {
    "rate parser": ("rate", parse),
    "rate in a model": ("rate", read_rate),
    "unit": ("unit", parse_unit),
    "arrow": ("arrow", parse_arrow),
    "time": ("time", lambda text: parse_time(text, MODEL)),
    "regimen": ("regimen", im.pk.regimen),
    "endpoint": ("endpoint", read_endpoint),
    "condition": ("condition", lambda text: rows_that(text, COLUMNS)),
    "name of a model": ("rate", im.load_model),
}
FEWER = {"name of a model": 100}
"""Readers that look through all files for what was likely meant get this part of the texts."""


@pytest.mark.parametrize("reader", READERS)
def test_a_text_is_read_or_refused(reader: str) -> None:
    kind, read = READERS[reader]
    was_read = {check(read, text) for text in texts(kind, QUICK // FEWER.get(reader, 1))}
    assert was_read == ({False} if reader in FEWER else {True, False})


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize("reader", READERS)
def test_many_texts_are_read_or_refused(reader: str) -> None:
    kind, read = READERS[reader]
    was_read = {check(read, text) for text in texts(kind, MANY // FEWER.get(reader, 1))}
    assert was_read == ({False} if reader in FEWER else {True, False})


def mutated(draw: random.Random) -> str:
    """Return JSON of a model with something changed: a value, a field, a piece of its text."""
    if draw.random() < 0.3:
        place = draw.randint(0, len(JSON))
        return (
            JSON[:place] + "".join(draw.choices(CHARACTERS, k=draw.randint(0, 5))) + JSON[place + draw.randint(0, 9) :]
        )
    data = json.loads(JSON)
    odd: list[Any] = [
        None, True, -1, 0, 1e308, 10**400, "", "x" * 4000, "nan", [], {}, [[]], {"type": "Model"}, {"type": "x"}, "T",
        "1/0", "2**9999", 3.5, ["T", 1], "0 s",
    ]  # fmt: skip
    for _ in range(draw.randint(1, 3)):
        node: Any = data
        while isinstance(node, dict | list) and node:
            key = draw.choice(list(node) if isinstance(node, dict) else range(len(node)))
            if not isinstance(node[key], dict | list) or not node[key] or draw.random() < 0.2:
                action = draw.random()
                if action < 0.8:
                    node[key] = copy.deepcopy(draw.choice(odd))
                elif action < 0.9:
                    del node[key]
                elif isinstance(node, dict):
                    node[draw.choice(("name", "rate", "typo", "unit"))] = copy.deepcopy(draw.choice(odd))
                break
            node = node[key]
    return json.dumps(data)


def read_json(text: str) -> object:
    model = im.Model.from_json(text)
    return sheet(model), repr(model), model.equations()


def event_table(draw: random.Random) -> Any:
    """Return an event table with up to four rows, in half of the cases with few odd cells."""
    odd: list[Any] = [
        0,
        1,
        -1,
        2.5,
        1e300,
        1e9,
        float("inf"),
        float("nan"),
        None,
        ".",
        "",
        "C",
        "x",
        "1,5",
        "7",
        True,
        24,
    ]
    usual: dict[str, list[Any]] = {
        "TIME": [0, 1, 2.5, 7, 30], "AMT": [0, 10, 2.5], "II": [0, 1, 12], "ADDL": [0, 0, 3, 1e9], "RATE": [0, 0, 5],
        "DUR": [0, 0, 2], "EVID": [0, 1, 1], "SS": [0, 0, 1], "CMT": [1, 2], "LAG": [0, 1], "F": [0.5, 1], "ID": [1],
        "C": [".", ".", "C"],
    }  # fmt: skip
    share = draw.choice((0.0, 0.05, 0.5))
    rows = draw.randint(0, 4)
    names = dict.fromkeys(["TIME", "AMT", *draw.choices(list(usual), k=draw.randint(0, 5))])
    columns = {
        name: [draw.choice(odd if draw.random() < share else usual[name]) for _ in range(rows)] for name in names
    }
    return pandas.DataFrame(columns, dtype=object)


def read_events(table: Any) -> object:
    made = im.pk.Regimen.from_table(table)
    assert im.pk.regimen(str(made)) == made
    return made.to_table(until=100)


def rounds(n: int, folder: Path) -> None:
    draw = random.Random(2024)
    assert {check(read_json, mutated(draw)) for _ in range(n)} == {True, False}
    assert {check(read_events, event_table(draw)) for _ in range(n)} == {True, False}
    file = folder / "table.csv"
    was_read = set()
    for text in texts("csv", n):
        file.write_text(text, encoding="utf-8")
        was_read.add(check(im.from_table, file))
    assert was_read == {True, False}


@pytest.mark.slow
def test_models_event_tables_and_files_are_read_or_refused(tmp_path: Path) -> None:
    rounds(QUICK // 4, tmp_path)


@pytest.mark.slow
@pytest.mark.soak
def test_many_models_event_tables_and_files_are_read_or_refused(tmp_path: Path) -> None:
    rounds(MANY, tmp_path)
