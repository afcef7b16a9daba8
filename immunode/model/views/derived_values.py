"""Derived quantities and effective parameters of a model at given values of its states and parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from immunode.language.evaluation import evaluate
from immunode.language.expression import Expression, names, parse
from immunode.model.declaration import Declaration
from immunode.model.views.formulas import effective

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


Formulas = tuple[tuple[str, Expression], ...]


def formulas_in_order(model: Declaration) -> Formulas:
    """Return derived quantities and perturbed parameters with their expressions, each after those that it rests on."""
    todo: dict[str, Expression] = {d.name: parse(d.expression) for d in model.derived}
    for target in {e.target for e in model.effects}:
        own = [effect for effect in model.effects if effect.target == target]
        todo[target] = effective(target, own, {}, f"{target}.raw")
    rests = {name: names(expression) & todo.keys() for name, expression in todo.items()}
    ordered: dict[str, Expression] = {}
    while len(ordered) < len(todo):
        ready = [name for name in todo if name not in ordered and rests[name] <= ordered.keys()]
        ordered |= {name: todo[name] for name in ready}
    return tuple(ordered.items())


def needed_for(expression: Expression, formulas: Formulas) -> Formulas:
    """Return those of the formulas that an expression rests on, in their order."""
    wanted = set(names(expression))
    kept = []
    for name, formula in reversed(formulas):
        if name in wanted:
            wanted |= names(formula)
            kept.append((name, formula))
    return tuple(reversed(kept))


def quantities(
    model: Declaration, values: Mapping[str, Array | float], t: Array | float = 0.0, formulas: Formulas | None = None
) -> dict[str, Any]:
    """Return `values` with every derived quantity, and with perturbed parameters at their effective values.

    values : all states, switches and parameters of the model.   formulas : only these, in their order.
    """
    known: dict[str, Any] = dict(values)
    for target in {e.target for e in model.effects}:
        known[f"{target}.raw"] = known.pop(target)
    for name, expression in formulas_in_order(model) if formulas is None else formulas:
        known[name] = evaluate(expression, known, t)
    return known
