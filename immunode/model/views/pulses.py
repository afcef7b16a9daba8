"""Rates that change in a small part of the time only, which a solver with long steps may not see."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from immunode.language.evaluation import evaluate
from immunode.language.expression import Expression, names, parse
from immunode.model.declaration import Declaration
from immunode.model.records import Derived, Effect
from immunode.model.views.derived_values import Formulas, formulas_in_order, needed_for, quantities
from immunode.model.views.formulas import effective

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Seen = Callable[[Expression, Array], Array]

_POINTS = 20_001
NARROW = 0.01
"""Part of the horizon up to which a pulse counts as narrow by itself, whatever the steps are."""
_AROUND, _CLOSE, _FINEST = 801, 6, 12
"""Points in a look around a place, how many times closer each look is than the one before, and how many looks."""
_MOST = 400
"""Places that are looked at for each part of a rate; of more, this many spread over the time."""
_DUTY = 1 / 4
"""Part of the time that a rhythm may be away from its usual value before it is one that no solver rests in."""
_LOW = 0.05
"""Part of the largest excursion of a rate below which a pulse does not count."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """A pulse of a process's rate. time : of its top.   width : for which it is above half its height; model time."""

    process: str
    time: float
    width: float

    @property
    def longest(self) -> float:
        """The longest step with which no method passes it over, in model time."""
        return self.width / 2


def described(pulse: Pulse, model: Declaration) -> str:
    """Return what to say of a pulse: "the rate has a pulse of about 0.5 day at t = 16"."""
    unit = f" {model.time_unit}" if model.time_unit else ""
    return f"the rate has a pulse of about {pulse.width:.2g}{unit} at t = {pulse.time:.6g}"


def rounded_down(value: float) -> float:
    """Return a number above 0 cut to two significant digits."""
    size = 10.0 ** (math.floor(math.log10(value)) - 1)
    return float(f"{math.floor(value / size) * size:.2g}")


def timed_rates(model: Declaration) -> dict[str, frozenset[str]]:
    """Return the processes whose rates hold time, each with the names that its rate rests on."""
    return dict(_timed(tuple((p.name, p.rate) for p in model.processes), tuple(model.derived), tuple(model.effects)))


@lru_cache(maxsize=256)
def _timed(
    rates: tuple[tuple[str, str], ...], derived: tuple[Derived, ...], effects: tuple[Effect, ...]
) -> tuple[tuple[str, frozenset[str]], ...]:
    """Return what `timed_rates` does: it depends on texts only, which the arms of a sweep often share."""
    within = _behind(derived, effects)
    timed = []
    for process, rate in rates:
        parts = _reached(parse(rate), within)
        if any(part[0] == "time" for part in parts):
            timed.append((process, frozenset(name for part in parts for name in names(part))))
    return tuple(timed)


