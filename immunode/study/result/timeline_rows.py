"""Simulations as rows of a timeline: arrays and labels that `immunode.plot.charts.treatment_timeline` draws."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from immunode.model.views.words import name_labels

if TYPE_CHECKING:
    from immunode.model import Model
    from immunode.plot.charts.treatment_timeline import Lane

Array = NDArray[np.float64]
COARSE = 4.0
"""A rhythm with fewer samples a period than this is shown as a band."""


class Treated(Protocol):
    """A simulation, as far as its timeline needs it; see `Simulation`."""

    @property
    def model(self) -> Model:
        """The model with its interventions composed in."""

    @property
    def times(self) -> Array:
        """Output times, (n_times,)."""

    @property
    def path_times(self) -> Array:
        """Times of `path`, (n_samples,)."""

    @property
    def path(self) -> Mapping[str, Array]:
        """Quantity -> (n_samples,), with both sides of every jump."""

    @property
    def doses(self) -> Mapping[str, tuple[float, ...]]:
        """Intervention -> times at which it gave something."""

    @property
    def switches(self) -> Mapping[str, tuple[tuple[float, str], ...]]:
        """Intervention with a rule -> (time, what) of each change at a visit."""


def lanes(arms: Mapping[str, Treated]) -> list[Lane]:
    """Return one row for each intervention of each arm; a lone simulation has no arm, and each row its own color."""
    return [
        lane
        for arm, one in arms.items()
        for lane in sorted((_lane(arm, name, one) for name in one.model.applied), key=_begin)
    ]


def _begin(lane: Lane) -> float:
    """Return when an intervention first acts, gives something or looks."""
    first = [*lane.doses[:1], *lane.visits[:1]]
    times = np.asarray(lane.times, float)[np.asarray(lane.level, float) > 0]
    return min([*first, *times[:1].tolist()], default=np.inf)


def _lane(arm: str, name: str, one: Treated) -> Lane:
    from immunode.plot.charts.treatment_timeline import Lane

    times, level = _strength(name, one)
    known = {p.name: float(p.value) for p in one.model.parameters}
    first, every = known.get(f"{name}.first_visit"), known.get(f"{name}.visit_every")
    visits: tuple[float, ...] = ()
    if first is not None and every is not None:
        most = known.get(f"{name}.visits", np.inf)
        count = int(min(most, max((one.times[-1] - first) // every + 1, 0)))
        visits = tuple(float(first + i * every) for i in range(count))
    called = name_labels(one.model).get(name, name)
    alone = len(one.model.applied) == 1
    told = (arm or called) if alone or arm in ("", name, called) else f"{arm}: {called}"
    return Lane(told, arm or name, times, level, one.doses.get(name, ()), visits, one.switches.get(name, ()))


def _strength(name: str, one: Treated) -> tuple[Array, Array]:
    """Return times and how strong an intervention acts, in [0, 1].

    That is its signal; of a drug its concentration over the highest; of a flux into a state whether it runs.
    """
    path, times = one.path, one.path_times
    for quantity in ("signal", "C"):
        values = path.get(f"{name}.{quantity}")
        if values is None:
            continue
        top = float(np.nanmax(values, initial=0.0))
        if quantity == "C":
            values = values / top if top > 0 else np.zeros_like(values)
        return times, _banded(name, one, times, np.clip(values, 0.0, 1.0))
    return np.empty(0), np.empty(0)


def _banded(name: str, one: Treated, times: Array, values: Array) -> Array:
    """Return the upper edge of a rhythm that is too quick for the output times, else the values as they are."""
    period = next((float(p.value) for p in one.model.parameters if p.name == f"{name}.period"), None)
    if period is None or period > COARSE * float(np.max(np.diff(one.times))):
        return values
    wide = 2 * period + 2 * float(np.max(np.diff(one.times)))
    first = np.searchsorted(times, times - wide, side="left")
    last = np.searchsorted(times, times + wide, side="right")
    tops = np.array([values[a:b].max() for a, b in zip(first, last, strict=True)])
    return np.where(values > 0, tops, 0.0)
