"""PEtab's mathematics as expressions.

Source: PEtab specification 2.0, section Math expressions syntax; `&&` and `||` bind alike, `^` before a sign.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from immunode.errors import ModelError, StudyError, did_you_mean
from immunode.exchange.sbml.reading.functions import FUNCTIONS, call, number
from immunode.exchange.sbml.reading.mathml import FALSE, TRUE, as_condition, as_value, negation
from immunode.language.tree import Expression, is_condition

_TOKEN = re.compile(
    r"\s*(?:(\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)|([A-Za-z_]\w*)|(\*\*|&&|\|\||[<>=!]=|\S))", re.ASCII
)
_COMPARE = ("<=", ">=", "==", "!=", "<", ">")
_SAME = {"pow": "power", "ln": "ln", "sqrt": "root", "asin": "arcsin", "acos": "arccos", "atan": "arctan"}
LONGEST = 100_000
DEEPEST = 100


def parse_formula(text: str, names: Mapping[str, str], who: str) -> Expression:
    """Return a formula as the expression of a number.

    names : id -> name in the model, of everything that the formula may use.   who : what it belongs to, for messages.

    Raises
    ------
    StudyError : it can't be read, or uses an unknown name.
    """
    return as_value(_Formula(text, names, who).whole())


class _Formula:
    """One pass over one text, by descent through the levels of precedence."""

    def __init__(self, text: str, names: Mapping[str, str], who: str) -> None:
        self.text, self.names, self.who = text, names, who
        if len(text) > LONGEST:
            raise StudyError(f"{who}: a formula of more than {LONGEST:,} letters")
        self.tokens: list[tuple[str, str]] = []
        position, plain = 0, text.rstrip()
        while position < len(plain):
            found = _TOKEN.match(plain, position)
            assert found is not None
            kind = ("number", "word", "sign")[(found.lastindex or 1) - 1]
            self.tokens.append((kind, found[found.lastindex or 1]))
            position = found.end()
        self.at, self.depth = 0, 0

    def error(self, what: str) -> StudyError:
        """Return the error that says what is wrong, and in which formula."""
        return StudyError(f"{self.who}: {what} in {self.text!r:.80}")

    def peek(self) -> str:
        """Return the next token without going on, "" at the end."""
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self, *signs: str) -> str:
        """Return the next sign and go on if it is one of `signs`; else ""."""
        if self.at < len(self.tokens) and self.tokens[self.at][0] == "sign" and self.peek() in signs:
            self.at += 1
            return self.tokens[self.at - 1][1]
        return ""

    def whole(self) -> Expression:
        """Read the whole text; refuse what is left over."""
        if not self.tokens:
            raise StudyError(f"{self.who}: the formula is empty")
        made = self.logical()
        if self.at < len(self.tokens):
            raise self.error(f"unexpected '{self.peek()}'")
        return made

    def logical(self) -> Expression:
        """Read comparisons joined by && and ||, both of the same rank, from the left."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.error(f"more than {DEEPEST} levels")
        made = self.comparison()
        while sign := self.take("&&", "||"):
            other = as_condition(self.comparison())
            made = ("and" if sign == "&&" else "or", as_condition(made), other)
        self.depth -= 1
        return made

    def comparison(self) -> Expression:
        """Read sums joined by ==, !=, <, <=, >, >=."""
        made = self.sum()
        while sign := self.take(*_COMPARE):
            left, right = as_value(made), as_value(self.sum())
            made = negation(("compare", "==", left, right)) if sign == "!=" else ("compare", sign, left, right)
        return made

    def sum(self) -> Expression:
        """Read products joined by + and -."""
        made = self.product()
        while sign := self.take("+", "-"):
            made = ("add" if sign == "+" else "sub", as_value(made), as_value(self.product()))
        return made

    def product(self) -> Expression:
        """Read signed powers joined by * and /."""
        made = self.signed()
        while sign := self.take("*", "/"):
            made = ("mul" if sign == "*" else "div", as_value(made), as_value(self.signed()))
        return made

    def signed(self) -> Expression:
        """Read any number of signs (+, -, !) and what they stand before: -a^b is -(a^b)."""
        signs = []
        while sign := self.take("+", "-", "!"):
            signs.append(sign)
        made = self.power()
        for sign in reversed(signs):
            if sign == "-":
                made = ("neg", as_value(made))
            elif sign == "!":
                made = negation(as_condition(made))
        return made

    def power(self) -> Expression:
        """Read a power; a^b^c is a^(b^c)."""
        base = self.atom()
        if not self.take("^", "**"):
            return base
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.error(f"more than {DEEPEST} levels")
        made = ("pow", as_value(base), as_value(self.signed()))
        self.depth -= 1
        return made

    def atom(self) -> Expression:
        """Read a bracket, a number, a call or a name."""
        if self.take("("):
            made = self.logical()
            self.close()
            return made
        if self.at >= len(self.tokens):
            raise self.error("the end came too early")
        kind, token = self.tokens[self.at]
        self.at += 1
        if kind == "number":
            if not math.isfinite(float(token)):
                raise self.error("a number too large")
            return number(float(token))
        if kind == "sign":
            raise self.error(f"unexpected '{token}'")
        if self.take("("):
            return self.function(token)
        return self.word(token)

    def close(self) -> None:
        """Step over the ')' that must come next."""
        if not self.take(")"):
            raise self.error("a ')' is missing")

    def word(self, token: str) -> Expression:
        """Return what a name stands for."""
        # what the problem names goes before the language's words
        if token in self.names:
            return ("name", self.names[token])
        words: dict[str, Expression] = {"time": ("time",), "true": TRUE, "false": FALSE}
        words["inf"] = ("div", number(1.0), number(0.0))
        if token in words:
            return words[token]
        raise StudyError(f"{self.who}: unknown name '{token}' in {self.text!r:.80}{did_you_mean(token, self.names)}")

    def function(self, name: str) -> Expression:
        """Read the arguments of a call, from behind its '('."""
        parts: list[Expression] = []
        while not self.take(")"):
            if parts and not self.take(","):
                raise self.error("a ',' or ')' is missing")
            parts.append(self.logical())
        if name == "piecewise":
            return self.piecewise(parts)
        values = [as_value(part) for part in parts]
        try:
            return self.called(name, values)
        except ModelError as error:
            raise StudyError(str(error)) from None

    def called(self, name: str, values: list[Expression]) -> Expression:
        """Return a call in the words of our language: its functions have other names and orders of arguments."""
        if name == "log" and len(values) == 2:
            return call("log", [values[1], values[0]], self.who)
        if name in ("log2", "log10"):
            return call("log", [number(float(name[3:])), *values], self.who)
        if name == "sqrt":
            return call("root", [number(2.0), *values], self.who)
        if name == "sign" and len(values) == 1:
            zero = number(0.0)
            below, above = ("compare", "<", values[0], zero), ("compare", ">", values[0], zero)
            return ("piecewise", number(1.0), above, number(-1.0), below, zero)
        own = _SAME.get(name, "ln" if name == "log" else name)
        if own not in FUNCTIONS or name in ("plus", "times", "minus", "divide", "root", "quotient", "rem"):
            raise self.error(f"unknown function '{name}'")
        return call(own, values, self.who)

    def piecewise(self, parts: list[Expression]) -> Expression:
        """Return a piecewise without the parts that never or always apply."""
        if len(parts) % 2 == 0:
            raise self.error("piecewise needs pairs of a value and a condition, and a last value")
        flat = [as_condition(p) if i % 2 else as_value(p) for i, p in enumerate(parts[:-1])]
        conditions = flat[1::2]
        assert all(is_condition(c) for c in conditions)
        otherwise = as_value(parts[-1])
        kept: list[Expression] = []
        for value, condition in zip(flat[::2], conditions, strict=True):
            if condition == FALSE:
                continue
            if condition == TRUE:
                otherwise = value
                break
            kept += [value, condition]
        return ("piecewise", *kept, otherwise) if kept else otherwise
