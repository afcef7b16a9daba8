"""Whether runs that are not stiff are cheaper with the pair of order 8 than with that of order 5."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from immunode.solve.eighth_order.tableau import DOP853
from immunode.solve.engine import Request
from immunode.solve.tableaus import TSIT5

LOOSE, TIGHT = 1e-6, 1e-8
"""Relative tolerances from which on it is never looked at, and always."""
FEW = 0.1
"""Between them it is where there are fewer outputs than this share of the steps of order 5: each takes three stages."""
CHEAPER = 0.9
INSIDE = 0.1
"""States inside its steps are about ten times less exact than those at their ends: where some are asked for, all steps
are so many times as exact."""


def worth_a_look(request: Request, steps: float) -> bool:
    """Return whether the pair of order 8 may be cheaper where that of order 5 takes so many steps.

    Its steps are not quartics, so it serves no listener.
    """
    few = request.rtol < LOOSE and _inside(request) < FEW * steps
    return request.listener is None and (few or request.rtol <= TIGHT)


def exact_inside(request: Request) -> Request:
    """Return the request that gives the states inside the steps of order 8 the tolerances asked for."""
    if not _inside(request):
        return request
    atol = None if request.atol is None else np.asarray(request.atol, dtype=float) * INSIDE
    return replace(request, rtol=request.rtol * INSIDE, atol=atol)


def is_cheaper(request: Request, fifth: float, eighth: float) -> bool:
    """Return whether so many steps of order 8 take fewer evaluations of the right-hand side than those of order 5."""
    # lanes side by side: one of them has an output in nearly every step where there are as many outputs as steps
    looks = min(1.0, 8 * _inside(request) / max(eighth, 1.0))
    stages = len(DOP853.a) + looks * len(DOP853.more)
    more = INSIDE ** (-1.0 / DOP853.error_order) if _inside(request) else 1.0
    return eighth * more * stages < CHEAPER * fifth * len(TSIT5.a)


def _inside(request: Request) -> int:
    """Return the number of outputs that lie inside steps."""
    return max(0, len(request.times) - 1)
