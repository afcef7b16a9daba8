"""Units: from text to a factor and powers of base units, and the arithmetic of these.

The units of the field are a table here, so that a model is checked without loading Pint (a quarter of a second);
every other unit is asked of Pint, and a test holds the table against it. `kg` is body mass and a base unit of its
own, so that a dose in mg/kg keeps its kg; g, mg, ug, ng are mass.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from immunode.errors import UnitError, did_you_mean, nearest, quoted

Powers = tuple[tuple[str, Fraction], ...]

_BASE_UNITS = {"cell": "cells", "copy": "copies", "PFU": "", "CFU": "", "TCID50": "", "IU": "", "AU": "", "kg": ""}
"""Base units that Pint doesn't have, with a second name."""
_BODY = "body_kg"


@dataclass(frozen=True, slots=True)
class Dimension:
    """A unit as `factor` times powers of base units (s, m, g, mol, kg of body, cell, ...)."""

    factor: float = 1.0
    powers: Powers = ()

    def __mul__(self, other: Dimension) -> Dimension:
        return _sized(self.factor * other.factor, _join(self.powers, other.powers, 1))

    def __truediv__(self, other: Dimension) -> Dimension:
        return _sized(self.factor / other.factor, _join(self.powers, other.powers, -1))

    def __pow__(self, exponent: Fraction | int) -> Dimension:
        if exponent == 0:
            return Dimension()
        try:
            factor = self.factor**exponent if exponent.denominator == 1 else self.factor ** float(exponent)
        except (OverflowError, ZeroDivisionError):
            factor = math.inf
        return _sized(factor, tuple((base, power * exponent) for base, power in self.powers))

    @property
    def dimensionless(self) -> bool:
        """Whether it is a plain number, of which 1 is 1."""
        return self.same(Dimension())

    def same(self, other: Dimension) -> bool:
        """Return whether both are the same unit, so that numbers in them can be added without conversion."""
        return self.powers == other.powers and math.isclose(self.factor, other.factor, rel_tol=1e-9)

    def __str__(self) -> str:
        return describe(self)


class _SizeError(UnitError):
    """A product of units left the range of numbers."""


def _sized(factor: float, powers: Powers) -> Dimension:
    """Return a dimension; products of units may leave the range of numbers.

    Raises
    ------
    UnitError : the factor is 0 or not finite.
    """
    if not 0 < factor < math.inf:
        raise _SizeError(f"a product of units has the size {factor:g}; a unit is above 0 and finite")
    return Dimension(factor, powers)


def _join(a: Powers, b: Powers, sign: int) -> Powers:
    if not b:
        return a
    total = dict(a)
    for base, power in b:
        total[base] = total.get(base, Fraction(0)) + sign * power
    return tuple(sorted((base, power) for base, power in total.items() if power))


def _named_units() -> dict[str, Dimension]:
    """Return the units of the field, each under all its names."""
    one = Fraction(1)
    base = {name: Dimension(1.0, ((name, one),)) for name in ("s", "m", "g", "mol", *_BASE_UNITS)}
    liter = Dimension(1e-3, (("m", Fraction(3)),))
    molar = Dimension(1e3, (("m", Fraction(-3)), ("mol", one)))
    table = dict(base)
    prefixes = {"m": 1e-3, "u": 1e-6, "n": 1e-9, "p": 1e-12, "f": 1e-15, "c": 1e-2, "d": 1e-1}
    for prefix, size in prefixes.items():
        for name, unit in (("g", base["g"]), ("L", liter), ("l", liter), ("mol", base["mol"]), ("M", molar)):
            table[prefix + name] = Dimension(size * unit.factor, unit.powers)
    table |= {prefix + "m": Dimension(prefixes[prefix], base["m"].powers) for prefix in "munc"}
    table["ms"] = Dimension(1e-3, base["s"].powers)
    table |= {"L": liter, "l": liter, "liter": liter, "liters": liter, "M": molar, "cc": table["mL"]}
    dalton = 1.66053906892e-24  # g, CODATA 2022
    table |= {"Da": Dimension(dalton, base["g"].powers), "kDa": Dimension(1e3 * dalton, base["g"].powers)}
    table |= {"%": Dimension(0.01), "percent": Dimension(0.01), "dimensionless": Dimension()}
    table |= {second: base[first] for first, second in _BASE_UNITS.items() if second}
    times = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "day": 86400.0, "week": 604800.0}
    words = {"second": "s", "sec": "s", "minute": "min", "hour": "h", "hr": "h", "day": "day", "week": "week"}
    table |= {name: Dimension(size, base["s"].powers) for name, size in times.items()}
    for word, short in words.items():
        table[word] = table[word + "s"] = table[short]
    for word, days in (("month", 365.25 / 12), ("year", 365.25)):
        table[word] = table[word + "s"] = Dimension(days * 86400.0, base["s"].powers)
    return table


