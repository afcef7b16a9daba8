"""Whether runs that are not stiff are cheaper with the pair of order 8 than with that of order 5.

Costs are counted in nanoseconds of machine code for one run, as measured; what is chosen depends on their ratios only.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from immunode.program.program import Program, once_a_structure
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

SETTLING = 4.0
"""Evaluations of the right-hand side for each step that events on states take with either method."""
LISTENING, PIECES, GAPS = 25.0, 1.3, 1.6
"""What a listener spends on a quartic of one state; how many of them steps of order 8 are, for one step of order 5; and
how much more is spent since lanes side by side have unequal numbers of them."""
NODE, DEAR = 0.06, {"div": 0.25, "sqrt": 0.3, "exp": 0.8, "log": 0.8, "pow": 1.5}
"""What an operation takes, and some others."""
_LEAVES = ("number", "state", "parameter", "time")
_SCALAR = dict.fromkeys(("tanh", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh"), 10.0)


def worth_a_look(request: Request, steps: float) -> bool:
    """Return whether the pair of order 8 may be cheaper where that of order 5 takes so many steps.

    It keeps no past, and whoever listens is told of parts of its steps.
    """
    if request.functions.program.delays or (request.listener is not None and request.listener.whole_steps):
        return False
    few = request.rtol < LOOSE and not _in_all(request) and _outputs(request) < FEW * steps
    return few or request.rtol <= TIGHT


def heard(request: Request) -> tuple[int, bool] | None:
    """Return what the choice depends on of a listener: how many states it looks at, and whether at whole steps."""
    listener = request.listener
    return None if listener is None else (len(listener.states), listener.whole_steps)


def exact_inside(request: Request) -> Request:
    """Return the request that gives the states inside the steps of order 8 the tolerances asked for."""
    if not (_outputs(request) or _in_all(request)):
        return request
    atol = None if request.atol is None else np.asarray(request.atol, dtype=float) * INSIDE
    return replace(request, rtol=request.rtol * INSIDE, atol=atol)


def is_cheaper(request: Request, fifth: float, eighth: float) -> bool:
    """Return whether so many steps of order 8 cost less than those of order 5."""
    program, listener = request.functions.program, request.listener
    # lanes side by side: one of them has an output in nearly every step where there are as many outputs as steps
    looks = 1.0 if _in_all(request) else min(1.0, 8 * _outputs(request) / max(eighth, 1.0))
    settling = SETTLING if program.triggers else 0.0
    stages = len(DOP853.a) + looks * len(DOP853.more) + settling
    more = INSIDE ** (-1.0 / DOP853.error_order) if looks else 1.0
    # what a listener takes for each evaluation of the right-hand side, in steps of order 5
    heard = 0.0 if listener is None else LISTENING * len(listener.states) / max(_evaluation(program), NODE)
    cost = eighth * more * stages + fifth * PIECES * GAPS * heard
    return cost < CHEAPER * fifth * (len(TSIT5.a) + settling + heard)


@once_a_structure
def _evaluation(program: Program) -> float:
    """Return what an evaluation of the right-hand side costs."""
    moving: dict[int, bool] = {}
    total, todo = 0.0, [(node, False) for node in program.derivatives]
    while todo:
        node, ready = todo.pop()
        if node in moving:
            continue
        kind, *rest = program.nodes[node]
        below = [] if kind in _LEAVES else [int(str(o)) for o in rest]
        if not ready and below:
            todo += [(node, True), *((o, False) for o in below)]
            continue
        # what parameters alone make is computed once
        moving[node] = kind in ("state", "time") or any(moving[o] for o in below)
        if below and moving[node]:
            total += DEAR.get(str(kind), _SCALAR.get(str(kind), NODE))
    return total


def _outputs(request: Request) -> int:
    """Return the number of outputs that lie inside steps."""
    return max(0, len(request.times) - 1)


def _in_all(request: Request) -> bool:
    """Return whether states inside are asked for in every step: by a listener, or by events that fire on states."""
    return request.listener is not None or bool(request.functions.program.triggers)
