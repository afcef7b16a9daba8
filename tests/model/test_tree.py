from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from immunode.errors import EngineError, ModelError
from immunode.language.evaluation import evaluate
from immunode.language.expression import parse
from immunode.language.tree import names, number_text, substitute, to_sympy, to_text, uses_time, walk

NAMES = ["x", "K", "E", "I", "lambda_", "drug.ic50"]
CALLS = {"exp": 1, "sqrt": 1, "tanh": 1, "abs": 1, "atan": 1, "min": 2, "max": 3, "michaelis": 2, "hill": 3}


def _value(draw: st.DrawFn, depth: int) -> tuple[Any, ...]:
    kind = draw(
        st.sampled_from(["number", "name", "time"] if depth == 0 else ["name", "binary", "neg", "call", "cases"])
    )
    if kind == "number":
        return ("number", draw(st.floats(0, 1e300, allow_nan=False)))
    if kind == "name":
        return ("name", draw(st.sampled_from(NAMES)))
    if kind == "time":
        return ("time",)
    if kind == "binary":
        operation = draw(st.sampled_from(["add", "sub", "mul", "div", "pow"]))
        return (operation, _value(draw, depth - 1), _value(draw, depth - 1))
    if kind == "neg":
        return ("neg", _value(draw, depth - 1))
    if kind == "call":
        function = draw(st.sampled_from(sorted(CALLS)))
        return ("call", function, *(_value(draw, depth - 1) for _ in range(CALLS[function])))
    cases = [
        part for _ in range(draw(st.integers(1, 2))) for part in (_value(draw, depth - 1), _condition(draw, depth - 1))
    ]
    return ("piecewise", *cases, _value(draw, depth - 1))


def _condition(draw: st.DrawFn, depth: int) -> tuple[Any, ...]:
    kind = draw(st.sampled_from(["compare"] if depth == 0 else ["compare", "and", "or", "not"]))
    if kind == "compare":
        sign = draw(st.sampled_from(["<", "<=", ">", ">=", "=="]))
        return ("compare", sign, _value(draw, 0), _value(draw, 0))
    return (kind, *(_condition(draw, depth - 1) for _ in range(1 if kind == "not" else 2)))


@st.composite
def expressions(draw: st.DrawFn) -> tuple[Any, ...]:
    return _value(draw, draw(st.integers(0, 4)))


@given(expressions())
def test_text_reads_back_as_the_same_expression(expression: tuple[Any, ...]) -> None:
    text = to_text(expression)
    try:
        again = parse(text)
    except ModelError as error:
        # constant parts without a finite value are refused by parse, on purpose
        assert "not a finite number" in str(error)  # noqa: PT017
        return
    assert again == expression


def test_only_brackets_that_are_needed_are_written() -> None:
    for text in ("a - (b - c)", "a*b + c", "(a + b)*c", "a/(b*c)", "(a**b)**c", "a**b**c", "-a**2", "(-a)**2", "2**-x"):
        assert to_text(parse(text)) == text


def test_numbers_are_short_and_exact() -> None:
    assert [number_text(v) for v in (3.0, 0.25, 1e-9, 1e22)] == ["3", "0.25", "1e-09", "1e+22"]
    with pytest.raises(ModelError, match="finite numbers only"):
        number_text(math.nan)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_survives_its_text(value: float) -> None:
    assert float(number_text(value)) == value


def test_names_leave_out_time_and_functions() -> None:
    expression = parse("k*exp(-t) + hill(x, drug.ic50, n)")
    assert names(expression) == {"k", "x", "drug.ic50", "n"}
    assert uses_time(expression)
    assert not uses_time(parse("k*x"))
    assert len(list(walk(expression))) == 10


def test_substitution_is_done_once_and_everywhere() -> None:
    swapped = substitute(parse("x/(x + y)"), {"x": parse("y"), "y": parse("x*2")})
    assert to_text(swapped) == "y/(y + x*2)"


def test_a_substituted_expression_may_be_deeper_than_a_read_one() -> None:
    expression = parse("x")
    for _ in range(5_000):
        expression = substitute(("add", ("name", "x"), ("number", 1.0)), {"x": expression})
    assert names(expression) == {"x"}
    assert to_text(expression).count("+") == 5_000


@pytest.mark.parametrize(
    "text",
    [
        "p*E*T/(g + T) - m*E*T",
        "hill(E, g, T)*michaelis(T, p)",
        "piecewise(E, E > T, T, E < p, m)",
        "max(E, T, 1) - min(p, 2) + abs(E - T)",
        "exp(-E) + log(T) + sqrt(p) + tanh(g) + sin(m) + cos(E)*tan(0.1*T)",
        "asin(0.1*E) + acos(0.1*T) + atan(p) + sinh(g) + cosh(m)",
        "-E**2 + (-E)**2 + 2**-T + 0.5**1e9",
        "piecewise(1, not (E > T and T > 0.1) or E == T, 2)*t",
    ],
)
def test_sympy_has_the_same_values(text: str) -> None:
    sympy = pytest.importorskip("sympy")
    expression = parse(text)
    values = {"p": 0.7, "E": 0.4, "T": 1.3, "g": 2.1, "m": 0.2}
    symbols = {sympy.Symbol(name, real=True): value for name, value in {**values, "t": 3.0}.items()}
    # the same operations in the same double precision up to their order: a few units in the last place
    assert float(to_sympy(expression).subs(symbols)) == pytest.approx(
        float(evaluate(expression, values, 3.0)), rel=1e-12
    )


def test_without_sympy_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sympy", None)
    with pytest.raises(EngineError, match=r"pip install 'immunode\[symbolic\]'"):
        to_sympy(parse("k*x"))


def test_sympy_knows_no_constants_of_its_own() -> None:
    pytest.importorskip("sympy")
    found = to_sympy(parse("E + I + S + N + Q + beta + gamma + lambda_ + pi"))
    assert len(found.free_symbols) == 9
    assert all(symbol.is_real for symbol in found.free_symbols)


def test_evaluation_follows_the_rules_of_hill_at_and_below_zero() -> None:
    x = np.array([-1.0, 0.0, 2.0, 1e9])
    found = evaluate(parse("hill(x, 2, 3)"), {"x": x})
    np.testing.assert_allclose(found, [0.0, 0.0, 0.5, 1.0], rtol=1e-12)  # exact up to rounding
