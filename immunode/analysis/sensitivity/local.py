"""One input at a time: local sensitivities at a point, and the swings of a tornado."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.sensitivity.responses import Series, Source, SpaceLike, ask, find_series, space_of
from immunode.analysis.sensitivity.result import Sensitivity, some
from immunode.errors import StudyError, did_you_mean
from immunode.model import Model
from immunode.study.arms import as_arms
from immunode.study.result.notebook import Tabled
from immunode.study.run.ready import make_ready

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from immunode.study.arms import Arms

Array = NDArray[np.float64]


def local_sensitivity(
    source: Source,
    at: Mapping[str, float] | Iterable[str] | str | None = None,
    *,
    step: float = 1e-3,
    until: float | str | None = None,
    arms: Arms | Mapping[str, Any] | Sequence[str] | str | None = None,
    endpoints: Any = None,
    engine: str = "auto",
    rtol: float = 1e-9,
) -> Sensitivity:
    """Return derivatives and elasticities (% per %) of every endpoint by every input, at one point.

    Central differences of two widths, extrapolated (Richardson; the error falls with the fourth power of the step),
    all from one batched sweep of 4k + 1 runs an arm; `error` is how far both widths are apart, a third of it.

    Parameters
    ----------
    source : Source
        a model, or a function of an array (n_rows, n_columns).
    at : Mapping[str, float] | Iterable[str] | str | None
        name -> value; or names and patterns of parameters, knobs (`"anti_tnf.*"`) and initial values (`"E(0)"`), at the
        model's own values; default all parameters. Inputs that are 0 have no relative step and are left out.
    step : float
        relative, dimensionless, in (0, 0.1].
    until, arms, endpoints, engine, rtol
        as in `sweep`; the tolerance is tight, for differences are small.

    Raises
    ------
    StudyError
        unknown names, a function without `at`, or a step out of range.

    References
    ----------
    Richardson 1911, doi:10.1098/rsta.1911.0009.
    """
    if not 0 < step <= 0.1:
        raise StudyError(f"local_sensitivity: step must lie in (0, 0.1], got {step:g}")
    base = _point(source, at, arms)
    zero = [name for name, value in base.items() if value == 0]
    names = [name for name in base if name not in zero]
    if not names:
        raise StudyError("local_sensitivity: every input is 0, which has no relative step")
    center = np.array([base[name] for name in names])
    k, tops = len(names), _tops(source, arms)
    # a strength of 1 can't go up: differences to one side there
    back = np.array([base[name] * (1 + 2 * step) > tops.get(name, np.inf) for name in names])
    points = _stencil(center, back, step)
    how = f"steps of {100 * step:g} % and {200 * step:g} % around one point"
    answers = ask(source, names, points, until=until, arms=arms, endpoints=endpoints, engine=engine, rtol=rtol, how=how)
    y0, y = answers.outputs[0], answers.outputs[1:].reshape(4, k, -1)
    near = np.where(back[:, None], (3 * y0 - 4 * y[3] + y[2]) / 2, (y[2] - y[1]) / 2)
    far = np.where(back[:, None], (3 * y0 - 4 * y[2] + y[0]) / 4, (y[3] - y[0]) / 4)
    slope = ((4 * near - far) / 3 / step).T  # by the logarithm of the input
    with np.errstate(all="ignore"):
        elasticity = np.where(y0[:, None] == 0, np.nan, slope / y0[:, None])
        error = np.where(y0[:, None] == 0, np.nan, np.abs(near - far).T / (3 * step) / np.abs(y0[:, None]))
    measures = {"elasticity": elasticity, "derivative": slope / center, "error": error}
    notes = [f"left out, since 0 has no relative step: {some(zero, 6)}"] if zero else []
    rough = [
        s.name
        for j, s in enumerate(answers.series)
        if np.nanmax(error[j], initial=0.0) > 0.01 * max(np.nanmax(np.abs(elasticity[j]), initial=0.0), 1e-6)
    ]
    if rough:
        notes.append(f"both widths differ by more than 1 % (a kink, or noise of the solver): {some(rough)}")
    used = np.isfinite(answers.outputs).sum(axis=0)
    return Sensitivity(
        method="local",
        who=answers.who,
        columns=tuple(names),
        series=answers.series,
        measures=measures,
        low={},
        high={},
        used=used,
        runs=answers.runs,
        how=how,
        words=answers.words,
        notes=tuple(notes),
    )


def _stencil(center: Array, back: NDArray[np.bool_], step: float) -> Array:
    """Return the point and its neighbors, shape (4k + 1, k). back : shape (k,), True where all lie below the point."""
    k = len(center)
    points = np.tile(center, (4 * k + 1, 1))
    for i, (width, one_sided) in enumerate(zip((-2, -1, 1, 2), (-4, -3, -2, -1), strict=True)):
        points[1 + i * k + np.arange(k), np.arange(k)] *= 1 + np.where(back, one_sided, width) * step
    return points


def _point(source: Source, at: Any, arms: Any) -> dict[str, float]:
    """Return the inputs to move, with their values."""
    if isinstance(at, Mapping):
        return {str(name): float(value) for name, value in at.items()}
    if not isinstance(source, Model):
        raise StudyError("local_sensitivity: a function needs the point, at={'k': 1.0}")
    return own_values(source, at, arms)


def _tops(source: Source, arms: Any) -> dict[str, float]:
    """Return the upper bounds of the knobs of a model's arms, such as 1 for a strength."""
    if not isinstance(source, Model):
        return {}
    models = [source] if arms is None else [source, *as_arms(arms, source).compose(source).values()]
    return {p.name: p.bounds[1] for m in models for p in m.parameters if p.bounds is not None and "." in p.name}


