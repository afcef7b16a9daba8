"""Two interventions together: more, less or just what one expects (Bliss, highest single agent, Loewe)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from immunode.analysis.sensitivity.responses import ask, whole
from immunode.errors import StudyError, did_you_mean
from immunode.model import Model
from immunode.study.arms import Arms
from immunode.study.result.notebook import Tabled

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
REFERENCES = ("bliss", "hsa", "loewe")
TOGETHER = "together"
_WORDS = (("antagonism", "synergy"), ("less than the better agent alone", "more than the better agent alone"))
_FINE = 4001


@dataclass(frozen=True, eq=False, repr=False)
class Curve:
    """What one agent does alone. `doses`, `effects`: shape (n,), from dose 0 on, increasing doses; effect 0 at 0."""

    doses: Array
    effects: Array

    @property
    def rising(self) -> bool:
        """Whether the effect never falls with the dose by more than rounding."""
        top = max(float(np.max(np.abs(self.effects))), 1e-300)
        return bool((np.diff(self.effects) >= -1e-6 * top).all())

    def fine(self) -> tuple[Array, Array]:
        """Return doses and the largest effect up to each, on a fine grid between the doses (monotone cubics)."""
        from scipy.interpolate import PchipInterpolator

        places = np.linspace(0, len(self.doses) - 1, _FINE)
        grid = np.interp(places, np.arange(len(self.doses)), self.doses)
        return grid, np.maximum.accumulate(np.maximum(PchipInterpolator(self.doses, self.effects)(grid), 0.0))

    def dose_for(self, effect: ArrayLike) -> Array:
        """Return the smallest dose that has an effect, by shape; infinite where no tested dose has it."""
        grid, reached = self.fine()
        wanted = np.asarray(effect, float)
        rises = np.append(True, np.diff(reached) > 0)
        rises[0] = True
        doses = np.interp(wanted, reached[rises], grid[rises])
        # the top itself counts as reached, also where rounding lifts it
        beyond = wanted > reached[-1] * (1 + 1e-6)
        return np.where(beyond, np.inf, np.where(wanted <= 0, 0.0, doses))

    @property
    def still_rising(self) -> bool:
        """Whether the effect still grows at the largest dose: by more than 1 % over the last tenth of the doses."""
        grid, reached = self.fine()
        return bool(reached[-1] > 1.01 * float(np.interp(0.9 * grid[-1], grid, reached)))


@dataclass(frozen=True, eq=False, repr=False)
class Combination(Tabled):
    """An endpoint over the doses of two agents, and what is expected of them; never changes.

    Attributes
    ----------
    names, units : tuple[str, str]
        both agents.
    endpoint, unit : str
        what was measured.
    full : float
        its value at the effect 1.
    doses_a, doses_b : ndarray
        shapes (n_a,) and (n_b,), each from 0 on.
    response : ndarray
        shape (n_a, n_b).
    effect : ndarray
        the same shape: (control - response)/(control - full), 0 without agents.
    expected : Mapping[str, ndarray]
        "bliss", "hsa" and "loewe" -> expected effects, the same shape; NaN where not defined.
    index : ndarray
        Loewe's combination index, below 1 for synergy; NaN where not defined.
    alone : tuple[Curve, Curve]
        the agents' own curves.
    notes : tuple[str, ...]
        what to know.
    words : Mapping[str, str]
        name -> what figures call it, where they do.
    """

    who: str
    names: tuple[str, str]
    units: tuple[str, str]
    endpoint: str
    unit: str
    full: float
    doses_a: Array
    doses_b: Array
    response: Array
    effect: Array
    expected: Mapping[str, Array]
    index: Array
    alone: tuple[Curve, Curve]
    notes: tuple[str, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)

    def excess(self, reference: str = "loewe") -> Array:
        """Return effect minus expected effect, shape (n_a, n_b): above 0 is synergy.

        Parameters
        ----------
        reference : str
            "bliss" (independent action), "hsa" (the better agent alone) or "loewe" (dose additivity).
        """
        if reference not in REFERENCES:
            raise StudyError(f"{self.who}: unknown reference '{reference}'{did_you_mean(reference, REFERENCES)}")
        return self.effect - self.expected[reference]

    def table(self) -> pd.DataFrame:
        """Return one row a pair of doses: response, effect, the three expected effects, Loewe's index."""
        import pandas as pd

        a, b = np.meshgrid(self.doses_a, self.doses_b, indexing="ij")
        columns = {self.names[0]: a, self.names[1]: b, self.endpoint: self.response, "effect": self.effect}
        columns |= {**self.expected, "loewe_index": self.index}
        return pd.DataFrame({name: values.ravel() for name, values in columns.items()})

    def summary(self) -> pd.DataFrame:
        """Return one row a reference: mean, smallest and largest excess over the pairs where both doses are above 0."""
        import pandas as pd

        rows = {}
        for reference in REFERENCES:
            inside = self.excess(reference)[1:, 1:].ravel()
            inside = inside[np.isfinite(inside)]
            rows[reference] = (
                [*(f(inside) for f in (np.mean, np.min, np.max)), len(inside)] if len(inside) else [np.nan] * 4
            )
        return pd.DataFrame.from_dict(rows, orient="index", columns=["mean", "min", "max", "pairs"])

    def __repr__(self) -> str:
        a, b = self.names
        lines = [f"Combination of {a} and {b} in {self.who}: {self.endpoint}, {self.effect.size} pairs of doses"]
        lines.append(
            f"  largest effect: {a} {np.nanmax(self.effect[:, 0]):.3g}, {b} {np.nanmax(self.effect[0]):.3g}, "
            f"together {np.nanmax(self.effect):.3g} (1 is {self.full:g} {self.unit}".rstrip()
            + ")"
        )
        for name, row in self.summary().iterrows():
            if not np.isfinite(row["mean"]):
                lines.append(f"  {name}: not defined for these doses")
                continue
            word = "as expected" if max(abs(row["min"]), abs(row["max"])) < 0.01 else ""
            mixed = row["min"] < -0.01 and row["max"] > 0.01
            word = word or ("both, by dose" if mixed else _WORDS[int(name == "hsa")][int(row["mean"] > 0)])
            lines.append(
                f"  {name}: excess {row['mean']:+.3f} on average ({row['min']:+.3f} to {row['max']:+.3f}), {word}"
            )
        return "\n".join([*lines, *(f"  note: {note}" for note in self.notes)])

    def plot(
        self,
        kind: str = "isoboles",
        *,
        reference: str = "loewe",
        levels: Sequence[float] = (0.25, 0.5, 0.75),
        title: str | None = None,
        style: str = "slide",
        axes: Any = None,
    ) -> Figure:
        """Return a figure: "isoboles" (lines of equal effect with those of additivity) or "excess" (heat map).

        Parameters
        ----------
        levels : Sequence[float]
            effects of the lines.
        reference : str
            of the excess.
        """
        kinds = ("isoboles", "excess")
        if kind not in kinds:
            raise StudyError(f"{self.who}: unknown plot '{kind}'{did_you_mean(kind, kinds)}")
        labels = [self.words.get(name, name) for name in self.names]
        agents = [self.words.get(name.partition(".")[0], name.partition(".")[0]) for name in self.names]
        said = self.words.get(self.endpoint, self.endpoint)
        if kind == "excess":
            from immunode.plot.charts.heat_map import heat

            words = {"bliss": "Bliss", "hsa": "the better agent", "loewe": "Loewe"}
            return heat(
                self.doses_a, self.doses_b, self.excess(reference).T, x_label=labels[0], y_label=labels[1],
                z_label=f"effect beyond {words[reference]}", x_unit=self.units[0], y_unit=self.units[1], center=0.0,
                title=f"{self.who}: {said}" if title is None else title, style=style, axes=axes,
            )  # fmt: skip
        from immunode.plot.charts.analysis.isobole import isoboles

        lines = {float(v): (float(self.alone[0].dose_for(v)), float(self.alone[1].dose_for(v))) for v in levels}
        return isoboles(
            self.doses_a, self.doses_b, self.effect.T, additive=lines, x_label=labels[0], y_label=labels[1],
            x_unit=self.units[0], y_unit=self.units[1], z_label=f"reduction of {said}",
            title=f"{self.who}: {agents[0]} with {agents[1]}" if title is None else title,
            style=style, axes=axes,
        )  # fmt: skip


