"""Intervals of estimates, and estimates in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
NORMAL_95 = 1.959963984540054
HOPELESS = 1000.0
"""Relative standard error, in percent, above which the data do not fix a number."""


def interval_ends(value: Array, se: Array, kinds: Sequence[str]) -> Array:
    """Return 95 % intervals, (n, 2), symmetric on the scale of each number.

    value, se : (n,).   kinds : "log", "logit", "corr" (inverse hyperbolic tangent) or "linear" of each.
    """
    ends = np.stack([value - NORMAL_95 * se, value + NORMAL_95 * se], axis=1)
    for k, kind in enumerate(kinds):
        if kind == "log" and value[k] != 0:
            width = min(NORMAL_95 * se[k] / abs(value[k]), 700.0)
            ends[k] = np.sort(value[k] * np.exp([-width, width]))
        elif kind == "logit":
            at, width = math.log(value[k] / (1 - value[k])), se[k] / (value[k] * (1 - value[k]))
            ends[k] = 1 / (1 + np.exp(-(at + np.array([-1, 1]) * NORMAL_95 * width)))
        elif kind == "corr":
            at, width = math.atanh(value[k]), se[k] / (1 - value[k] ** 2)
            ends[k] = np.tanh(at + np.array([-1, 1]) * NORMAL_95 * width)
    return ends


def estimate_lines(table: pd.DataFrame) -> list[str]:
    """Return one line an estimate. table : of `PopulationFit.table`."""
    lines = []
    rows: dict[str, dict[str, Any]] = table.to_dict("index")  # type: ignore[assignment]
    for name, row in rows.items():
        how = "the data do not fix it"
        if math.isfinite(row["se"]) and row["rse_percent"] < HOPELESS:
            how = f"{row['low']:.4g} to {row['high']:.4g} with 95 % confidence, RSE {row['rse_percent']:.0f} %"
        line = f"{name} = {row['value']:.4g}{' ' * bool(row['unit'])}{row['unit']} ({how})"
        if math.isfinite(row["cv_percent"]):
            line += f"; CV {row['cv_percent']:.0f} %"
        if math.isfinite(row["shrinkage_percent"]):
            line += f"; shrinkage {row['shrinkage_percent']:.0f} %"
        lines.append(line)
    return lines
