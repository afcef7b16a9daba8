"""Model texts of rxode2 and mrgsolve as numbered statements: comments, blocks and lines that go on are theirs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from immunode.errors import ModelError, quoted

_NAME = r"[A-Za-z][A-Za-z0-9_.]*"
_SKIPPED = ("SET", "CAPTURE", "TABLE", "ERROR", "SIGMA", "PROB", "PLUGIN", "NMXML", "ENV")
_BLOCKS = {"MAIN": "PK", "DES": "ODE", "FIXED": "PARAM", "INPUT": "PARAM", "GLOBALS": "GLOBAL", "PREAMBLE": "GLOBAL"}
_ERRORS = """
    add prop pow lnorm dlnorm logn dlogn norm dnorm logitNorm probitNorm pois dpois binom dbinom nbinom dbeta beta
    chisq dchisq dexp unif dunif dt cauchy dcauchy weibull dweibull ordinal ar boxCox yeoJohnson
"""
"""What an observed quantity follows; any other `name ~ expression` of rxode2 is a formula whose value is not shown."""


@dataclass(slots=True)
class Statements:
    """A text, cut.

    found : line, statement, and the block it stands in ("ini", "model", "PK" or "ODE").
    compartments : names that are declared apart from their equations.
    effects : random effects, with the line that declares them.   remarks : what is left out.
    """

    found: list[tuple[int, str, str]] = field(default_factory=list)
    compartments: list[str] = field(default_factory=list)
    effects: dict[str, int] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


def numbered_statements(text: str) -> Statements:
    """Return the statements of a model text.

    Raises
    ------
    ModelError : a block is of another kind than equations; the message names its line.
    """
    # rxode2 has no blocks; mrgsolve writes $ODE or [ ODE ]
    text = re.sub(r"^([ \t]*)\[\s*([A-Za-z]+)\s*\]", lambda one: f"{one[1]}${one[2].upper()}", text, flags=re.MULTILINE)
    return _mrgsolve(text) if re.search(r"^\s*\$", text, re.MULTILINE) else _rxode2(text)


# rxode2 ---------------------------------------------------------------------------------------------------------------


def _rxode2(text: str) -> Statements:
    read = Statements()
    block = "model"
    for number, line in _whole_lines(text):
        opened = re.match(r"(ini|model)\s*\(\s*\{", line)
        if opened:
            block = opened[1]
            line = line[opened.end() :].strip()
        if re.fullmatch(r"[})\s\"',]*", line):
            block = "model" if "}" in line else block
            continue
        closed = re.search(r"\}\s*\)\s*$", line)
        if closed:
            line = line[: closed.start()].strip()
        if not re.match(r".*\bfunction\s*\(\s*\)\s*\{?$", line) and not re.match(
            rf"{_NAME}\s*(<-|=)\s*rxode2?\s*\(", line, re.IGNORECASE
        ):
            _rxode2_statement(read, number, line, block)
        if closed:
            block = "model"
    return read


def _rxode2_statement(read: Statements, number: int, line: str, block: str) -> None:
    if re.match(r"label\s*\(", line):
        return
    left, tilde, right = (part.strip() for part in line.partition("~"))
    if not tilde:
        if block == "ini":
            line = _estimate(line)
        read.found.append((number, line, block))
    elif block == "ini":
        for name in left.split("+"):
            read.effects[name.strip()] = number
    elif re.match(rf"({'|'.join(_ERRORS.split())})\s*\(", right):
        read.remarks.append(f"line {number}: '{line}' is left out (what is observed, and its error)")
    else:
        read.found.append((number, f"{left} = {right}", block))


def _estimate(line: str) -> str:
    """Return a line of `ini` with a typical value alone: `c(low, value, high)`, `fix(value)` and labels are more."""
    line = re.sub(r"\|.*$|\blabel\s*\(.*$", "", line).strip()
    for _ in range(3):
        line = re.sub(r"\b(?:fix|fixed|FIX|FIXED)\s*\(([^()]*)\)", r"(\1)", line)
        bounds = re.search(r"\bc\s*\(([^()]*)\)", line)
        if bounds:
            parts = [p.strip() for p in bounds[1].split(",") if p.strip().lower() not in ("fix", "fixed")]
            line = f"{line[: bounds.start()]}({parts[1 if len(parts) > 1 else 0]}){line[bounds.end() :]}"
    return line


def _whole_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the statements of R with the number of their first line: one that is not finished goes on in the next."""
    begun, first = "", 0
    for number, line in enumerate(text.splitlines(), start=1):
        begun, first = (f"{begun} {line.partition('#')[0].strip()}", first or number)
        # a bracket of ini({ or model({ is open until its end, and is none of an expression's
        counted = re.sub(r"(?:ini|model|rxode2|RxODE)\s*\(\s*\{?|\}\s*\)", "{", begun)
        if begun.strip() and (re.search(r"[-+*/^,(]\s*$", counted) or counted.count("(") > counted.count(")")):
            continue
        yield from ((first, piece.strip()) for piece in begun.split(";") if piece.strip())
        begun, first = "", 0
    if begun.strip():
        yield first, begun.strip()


