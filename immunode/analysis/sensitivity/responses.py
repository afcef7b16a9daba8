"""What a model answers at many points: one batched sweep, or a function, or numbers that are there already."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from immunode.errors import StudyError, did_you_mean
from immunode.model import Model
from immunode.study.arms import as_arms
from immunode.study.design.design import Design
from immunode.study.design.ranges import Space, as_space, space
from immunode.study.result.row_words import sweep_words
from immunode.study.result.sweep_result import SweepResult
from immunode.study.sweeps import sweep

if TYPE_CHECKING:
    from immunode.study.arms import Arms

Array = NDArray[np.float64]
Source = Model | SweepResult | Callable[[Array], Any] | tuple[Any, Any]
"""A model; a sweep that is done, or one in a store; a function of an array (n_rows, n_columns); or a pair (inputs,
outputs)."""
SpaceLike = Space | Mapping[str, tuple[float, float]] | Sequence[str] | str
"""What stands for a space: itself, a mapping of names to (low, high), or names and patterns of a model."""


@dataclass(frozen=True, slots=True)
class Series:
    """One column of answers: an endpoint in an arm ("" where there are no arms). `unit`: "" is dimensionless."""

    endpoint: str
    arm: str = ""
    unit: str = ""

    @property
    def name(self) -> str:
        """The endpoint, with its arm where there is one."""
        return self.called({})

    def called(self, words: Mapping[str, str]) -> str:
        """Return the name in words.

        Parameters
        ----------
        words : Mapping[str, str]
            endpoint or arm -> what figures call it.
        """
        endpoint = called(words, self.endpoint)
        return f"{endpoint}, {called(words, self.arm)}" if self.arm else endpoint


def called(words: Mapping[str, str], name: str) -> str:
    """Return what figures call an input, an endpoint or an arm: its name where there is nothing else."""
    return words.get(name, name)


@dataclass(frozen=True, slots=True)
class Answers:
    """Inputs and outputs of many runs.

    who : name of the model, for messages.   names, units : the inputs' columns; "" is dimensionless.
    points : shape (n_points, n_columns).   series : what the columns of `outputs` are.
    outputs : shape (n_points, n_series); NaN where a run failed.   runs : how many were made.
    how : how inputs were drawn, in words.   words : input or endpoint -> what figures call it, where they do.
    """

    who: str
    names: tuple[str, ...]
    units: Mapping[str, str]
    points: Array
    series: tuple[Series, ...]
    outputs: Array
    runs: int
    how: str = ""
    words: Mapping[str, str] = field(default_factory=dict)


def space_of(given: SpaceLike | None, source: Source) -> Space:
    """Return the space to sample, also from names or patterns of a model; None means all its parameters.

    Raises
    ------
    StudyError : names without a model to look them up in, or no columns.
    """
    if isinstance(given, Space | Mapping):
        box = as_space(given)
    elif isinstance(source, Model):
        names = (given,) if isinstance(given, str) else tuple(given or ())
        box = space(source, *names)
    elif not callable(source):
        raise StudyError(f"expected a model or a function of an array (n_rows, n_columns), got {source!r}")
    else:
        raise StudyError("a function has no ranges of its own; give them as a mapping such as {'k': (0, 1)}")
    if not box.axes:
        raise StudyError("the space has no columns to sample")
    return box


def place(box: Space, unit: ArrayLike) -> Array:
    """Return points of a space, shape (n, n_columns). unit : the same shape, places in [0, 1]."""
    u = np.asarray(unit, float)
    return np.stack([axis.place(u[:, i]) for i, axis in enumerate(box.axes)], axis=1)


def ask(
    source: Source,
    names: Sequence[str],
    points: Array,
    *,
    until: float | str | None,
    arms: Arms | Mapping[str, Any] | Sequence[str] | str | None,
    endpoints: Any,
    engine: str,
    rtol: float,
    how: str,
    seed: int | None = None,
) -> Answers:
    """Return what a model (in one batched sweep) or a function answers at the given points.

    names : columns of `points`, shape (n_points, n_columns).   others : as in `sweep`.
    """
    if isinstance(source, Model):
        design = Design(tuple(names), points, how, seed)
        if arms is not None:
            design = as_arms(arms, source) * design
        done = sweep(source, design, until=until, endpoints=endpoints, engine=engine, rtol=rtol)
        return from_sweep(done, tuple(names))
    if not callable(source):
        raise StudyError(f"expected a model or a function of an array (n_rows, n_columns), got {type(source).__name__}")
    answer = source(points.copy())
    series, outputs = _outputs(answer, len(points))
    who = getattr(source, "__name__", "function")
    return Answers(
        who=who, names=tuple(names), units={}, points=points, series=series, outputs=outputs, runs=len(points), how=how
    )


def given_answers(source: Source) -> Answers | None:
    """Return the answers of a sweep that is done or of a pair (inputs, outputs); None for a model or a function.

    Inputs are a mapping or a DataFrame of columns; outputs shape (n_rows,), or a mapping or DataFrame of such.
    """
    if isinstance(source, SweepResult):
        return from_sweep(source)
    if not isinstance(source, tuple):
        return None
    pair: tuple[Any, ...] = source
    if len(pair) != 2 or not hasattr(pair[0], "keys"):
        raise StudyError("a pair (inputs, outputs) is needed; inputs is a mapping or a DataFrame of columns")
    inputs, answer = pair
    names = tuple(str(name) for name in inputs)
    points = np.stack([np.asarray(inputs[name], float).ravel() for name in inputs], axis=1)
    series, outputs = _outputs(answer, len(points))
    return Answers(
        who="given numbers",
        names=names,
        units={},
        points=points,
        series=series,
        outputs=outputs,
        runs=len(points),
        how="given",
    )


def from_sweep(result: SweepResult, names: tuple[str, ...] | None = None) -> Answers:
    """Return the answers of a sweep: one series for each endpoint and arm. names : columns; default those that vary.

    Raises
    ------
    StudyError : the arms did not run the same draws in the same order.
    """
    result = result.rows_there()
    who, arm_of, draws = result.model_name, result.arm_of, result.draws
    rows = [np.flatnonzero(arm_of == i) for i in range(len(result.arms))]
    if any(not np.array_equal(draws[r], draws[rows[0]]) for r in rows):
        raise StudyError(f"{who}: every arm needs the same draws in the same order; cross a design with arms")
    filled = result.inputs()
    if names is None:
        names = tuple(n for j, n in enumerate(result.columns) if len(np.unique(filled[:, j])) > 1)
        if not names:
            raise StudyError(f"{who}: no column of the design varies, so there is nothing to compare")
    points = filled[rows[0]][:, [result.columns.index(n) for n in names]]
    units = result.units
    series = tuple(
        Series(endpoint, arm if len(rows) > 1 else "", units[endpoint])
        for arm in result.arms
        for endpoint in result.endpoints
    )
    values = result.values
    outputs = np.concatenate([values[r] for r in rows], axis=1)
    known = [j for j in range(len(series)) if not np.isnan(outputs[:, j]).all()]
    if not known:
        reason = next(iter(result.reasons), "no endpoint has a value")
        raise StudyError(f"{who}: no run has a value: {reason}")
    series, outputs = tuple(series[j] for j in known), outputs[:, known]
    return Answers(
        who=who,
        names=names,
        units=result.column_units,
        points=points,
        series=series,
        outputs=outputs,
        runs=len(arm_of),
        how=result.design_recipe,
        words=words_of(result),
    )


def words_of(result: SweepResult) -> dict[str, str]:
    """Return what the names of a sweep are called in figures."""
    words = sweep_words(result.model, result.arms, result.endpoints, float(result.times[-1]), result.columns)
    return {**words.names, **words.arms, **words.endpoints}


def _outputs(answer: Any, n: int) -> tuple[tuple[Series, ...], Array]:
    if hasattr(answer, "keys"):
        columns = {str(name): np.asarray(answer[name], float) for name in answer}
    else:
        array = np.asarray(answer, float)
        array = array[:, None] if array.ndim == 1 else array
        several = array.ndim == 2 and array.shape[1] > 1
        columns = {f"y{j + 1}" if several else "y": column for j, column in enumerate(array.T)}
    for name, column in columns.items():
        if column.shape != (n,):
            raise StudyError(f"the output '{name}' has the shape {column.shape}; {n} inputs need ({n},)")
    return tuple(Series(name) for name in columns), np.stack(list(columns.values()), axis=1)


SCALES = ("linear", "log", "rank")


def on_scale(answers: Answers, scale: str) -> Answers:
    """Return answers whose outputs are taken as they are, as logarithms (of what is above 0) or as ranks (from 1).

    Raises
    ------
    StudyError : an unknown scale.
    """
    if scale not in SCALES:
        raise StudyError(f"{answers.who}: unknown scale '{scale}'{did_you_mean(scale, SCALES)}")
    if scale == "linear":
        return answers
    outputs = answers.outputs
    if scale == "log":
        changed = np.log(np.where(outputs > 0, outputs, np.nan))
        return replace(answers, outputs=changed, series=tuple(replace(s, unit="") for s in answers.series))
    return replace(answers, outputs=ranks(outputs), series=tuple(replace(s, unit="") for s in answers.series))


def ranks(values: Array) -> Array:
    """Return ranks down each column, from 1, equal values sharing their mean; NaN stays. values : shape (n, m)."""
    from scipy.stats import rankdata

    ranked = rankdata(values, axis=0, nan_policy="omit")
    return np.where(np.isnan(values), np.nan, ranked)


def whole(who: str, name: str, value: object, least: int) -> int:
    """Return a whole number of at least `least`, or raise StudyError."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise StudyError(f"{who}: {name} must be a whole number of at least {least}, got {value!r}")
    return int(value)


def find_series(who: str, series: Sequence[Series], endpoint: str | None, arm: str | None) -> int:
    """Return the position of an endpoint in an arm; a bare quantity will do where only one endpoint is on it.

    Raises
    ------
    StudyError : unknown, or several fit.
    """
    endpoints, known = list(dict.fromkeys(s.endpoint for s in series)), list(dict.fromkeys(s.arm for s in series))
    if arm is not None and arm not in known:
        raise StudyError(f"{who}: unknown arm '{arm}'{did_you_mean(arm, known)}")
    about = [e for e in endpoints if endpoint in (None, e)] or [e for e in endpoints if f"({endpoint}" in e]
    if not about:
        raise StudyError(f"{who}: unknown endpoint '{endpoint}'{did_you_mean(str(endpoint), endpoints)}")
    if len(about) > 1 and endpoint is not None:
        raise StudyError(f"{who}: several endpoints are on '{endpoint}'; say which: {', '.join(about)}")
    chosen = [j for j, s in enumerate(series) if s.endpoint == about[0] and arm in (None, s.arm)]
    return chosen[0]
