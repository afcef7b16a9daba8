from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immunode.errors import ModelError
from immunode.language.expression import DEEPEST, name_problem, parse, parse_arrow
from immunode.language.tree import to_text
from tests.clock import cpu_below

X, K = ("name", "x"), ("name", "K")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x", X),
        ("t", ("time",)),
        ("2", ("number", 2.0)),
        (".5e-3", ("number", 0.0005)),
        ("x + K*2", ("add", X, ("mul", K, ("number", 2.0)))),
        ("x - (K - 2)", ("sub", X, ("sub", K, ("number", 2.0)))),
        ("-x**2", ("neg", ("pow", X, ("number", 2.0)))),
        ("+x", X),
        ("hill(x, K, 2)", ("call", "hill", X, K, ("number", 2.0))),
        ("max(x, K, 0)", ("call", "max", X, K, ("number", 0.0))),
        ("piecewise(1, x > K, 0)", ("piecewise", ("number", 1.0), ("compare", ">", X, K), ("number", 0.0))),
        ("x < K <= t", ("and", ("compare", "<", X, K), ("compare", "<=", K, ("time",)))),
        ("x != K", ("not", ("compare", "==", X, K))),
        ("not x > K or K > x", ("or", ("not", ("compare", ">", X, K)), ("compare", ">", K, X))),
        ("anti_tnf.strength", ("name", "anti_tnf.strength")),
        ("x\n  + K", ("add", X, K)),
    ],
)
def test_text_is_read_as_written(text: str, expected: tuple[object, ...]) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize("name", ["E", "I", "S", "N", "Q", "beta", "gamma", "lambda_", "zeta", "pi", "O", "C"])
def test_letters_are_ordinary_names(name: str) -> None:
    assert parse(name) == ("name", name)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(" * 10_000 + "x" + ")" * 10_000, "too long"),
        ("(" * 100 + "x" + ")" * 100, "nested too deeply"),
        ("-" * 10_000 + "x", "nested too deeply"),
        ("not " * 3_000 + "x > 1", "nested too deeply"),
        ("x" + "**x" * 2_000, "nested too deeply"),
        ("x" + "+x" * 1_900, f"more than {DEEPEST} levels"),
        ("x+" * 2_500 + "x", "more than 4,000 parts"),
        ("exp(" * 70 + "x" + ")" * 70, "nested too deeply"),
        ("x" * 1_000_000, "too long"),
        ("9**9**9", r"'9\*\*9\*\*9' in '9\*\*9\*\*9' is not a finite number"),
        ("x + 1/0", "'1/0'"),
        ("log(0)*x", "not a finite number"),
        ("1e999", "too large"),
        ("9" * 5_000, "too large or too long"),
        ("__import__('os')", "two underscores"),
        ("E.__class__", "two underscores"),
        ("x.__init__.__globals__", "two underscores"),
        ("(x).real", "unexpected character '.'"),
        ("x.y(1)", "only functions can be called"),
        ("(lambda: 0)()", "write lambda_"),
        ("lambda*x", "write lambda_"),
        ("2*a.lambda", "write lambda_"),
        ("[x for x in y]", "indexing and lists"),
        ("(x for x in y)", "word of Python's"),
        ("{x}", "sets are not known"),
        ("x[0]", "indexing"),
        ("'text'", "text is not known"),
        ('"""text"""', "text is not known"),
        ("f'{x}'", "text is not known"),
        ("(x := 3)", "assignments"),
        ("hill(x=1, K=2, n=3)", "keyword arguments"),
        ("hill(*x)", "plain arguments"),
        ("exp(**x)", "plain arguments"),
        ("x if y else z", r"write piecewise\(value, condition, otherwise\)"),
        ("x^2", r"write \*\* for a power"),
        ("x // 2", "there is no // here; write a/b"),
        ("x >> 2", "there is no >> here; write a > b"),
        ("x << 2", "there is no << here; write a < b"),
        ("x % 2", "no remainder"),
        ("x @ y", "unexpected character '@'"),
        ("x; y", "unexpected character ';'"),
        ("x # y", "unexpected character '#'"),
        ("x, y", "a comma outside"),
        ("()", "a comma outside"),
        ("x y", "wrong syntax near 'y'"),
        ("CL*(WT/(70 kg))**0.75", "numbers carry no unit, parameters do"),
        ("2x", r"write 2\*x to multiply"),
        ("1_000", "can't read '1_000'"),
        ("1j", "can't read '1j'"),
        ("0x10", "can't read '0x10'"),
        ("True", "write true_"),
        ("x is None", "word of Python's"),
        ("(x", "wrong syntax"),
        ("x)", "wrong syntax"),
        ("", "empty"),
        (" \n", "empty"),
        ("exp", r"'exp' is a function; write exp\(...\)"),
        ("ln(x)", r"write log\(...\)"),
        ("hil(x, K, n)", "unknown function 'hil'.*did you mean 'hill'"),
        ("E(0)", "unknown function 'E'"),
        ("2(x)", "only functions can be called"),
        ("hill(x, K)", "takes 3 arguments; 2 found"),
        ("max(x)", "takes 2 or more arguments; 1 found"),
        ("piecewise(x, y > 1)", "needs value, condition, ..., otherwise"),
        ("piecewise(x, y, z)", "'y' .* is a value where a condition must stand"),
        ("(x > 1)*k", "stands where a value must"),
        ("not x", "is a value where a condition"),
        ("ехp(x)", r"CYRILLIC SMALL LETTER IE, U\+0435"),
        ("x + µ", "MICRO SIGN"),
        ("x\x00", "U\\+0000"),
        ("x·y", "write \\*"),
    ],
)
def test_what_is_no_expression_is_refused_quickly_and_by_name(text: str, message: str) -> None:
    # a hang is what must not happen; measured: below 0.02 s
    with cpu_below(1.0), pytest.raises(ModelError, match=message) as caught:
        parse(text)
    assert len(str(caught.value)) < 400


