"""What is doubtful about a model that can be made: a report, to be read before its results are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from immunode.language.evaluation import evaluate
from immunode.language.expression import Expression, names, number_text, parse
from immunode.model.copies import with_variant
from immunode.model.declaration import Declaration
from immunode.model.records import Event, State, pairs
from immunode.model.views.balances import conserved_totals, net_counts
from immunode.model.views.derived_values import quantities
from immunode.model.views.pulses import described, narrow_pulses, rounded_down
from immunode.model.views.start_ranges import bad_starts

_SAMPLES = 64


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know. `severity`: "error", "warning" or "note"; `where`: `"process 'killing'"`."""

    severity: str
    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.severity}: {self.where}: {self.message}"


@dataclass(frozen=True, slots=True)
class Report:
    """What `check` found in the model called `name`, the gravest first. `variant`: of the model, "" for none."""

    name: str
    findings: tuple[Finding, ...]
    variant: str = ""

    @property
    def ok(self) -> bool:
        """Whether there is nothing but notes."""
        return all(finding.severity == "note" for finding in self.findings)

    def __str__(self) -> str:
        counts = [(s, sum(f.severity == s for f in self.findings)) for s in ("error", "warning", "note")]
        summary = ", ".join(f"{n} {severity}{'s' * (n > 1)}" for severity, n in counts if n) or "nothing to report"
        label = self.name + (f", variant {self.variant}" if self.variant else "")
        return "\n".join([f"{label}: names and units fit; {summary}", *(f"  {finding}" for finding in self.findings)])

    def __repr__(self) -> str:
        return str(self)


def check(model: Declaration) -> Report:
    """Return a report on a model: starts, signs at zero, unused names, missing sources and units, conserved totals,
    and interventions that don't fit it.

    That names are known and units fit is certain already: a model that fails there can't be made.
    """
    findings = [
        *_starts(model),
        *_signs(model),
        *_unused(model),
        *_idle(model),
        *_sources(model),
        *_units(model),
        *_conserved(model),
        *_pulses(model),
        *_interventions(model),
        *(Finding("note", "file", remark) for remark in model.remarks),
    ]
    order = {"error": 0, "warning": 1, "note": 2}
    return Report(model.name, tuple(sorted(findings, key=lambda finding: order[finding.severity])), model.variant_name)


def _interventions(model: Declaration) -> Iterator[Finding]:
    """Find interventions that can't be applied to the model that declares them, or go the wrong way."""
    if not model.interventions:
        return
    # the model's layer imports none of those above it
    unfit = import_module("immunode.intervention").unfit
    factor_remarks = import_module("immunode.intervention.multiplied_logs").factor_remarks
    for name, why in unfit(model):
        yield Finding("error", f"intervention '{name}'", why)
    for it in model.interventions:
        for line in factor_remarks(model, it):
            yield Finding("warning", f"intervention '{it.name}'", line)


def _pulses(model: Declaration) -> Iterator[Finding]:
    """Find rates with pulses in time that steps as long as the rest of the model allows could pass over."""
    pulses = narrow_pulses(model)
    for process in dict.fromkeys(pulse.process for pulse in pulses):
        pulse = min((p for p in pulses if p.process == process), key=lambda p: p.width)
        if not model.max_step or model.max_step > pulse.width:
            yield Finding(
                "note",
                f"process '{process}'",
                f"{described(pulse, model)}, which long steps may pass over; "
                f"declare Model(max_step={rounded_down(pulse.longest):g}), or events",
            )


def _starts(model: Declaration) -> Iterator[Finding]:
    """Find what starts negative or not finite, in the model and its variants, within the ranges of its parameters."""
    reported: set[tuple[str, str]] = set()
    for variant in ("", *(v.name for v in model.variants)):
        for bad in bad_starts(with_variant(model, variant) if variant else model):
            if (bad.name, bad.how) in reported:
                continue
            reported.add((bad.name, bad.how))
            where = f"{bad.what} '{bad.name}'" + (f", variant '{variant}'" if variant else "")
            yield Finding("error" if bad.declared and bad.what == "state" else "warning", where, str(bad))


def _signs(model: Declaration) -> Iterator[Finding]:
    """Find states that fall below zero from zero, at sampled values of the other states."""
    import numpy as np

    generator = np.random.default_rng(20240229)
    start: dict[str, Any] = {p.name: float(p.value) for p in model.parameters}
    initial = {state.name: state.initial for state in model.states}
    initial |= {switch.name: switch.initial for switch in model.switches}
    for name, value in initial.items():
        start[name] = evaluate(parse(value), start) if isinstance(value, str) else float(value)
    time = generator.uniform(0.0, model.horizon, _SAMPLES)
    sampled = dict(start)
    for state in model.states:
        size = max(abs(float(start[state.name])), state.typical) or 1.0
        values = size * 10 ** generator.uniform(-3, 3, _SAMPLES)
        values[generator.random(_SAMPLES) < 0.15] = 0.0
        sampled[state.name] = values
    counts = net_counts(model)
    rates = [parse(process.rate) for process in model.processes]
    for state in model.states:
        touching = [i for i, net in enumerate(counts) if state.name in net]
        if not touching:
            continue
        known = quantities(model, {**sampled, state.name: np.zeros(_SAMPLES)}, time)
        terms = [counts[i][state.name] * np.broadcast_to(evaluate(rates[i], known, time), _SAMPLES) for i in touching]
        yield from _sign_of(model, state, [model.processes[i].name for i in touching], terms)