def combination(
    model: Model,
    doses: Mapping[str, ArrayLike],
    endpoint: Any,
    *,
    interventions: Sequence[Any] | Any = None,
    full: float = 0.0,
    singles: int = 65,
    until: float | str | None = None,
    engine: str = "auto",
    rtol: float = 1e-6,
) -> Combination:
    """Return an endpoint over the doses of two agents against Bliss, highest single agent and Loewe.

    Parameters
    ----------
    doses : Mapping[str, array_like]
        two knobs -> doses: `{"anti_tnf.strength": np.linspace(0, 1, 9), "adalimumab.dose": [0, 10, 20, 40]}`; 0 is
        added. Plain parameters will do where 0 means "not given".
    endpoint : Any
        one endpoint, such as `"auc(p)"`.
    interventions : Sequence[Any] | Any
        what the knobs belong to; default those that the model declares under these names.
    full : float
        value of the endpoint at the effect 1; default 0, what the agents lower is gone. For agents that raise it, give
        the value aimed at.
    singles : int
        further doses of each agent alone, for Loewe's curves; where nothing bounds the knob up to twice the largest
        dose.
    until, engine, rtol
        as in `sweep`; all in one batched sweep of one arm.

    Raises
    ------
    StudyError
        not two knobs, a dose below 0, names that can't be, or a control whose endpoint is `full`.
    """
    if len(doses) != 2:
        raise StudyError(f"{model.name}: a combination needs the doses of two knobs, got {len(doses)}")
    first, second = (str(name) for name in doses)
    names = (first, second)
    grids = [_doses(model.name, name, values) for name, values in doses.items()]
    arm = with_knobs(model, names, interventions)
    facts = [knob_facts(model, arm, name) for name in names]
    units, tops = (facts[0][0], facts[1][0]), [top for _, top in facts]
    for name, grid, top in zip(names, grids, tops, strict=True):
        check_top(model.name, name, grid, top)
    extra = [_more(g, top, whole("combination", "singles", singles, 2)) for g, top in zip(grids, tops, strict=True)]
    a, b = np.meshgrid(*grids, indexing="ij")
    pairs = np.stack([a.ravel(), b.ravel()], axis=1)
    rows = [pairs, np.stack([extra[0], 0 * extra[0]], axis=1), np.stack([0 * extra[1], extra[1]], axis=1)]
    answers = ask(
        model, names, np.concatenate(rows), until=until, arms=arm, endpoints=endpoint, engine=engine, rtol=rtol,
        how="doses of both agents",
    )  # fmt: skip
    if len(answers.series) != 1:
        raise StudyError(f"{model.name}: a combination looks at one endpoint, got {len(answers.series)}")
    y = answers.outputs[:, 0]
    n = a.size
    single = (extra[0], y[n : n + len(extra[0])]), (extra[1], y[n + len(extra[0]) :])
    return synergy(
        grids[0], grids[1], y[:n].reshape(a.shape), names=names, units=units, endpoint=answers.series[0].endpoint,
        unit=answers.series[0].unit, full=full, alone=single, who=model.label, words=answers.words,
    )  # fmt: skip


