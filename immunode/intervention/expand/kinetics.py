"""Pharmacokinetics written out as knobs, states, processes and derived quantities of a model."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from itertools import pairwise

from immunode.intervention.expand.contribution import Draft
from immunode.intervention.expand.patients import add_covariates
from immunode.intervention.expand.products import add_products, destinations
from immunode.intervention.pharmacokinetics.compartments import MAY_BE_NEGATIVE, MAY_BE_ZERO, PK, UNITS
from immunode.intervention.pharmacokinetics.covariates import Patient
from immunode.intervention.pharmacokinetics.target import TARGET_UNITS, Target
from immunode.language.expression import Expression, names, parse, substitute, to_text
from immunode.model import Derived, Process, State

_ELSEWHERE = ("lag", "F", "F_exponent", "F_dose", "D1", "direct")
"""Numbers that the doses bring along."""


def add_pk(
    draft: Draft,
    pk: PK,
    depot: bool,
    infusions: Sequence[tuple[str, str]],
    typical: float,
    patient: Patient | None = None,
    linked: Mapping[str, str] | None = None,
    varying: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """Add the states, processes and concentrations of a drug, in the model's time unit.

    depot : whether doses are absorbed.   infusions : compartments with the texts of rates that flow into them.
    typical : size of a dose in `pharmacokinetics.mass`.
    patient : values of covariates; None for the typical patient without such knobs.
    linked : covariates that are those of the model's patient, as texts.
    varying : number with a formula -> factors on it, of occasions.
    """
    name = draft.name
    for knob in (f.name for f in fields(pk)):
        if knob in UNITS and knob not in _ELSEWHERE and _has(pk, knob, depot) and knob not in pk.formula:
            add_pk_knob(draft, pk, knob)
    where = {"central": "in the central compartment"}
    if depot:
        behind = {f"transit_{i + 1}": f"in transit compartment {i + 1}" for i in range(pk.transits)}
        where = {"depot": "waiting to be absorbed", **behind, **where}
    if pk.compartments > 1:
        where["peripheral"] = "in the peripheral compartment"
    if pk.compartments > 2:
        where["peripheral_2"] = "in the third compartment"
    draft.states += [
        State(f"{name}.{state}", 0.0, pk.mass, f"{name} {words}", "drug", typical=typical)
        for state, words in where.items()
    ]
    if pk.target is None:
        text, meaning = f"{name}.central/{name}.V1", f"concentration of {name}"
        if pk.C0 is not None:
            given = acting_concentration(name, pk)
            draft.derived.append(Derived(given, text, pk.concentration_unit, f"{meaning} from its doses, which acts"))
            text, meaning = f"{given} + {name}.C0", f"{meaning}, with what is there without it"
        draft.derived.append(Derived(f"{name}.C", text, pk.concentration_unit, meaning))
    else:
        _add_target(draft, pk, pk.target, typical)
    _add_flows(draft, pk, depot, infusions)
    if pk.ke0 is not None:
        _add_effect_compartment(draft, pk, typical)
    factors: dict[str, list[str]] = {}
    if patient is not None or linked:
        constants = [c.name for c in pk.constants]
        factors = add_covariates(draft, pk.covariates, patient or (), linked or {}, pk.formula, constants)
    for number, factor in (varying or {}).items():
        factors.setdefault(number, []).extend(factor)
    local = _add_constants(draft, pk)
    add_products(draft, pk, local, typical, lambda unit: _in_model_units(draft, pk, 1.0, unit)[1])
    _add_formulas(draft, pk, local, {*dict(patient or ()), *(linked or {})}, factors, depot)
    _add_readouts(draft, pk, local)


def acting_concentration(name: str, pk: PK) -> str:
    """Return the name of the concentration that is lost, distributed and acts: C without a baseline C0."""
    return f"{name}.C" if pk.C0 is None else f"{name}.C_given"


def numbers_used(pk: PK, depot: bool) -> set[str]:
    """Return the numbers that a drug has beside those that its doses bring along. depot : whether they are absorbed."""
    own = {knob for knob in UNITS if (knob not in _ELSEWHERE or knob in pk.formula) and _has(pk, knob, depot)}
    return own | {c.name for c in pk.constants}


def _has(pk: PK, knob: str, depot: bool) -> bool:
    return (depot or knob not in ("ka", "ktr")) and getattr(pk, knob) is not None


def _add_flows(draft: Draft, pk: PK, depot: bool, infusions: Sequence[tuple[str, str]]) -> None:
    name = draft.name
    central = f"{name}.central"
    concentration = acting_concentration(name, pk)
    clearance = f"{name}.CL"
    if pk.CL_emax is not None:
        change = f"{name}.CL_emax*hill(t - {name}.start, {name}.CL_t50, {name}.CL_hill)"
        clearance = f"{name}.CL_now"
        draft.derived.append(
            Derived(clearance, f"{name}.CL*exp({change})", draft.per_time(pk.volume), f"clearance of {name} by now")
        )
    into = {flow: f" {name}.{there}" for flow, there in destinations(pk).items()}
    flows = [("elimination", f"{central} ->{into.get('elimination', '')}", f"{clearance}*{concentration}")]
    if depot:
        steps = ["depot", *(f"transit_{i + 1}" for i in range(pk.transits))]
        transit = [
            (f"to_transit_{i + 1}", f"{name}.{here} -> {name}.{there}", f"{name}.ktr*{name}.{here}")
            for i, (here, there) in enumerate(pairwise(steps))
        ]
        last = f"{name}.{steps[-1]}"
        flows = [*transit, ("absorption", f"{last} -> {central}", f"{name}.ka*{last}"), *flows]
    if pk.Vmax is not None:
        saturable = f"{name}.Vmax*michaelis({concentration}, {name}.Km)"
        there = into.get("saturable_elimination", "")
        flows.append(("saturable_elimination", f"{central} ->{there}", saturable))
    for q, v, there in (("Q", "V2", "peripheral"), ("Q3", "V3", "peripheral_2"))[: pk.compartments - 1]:
        label = there.removeprefix("peripheral")
        flows.append((f"distribution{label}", f"{central} -> {name}.{there}", f"{name}.{q}*{concentration}"))
        back = f"{name}.{q}*{name}.{there}/{name}.{v}"
        flows.append((f"redistribution{label}", f"{name}.{there} -> {central}", back))
    flows += [
        ("infusion" if i == 0 else f"infusion_{i + 1}", f"-> {name}.{where}", rate)
        for i, (where, rate) in enumerate(infusions)
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
    where, acting = f"{name}.Ce", acting_concentration(name, pk)
    size = typical / pk.V1
    meaning = f"concentration of {name} where it acts"
    draft.states.append(State(where, 0.0, unit, meaning, "drug", typical=size))
    draft.processes += [
        Process(f"{name}.to_effect", f"-> {where}", f"{name}.ke0*{acting}", f"{name}: into the effect compartment"),
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
    number, unit = _in_model_units(draft, pk, number, unit)
    return draft.knob(knob, number, unit, meaning, source=source, evidence=evidence)


def _in_model_units(draft: Draft, pk: PK, number: float, unit: str) -> tuple[float, str]:
    """Return a number and its unit, written with the words mass, volume and time, in the model's time unit."""
    unit = unit.replace("mass", pk.mass).replace("volume", pk.volume)
    if unit == "time":
        return number * draft.in_model_time(f"1 {pk.time}"), draft.model.time_unit
    if "/time" in unit:
        number, clock = number / draft.in_model_time(f"1 {pk.time}"), draft.model.time_unit
        unit = unit.replace("/time", f"/{clock}" if clock else "")
    return number, "" if unit == "1" else unit


