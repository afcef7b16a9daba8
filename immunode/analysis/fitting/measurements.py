"""Data to fit to: measured values by time, arm and observable, and what is believed of their noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.errors import StudyError, did_you_mean, quoted
from immunode.language.expression import parse
from immunode.language.tree import names
from immunode.model import Derived
from immunode.model.checks.units import unit_of
from immunode.model.table_file import is_path, number_hint, read_number, read_table_file
from immunode.study.noise import NOISES, is_laplace, on_logarithm
from immunode.study.run.ready import model_time, quantity_names

if TYPE_CHECKING:
    import pandas as pd

    from immunode.model import Model

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Observable:
    """What is measured, and how noisy. Made by `observable`.

    Attributes
    ----------
    expression : str
        text of states, derived quantities and parameters; "" is the quantity of the observable's own name.
    noise : str
        "normal" or "laplace", or "lognormal" or "loglaplace" (so is the natural logarithm of the value).
    sd : float | str | None
        standard deviation of a measurement, in its unit (of the natural logarithm where that has the noise), or the
        scale of a Laplace distribution; a number, or an expression such as `"relative*T"`; None: estimated.
    unit : str
        of the expression.
    """

    expression: str = ""
    noise: str = "normal"
    sd: float | str | None = None
    unit: str = ""


def observable(
    expression: str = "", *, noise: str = "normal", sd: float | str | None = None, unit: str = ""
) -> Observable:
    """Return what is measured: an expression such as `"scale*(T + E)"`, its noise and its unit.

    Parameters
    ----------
    noise, sd, unit
        see `Observable`. Columns `sd` and `noise` of the data go before those here.

    Raises
    ------
    StudyError
        an unknown noise, or a standard deviation that is not above 0.
    """
    if noise not in NOISES:
        raise StudyError(f"observable: unknown noise '{noise}'{did_you_mean(noise, NOISES)}")
    if sd is not None and not isinstance(sd, str) and not (np.isfinite(sd) and sd > 0):
        raise StudyError(f"observable: the standard deviation must be above 0, got {sd!r}")
    return Observable(expression, noise, sd, unit)


@dataclass(frozen=True, slots=True)
class Measurements:
    """Measured values, one row each; never changes.

    arms, observables : names.   arm, observable : shape (n,), which of them a row belongs to.
    time : shape (n,), model time; infinite at rest.   value : shape (n,).
    sd : shape (n,), NaN where it is not given as a number.   sizes : shape (n,), where it is an expression its text.
    noise : shape (n,), of each row, "" where the data do not tell.
    """

    arms: tuple[str, ...]
    observables: tuple[str, ...]
    arm: NDArray[np.intp]
    observable: NDArray[np.intp]
    time: Array
    value: Array
    sd: Array
    sizes: tuple[str, ...]
    noise: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.value)


def read_measurements(data: Any, model: Model, only_arm: str) -> Measurements:
    """Return the measurements of a table.

    data : a DataFrame, what makes one, or the path of a CSV file. Long: columns `time`, `observable`, `value`, and if
        there are any `arm`, `sd` (numbers, or texts of expressions) and `noise`. Wide: `time`, perhaps `arm`, and one
        column for each observable; empty cells are not measured. `time` is in the model's unit, or text such as "2
        weeks"; infinite is at rest.
    only_arm : the arm where the table names none.

    Raises
    ------
    StudyError : columns are missing, a value is not a number, a time lies before 0, no rows.
    StoreError : the file can't be read.
    """
    frame = _frame(data)
    if "time" not in frame.columns:
        raise StudyError(f"fit: the data need a column 'time'{did_you_mean('time', map(str, frame.columns))}")
    both = {"observable", "value"} & set(frame.columns)
    if len(both) == 1:
        missing = next(iter({"observable", "value"} - both))
        raise StudyError(f"fit: the data have a column '{next(iter(both))}', so they need a column '{missing}' too")
    long = frame if {"observable", "value"} <= set(frame.columns) else _long(frame)
    long = long[long["value"].notna()]
    if not len(long):
        raise StudyError("fit: the data have no measured value")
    time = np.array([model_time(model, t, "time") for t in long["time"]])
    if not (time >= 0).all():
        raise StudyError(f"fit: the data have a time that is no number or before 0: {time.min():g}")
    arm_names = long["arm"].astype(str).tolist() if "arm" in long.columns else [only_arm] * len(long)
    names = long["observable"].astype(str).tolist()
    arms, observables = tuple(dict.fromkeys(arm_names)), tuple(dict.fromkeys(names))
    value = _numbers(long["value"], "value")
    sd, sizes = _sizes(long)
    if (sd <= 0).any():
        raise StudyError("fit: a standard deviation in the column 'sd' is not above 0")
    return Measurements(
        arms=arms,
        observables=observables,
        arm=np.array([arms.index(a) for a in arm_names]),
        observable=np.array([observables.index(o) for o in names]),
        time=time,
        value=value,
        sd=sd,
        sizes=sizes,
        noise=_noises(long),
    )


def _sizes(long: pd.DataFrame) -> tuple[Array, tuple[str, ...]]:
    """Return standard deviations as numbers, NaN where there is none, and as texts, "" where it is no expression."""
    sd, sizes = np.full(len(long), np.nan), [""] * len(long)
    if "sd" not in long.columns:
        return sd, tuple(sizes)
    for i, given in enumerate(long["sd"]):
        try:
            sd[i] = float(given)
        except (TypeError, ValueError):
            if not isinstance(given, str) or not given.strip():
                raise StudyError("fit: the column 'sd' holds something that is neither a number nor text") from None
            sizes[i] = given.strip()
    return sd, tuple(sizes)


def _noises(long: pd.DataFrame) -> tuple[str, ...]:
    if "noise" not in long.columns:
        return ("",) * len(long)
    noises = tuple("" if given is None or given != given else str(given).strip() for given in long["noise"])
    for noise in noises:
        if noise and noise not in NOISES:
            raise StudyError(f"fit: unknown noise '{noise}' in the data{did_you_mean(noise, NOISES)}")
    return noises


def _frame(data: Any) -> pd.DataFrame:
    """Return data as a table."""
    import pandas as pd

    if is_path(data):
        return read_table_file(data, texts={"arm", "observable", "noise"}.__contains__)
    if isinstance(data, pd.DataFrame):
        return data
    try:
        return pd.DataFrame(data)
    except (ValueError, TypeError) as error:
        found = f"{type(data).__name__} was found ({error})"
        raise StudyError(
            f"fit: the data are a DataFrame, columns by name, or the path of a CSV file; {found}"
        ) from None


def _long(frame: pd.DataFrame) -> pd.DataFrame:
    keys = [c for c in ("time", "arm") if c in frame.columns]
    rest = [c for c in frame.columns if c not in keys]
    if not rest:
        raise StudyError("fit: the data have no column of measured values beside time and arm")
    for column in rest:
        _numbers(frame[column], str(column), "; a column of arms is called 'arm', other labels are left out")
    return frame.melt(id_vars=keys, value_vars=rest, var_name="observable", value_name="value")


def _numbers(column: Any, name: str, hint: str = "") -> Array:
    try:
        return np.array([read_number(v) if isinstance(v, str) else float(v) for v in list(column)])
    except (TypeError, ValueError):
        found = next((v for v in list(column) if not _is_number(v)), "text")
        hint = number_hint(found) or hint
        raise StudyError(f"fit: the column '{name}' holds {quoted(found)}, which is not a number{hint}") from None


def _is_number(value: Any) -> bool:
    try:
        read_number(value) if isinstance(value, str) else float(value)
    except (TypeError, ValueError):
        return False
    return True


@dataclass(frozen=True, slots=True)
class Noise:
    """Noise by measurement, as in `problem.Problem`; texts : of standard deviations that are expressions, or ""."""

    lognormal: NDArray[np.bool_]
    laplace: NDArray[np.bool_]
    sd: Array
    texts: list[str]


def noise_of(data: Measurements, kinds: Sequence[Observable]) -> Noise:
    """Return the noise of measurements. kinds : what is declared of each observable.

    Raises
    ------
    StudyError : a value that its noise can't have, or an unknown size.
    """
    sd, texts = data.sd.copy(), list(data.sizes)
    for i, k in enumerate(data.observable):
        declared = kinds[k].sd
        if np.isnan(sd[i]) and not texts[i] and declared is not None:
            if isinstance(declared, str):
                texts[i] = declared
            else:
                sd[i] = declared
    noises = np.array([data.noise[i] or kinds[k].noise for i, k in enumerate(data.observable)])
    lognormal = np.array([on_logarithm(noise) for noise in noises])
    if (data.value[lognormal] <= 0).any():
        raise StudyError("fit: lognormal noise needs values above 0; leave the others out, or use normal")
    laplace = np.array([is_laplace(noise) for noise in noises])
    known = ~np.isnan(sd) | np.array([bool(text) for text in texts])
    for i, name in enumerate(data.observables):
        mine = data.observable == i
        if known[mine].all():
            continue
        if known[mine].any():
            raise StudyError(f"fit: some values of '{name}' have a standard deviation and some not; give all or none")
        if len(set(noises[mine])) > 1:
            raise StudyError(f"fit: values of '{name}' have noise of several kinds, so one standard deviation can't do")
        if laplace[mine].any():
            raise StudyError(
                f"fit: '{name}' has {noises[mine][0]} noise, whose size must be given: a number or expression"
            )
    return Noise(lognormal, laplace, sd, texts)


def with_observables(model: Model, wanted: Mapping[str, Observable], names: tuple[str, ...]) -> Model:
    """Return the model with a derived quantity for each observable that has an expression.

    Raises
    ------
    StudyError : an observable without expression that the model does not know.
    ModelError, UnitError : an expression can't be read, or its unit is another one.
    """
    known = quantity_names(model)
    added = []
    for name in names:
        given = wanted.get(name, Observable())
        if given.expression and given.expression.strip() != name:
            if name in known:
                raise StudyError(f"fit: '{name}' is a quantity of {model.name} already; call the observable otherwise")
            added.append(Derived(name, given.expression, given.unit, "measured"))
        elif name not in known:
            raise StudyError(f"fit: {model.name} has no quantity '{name}'{did_you_mean(name, known)}")
    return model.replace(derived=(*model.derived, *added)) if added else model


def with_sizes(model: Model, texts: tuple[str, ...]) -> tuple[Model, tuple[str, ...]]:
    """Return the model with a derived quantity for each expression of a standard deviation, and their names.

    Raises
    ------
    ModelError, UnitError : an expression can't be read, or its units do not fit.
    """
    known = {r.name for g in ("states", "parameters", "derived", "switches", "processes") for r in getattr(model, g)}
    sizes: dict[str, Derived] = {}
    for text in texts:
        label = f"sd_of_row_{len(sizes) + 1}"
        while label in known:
            label += "_"
        unknown = sorted(names(parse(text)) - known)
        if unknown:
            raise StudyError(
                f"fit: unknown name '{unknown[0]}' in the sd {text!r:.60}{did_you_mean(unknown[0], known)}"
            )
        sizes[text] = Derived(label, text, unit_of(model, text), "size of a noise")
    return model.replace(derived=(*model.derived, *sizes.values())), tuple(d.name for d in sizes.values())
