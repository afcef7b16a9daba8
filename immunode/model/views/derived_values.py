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


def quantities(model: Declaration, values: Mapping[str, Array | float], t: Array | float = 0.0) -> dict[str, Any]:
    """Return `values` with every derived quantity, and with perturbed parameters at their effective values.

    values : all states, switches and parameters of the model.
    """
    known: dict[str, Any] = dict(values)
    raw = {e.target: f"{e.target}.raw" for e in model.effects}
    todo: dict[str, Expression] = {d.name: parse(d.expression) for d in model.derived}
    for target, base in raw.items():
        own = [effect for effect in model.effects if effect.target == target]
        todo[target] = effective(target, own, {}, base)
        known[base] = known.pop(target)
    while todo:
        ready = [name for name, expression in todo.items() if not names(expression) & todo.keys()]
        for name in ready:
            known[name] = evaluate(todo.pop(name), known, t)
    return known
