"""The functions of MathML as expressions of the language."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from math import factorial, pi

from immunode.errors import ModelError
from immunode.language.tree import Expression

Parts = list[Expression]


def number(value: float) -> Expression:
    """Return a finite number as an expression; one below 0 is the negative of one above."""
    return ("neg", ("number", -value)) if value < 0 else ("number", float(value))


def is_number(expression: Expression) -> bool:
    """Return whether an expression is a literal number, as `number` writes it."""
    return expression[0] == "number" or (expression[0] == "neg" and bool(expression[1][0] == "number"))


ZERO, ONE, TWO = number(0.0), number(1.0), number(2.0)
_BERNOULLI = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156)
_SHIFT = 8
LONG = 30
"""Terms of a sum that is written as it stands."""


def _add(*parts: Expression) -> Expression:
    return _joined("add", parts) if parts else ZERO


def _mul(*parts: Expression) -> Expression:
    return _joined("mul", parts) if parts else ONE


def _joined(kind: str, parts: tuple[Expression, ...]) -> Expression:
    """Return a sum or product as written; one of many parts as a tree of halves, which is not deep."""
    if len(parts) <= LONG:
        return reduce(lambda a, b: (kind, a, b), parts)
    half = len(parts) // 2
    return (kind, _joined(kind, parts[:half]), _joined(kind, parts[half:]))


def _call(name: str) -> Callable[..., Expression]:
    return lambda *parts: ("call", name, *parts)


_log, _sqrt, _exp = _call("log"), _call("sqrt"), _call("exp")


def _inverse(x: Expression) -> Expression:
    return ("div", ONE, x)


def _minus(*parts: Expression) -> Expression:
    return ("neg", parts[0]) if len(parts) == 1 else ("sub", parts[0], parts[1])


def _extreme(name: str) -> Callable[..., Expression]:
    return lambda *parts: parts[0] if len(parts) == 1 else ("call", name, *parts)


def _root(degree: Expression, x: Expression) -> Expression:
    return _sqrt(x) if degree == TWO else ("pow", x, _inverse(degree))


def _base(base: Expression, x: Expression) -> Expression:
    return ("div", _log(x), _log(base))


def _square(x: Expression) -> Expression:
    return ("pow", x, TWO)


def _quotient(a: Expression, b: Expression) -> Expression:
    ratio: Expression = ("div", a, b)
    return ("piecewise", _call("ceil")(ratio), ("compare", "<", ratio, ZERO), _call("floor")(ratio))


def _rem(a: Expression, b: Expression) -> Expression:
    return ("sub", a, ("mul", b, _quotient(a, b)))


def _arcsinh(x: Expression) -> Expression:
    long = _sqrt(_add(_square(x), ONE))
    # for x below 0 the sum would lose all digits
    return ("piecewise", ("neg", _log(("sub", long, x))), ("compare", "<", x, ZERO), _log(_add(x, long)))


def _arccosh(x: Expression) -> Expression:
    # two roots, not the root of a product: no digits are lost near 1
    return _log(_add(x, _mul(_sqrt(("sub", x, ONE)), _sqrt(_add(x, ONE)))))


def _arctanh(x: Expression) -> Expression:
    return ("div", _log(("div", _add(ONE, x), ("sub", ONE, x))), TWO)


def _arccot(x: Expression) -> Expression:
    # continuous at infinity, odd: the convention of the SBML test suite's simulators
    return _call("atan")(_inverse(x))


def _factorial(n: Expression) -> Expression:
    """Return n! through Stirling's series, shifted upward where it is exact to rounding.

    Source: Abramowitz & Stegun 1964, equation 6.1.40; gamma(z) = gamma(z + 8)/(z (z + 1) ... (z + 7)).
    """
    if n[0] == "number" and n[1].is_integer() and 0 <= n[1] <= 170:
        return number(float(factorial(int(n[1]))))
    z = _add(n, number(1.0 + _SHIFT))
    series = ("sub", _mul(("sub", z, number(0.5)), _log(z)), z)
    inverse, square = _inverse(z), _mul(_inverse(z), _inverse(z))
    tail = number(_BERNOULLI[-1])
    for value in reversed(_BERNOULLI[:-1]):
        tail = _add(number(value), _mul(square, tail))
    large = _mul(number((2 * pi) ** 0.5), _exp(_add(series, _mul(inverse, tail))))
    return ("div", large, _mul(*(_add(n, number(float(k))) for k in range(1, _SHIFT + 1))))


FUNCTIONS: dict[str, tuple[int, int | None, Callable[..., Expression]]] = {
    "plus": (0, None, _add),
    "times": (0, None, _mul),
    "minus": (1, 2, _minus),
    "divide": (2, 2, lambda a, b: ("div", a, b)),
    "power": (2, 2, lambda a, b: ("pow", a, b)),
    "root": (2, 2, _root),
    "log": (2, 2, _base),
    "ln": (1, 1, _log),
    "exp": (1, 1, _exp),
    "abs": (1, 1, _call("abs")),
    "floor": (1, 1, _call("floor")),
    "ceiling": (1, 1, _call("ceil")),
    "factorial": (1, 1, _factorial),
    "quotient": (2, 2, _quotient),
    "rem": (2, 2, _rem),
    "min": (1, None, _extreme("min")),
    "max": (1, None, _extreme("max")),
    "sin": (1, 1, _call("sin")),
    "cos": (1, 1, _call("cos")),
    "tan": (1, 1, _call("tan")),
    "sec": (1, 1, lambda x: _inverse(_call("cos")(x))),
    "csc": (1, 1, lambda x: _inverse(_call("sin")(x))),
    "cot": (1, 1, lambda x: _inverse(_call("tan")(x))),
    "sinh": (1, 1, _call("sinh")),
    "cosh": (1, 1, _call("cosh")),
    "tanh": (1, 1, _call("tanh")),
    "sech": (1, 1, lambda x: _inverse(_call("cosh")(x))),
    "csch": (1, 1, lambda x: _inverse(_call("sinh")(x))),
    "coth": (1, 1, lambda x: _inverse(_call("tanh")(x))),
    "arcsin": (1, 1, _call("asin")),
    "arccos": (1, 1, _call("acos")),
    "arctan": (1, 1, _call("atan")),
    "arcsec": (1, 1, lambda x: _call("acos")(_inverse(x))),
    "arccsc": (1, 1, lambda x: _call("asin")(_inverse(x))),
    "arccot": (1, 1, _arccot),
    "arcsinh": (1, 1, _arcsinh),
    "arccosh": (1, 1, _arccosh),
    "arctanh": (1, 1, _arctanh),
    "arcsech": (1, 1, lambda x: _arccosh(_inverse(x))),
    "arccsch": (1, 1, lambda x: _arcsinh(_inverse(x))),
    "arccoth": (1, 1, lambda x: _arctanh(_inverse(x))),
}
"""Least and largest number of arguments of each function of MathML, and the expression it becomes."""


def call(name: str, parts: Parts, who: str) -> Expression:
    """Return the expression of a function of MathML.

    Raises
    ------
    ModelError : the number of arguments is wrong.
    """
    least, most, make = FUNCTIONS[name]
    if len(parts) < least or (most is not None and len(parts) > most):
        raise ModelError(f"{who}: <{name}> has {len(parts)} arguments")
    return make(*parts)
