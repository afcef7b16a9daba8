"""Single quantities of a program as functions of their own, which compute no more than they need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from immunode.program.numpy.functions import compile_numpy
from immunode.program.program import Node, Program

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Watched:
    """A quantity.

    affine : it is a sum of states and time, each times what does not change in time, so that where these are
        polynomials it is one as well.
    timed : time enters it, other than that.
    states : rows of the states that it needs.
    prepare(p) -> c : what it needs of the parameters (n_parameters, n), as (n_prepared, n).
    value(t, y, c) -> (n,) : t (n,), y (len(states), n) of those states, c (n_prepared, n).
    """

    affine: bool
    timed: bool
    states: tuple[int, ...]
    prepare: Callable[[Array], Array]
    value: Callable[[Any, Array, Array], Array]


def watch(program: Program, name: str) -> Watched:
    """Return a quantity or switch of a program."""
    nodes = dict((*program.fluxes, *program.derived))
    if name in nodes:
        root, kept = nodes[name], program.nodes
    else:
        row = len(program.values) + program.switches.index(name)
        root, kept = len(program.nodes), (*program.nodes, ("parameter", row))
    nodes_alone, states = _alone(kept, root)
    alone = replace(
        program,
        states=tuple(program.states[i] for i in states),
        nodes=nodes_alone,
        initial=(),
        switches=(),
        switch_initial=(),
        derivatives=(len(nodes_alone) - 1,),
        jacobian=(),
        time_derivative=(),
        fluxes=(),
        derived=(),
        breaks=(),
        triggers=(),
        requirements=(),
        typical=(),
        moments=(),
        extinct_below=(),
        delays=(),
        key="",
        structure="",
    )
    functions = compile_numpy(alone)

    def value(t: Any, y: Array, c: Array) -> Array:
        # with as many states as rows the function shapes its result like y
        return np.asarray(functions.rhs(t, y if len(y) else np.empty((0, np.shape(t)[0])), c)[0])

    affine = _affine(nodes_alone)
    return Watched(affine, not affine and ("time",) in nodes_alone, states, functions.prepare, value)


def _affine(nodes: tuple[Node, ...]) -> bool:
    """Return whether the last of `nodes` is a polynomial of first degree in states and time."""
    degree: list[int] = []
    for kind, *operands in nodes:
        if kind in ("number", "parameter"):
            degree.append(0)
        elif kind in ("state", "time"):
            degree.append(1)
        else:
            of = [degree[int(str(operand))] for operand in operands]
            if kind in ("add", "sub", "neg"):
                degree.append(max(of))
            elif kind == "mul":
                degree.append(sum(of))
            elif kind == "div" and of[1] == 0:
                degree.append(of[0])
            else:
                degree.append(2 if any(of) else 0)
    return degree[-1] <= 1


def _alone(nodes: tuple[Node, ...], root: int) -> tuple[tuple[Node, ...], tuple[int, ...]]:
    """Return the nodes that `root` is computed from, itself last, and the rows of the states among them."""
    needed = {root}
    for position in range(root, -1, -1):
        kind, *operands = nodes[position]
        if position in needed and kind not in ("number", "state", "parameter", "time"):
            needed.update(int(str(operand)) for operand in operands)
    states = sorted({int(str(nodes[i][1])) for i in needed if nodes[i][0] == "state"})
    place: dict[int, int] = {}
    kept: list[Node] = []
    for position in sorted(needed):
        kind, *operands = nodes[position]
        place[position] = len(kept)
        if kind == "state":
            kept.append((kind, states.index(int(str(operands[0])))))
        elif kind in ("number", "parameter", "time"):
            kept.append(nodes[position])
        else:
            kept.append((kind, *(place[int(str(operand))] for operand in operands)))
    return tuple(kept), tuple(states)
