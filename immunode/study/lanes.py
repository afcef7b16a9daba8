"""Widths of arrays whose last axis is runs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
MULTIPLE = 8
"""NumPy's loops treat every lane alike when their number is a multiple of this; else the last may differ in a bit."""


def widened(array: Array) -> Array:
    """Return an array with its last axis, the runs, filled up to a multiple of 8 by copies of the last one."""
    missing = -array.shape[-1] % MULTIPLE
    return np.concatenate([array, np.repeat(array[..., -1:], missing, axis=-1)], axis=-1) if missing else array
