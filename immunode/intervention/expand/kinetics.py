"""Pharmacokinetics written out as knobs, states, processes and derived quantities of a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from immunode.intervention.expand.contribution import Draft
from immunode.intervention.expand.patients import add_covariates
from immunode.intervention.pharmacokinetics.compartments import MAY_BE_NEGATIVE, MAY_BE_ZERO, PK, UNITS
from immunode.intervention.pharmacokinetics.covariates import Patient
from immunode.intervention.pharmacokinetics.target import TARGET_UNITS, Target
from immunode.language.expression import Expression, parse, substitute, to_text
from immunode.model import Derived, Process, State

_ELSEWHERE = ("lag", "F", "F_exponent", "F_dose")
"""Numbers that the doses bring along."""


def add_pk(
    draft: Draft,
    pk: PK,
    depot: bool,
    infusions: Sequence[str],
    typical: float,
    patient: Patient | None = None,
) -> None:
    """Add the states, processes and concentrations of a drug, in the model's time unit.

    depot : whether doses are absorbed.   infusions : rate texts that flow into the central compartment.
    typical : size of a dose in `pharmacokinetics.mass`.
    patient : values of covariates; None for the typical patient without such knobs.
    """
    name = draft.name
    central, concentration = f"{name}.central", f"{name}.C"
    for knob in (f.name for f in fields(pk)):
        if knob in UNITS and knob not in _ELSEWHERE and (depot or knob != "ka") and getattr(pk, knob) is not None:
            add_pk_knob(draft, pk, knob)
    states = [(central, "in the central compartment")]
    if depot:
        states.insert(0, (f"{name}.depot", "waiting to be absorbed"))
    if pk.compartments == 2:
        states.append((f"{name}.peripheral", "in the peripheral compartment"))
    draft.states += [State(s, 0.0, pk.mass, f"{name} {where}", "drug", typical=typical) for s, where in states]
    if pk.target is None:
        unit = pk.concentration_unit
        draft.derived.append(Derived(concentration, f"{central}/{name}.V1", unit, f"concentration of {name}"))
    else:
        _add_target(draft, pk, pk.target, typical)
    _add_flows(draft, pk, depot, infusions)
    if pk.ke0 is not None:
        _add_effect_compartment(draft, pk, typical)
    if patient is not None:
        add_covariates(draft, pk.covariates, patient)
    _add_readouts(draft, pk)


def _add_flows(draft: Draft, pk: PK, depot: bool, infusions: Sequence[str]) -> None:
    name = draft.name
    central, concentration = f"{name}.central", f"{name}.C"
    clearance = f"{name}.CL"
    if pk.CL_emax is not None:
        change = f"{name}.CL_emax*hill(t - {name}.start, {name}.CL_t50, {name}.CL_hill)"
        clearance = f"{name}.CL_now"
        draft.derived.append(
            Derived(clearance, f"{name}.CL*exp({change})", draft.per_time(pk.volume), f"clearance of {name} by now")
        )
    flows = [("elimination", f"{central} ->", f"{clearance}*{concentration}")]
    if depot:
        flows.insert(0, ("absorption", f"{name}.depot -> {central}", f"{name}.ka*{name}.depot"))
    if pk.Vmax is not None:
        saturable = f"{name}.Vmax*michaelis({concentration}, {name}.Km)"
        flows.append(("saturable_elimination", f"{central} ->", saturable))
    if pk.compartments == 2:
        flows.append(("distribution", f"{central} -> {name}.peripheral", f"{name}.Q*{concentration}"))
        flows.append(("redistribution", f"{name}.peripheral -> {central}", f"{name}.Q*{name}.peripheral/{name}.V2"))
    flows += [
        ("infusion" if i == 0 else f"infusion_{i + 1}", f"-> {central}", rate) for i, rate in enumerate(infusions)
    ]
    draft.processes += [Process(f"{name}.{flow}", arrow, rate, f"{name}: {flow}") for flow, arrow, rate in flows]


def _add_target(draft: Draft, pk: PK, target: Target, typical: float) -> None:
    """Add a target that binds the drug: its states, processes and the free and total concentrations."""
    n, unit = draft.name, pk.concentration_unit
    for knob, (its_unit, meaning) in TARGET_UNITS.items():
        number = getattr(target, knob)
        if number is not None:
            source, evidence = target.source or pk.source, target.evidence or pk.evidence
            full = _knob(draft, pk, knob, number, its_unit, meaning, source, evidence)
            draft.above_zero(full) if knob in ("kdeg", "KSS") else draft.within([full], 0)
    baseline = f"{n}.ksyn/{n}.kdeg*{n}.V1"
    size = max(target.baseline * pk.V1, 1e-6 * typical)
    synthesis = ("target_synthesis", f"{n}.ksyn*{n}.V1")
    if target.full:
        draft.states.append(State(f"{n}.target", baseline, pk.mass, f"free target of {n}", "signal", typical=size))
        draft.states.append(State(f"{n}.complex", 0.0, pk.mass, f"{n} bound to its target", "drug", typical=size))
        readouts = {
            "C": (f"{n}.central/{n}.V1", f"free {n}"),
            "C_total": (f"({n}.central + {n}.complex)/{n}.V1", f"{n}, free and bound"),
            "target_free": (f"{n}.target/{n}.V1", "free target"),
            "bound": (f"{n}.complex/{n}.V1", f"complex of {n} and its target"),
        }
        flows = [
            (synthesis[0], f"-> {n}.target", synthesis[1]),
            ("target_loss", f"{n}.target ->", f"{n}.kdeg*{n}.target"),
            ("binding", f"{n}.central + {n}.target -> {n}.complex", f"{n}.kon*{n}.C*{n}.target"),
            ("unbinding", f"{n}.complex -> {n}.central + {n}.target", f"{n}.koff*{n}.complex"),
            ("internalization", f"{n}.complex ->", f"{n}.kint*{n}.complex"),
        ]
    else:
        total = f"{n}.target_total"
        draft.states.append(State(total, baseline, pk.mass, f"target of {n}, free and bound", "signal", typical=size))
        drug, there, kss = f"{n}.C_total", f"{n}.target_all", f"{n}.KSS"
        root = f"sqrt(({drug} - {there})**2 + {kss}*({kss} + 2*({drug} + {there})))"
        readouts = {
            "C_total": (f"{n}.central/{n}.V1", f"{n}, free and bound"),
            "target_all": (f"{total}/{n}.V1", "target, free and bound"),
            "bound": (f"2*{drug}*{there}/({drug} + {there} + {kss} + {root})", f"complex of {n} and its target"),
            "C": (f"{drug} - {n}.bound", f"free {n}"),
            "target_free": (f"{there} - {n}.bound", "free target"),
        }
        flows = [
            (synthesis[0], f"-> {total}", synthesis[1]),
            ("target_loss", f"{total} ->", f"{n}.kdeg*{n}.target_free*{n}.V1"),
            ("internalization", f"{n}.central + {total} ->", f"{n}.kint*{n}.bound*{n}.V1"),
        ]
    draft.derived += [Derived(f"{n}.{r}", text, unit, meaning) for r, (text, meaning) in readouts.items()]
    draft.processes += [Process(f"{n}.{flow}", arrow, rate, f"{n}: {flow}") for flow, arrow, rate in flows]


def _add_effect_compartment(draft: Draft, pk: PK, typical: float) -> None:
    name, unit = draft.name, pk.concentration_unit
    where = f"{name}.Ce"
    size = typical / pk.V1
    meaning = f"concentration of {name} where it acts"
    draft.states.append(State(where, 0.0, unit, meaning, "drug", typical=size))
    draft.processes += [
        Process(f"{name}.to_effect", f"-> {where}", f"{name}.ke0*{name}.C", f"{name}: into the effect compartment"),
        Process(f"{name}.from_effect", f"{where} ->", f"{name}.ke0*{where}", f"{name}: out of the effect compartment"),
    ]


def add_pk_knob(draft: Draft, pk: PK, knob: str, value: float | None = None, suffix: str = "") -> str:
    """Add one number of `pk` (or `value` in its place) as a knob in the model's time unit; return its name."""
    unit, meaning = UNITS[knob]
    number = float(getattr(pk, knob) if value is None else value)
    full = _knob(draft, pk, knob + suffix, number, unit, meaning, pk.source_of(knob), pk.evidence_of(knob))
    if knob in MAY_BE_ZERO:
        draft.within([full], 0)
    elif knob not in MAY_BE_NEGATIVE:
        draft.above_zero(full)
    return full


