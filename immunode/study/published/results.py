"""Numbers of published trials that belong onto a figure: of the quantity and the arm that it shows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from immunode.errors import ImmunodeError
from immunode.intervention import knobs
from immunode.model.patients import named_threshold
from immunode.model.records import pairs
from immunode.study.endpoints.final_value import Final
from immunode.study.endpoints.first_time import TimeTo
from immunode.study.endpoints.reading import KINDS, endpoint
from immunode.study.endpoints.start_change import Change
from immunode.study.endpoints.value_at import At
from immunode.study.run.ready import model_time

if TYPE_CHECKING:
    from immunode.model import Model
    from immunode.model.published_trials import Trial, TrialResult

MIDDLES = ("mean", "median")
"""Statistics that can stand on a curve."""
_CALL = re.compile(r"\b(\w+)\([^()]*\)")

Point = tuple[float, float, float, float]
"""Time in the model's unit, value, and its interval, NaN where there is none."""


@dataclass(frozen=True, slots=True)
class Published:
    """One number that a trial reported.

    time : in the model's unit.   change : "" where the value is the quantity itself; "start" and "percent" where it is
    a change from its beginning.   patients : in the arm, 0 where that is not published.
    """

    trial: Trial
    result: TrialResult
    time: float
    change: str = ""
    patients: int = 0

    @property
    def interval(self) -> tuple[float, float]:
        """The published 95 % interval; else of a share the exact one of so many patients; else NaN."""
        if self.result.interval is not None:
            return self.result.interval
        if self.result.statistic != "share" or not self.patients:
            return np.nan, np.nan
        from scipy.stats import binomtest  # heavy

        count = round(self.result.value * self.patients)
        low, high = binomtest(count, self.patients).proportion_ci(0.95, method="exact")
        return float(low), float(high)

    def point(self, start: float = np.nan) -> Point:
        """Return the number as a point. start : of the curve, from which a change is counted."""
        values = np.array([self.result.value, *self.interval])
        if self.change == "start":
            values = start + values
        elif self.change == "percent":
            values = start * (1 + values / 100)
        value, low, high = (float(one) for one in values)
        return self.time, value, low, high


Recipes = Mapping[str, Mapping[str, Any]]
"""Arm of a figure -> how its model was made, as recipes of runs tell it."""
Found = Mapping[str, Sequence[Published]]
"""Arm of a figure -> what trials reported of it."""


def moment_of(model: Model, result: TrialResult) -> tuple[str, float, str] | None:
    """Return quantity, time and change (see `Published`) of a value at one time, None for any other result."""
    if result.compared or not _is_endpoint(result.endpoint):
        return None
    asked = endpoint(result.endpoint)
    if not isinstance(asked, At | Final):
        return None
    change = "" if not isinstance(asked, Change) else "percent" if asked.percent else "start"
    return asked.subject, _time(model, asked), change


def curve_results(model: Model, arms: Recipes, quantities: Iterable[str]) -> dict[str, Found]:
    """Return quantity -> arm -> means and medians that trials reported of it; in a model of studies shares, too.

    Trials of part of the patients, or of another variant, and arms whose treatment was changed tell nothing of it.
    """
    wanted = list(quantities)
    found: dict[str, dict[str, list[Published]]] = {}
    for arm, trial, result, patients in _arms_of(model, arms):
        place = moment_of(model, result)
        told = result.statistic in MIDDLES or (result.statistic == "share" and model.level == "study")
        if place is not None and told and place[0] in wanted:
            mine = found.setdefault(place[0], {}).setdefault(arm, [])
            mine.append(Published(trial, result, place[1], place[2], patients))
    return {name: found[name] for name in wanted if name in found}


def share_results(model: Model, arms: Recipes, rule: str, end: float) -> dict[str, list[Published]]:
    """Return arm -> shares that trials reported of the patients who meet a rule.

    rule : a condition on endpoints, thresholds written out.   end : of the runs, in model time.
    """
    wanted = _normal(model, rule, end)
    found: dict[str, list[Published]] = {}
    for arm, trial, result, patients in _arms_of(model, arms):
        named = named_threshold(result.endpoint, model.thresholds)
        text = result.endpoint if named is None else named[0].on(f"at({named[0].quantity}, {named[1] or end})")
        if result.statistic == "share" and not _is_endpoint(text) and _normal(model, text, end) == wanted:
            found.setdefault(arm, []).append(Published(trial, result, end, patients=patients))
    return found


