"""Sizes of the first steps of lanes, at the start and after each break."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from immunode.program.numpy.functions import Functions
from immunode.solve import step_size
from immunode.solve.numpy.lane_table import LaneTable

Array = NDArray[np.float64]
Lanes = NDArray[np.intp]


class FirstSteps:
    """Chooses how long the first step of a lane is. order : of the error estimate."""

    def __init__(self, functions: Functions, rtol: float, order: int) -> None:
        self.functions, self.rtol, self.order = functions, rtol, order

    def after(self, block: LaneTable, lanes: Lanes, slope: Array, longest: Array) -> Array:
        """Return the sizes of the next steps of lanes that were set anew, (len(lanes),).

        lanes : as `padded` gives them.   slope : (n_states, len(lanes)).   longest : (len(lanes),).
        """
        y = block.y[:, lanes]
        scale = block.atol[:, lanes] + self.rtol * np.abs(y)
        start = (block.t[lanes], y, block.c[:, lanes], slope, scale, longest)
        return step_size.first_step(self.functions, *start, self.order)