def _knob(draft: Draft, pk: PK, knob: str, number: float, unit: str, meaning: str, source: str, evidence: str) -> str:
    """Add a number whose unit is written in mass, volume and time, in the model's time unit."""
    unit = unit.replace("mass", pk.mass).replace("volume", pk.volume)
    if unit == "time":
        number, unit = number * draft.in_model_time(f"1 {pk.time}"), draft.model.time_unit
    elif unit.endswith("/time"):
        number, unit = number / draft.in_model_time(f"1 {pk.time}"), draft.per_time(unit.removesuffix("/time"))
        unit = "" if unit == "1" else unit
    return draft.knob(knob, number, unit, meaning, source=source, evidence=evidence)


def _add_readouts(draft: Draft, pk: PK) -> None:
    local: dict[str, Expression] = {"C": parse(f"{draft.name}.C")}
    local |= {knob: parse(f"{draft.name}.{knob}") for knob in UNITS if getattr(pk, knob) is not None}
    for constant in pk.constants:
        full = draft.knob(
            constant.name, constant.value, constant.unit, constant.meaning, bounds=constant.bounds,
            source=constant.source, evidence=constant.evidence,
        )  # fmt: skip
        local[constant.name] = parse(full)
    for readout in pk.readouts:
        expression = to_text(substitute(parse(readout.expression), local))
        name = f"{draft.name}.{readout.name}"
        draft.derived.append(Derived(name, expression, readout.unit, readout.meaning, readout.source))
        local[readout.name] = parse(name)
