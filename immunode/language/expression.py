"""Rate texts and arrows: read by a whitelist over Python's `ast` into the tuples of `tree`, never executed."""

from __future__ import annotations

import ast
import keyword
import math
import re
import unicodedata
from functools import lru_cache

from immunode.errors import ModelError, did_you_mean, quoted
from immunode.language.tree import (
    ALSO_NAMES,
    FUNCTIONS,
    Expression,
    is_condition,
    names,
    number_text,
    operands,
    substitute,
    to_sympy,
    to_text,
    uses_time,
    walk,
)

__all__ = [
    "Expression",
    "Side",
    "is_condition",
    "name_problem",
    "names",
    "number_text",
    "operands",
    "parse",
    "parse_arrow",
    "substitute",
    "to_sympy",
    "to_text",
    "uses_time",
    "walk",
]

Side = tuple[tuple[str, float], ...]

LONGEST = 20_000  # characters
MOST_TOKENS = 4_000
DEEPEST_BRACKETS = 60
DEEPEST = 200  # levels; Python's own recursion limit is never near

_BINARY: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "div",
    ast.Pow: "pow",
}
_STRANGE: dict[type[ast.operator], str] = {
    ast.FloorDiv: "// here; write a/b",
    ast.LShift: "<< here; write a < b",
    ast.RShift: ">> here; write a > b",
}
_UNARY: dict[type[ast.unaryop], str] = {ast.USub: "neg", ast.Not: "not"}
_COMPARE: dict[type[ast.cmpop], str] = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "=="}
_PIECE = r"[A-Za-z_][A-Za-z0-9_]*"
_NAME = re.compile(rf"{_PIECE}(?:\.{_PIECE})*")
_TOKEN = re.compile(
    rf"(?P<space>\s+)|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|(?P<name>{_PIECE}(?:\.{_PIECE})*)"
    r"|(?P<operator>\*\*|<=|>=|==|!=|[-+*/<>(),])"
)
_HINTS = {
    "^": "write ** for a power",
    "=": "write == to compare; keyword arguments are not known here",
    "!": "write `not`",
    "&": "write `and`",
    "|": "write `or`",
    "%": "there is no remainder here",
    "[": "indexing and lists are not known here",
    "{": "sets are not known here",
    "'": "text is not known here",
    '"': "text is not known here",
    ":": "assignments and slices are not known here",
    "·": "write *",
    "×": "write *",
    "−": "write -",
    "²": "write **2",
    "³": "write **3",
}
_WORDS = dict.fromkeys(("if", "else"), "write piecewise(value, condition, otherwise)")
_FUNCTION_HINTS = {
    "ln": "; write log(...)",
    "pow": "; write a**b",
    "log10": "; write log(x)/log(10)",
    "Hill": "; write hill(x, K, n)",
}


def parse(text: str) -> Expression:
    """Return the expression written in `text`.

    Raises
    ------
    ModelError : the text holds anything but numbers, names, operators and known functions, is too long
        or too deep, or a part of it that is constant is not a finite number. Nothing is executed.
    """
    if not isinstance(text, str):
        raise ModelError(f"an expression is text, but {type(text).__name__} was found: {quoted(text)}")
    if len(text) > LONGEST:
        raise ModelError(f"an expression of {len(text):,} characters is too long (at most {LONGEST:,}): {quoted(text)}")
    return _parse(text)


@lru_cache(maxsize=16_384)
def _parse(text: str) -> Expression:
    if not text.strip():
        raise ModelError("an expression is empty")
    _scan(text)
    flat = re.sub(r"\s", " ", text)
    try:
        tree = ast.parse(flat.strip(), mode="eval").body
    except SyntaxError as error:
        where = f" near {flat.strip()[max(error.offset - 1, 0) :][:12]!r}" if error.offset else ""
        hint = "; numbers carry no unit, parameters do" if re.search(r"(?<![\w.])[0-9.]+ +[A-Za-z]", flat) else ""
        raise ModelError(f"can't read {quoted(text)}: wrong syntax{where}{hint}") from None
    except (ValueError, MemoryError, RecursionError):
        raise ModelError(f"{quoted(text)} is too deep; split it with derived quantities") from None
    return _convert(tree, text, 0)[0]


