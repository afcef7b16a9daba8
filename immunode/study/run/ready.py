"""What `simulate` and `sweep` share: output times, names and units of quantities, and a model made ready to run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from immunode.errors import StudyError, did_you_mean, quoted
from immunode.language.expression import parse_arrow
from immunode.model.copies import initial_parameters
from immunode.model.units import parse_time
from immunode.model.views.words import name_labels
from immunode.program.model_functions import functions
from immunode.study.unit_text import times_unit

if TYPE_CHECKING:
    from immunode.model import Derived, Model, Process, State, Switch
    from immunode.program import Functions

Array = NDArray[np.float64]
NEAR = 1e-9
"""Two output times closer than this part of the whole are one."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A model made ready to run.

    names : quantities, in the order in which results show them: states, derived quantities, fluxes.
    """

    model: Model
    functions: Functions
    names: tuple[str, ...]


def make_ready(model: Model, integrals: tuple[str, ...] = ()) -> Ready:
    """Return a model lowered and compiled. integrals : quantities to integrate along with it."""
    return Ready(model, functions(model, integrals), quantity_names(model))


def quantity_names(model: Model) -> tuple[str, ...]:
    """Return the names that results know: states, derived quantities (with `k.effective`), switches, fluxes.

    Switches of interventions, which have a dot in their names, are none of them.
    """
    effective = dict.fromkeys(f"{effect.target}.effective" for effect in model.effects)
    derived = (*(d.name for d in model.derived), *effective)
    switches = (s.name for s in model.switches if "." not in s.name)
    return (*(s.name for s in model.states), *derived, *switches, *flux_names(model))


def looked_at_first(model: Model) -> tuple[str, ...]:
    """Return the quantities to show where none are asked for: readouts, else states, else what is derived, or switches.

    Empty for a model that has none of these.
    """
    chosen = tuple(model.readouts) or tuple(s.name for s in model.states) or tuple(d.name for d in model.derived)
    return chosen or tuple(s.name for s in model.switches if "." not in s.name)


def flux_names(model: Model) -> tuple[str, ...]:
    """Return the names of the processes."""
    return tuple(process.name for process in model.processes)


def quantity_units(model: Model) -> dict[str, str]:
    """Return the unit of every quantity as text; "" is dimensionless. A flux has the unit of what it moves per time."""
    units = {s.name: s.unit for s in model.states} | {d.name: d.unit for d in model.derived}
    units |= {s.name: s.unit for s in model.switches}
    declared = {p.name: p.unit for p in model.parameters}
    units |= {f"{effect.target}.effective": declared.get(effect.target, "") for effect in model.effects}
    volumes = {c.name: c.unit for c in model.compartments}
    states = {s.name: s for s in model.states}
    for process in model.processes:
        reactants, products = parse_arrow(process.arrow)
        moved = states[(*reactants, *products)[0][0]]
        amount = moved.unit
        if moved.compartment and not moved.amount:
            amount = times_unit(moved.unit, volumes[moved.compartment])
        units[process.name] = f"{amount or '1'}/{model.time_unit}" if model.time_unit else amount
    return units


def meanings(model: Model) -> dict[str, str]:
    """Return what states, derived quantities, switches and processes mean, by name, where the model says so."""
    records: list[State | Derived | Switch | Process]
    records = [*model.states, *model.derived, *model.switches, *model.processes]
    return {record.name: record.meaning for record in records if record.meaning}


def quantity_labels(model: Model) -> dict[str, str]:
    """Return what states, derived quantities, switches and processes are called in figures and tables, by name."""
    labels = name_labels(model)
    records: list[State | Derived | Switch | Process]
    records = [*model.states, *model.derived, *model.switches, *model.processes]
    changed = {effect.target for effect in model.effects}
    now = {f"{name}.effective": f"{labels.get(name, name)}, as it acts" for name in changed}
    return {record.name: labels[record.name] for record in records} | now


def output_times(
    model: Model,
    until: float | str | None,
    times: ArrayLike | Sequence[str] | None,
    points: int,
) -> Array:
    """Return the output grid, shape (n_times,), in model time.

    until : end, a number or text such as "52 weeks"; None means the last of `times`, else the model's horizon.
    times : the grid; None means `points` equal steps from 0 to the end.

    Raises
    ------
    StudyError : times go backwards, are not finite or before 0; the end is not after 0.
    UnitError : a time has a unit that the model can't read.
    """
    grid = None if times is None else _grid(model, times)
    if until is not None:
        end = model_time(model, until, "until")
    else:
        end = float(grid[-1]) if grid is not None else float(model.horizon)
    if not (np.isfinite(end) and end > 0):
        raise StudyError(f"{model.name}: until must be finite and after the start at 0, got {end:g}")
    if grid is None:
        grid = np.linspace(0.0, end, points)
    elif end < grid[-1]:
        raise StudyError(f"{model.name}: times go on to {grid[-1]:g}, after until at {end:g}")
    return with_times(grid, [end])


def model_time(model: Model, time: float | str, what: str) -> float:
    """Return a time in the model's unit. what : who asks, for messages."""
    if isinstance(time, str):
        return float(parse_time(time, model))
    try:
        return float(time)
    except (TypeError, ValueError):
        raise StudyError(f"{model.name}: {what} is {quoted(time)}; write a number or text such as '52 weeks'") from None


