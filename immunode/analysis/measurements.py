"""Data to fit to: measured values by time, arm and observable, and what is believed of their noise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.errors import StudyError, did_you_mean
from immunode.study.runs import model_time

if TYPE_CHECKING:
    import pandas as pd

    from immunode.model.declaration import Model

Array = NDArray[np.float64]
NOISES = ("normal", "lognormal")


@dataclass(frozen=True, slots=True)
class Observable:
    """What is measured, and how noisy. Made by `observable`.

    expression : text of states, derived quantities and parameters; "" is the quantity of the observable's own name.
    noise : "normal", or "lognormal" (the logarithm of the value has normal noise).
    sd : standard deviation of a measurement, in its unit (of the natural logarithm where lognormal); None: estimated.
    unit : of the expression.
    """

    expression: str = ""
    noise: str = "normal"
    sd: float | None = None
    unit: str = ""


def observable(expression: str = "", *, noise: str = "normal", sd: float | None = None, unit: str = "") -> Observable:
    """Return what is measured: an expression such as `"scale*(T + E)"`, its noise and its unit.

    noise, sd, unit : see `Observable`. A column `sd` of the data goes before `sd` here.

    Raises
    ------
    StudyError : an unknown noise, or a standard deviation that is not above 0.
    """
    if noise not in NOISES:
        raise StudyError(f"observable: unknown noise '{noise}'{did_you_mean(noise, NOISES)}")
    if sd is not None and not (np.isfinite(sd) and sd > 0):
        raise StudyError(f"observable: the standard deviation must be above 0, got {sd!r}")
    return Observable(expression, noise, sd, unit)


@dataclass(frozen=True, slots=True)
class Measurements:
    """Measured values, one row each; never changes.

    arms, observables : names.   arm, observable : shape (n,), which of them a row belongs to.
    time : shape (n,), model time.   value : shape (n,).   sd : shape (n,), NaN where it is not given.
    """

    arms: tuple[str, ...]
    observables: tuple[str, ...]
    arm: NDArray[np.intp]
    observable: NDArray[np.intp]
    time: Array
    value: Array
    sd: Array

    def __len__(self) -> int:
        return len(self.value)


def read_measurements(data: Any, model: Model, only_arm: str) -> Measurements:
    """Return the measurements of a table.

    data : a DataFrame, or what makes one. Long: columns `time`, `observable`, `value`, and if there are any `arm` and
        `sd`. Wide: `time`, perhaps `arm`, and one column for each observable; empty cells are not measured.
        `time` is in the model's unit, or text such as "2 weeks".
    only_arm : the arm where the table names none.

    Raises
    ------
    StudyError : columns are missing, a value is not a number, a time lies before 0, no rows.
    """
    import pandas as pd

    frame = data if isinstance(data, pd.DataFrame) else pd.DataFrame(data)
    if "time" not in frame.columns:
        raise StudyError(f"fit: the data need a column 'time'{did_you_mean('time', map(str, frame.columns))}")
    long = frame if {"observable", "value"} <= set(frame.columns) else _long(frame)
    long = long[long["value"].notna()]
    if not len(long):
        raise StudyError("fit: the data have no measured value")
    time = np.array([model_time(model, t, "time") for t in long["time"]])
    if not (np.isfinite(time) & (time >= 0)).all():
        raise StudyError(f"fit: the data have a time that is not finite or before 0: {time.min():g}")
    arm_names = long["arm"].astype(str).tolist() if "arm" in long.columns else [only_arm] * len(long)
    names = long["observable"].astype(str).tolist()
    arms, observables = tuple(dict.fromkeys(arm_names)), tuple(dict.fromkeys(names))
    value = _numbers(long["value"], "value")
    sd = _numbers(long["sd"], "sd") if "sd" in long.columns else np.full(len(long), np.nan)
    if (sd <= 0).any():
        raise StudyError("fit: a standard deviation in the column 'sd' is not above 0")
    return Measurements(
        arms,
        observables,
        np.array([arms.index(a) for a in arm_names]),
        np.array([observables.index(o) for o in names]),
        time,
        value,
        sd,
    )


def _long(frame: pd.DataFrame) -> pd.DataFrame:
    keys = [c for c in ("time", "arm") if c in frame.columns]
    rest = [c for c in frame.columns if c not in keys]
    if not rest:
        raise StudyError("fit: the data have no column of measured values beside time and arm")
    return frame.melt(id_vars=keys, value_vars=rest, var_name="observable", value_name="value")


def _numbers(column: Any, name: str) -> Array:
    try:
        return np.asarray(column, float)
    except (TypeError, ValueError):
        raise StudyError(f"fit: the column '{name}' holds something that is not a number") from None


def with_observables(model: Model, wanted: Mapping[str, Observable], names: tuple[str, ...]) -> Model:
    """Return the model with a derived quantity for each observable that has an expression.

    Raises
    ------
    StudyError : an observable without expression that the model does not know.
    ModelError, UnitError : an expression can't be read, or its unit is another one.
    """
    from immunode.model.declaration import Derived
    from immunode.study.runs import quantity_names

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