def _add_constants(draft: Draft, pk: PK) -> dict[str, Expression]:
    """Add the further numbers of a drug; return what its own names mean in the model."""
    for constant in pk.constants:
        number, unit = _in_model_units(draft, pk, float(constant.value), constant.unit)
        draft.knob(
            constant.name, number, unit, constant.meaning, bounds=constant.bounds, source=constant.source,
            evidence=constant.evidence,
        )  # fmt: skip
    own = ["C", *(knob for knob in UNITS if getattr(pk, knob) is not None), *(c.name for c in pk.constants)]
    return {word: parse(f"{draft.name}.{word}") for word in own}


def _add_formulas(
    draft: Draft,
    pk: PK,
    local: Mapping[str, Expression],
    there: Collection[str],
    factors: Mapping[str, Sequence[str]],
    depot: bool,
) -> None:
    """Add the numbers that follow from others. there : covariates that the drug has.   factors : what they do."""
    n = draft.name
    known = {**local, **_known_covariates(draft, pk, there)}
    known["since"] = parse(f"max(0, t - {n}.start)")
    known |= {"latest": parse(f"{n}.latest"), "dose": parse(f"{n}.latest_dose")}
    for number, text in pk.formula.items():
        if not _has(pk, number, depot):
            continue
        expression = to_text(substitute(parse(text), known))
        product = "*".join([f"({expression})", *factors.get(number, ())]) if factors.get(number) else expression
        unit, meaning = UNITS[number]
        unit = _in_model_units(draft, pk, 1.0, unit)[1]
        draft.derived.append(Derived(f"{n}.{number}", product, unit, f"{n}: {meaning}", pk.source_of(number)))


def _known_covariates(draft: Draft, pk: PK, there: Collection[str]) -> dict[str, Expression]:
    """Return what the covariates in formulas mean; adds the typical patient's values as fixed knobs."""
    used = {word for text in pk.formula.values() for word in names(parse(text))}
    known: dict[str, Expression] = {}
    for c in pk.covariates:
        reference = f"{draft.name}.{c.name}_ref"
        if c.reference is None:
            known[c.name] = parse(f"{draft.name}.{c.name}" if c.name in there else "0")
        elif {c.name, f"{c.name}_ref"} & used:
            if all(p.name != reference for p in draft.parameters):
                fixed, meaning = (c.reference, c.reference), f"{c.name} of the typical patient"
                draft.knob(
                    f"{c.name}_ref", c.reference, c.unit, meaning, bounds=fixed, source=c.source, evidence=c.evidence
                )
            known[f"{c.name}_ref"] = parse(reference)
            known[c.name] = parse(f"{draft.name}.{c.name}" if c.name in there else reference)
    return known


def _add_readouts(draft: Draft, pk: PK, local: dict[str, Expression]) -> None:
    for readout in pk.readouts:
        expression = to_text(substitute(parse(readout.expression), local))
        name = f"{draft.name}.{readout.name}"
        draft.derived.append(Derived(name, expression, readout.unit, readout.meaning, readout.source))
        local[readout.name] = parse(name)
