"""Ranges to sample from: parameters, knobs of interventions and initial values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from immunode.errors import StudyError, did_you_mean
from immunode.intervention.composition import knobs
from immunode.program.model_functions import functions

if TYPE_CHECKING:
    from immunode.model import Model

WIDE = 10.0
"""Bounds above 0 whose ratio reaches this are sampled log-uniformly; narrower ones uniformly."""


@dataclass(frozen=True, slots=True)
class Axis:
    """The range of one design column, in the column's own unit.

    Parameters
    ----------
    log : bool
        the logarithm of the size is uniform (both ends on the same side of 0), else the value itself.
    origin : str
        where the range is from, in words.
    """

    name: str
    low: float
    high: float
    log: bool = False
    origin: str = "given"

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high)):
            raise StudyError(f"space: '{self.name}' needs finite ends, got {self.low:g} to {self.high:g}")
        if self.low > self.high:
            raise StudyError(f"space: the range of '{self.name}' runs backwards, from {self.low:g} to {self.high:g}")
        if self.log and not self.low * self.high > 0:
            raise StudyError(
                f"space: '{self.name}' from {self.low:g} to {self.high:g} can't be log-uniform; "
                "both ends must be above 0, or both below"
            )

    def place(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return values in the range. `u`: shape (n,), uniform in [0, 1)."""
        if self.log:
            low, high = math.log(abs(self.low)), math.log(abs(self.high))
            placed = math.copysign(1.0, self.low) * np.exp(low + u * (high - low))
        else:
            placed = self.low + u * (self.high - self.low)
        return np.asarray(np.clip(placed, self.low, self.high))

    def slope(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the derivative of `place` where it gives `values`, shape (n,)."""
        if self.log:
            return np.asarray(values * (math.log(abs(self.high)) - math.log(abs(self.low))))
        return np.full(len(values), self.high - self.low)


@dataclass(frozen=True, slots=True)
class Space:
    """A box to sample from, one axis a design column. Made by `space`.

    Attributes
    ----------
    left_out : tuple[str, ...]
        names that matched but have no range to sample (value 0 without bounds).
    fixed : tuple[str, ...]
        names that matched but whose bounds are equal: conversions, free scales.
    """

    axes: tuple[Axis, ...] = ()
    left_out: tuple[str, ...] = field(default=())
    fixed: tuple[str, ...] = field(default=())

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(axis.name for axis in self.axes)

    def with_range(self, name: str, low: float, high: float, *, log: bool | None = None) -> Self:
        """Return the space with the range of `name` set or added.

        Parameters
        ----------
        log : bool | None
            sample log-uniformly; None: where both ends are above 0 and a factor of 10 or more apart.
        """
        axis = Axis(name, float(low), float(high), _wide(low, high) if log is None else log)
        kept = tuple(axis if a.name == name else a for a in self.axes)
        added = kept if name in self.names else (*kept, axis)
        left_out, fixed = (tuple(n for n in names if n != name) for names in (self.left_out, self.fixed))
        return type(self)(added, left_out, fixed)

    def words(self) -> str:
        """Return one line that says which columns are sampled, and how."""
        groups: dict[str, list[str]] = {}
        for axis in self.axes:
            groups.setdefault(axis.origin, []).append(axis.name)
        parts = []
        for origin, names in groups.items():
            shown = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
            parts.append(f"{shown}: {origin}")
        if self.left_out:
            parts.append(f"not sampled, since 0 has no +-: {', '.join(self.left_out)}")
        if self.fixed:
            parts.append(f"fixed by equal bounds: {', '.join(self.fixed)}")
        return "; ".join(parts)


def space(model: Model, *patterns: str, spread: float = 0.3) -> Space:
    """Return the ranges of all names of `model` that match the patterns; without patterns, of all parameters.

    A range is the parameter's bounds (uniform; log-uniform where they are above 0 and a factor of 10 or more
    apart; equal bounds mean a constant that is left alone), else log-uniform from (1 - spread) to (1 + spread) times
    the value.

    Parameters
    ----------
    patterns : str
        names or shell patterns. `"k_*"` looks among parameters, `"anti_tnf.*"` (with a dot) also among the knobs of
        interventions that the model declares, `"E(0)"` or `"*(0)"` among initial values.
    spread : float
        dimensionless, in (0, 1).

    Raises
    ------
    StudyError
        a pattern matches nothing, or `spread` is out of range.
    """
    if not 0 < spread < 1:
        raise StudyError(f"space: spread must be above 0 and below 1, got {spread:g}")
    known = known_ranges(model, patterns)
    if not patterns and not has_parameters(model):
        raise StudyError(
            f"{model.name}: it has no parameters to sample; vary initial values, as in space(model, '*(0)'), "
            "or give a design such as from_table(...)"
        )
    chosen: dict[str, None] = {}
    for pattern in patterns or ("*",):
        found = [n for n in known if _matches(n, pattern, model)]
        if not found:
            raise StudyError(f"{model.name}: nothing is called '{pattern}'{did_you_mean(pattern, known)}")
        chosen.update(dict.fromkeys(found))
    fixed = tuple(name for name in chosen if known[name][1] is not None and len(set(known[name][1] or ())) == 1)
    placed = {name: _axis(name, *known[name], spread) for name in chosen if name not in fixed}
    left_out = tuple(name for name, axis in placed.items() if axis is None)
    axes = tuple(axis for axis in placed.values() if axis is not None)
    if not axes:
        names = ", ".join((*left_out, *fixed))
        raise StudyError(f"{model.name}: {names}: 0 without bounds, or fixed; use Space().with_range(...)")
    return Space(axes, left_out, fixed)


def has_parameters(model: Model) -> bool:
    """Return whether a model has parameters of its own, not knobs only, that `space(model)` looks at."""
    return any(_matches(p.name, "*", model) for p in model.parameters)


def as_space(given: Space | Mapping[str, tuple[float, float]]) -> Space:
    """Return a `Space`, also from a mapping of names to (low, high)."""
    if isinstance(given, Space):
        return given
    made = Space()
    for name, ends in given.items():
        if np.shape(ends) != (2,):
            raise StudyError(f"space: '{name}' needs two ends (low, high), got {ends!r}")
        made = made.with_range(name, float(ends[0]), float(ends[1]))
    return made


def _wide(low: float, high: float) -> bool:
    return low > 0 and high >= WIDE * low


def _matches(name: str, pattern: str, model: Model) -> bool:
    if name == pattern:
        return True
    if name.endswith("(0)") != pattern.endswith("(0)"):
        return False
    # a bare "*" means the model's own parameters, not every knob of an intervention, be it declared or applied
    owners = {*model.applied, *(intervention.name for intervention in model.interventions)}
    if "." not in pattern and name.partition(".")[0] in owners:
        return False
    return fnmatchcase(name, pattern)


def known_ranges(model: Model, patterns: tuple[str, ...]) -> dict[str, tuple[float, tuple[float, float] | None]]:
    """Return name -> (value, bounds or None) of what patterns such as these can mean; see `space`."""
    known: dict[str, tuple[float, tuple[float, float] | None]] = {
        p.name: (float(p.value), p.bounds) for p in model.parameters
    }
    if any("." in pattern for pattern in patterns):
        for intervention in model.interventions:
            for parameter in knobs(model, intervention):
                known.setdefault(parameter.name, (float(parameter.value), parameter.bounds))
    if any("(" in pattern for pattern in patterns):
        known.update({f"{n}(0)": (v, None) for n, v in initial_values(model).items()})
    return known


def initial_values(model: Model) -> dict[str, float]:
    """Return each state's initial value at the model's declared parameter values, in the state's unit."""
    if all(isinstance(state.initial, int | float) for state in model.states):
        return {state.name: float(state.initial) for state in model.states}
    ready = functions(model)
    with np.errstate(all="ignore"):
        y = ready.initial(ready.parameters(np.asarray(ready.program.values, float)[:, None]))
    return dict(zip(ready.program.states, y[:, 0].tolist(), strict=True))


def _axis(name: str, value: float, bounds: tuple[float, float] | None, spread: float) -> Axis | None:
    if bounds is not None:
        low, high = map(float, bounds)
        origin = f"inside bounds {low:g} to {high:g}" + (", log-uniform" if _wide(low, high) else "")
        return Axis(name, low, high, _wide(low, high), origin)
    if value == 0 or not math.isfinite(value):
        return None
    low, high = sorted((value * (1 - spread), value * (1 + spread)))
    return Axis(name, low, high, True, f"log-uniform +-{100 * spread:g} %")
