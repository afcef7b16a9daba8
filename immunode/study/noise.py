"""What is believed of the noise of a measurement: its kinds and their densities.

Source: PEtab specification 2.0, section Noise distributions.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
NOISES = ("normal", "lognormal", "laplace", "loglaplace")
"""Kinds: of the value, or of its natural logarithm; the size is a standard deviation, or the scale of a Laplace."""


def on_logarithm(kind: str) -> bool:
    """Return whether a noise is on the logarithm of the value."""
    return kind.startswith("log")


def is_laplace(kind: str) -> bool:
    """Return whether a noise has the density exp(-|x|/size)/(2 size)."""
    return kind.endswith("laplace")


def scaled(kind: str, y: Any) -> Any:
    """Return values on the scale of the noise: the logarithm, NaN where it has none, or the value itself."""
    if not on_logarithm(kind):
        return y
    with np.errstate(all="ignore"):
        return np.log(np.where(np.asarray(y) > 0, y, np.nan))


def log_density(kind: str, value: Any, prediction: Any, size: Any) -> Any:
    """Return the logarithm of the density of measured values; NaN where it can't be told.

    value, prediction, size : numbers or arrays that broadcast; size in the value's unit, or of its logarithm.
    """
    with np.errstate(all="ignore"):
        size = np.where(np.asarray(size) > 0, size, np.nan)
        z = (scaled(kind, value) - scaled(kind, prediction)) / size
        jump = np.log(value) if on_logarithm(kind) else 0.0
        if is_laplace(kind):
            return -np.abs(z) - np.log(2 * size) - jump
        return -0.5 * z**2 - 0.5 * np.log(2 * np.pi * size**2) - jump