def own_values(model: Model, names: Iterable[str] | str | None, arms: Any) -> dict[str, float]:
    """Return inputs of a model and its arms that have these names or match these patterns, with their own values.

    names : None is all parameters.

    Raises
    ------
    StudyError : a pattern matches nothing.
    """
    models = [model] if arms is None else [model, *as_arms(arms, model).compose(model).values()]
    known = {p.name: float(p.value) for m in reversed(models) for p in m.parameters}
    if names is None:
        return {p.name: float(p.value) for p in model.parameters}
    listed = (names,) if isinstance(names, str) else tuple(names)
    if any("(0)" in pattern for pattern in listed):
        functions = make_ready(models[-1]).functions
        with np.errstate(all="ignore"):
            y = functions.initial(functions.parameters(np.asarray(functions.program.values, float)[:, None]))
        known |= {f"{name}(0)": float(y[i, 0]) for i, name in enumerate(functions.program.states)}
    chosen: dict[str, float] = {}
    for pattern in listed:
        matching = [n for n in known if n == pattern or (fnmatchcase(n, pattern) and ("." in n) <= ("." in pattern))]
        if not matching:
            raise StudyError(f"{model.name}: nothing is called '{pattern}'{did_you_mean(pattern, known)}")
        chosen |= {name: known[name] for name in matching}
    return chosen