NAMED = _named_units()

_TOKEN = re.compile(
    r"(?P<space>\s+)|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|(?P<name>%|[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<sign>\*\*|[-*/^()])"
)
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


@lru_cache(maxsize=4096)
def parse_unit(text: str, extra_units: tuple[str, ...] = ()) -> Dimension:
    """Return the dimension of a unit text such as `"cell/(mL*day)"`, `"mg/kg"`, `"1/(cell day)"`; `""` is a number.

    extra_units : names that are base units besides the known ones (a model's own `Unit`s).

    Raises
    ------
    UnitError : a unit is not known, has an offset (degC), or the text can't be read.
    """
    if not isinstance(text, str):
        raise UnitError(f"a unit is text, but {type(text).__name__} was found")
    if not text.strip():
        return Dimension()
    if len(text) > 200:
        raise UnitError(f"a unit of {len(text):,} characters is too long: {quoted(text)}")
    plain = text.replace("µ", "u").replace("μ", "u").replace("·", "*")
    plain = re.sub(r"[⁻⁰¹²³⁴-⁹]+", lambda m: f"**{m.group().translate(_RAISED)}", plain)
    reader = _Reader(text, plain, extra_units)
    try:
        result = reader.product()
    except _SizeError as error:
        raise UnitError(f"the unit {quoted(text)}: {error}") from None
    if reader.tokens:
        raise UnitError(f"can't read the unit {quoted(text)} at '{reader.tokens[0]}'")
    return result


class _Reader:
    """One pass over one unit text."""

    def __init__(self, text: str, plain: str, extra_units: tuple[str, ...]) -> None:
        self.text, self.extra_units = text, extra_units
        self.tokens: list[str] = []
        self.depth = position = 0
        while position < len(plain):
            match = _TOKEN.match(plain, position)
            if match is None:
                raise UnitError(f"unexpected character {plain[position]!r} in the unit {quoted(text)}")
            if match.lastgroup != "space":
                self.tokens.append(match.group())
            position = match.end()

    def peek(self) -> str:
        """Return the next token without going on, "" at the end."""
        return self.tokens[0] if self.tokens else ""

    def product(self) -> Dimension:
        """Read units joined by *, / or a space."""
        result = self.power()
        divided = False
        while self.tokens and self.peek() != ")":
            sign = self.tokens.pop(0) if self.peek() in ("*", "/") else ""
            if not sign and divided:
                raise UnitError(f"the unit {quoted(self.text)} can be read in two ways; write 1/(a b), or a*b")
            divided = divided or sign == "/"
            factor = self.power()
            result = result / factor if sign == "/" else result * factor
        return result

    def power(self) -> Dimension:
        """Read a unit and its power: a whole number, a decimal or a fraction in brackets."""
        base = self.atom()
        if self.peek() not in ("**", "^"):
            return base
        self.tokens.pop(0)
        bracket = self.peek() == "("
        if bracket:
            self.tokens.pop(0)
        exponent = self.signed()
        if bracket:
            if self.peek() == "/":
                self.tokens.pop(0)
                below = self.signed()
                if not below:
                    raise UnitError(f"a power in the unit {quoted(self.text)} is divided by 0")
                exponent /= below
            self.expect(")")
        if abs(exponent) > 100:
            raise UnitError(f"the power {exponent} in the unit {quoted(self.text)} is too large")
        return base**exponent

    def signed(self) -> Fraction:
        """Read a number that may have a minus."""
        sign = -1 if self.peek() == "-" else 1
        if sign < 0:
            self.tokens.pop(0)
        if not self.peek()[:1].isdigit() or len(self.peek()) > 10 or "e" in self.peek().lower():
            raise UnitError(f"a power in the unit {quoted(self.text)} is not a number")
        return sign * Fraction(self.tokens.pop(0))

    def atom(self) -> Dimension:
        """Read a bracket, a number or a named unit."""
        token = self.tokens.pop(0) if self.tokens else ""
        if token == "(":
            self.depth += 1
            if self.depth > 20:
                raise UnitError(f"the unit {quoted(self.text)} is nested too deeply")
            inside = self.product()
            self.expect(")")
            return inside
        if token[:1].isdigit() or token[:1] == ".":
            return self.number(float(token))
        if token and (token[0].isalpha() or token[0] in "_%"):
            return unit_named(token, self.text, self.extra_units)
        problem = f"'{token}' stands where a unit must" if token else "it ends too early"
        raise UnitError(
            f"can't read the unit {quoted(self.text)}: {problem}; write for instance 1/day or cell/(mL*day)"
        )

    def number(self, size: float) -> Dimension:
        """Return a number as a unit without a dimension."""
        if not 0 < size < math.inf:
            raise UnitError(f"the unit {quoted(self.text)} has the size {size:g}; a unit is above 0 and finite")
        return Dimension(size)

    def expect(self, token: str) -> None:
        """Step over a token that must come next."""
        if self.peek() != token:
            raise UnitError(f"a '{token}' is missing in the unit {quoted(self.text)}")
        self.tokens.pop(0)