def synergy(
    doses_a: ArrayLike,
    doses_b: ArrayLike,
    response: ArrayLike,
    *,
    names: tuple[str, str] = ("A", "B"),
    units: tuple[str, str] = ("", ""),
    endpoint: str = "response",
    unit: str = "",
    full: float = 0.0,
    alone: tuple[tuple[ArrayLike, ArrayLike], tuple[ArrayLike, ArrayLike]] | None = None,
    who: str = "data",
    words: Mapping[str, str] | None = None,
) -> Combination:
    """Return Bliss, HSA and Loewe for a table of responses that is there already.

    The other parameters are as in `combination`.

    Parameters
    ----------
    doses_a, doses_b : array_like
        shapes (n_a,) and (n_b,), increasing, each from 0 on.
    response : array_like
        shape (n_a, n_b).
    alone : tuple[tuple[array_like, array_like], tuple[array_like, array_like]] | None
        (doses, responses) of each agent alone, on more doses; default the edges of the table.
    words : Mapping[str, str] | None
        name of an agent or the endpoint -> what figures call it.

    Raises
    ------
    StudyError
        shapes that don't fit, no dose 0, or a control that is `full`.

    References
    ----------
    Bliss 1939, doi:10.1111/j.1744-7348.1939.tb06990.x; Loewe 1953; Berenbaum 1989 (isoboles, highest single agent,
    combination index). Loewe's expected effect E solves a/A(E) + b/B(E) = 1, A(E) the dose of one agent alone.
    """
    a, b, y = (np.asarray(v, float) for v in (doses_a, doses_b, response))
    if y.shape != (a.size, b.size) or a.ndim != 1 or b.ndim != 1 or min(y.shape) < 2:
        raise StudyError(f"{who}: a response of shape {y.shape} for {a.size} and {b.size} doses; it needs (n_a, n_b)")
    for name, doses in zip(names, (a, b), strict=True):
        if doses[0] != 0 or (np.diff(doses) <= 0).any():
            raise StudyError(f"{who}: the doses of {name} must increase from 0, where it is not given")
    control = float(y[0, 0])
    if not np.isfinite(control) or abs(control - full) <= 1e-12 * max(abs(control), abs(full)):
        raise StudyError(
            f"{who}: without agents {endpoint} is {control:g}, and full={full:g}: there is no effect to measure"
        )
    effect = (control - y) / (control - full)
    curves = []
    for i, (doses, edge) in enumerate(((a, y[:, 0]), (b, y[0]))):
        more: tuple[ArrayLike, ArrayLike] = ([], []) if alone is None else alone[i]
        every = np.concatenate([doses, np.asarray(more[0], float)])
        told = np.concatenate([edge, np.asarray(more[1], float)])
        good = np.isfinite(told)
        every, first = np.unique(every[good], return_index=True)
        curves.append(Curve(every, (control - told[good][first]) / (control - full)))
    ea, eb = effect[:, :1], effect[:1]
    loewe = _loewe(a, b, curves[0], curves[1])
    expected = {"bliss": ea + eb - ea * eb, "hsa": np.maximum(ea, eb) + 0 * effect, "loewe": loewe}
    with np.errstate(all="ignore"):
        terms = [d / c.dose_for(effect) for d, c in ((a[:, None], curves[0]), (b[None], curves[1]))]
    index = np.where((effect > 0) & np.isfinite(loewe), terms[0] + terms[1], np.nan)
    index[0, 0] = np.nan
    notes = []
    for name, curve in zip(names, curves, strict=True):
        if not curve.rising:
            notes.append(f"{name} alone has no rising effect: Loewe takes the smallest dose that reaches an effect")
        if curve.still_rising and np.nanmax(effect) > float(curve.fine()[1][-1]) * (1 + 1e-6):
            notes.append(f"Loewe counts effects that {name} has at no dose tested as never reached by it alone")
    if np.isnan(loewe).any():
        notes.append("Loewe is not defined where it expects more than either agent does at any dose tested")
    if (effect < -0.01).any():
        notes.append("effects below 0 (the endpoint moves the other way): Bliss has no meaning there")
    return Combination(
        who=who,
        names=names,
        units=units,
        endpoint=endpoint,
        unit=unit,
        full=full,
        doses_a=a,
        doses_b=b,
        response=y,
        effect=effect,
        expected=expected,
        index=index,
        alone=(curves[0], curves[1]),
        notes=tuple(notes),
        words=words or {},
    )