@dataclass(frozen=True, eq=False, repr=False)
class Tornado(Tabled):
    """Endpoints with each input at either end of its range, the others at their own values; never changes.

    Attributes
    ----------
    columns, units
        the inputs.
    ends : ndarray
        shape (n_columns, 2), the ends of their ranges.
    series : tuple[Series, ...]
        endpoints in arms.
    base : ndarray
        shape (n_series,), at the model's own values.
    at_low, at_high : ndarray
        shape (n_series, n_columns), each in its endpoint's unit; NaN where a run failed.
    words : Mapping[str, str]
        input, endpoint or arm -> what figures call it, where they do.
    """

    who: str
    columns: tuple[str, ...]
    units: Mapping[str, str]
    ends: Array
    series: tuple[Series, ...]
    base: Array
    at_low: Array
    at_high: Array
    words: Mapping[str, str] = field(default_factory=dict)

    def table(self) -> pd.DataFrame:
        """Return one row for each endpoint, arm and input: ends of the range, the endpoint there and its swing."""
        import pandas as pd

        rows = [
            (s.endpoint, s.arm, name, *self.ends[i], self.base[j], self.at_low[j, i], self.at_high[j, i],
             abs(self.at_high[j, i] - self.at_low[j, i]))
            for j, s in enumerate(self.series)
            for i, name in enumerate(self.columns)
        ]  # fmt: skip
        columns = ["endpoint", "arm", "input", "low", "high", "base", "at_low", "at_high", "swing"]
        return pd.DataFrame(rows, columns=columns)

    def _order(self, j: int) -> NDArray[np.intp]:
        values = np.stack([self.at_low[j], self.at_high[j], np.full(len(self.columns), self.base[j])])
        swing = np.nanmax(values, axis=0) - np.nanmin(values, axis=0)
        return np.argsort(-np.where(np.isfinite(swing), swing, -1.0), kind="stable")

    def __repr__(self) -> str:
        lines = [f"Tornado of {self.who}: each of {len(self.columns)} inputs at either end of its range, one at a time"]
        for j, s in enumerate(self.series):
            top = [f"{self.columns[i]} {self.at_low[j, i]:.3g} to {self.at_high[j, i]:.3g}" for i in self._order(j)[:3]]
            lines.append(f"  {s.name} = {self.base[j]:.4g}: {', '.join(top)}")
        return "\n".join(lines)

    def plot(
        self,
        endpoint: str | None = None,
        arm: str | None = None,
        *,
        top: int = 12,
        title: str | None = None,
        style: str = "slide",
        axes: Any = None,
    ) -> Figure:
        """Return the tornado of one endpoint, by default the first, of the `top` inputs."""
        from immunode.plot.charts.analysis.tornado_bars import tornado as draw

        j = find_series(self.who, self.series, endpoint, arm)
        order = self._order(j)[:top]
        one = self.series[j]
        return draw(
            float(self.base[j]),
            self.at_low[j][order],
            self.at_high[j][order],
            names=[self.words.get(self.columns[i], self.columns[i]) for i in order],
            ends=self.ends[order],
            units=[self.units.get(self.columns[i], "") for i in order],
            label=self.words.get(one.endpoint, one.endpoint),
            unit=one.unit,
            title=f"{self.who}: one input at a time" + (f", {self.words.get(one.arm, one.arm)}" if one.arm else "")
            if title is None
            else title,
            style=style,
            axes=axes,
        )


def tornado(
    source: Source,
    space: SpaceLike | None = None,
    *,
    base: Mapping[str, float] | None = None,
    until: float | str | None = None,
    arms: Arms | Mapping[str, Any] | Sequence[str] | str | None = None,
    endpoints: Any = None,
    engine: str = "auto",
    rtol: float = 1e-6,
) -> Tornado:
    """Return every endpoint with each input at either end of its range, one at a time (2k + 1 runs an arm).

    It says nothing about interactions; `sobol_indices` does.

    Parameters
    ----------
    source : Source
        a model, or a function of an array (n_rows, n_columns).
    space : SpaceLike | None
        ranges, or names and patterns as in `im.space`; default all parameters.
    base : Mapping[str, float] | None
        name -> value to start from; default the model's own, for a function the middle of each range.
    until, arms, endpoints, engine, rtol
        as in `sweep`.

    Raises
    ------
    StudyError
        names that can't be.
    """
    box = space_of(space, source)
    names = box.names
    own = own_values(source, names, arms) if isinstance(source, Model) else {}
    center = np.array([{**own, **(base or {})}.get(a.name, (a.low + a.high) / 2) for a in box.axes])
    unknown = next((name for name in base or {} if name not in names), None)
    if unknown:
        raise StudyError(f"tornado: base names '{unknown}', which is not in the space{did_you_mean(unknown, names)}")
    ends = np.array([(axis.low, axis.high) for axis in box.axes])
    k = len(names)
    points = np.tile(center, (2 * k + 1, 1))
    for side in (0, 1):
        points[1 + side * k + np.arange(k), np.arange(k)] = ends[:, side]
    answers = ask(
        source, names, points, until=until, arms=arms, endpoints=endpoints, engine=engine, rtol=rtol,
        how="each input at either end of its range",
    )  # fmt: skip
    low, high = answers.outputs[1 : k + 1].T, answers.outputs[k + 1 :].T
    return Tornado(
        who=answers.who,
        columns=names,
        units=answers.units,
        ends=ends,
        series=answers.series,
        base=answers.outputs[0],
        at_low=low,
        at_high=high,
        words=answers.words,
    )
