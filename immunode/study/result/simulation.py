"""The results of `simulate`: one trajectory, or one for each arm."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.errors import StudyError, did_you_mean
from immunode.model.story import Story
from immunode.model.views.words import arm_labels
from immunode.study.result.course_pictures import (
    Population,
    control_of,
    draw,
    draw_patients,
    draw_timeline,
    remembered,
)
from immunode.study.result.marks import switch_times
from immunode.study.result.notebook import page
from immunode.study.run.ready import flux_names, meanings, model_time, quantity_units
from immunode.study.run.recipe import named

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.figure import Figure

    from immunode.model import Model

Array = NDArray[np.float64]
NOTHING = 1e-6
"""Part of its largest value below which a flux has run dry: solvers end anywhere around 0."""
EARLY = 0.02
"""First part of a run that no diagram shows unless it is asked for."""
NEARLY = 0.05
"""Part by which a moment, or an arm, may be less at work than another and is shown all the same."""
MOST_VALUES = 15
"""States up to which a diagram has room for their values."""


@dataclass(frozen=True, eq=False, repr=False)
class Simulation:
    """One trajectory of one model; never changes.

    Attributes
    ----------
    model : Model
        the model with its interventions composed in.
    times : ndarray
        shape (n_times,), in `model.time_unit`.
    values : Mapping[str, ndarray]
        quantity -> shape (n_times,), in its unit: states, derived quantities, then fluxes.
    path_times, path
        the same with both sides of every jump between the outputs (what `plot` draws).
    breaks : tuple[float, ...]
        times at which the solver stopped and restarted, sorted.
    doses : Mapping[str, tuple[float, ...]]
        intervention -> times at which it gave something (a jump of a state, the start of an infusion).
    windows : Mapping[str, tuple[tuple[float, float], ...]]
        intervention -> (start, stop) of the spans in which it acted; none where it always does.
    recipe : Mapping[str, Any]
        how it was made.
    """

    model: Model
    times: Array
    values: Mapping[str, Array]
    path_times: Array
    path: Mapping[str, Array]
    breaks: tuple[float, ...] = ()
    doses: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    windows: Mapping[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)
    recipe: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Array:
        if name not in self.values:
            raise StudyError(f"{self.model.name}: unknown quantity '{name}'{did_you_mean(name, self.values)}")
        return self.values[name]

    def __contains__(self, name: object) -> bool:
        return name in self.values

    def __iter__(self) -> Iterator[str]:
        return iter(self.values)

    def __repr__(self) -> str:
        applied = " + ".join(self.model.applied) or "no intervention"
        unit = f" {self.model.time_unit}" if self.model.time_unit else ""
        return (
            f"Simulation of {self.model.label} ({applied}): {len(self.times)} times to {self.times[-1]:g}{unit}, "
            f"{len(self.values)} quantities, {len(self.breaks)} breaks"
            + "".join(f"; {line}" for line in self.recipe.get("remarks", ()))
        )

    def _repr_html_(self) -> str:
        return page(repr(self), self.to_frame(), "Values over time")

    @property
    def states(self) -> Mapping[str, Array]:
        """State -> shape (n_times,), in its unit."""
        return MappingProxyType({s.name: self.values[s.name] for s in self.model.states})

    @property
    def fluxes(self) -> Mapping[str, Array]:
        """Process -> shape (n_times,), what it moves per time."""
        return MappingProxyType({name: self.values[name] for name in flux_names(self.model)})

    @property
    def derived(self) -> Mapping[str, Array]:
        """Derived quantity (and effective value of a parameter, `k.effective`) -> shape (n_times,), in its unit."""
        others = {*(s.name for s in self.model.states), *flux_names(self.model)}
        return MappingProxyType({name: v for name, v in self.values.items() if name not in others})

    @property
    def units(self) -> dict[str, str]:
        """Quantity -> unit; "" is dimensionless."""
        return quantity_units(self.model)

    def flux(self, name: str) -> Array:
        """Return the flux of a process, shape (n_times,), in the unit of what it moves per time."""
        if name not in self.fluxes:
            known = did_you_mean(name, self.fluxes)
            raise StudyError(f"{self.model.name}: unknown process '{name}'{known}")
        return self.fluxes[name]

    def final(self, name: str) -> float:
        """Return the last value of a quantity, in its unit."""
        return float(self[name][-1])

    def to_frame(self) -> pd.DataFrame:
        """Return a table: one row a time (the index), one column a quantity."""
        import pandas as pd

        return named(pd.DataFrame(dict(self.values), index=pd.Index(self.times, name="time")), self.model)

    def to_dataset(self) -> xr.Dataset:
        """Return an xarray Dataset over `time`, with unit and meaning of every quantity as attributes."""
        import xarray as xr

        units, meaning = self.units, meanings(self.model)
        variables = {
            name: ("time", v, {"units": units.get(name, ""), "long_name": meaning.get(name, name)})
            for name, v in self.values.items()
        }
        coords = {"time": ("time", self.times, {"units": self.model.time_unit})}
        told = {"model": self.model.name, "variant": self.model.variant_name, "reference": self.model.reference}
        return xr.Dataset(variables, coords, told)

    @property
    def switches(self) -> dict[str, tuple[tuple[float, str], ...]]:
        """Intervention with a rule -> (time, what) of each change at a visit: "on", "off" or "level 0.5"."""
        return switch_times(self.path_times, self.path)

    def plot(
        self,
        *names: str,
        style: str = "slide",
        title: str | None = None,
        log: Any = None,
        axes: Any = None,
        timeline: bool = False,
        data: bool = True,
    ) -> Figure:
        """Return a figure of time courses, one panel a quantity; without names, of the model's readouts.

        Parameters
        ----------
        style : str
            "slide", "paper", "poster" or "dark".
        log : Any
            names with a log axis, True for all, False for none; by default pathogens, titers, tumor cells and what
            spans decades (and the panels that a story names).
        title : str | None
            by default the model's name with its variant; "" for none.
        axes : Any
            your own, one a quantity.
        timeline : bool
            with a row for each intervention above, instead of marks (then without `axes`).
        data : bool
            whether open circles show what trials that the model declares reported of the same quantity under the same
            treatment (not on a timeline).
        """
        return draw({"": self}, names, style, title, log, axes, timeline, data=data)

    def timeline(self, *, style: str = "slide", title: str | None = None) -> Figure:
        """Return a figure of the interventions alone: bars while they act, doses, visits and what changed there."""
        return draw_timeline({"": self}, style, title)

    def diagram(
        self,
        at: float | str | None = None,
        *,
        regulation: bool | None = None,
        title: str | None = None,
        style: str = "slide",
        axes: Any = None,
    ) -> Figure:
        """Return the model as a picture at one moment: states with their values, arrows as wide as their flux.

        A value below a millionth of the state's largest in this run is shown as about 0. Where a model has more than
        15 states there is room for their names alone.

        Parameters
        ----------
        at : float | str | None
            model time, or text such as "24 weeks"; by default the end.
        regulation, axes
            as in `immunode.plot.diagram`.

        Raises
        ------
        StudyError
            a time outside the run.
        """
        time = float(self.times[-1]) if at is None else model_time(self.model, at, "at")
        if not self.times[0] <= time <= self.times[-1]:
            raise StudyError(
                f"{self.model.name}: at={at!r} is outside the run, {self.times[0]:g} to {self.times[-1]:g}"
            )
        return self._picture(self.model, time, regulation=regulation, title=title, style=style, axes=axes)

    def _picture(self, model: Model, time: float, *, arm: str = "", **options: Any) -> Figure:
        """Return the diagram of a model, the own one or that without interventions, as this run moves it at a time."""
        from immunode.plot.diagrams.drawing import diagram, moment_words

        moment = moment_words(time, float(self.times[-1]), model.axis_unit)
        values = {s.name: float(np.interp(time, self.times, self.values[s.name])) for s in model.states}
        figure = diagram(
            model,
            fluxes={name: self._moving(name, time) for name in flux_names(model)},
            values=values if len(values) <= MOST_VALUES else None,
            peaks={name: float(np.abs(self.values[name]).max()) for name in values},
            moment=", ".join(filter(None, [arm, moment])), **options,
        )  # fmt: skip
        return remembered(figure, self.recipe)

    def _moving(self, process: str, time: float) -> float:
        """Return a flux; where it has run dry rounding may have turned it."""
        values = self.fluxes[process]
        value = float(np.interp(time, self.times, values))
        return value if abs(value) > NOTHING * float(np.abs(values).max()) else 0.0


class Comparison(Mapping[str, Simulation]):
    """Simulations by arm, drawn and tabled together; never changes.

    Parameters
    ----------
    story : Story | None
        what they tell, of which `plot` takes its panels, axes and title; None for arms that were chosen freely.
    population : Population | None
        the same panels in patients, where the story asks for them.
    """

    __slots__ = ("_arms", "_population", "_story")

    def __init__(
        self, simulations: Mapping[str, Simulation], story: Story | None = None, population: Population | None = None
    ) -> None:
        self._arms = dict(simulations)
        self._story, self._population = story, population

    def __getitem__(self, arm: str) -> Simulation:
        if arm not in self._arms:
            raise StudyError(f"unknown arm '{arm}'{did_you_mean(str(arm), self._arms)}")
        return self._arms[arm]

    def __contains__(self, arm: object) -> bool:
        return arm in self._arms

    def __iter__(self) -> Iterator[str]:
        return iter(self._arms)

    def __len__(self) -> int:
        return len(self._arms)

    def __repr__(self) -> str:
        return "Comparison of arms\n" + "\n".join(f"  {arm}: {one!r}" for arm, one in self._arms.items())

    def _repr_html_(self) -> str:
        return page(repr(self), self.to_frame(), "Values by arm over time")

    @property
    def story(self) -> Story | None:
        """The story that the arms tell; None for arms that were chosen freely."""
        return self._story

    @property
    def recipe(self) -> dict[str, Any]:
        """Arm -> how it was made."""
        return {arm: one.recipe for arm, one in self._arms.items()}

    def to_frame(self) -> pd.DataFrame:
        """Return a table with the index (arm, time); a quantity that an arm lacks is NaN there."""
        import pandas as pd

        return pd.concat({arm: one.to_frame() for arm, one in self._arms.items()}, names=["arm", "time"])

    def to_dataset(self) -> xr.Dataset:
        """Return an xarray Dataset over (arm, time)."""
        import xarray as xr

        arms = xr.DataArray(np.array(list(self._arms)), dims="arm", name="arm")
        parts = [one.to_dataset() for one in self._arms.values()]
        return xr.concat(parts, arms, data_vars="all", combine_attrs="override", join="outer", coords="minimal")

    def plot(
        self,
        *names: str,
        style: str = "slide",
        title: str | None = None,
        log: Any = None,
        axes: Any = None,
        timeline: bool = False,
        data: bool = True,
    ) -> Figure:
        """Return a figure of time courses, one panel a quantity and one line an arm. Parameters as in `Simulation`.

        Without names, runs of a story show its panels, with its sentence as title and the model's name below; where it
        asks for patients, their medians and bands from 5 to 95 %.
        """
        story = self._story
        if story is None or names:
            return draw(self._arms, names, style, title, log, axes, timeline, data=data)
        heading = next(iter(self._arms.values())).model.heading
        head = story.sentence if title is None else title
        note = heading if head == story.sentence != heading else ""
        if self._population is not None and axes is None and not timeline and story.kind != "courses":
            return draw_patients(
                self._arms, self._population, story.kind, story.panels[0], style=style, title=head, note=note, data=data
            )
        return draw(
            self._arms, tuple(story.panels), style, head, log, axes, timeline, note=note, declared=story.logarithmic,
            population=self._population, data=data,
        )  # fmt: skip

    def timeline(self, *, style: str = "slide", title: str | None = None) -> Figure:
        """Return a figure of the interventions of all arms alone. Parameters as in `Simulation`."""
        return draw_timeline(self._arms, style, title)

    def diagram(self, *, regulation: bool | None = None, title: str | None = None, style: str = "slide") -> Figure:
        """Return the model as a picture in the arm, and at the moment, in which most of it is at work.

        How much is at work is the mean over processes of the square root of their flux against their largest in any
        arm, as the widths of arrows. The last moment within a twentieth of the most is shown, where nothing changes any
        more the end; the first fiftieth of the runs is left out, in which doses have not come anywhere yet. It is one
        of the arm without treatment, where another one has no more than a twentieth more.

        Parameters
        ----------
        regulation : bool | None
            as in `immunode.plot.diagram`.
        """
        untreated = control_of(self._arms)
        model = self._arms[untreated].model if untreated else next(iter(self._arms.values())).model
        names = [name for name in flux_names(model) if all(name in one for one in self._arms.values())]
        work = at_work({arm: np.array([one[name] for name in names]) for arm, one in self._arms.items()})
        most = {arm: float(share[begun(self._arms[arm])].max(initial=0.0)) for arm, share in work.items()}
        arm = max(most, key=lambda name: most[name])
        if untreated and most[untreated] >= (1 - NEARLY) * most[arm]:
            arm = untreated
        one = self._arms[arm]
        last = np.flatnonzero(begun(one) & (work[arm] >= (1 - NEARLY) * most[arm]))[-1] if names else -1
        said = "" if arm == untreated else arm_labels(model, [arm])[arm]
        options: dict[str, Any] = {"regulation": regulation, "title": title, "style": style}
        return one._picture(model, float(one.times[last]), arm=said, **options)


def begun(one: Simulation) -> NDArray[np.bool_]:
    """Return which output times lie behind the first fiftieth of a run, shape (n_times,)."""
    return np.asarray(one.times >= one.times[0] + EARLY * (one.times[-1] - one.times[0]))


def at_work(fluxes: Mapping[str, Array]) -> dict[str, Array]:
    """Return arm -> how much is at work, 0 to 1, shape (n_times,): the mean over processes of the square root of a flux
    against its largest in any arm.

    fluxes : arm -> shape (n_processes, n_times).
    """
    sizes = {arm: np.abs(np.nan_to_num(values)) for arm, values in fluxes.items()}
    top = np.max([size.max(axis=1, initial=0.0) for size in sizes.values()], axis=0)[:, None]
    shares = {arm: np.sqrt(np.divide(size, top, out=np.zeros_like(size), where=top > 0)) for arm, size in sizes.items()}
    return {arm: share.mean(axis=0) if len(share) else np.zeros(share.shape[1:]) for arm, share in shares.items()}