def _grid(model: Model, times: Any) -> Array:
    listed = [times] if isinstance(times, str) else np.asarray(times).ravel().tolist()
    if not listed:
        raise StudyError(f"{model.name}: times is empty")
    grid = np.array([model_time(model, t, f"times[{i}]") for i, t in enumerate(listed)])
    bad = np.flatnonzero(~np.isfinite(grid))
    if bad.size:
        raise StudyError(f"{model.name}: times[{bad[0]}] is {grid[bad[0]]:g}; times must be finite")
    if grid[0] < 0:
        raise StudyError(f"{model.name}: times[0] is {grid[0]:g}, before the start at 0")
    back = np.flatnonzero(np.diff(grid) <= 0)
    if back.size:
        i = int(back[0])
        word = "go backwards" if grid[i + 1] < grid[i] else "repeat"
        raise StudyError(f"{model.name}: times {word}: times[{i + 1}] is {grid[i + 1]:g} after times[{i}], {grid[i]:g}")
    return grid


def with_times(grid: Array, also: Iterable[float]) -> Array:
    """Return the grid with further times hit exactly; a grid point that is nearly one of them moves onto it."""
    made = grid.copy()
    added = []
    for time in also:
        close = np.flatnonzero(np.abs(made - time) <= NEAR * max(float(grid[-1]), time))
        if close.size:
            made[close[0]] = time
        else:
            added.append(time)
    return np.unique(np.concatenate([made, added])) if added else made


def begin(ready: Ready, given: Mapping[str, float]) -> tuple[Array, Array | None]:
    """Return the values of the program, shape (n_values, 1), and what `initial_array` returns, for one run."""
    functions = ready.functions
    values = np.asarray(functions.program.values, float)[:, None]
    initial = initial_array(ready, given)
    if initial is not None:
        set_own(functions, values, initial, own_rows(ready.model, functions))
    return values, initial


def own_rows(model: Model, functions: Functions) -> dict[int, int]:
    """Return the row of the parameter `x.initial` of each state that has one, by the state's row."""
    states, parameters = functions.program.states, functions.program.parameters
    return {states.index(s): parameters.index(p) for s, p in initial_parameters(model).items() if s in states}


def set_own(functions: Functions, values: Array, initial: Array, own: Mapping[int, int]) -> None:
    """Set, in place, the parameters `x.initial` so that states begin as given, and so does all that rests on them.

    values : (n_values, n_runs).   initial : (n_states, n_runs), NaN where the model's own hold.   own : of `own_rows`.
    """
    rows = {state: row for state, row in own.items() if not np.isnan(initial[state]).all()}
    # one that rests on another is right one pass after that
    for _ in rows:
        with np.errstate(all="ignore"):
            begun = functions.initial(functions.parameters(values))
        for state, row in rows.items():
            wanted = values[row] + initial[state] - begun[state]
            values[row] = np.where(np.isnan(initial[state]), values[row], wanted)


def initial_array(ready: Ready, given: Mapping[str, float] | None, n_runs: int = 1) -> Array | None:
    """Return initial values, shape (n_states, n_runs), NaN where the model's own hold; None where all do.

    given : state -> value in its unit; `"E(0)"` names the state E as well.

    Raises
    ------
    StudyError : an unknown state, with the nearest names.
    """
    if not given:
        return None
    states = ready.functions.program.states
    known = [s.name for s in ready.model.states]
    made = np.full((len(states), n_runs), np.nan)
    for key, value in given.items():
        name = key[:-3] if key.endswith("(0)") else key
        if name not in known:
            raise StudyError(f"{ready.model.name}: initial: unknown state '{name}'{did_you_mean(name, known)}")
        made[states.index(name)] = float(value)
    return made
