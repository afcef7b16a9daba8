"""Content MathML of an expression."""

from __future__ import annotations

import math
from collections.abc import Mapping
from xml.etree.ElementTree import Element, SubElement

from immunode.errors import ModelError
from immunode.language.expression import Expression
from immunode.language.tree import fold, number_text

MATHML = "http://www.w3.org/1998/Math/MathML"
TIME = "http://www.sbml.org/sbml/symbols/time"
DELAY = "http://www.sbml.org/sbml/symbols/delay"
PLAIN = ("exp", "abs", "tanh", "sin", "cos", "tan", "sinh", "cosh", "min", "max", "floor")
_FUNCTIONS = {name: name for name in PLAIN}
_FUNCTIONS |= {"log": "ln", "sqrt": "root", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "ceil": "ceiling"}
_SIGNS = {"add": "plus", "sub": "minus", "mul": "times", "div": "divide", "pow": "power", "neg": "minus"}
_SIGNS |= {"and": "and", "or": "or", "not": "not"}
_COMPARE = {"<": "lt", "<=": "leq", ">": "gt", ">=": "geq", "==": "eq"}
_FLAT = ("add", "mul", "and", "or")
DEFINED = ("hill", "michaelis")
"""Functions that become function definitions."""


def math_element(expression: Expression, ids: Mapping[str, str], core: str, who: str) -> Element:
    """Return the `math` element of an expression; literal numbers are dimensionless there, as they are here.

    ids : the SBML id of every name and every defined function that occurs.   core : SBML's XML namespace.

    Raises
    ------
    ModelError : a function has no MathML.
    """
    made = Element("math", {"xmlns": MATHML, "xmlns:sbml": core})

    def leaf(node: Expression) -> Element:
        if node[0] == "number":
            return _number(float(node[1]))
        if node[0] == "time":
            return _symbol("t", TIME)
        return _text("ci", ids[node[1]])

    def join(node: Expression, parts: list[Element]) -> Element:
        return _join(node, parts, ids, who)

    made.append(fold(expression, leaf, join))
    return made


def _join(node: Expression, parts: list[Element], ids: Mapping[str, str], who: str) -> Element:
    kind = node[0]
    if kind == "piecewise":
        made = Element("piecewise")
        for value, condition in zip(parts[0:-1:2], parts[1::2], strict=True):
            SubElement(made, "piece").extend((value, condition))
        SubElement(made, "otherwise").append(parts[-1])
        return made
    if kind == "call" and node[1] in DEFINED:
        return _apply(_text("ci", ids[node[1]]), parts)
    if kind == "call" and node[1] == "delay":
        return _apply(_symbol("delay", DELAY), parts)
    if kind == "call":
        if node[1] not in _FUNCTIONS:
            raise ModelError(f"{who}: the function {node[1]}() has no counterpart in SBML")
        return _apply(Element(_FUNCTIONS[node[1]]), parts)
    if kind == "compare":
        return _apply(Element(_COMPARE[node[1]]), parts)
    sign = _SIGNS[kind]
    if kind in _FLAT and parts[0].tag == "apply" and parts[0][0].tag == sign:
        # a + b + c as one sum: a chain of thousands would be a tree too deep for other readers
        parts[0].append(parts[1])
        return parts[0]
    return _apply(Element(sign), parts)


def _apply(operator: Element, parts: list[Element]) -> Element:
    made = Element("apply")
    made.append(operator)
    made.extend(parts)
    return made


def _text(tag: str, text: str) -> Element:
    made = Element(tag)
    made.text = f" {text} "
    return made


def _symbol(text: str, url: str) -> Element:
    made = Element("csymbol", {"encoding": "text", "definitionURL": url})
    made.text = f" {text} "
    return made


def _number(value: float) -> Element:
    if not math.isfinite(value):
        return Element("notanumber") if math.isnan(value) else _infinite(value)
    text = number_text(value)
    mantissa, _, exponent = text.partition("e")
    made = Element("cn", {"sbml:units": "dimensionless"} if value else {})
    made.text = f" {mantissa} "
    if exponent:
        made.set("type", "e-notation")
        SubElement(made, "sep").tail = f" {int(exponent)} "
    return made


def _infinite(value: float) -> Element:
    return Element("infinity") if value > 0 else _apply(Element("minus"), [Element("infinity")])


def multiplied(math: Element, space: str) -> Element:
    """Return the `math` element of what `math` says times what has the id `space`."""
    body = math[0]
    math.remove(body)
    product = SubElement(math, "apply")
    SubElement(product, "times")
    SubElement(product, "ci").text = f" {space} "
    product.append(body)
    return math