def narrow_pulses(
    model: Declaration, values: Mapping[str, float] | None = None, until: float | None = None, widest: float = NARROW
) -> tuple[Pulse, ...]:
    """Return the pulses in time of all rates that are over within a part of the horizon, in order of time.

    They are looked for where any part of a rate is largest or smallest, with the states at their initial values (1 for
    those that start at 0) and the switches as they start. What begins at time 0 is no pulse here: solvers start there;
    nor is what conditions on time cut out: solvers stop where they turn.

    values : of parameters and states that are not the model's own.   until : end of the time, by default the horizon.
    widest : that part of the horizon, or of `until` where it is longer.
    """
    import numpy as np

    timed = timed_rates(model)
    if not timed:
        return ()
    within, known = _within(model), _known(model, values or {})
    end = model.horizon if until is None else until
    small = [part * max(end, model.horizon) for part in sorted({min(NARROW, widest), widest})]
    pulses: list[Pulse] = []
    formulas = formulas_in_order(model)
    of_part: dict[Expression, Formulas] = {}

    def seen(part: Expression, t: Array) -> Array:
        if part not in of_part:
            of_part[part] = needed_for(part, formulas)
        there = quantities(model, known, t, of_part[part])
        return np.broadcast_to(np.asarray(evaluate(part, there, t), float), t.shape)

    t = np.linspace(0.0, end, _POINTS)
    with np.errstate(all="ignore"):
        all_seen = quantities(model, known, t, formulas)
        for process in model.processes:
            if process.name not in timed:
                continue
            rate = parse(process.rate)
            parts = _reached(rate, within)
            places = []
            for part in parts:
                if part[0] in ("number", "name", "time", "compare"):
                    continue
                course = np.broadcast_to(np.asarray(evaluate(part, all_seen, t), float), t.shape)
                places += _tops(part, course, t, seen)
            if places:
                whole = np.broadcast_to(np.asarray(evaluate(rate, all_seen, t), float), t.shape)
                on_time = [p for p in parts if p[0] == "compare" and any(q[0] == "time" for q in _parts(p))]
                at = _apart(np.concatenate(places), end)
                pulses += _pulses(process.name, rate, on_time, whole, at, end, small, seen)
    return tuple(sorted(pulses, key=lambda pulse: pulse.time))


def _known(model: Declaration, values: Mapping[str, float]) -> dict[str, Any]:
    """Return the values of parameters, states and switches at which rates are looked at."""
    known: dict[str, Any] = {p.name: float(values.get(p.name, p.value)) for p in model.parameters}
    begin = {s.name: s.initial for s in model.states} | {s.name: s.initial for s in model.switches}
    for name, value in begin.items():
        known[name] = evaluate(parse(value), known) if isinstance(value, str) else float(value)
    for state in model.states:
        known[state.name] = values.get(state.name, known[state.name]) or state.typical or 1.0
    return known


def _tops(part: Expression, course: Array, t: Array, seen: Seen) -> list[Array]:
    """Return the times at which a part of a rate is largest or smallest nearby, found to the precision of time."""
    import numpy as np

    places = []
    for sign in (1.0, -1.0):
        y = sign * course
        top = np.flatnonzero((y[1:-1] >= y[:-2]) & (y[1:-1] >= y[2:]) & ((y[1:-1] > y[:-2]) | (y[1:-1] > y[2:]))) + 1
        if not top.size:
            continue
        if top.size > _MOST:
            top = top[np.linspace(0, top.size - 1, _MOST).astype(int)]
        at, reach = t[top], np.full(top.size, t[1] - t[0])
        for _ in range(_FINEST):
            around = np.clip(at[:, None] + reach[:, None] * np.linspace(-1, 1, 17), t[0], t[-1])
            level = sign * seen(part, around.ravel()).reshape(around.shape)
            at = around[np.arange(len(at)), np.argmax(np.where(np.isfinite(level), level, -np.inf), axis=1)]
            reach = reach / 6
        places.append(at)
    return places


def _apart(places: Array, end: float) -> Array:
    """Return the places inside the time, those that are the same once."""
    import numpy as np

    inside = np.unique(places[(places > 1e-9 * end) & (places < end * (1 - 1e-9))])
    return inside[np.diff(inside, prepend=-1.0) > 1e-9 * end] if inside.size else inside


def _pulses(
    process: str,
    rate: Expression,
    on_time: list[Expression],
    whole: Array,
    places: Array,
    end: float,
    small: Sequence[float],
    seen: Seen,
) -> Iterator[Pulse]:
    """Yield the pulses of a rate at some places.

    end : of the time.   small : widest pulses that count, a look at each place for each.
    """
    import numpy as np

    if not places.size or not np.isfinite(whole).all():
        return
    level = seen(rate, places)
    usual = float(np.median(whole))
    largest = max(np.abs(whole - usual).max(), np.abs(level - usual).max(initial=0.0, where=np.isfinite(level)))
    if largest <= 1e-9 * np.abs(whole).max():
        return
    reached, low = -1.0, _LOW * largest
    resting = [_resting(rate, places, level, end, 5 * most, low, seen) for most in small]
    for i in np.flatnonzero(np.any(resting, axis=0)).tolist():
        place, top = float(places[i]), float(level[i])
        if place < reached:
            continue
        looks = (
            _width(rate, place, top, end, 5 * most, low, seen) if rests[i] else 0.0
            for most, rests in zip(small, resting, strict=True)
        )
        width = next((look for look, most in zip(looks, small, strict=True) if 0 < look <= most), 0.0)
        if width:
            near = np.array([place - width, place, place + width])
            reached = place + width / 4
            if all(np.ptp(seen(condition, near)) == 0 for condition in on_time):
                yield Pulse(process, place, width)