def _loewe(a: Array, b: Array, first: Curve, second: Curve) -> Array:
    """Return the effects that Loewe expects, shape (n_a, n_b), by bisection; NaN beyond what the curves tell."""
    x, y = np.broadcast_arrays(a[:, None], b[None, :])
    top = max(float(first.fine()[1][-1]), float(second.fine()[1][-1]))
    low, high = np.zeros(x.shape), np.full(x.shape, top)

    def used(effect: Array) -> Array:
        with np.errstate(all="ignore"):
            parts = [np.where(d > 0, d / c.dose_for(effect), 0.0) for d, c in ((x, first), (y, second))]
        return np.asarray(parts[0] + parts[1])

    beyond = used(high) > 1 + 1e-9
    for _ in range(60):
        middle = (low + high) / 2
        more = used(middle) >= 1
        low, high = np.where(more, middle, low), np.where(more, high, middle)
    effect = np.where(beyond, np.nan, (low + high) / 2)
    # one agent alone has its own effect, whatever the other could do
    effect[:, 0] = np.interp(a, *first.fine())
    effect[0] = np.interp(b, *second.fine())
    return effect


def with_knobs(model: Model, names: Sequence[str], interventions: Any) -> Arms | None:
    """Return the one arm in which knobs exist: interventions given, else those declared under the knobs' names."""
    if interventions is None:
        declared = [i.name for i in model.interventions]
        owners = list(dict.fromkeys(name.partition(".")[0] for name in names if "." in name))
        for owner in owners:
            if owner not in declared and owner not in model.applied:
                raise StudyError(
                    f"{model.name}: '{owner}' is no intervention that it declares; give it with interventions=[...]"
                    f"{did_you_mean(owner, declared)}"
                )
        chosen = [owner for owner in owners if owner in declared and owner not in model.applied]
        return Arms({TOGETHER: chosen}) if chosen else None
    return Arms({TOGETHER: interventions})


