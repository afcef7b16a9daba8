"""Delay equations as machine code sees them: how fast delayed states change is a leaf, filled in from the past."""

from __future__ import annotations

from dataclasses import replace

from immunode.program.program import Node, Program


def with_past(program: Program) -> Program:
    """Return the program in which the rows of delayed states have a right-hand side and its partial derivatives.

    Leaves `("past", d, order)` are the first and second derivative of what delay d looks back at. Where a lag is 0 the
    delayed state moves as its source does, and so do its rows of the Jacobian.
    """
    if not program.delays:
        return program
    nodes: list[Node] = list(program.nodes)

    def add(*node: object) -> int:
        nodes.append(node)
        return len(nodes) - 1

    zero = add("number", 0.0)
    derivatives = list(program.derivatives)
    by_time = list(program.time_derivative or [zero] * len(derivatives))
    entries = list(program.jacobian)
    for d, delay in enumerate(program.delays):
        slope, curve = add("past", d, 1), add("past", d, 2)
        if nodes[delay.lag][0] != "number":
            none = add("equal", delay.lag, zero)
            slope = add("where", none, derivatives[delay.of], slope)
            curve = add("where", none, by_time[delay.of], curve)
            mine = [(j, node) for i, j, node in program.jacobian if i == delay.of]
            entries += [(delay.row, j, add("where", none, node, zero)) for j, node in mine]
        derivatives[delay.row], by_time[delay.row] = slope, curve
    return replace(
        program,
        nodes=tuple(nodes),
        derivatives=tuple(derivatives),
        time_derivative=tuple(by_time),
        jacobian=tuple(sorted(entries)),
        key=program.key and f"{program.key} with past",
        structure=program.structure and f"{program.structure} with past",
    )


def past_nodes(program: Program) -> list[int]:
    """Return the nodes of lags, and of what is found before the start."""
    return [node for delay in program.delays for node in (delay.lag, *delay.past)]


def past_leaves(program: Program) -> dict[int, tuple[int, int]]:
    """Return leaf -> number of its delay, and order of the derivative."""
    leaves = {}
    for place, (kind, *rest) in enumerate(program.nodes):
        if kind == "past":
            d, order = (int(str(part)) for part in rest)
            leaves[place] = (d, order)
    return leaves
