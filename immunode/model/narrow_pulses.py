"""Rates that change in a small part of the time only, which a solver with long steps may not see."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from immunode.language.evaluation import evaluate
from immunode.language.expression import Expression, names, parse
from immunode.model.declaration import Model
from immunode.model.derived_values import quantities

_POINTS = 20_001
_SMALL = 0.01
"""Part of the horizon below which a pulse counts as narrow."""


def narrow_pulses(model: Model) -> Iterator[tuple[str, float, float]]:
    """Yield (process, width, time) where a rate leaves its usual value for a hundredth of the horizon or less.

    Rates are looked at with the states at their initial values, at 20,001 times; a pulse that is narrower than the
    horizon by more than that may be missed. Conditions on time are no matter: solvers stop where they turn.
    """
    import numpy as np

    derived = {d.name: parse(d.expression) for d in model.derived}
    rates = {p.name: parse(p.rate) for p in model.processes}
    timed = {name: rate for name, rate in rates.items() if _smooth_in_time(rate, derived)}
    if not timed:
        return
    known: dict[str, Any] = {p.name: float(p.value) for p in model.parameters}
    begin = {s.name: s.initial for s in model.states} | {s.name: s.initial for s in model.switches}
    for name, value in begin.items():
        known[name] = evaluate(parse(value), known) if isinstance(value, str) else float(value)
    t = np.linspace(0.0, model.horizon, _POINTS)
    with np.errstate(all="ignore"):
        seen = quantities(model, known, t)
        for name, rate in timed.items():
            r = np.broadcast_to(np.asarray(evaluate(rate, seen, t), float), t.shape)
            away = np.abs(r - np.median(r))
            high = away > away.max() / 2
            width = float(high.mean() * model.horizon)
            if np.isfinite(r).all() and away.max() > 1e-9 * np.abs(r).max() and 0 < width <= _SMALL * model.horizon:
                yield name, width, float(t[np.argmax(away)])


def _smooth_in_time(rate: Expression, derived: dict[str, Expression]) -> bool:
    """Return whether an expression holds time, but no condition on it."""
    whole, todo, taken = [rate], list(names(rate)), set()
    while todo:
        name = todo.pop()
        if name in derived and name not in taken:
            taken.add(name)
            whole.append(derived[name])
            todo += names(derived[name])
    parts = [part for one in whole for part in _parts(one)]
    on_time = [part for part in parts if part[0] == "compare" and any(p[0] == "time" for p in _parts(part))]
    return any(part[0] == "time" for part in parts) and not on_time


def _parts(expression: Expression) -> Iterator[Expression]:
    yield expression
    for part in expression[1:]:
        if isinstance(part, tuple):
            yield from _parts(part)