def knob_facts(model: Model, arm: Arms | None, name: str) -> tuple[str, float]:
    """Return the unit and the upper bound (infinite where nothing bounds it) of a knob or a parameter."""
    composed = model if arm is None else arm.compose(model)[TOGETHER]
    known = {p.name: p for p in composed.parameters}
    if name not in known:
        raise StudyError(f"{model.name}: unknown knob '{name}'{did_you_mean(name, known)}")
    bounds = known[name].bounds
    return known[name].unit, np.inf if bounds is None or "." not in name else float(bounds[1])


def check_top(who: str, name: str, doses: Array, top: float) -> None:
    """Refuse doses above what a knob can be."""
    if doses.max() > top:
        raise StudyError(f"{who}: {name} can't be {doses.max():g}; its largest value is {top:g}")


def _doses(who: str, name: str, given: ArrayLike) -> Array:
    values = np.unique(np.append(np.asarray(given, float).ravel(), 0.0))
    if not np.isfinite(values).all() or values[0] < 0 or len(values) < 2:
        raise StudyError(f"{who}: the doses of {name} must be finite, not below 0, and one of them above 0")
    return values


def _more(doses: Array, top: float, n: int) -> Array:
    """Return further doses of one agent alone, denser near 0: half evenly, half evenly in the logarithm."""
    end = float(min(2 * doses[-1], max(top, doses[-1])))
    even = np.linspace(0, end, n // 2 + 2)[1:]
    logs = np.geomspace(min(doses[1], end) / 100, end, n - n // 2)
    return np.setdiff1d(np.concatenate([even, logs]), doses)
