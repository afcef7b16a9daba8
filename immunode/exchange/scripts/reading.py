"""Model texts of rxode2 and mrgsolve, of the simple kind: equations, parameters, initial values."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from immunode.errors import ModelError, StoreError, quoted
from immunode.exchange.naming import lawful
from immunode.exchange.scripts.statements import Statements, numbered_statements
from immunode.language.evaluation import evaluate
from immunode.language.expression import parse
from immunode.language.tree import names
from immunode.model import Derived, Model, Parameter, Process, State

V = TypeVar("V")

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_NAME = r"[A-Za-z][A-Za-z0-9_.]*"
_REFUSED = {
    "if": "a branch", "else": "a branch", "while": "a loop", "for": "a loop", "lag": "a lag", "alag": "a lag of doses",
    "dur": "a modeled duration", "rate": "a modeled rate", "f": "an available fraction of doses",
    "F": "an available fraction of doses", "linCmt": "a closed-form compartment model", "transit": "a transit function",
}  # fmt: skip
_OF_DOSES = {
    "F": "an available fraction of doses", "ALAG": "a lag of doses", "R": "a modeled rate", "D": "a modeled duration",
}  # fmt: skip
"""What mrgsolve takes `F_DEPOT` for, beside a compartment DEPOT."""
_WHOLE = re.compile(r"(?<![\w.])(?<![eE][-+])\d+\s*/\s*\d+(?![\w.])")


@dataclass(slots=True)
class _Found:
    """What was read so far, in the order of writing; `lines`: where each name was set."""

    parameters: dict[str, tuple[float, str]] = field(default_factory=dict)
    formulas: dict[str, str] = field(default_factory=dict)
    rates: dict[str, str] = field(default_factory=dict)
    initial: dict[str, str] = field(default_factory=dict)
    pasts: dict[str, str] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)


def read_script(source: str | os.PathLike[str], *, name: str = "", time_unit: str = "") -> Model:
    """Return the model in a text of rxode2 or mrgsolve; nothing is executed.

    Read are equations (`d/dt(x) = ...`, `dxdt_x = ...`), formulas, numbers (`ini({...})`, `$PARAM`), initial values
    (`x(0) = ...`, `x_0 = ...`, `$INIT`), delays (`delay(x, tau)`) and what was before (`past(x, tau) = ...`). The
    texts tell no units, so the model has none. Random effects are 0, as in the typical patient; errors and what is to
    be observed are left out. The remarks of the model say so.

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
        a line is of another kind (branches, loops, closed forms, lags and fractions of doses, whole numbers that C++
        divides); the message names it.
    StoreError
        the file can't be read.
    """
    text, given = _text(source)
    read = numbered_statements(_inside(text))
    found = _Found()
    for number, line, block in read.found:
        _statement(found, number, line, block)
    if not found.rates:
        raise ModelError("read_script: no equation such as 'd/dt(x) = -k*x' or 'dxdt_x = -k*x' was found")
    _typical(found, read)
    return _model(found, read, name or lawful(given), time_unit)


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


def _statement(found: _Found, number: int, line: str, block: str) -> None:
    who = f"read_script, line {number}"
    word = re.match(r"[A-Za-z]+", line)
    if word and word[0] in _REFUSED and re.match(rf"{word[0]}\s*[({{]|else", line):
        raise ModelError(f"{who}: {quoted(line)} is {_REFUSED[word[0]]}, which is not read")
    match = re.fullmatch(r"(.+?)\s*(?:<-|=)(?!=)\s*(.+)", line)
    if match is None:
        raise ModelError(f"{who}: {quoted(line)} is no 'name = expression'")
    if block in ("PK", "ODE") and _WHOLE.search(match[2]):
        raise ModelError(f"{who}: {quoted(line)} divides whole numbers, which C++ rounds; write 1.0/2, not 1/2")
    target, value = match[1].strip(), _expression(match[2], who)
    rate = re.fullmatch(rf"d/dt\(\s*({_NAME})\s*\)", target) or re.fullmatch(rf"dxdt_({_NAME})", target)
    start = re.fullmatch(rf"({_NAME})\(\s*0\s*\)", target) or (
        re.fullmatch(rf"({_NAME})_0", target) if block == "PK" else None
    )
    past = re.fullmatch(rf"past\(\s*({_NAME})\s*,.+\)", target)
    if rate:
        _once(found, found.rates, rate[1], value, number)
    elif past:
        if found.pasts.setdefault(past[1], value) != value:
            raise ModelError(f"{who}: {quoted(line)} is another past of '{past[1]}', and a state has one")
    elif start:
        _once(found, found.initial, start[1], value, number)
    elif not re.fullmatch(_NAME, target):
        raise ModelError(f"{who}: {quoted(line)} sets '{target}', which is neither a name, an equation nor a start")
    elif _NUMBER.fullmatch(value) or (block == "ini" and not names(parse(value))):
        _once(found, found.parameters, target, (float(evaluate(parse(value), {})), f"line {number}"), number)
    elif block == "ini":
        raise ModelError(f"{who}: {quoted(line)} must be a number")
    else:
        _once(found, found.formulas, target, value, number)


def _once(found: _Found, table: dict[str, V], name: str, value: V, number: int) -> None:
    others = (table,) if table is found.initial else (found.parameters, found.formulas, found.rates)
    if any(name in other for other in others):
        raise ModelError(
            f"read_script, line {number}: '{name}' is set a second time; give the second one a name of its own"
        )
    table[name] = value
    found.lines.setdefault(name, number)


def _expression(text: str, who: str) -> str:
    """Return an expression of R or C++ in the language of this package."""
    text = text.strip().rstrip(";").replace("^", "**").replace("&&", " and ").replace("||", " or ")
    text = re.sub(r"!(?!=)", " not ", text)
    text = re.sub(r"\b(ETA|THETA)\s*\(\s*(\d+)\s*\)", r"\1\2", text)
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


def _typical(found: _Found, read: Statements) -> None:
    """Give random effects that formulas name the value of the typical patient, 0."""
    used = {name for table in (found.rates, found.formulas, found.initial) for text in table.values()
            for name in names(parse(text))}  # fmt: skip
    effects = [*read.effects, *sorted(name for name in used if re.fullmatch(r"ETA\d+", name))]
    for name in dict.fromkeys(effects):
        if name in used and name not in found.lines:
            where = f"line {read.effects[name]}: " if name in read.effects else ""
            found.parameters[name] = (0.0, f"{where}a random effect, 0 for the typical patient")
    if effects:
        read.remarks.append(f"random effects are left out, 0 as in the typical patient: {', '.join(effects)}")


def _model(found: _Found, read: Statements, name: str, time_unit: str) -> Model:
    known = {*found.parameters, *found.formulas, *found.rates, "t"}
    for target, text in (*found.rates.items(), *found.formulas.items(), *found.initial.items()):
        for missing in sorted(names(parse(text)) - known):
            raise ModelError(
                f"read_script, line {found.lines[target]}: '{missing}' in '{target}' has no value; give it one, "
                f"'{missing} = 1'"
            )
    for state in (*found.initial, *read.compartments):
        if state not in found.rates:
            raise ModelError(f"read_script: the compartment '{state}' has no equation")
    for one in (*found.parameters, *found.formulas):
        prefix, _, state = one.partition("_")
        if prefix in _OF_DOSES and state in read.compartments:
            raise ModelError(
                f"read_script, line {found.lines[one]}: '{one}' is {_OF_DOSES[prefix]}, which is not read; give doses "
                "to the model that was read"
            )
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
        remarks=tuple(read.remarks),
    )


def _start(text: str) -> float | str:
    return float(text) if _NUMBER.fullmatch(text) else text
