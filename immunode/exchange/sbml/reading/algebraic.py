"""Algebraic rules: equations that hold at all times, solved for the quantities that nothing else determines.

An equation that is linear in its unknown gives a derived quantity. From any other one the unknown's rate of change
follows (the implicit function theorem), and its initial value from a root search: it becomes a state.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from immunode.exchange.sbml.reading.functions import number
from immunode.exchange.sbml.reading.state import Reading
from immunode.language.evaluation import evaluate
from immunode.language.tree import Expression, names, substitute, to_text, walk


@dataclass(slots=True)
class Unknown:
    """What an algebraic rule determines: the id of an element, and which rule."""

    identity: str
    rule: int
    equation: Expression = field(default=("number", 0.0))


def match_algebraic(reading: Reading) -> list[Unknown]:
    """Return for each algebraic rule the element that it determines; called before any quantity is read.

    What events assign is taken only where nothing else is left: they set it, and the rule tells the others. Each is
    noted in `reading.by_event` as one that changes, so that what lives in a compartment of such a size is an amount.

    Raises
    ------
    ModelError : a rule has nothing left to determine.

    Source: SBML Level 3 Version 2 Core, section 4.9.5 (matching of equations and variables).
    """
    wanted = [sorted(_free(reading, node)) for node in reading.algebraic]
    taken: dict[str, int] = {}
    quiet = [[identity for identity in candidates if identity not in reading.by_event] for candidates in wanted]
    matched = [_assign(rule, quiet, taken, set()) for rule in range(len(quiet))]
    for rule, candidates in enumerate(wanted):
        # a path that makes room for one more rule never frees an element that is taken
        if not matched[rule] and not _assign(rule, wanted, taken, set()):
            if not candidates:
                raise reading.error(f"algebraic rule {rule + 1}", "nothing in it is free to change")
            raise reading.error(f"algebraic rule {rule + 1}", f"other rules determine {', '.join(candidates)} already")
    for identity in taken:
        reading.by_event[identity] = None
    return [Unknown(identity, rule) for identity, rule in taken.items()]


def _assign(rule: int, wanted: list[list[str]], taken: dict[str, int], tried: set[str]) -> bool:
    """Give a rule one of the elements it wants; others may have to take another one of theirs."""
    for identity in wanted[rule]:
        if identity in tried:
            continue
        tried.add(identity)
        if identity not in taken or _assign(taken[identity], wanted, taken, tried):
            taken[identity] = rule
            return True
    return False


def _free(reading: Reading, node: Any) -> set[str]:
    """Return the ids in mathematics, and in the assignment rules it rests on, that nothing else determines."""
    found: set[str] = set()
    todo, seen = [node], set()
    while todo:
        part = todo.pop()
        if part.isName():
            identity = part.getName()
            if identity in reading.assigned and identity not in seen:
                todo.append(reading.assigned[identity])
            elif identity in reading.elements and identity not in seen and _may_change(reading, identity):
                found.add(identity)
            seen.add(identity)
        todo += [part.getChild(i) for i in range(part.getNumChildren())]
    return found


def _may_change(reading: Reading, identity: str) -> bool:
    element = reading.elements[identity]
    if identity in reading.rates or identity in reading.assigned or getattr(element, "getConstant", lambda: True)():
        return False
    moves = hasattr(element, "getBoundaryCondition") and not element.getBoundaryCondition()
    return not (moves and identity in reading.moved)


def solve_algebraic(reading: Reading, unknowns: list[Unknown]) -> None:
    """Make each unknown a derived quantity or a state; called when all quantities and fluxes are there.

    Raises
    ------
    ModelError : a rule can't be solved.
    """
    left: dict[str, Unknown] = {}
    for unknown in unknowns:
        name = reading.names[unknown.identity]
        unknown.equation = reading.value(reading.algebraic[unknown.rule], f"algebraic rule {unknown.rule + 1}")
        left[reading.changes[name][0] if name in reading.changes else name] = unknown
    while left:
        ready = next((n for n, u in left.items() if not (_reach(reading, u.equation) & (left.keys() - {n}))), None)
        if ready is None:
            raise reading.error("algebraic rules", f"{', '.join(left)} depend on each other")
        _solve(reading, ready, left.pop(ready))


def _expanded(reading: Reading, expression: Expression, kept: str) -> Expression:
    """Return an expression with derived quantities put in that rest on `kept`."""
    for _ in range(len(reading.quantities) + 1):
        inside = {
            n: reading.quantities[n].value
            for n in names(expression)
            if n != kept and n in reading.quantities and reading.quantities[n].kind == "derived"
            and kept in _reach(reading, reading.quantities[n].value)
        }  # fmt: skip
        if not inside:
            return expression
        expression = substitute(expression, inside)
    raise reading.error("algebraic rules", f"'{kept}' depends on itself")


def _reach(reading: Reading, expression: Expression) -> set[str]:
    """Return all names that an expression rests on, through derived quantities and rates of reactions too."""
    found: set[str] = set()
    todo = [expression]
    while todo:
        for name in names(todo.pop()) - found:
            found.add(name)
            quantity = reading.quantities.get(name)
            if quantity is not None and quantity.kind == "derived":
                todo.append(quantity.value)
            if name in reading.fluxes:
                todo.append(reading.fluxes[name].rate)
    return found


def _solve(reading: Reading, name: str, unknown: Unknown) -> None:
    equation = _expanded(reading, unknown.equation, name)
    quantity = reading.quantities[name]
    solution = isolated(equation, name)
    if solution is not None:
        quantity.kind, quantity.value, quantity.fixed, quantity.compartment = "derived", solution, False, ""
        return
    _differentiate(reading, name, equation)


def isolated(equation: Expression, name: str) -> Expression | None:
    """Return x from an equation f(x) = 0 that is linear in the name x, else None."""
    terms: list[tuple[int, Expression]] = []
    todo = [(1, equation)]
    while todo:
        sign, node = todo.pop()
        if node[0] in ("add", "sub"):
            todo += [(sign if node[0] == "add" else -sign, node[2]), (sign, node[1])]
        elif node[0] == "neg":
            todo.append((-sign, node[1]))
        else:
            terms.append((sign, node))
    own = [sign for sign, node in terms if node == ("name", name)]
    others = [(sign, node) for sign, node in terms if node != ("name", name)]
    if len(own) == 1 and not any(name in names(node) for _, node in others):
        return _sum([(-own[0] * sign, node) for sign, node in others])
    slope = _slope(equation, name)
    if slope is None:
        return None
    return ("neg", ("div", substitute(equation, {name: number(0.0)}), slope))


def _sum(terms: list[tuple[int, Expression]]) -> Expression:
    # a sum that starts with a plus needs no sign in front
    first, *rest = sorted(terms, key=lambda term: -term[0]) or [(1, number(0.0))]
    total = first[1] if first[0] > 0 else ("neg", first[1])
    for sign, node in rest:
        total = ("add" if sign > 0 else "sub", total, node)
    return total


def _slope(equation: Expression, name: str) -> Expression | None:
    """Return the derivative by a name if it is free of that name and not 0, else None."""
    if any(name in names(c) for node in walk(equation) if node[0] == "piecewise" for c in node[2::2]):
        return None
    slope = derivative(equation, name)
    if slope is None or slope == number(0.0) or name in names(slope):
        return None
    return slope


def derivative(expression: Expression, name: str) -> Expression | None:
    """Return the derivative of an expression by a name ("" for time); None where a function of it has none here."""
    kind, *rest = expression
    if kind == "time":
        return number(float(not name))
    if kind == "name":
        return number(float(rest[0] == name))
    if kind == "number":
        return number(0.0)
    if kind == "piecewise":
        values = [derivative(value, name) for value in (*rest[0:-1:2], rest[-1])]
        if any(value is None for value in values):
            return None
        if all(value == values[0] for value in values):
            return values[0]
        return ("piecewise", *(part for pair in zip(values, rest[1::2], strict=False) for part in pair), values[-1])
    arguments = rest[1:] if kind == "call" else rest
    slopes = [derivative(argument, name) for argument in arguments]
    if any(slope is None for slope in slopes):
        return None
    total: Expression = number(0.0)
    for i, slope in enumerate(slopes):
        if slope is None or slope == number(0.0):
            continue
        partial = _partial(expression, i)
        if partial is None:
            return None
        total = _plus(total, _times(partial, slope))
    return total


def _plus(a: Expression, b: Expression) -> Expression:
    return b if a == number(0.0) else a if b == number(0.0) else ("add", a, b)


def _times(a: Expression, b: Expression) -> Expression:
    zero, one = number(0.0), number(1.0)
    if zero in (a, b):
        return zero
    return b if a == one else a if b == one else ("mul", a, b)


def _partial(node: Expression, i: int) -> Expression | None:
    """Return the derivative of an operation by its operand `i`."""
    kind, *x = node
    one, two = number(1.0), number(2.0)
    if kind in ("add", "sub", "neg"):
        return number(-1.0) if kind == "neg" or (kind == "sub" and i) else one
    if kind == "mul":
        other: Expression = x[1 - i]
        return other
    if kind == "div":
        return ("neg", ("div", x[0], ("pow", x[1], two))) if i else ("div", one, x[1])
    if kind == "pow":
        less = ("mul", x[1], ("pow", x[0], ("sub", x[1], one)))
        return ("mul", node, ("call", "log", x[0])) if i else less
    if kind != "call":
        return None
    function, argument = x[0], x[1]
    known: dict[str, Expression] = {
        "exp": node,
        "log": ("div", one, argument),
        "sqrt": ("div", number(0.5), node),
        "sin": ("call", "cos", argument),
        "cos": ("neg", ("call", "sin", argument)),
        "tan": ("add", one, ("pow", node, two)),
        "tanh": ("sub", one, ("pow", node, two)),
        "sinh": ("call", "cosh", argument),
        "cosh": ("call", "sinh", argument),
        "atan": ("div", one, ("add", one, ("pow", argument, two))),
    }
    return known.get(str(function))


def _differentiate(reading: Reading, name: str, equation: Expression) -> None:
    """Make the unknown a state whose rate keeps f(t, x, z) at 0: z' = -(f_t + sum of f_x x')/f_z."""
    who = f"the algebraic rule that determines '{name}'"
    if reading.sbml.getNumEvents():
        raise reading.error(who, "it is not linear, and events would leave it unfulfilled")
    equation = _all_in(reading, equation)
    slope = derivative(equation, name)
    if slope is None or slope == number(0.0):
        raise reading.error(who, f"'{to_text(equation)[:80]}' can't be solved for it")
    total = derivative(equation, "")
    for other in sorted(names(equation) - {name}):
        quantity = reading.quantities.get(other)
        partial = derivative(equation, other)
        if partial is None or total is None:
            raise reading.error(who, f"'{to_text(equation)[:80]}' has no derivative here")
        if quantity is None or quantity.kind not in ("state", "switch"):
            continue
        reading.math.rates[other] = None
        total = _plus(total, _times(partial, ("name", f"{other}.rate")))
    quantity = reading.quantities[name]
    quantity.value = number(_root(reading, name, equation))
    reading.solved[name] = equation
    quantity.kind, quantity.compartment = "state", ""
    reading.rate_rules[name] = ("neg", ("div", total, slope))


def _all_in(reading: Reading, equation: Expression) -> Expression:
    """Return an equation with all derived quantities put in, those aside that never change."""
    for _ in range(len(reading.quantities) + 1):
        known = {n: reading.quantities[n] for n in names(equation) if n in reading.quantities}
        inside = {n: q.value for n, q in known.items() if q.kind == "derived"}
        if not inside:
            return equation
        equation = substitute(equation, inside)
    raise reading.error("algebraic rules", "they depend on themselves")


def _root(reading: Reading, name: str, equation: Expression) -> float:
    """Return the initial value nearest to the declared one at which the equation holds."""
    from scipy.optimize import root

    known: dict[str, Any] = {}

    def start(other: str) -> float:
        if other not in known:
            value = reading.quantities[other].value if other in reading.quantities else number(0.0)
            for inner in names(value):
                start(inner)
            known[other] = float(evaluate(value, known))
        return float(known[other])

    for other in names(equation):
        start(other)

    def left_over(z: Any) -> Any:
        return evaluate(equation, {**known, name: z})

    found = root(left_over, [known.get(name) or 1.0], tol=1e-14)
    if not abs(float(evaluate(equation, {**known, name: found.x[0]}))) < 1e-9 * max(1.0, abs(float(found.x[0]))):
        raise reading.error(f"'{name}'", "no initial value fulfills its algebraic rule")
    return float(found.x[0])
