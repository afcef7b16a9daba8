"""A model as an autonomous system: time held, no events, its states reduced by what never changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.dynamics.totals import reduction_of
from immunode.errors import ModelError, StudyError, did_you_mean
from immunode.model import Model
from immunode.model.delays import first_delay, without_delays
from immunode.program.cache import cached_program
from immunode.program.numpy.functions import Functions, compile_numpy
from immunode.program.program import Program
from immunode.solve.steady.system import SteadySystem
from immunode.study.arms import Arms

Array = NDArray[np.float64]
Given = Any
"""Interventions, or names of ones that the model declares, as `simulate` takes them."""
SPAN = "span of the run"


@dataclass(frozen=True)
class Autonomous(SteadySystem):
    """The equations of a model (with its interventions) at one moment, for many runs at once.

    model : with the interventions.   functions : without events, at time `at`; switches at their initial values.
    notes : what was held, in words.
    """

    model: Model
    notes: tuple[str, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the moving states."""
        return tuple(self.program.states[i] for i in self.reduction.moving)

    @cached_property
    def units(self) -> dict[str, str]:
        """Unit of every state and parameter."""
        known = {s.name: s.unit for s in self.model.states} | {p.name: p.unit for p in self.model.parameters}
        return {f"{s.name}(0)": s.unit for s in self.model.states} | known

    def row(self, name: str) -> int:
        """Return the row of a parameter.

        Raises
        ------
        StudyError : there is none of that name.
        """
        known = self.program.parameters[: len(self.program.values)]
        if name not in known:
            meant = {p.name: p.meaning for p in self.model.parameters}
            raise StudyError(f"{self.model.name}: there is no parameter '{name}'{did_you_mean(name, meant)}")
        return known.index(name)

    def state(self, name: str) -> int:
        """Return the position of a state among the moving ones.

        Raises
        ------
        StudyError : there is none of that name, or it is a running total.
        """
        if name in self.names:
            return self.names.index(name)
        if name in self.program.states:
            raise StudyError(
                f"{self.model.name}: '{name}' is a running total, on which nothing depends: it has no steady state"
            )
        meant = {s.name: s.meaning for s in self.model.states}
        raise StudyError(f"{self.model.name}: there is no state '{name}'{did_you_mean(name, meant)}")

    def lowest(self, bounds: Mapping[str, tuple[float, float]]) -> Array:
        """Return the least value of each moving state, (n_moving, 1): 0, but where bounds or the start allow less."""
        start = self.start(self.values)[:, 0]
        low = [
            bounds[n][0] if n in bounds else (0.0 if v >= 0 else -np.inf)
            for n, v in zip(self.names, start, strict=True)
        ]
        return np.array(low)[:, None]


def autonomous(model: Model, interventions: Given = (), at: float = 0.0, *, at_rest: bool = False) -> Autonomous:
    """Return a model, with interventions, as an autonomous system at time `at` (in the model's unit).

    at_rest : whether only its steady states matter: then a delayed state counts as it is now.

    Raises
    ------
    ModelError : no state depends on any state, so there is no steady state; it has delays, and `at_rest` is not set.
    """
    if not isinstance(model, Model):
        raise StudyError(f"expected a model, got {type(model).__name__}; load_model('kuznetsov1994') returns one")
    composed = Arms({"it": interventions}).compose(model)["it"]
    delay = first_delay(composed)
    if delay and not at_rest:
        raise ModelError(
            f"{model.name}: '{delay}' makes it a delay equation, whose state is a whole past; of such a model "
            "steady_states() and simulate() tell"
        )
    program = cached_program(without_delays(composed))
    notes = []
    if delay:
        notes.append("eigenvalues are the leading roots of the characteristic equation with its delays")
    if program.time_derivative and any(program.nodes[i] != ("number", 0.0) for i in program.time_derivative):
        notes.append(f"rates that depend on time are held at time {at:g}")
    if program.switches:
        notes.append(f"switches stay at their initial values: {', '.join(program.switches)}")
    doses = [b.name for b in program.breaks if any(c.kind == "state" for c in b.changes)]
    doses += [b.name for b in program.triggers]
    if doses:
        notes.append(f"events are left out: {', '.join(doses)}")
    held = replace(
        program,
        nodes=tuple(("number", float(at)) if node == ("time",) else node for node in program.nodes),
        time_derivative=(), breaks=(), triggers=(), extinct_below=(), never_negative=(), key="", structure="",
    )  # fmt: skip
    reduction = reduction_of(without_delays(composed), held)
    if not reduction.free.size:
        raise ModelError(f"{model.name}: no state depends on a state, so there is no steady state")
    return Autonomous(functions=compile_numpy(held), reduction=reduction, model=composed, notes=tuple(notes))


@lru_cache(maxsize=16)
def _timed(program: Program) -> Functions:
    n = len(program.values)
    # switches stand after the values: each moves up by one row
    nodes = [
        ("parameter", int(str(node[1])) + 1) if node[0] == "parameter" and int(str(node[1])) >= n else node
        for node in program.nodes
    ]
    length = len(nodes)
    nodes.append(("parameter", n))

    def scaled(position: int) -> int:
        nodes.append(("mul", position, length))
        return len(nodes) - 1

    scaled_program = replace(
        program,
        parameters=(*program.parameters[:n], SPAN, *program.parameters[n:]),
        values=(*program.values, 1.0),
        derivatives=tuple(scaled(d) for d in program.derivatives),
        jacobian=tuple((i, j, scaled(d)) for i, j, d in program.jacobian),
        nodes=(),
        structure="",
    )
    return compile_numpy(replace(scaled_program, nodes=tuple(nodes)))


def in_own_time(system: Autonomous) -> Functions:
    """Return functions with one more value, the span of each run: time 0 to 1 takes that long in the model's unit."""
    return _timed(system.program)


def bounds_of(system: Autonomous, given: Mapping[str, tuple[float, float]] | None) -> dict[str, tuple[float, float]]:
    """Return checked bounds of states.

    Raises
    ------
    StudyError : an unknown state, or bounds that are not a pair low < high.
    """
    bounds = {}
    for name, pair in (given or {}).items():
        system.state(name)
        try:
            low, high = (float(v) for v in pair)
        except (TypeError, ValueError):
            raise StudyError(
                f"{system.model.name}: bounds of '{name}' must be a pair (low, high), got {pair!r}"
            ) from None
        if not low < high or not np.isfinite([low, high]).all():
            raise StudyError(f"{system.model.name}: bounds of '{name}' must rise, got ({low:g}, {high:g})")
        bounds[name] = (low, high)
    return bounds


def values_and_starts(system: Autonomous, names: Iterable[str], table: Array) -> tuple[Array, Array]:
    """Return parameter values (n_values, n) and initial values of the moving states (n_moving, n) of rows of a table.

    names : parameters or initial values ("E(0)"); table : shape (n, n_names), NaN where the model's own value holds.
    """
    names = list(names)
    values = np.repeat(system.values, len(table), axis=1)
    for j, name in enumerate(names):
        if not name.endswith("(0)"):
            row = system.row(name)
            values[row] = np.where(np.isnan(table[:, j]), values[row], table[:, j])
    start = system.start(values)
    for j, name in enumerate(names):
        if name.endswith("(0)"):
            row = system.state(name[:-3])
            start[row] = np.where(np.isnan(table[:, j]), start[row], table[:, j])
    return values, start
