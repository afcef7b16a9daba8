"""Parameters at which an expectation does not hold: the ones nearest to the declared values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class CounterExample:
    """Parameters at which an expectation does not hold.

    Attributes
    ----------
    distance : float
        to the declared values, the root of the sum of squared logarithms of ratios; 0 is the model as it is.
    values : Mapping[str, float]
        parameter -> value, those sampled.
    control, treated : float
        the quantity without and with the intervention.
    factors : Mapping[str, float]
        parameter -> value over declared value, the largest first.
    """

    distance: float
    values: Mapping[str, float]
    control: float
    treated: float
    factors: Mapping[str, float]

    def __str__(self) -> str:
        if not self.distance:
            return "the declared values themselves"
        moved = [f"{name} x {factor:.3g}" for name, factor in list(self.factors.items())[:_SHOWN]]
        more = f" and {len(self.factors) - _SHOWN} more" if len(self.factors) > _SHOWN else ""
        return f"at distance {self.distance:.3g}: {', '.join(moved)}{more}"


def counter_example(
    row: Array,
    names: Sequence[str],
    declared: Mapping[str, float],
    distance: float,
    control: Array,
    treated: Array,
    place: int,
) -> CounterExample:
    """Return the counter-example of one row, shape (n_names,), of the sampled values.

    control, treated : shape (n_rows,), the quantity without and with the intervention.   place : which row it is.
    """
    values = dict(zip(names, row.tolist(), strict=True))
    factors = {n: v / declared[n] for n, v in values.items() if declared.get(n) and v / declared[n] != 1}
    ranked = sorted(factors, key=lambda n: -abs(np.log(abs(factors[n]) or 1e-300)))
    return CounterExample(
        distance, values, float(control[place]), float(treated[place]), {n: factors[n] for n in ranked}
    )


def distances_to(inputs: Array, names: Sequence[str], declared: Mapping[str, float]) -> Array:
    """Return the distance of each row to the declared values: log ratios, where there is no ratio shares of the range.

    inputs : shape (n_rows, n_names).
    """
    total = np.zeros(len(inputs))
    for j, name in enumerate(names):
        value, column = declared.get(name, np.nan), inputs[:, j]
        if value and (column / value > 0).all():
            total += np.log(column / value) ** 2
        elif np.isfinite(value):
            total += ((column - value) / (np.ptp(column) or 1.0)) ** 2
    return np.sqrt(total)