def _sign_of(model: Declaration, state: State, processes: list[str], terms: list[Any]) -> Iterator[Finding]:
    import numpy as np

    for name, term in zip(processes, terms, strict=True):
        if not np.isfinite(term).all():
            where = f"process '{name}'"
            yield Finding("error", where, f"its rate is not a finite number where {state.name} is 0")
            return
    total = np.sum(terms, axis=0)
    slack = 1e-12 * np.sum(np.abs(terms), axis=0)
    if (total >= -slack).all():
        return
    worst = int(np.argmin(total + slack))
    takers = sorted((float(term[worst]), name) for name, term in zip(processes, terms, strict=True) if term[worst] < 0)
    per = f" {state.unit}/{model.time_unit}" if state.unit and model.time_unit else ""
    taken = ", ".join(f"'{name}' ({value:.3g}{per})" for value, name in takers)
    yield Finding(
        "error", f"state '{state.name}'", f"it falls below 0: at {state.name} = 0 it is still taken by {taken}"
    )


def _used(model: Declaration) -> set[str]:
    texts: list[Any] = [process.rate for process in model.processes]
    texts += [derived.expression for derived in model.derived]
    texts += [state.initial for state in model.states]
    texts += [state.history for state in model.states]
    texts += [switch.initial for switch in model.switches]
    texts += [compartment.volume for compartment in model.compartments]
    texts += [text for effect in model.effects for text in (effect.value, effect.weight)]
    texts += [requirement.condition for requirement in model.requirements]
    texts += [value for variant in model.variants for _, value in pairs(variant.initial)]
    for event in model.events:
        texts += _event_texts(event)
    return {name for text in texts if isinstance(text, str) and text for name in names(parse(text))}


def _event_texts(event: Event) -> list[Any]:
    texts = [event.at, event.every, event.count, event.when, event.delay, event.priority]
    return [*texts, *(text for _, text in (*pairs(event.changes), *pairs(event.sizes)))]


def _unused(model: Declaration) -> Iterator[Finding]:
    used = _used(model)
    for kind, records in (("parameter", model.parameters), ("switch", model.switches)):
        for record in records:
            if record.name not in used:
                yield Finding("warning", f"{kind} '{record.name}'", "nothing uses it")
    moved = {name for net in net_counts(model) for name in net}
    changed = {name for event in model.events for name, _ in pairs(event.changes)}
    changed |= {act.target for item in model.interventions for act in item.acts if act.on_state}
    for state in model.states:
        if state.name not in moved | changed:
            said = "no process, event or intervention changes it; make it a parameter"
            yield Finding("warning", f"state '{state.name}'", said)
    lived = {state.compartment for state in model.states}
    for compartment in model.compartments:
        if compartment.name not in lived:
            yield Finding("warning", f"compartment '{compartment.name}'", "no state lives in it")


def _idle(model: Declaration) -> Iterator[Finding]:
    for process, net in zip(model.processes, net_counts(model), strict=True):
        where = f"process '{process.name}'"
        if not net:
            yield Finding("warning", where, f"'{process.arrow}' takes as much as it makes, so it has no effect")
        elif _is_zero(parse(process.rate)):
            yield Finding("warning", where, "its rate is always 0")


def _is_zero(rate: Expression) -> bool:
    if rate[0] == "mul":
        return ("number", 0.0) in rate[1:]
    return rate == ("number", 0.0)


def _sources(model: Declaration) -> Iterator[Finding]:
    missing = [p.name for p in model.parameters if not p.source.strip()]
    if missing:
        message = f"no source: {', '.join(missing)} (give source=, or 'assumed: why')"
        yield Finding("warning", "parameters", message)
    if not model.reference and model.status == "published":
        yield Finding("warning", "reference", "a published model needs one")


def _units(model: Declaration) -> Iterator[Finding]:
    if not model.time_unit:
        if not model.clock and not model.axis:
            yield Finding("note", "time_unit", "time has no unit and no clock, so that '52 weeks' can't be used")
        return
    bare = [state.name for state in model.states if not state.unit]
    if bare:
        yield Finding("note", "states", f"no unit: {', '.join(bare)}")


def _conserved(model: Declaration) -> Iterator[Finding]:
    for total in conserved_totals(model):
        parts = [f"{'' if count == 1 else number_text(float(count)) + ' '}{name}" for name, count in total]
        text = " + ".join(parts).replace("+ -", "- ")
        yield Finding("note", "conserved total", f"{text} stays constant")
