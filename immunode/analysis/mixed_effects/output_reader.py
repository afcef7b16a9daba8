"""Reading observed quantities off the runs of a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.mixed_effects.observation_table import Rows
from immunode.program.numpy.functions import Functions
from immunode.program.program import Program

Array = NDArray[np.float64]
NOWHERE = -1
"""Row of what is 0 by structure."""


@dataclass(frozen=True, slots=True)
class OutputReader:
    """Reads quantities of a program. Made by `make_output_reader`.

    where : (n_kinds, n_outputs), rows among the program's quantities; `NOWHERE` where a kind of an output is 0.
    read : rows of the parameters that those are computed from.
    turned : of hidden switches among these, the parameter that holds the time at which one turns on: row -> row.
    """

    functions: Functions
    where: NDArray[np.intp]
    read: tuple[int, ...]
    turned: Mapping[int, int]

    def __call__(self, y: Array, run: Rows, at: Rows, t: Array, output: Rows, p: Array) -> Array:
        """Return each kind of the outputs of runs, (n_kinds, n_rows, n_observations).

        y : (n_runs, n_times, n_states).   run, at, t, output : (n_rows, n_observations), the run, its place on the
            grid, the time there, and which output.   p : (n_values, n_runs).
        """
        program = self.functions.program
        n_states, place = len(program.states), np.arange(run.size)
        states = y[run.ravel(), at.ravel()].T
        rows = self.where[:, output.ravel()]
        result = np.where(rows >= 0, states[np.clip(rows, 0, n_states - 1), place], 0.0) if n_states else 0.0 * rows
        if np.any(self.where >= n_states):
            q = np.zeros((p.shape[0] + len(program.parameters) - len(program.values), run.size))
            for row in self.read:
                when = self.turned.get(row)
                q[row] = p[row, run.ravel()] if when is None else t.ravel() >= p[when, run.ravel()]
            with np.errstate(all="ignore"):
                derived = np.asarray(self.functions.observe(t.ravel(), states, q))
            derived = np.broadcast_to(derived, (len(derived), run.size))
            beyond = rows >= n_states
            result = np.where(beyond, derived[np.where(beyond, rows - n_states, 0), place], result)
        return np.asarray(result.reshape(len(self.where), *run.shape))


def make_output_reader(functions: Functions, where: Sequence[Sequence[int]], hidden: int) -> OutputReader:
    """Return what reads the quantities in some rows. hidden : row of the first hidden switch."""
    rows = np.array(where, np.intp)
    read = _parameters_read(functions.program, rows.ravel())
    return OutputReader(
        functions, rows, read, _turning_times(functions.program, [row for row in read if row >= hidden])
    )


def _turning_times(program: Program, rows: Sequence[int]) -> dict[int, int]:
    """Return for hidden switches that turn on at the time that a parameter holds, which one: row -> row."""
    found = {}
    for one in program.breaks:
        kind, *rest = program.nodes[one.first]
        for change in one.changes:
            if kind == "parameter" and change.kind == "parameter" and change.index in rows:
                found[change.index] = int(rest[0])  # type: ignore[call-overload]
    return found


def _parameters_read(program: Program, where: NDArray[np.intp]) -> tuple[int, ...]:
    """Return the rows of parameters that observed quantities are computed from."""
    roots = [node for _, node in (*program.fluxes, *program.derived)]
    todo = [roots[row - len(program.states)] for row in where if row >= len(program.states)]
    seen: set[int] = set()
    rows: set[int] = set()
    while todo:
        node = todo.pop()
        if node in seen:
            continue
        seen.add(node)
        kind, *rest = program.nodes[node]
        if kind == "parameter":
            rows.add(int(rest[0]))
        elif kind not in ("number", "state", "time"):
            todo += [int(o) for o in rest]
    return tuple(sorted(rows))
