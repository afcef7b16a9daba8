"""Effects of two agents together against what is expected: Bliss, highest single agent, Loewe; arrays only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from immunode.errors import StudyError, did_you_mean
from immunode.study.result.notebook import Tabled

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
REFERENCES = ("bliss", "hsa", "loewe")
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

    def size(responses: Array) -> Array:
        return np.asarray((control - responses) / (control - full))

    effect = size(y)
    (more_a, y_a), (more_b, y_b) = (((), ()), ((), ())) if alone is None else alone
    curves = _curve(a, y[:, 0], more_a, y_a, size), _curve(b, y[0], more_b, y_b, size)
    ea, eb = effect[:, :1], effect[:1]
    loewe = _loewe(a, b, *curves)
    with np.errstate(all="ignore"):
        terms = [d / c.dose_for(effect) for d, c in ((a[:, None], curves[0]), (b[None], curves[1]))]
    index = np.where((effect > 0) & np.isfinite(loewe), terms[0] + terms[1], np.nan)
    index[0, 0] = np.nan
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
        expected={"bliss": ea + eb - ea * eb, "hsa": np.maximum(ea, eb) + 0 * effect, "loewe": loewe},
        index=index,
        alone=curves,
        notes=tuple(_notes(names, curves, effect, loewe)),
        words=words or {},
    )


def _curve(doses: Array, edge: Array, more: ArrayLike, responses: ArrayLike, size: Callable[[Array], Array]) -> Curve:
    """Return the effects of one agent alone: at the edge of the table and at more doses, without failed runs."""
    every = np.concatenate([doses, np.asarray(more, float)])
    told = np.concatenate([edge, np.asarray(responses, float)])
    good = np.isfinite(told)
    every, first = np.unique(every[good], return_index=True)
    return Curve(every, size(told[good][first]))


def _notes(names: tuple[str, str], curves: tuple[Curve, Curve], effect: Array, loewe: Array) -> Iterator[str]:
    """Yield where a reference has no meaning, or another one than usual."""
    for name, curve in zip(names, curves, strict=True):
        if not curve.rising:
            yield f"{name} alone has no rising effect: Loewe takes the smallest dose that reaches an effect"
        if curve.still_rising and np.nanmax(effect) > float(curve.fine()[1][-1]) * (1 + 1e-6):
            yield f"Loewe counts effects that {name} has at no dose tested as never reached by it alone"
    if np.isnan(loewe).any():
        yield "Loewe is not defined where it expects more than either agent does at any dose tested"
    if (effect < -0.01).any():
        yield "effects below 0 (the endpoint moves the other way): Bliss has no meaning there"


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