def _scan(text: str) -> None:
    """Refuse what the grammar doesn't know, and what is too large or too deep, before Python's parser sees it."""
    position, tokens = 0, 0
    nest = [0]
    prefix = True
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise _unexpected(text, position)
        kind, token = str(match.lastgroup), match.group()
        position = match.end()
        if kind == "space":
            continue
        tokens += 1
        if tokens > MOST_TOKENS:
            raise ModelError(f"{quoted(text)} has more than {MOST_TOKENS:,} parts; split it with derived quantities")
        if kind == "number":
            _check_number(token, text, position)
        elif kind == "name" and token not in ("and", "or", "not"):
            _check_word(token, text)
        elif token == "(":
            nest.append(0)
        elif token == ")":
            nest = nest[:-1] or [0]
        elif token == "**" or token == "not" or (prefix and token in "+-"):
            nest[-1] += 1
        else:
            nest[-1] = 0
        if len(nest) + sum(nest) > DEEPEST_BRACKETS:
            raise ModelError(f"{quoted(text)} is nested too deeply; split it with derived quantities")
        prefix = token in ("and", "or", "not") or (kind == "operator" and token != ")")


def _unexpected(text: str, position: int) -> ModelError:
    character = text[position]
    hint = _HINTS.get(character, "")
    shown = repr(character)
    if ord(character) > 126 or ord(character) < 32:
        shown += f" ({unicodedata.name(character, 'no name')}, U+{ord(character):04X})"
        hint = hint or "names are made of the letters A-Z, a-z, digits and _"
    return ModelError(f"unexpected character {shown} in {quoted(text)}" + (f"; {hint}" if hint else ""))


def _check_number(token: str, text: str, end: int) -> None:
    if len(token) > 60 or not math.isfinite(float(token)):
        raise ModelError(f"number {quoted(token)} in {quoted(text)} is too large or too long")
    if end < len(text) and (text[end].isalnum() or text[end] in "_."):
        rest = re.match(r"[\w.]+", text[end:])
        after = rest.group() if rest else text[end]
        raise ModelError(f"can't read '{token}{after[:20]}' in {quoted(text)}; write {token}*{after[:20]} to multiply")


def _check_word(token: str, text: str) -> None:
    for piece in token.split("."):
        if piece.startswith("__"):
            raise ModelError(f"name {token!r} in {quoted(text)}: names don't start with two underscores")
        if keyword.iskeyword(piece):
            hint = _WORDS.get(piece, f"if you mean a name, write {piece.lower()}_")
            raise ModelError(f"'{piece}' in {quoted(text)} is a word of Python's; {hint}")