def test_what_is_not_text_is_refused() -> None:
    with pytest.raises(ModelError, match="an expression is text, but float was found"):
        parse(3.0)  # type: ignore[arg-type]


@given(st.text(max_size=60))
def test_any_text_is_an_expression_or_a_model_error(text: str) -> None:
    try:
        expression = parse(text)
    except ModelError:
        return
    assert parse(to_text(expression)) == expression


@given(
    st.lists(
        st.sampled_from(["x", "2", "(", ")", "+", "-", "**", "*", "/", "<", ",", "hill", "not ", "and ", ".", "t"])
    )
)
def test_any_row_of_tokens_is_an_expression_or_a_model_error(tokens: list[str]) -> None:
    try:
        expression = parse("".join(tokens))
    except ModelError:
        return
    assert parse(to_text(expression)) == expression


def test_a_name_that_cannot_be_written_says_why() -> None:
    assert name_problem("k_np") == name_problem("drug.ic50") == ""
    assert name_problem("t") == "t is time"
    assert "function" in name_problem("hill")
    assert "write lambda_" in name_problem("lambda")
    for wrong in ("2x", "a b", "a..b", ".a", "a.", "", "α", "__a", None, 3):
        assert name_problem(wrong)


@pytest.mark.parametrize(
    ("arrow", "left", "right"),
    [
        ("-> E", (), (("E", 1.0),)),
        ("T ->", (("T", 1.0),), ()),
        ("drug + tnf -> complex", (("drug", 1.0), ("tnf", 1.0)), (("complex", 1.0),)),
        ("2 A -> B", (("A", 2.0),), (("B", 1.0),)),
        ("0.5*A + A ->2B1", (("A", 1.5),), None),
        ("pk.depot -> pk.central", (("pk.depot", 1.0),), (("pk.central", 1.0),)),
    ],
)
def test_arrows_count_states(arrow: str, left: object, right: object) -> None:
    if right is None:
        with pytest.raises(ModelError, match="can't read '2B1'"):
            parse_arrow(arrow)
    else:
        assert parse_arrow(arrow) == (left, right)


@pytest.mark.parametrize(
    ("arrow", "message"),
    [
        ("A", "one '->'"),
        ("A -> B -> C", "one '->'"),
        ("A <-> B", "two ways as two processes"),
        ("A => B", "one '->'"),
        ("->", "moves nothing"),
        ("", "one '->'"),
        ("0 A -> B", "must be above 0"),
        ("-1 A -> B", "can't read"),
        ("A B -> C", "can't read 'A B'"),
        ("A + -> C", "can't read ''"),
        ("0 -> E", "can't read '0'"),
        ("1e999 A -> B", "must be above 0"),
        ("x" * 30_000, "too long"),
    ],
)
def test_what_is_no_arrow_is_refused(arrow: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        parse_arrow(arrow)
