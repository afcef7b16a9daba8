"""What a sweep is going to do: records that are checked before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from immunode.model import Model
from immunode.program.numpy.functions import Functions
from immunode.study.design.design import Design
from immunode.study.design.row_labels import RowLabels, taken
from immunode.study.endpoints import Endpoint
from immunode.study.run.ready import meanings, own_rows, quantity_units, set_own

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ArmPlan:
    """One arm of a sweep, ready to run.

    engine, reason : what computes it, and why that; it does not depend on how many runs there are, so that one run
        alone has the same bits.
    columns : for each design column: its row among the values of the program, else -1.
    initial : for each design column: its row among the states, else -1.
    endpoints : positions of the endpoints that this arm can tell.
    recorded : quantities that are wanted at output times.
    pulsed : whether rates have pulses that steps could pass over: "" no, "everywhere" the same ones in all runs,
        "varied" where the design changes what they rest on.
    """

    index: int
    name: str
    model: Model
    functions: Functions
    engine: str
    reason: str
    columns: tuple[int, ...]
    initial: tuple[int, ...]
    endpoints: tuple[int, ...]
    recorded: tuple[str, ...]
    pulsed: str

    @property
    def width(self) -> int:
        """Numbers kept for each run and output time while a block runs."""
        return len(self.functions.program.states) + 3 * len(self.recorded)


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole sweep. arm_of : shape (n_rows,), the arm of each row of the design.

    at_times : for each endpoint, the time that it looks at, else NaN.
    options : engine as asked for, method, rtol and atol.
    """

    model: Model
    design: Design
    arms: tuple[ArmPlan, ...]
    arm_of: NDArray[np.intp]
    endpoints: tuple[Endpoint, ...]
    at_times: tuple[float, ...]
    times: Array
    keep: tuple[str, ...]
    options: Mapping[str, Any]

    @property
    def solved(self) -> Array:
        """Times at which runs are put out, (n,): all where trajectories are kept, else those of endpoints and the end.

        What a run comes to does not depend on them.
        """
        if self.keep:
            return self.times
        start = [0.0] if any(one.from_start for one in self.endpoints) else []
        return np.unique([*start, *(t for t in self.at_times if not np.isnan(t)), self.times[-1]])

    def __len__(self) -> int:
        return len(self.design)

    @property
    def model_name(self) -> str:
        """Name of the model, with its variant."""
        return self.model.label

    @property
    def arm_names(self) -> tuple[str, ...]:
        """Names of the arms."""
        return tuple(arm.name for arm in self.arms)

    @property
    def untreated(self) -> str:
        """The first arm that nothing is applied to, "" where all are treated."""
        return next((arm.name for arm in self.arms if not arm.model.applied), "")

    @property
    def endpoint_names(self) -> tuple[str, ...]:
        """Names of the endpoints."""
        return tuple(one.name for one in self.endpoints)

    @property
    def endpoint_subjects(self) -> dict[str, str]:
        """Endpoint -> the quantity or condition that it is on."""
        return {one.name: one.subject for one in self.endpoints}

    @property
    def derived_names(self) -> tuple[str, ...]:
        """Names of the derived quantities of all arms."""
        return tuple(dict.fromkeys(one.name for arm in self.arms for one in arm.model.derived))

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the design's columns."""
        return self.design.names

    @property
    def design_recipe(self) -> str:
        """How the design was made, in words."""
        return self.design.recipe

    @property
    def draws(self) -> NDArray[np.intp]:
        """The parameter set that rows of several arms share, shape (n_rows,)."""
        return self.design.draw

    @property
    def row_labels(self) -> RowLabels:
        """Label -> shape (n_rows,): identifiers of patients and other labels that the design brought along."""
        return self.design.row_labels

    @property
    def units(self) -> dict[str, str]:
        """Endpoint or kept quantity -> unit; "" is dimensionless."""
        known: dict[str, str] = {}
        for arm in reversed(self.arms):
            known |= quantity_units(arm.model)
        units = {name: known.get(name, "") for name in self.keep}
        return units | {one.name: one.unit(known, self.model.time_unit) for one in self.endpoints}

    @property
    def column_units(self) -> dict[str, str]:
        """Parameter, knob or initial value of an arm -> unit."""
        units: dict[str, str] = {}
        for arm in reversed(self.arms):
            units |= {p.name: p.unit for p in arm.model.parameters} | {f"{s.name}(0)": s.unit for s in arm.model.states}
        return units

    @property
    def meanings(self) -> dict[str, str]:
        """What quantities and the design's columns mean, by name, where the models say so."""
        known: dict[str, str] = {}
        for arm in reversed(self.arms):
            known |= meanings(arm.model) | {p.name: p.meaning for p in arm.model.parameters if p.meaning}
        return known

    def inputs(self, rows: slice = slice(None)) -> Array:
        """Return the design's columns with the model's own values filled in, shape (n_rows, n_columns)."""
        return _filled(self if rows == slice(None) else rows_of(self, rows))


def rows_of(plan: Plan, rows: NDArray[np.intp] | slice) -> Plan:
    """Return the plan of some rows only, which can travel: data, programs, and the arms that the rows are in."""
    design = plan.design
    arm_of = np.asarray(plan.arm_of[rows])
    present = set(np.unique(arm_of).tolist())
    part = replace(
        design,
        values=design.values[rows],
        unset=design.unset[rows],
        arm=design.arm[rows] if len(design.arm) else design.arm,
        draw=design.draw[rows],
        row_labels=taken(design.row_labels, rows),
        arms=None,
    )
    return replace(plan, design=part, arms=tuple(a for a in plan.arms if a.index in present), arm_of=arm_of)


def _filled(plan: Plan) -> Array:
    """Return the design's columns with the model's own values filled in, shape (n_rows, n_columns)."""
    design = plan.design
    filled = np.where(design.unset, np.nan, design.values)
    for arm in plan.arms:
        rows = np.flatnonzero(plan.arm_of == arm.index)
        if not design.unset[rows].any():
            continue
        values, _ = inputs(plan, arm, rows)
        with np.errstate(all="ignore"):
            y = arm.functions.initial(arm.functions.parameters(values))
        for j, (row, state) in enumerate(zip(arm.columns, arm.initial, strict=True)):
            if row >= 0 or state >= 0:
                own = values[row] if row >= 0 else y[state]
                filled[rows, j] = np.where(design.unset[rows, j], own, filled[rows, j])
    return filled


def inputs(plan: Plan, arm: ArmPlan, rows: NDArray[np.intp]) -> tuple[Array, Array | None]:
    """Return values (n_values, n_runs) and initial values (n_states, n_runs) or None, of rows of the design."""
    program, design = arm.functions.program, plan.design
    values = np.repeat(np.asarray(program.values, float)[:, None], len(rows), axis=1)
    initial = np.full((len(program.states), len(rows)), np.nan)
    given = False
    for j, (row, state) in enumerate(zip(arm.columns, arm.initial, strict=True)):
        cells, unset = design.values[rows, j], design.unset[rows, j]
        if row >= 0:
            values[row] = np.where(unset, values[row], cells)
        elif state >= 0:
            # NaN means the model's own value to a solver; the run is refused afterwards (`_absurd`)
            initial[state] = np.where(unset, np.nan, cells)
            given = True
    if given:
        set_own(arm.functions, values, initial, own_rows(arm.model, arm.functions))
    return values, initial if given else None
