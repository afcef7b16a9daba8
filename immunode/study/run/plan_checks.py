"""Plans of sweeps: made from what was asked for, and checked before anything runs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from immunode.errors import StudyError, did_you_mean, quoted
from immunode.model import Model
from immunode.model.declaration import check_model
from immunode.model.plausible import implausible, plausible_range
from immunode.program.model_functions import functions
from immunode.solve import FEW_RUNS, choose_engine
from immunode.study.arms import CONTROL, Arms, as_arms
from immunode.study.design.amounts import whole_number
from immunode.study.design.declared import declared_joint, with_own_values
from immunode.study.design.design import Design, cross_arms, sobol
from immunode.study.design.from_tables import from_table
from immunode.study.design.ranges import has_parameters, space
from immunode.study.endpoints import Endpoint, as_endpoints, check_endpoints
from immunode.study.run.passed_pulses import pulsed
from immunode.study.run.plan import ArmPlan, Plan
from immunode.study.run.ready import looked_at_first, model_time, output_times, quantity_names, with_times

POINTS = 201
"""Output times of a sweep where none are asked for."""
RUNS = 1024
"""Runs an arm where neither a design nor a number is given."""


def make_plan(
    model: Model,
    design: Any,
    until: Any,
    times: Any,
    arms: Any,
    endpoints: Iterable[Endpoint | str] | Endpoint | str | None,
    keep: str | Sequence[str],
    n: int | None,
    patients: int | None,
    seed: int,
    options: Mapping[str, Any],
) -> Plan:
    """Return the checked plan of a sweep. options : engine, method, rtol, atol; all else as in `sweep`."""
    check_model("sweep", model)
    design = _design(model, design, arms, n, patients, seed)
    _check_treatments(model, design, arms)
    grid = output_times(model, until, times, POINTS)
    design, names, models = _arms(model, design, arms, float(grid[-1]))
    chosen = as_endpoints(endpoints, looked_at_first(model))
    quantities = dict.fromkeys(q for composed in models for q in quantity_names(composed))
    parameters = dict.fromkeys(p.name for composed in models for p in composed.parameters)
    check_endpoints(chosen, quantities, parameters)
    at_times = tuple(model_time(model, e.moment, e.name) if e.moment is not None else np.nan for e in chosen)
    for one, time in zip(chosen, at_times, strict=True):
        if one.moment is not None and not 0 <= time <= grid[-1]:
            raise StudyError(f"{model.name}: {one.name} lies outside the runs, which go from 0 to {grid[-1]:g}")
    start = [0.0] if any(one.from_start for one in chosen) else []
    grid = with_times(grid, [*start, *(t for t in at_times if not np.isnan(t))])
    kept = _kept(model, models, keep, quantities)
    _check_columns(model, design, models)
    _check_labels(model, design, chosen)
    plans = tuple(
        _arm_plan(i, name, composed, design, chosen, kept, (options["engine"], options["method"]), float(grid[-1]))
        for i, (name, composed) in enumerate(zip(names, models, strict=True))
    )
    arm_of = design.arm if design.labels else np.zeros(len(design), np.intp)
    return Plan(
        model=model,
        design=design,
        arms=plans,
        arm_of=arm_of,
        endpoints=chosen,
        at_times=at_times,
        times=grid,
        keep=kept,
        options=dict(options),
    )


def keeping(plan: Plan, keep: str | Sequence[str]) -> Plan:
    """Return the plan of the same runs with other trajectories kept. keep : as in `sweep`."""
    models = [arm.model for arm in plan.arms]
    kept = _kept(plan.model, models, keep, dict.fromkeys(q for m in models for q in quantity_names(m)))
    computing = (plan.options["engine"], plan.options["method"])
    end = float(plan.times[-1])
    arms = tuple(
        replace(_arm_plan(a.index, a.name, a.model, plan.design, plan.endpoints, kept, computing, end), engine=a.engine)
        for a in plan.arms
    )
    return replace(plan, arms=arms, keep=kept)


def _design(model: Model, design: Any, arms: Any, n: int | None, patients: int | None, seed: int) -> Design:
    if patients is not None and (design is not None or n is not None):
        raise StudyError(f"{model.name}: patients= draws the declared population; leave out the design and n")
    if design is None:
        return sampled(model, n, seed) if patients is None else drawn(model, arms, patients, seed)
    made = design if isinstance(design, Design) else _from_table(model, design)
    if n is not None:
        raise StudyError(f"{model.name}: n counts only without a design; this one has {len(made)} rows")
    return made


def drawn(model: Model, arms: Any, patients: int, seed: int) -> Design:
    """Return patients of the population that a model declares, with what the drugs of its arms add.

    arms : as in `sweep`.

    Raises
    ------
    StudyError : neither the model nor a drug declares how patients differ.
    """
    n = whole_number("patients", "the number of patients", patients)
    composed = [] if arms is None else list(as_arms(arms, model).compose(model).values())
    joint = declared_joint(model, composed)
    return joint.design(n, whole_number("patients", "the seed", seed, 0), joint.words())


def sampled(model: Model, n: int | None, seed: int) -> Design:
    """Return Sobol points for all parameters of a model; one row without columns where it has none.

    n : number of points, None is the usual one.

    Raises
    ------
    StudyError : it has parameters, but none with a range to sample.
    """
    if not has_parameters(model):
        return Design((), np.empty((1, 0)), "the model as it is: it has no parameters to sample")
    return sobol(space(model), RUNS if n is None else n, seed=seed)


def _from_table(model: Model, given: Any) -> Design:
    """Return the design of a DataFrame or of a file, which is what people type."""
    if isinstance(given, str | os.PathLike) or hasattr(given, "iloc"):
        return from_table(given)
    raise StudyError(
        f"{model.name}: {type(given).__name__} is not a design; give a DataFrame or the path of a CSV file, or use "
        "grid(...) for every combination and from_table(...) for rows"
    )


def _arms(model: Model, design: Design, arms: Any, end: float) -> tuple[Design, tuple[str, ...], tuple[Model, ...]]:
    """Return the design with arms in it, names of arms and their models, in the order of the design's labels.

    end : of the runs, in model time.
    """
    if arms is None and not design.labels:
        name = "+".join(model.applied) or CONTROL
        return design, (name,), (model,)
    if not design.labels:
        design = cross_arms(design, as_arms(arms, model))
    elif arms is not None and design.arms is not None:
        raise StudyError(f"{model.name}: the design has arms already ({', '.join(design.labels)}); leave out arms=")
    defined = design.arms if design.arms is not None else as_arms(arms or list(design.labels), model)
    for label in design.labels:
        if label not in defined:
            raise StudyError(f"{model.name}: the design names an unknown arm '{label}'{did_you_mean(label, defined)}")
    models = Arms({label: defined[label] for label in design.labels}).compose(model, end)
    composed = tuple(models.values())
    return with_own_values(design, model, composed), design.labels, composed


def _kept(
    model: Model, models: Sequence[Model], keep: str | Sequence[str], quantities: Iterable[str]
) -> tuple[str, ...]:
    if keep == "endpoints":
        return ()
    if keep == "trajectories":
        states = [s.name for m in models for s in m.states]
        return tuple(dict.fromkeys([*states, *(d.name for m in models for d in m.derived)]))
    known = list(quantities)
    names = (keep,) if isinstance(keep, str) else tuple(keep)
    for name in names:
        if name not in known:
            near = did_you_mean(name, [*known, "endpoints", "trajectories"])
            raise StudyError(f"{model.name}: keep: unknown quantity '{name}'{near}")
    return tuple(dict.fromkeys(names))


def _check_labels(model: Model, design: Design, endpoints: Sequence[Endpoint]) -> None:
    """Refuse labels of rows that would hide a column of the results."""
    taken_names = {"run", "arm", "draw", "status", "reached", "method", "reason", "time", *(e.name for e in endpoints)}
    for name in design.row_labels:
        if name in taken_names:
            raise StudyError(f"{model.name}: results have a column '{name}' of their own; call the label otherwise")


def _check_treatments(model: Model, design: Design, arms: Any) -> None:
    """Refuse a column of labels that names the arms of rows, in a design without a column `arm`."""
    if design.labels:
        return
    named = set(arms) if isinstance(arms, Arms | Mapping) else set()
    # a history of treatments may stand beside arms that are crossed with the rows
    known = named if arms is not None else {CONTROL, *(i.name for i in model.interventions)}
    for name, column in design.row_labels.items():
        texts = {str(text) for text in column.tolist()} - {""}
        if texts - {CONTROL} and all(text in known or set(text.split("+")) <= known for text in texts):
            raise StudyError(
                f"{model.name}: the column '{name}' of the design holds names of interventions, such as "
                f"{quoted(min(texts - {CONTROL}))}, and would only label rows; call it 'arm', or its texts otherwise"
            )


def _check_columns(model: Model, design: Design, models: Sequence[Model]) -> None:
    known = [p.name for m in models for p in m.parameters] + [f"{s.name}(0)" for m in models for s in m.states]
    known = list(dict.fromkeys(known))
    for name, column in design.row_labels.items():
        if name in known:
            found = f"the column '{name}' of the design holds labels such as {quoted(str(column[0]))}"
            raise StudyError(f"{model.name}: {found}, but it is a parameter, knob or initial value: numbers are needed")
    idle = {i.name for i in model.interventions} - {name for m in models for name in m.applied}
    for name in design.names:
        if name in known:
            continue
        hint = did_you_mean(name, known)
        if name.partition(".")[0] in idle:
            hint = f"; the intervention '{name.partition('.')[0]}' is in no arm that runs: give it with arms="
        elif name in {s.name for s in model.states}:
            hint = f"; for an initial value write '{name}(0)'"
        raise StudyError(f"{model.name}: the design's column '{name}' is no parameter, knob or initial value{hint}")
    _check_people(model, design, models)


def _check_people(model: Model, design: Design, models: Sequence[Model]) -> None:
    """Refuse columns with what can't be a person's, such as a weight in grams."""
    if model.species != "human":
        return
    units = {p.name: p.unit for m in models for p in m.parameters}
    for j, name in enumerate(design.names):
        known = plausible_range(name, units.get(name, ""))
        if known is None:
            continue
        values = np.where(design.unset[:, j], np.nan, design.values[:, j])
        outside = np.flatnonzero((values < known.low) | (values > known.high))
        if outside.size:
            odd = implausible(name, float(values[outside[0]]), units[name])
            if odd:
                raise StudyError(f"{model.name}: the design's column '{name}', row {outside[0]}: {odd}")


def _arm_plan(
    index: int,
    name: str,
    model: Model,
    design: Design,
    endpoints: Sequence[Endpoint],
    keep: Sequence[str],
    computing: tuple[str, str],
    until: float,
) -> ArmPlan:
    mine = set(quantity_names(model))
    known = mine | {p.name for p in model.parameters}
    able = [i for i, e in enumerate(endpoints) if e.names() <= (known if e.conditional else mine)]
    looked = [endpoints[i].subject for i in able if not endpoints[i].looks_inside]
    ready = functions(model)
    engine, reason = choose_engine(ready, FEW_RUNS, *computing)
    if computing[0] == "auto" and engine in ("numpy", "compiled"):
        reason = f"{engine}: runs side by side"
    program = ready.program
    settable = program.parameters[: len(program.values)]
    starts = [f"{s.name}(0)" for s in model.states]
    columns = tuple(settable.index(c) if c in settable else -1 for c in design.names)
    initial = tuple(program.states.index(c[:-3]) if c in starts else -1 for c in design.names)
    return ArmPlan(
        index=index,
        name=name,
        model=model,
        functions=ready,
        engine=engine,
        reason=reason,
        columns=columns,
        initial=initial,
        endpoints=tuple(able),
        recorded=tuple(dict.fromkeys([*looked, *(q for q in keep if q in mine)])),
        pulsed=pulsed(model, ready, until, design.values, columns, initial),
    )