def name_problem(name: object) -> str:
    """Return why a name can't be used in an expression, or "" where it can."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return "names are made of letters A-Z, digits and _, start with a letter, and may hold single dots"
    if name == "t":
        return "t is time"
    if (name in FUNCTIONS and name not in ALSO_NAMES) or name == "piecewise":
        return f"{name} is a function"
    for piece in name.split("."):
        if piece.startswith("__"):
            return "names don't start with two underscores"
        if keyword.iskeyword(piece):
            return f"'{piece}' is a word of Python's; write {piece.lower()}_"
    return ""


def _convert(node: ast.expr, text: str, depth: int) -> tuple[Expression, float | None]:
    """Return the expression of a syntax tree and its value if it is constant."""
    if depth > DEEPEST:
        raise ModelError(f"{quoted(text)} nests more than {DEEPEST} levels; split it with derived quantities")
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        value = float(node.value)  # type: ignore[arg-type]
        return ("number", value), value
    if isinstance(node, ast.Name | ast.Attribute):
        return _name(node, text), None
    parts, kinds = _parts(node, text)
    children: list[Expression] = []
    values: list[float | None] = []
    for part, kind in zip(parts, kinds, strict=True):
        child, constant = _convert(part, text, depth + 1)
        if is_condition(child) != (kind == "c"):
            raise ModelError(_wrong_kind(child, text))
        children.append(child)
        values.append(constant)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd):
        return children[0], values[0]
    expression = _build(node, children)
    return expression, _constant(expression, values, text)


def _parts(node: ast.expr, text: str) -> tuple[list[ast.expr], str]:
    """Return the operands of a node of the syntax tree, and for each "v" (value) or "c" (condition)."""
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        return [node.left, node.right], "vv"
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd | ast.Not):
        return [node.operand], "c" if isinstance(node.op, ast.Not) else "v"
    if isinstance(node, ast.BoolOp):
        return node.values, "c" * len(node.values)
    if isinstance(node, ast.Compare):
        return [node.left, *node.comparators], "v" * (1 + len(node.comparators))
    if isinstance(node, ast.Call):
        return node.args, _call(node, text)
    raise ModelError(f"can't read {quoted(text)}: {_describe(node)}")


def _build(node: ast.expr, parts: list[Expression]) -> Expression:
    if isinstance(node, ast.BinOp):
        return (_BINARY[type(node.op)], *parts)
    if isinstance(node, ast.UnaryOp):
        return (_UNARY[type(node.op)], *parts)
    if isinstance(node, ast.BoolOp):
        return _fold("and" if isinstance(node.op, ast.And) else "or", parts)
    if isinstance(node, ast.Compare):
        return _comparison(node.ops, parts)
    name = node.func.id  # type: ignore[attr-defined]  # _call has seen to it
    return (name, *parts) if name == "piecewise" else ("call", name, *parts)


def _describe(node: ast.expr) -> str:
    if isinstance(node, ast.BinOp):
        return f"there is no {_STRANGE[type(node.op)]}"
    known: dict[type[ast.expr], str] = {ast.Tuple: "a comma outside the arguments of a function"}
    return known.get(type(node), f"{type(node).__name__} is not part of an expression")


def _name(node: ast.expr, text: str) -> Expression:
    pieces: list[str] = []
    while isinstance(node, ast.Attribute):
        pieces.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        raise ModelError(f"can't read {quoted(text)}: a dot stands only inside a name")
    name = ".".join([node.id, *reversed(pieces)])
    if name == "t":
        return ("time",)
    if (name in FUNCTIONS and name not in ALSO_NAMES) or name == "piecewise":
        raise ModelError(f"'{name}' in {quoted(text)} is a function; write {name}(...)")
    return ("name", name)


def _call(node: ast.Call, text: str) -> str:
    """Check a call; return for each argument "v" (value) or "c" (condition)."""
    if not isinstance(node.func, ast.Name):
        raise ModelError(f"can't read {quoted(text)}: only functions can be called; write * to multiply")
    name = node.func.id
    if node.keywords or any(isinstance(a, ast.Starred) for a in node.args):
        raise ModelError(f"{name}() in {quoted(text)} takes plain arguments only")
    count = len(node.args)
    if name == "piecewise":
        if count < 3 or count % 2 == 0:
            raise ModelError(f"piecewise() in {quoted(text)} needs value, condition, ..., otherwise; {count} found")
        return "vc" * (count // 2) + "v"
    if name not in FUNCTIONS:
        known = [*FUNCTIONS, "piecewise"]
        hint = _FUNCTION_HINTS.get(name) or did_you_mean(name, known) or f"; write {name}*(...) to multiply"
        raise ModelError(f"unknown function '{name}' in {quoted(text)}{hint}")
    least, most = FUNCTIONS[name]
    if count < least or (most is not None and count > most):
        wanted = f"{least}" if least == most else f"{least} or more"
        raise ModelError(f"{name}() in {quoted(text)} takes {wanted} argument{'s' * (wanted != '1')}; {count} found")
    return "v" * count


def _fold(word: str, parts: list[Expression]) -> Expression:
    result = parts[0]
    for part in parts[1:]:
        result = (word, result, part)
    return result


def _comparison(ops: list[ast.cmpop], parts: list[Expression]) -> Expression:
    pairs: list[Expression] = []
    for op, a, b in zip(ops, parts, parts[1:], strict=False):
        if isinstance(op, ast.NotEq):
            pairs.append(("not", ("compare", "==", a, b)))
        elif type(op) in _COMPARE:
            pairs.append(("compare", _COMPARE[type(op)], a, b))
        else:
            raise ModelError(f"a comparison is one of < <= > >= == !=, not {type(op).__name__}")
    return _fold("and", pairs)


def _wrong_kind(child: Expression, text: str) -> str:
    if is_condition(child):
        return f"the condition {quoted(to_text(child))} in {quoted(text)} stands where a value must; use piecewise(...)"
    return f"{quoted(to_text(child))} in {quoted(text)} is a value where a condition must stand, such as 'x > 0'"


def _constant(expression: Expression, values: list[float | None], text: str) -> float | None:
    """Return the value of a constant expression of constant parts, so that 9**9**9 is refused early."""
    if is_condition(expression) or expression[0] == "piecewise" or "delay" in expression[:2] or None in values:
        return None
    try:
        result = _evaluate(expression, [float(v) for v in values if v is not None])
    except (OverflowError, ZeroDivisionError, ValueError):
        result = math.nan
    if not math.isfinite(result):
        raise ModelError(f"the constant {quoted(to_text(expression))} in {quoted(text)} is not a finite number")
    return result


def _evaluate(expression: Expression, v: list[float]) -> float:
    kind = expression[0]
    if kind == "neg":
        return -v[0]
    if kind == "call":
        if expression[1] == "hill":
            x = max(v[0], 0.0)
            return math.pow(x, v[2]) / (math.pow(v[1], v[2]) + math.pow(x, v[2]))
        if expression[1] == "michaelis":
            return v[0] / (v[1] + v[0])
        if expression[1] in ("min", "max"):
            return min(v) if expression[1] == "min" else max(v)
        return float(getattr(math, expression[1].replace("abs", "fabs"))(*v))
    if kind == "pow":
        return math.pow(v[0], v[1])
    a, b = v
    return a + b if kind == "add" else a - b if kind == "sub" else a * b if kind == "mul" else a / b


_COUNT = r"(?P<count>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
_TERM = re.compile(rf"\s*(?:{_COUNT}(?:\s*\*\s*|\s+))?(?P<name>{_NAME.pattern})\s*")


def parse_arrow(arrow: str) -> tuple[Side, Side]:
    """Return what an arrow takes and what it makes, as pairs of a state and its count.

    `"2 A + B -> C"` gives `((("A", 2.0), ("B", 1.0)), (("C", 1.0),))`. A state written twice on a side counts twice.

    Raises
    ------
    ModelError : there isn't exactly one `->`, a side is not a sum of names, or both sides are empty.
    """
    if not isinstance(arrow, str):
        raise ModelError(f"an arrow is text such as 'A -> B', but {type(arrow).__name__} was found")
    if len(arrow) > LONGEST:
        raise ModelError(f"an arrow of {len(arrow):,} characters is too long")
    sides = arrow.split("->")
    if "<->" in arrow or "=>" in arrow or len(sides) != 2:
        raise ModelError(f"an arrow has one '->', but {quoted(arrow)} was found; write two ways as two processes")
    left, right = _side(sides[0], arrow), _side(sides[1], arrow)
    if not left and not right:
        raise ModelError(f"the arrow {quoted(arrow)} moves nothing; write '-> A' or 'A ->'")
    return left, right


def _side(text: str, arrow: str) -> Side:
    if not text.strip():
        return ()
    counts: dict[str, float] = {}
    for term in text.split("+"):
        match = _TERM.fullmatch(term)
        if match is None:
            raise ModelError(f"can't read '{term.strip()[:40]}' in the arrow {quoted(arrow)}; write '2 A + B -> C'")
        count = float(match["count"]) if match["count"] else 1.0
        if not 0 < count < math.inf:
            raise ModelError(f"the count of '{match['name']}' in the arrow {quoted(arrow)} must be above 0")
        counts[match["name"]] = counts.get(match["name"], 0.0) + count
    return tuple(counts.items())
