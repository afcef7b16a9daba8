"""Model texts of rxode2 and mrgsolve, of the simple kind: equations, parameters, initial values."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from immunode.errors import ModelError, StoreError, quoted
from immunode.exchange.naming import lawful
from immunode.language.evaluation import evaluate
from immunode.language.expression import parse
from immunode.language.tree import names
from immunode.model import Derived, Model, Parameter, Process, State

V = TypeVar("V")

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_NAME = r"[A-Za-z][A-Za-z0-9_.]*"
_REFUSED = {
    "if": "a branch", "else": "a branch", "while": "a loop", "for": "a loop", "lag": "a lag", "alag": "a lag of doses",
    "dur": "a modeled duration", "rate": "a modeled rate", "linCmt": "a closed-form compartment model",
    "transit": "a transit function",
}  # fmt: skip
_SKIPPED = ("GLOBAL", "SET", "CAPTURE", "TABLE", "ERROR", "OMEGA", "SIGMA", "PROB", "PLUGIN", "NMXML")


@dataclass(slots=True)
class _Found:
    """What was read so far, in the order of writing."""

    parameters: dict[str, tuple[float, str]] = field(default_factory=dict)
    formulas: dict[str, str] = field(default_factory=dict)
    rates: dict[str, str] = field(default_factory=dict)
    initial: dict[str, str] = field(default_factory=dict)
    pasts: dict[str, str] = field(default_factory=dict)
    compartments: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def read_script(source: str | os.PathLike[str], *, name: str = "", time_unit: str = "") -> Model:
    """Return the model in a text of rxode2 or mrgsolve; nothing is executed.

    Read are equations (`d/dt(x) = ...`, `dxdt_x = ...`), formulas, numbers (`ini({...})`, `$PARAM`), initial values
    (`x(0) = ...`, `x_0 = ...`, `$INIT`), delays (`delay(x, tau)`) and what was before (`past(x, tau) = ...`). The
    texts tell no units, so the model has none. Random effects, doses and what is to be observed are left out, and the
    remarks of the model say so.

    Parameters
    ----------
    source : str | os.PathLike[str]
        a file, or the text itself.
    name : str
        of the model; "" is the file's, or "model".
    time_unit : str
        what one unit of time is, such as "hour" (the model's `clock`); "" is none.

    Raises
    ------
    ModelError
        a line is of another kind (branches, loops, lags, closed forms); the message names it.
    StoreError
        the file can't be read.
    """
    text, given = _text(source)
    text = _inside(text)
    blocks = re.search(r"^\s*\$", text, re.MULTILINE) is not None
    found = _Found()
    for number, line, block in _mrgsolve(text, found) if blocks else _rxode2(text, found):
        _statement(found, number, line, block)
    if not found.rates:
        raise ModelError("read_script: no equation such as 'd/dt(x) = -k*x' or 'dxdt_x = -k*x' was found")
    return _model(found, name or lawful(given), time_unit)


def _text(source: str | os.PathLike[str]) -> tuple[str, str]:
    if isinstance(source, str) and ("\n" in source or "=" in source):
        return source, "model"
    path = Path(source)
    try:
        return path.read_text(encoding="utf-8"), path.stem
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"read_script: '{path}' can't be read ({error})") from None


def _inside(text: str) -> str:
    """Return the model text in a script of R: what `rxode2("...")` or `code <- '...'` holds, and the parameters.

    What is cut away leaves its line ends, so that lines keep their numbers.
    """
    quoted_ = re.search(r"(?:rxode2|RxODE|mcode|<-|=)\s*\(?\s*([\"'])(?=\s*\n)(.*?)\1", text, re.DOTALL)
    if quoted_ is None:
        return re.sub(r"^\s*(?:library|require)\s*\(.*\)\s*$", "", text, flags=re.MULTILINE)
    before = "\n" * text[: quoted_.start(2)].count("\n")
    numbers = re.search(r"^parameters\s*(?:<-|=)\s*c\((.*?)^\)", text, re.DOTALL | re.MULTILINE)
    given = [re.sub(r",?\s*(#.*)?$", "", line).strip() for line in (numbers[1].splitlines() if numbers else ())]
    ini = "\nini({\n" + "\n".join(given) + "\n})\n" if any(given) else ""
    return before + quoted_[2] + ini


# Statements -----------------------------------------------------------------------------------------------------------


def _rxode2(text: str, found: _Found) -> Iterator[tuple[int, str, str]]:
    """Yield number, statement and block ("ini" or "model") of each line."""
    block = "model"
    for number, line in _lines(text, ("#",)):
        opened = re.match(r"(ini|model)\s*\(\s*\{", line)
        if opened:
            block = opened[1]
            line = line[opened.end() :].strip()
        closed = re.search(r"\}\s*\)\s*$", line)
        if closed and line[: closed.start()].strip():
            yield number, line[: closed.start()].strip(), block
            block = "model"
            continue
        if re.fullmatch(r"[})\s\"',]*", line):
            block = "model" if "}" in line else block
            continue
        if re.match(r".*\bfunction\s*\(\s*\)\s*\{?$", line) or re.match(rf"{_NAME}\s*(<-|=)\s*rxode2?\s*\(", line):
            continue
        if "~" in line:
            found.remarks.append(f"line {number}: '{line}' is left out (random effects and errors)")
            continue
        yield number, line, block


def _mrgsolve(text: str, found: _Found) -> Iterator[tuple[int, str, str]]:
    block, annotated = "", False
    for number, line in _lines(text, ("//", "#")):
        opened = re.match(r"\$([A-Z]+)\s*(.*)", line)
        if opened:
            block, rest = opened[1], opened[2]
            block = {"MAIN": "PK", "DES": "ODE", "INIT": "INIT", "PARAM": "PARAM", "THETA": "PARAM"}.get(block, block)
            annotated = "@annotated" in rest
            line = "" if block in _SKIPPED else rest.replace("@annotated", "").strip()
            if block in _SKIPPED and block != "PROB":
                found.remarks.append(f"line {number}: block ${opened[1]} is left out")
        if block in _SKIPPED or not line:
            continue
        if annotated and block in ("PARAM", "INIT", "CMT"):
            if ":" not in line:
                continue  # the rest of a description
            head, *rest_ = [part.strip() for part in line.split(":")]
            if block == "CMT":
                found.compartments.append(head)
            elif block == "INIT":
                yield number, f"{head}_0 = {rest_[0]}", "PK"
            else:
                yield number, f"{head} = {rest_[0]}", "ini"
            continue
        if block == "CMT":
            found.compartments += line.split()
        elif block in ("PARAM", "INIT"):
            for piece in re.split(r",(?![^(]*\))", line):
                key, sign, value = piece.partition("=")
                if piece.strip():
                    yield (
                        number,
                        f"{key.strip()}{'_0' if block == 'INIT' else ''}{sign}{value}",
                        ("PK" if block == "INIT" else "ini"),
                    )
        elif block in ("PK", "ODE"):
            yield number, re.sub(r"^(double|capture)\s+", "", line), block
        else:
            raise ModelError(f"read_script, line {number}: the block ${block} is of another kind than equations")


def _lines(text: str, comments: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), start=1):
        for sign in comments:
            line = line.partition(sign)[0]
        for piece in line.split(";"):
            if piece.strip():
                yield number, piece.strip()


def _statement(found: _Found, number: int, line: str, block: str) -> None:
    who = f"read_script, line {number}"
    word = re.match(r"[A-Za-z]+", line)
    if word and word[0] in _REFUSED and re.match(rf"{word[0]}\s*[({{]|else", line):
        raise ModelError(f"{who}: {quoted(line)} is {_REFUSED[word[0]]}, which is not read")
    match = re.fullmatch(r"(.+?)\s*(?:<-|=)(?!=)\s*(.+)", line)
    if match is None:
        raise ModelError(f"{who}: {quoted(line)} is no 'name = expression'")
    target, value = match[1].strip(), _expression(match[2], who)
    rate = re.fullmatch(rf"d/dt\(\s*({_NAME})\s*\)", target) or re.fullmatch(rf"dxdt_({_NAME})", target)
    start = re.fullmatch(rf"({_NAME})\(\s*0\s*\)", target) or (
        re.fullmatch(rf"({_NAME})_0", target) if block == "PK" else None
    )
    past = re.fullmatch(rf"past\(\s*({_NAME})\s*,.+\)", target)
    if rate:
        _once(found.rates, rate[1], value, who)
    elif past:
        if found.pasts.setdefault(past[1], value) != value:
            raise ModelError(f"{who}: {quoted(line)} is another past of '{past[1]}', and a state has one")
    elif start:
        _once(found.initial, start[1], value, who)
    elif not re.fullmatch(_NAME, target):
        raise ModelError(f"{who}: {quoted(line)} sets '{target}', which is neither a name, an equation nor a start")
    elif _NUMBER.fullmatch(value) or (block == "ini" and not names(parse(value))):
        _once(found.parameters, target, (float(evaluate(parse(value), {})), f"line {number}"), who)
    elif block == "ini":
        raise ModelError(f"{who}: {quoted(line)} must be a number")
    else:
        _once(found.formulas, target, value, who)


def _once(
    table: dict[str, object] | dict[str, str] | dict[str, tuple[float, str]], name: str, value: object, who: str
) -> None:
    if name in table:
        raise ModelError(f"{who}: '{name}' is set a second time; give the second one a name of its own")
    table[name] = value  # type: ignore[assignment]


def _expression(text: str, who: str) -> str:
    """Return an expression of R or C++ in the language of this package."""
    text = text.strip().rstrip(";").replace("^", "**").replace("&&", " and ").replace("||", " or ")
    text = re.sub(r"!(?!=)", " not ", text)
    text = re.sub(r"\bSOLVERTIME\b|\bTIME\b|\btime\b", "t", text)
    text = re.sub(r"\b(?:fabs|R_pow)\b", lambda found: {"fabs": "abs"}.get(found[0], "pow"), text)
    text = re.sub(r"\b(fmin|fmax)\b", lambda found: found[0][1:], text)
    text = _calls(text, "pow", lambda parts: f"({parts[0]})**({parts[1]})")
    text = re.sub(r"\bchoose\b", "ifelse", text)
    text = _calls(text, "ifelse", lambda parts: f"piecewise({parts[1]}, {parts[0]}, {parts[2]})")
    try:
        parse(text)
    except ModelError as error:
        raise ModelError(f"{who}: {error}") from None
    return text


def _calls(text: str, function: str, write: Callable[[list[str]], str]) -> str:
    """Return a text in which each call of a function is written anew from its arguments."""
    while (found := re.search(rf"\b{function}\s*\(", text)) is not None:
        depth, parts, at = 1, [""], found.end()
        while at < len(text) and depth:
            sign = text[at]
            depth += {"(": 1, ")": -1}.get(sign, 0)
            if depth == 1 and sign == ",":
                parts.append("")
            elif depth:
                parts[-1] += sign
            at += 1
        needed = {"pow": 2, "ifelse": 3}[function]
        if depth or len(parts) != needed:
            raise ModelError(f"read_script: {function} needs {needed} arguments in {quoted(text)}")
        text = text[: found.start()] + write([part.strip() for part in parts]) + text[at:]
    return text


# The model ------------------------------------------------------------------------------------------------------------


def _model(found: _Found, name: str, time_unit: str) -> Model:
    known = {*found.parameters, *found.formulas, *found.rates, "t"}
    for target, text in (*found.rates.items(), *found.formulas.items(), *found.initial.items()):
        for missing in sorted(names(parse(text)) - known):
            raise ModelError(f"read_script: '{missing}' in '{target}' has no value; give it one, '{missing} = 1'")
    for state in (*found.initial, *found.compartments):
        if state not in found.rates:
            raise ModelError(f"read_script: the compartment '{state}' has no equation")
    return Model(
        name=name,
        clock=time_unit,
        states=tuple(
            State(s, _start(found.initial.get(s, "0")), typical=1.0, history=found.pasts.get(s, ""))
            for s in found.rates
        ),
        parameters=tuple(
            Parameter(p, value, meaning="", source=f"read from a model text, {where}")
            for p, (value, where) in found.parameters.items()
        ),
        derived=tuple(Derived(d, text) for d, text in found.formulas.items()),
        processes=tuple(Process(f"change_of_{s}", f"-> {s}", text) for s, text in found.rates.items()),
        readouts=tuple(found.rates)[:4],
        remarks=tuple(found.remarks),
    )


def _start(text: str) -> float | str:
    return float(text) if _NUMBER.fullmatch(text) else text