def event_results(model: Model, arms: Recipes, condition: str) -> dict[str, list[Published]]:
    """Return arm -> medians that trials reported of the time to an event. condition : of the event."""
    found: dict[str, list[Published]] = {}
    for arm, trial, result, patients in _arms_of(model, arms):
        if result.statistic != "median" or not _is_endpoint(result.endpoint):
            continue
        asked = endpoint(result.endpoint)
        if isinstance(asked, TimeTo) and _close(asked.subject) == _close(condition):
            found.setdefault(arm, []).append(Published(trial, result, result.value, patients=patients))
    return found


def placed(
    found: Mapping[str, Found], starts: Mapping[str, Mapping[str, float]], end: float
) -> tuple[dict[str, dict[str, list[Point]]], list[Published]]:
    """Return quantity -> arm -> points, of what was reported until the end of the runs; and the numbers themselves.

    starts : quantity -> arm -> where its curve starts; arms that it does not have are left out.
    """
    last = end * (1 + 1e-9)
    points: dict[str, dict[str, list[Point]]] = {}
    drawn: list[Published] = []
    for name, per_arm in found.items():
        for arm, listed in per_arm.items():
            within = [one for one in listed if one.time <= last and arm in starts[name]]
            if within:
                points.setdefault(name, {})[arm] = [one.point(starts[name][arm]) for one in within]
                drawn += within
    return points, drawn


def share_points(found: Found) -> dict[str, list[tuple[float, float, float]]]:
    """Return arm -> (value, low, high) of what trials reported, NaN where there is no interval."""
    return {arm: [(one.result.value, *one.interval) for one in listed] for arm, listed in found.items()}


def every(found: Found) -> Iterator[Published]:
    """Yield what trials reported of all arms."""
    for listed in found.values():
        yield from listed


def _arms_of(model: Model, arms: Recipes) -> Iterator[tuple[str, Trial, TrialResult, int]]:
    """Yield arm of the figure, trial, result and patients of every result of an arm that is treated alike."""
    if not model.trials:
        return
    declared = {arm: recipe for arm, recipe in arms.items() if _as_declared(model, recipe)}
    by_treatment = {frozenset(recipe["interventions"]): arm for arm, recipe in reversed(list(declared.items()))}
    for trial in model.trials:
        if trial.variant != model.variant_name or trial.only:
            continue
        treated = {name: frozenset(filter(None, map(str.strip, text.split("+")))) for name, text in pairs(trial.arms)}
        sizes = dict(pairs(trial.patients))
        for result in trial.results:
            arm = by_treatment.get(treated[result.arm])
            if arm is not None and not result.compared:
                yield arm, trial, result, sizes.get(result.arm, 0)


def _as_declared(model: Model, recipe: Mapping[str, Any]) -> bool:
    """Return whether all numbers of the interventions of an arm are the declared ones, as far as can be known."""
    names = set(recipe["interventions"])
    if any(name.partition(".")[0] in names for name in recipe.get("changed", ())):
        return False
    try:
        own = {p.name: p.value for name in names - set(model.applied) for p in knobs(model, name)}
    except ImmunodeError:
        return True  # one that acts beside another has no numbers alone
    return all(recipe["knobs"].get(name, value) == value for name, value in own.items())


def _is_endpoint(text: str) -> bool:
    call = _CALL.fullmatch(text.strip())
    return call is not None and call[1] in KINDS


def _time(model: Model, asked: At | Final) -> float:
    return float(model.horizon) if asked.moment is None else model_time(model, asked.moment, asked.name)


def _normal(model: Model, rule: str, end: float) -> str:
    """Return a condition with all times in the model's unit and without spaces, so that equal ones are equal texts."""

    def timed(call: re.Match[str]) -> str:
        if call[1] not in KINDS:
            return call[0]
        asked = endpoint(call[0])
        if not isinstance(asked, At | Final):
            return call[0]
        time = end if asked.moment is None else model_time(model, asked.moment, asked.name)
        kind = asked.kind if isinstance(asked, Change) else "at"
        return f"{kind}({asked.subject},{time:.9g})"

    return _close(_CALL.sub(timed, rule))


def _close(text: str) -> str:
    return "".join(text.split())