# mrgsolve -------------------------------------------------------------------------------------------------------------


def _mrgsolve(text: str) -> Statements:
    read = Statements()
    # a comment may go over lines; its line ends stay, so that lines keep their numbers
    text = re.sub(r"/\*.*?\*/", lambda one: "\n" * one[0].count("\n"), text, flags=re.DOTALL)
    block, options, body = "", "", list[tuple[int, str]]()
    for number, raw in enumerate([*text.splitlines(), "$END"], start=1):
        line = raw.partition("//")[0].strip()
        opened = re.match(r"\$([A-Za-z]+)\s*(.*)", line)
        if opened is None:
            body.append((number, line))
            continue
        _block(read, block, options, body)
        block = _BLOCKS.get(opened[1].upper(), opened[1].upper())
        options, rest = " ".join(re.findall(r"@\w+", opened[2])), re.sub(r"@\w+", "", opened[2])
        body = [(number, rest.strip())]
    return read


def _block(read: Statements, block: str, options: str, body: list[tuple[int, str]]) -> None:
    number = body[0][0] if body else 0
    lines = [(n, line) for n, line in body if line]
    if block in ("PK", "ODE"):
        read.found += [(n, re.sub(r"^(double|capture)\s+", "", text), block) for n, text in _cpp(lines)]
    elif block == "GLOBAL":
        for n, line in lines:
            macro = re.match(r"#\s*define\s+(\w+)\s+(.+)", line)
            if macro:
                read.found.append((n, f"{macro[1]} = {macro[2]}", "ODE"))
    elif block == "THETA":
        values = [(n, word) for n, line in lines for word in re.split(r"[\s,]+", line.partition("#")[0]) if word]
        read.found += [(n, f"THETA{i} = {word}", "ini") for i, (n, word) in enumerate(values, start=1)]
    elif block == "OMEGA":
        _effects(read, number, options, lines)
    elif block in ("PARAM", "INIT", "CMT"):
        _declared(read, block, "@annotated" in options, lines)
    elif block in _SKIPPED or not block:
        if block != "PROB" and block:
            read.remarks.append(f"line {number}: block ${block} is left out")
        for n, line in lines if not block else ():
            if not line.startswith("#"):
                raise ModelError(f"read_script, line {n}: {quoted(line)} stands before the first block")
    else:
        raise ModelError(f"read_script, line {number}: the block ${block} is of another kind than equations")


def _effects(read: Statements, number: int, options: str, lines: list[tuple[int, str]]) -> None:
    if "@labels" in options and lines:
        read.effects |= dict.fromkeys(lines[0][1].split(), number)
    elif "@annotated" in options:
        read.effects |= {line.partition(":")[0].strip(): n for n, line in lines if ":" in line}
    read.remarks.append(f"line {number}: block $OMEGA is left out")


def _declared(read: Statements, block: str, annotated: bool, lines: list[tuple[int, str]]) -> None:
    target, ending = ("PK", "_0") if block == "INIT" else ("ini", "")
    for number, text in lines:
        line = text.partition("#")[0].strip()
        if annotated and ":" in line:  # else the rest of a description
            name, value, *_ = [part.strip() for part in f"{line}:".split(":")]
            if block == "CMT":
                read.compartments.append(name)
            else:
                read.found.append((number, f"{name}{ending} = {value}", target))
        elif block == "CMT" and not annotated:
            read.compartments += re.split(r"[\s,]+", line.strip(", "))
        elif not annotated:
            for piece in re.split(r"[,;](?![^(]*\))|(?<=\d)\s+(?=[A-Za-z]\w*\s*=)", line):
                name, sign, value = (part.strip() for part in piece.partition("="))
                if name:
                    read.found.append((number, f"{name}{ending} {sign} {value}", target))


def _cpp(lines: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Yield the statements of C++ with the number of their first line; each ends at its semicolon."""
    begun, first = "", 0
    for number, line in lines:
        if line.startswith("#"):
            raise ModelError(f"read_script, line {number}: {quoted(line)} is for the preprocessor, which is not run")
        for piece in re.split(r"(;)", line):
            if piece == ";" and begun.strip():
                yield first, begun.strip()
            if piece == ";":
                begun, first = "", 0
            elif piece.strip():
                begun, first = f"{begun} {piece.strip()}", first or number
    if begun.strip():
        yield first, begun.strip()
