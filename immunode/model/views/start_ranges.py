"""Whether runs can begin: initial values over the ranges from which parameters are sampled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from immunode.language.evaluation import evaluate
from immunode.language.expression import names, parse
from immunode.model.declaration import Declaration
from immunode.model.records import NEVER_NEGATIVE, Parameter, State, pairs
from immunode.model.views.derived_values import quantities

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

SETS = 512
SPREAD, WIDE = 0.3, 10.0
"""Parameters without bounds are drawn within +-30 %; bounds above 0 that are so far apart log-uniformly. As `space`."""
ROUNDING, TYPICALLY = 1e-15, 1e-9
"""Parts of the largest state and of the state's typical size by which a start may lie below 0."""


@dataclass(frozen=True, slots=True)
class BadStart:
    """A quantity that is wrong at the start in some sets.

    what : "state" or "derived quantity".   how : in words.   share : of the sets, 0 to 1.   declared : also with the
    declared values.   value : in the nearest set.   nearest : parameter -> value, of those that it is made from.
    """

    what: str
    name: str
    how: str
    share: float
    declared: bool
    value: float
    nearest: dict[str, float]

    def __str__(self) -> str:
        if self.declared:
            return f"it starts {self.how} ({self.value:.4g}) with the declared values"
        near = ", ".join(f"{name} = {value:.4g}" for name, value in self.nearest.items())
        return (
            f"it starts {self.how} in {100 * self.share:.3g} % of {SETS} sets drawn from the parameters' ranges; "
            f"nearest: {self.value:.4g} at {near}"
        )


def bad_starts(model: Declaration) -> Iterator[BadStart]:
    """Find states and derived quantities that are not finite at the start, and states that are negative and can't be.

    The first of the sets holds the declared values. Events at time 0 are applied. A start at rest is not looked for:
    the states that it is searched from are looked at.
    """
    import numpy as np

    with np.errstate(all="ignore"):
        values, apart = _drawn(model)
        known = _started(model, values)
        rounding = ROUNDING * _largest(model, known)
        seen: set[str] = set()
        for state in model.states:
            row = np.broadcast_to(known[state.name], SETS + 1)
            kinds = [("not finite", ~np.isfinite(row))]
            if state.kind in NEVER_NEGATIVE:
                kinds.append(("below 0", row < -rounding - TYPICALLY * state.typical))
            for how, wrong in kinds:
                if wrong.any():
                    seen.add(state.name)
                    yield _worst(model, "state", state.name, how, row, wrong, values, apart, state)
        if seen:
            return
        for derived in model.derived:
            row = np.broadcast_to(np.asarray(known[derived.name], float), SETS + 1)
            wrong = ~np.isfinite(row)
            if wrong.any():
                yield _worst(model, "derived quantity", derived.name, "not finite", row, wrong, values, apart, None)


def _drawn(model: Declaration) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return parameter -> values, and how far from the declared one each is, as a share of its range; (SETS + 1,)."""
    import numpy as np

    generator = np.random.default_rng(20240229)
    values, apart = {}, {}
    for parameter in model.parameters:
        low, high, log = _range(parameter)
        u = generator.random(SETS)
        drawn = low * (high / low) ** u if log else low + u * (high - low)
        values[parameter.name] = np.concatenate([[float(parameter.value)], drawn])
        reach = max(abs(high - parameter.value), abs(parameter.value - low)) or 1.0
        apart[parameter.name] = np.abs(values[parameter.name] - parameter.value) / reach
    return values, apart


def _range(parameter: Parameter) -> tuple[float, float, bool]:
    value = float(parameter.value)
    if parameter.bounds is not None:
        low, high = map(float, parameter.bounds)
        return low, high, low > 0 and high >= WIDE * low
    low, high = sorted((value * (1 - SPREAD), value * (1 + SPREAD)))
    return low, high, value != 0


def _started(model: Declaration, values: dict[str, Array]) -> dict[str, Any]:
    """Return every quantity at the start, after the events at time 0; switches change first, as in every run."""
    import numpy as np

    known: dict[str, Any] = dict(values)
    begin = {s.name: s.initial for s in model.states} | {s.name: s.initial for s in model.switches}
    for name, initial in begin.items():
        known[name] = evaluate(parse(initial), values) if isinstance(initial, str) else float(initial)
    states = {state.name for state in model.states}
    timed = [event for event in model.events if event.at is not None]
    for event in sorted(timed, key=lambda e: any(name in states for name, _ in pairs(e.changes))):
        assert event.at is not None
        at = evaluate(parse(event.at), known) if isinstance(event.at, str) else float(event.at)
        now = np.asarray(at) == 0.0
        if now.any():
            all_known = quantities(model, known)
            new = {name: evaluate(parse(text), all_known, 0.0) for name, text in pairs(event.changes)}
            known |= {name: np.where(now, value, known[name]) for name, value in new.items()}
    return quantities(model, known)


def _largest(model: Declaration, known: dict[str, Any]) -> Any:
    """Return the size of the largest state of each set, at least 1."""
    import numpy as np

    largest = np.ones(SETS + 1)
    for state in model.states:
        largest = np.maximum(largest, np.abs(np.asarray(known[state.name], float)))
    return largest


def _worst(
    model: Declaration,
    what: str,
    name: str,
    how: str,
    row: Array,
    wrong: NDArray[np.bool_],
    values: dict[str, Array],
    apart: dict[str, Array],
    state: State | None,
) -> BadStart:
    """Return what to say of a quantity; the nearest set is told by the parameters of the state's own formula."""
    import numpy as np

    made_of = list(values)
    if state is not None and isinstance(state.initial, str):
        made_of = [p for p in values if p in names(parse(state.initial))] or made_of
    far = np.sqrt(sum((apart[p] ** 2 for p in made_of), start=np.zeros(SETS + 1)))
    nearest = int(np.argmin(np.where(wrong, far, np.inf)))
    there = {p: float(values[p][nearest]) for p in made_of[:6]}
    return BadStart(what, name, how, float(wrong[1:].mean()), bool(wrong[0]), float(row[nearest]), there)