def _resting(
    rate: Expression, places: Array, level: Array, end: float, reach: float, low: float, seen: Seen
) -> NDArray[np.bool_]:
    """Return at which places a rate stands out from where it is most of the time; all at once, as most do not."""
    import numpy as np

    begin, stop = np.maximum(0.0, places - reach), np.minimum(end, places + reach)
    t = begin[:, None] + (stop - begin)[:, None] * np.linspace(0.0, 1.0, _AROUND)
    course = seen(rate, t.ravel()).reshape(t.shape)
    usual = np.median(course, axis=1)
    high = np.abs(course - usual[:, None]) > np.abs(level - usual)[:, None] / 2
    return np.asarray(np.isfinite(level) & (np.abs(level - usual) >= low) & (high.mean(axis=1) <= _DUTY))


def _width(rate: Expression, place: float, top: float, end: float, reach: float, low: float, seen: Seen) -> float:
    """Return for how long a rate is more than half away, around a place, from its usual value there; 0 for no pulse.

    reach : how far from the place the first look goes.   low : the least height of a pulse.
    """
    import numpy as np

    width = 0.0
    for _ in range(_FINEST):
        t = np.linspace(max(0.0, place - reach), min(end, place + reach), _AROUND)
        course = seen(rate, t)
        usual = float(np.median(course))
        over = np.abs(course - usual) - abs(top - usual) / 2
        high = over > 0
        if abs(top - usual) < low or float(high.mean()) > _DUTY:
            return width
        middle = int(np.searchsorted(t, place))
        before, after = np.flatnonzero(~high[:middle]), np.flatnonzero(~high[middle + 1 :])
        if not before.size or not after.size:
            return width
        first, last = int(before[-1]) + 1, middle + int(after[0])
        before_it = over[first] / (over[first] - over[first - 1])
        after_it = over[last - 1] / (over[last - 1] - over[last])
        width = float((last - 1 - first + before_it + after_it) * (t[1] - t[0]))
        if last - first > _AROUND / 40:
            return width
        reach /= _CLOSE
    return width


def _within(model: Declaration) -> dict[str, Expression]:
    """Return what stands behind the names of derived quantities and of parameters that effects change."""
    return _behind(model.derived, model.effects)


def _behind(derived: Sequence[Derived], effects: Sequence[Effect]) -> dict[str, Expression]:
    within = {d.name: parse(d.expression) for d in derived}
    for target in dict.fromkeys(effect.target for effect in effects):
        own = [effect for effect in effects if effect.target == target]
        within[target] = effective(target, own, {}, f"{target}.raw")
    return within


def _reached(rate: Expression, within: Mapping[str, Expression]) -> list[Expression]:
    """Return all parts of a rate and of what stands behind its names, each once."""
    whole, todo, taken = [rate], list(names(rate)), set()
    while todo:
        name = todo.pop()
        if name in within and name not in taken:
            taken.add(name)
            whole.append(within[name])
            todo += names(within[name])
    return list(dict.fromkeys(part for one in whole for part in _parts(one)))


def _parts(expression: Expression) -> Iterator[Expression]:
    yield expression
    for part in expression[1:]:
        if isinstance(part, tuple):
            yield from _parts(part)
