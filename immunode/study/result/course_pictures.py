"""Pictures of simulations by arm: arrays and labels that `immunode.plot` draws, and which axes are logarithmic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from immunode.errors import StudyError, did_you_mean
from immunode.model.views.words import name_labels, relabelled, threshold_levels, unit_notes
from immunode.study.log_axes import logarithmic
from immunode.study.published.results import Found, Point, curve_results, every, placed, share_points, share_results
from immunode.study.published.words import published_words
from immunode.study.run.ready import looked_at_first, meanings, quantity_labels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from immunode.model import Model
    from immunode.model.patients import Threshold
    from immunode.plot.charts.treatment_timeline import Lane

Array = NDArray[np.float64]
LEVELS = (0.05, 0.5, 0.95)
"""Quantiles of the patients of a story."""
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
    def values(self) -> Mapping[str, Array]:
        """Quantity -> (n_times,)."""

    @property
    def units(self) -> dict[str, str]:
        """Quantity -> unit."""

    @property
    def recipe(self) -> Mapping[str, Any]:
        """How it was made."""

    @property
    def windows(self) -> Mapping[str, tuple[tuple[float, float], ...]]:
        """Intervention -> (start, stop) of the spans in which it acted."""

    @property
    def doses(self) -> Mapping[str, tuple[float, ...]]:
        """Intervention -> times at which it gave something."""

    @property
    def switches(self) -> Mapping[str, tuple[tuple[float, str], ...]]:
        """Intervention with a rule -> (time, what) of each change at a visit."""


@dataclass(frozen=True, slots=True)
class Population:
    """Quantities of patients over time, by arm.

    times : ndarray, shape (n_times,).   levels : quantity -> arm -> quantiles at `LEVELS`, shape (3, n_times).
    last : arm -> the first quantity at the end in each patient, shape (n_patients,).
    patients : how many there are in each arm.   whom : what they are, in words.
    shares : arm -> (share, low, high), 0 to 1, of who then meets the first threshold on it, with its 95 % interval.
    rule : who these are, to stand after "patients": "in remission at week 24".   condition : the same as a condition.
    """

    times: Array
    levels: Mapping[str, Mapping[str, Array]]
    last: Mapping[str, Array]
    patients: int
    whom: str = "declared patients"
    shares: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)
    rule: str = ""
    condition: str = ""

    def medians(self) -> dict[str, dict[str, Array]]:
        """Return quantity -> arm -> median, shape (n_times,)."""
        return {name: {arm: rows[1] for arm, rows in per_arm.items()} for name, per_arm in self.levels.items()}

    def ranges(self) -> dict[str, dict[str, tuple[Array, Array]]]:
        """Return quantity -> arm -> (lower, upper) quantile, shape (n_times,) each."""
        return {
            name: {arm: (rows[0], rows[2]) for arm, rows in per_arm.items()} for name, per_arm in self.levels.items()
        }

    @property
    def note(self) -> str:
        """What lines and bands are, in words."""
        low, _, high = (100 * level for level in LEVELS)
        return f"median and {low:g}–{high:g} % of {self.patients:,} {self.whom} an arm"


def lanes(arms: Mapping[str, Treated]) -> list[Lane]:
    """Return one row for each intervention of each arm; a lone simulation has no arm, and each row its own color.

    Rows of an arm that is named after all that it gets are "endotoxin" and below it "+ glucocorticoid".
    """
    return [row for arm, one in arms.items() for row in _rows_of(arm, one)]


def _rows_of(arm: str, one: Treated) -> list[Lane]:
    own = [_lane(arm, name, one) for name in one.model.applied]
    listed = [f"{arm}: {part}" for part in arm.split(" + ")]
    if len(own) < 2 or sorted(listed) != sorted(row.name for row in own):
        return sorted(own, key=_begin)
    own.sort(key=lambda row: (_begin(row), listed.index(row.name)))
    names = [row.name.removeprefix(f"{arm}: ") for row in own]
    return [replace(row, name=f"+ {name}" if i else name) for i, (row, name) in enumerate(zip(own, names, strict=True))]


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
    called, alone = name_labels(one.model).get(name, name), len(one.model.applied) == 1
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


def draw_timeline(arms: Mapping[str, Treated], style: str, title: str | None) -> Figure:
    """Return the figure of the interventions of all arms.

    Raises
    ------
    StudyError : no arm has an intervention.
    """
    from immunode.plot.charts.treatment_timeline import timeline

    first = next(iter(arms.values()))
    arms = relabelled(first.model, arms)
    rows = lanes(arms)
    if not rows:
        raise StudyError(f"{first.model.name}: there is no intervention to draw a timeline of")
    span = (float(first.times[0]), max(float(one.times[-1]) for one in arms.values()))
    unit = first.model.axis_unit
    shown = list(arms) if list(arms) != [""] else []
    head = first.model.heading if title is None else title
    figure = timeline(rows, arms=shown, span=span, time_unit=unit, style=style, title=head)
    return remembered(figure, _recipe(arms))


def draw(
    arms: Mapping[str, Treated],
    names: tuple[str, ...],
    style: str,
    title: str | None,
    log: Any,
    axes: Any,
    timeline: bool = False,
    note: str = "",
    declared: Sequence[str] = (),
    population: Population | None = None,
    data: bool = True,
) -> Figure:
    """Return the figure of quantities by arm. Without names: readouts that some arm has, else states of the first.

    More arms than can be told apart as lines are drawn as strips of color.

    note : written small below.   declared : quantities that belong on a log axis where `log` is None.
    population : patients that are drawn instead of the typical one.
    data : whether what trials reported of the same quantities and arms is drawn, too.

    Raises
    ------
    StudyError : no arm knows a name; a timeline was asked for in axes of your own.
    """
    from immunode.plot.charts import arm_strips, treatment_timeline

    first = next(iter(arms.values())).model
    arms = relabelled(first, arms)
    chosen = names or looked_at_first(first)
    if not chosen:
        raise StudyError(f"{first.name}: it has no states and no derived quantities, so there is nothing to draw")
    known = list(dict.fromkeys(name for one in arms.values() for name in one.values))
    for name in chosen:
        if name not in known:
            raise StudyError(f"{first.name}: unknown quantity '{name}'{did_you_mean(name, known)}")
    times, series, spread = _curves(arms, chosen, None if timeline else population)
    if spread is not None and population is not None:
        note = f"{population.note}; {note}" if note else population.note
    if log is None:
        told = first.story.logarithmic if first.story is not None else ()
        found = logarithmic(first, {name: list(per_arm.values()) for name, per_arm in series.items()})
        log = tuple(name for name in series if name in (*declared, *told, *found))
    common: dict[str, Any] = {
        **_called(arms),
        "time_unit": first.axis_unit,
        "thresholds": threshold_levels(first),
        "note": "; ".join(filter(None, [note, unit_notes(first, chosen)])),
        "title": first.heading if title is None else title,
        "style": style,
        "log": log,
        "control": control_of(arms),
    }
    if timeline:
        if axes is not None:
            raise StudyError(f"{first.name}: a timeline needs a figure of its own; leave out axes")
        shown = list(arms) if list(arms) != [""] else []
        return remembered(treatment_timeline.timeline(lanes(arms), times, series, arms=shown, **common), _recipe(arms))
    marks: dict[str, Any] = {
        "doses": arm_strips.marks_by_arm({arm: one.doses for arm, one in arms.items()}),
        "windows": arm_strips.marks_by_arm({arm: one.windows for arm, one in arms.items()}),
    }
    points, pointed = _published(arms, series) if data else ({}, "")
    figure = arm_strips.lines_or_strips(
        times, series, told=_told(arms), spread=spread, points=points, pointed=pointed, axes=axes, **marks, **common
    )
    return remembered(figure, _recipe(arms))


def draw_patients(
    arms: Mapping[str, Treated],
    population: Population,
    kind: str,
    quantity: str,
    *,
    style: str,
    title: str,
    note: str,
    data: bool = True,
) -> Figure:
    """Return the figure of a quantity at the end in each patient, and of how many then meet its first threshold.

    kind : "waterfall", a panel an arm with its rate of responders; or "responders", their shares as bars alone.
    data : whether shares of responders that trials reported of the same arms are drawn beside the bars.

    Raises
    ------
    StudyError : no threshold says who responds, and that alone is shown.
    """
    from immunode.plot.charts import patient_changes, responder_bars

    model, untreated = next(iter(arms.values())).model, control_of(arms)
    common: dict[str, Any] = {"whom": population.whom, "title": title, "style": style}
    if kind == "responders":
        if not population.shares:
            raise StudyError(f"{model.name}: the story's first panel has no threshold that says who responds")
        found: Found = {}
        if data:
            recipes = {arm: one.recipe["model"] for arm, one in arms.items()}
            end = float(next(iter(arms.values())).times[-1])
            found = share_results(model, recipes, population.condition, end)
            note = "; ".join(filter(None, [published_words(every(found)), note]))
        figure = responder_bars.responder_shares(
            population.shares,
            points=share_points(found),
            rule=population.rule,
            patients=population.patients,
            control=untreated,
            note=note,
            **common,
        )
        return remembered(figure, _recipe(arms))
    line = next((one for one in model.thresholds if one.quantity == quantity), None)
    called = {
        arm: f"{arm}: {100 * population.shares[arm][0]:.0f} %" if population.shares else arm for arm in population.last
    }
    named = quantity_labels(model).get(quantity) or meanings(model).get(quantity, quantity)
    figure = patient_changes.waterfall(
        {called[arm]: last for arm, last in population.last.items()},
        label=f"{named}, at the end (%)",
        lines={f"{_name(line)}, its rate above": line.level} if line else {},
        control=called.get(untreated, ""),
        **common,
    )
    return remembered(figure, _recipe(arms))


def _curves(arms: Mapping[str, Treated], names: Sequence[str], population: Population | None) -> tuple[Any, Any, Any]:
    """Return times by arm, quantity -> arm -> values, and the same with bands where there are patients, else None."""
    if population is not None:
        return dict.fromkeys(arms, population.times), population.medians(), population.ranges()
    times = {arm: _shown(one, one.path_times) for arm, one in arms.items()}
    series = {
        name: {arm: _shown(one, one.path[name]) for arm, one in arms.items() if name in one.path} for name in names
    }
    return times, series, None


def _published(
    arms: Mapping[str, Treated], series: Mapping[str, Mapping[str, Array]]
) -> tuple[dict[str, dict[str, list[Point]]], str]:
    """Return quantity -> arm -> points that trials reported within the runs, and what they are, in words."""
    recipes = {arm: one.recipe["model"] for arm, one in arms.items()}
    starts = {name: {arm: float(values[0]) for arm, values in per_arm.items()} for name, per_arm in series.items()}
    found = curve_results(next(iter(arms.values())).model, recipes, series)
    points, drawn = placed(found, starts, max(float(one.times[-1]) for one in arms.values()))
    return points, published_words(drawn)


def _called(arms: Mapping[str, Treated]) -> dict[str, dict[str, str]]:
    """Return units, meanings and short names of all quantities; those of the first arm win."""
    units: dict[str, str] = {}
    labels: dict[str, str] = {}
    headings: dict[str, str] = {}
    for one in reversed(list(arms.values())):
        units |= one.units
        called = name_labels(one.model)
        labels |= meanings(one.model) | {name: called[name] for name in one.model.applied if name in called}
        headings |= quantity_labels(one.model)
    return {"units": units, "labels": labels, "headings": headings}


def _told(arms: Mapping[str, Treated]) -> list[str]:
    """Return the arms of which the model's story tells, by their names there or by what is applied in them."""
    story = next(iter(arms.values())).model.story
    if story is None:
        return []
    treated = {name: text for name, text in dict(story.arms).items() if text}
    applied = {frozenset(text.replace(" ", "").split("+")) for text in treated.values()}
    return [arm for arm, one in arms.items() if arm in treated or frozenset(one.model.applied) in applied]


def control_of(arms: Mapping[str, Treated]) -> str:
    """Return the arm that nothing is applied to, "" where all are treated."""
    return next((arm for arm, one in arms.items() if not one.model.applied), "")


def _shown(one: Treated, samples: Array) -> Array:
    """Return the samples of a path without what a dose at the very end changes: nothing comes of it any more."""
    last = int(np.searchsorted(one.path_times, one.path_times[-1], side="left"))
    return samples[: last + 1]


def _name(line: Threshold) -> str:
    return line.meaning or line.name.replace("_", " ")


def remembered(figure: Figure, recipe: Mapping[str, Any]) -> Figure:
    """Return the figure with the recipe of what it shows, for the file that it is saved in."""
    from immunode.plot.kit.provenance import remember_recipe

    return remember_recipe(figure, recipe)


def _recipe(arms: Mapping[str, Treated]) -> Mapping[str, Any]:
    return arms[""].recipe if list(arms) == [""] else {arm: one.recipe for arm, one in arms.items()}