def unit_named(name: str, text: str = "", extra_units: tuple[str, ...] = ()) -> Dimension:
    """Return the dimension of one named unit; raises UnitError with the nearest names."""
    if name in extra_units:
        return Dimension(1.0, ((name, Fraction(1)),))
    if name in NAMED:
        return NAMED[name]
    if name in ("kilogram", "kilograms"):
        raise UnitError(f"unit {quoted(name)}: write kg for body mass, or g for any other mass")
    unit = _from_pint(name)
    if unit is not None:
        return unit
    inside = f" in {quoted(text)}" if text and text != name else ""
    known = [*extra_units, *NAMED]
    hint = did_you_mean(name, known if nearest(name, known) else list(registry()))
    raise UnitError(
        f"unknown unit {quoted(name)}{inside}{hint} (a model's own unit is declared with units=[Unit(...)])"
    )


@lru_cache(maxsize=1)
def registry() -> Any:
    """Return the one Pint registry of the package: Pint's own units, and cells, copies, PFU, IU, ... as base units."""
    import pint

    units: Any = pint.UnitRegistry()
    for first, second in _BASE_UNITS.items():
        # Pint builds on its own kg (the dalton, the joule), so that body mass has a name of its own there
        name = _BODY if first == "kg" else first
        units.define(f"{name} = [{name}]" + (f" = {name} = {second}" if second else ""))
    return units


@lru_cache(maxsize=1024)
def _from_pint(name: str) -> Dimension | None:
    import pint

    units = registry()
    try:
        unit = units.parse_units(name)
        factor, roots = units.get_root_units(unit, check_nonmult=True)
    except (pint.UndefinedUnitError, pint.DefinitionSyntaxError):
        return None
    except ValueError:  # names that Pint reads as numbers, such as nan
        return None
    except pint.OffsetUnitCalculusError:
        factor = None
    if factor is None or not units._is_multiplicative(str(unit)):
        raise UnitError(
            f"unit {quoted(name)} has an offset or is logarithmic; use one that starts at zero, such as kelvin"
        )
    short = {"second": "s", "meter": "m", "gram": "g", "mole": "mol", _BODY: "kg"}
    powers = sorted((short.get(str(root), str(root)), Fraction(power)) for root, power in roots._units.items())
    return Dimension(float(factor), tuple(powers))


_SHOWN = ("day", "h", "min", "s", "cell", "L", "mL", "uL", "mg", "ug", "ng", "pg", "g", "mol", "nmol", "kg", "cm", "m")


def describe(unit: Dimension, names: Iterable[str] = (), extra_units: tuple[str, ...] = ()) -> str:
    """Return a unit as text such as `cell/h`, written in the `names` given first where they fit."""
    if not unit.powers:
        return "dimensionless" if unit.dimensionless else f"{unit.factor:.6g} (a number)"
    known: dict[str, Dimension] = {}
    for name in (*names, *extra_units, *_SHOWN, *NAMED):
        known.setdefault(name, unit_named(name, extra_units=extra_units))
    for name, candidate in known.items():
        if candidate.same(unit):
            return name
    choices: list[list[tuple[str, Fraction, float]]] = []
    for base, power in unit.powers:
        fits = [(n, power / u.powers[0][1], u.factor) for n, u in known.items() if _one_base(u, base)]
        fits = [fit for fit in fits if fit[1].denominator == 1] or fits
        choices.append(fits[:12] or [(base, power, 1.0)])
    combinations = list(itertools.islice(itertools.product(*choices), 20_000))
    best = combinations[0]
    for combination in combinations:
        size = math.prod(factor ** float(power) for _, power, factor in combination)
        if math.isclose(size, unit.factor, rel_tol=1e-9):
            return _fraction(combination)
    size = math.prod(factor ** float(power) for _, power, factor in best)
    return f"{unit.factor / size:.10g} {_fraction(best)}"


def _one_base(unit: Dimension, base: str) -> bool:
    return len(unit.powers) == 1 and unit.powers[0][0] == base


def _fraction(parts: tuple[tuple[str, Fraction, float], ...]) -> str:
    def write(name: str, power: Fraction) -> str:
        if power == 1:
            return name
        return f"{name}**{power}" if power.denominator == 1 else f"{name}**({power})"

    above = [write(name, power) for name, power, _ in parts if power > 0]
    below = [write(name, -power) for name, power, _ in parts if power < 0]
    top = "*".join(above) or "1"
    if not below:
        return top
    return f"{top}/{below[0]}" if len(below) == 1 else f"{top}/({'*'.join(below)})"
