"""Values and times from one unit to another."""

from __future__ import annotations

import math
import re

from immunode.errors import UnitError, quoted
from immunode.language.dimension import parse_unit
from immunode.model.declaration import Declaration


def convert(value: float, from_unit: str, to_unit: str, extra_units: tuple[str, ...] = ()) -> float:
    """Return `value`, given in `from_unit`, in `to_unit`.

    Raises
    ------
    UnitError : a unit is not known, or the two are not of one kind.
    """
    source, target = parse_unit(from_unit, extra_units), parse_unit(to_unit, extra_units)
    if source.powers != target.powers:
        names = (from_unit or "a plain number", to_unit or "a plain number")
        raise UnitError("can't convert '{}' to '{}': they measure different things".format(*names))
    return value if from_unit == to_unit else value * (source.factor / target.factor)


_TIME = re.compile(r"\s*([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)\s*([A-Za-z]+)?\s*")


def parse_time(time: str | float, model: Declaration) -> float:
    """Return a time such as `"52 weeks"`, `"24 h"` or 180 in the model's time unit.

    A number, or text without a unit, is in model time already. A dimensionless model needs a `clock`.

    Raises
    ------
    UnitError : the text can't be read, its unit is none of time, or the model is dimensionless and has no clock.
    """
    if isinstance(time, str):
        match = _TIME.fullmatch(time)
        if match is None:
            raise UnitError(
                f"{model.name}: can't read the time {quoted(time)}; write for instance '52 weeks' or a number"
            )
        value, unit = float(match[1]), match[2]
    else:
        value, unit = float(time), None
    if not math.isfinite(value):
        raise UnitError(f"{model.name}: the time {quoted(time)} is not a finite number")
    if unit is None:
        return value
    own = model.time_unit or model.clock
    if not own:
        raise UnitError(
            f"{model.name}: {quoted(time)} has a unit, but the model's time has none; give a number, or a clock"
        )
    try:
        return convert(value, unit, own)
    except UnitError as error:
        raise UnitError(f"{model.name}: time {quoted(time)}: {error}") from None
