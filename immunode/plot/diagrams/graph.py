"""What a diagram of a model shows: states, arrows between them, and which states act on which arrow."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from immunode.language.evaluation import evaluate
from immunode.language.expression import Expression, parse, parse_arrow
from immunode.model import Model
from immunode.model.views.derived_values import quantities

_POINTS, _STEP, _SEED = 12, 1e-3, 20261
"""Random places at which the direction of an influence is looked up, the relative step, and the seed."""


@dataclass(frozen=True, slots=True)
class Arrow:
    """All processes that take the same states and make the same states.

    takes, makes : states; both empty is impossible.   flux : their sum per time, 0 or more; None is unknown.
    unit : what the flux moves (widths are compared inside one unit).
    """

    takes: tuple[str, ...]
    makes: tuple[str, ...]
    processes: tuple[str, ...]
    flux: float | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Influence:
    """A state that changes the rate of an arrow without being taken by it; sign: 1 faster, -1 slower, 0 both.

    target : the state that it acts on instead, in a diagram without gains and losses; then sign says whether there is
        more of it or less, and arrow is -1.
    """

    state: str
    arrow: int
    sign: int
    target: str = ""


def arrows(model: Model, fluxes: Mapping[str, float] | None = None) -> tuple[Arrow, ...]:
    """Return the arrows of a model, merged by what they take and make; a flux below 0 turns its arrow around."""
    units = {state.name: state.unit for state in model.states}
    merged: dict[tuple[tuple[str, ...], tuple[str, ...]], list[tuple[str, float]]] = {}
    for process in model.processes:
        left, right = (tuple(name for name, _ in side) for side in parse_arrow(process.arrow))
        both = {*left} & {*right}  # a catalyst is not moved
        left, right = (tuple(name for name in side if name not in both) for side in (left, right))
        flux = math.nan if fluxes is None else float(fluxes.get(process.name, math.nan))
        if not left and not right:
            continue
        key = (right, left) if flux < 0 else (left, right)
        merged.setdefault(key, []).append((process.name, abs(flux)))
    drawn = []
    for (takes, makes), members in merged.items():
        total = sum(flux for _, flux in members if math.isfinite(flux))
        known = any(math.isfinite(flux) for _, flux in members)
        unit = units[(takes or makes)[0]]
        drawn.append(Arrow(takes, makes, tuple(name for name, _ in members), total if known else None, unit))
    return tuple(drawn)


def influences(model: Model, shown: tuple[Arrow, ...]) -> tuple[Influence, ...]:
    """Return which states act on which arrows, and in which direction, found by small steps at random places.

    A state that an arrow takes, or the one state that it makes, is not told to act on it: that is the usual case.
    """
    names = [state.name for state in model.states]
    values, base = _places(model, names)
    acting: dict[tuple[str, int], set[int]] = {}
    with np.errstate(all="ignore"):
        rates = {process.name: parse(process.rate) for process in model.processes}
        before = _rates(model, {**values, **base}, rates)
        for name in names:
            moved = {**base, name: base[name] * (1 + _STEP)}
            after = _rates(model, {**values, **moved}, rates)
            for i, arrow in enumerate(shown):
                if name in arrow.takes or (name in arrow.makes and not arrow.takes):
                    continue
                for process in arrow.processes:
                    old, new = (np.broadcast_to(np.asarray(q[process], float), _POINTS) for q in (before, after))
                    change = new - old
                    good = np.isfinite(change) & (np.abs(change) > 1e-9 * np.abs(old)) & (change != 0)
                    signs = np.sign(change) * np.where(old < 0, -1, 1)
                    acting.setdefault((name, i), set()).update(int(s) for s in np.unique(signs[good]))
    return tuple(
        Influence(name, i, signs.copy().pop() if len(signs) == 1 else 0) for (name, i), signs in acting.items() if signs
    )


def wiring(shown: Sequence[Arrow], acting: Sequence[Influence]) -> tuple[tuple[Arrow, ...], tuple[Influence, ...]]:
    """Return what is left of a dense diagram without gains and losses: what acts on one acts on its state.

    Influences of one state on another are one line: up where they all raise it, down where they all lower it.
    """
    flows = [i for i, arrow in enumerate(shown) if arrow.takes and arrow.makes]
    kept = [replace(one, arrow=flows.index(one.arrow)) for one in acting if one.arrow in flows]
    raised: dict[tuple[str, str], set[int]] = {}
    for one in acting:
        arrow = shown[one.arrow]
        if one.arrow in flows:
            continue
        for names, direction in ((arrow.makes, 1), (arrow.takes, -1)):
            for name in names:
                if name != one.state:
                    raised.setdefault((one.state, name), set()).add(direction * one.sign)
    kept += [
        Influence(state, -1, signs.copy().pop() if len(signs) == 1 else 0, target)
        for (state, target), signs in raised.items()
    ]
    return tuple(shown[i] for i in flows), tuple(kept)


def _rates(model: Model, values: Mapping[str, Any], rates: Mapping[str, Expression]) -> dict[str, Any]:
    known = quantities(model, values)
    return {name: evaluate(rate, known) for name, rate in rates.items()}


def note(shown: Sequence[Arrow], acting: Sequence[Influence], sized: bool, unnamed: int) -> str:
    """Return what a reader has to know: what widths and ends of lines mean, how many names are left out."""
    parts = []
    if sized:
        several = len({arrow.unit for arrow in shown}) > 1
        parts.append("width: square root of the flux" + (", within one unit" if several else ""))
    signs = {influence.sign for influence in acting}
    wired = any(influence.target for influence in acting)
    up, down = ("dot: more or faster", "bar: less or slower") if wired else ("dot: speeds up", "bar: slows down")
    ends = [text for sign, text in ((1, up), (-1, down), (0, "ring: either")) if sign in signs]
    if wired:
        parts.append("gains and losses are left out")
    if ends:
        parts.append("thin line: acts on; " + ", ".join(ends))
    if unnamed:
        parts.append(f"{unnamed} arrows are not named" if unnamed > 1 else "1 arrow is not named")
    return "; ".join(parts)


def _places(model: Model, names: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return parameters and switches, and random positive values of all states, each of shape (_POINTS,)."""
    values: dict[str, Any] = {p.name: float(p.value) for p in model.parameters}
    for switch in model.switches:
        values[switch.name] = _number(switch.initial, values)
    generator = np.random.default_rng(_SEED)
    base = {}
    for state in model.states:
        size = abs(_number(state.initial, values)) or state.typical or 1.0
        base[state.name] = size * 10 ** generator.uniform(-1, 1, _POINTS)
    return values, {name: base[name] for name in names}


def _number(value: float | str, values: Mapping[str, Any]) -> float:
    return float(evaluate(parse(value), values)) if isinstance(value, str) else float(value)
