"""The equations of a model as text: one line a state, in Unicode or in LaTeX that matplotlib can set too.

Written from the tuples of `tree` and not through SymPy, which would reorder and expand what the author wrote.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from immunode.errors import ModelError, did_you_mean
from immunode.language.expression import Expression, parse, parse_arrow
from immunode.language.tree import fold, number_text, substitute
from immunode.model.declaration import Declaration
from immunode.model.records import Effect

_LETTERS = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon",
    "phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega",
)
_GREEK = dict(zip(" ".join(_LETTERS).split(), "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΥΦΨΩ", strict=True))
_EFFECTIVE = ".effective"
_DOWN = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_UP = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def equations(model: Declaration, style: str = "unicode", *, fluxes: bool = False) -> str:
    """Return the equations of a model, one line a state, then derived quantities and perturbed parameters.

    style : "unicode" or "latex" (without `$`).
    fluxes : name the processes in the lines of the states, and give each process a line of its own.

    Raises
    ------
    ModelError : there is no such style.
    """
    writers = {"unicode": _UNICODE, "latex": _LATEX}
    if style not in writers:
        raise ModelError(f"equations: unknown style '{style}'{did_you_mean(style, list(writers))}")
    writer = writers[style]
    lines = [f"{writer.derivative(name)} = {writer.write(right)}" for name, right in right_hand_sides(model, fluxes)]
    perturbed = {e.target for e in model.effects}
    renamed: dict[str, Expression] = {name: ("name", name + _EFFECTIVE) for name in perturbed}
    if fluxes:
        for process in model.processes:
            lines.append(f"{writer.name(process.name)} = {writer.write(substitute(parse(process.rate), renamed))}")
    for derived in model.derived:
        lines.append(f"{writer.name(derived.name)} = {writer.write(substitute(parse(derived.expression), renamed))}")
    for parameter in model.parameters:
        if parameter.name in perturbed:
            own = [effect for effect in model.effects if effect.target == parameter.name]
            value = effective(parameter.name, own, renamed)
            lines.append(f"{writer.name(parameter.name + _EFFECTIVE)} = {writer.write(value)}")
    return "\n".join(lines)


def right_hand_sides(model: Declaration, fluxes: bool = False) -> list[tuple[str, Expression]]:
    """Return the name and the derivative of each state; a perturbed parameter k stands as `k.effective`.

    fluxes : put the name of a process for its rate.
    """
    renamed: dict[str, Expression] = {e.target: ("name", e.target + _EFFECTIVE) for e in model.effects}
    volumes = {c.name: c.volume for c in model.compartments}
    terms: dict[str, list[tuple[float, Expression]]] = {state.name: [] for state in model.states}
    for process in model.processes:
        rate: Expression = ("name", process.name) if fluxes else substitute(parse(process.rate), renamed)
        net: dict[str, float] = {}
        for sign, side in zip((-1, 1), parse_arrow(process.arrow), strict=True):
            for name, count in side:
                net[name] = net.get(name, 0.0) + sign * count
        for name, count in net.items():
            if count:
                terms[name].append((count, rate))
    result = []
    for state in model.states:
        right = _sum(terms[state.name])
        if state.compartment and not state.amount and terms[state.name]:
            volume = volumes[state.compartment]
            divisor = substitute(parse(volume), renamed) if isinstance(volume, str) else ("number", float(volume))
            right = right if divisor == ("number", 1.0) else ("div", right, divisor)
        result.append((state.name, right))
    return result


def _sum(terms: list[tuple[float, Expression]]) -> Expression:
    total: Expression | None = None
    for count, rate in terms:
        term = rate if abs(count) == 1 else ("mul", ("number", abs(count)), rate)
        if total is None:
            total = term if count > 0 else ("neg", term)
        else:
            total = ("add" if count > 0 else "sub", total, term)
    return total or ("number", 0.0)


def effective(name: str, effects: list[Effect], renamed: dict[str, Expression], base_name: str = "") -> Expression:
    """Return (k + sum of weight*(value - k)) * factors + terms, the effective value of the parameter `name`.

    effects : those on `name`.   renamed : what stands for the perturbed parameters that occur in them.
    base_name : what the declared value is called, `name` by default.
    """
    base: Expression = ("name", base_name or name)
    value = base
    for effect in (e for e in effects if e.how == "set"):
        target, weight = (substitute(parse(text), renamed) for text in (effect.value, effect.weight))
        whole = weight == ("number", 1.0) and value == base
        value = target if whole else ("add", value, ("mul", weight, ("sub", target, base)))
    for how, kind in (("scale", "mul"), ("add", "add")):
        for effect in (e for e in effects if e.how == how):
            value = (kind, value, substitute(parse(effect.value), renamed))
    return value


@dataclass(frozen=True, slots=True)
class _Writer:
    """How one style writes names, derivatives and inner nodes."""

    name: Callable[[str], str]
    number: Callable[[float], tuple[str, int]]
    derivative: Callable[[str], str]
    inner: Callable[[Expression, list[tuple[str, int]]], tuple[str, int]]

    def write(self, expression: Expression) -> str:
        """Return an expression in this style."""

        def leaf(node: Expression) -> tuple[str, int]:
            if node[0] == "number":
                return self.number(node[1])
            return ("t" if node[0] == "time" else self.name(node[1])), _ATOM

        text: str = fold(expression, leaf, self.inner)[0]
        return text


_OR, _AND, _NOT, _COMPARE, _ADD, _MUL, _NEG, _POW, _ATOM = range(1, 10)
_LEVELS = {"add": _ADD, "sub": _ADD, "and": _AND, "or": _OR}


def _pieces(name: str) -> list[str]:
    """Return a name without dots as its head and its subscripts: `k_np2` is k, np2; `alpha2` is alpha, 2."""
    head, *rest = [piece for piece in name.split("_") if piece] or [name]
    match = re.fullmatch(r"([A-Za-z]+?)([0-9]+)", head)
    return [match[1], match[2], *rest] if match else [head, *rest]


def _unicode_name(name: str) -> str:
    if name.endswith(_EFFECTIVE):
        return _unicode_name(name.removesuffix(_EFFECTIVE)) + "*"
    if "." in name:
        return name
    head = re.match(r"[A-Za-z]+", name)
    if head is None:
        return name
    rest = name[head.end() :]
    if rest.isdigit():
        rest = rest.translate(_DOWN)
    return _GREEK.get(head.group(), head.group()) + (rest if rest != "_" else "")


def _unicode_derivative(name: str) -> str:
    shown = _unicode_name(name)
    return f"d({shown})/dt" if re.match(r"[A-Za-z]{3}|.*\.", shown) else f"d{shown}/dt"


def _unicode_number(value: float) -> tuple[str, int]:
    return number_text(value).replace("-", "−"), _ATOM if value >= 0 else _NEG


def _unicode_inner(node: Expression, parts: list[tuple[str, int]]) -> tuple[str, int]:
    kind = node[0]

    def at(i: int, least: int) -> str:
        return parts[i][0] if parts[i][1] >= least else f"({parts[i][0]})"

    if kind in ("call", "piecewise"):
        return _unicode_call(node, parts)
    if kind in ("add", "sub"):
        return f"{at(0, _ADD)} {'+' if kind == 'add' else '−'} {at(1, _MUL)}", _ADD
    if kind in ("mul", "div"):
        return f"{at(0, _MUL)}{'·' if kind == 'mul' else '/'}{at(1, _NEG + 1)}", _MUL
    if kind == "neg":
        return f"−{at(0, _MUL)}", _NEG
    if kind == "pow":
        if node[2][0] == "number" and parts[1][0].isdigit():
            return at(0, _ATOM) + parts[1][0].translate(_UP), _POW
        return f"{at(0, _ATOM)}^{at(1, _ATOM)}", _POW
    if kind == "compare":
        sign = {"<=": "≤", ">=": "≥", "==": "="}.get(node[1], node[1])
        return f"{at(0, _ADD)} {sign} {at(1, _ADD)}", _COMPARE
    if kind == "not":
        return f"not {at(0, _ATOM)}", _NOT
    return f"{at(0, _LEVELS[kind])} {kind} {at(1, _LEVELS[kind] + 1)}", _LEVELS[kind]


def _unicode_call(node: Expression, parts: list[tuple[str, int]]) -> tuple[str, int]:
    texts = [text for text, _ in parts]
    if node[0] == "piecewise":
        cases = [f"{value} if {condition}" for value, condition in zip(texts[0:-1:2], texts[1::2], strict=True)]
        return "{" + "; ".join([*cases, f"{texts[-1]} otherwise"]) + "}", _ATOM
    if node[1] == "delay":
        what, lag = (
            parts[i][0] if parts[i][1] >= least else f"({parts[i][0]})" for i, least in ((0, _ATOM), (1, _MUL))
        )
        return f"{what}(t − {lag})", _ATOM
    name = str(node[1]).replace("log", "ln")
    fences = {"abs": "||", "floor": "⌊⌋", "ceil": "⌈⌉"}
    if name in fences:
        return f"{fences[name][0]}{texts[0]}{fences[name][1]}", _ATOM
    return f"{name}({', '.join(texts)})", _ATOM


def _latex_name(name: str) -> str:
    if name.endswith(_EFFECTIVE):
        return "{" + _latex_name(name.removesuffix(_EFFECTIVE)) + r"}^{\ast}"
    if "." in name:
        return r"\mathrm{" + name.replace("_", r"\_") + "}"
    head, *rest = (_latex_piece(piece) for piece in _pieces(name))
    return f"{head}_{{{','.join(rest)}}}" if rest else head


def _latex_piece(piece: str) -> str:
    if piece in _GREEK:
        return "\\" + piece
    return piece if len(piece) == 1 or piece.isdigit() else r"\mathrm{" + piece + "}"


def _latex_number(value: float) -> tuple[str, int]:
    text = number_text(value)
    level = _ATOM if value >= 0 else _NEG
    mantissa, _, exponent = text.partition("e")
    if not exponent and len(text) > 6 and "." not in text:
        digits = text.lstrip("-")
        exponent = str(len(digits) - 1)
        mantissa = "-" * (value < 0) + f"{digits[0]}.{digits[1:]}".rstrip("0").rstrip(".")
    if not exponent:
        return text, level
    power = f"10^{{{int(exponent)}}}"
    return (power, _POW) if mantissa == "1" else (rf"{mantissa} \times {power}", min(level, _MUL))


_LATEX_FUNCTIONS = {"log": r"\ln", "asin": r"\arcsin", "acos": r"\arccos", "atan": r"\arctan"}


def _latex_inner(node: Expression, parts: list[tuple[str, int]]) -> tuple[str, int]:
    kind = node[0]

    def at(i: int, least: int) -> str:
        return parts[i][0] if parts[i][1] >= least else rf"\left({parts[i][0]}\right)"

    if kind in ("call", "piecewise"):
        return _latex_call(node, parts)
    if kind in ("add", "sub"):
        return f"{at(0, _ADD)} {'+' if kind == 'add' else '-'} {at(1, _MUL)}", _ADD
    if kind == "mul":
        # a product of numbers in powers of ten needs no bracket
        left, right = at(0, _MUL), at(1, _MUL if node[2][0] == "number" else _NEG + 1)
        sign = r"\cdot" if right[:1].isdigit() else r"\,"
        return f"{left} {sign} {right}", _MUL
    if kind == "div":
        return rf"\frac{{{parts[0][0]}}}{{{parts[1][0]}}}", _POW
    if kind == "neg":
        return f"-{at(0, _MUL)}", _NEG
    if kind == "pow":
        base = at(0, _ATOM)
        return f"{{{base}}}^{{{parts[1][0]}}}", _POW
    if kind == "compare":
        relation = {"<=": r"\leq", ">=": r"\geq", "==": "="}.get(str(node[1]), str(node[1]))
        return f"{at(0, _ADD)} {relation} {at(1, _ADD)}", _COMPARE
    if kind == "not":
        return rf"\mathrm{{not}}\ {at(0, _ATOM)}", _NOT
    return rf"{at(0, _LEVELS[kind])}\ \mathrm{{{kind}}}\ {at(1, _LEVELS[kind] + 1)}", _LEVELS[kind]


def _latex_call(node: Expression, parts: list[tuple[str, int]]) -> tuple[str, int]:
    texts = [text for text, _ in parts]

    def base(i: int) -> str:
        return texts[i] if parts[i][1] == _ATOM else rf"\left({texts[i]}\right)"

    if node[0] == "piecewise":
        cases = [rf"{v}\ \mathrm{{if}}\ {c}" for v, c in zip(texts[0:-1:2], texts[1::2], strict=True)]
        inside = r";\ ".join([*cases, rf"{texts[-1]}\ \mathrm{{otherwise}}"])
        return rf"\left\{{{inside}\right\}}", _ATOM
    name = str(node[1])
    if name == "hill":
        raised = [f"{{{base(i)}}}^{{{texts[2]}}}" for i in (0, 1)]
        return rf"\frac{{{raised[0]}}}{{{raised[1]} + {raised[0]}}}", _POW
    if name == "michaelis":
        return rf"\frac{{{texts[0]}}}{{{texts[1]} + {texts[0]}}}", _POW
    if name == "delay":
        lag = texts[1] if parts[1][1] >= _MUL else rf"\left({texts[1]}\right)"
        return rf"{base(0)}\left(t - {lag}\right)", _ATOM
    if name == "sqrt":
        return rf"\sqrt{{{texts[0]}}}", _ATOM
    if name == "abs":
        return rf"\left|{texts[0]}\right|", _ATOM
    if name in ("floor", "ceil"):
        return rf"\left\l{name} {texts[0]}\right\r{name}", _ATOM
    return rf"{_LATEX_FUNCTIONS.get(name, chr(92) + name)}\left({', '.join(texts)}\right)", _ATOM


_UNICODE = _Writer(_unicode_name, _unicode_number, _unicode_derivative, _unicode_inner)
_LATEX = _Writer(
    _latex_name, _latex_number, lambda name: rf"\frac{{\mathrm{{d}}{_latex_name(name)}}}{{\mathrm{{d}}t}}", _latex_inner
)
