"""What is doubtful about a model that can be made: a report, to be read before its results are."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from typing import Any

from immunode.language.evaluation import evaluate
from immunode.language.expression import Expression, names, number_text, parse, parse_arrow
from immunode.model.declaration import Event, Model, State, pairs
from immunode.model.derived_values import quantities
from immunode.model.narrow_pulses import described, narrow_pulses, rounded_down
from immunode.model.start_ranges import bad_starts

_SAMPLES = 64


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know. severity : "error", "warning" or "note"; where : `"process 'killing'"`."""

    severity: str
    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.severity}: {self.where}: {self.message}"


@dataclass(frozen=True, slots=True)
class Report:
    """What `check` found in the model called `name`, the gravest first. variant : of the model, "" for none."""

    name: str
    findings: tuple[Finding, ...]
    variant: str = ""

    @property
    def ok(self) -> bool:
        """Whether there is nothing but notes."""
        return all(finding.severity == "note" for finding in self.findings)

    def __str__(self) -> str:
        counts = [(s, sum(f.severity == s for f in self.findings)) for s in ("error", "warning", "note")]
        said = ", ".join(f"{n} {severity}{'s' * (n > 1)}" for severity, n in counts if n) or "nothing to report"
        label = self.name + (f", variant {self.variant}" if self.variant else "")
        return "\n".join([f"{label}: names and units fit; {said}", *(f"  {finding}" for finding in self.findings)])

    def __repr__(self) -> str:
        return str(self)


def check(model: Model) -> Report:
    """Return a report on a model: starts, signs at zero, unused names, missing sources and units, conserved totals,
    and interventions that don't fit it.

    That names are known and units fit is certain already: a model that fails there can't be made.
    """
    found = [
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
    return Report(model.name, tuple(sorted(found, key=lambda finding: order[finding.severity])), model.variant_name)


def _interventions(model: Model) -> Iterator[Finding]:
    """Find interventions that can't be applied to the model that declares them."""
    if not model.interventions:
        return
    # the model's layer imports none of those above it
    unfit = import_module("immunode.intervention.compose").unfit
    for name, why in unfit(model):
        yield Finding("error", f"intervention '{name}'", why)


def _pulses(model: Model) -> Iterator[Finding]:
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


def net_counts(model: Model) -> list[dict[str, float]]:
    """Return for each process how many of each state it makes (above 0) or takes (below 0)."""
    result = []
    for process in model.processes:
        net: dict[str, float] = {}
        for sign, side in zip((-1, 1), parse_arrow(process.arrow), strict=True):
            for name, count in side:
                net[name] = net.get(name, 0.0) + sign * count
        result.append({name: count for name, count in net.items() if count})
    return result


def _starts(model: Model) -> Iterator[Finding]:
    """Find what starts negative or not finite, in the model and its variants, within the ranges of its parameters."""
    told: set[tuple[str, str]] = set()
    for variant in ("", *(v.name for v in model.variants)):
        for bad in bad_starts(model.variant(variant) if variant else model):
            if (bad.name, bad.how) in told:
                continue
            told.add((bad.name, bad.how))
            where = f"{bad.what} '{bad.name}'" + (f", variant '{variant}'" if variant else "")
            yield Finding("error" if bad.declared and bad.what == "state" else "warning", where, str(bad))


def _signs(model: Model) -> Iterator[Finding]:
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


def _sign_of(model: Model, state: State, processes: list[str], terms: list[Any]) -> Iterator[Finding]:
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


def _used(model: Model) -> set[str]:
    texts: list[Any] = [process.rate for process in model.processes]
    texts += [derived.expression for derived in model.derived]
    texts += [state.initial for state in model.states]
    texts += [switch.initial for switch in model.switches]
    texts += [compartment.volume for compartment in model.compartments]
    texts += [text for effect in model.effects for text in (effect.value, effect.weight)]
    texts += [requirement.condition for requirement in model.requirements]
    texts += [value for variant in model.variants for _, value in pairs(variant.initial)]
    for event in model.events:
        texts += _event_texts(event)
    return {name for text in texts if isinstance(text, str) and text for name in names(parse(text))}


def _event_texts(event: Event) -> list[Any]:
    said = [event.at, event.every, event.count, event.when, event.delay, event.priority]
    return [*said, *(text for _, text in (*pairs(event.changes), *pairs(event.sizes)))]


def _unused(model: Model) -> Iterator[Finding]:
    used = _used(model)
    for kind, records in (("parameter", model.parameters), ("switch", model.switches)):
        for record in records:
            if record.name not in used:
                yield Finding("warning", f"{kind} '{record.name}'", "nothing uses it")
    moved = {name for net in net_counts(model) for name in net}
    changed = {name for event in model.events for name, _ in pairs(event.changes)}
    for state in model.states:
        if state.name not in moved | changed:
            yield Finding("warning", f"state '{state.name}'", "no process or event changes it; make it a parameter")
    lived = {state.compartment for state in model.states}
    for compartment in model.compartments:
        if compartment.name not in lived:
            yield Finding("warning", f"compartment '{compartment.name}'", "no state lives in it")


def _idle(model: Model) -> Iterator[Finding]:
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


def _sources(model: Model) -> Iterator[Finding]:
    missing = [p.name for p in model.parameters if not p.source.strip()]
    if missing:
        message = f"no source: {', '.join(missing)} (give source=, or 'assumed: why')"
        yield Finding("warning", "parameters", message)
    if not model.reference and model.status == "published":
        yield Finding("warning", "reference", "a published model needs one")


def _units(model: Model) -> Iterator[Finding]:
    if not model.time_unit:
        if not model.clock:
            yield Finding("note", "time_unit", "time has no unit and no clock, so that '52 weeks' can't be used")
        return
    bare = [state.name for state in model.states if not state.unit]
    if bare:
        yield Finding("note", "states", f"no unit: {', '.join(bare)}")


def _conserved(model: Model) -> Iterator[Finding]:
    for total in conserved_totals(model):
        parts = [f"{'' if count == 1 else number_text(float(count)) + ' '}{name}" for name, count in total]
        text = " + ".join(parts).replace("+ -", "- ")
        yield Finding("note", "conserved total", f"{text} stays constant")


def conserved_totals(model: Model, among: Collection[str] | None = None) -> list[tuple[tuple[str, Fraction], ...]]:
    """Return a basis of the sums of states that no process changes, each as pairs of state and whole coefficient.

    For concentrations in compartments the sums are of amounts. Events may change the sums. States that no process
    moves are left out.
    among : names of the states that the sums may hold; default all.
    """
    counts = net_counts(model)
    allowed = [s.name for s in model.states if among is None or s.name in among]
    states = [name for name in allowed if any(name in net for net in counts)]
    rows = [[Fraction(net.get(name, 0.0)).limit_denominator(10**6) for name in states] for net in counts]
    return [
        tuple((name, value) for name, value in zip(states, vector, strict=True) if value)
        for vector in _null_space(rows, len(states))
    ]


def _null_space(rows: list[list[Fraction]], width: int) -> list[list[Fraction]]:
    """Return a basis of the vectors that are orthogonal to all rows, exactly, in whole numbers."""
    rows = [row[:] for row in rows]
    pivots: list[int] = []
    for column in range(width):
        found = next((r for r in range(len(pivots), len(rows)) if rows[r][column]), None)
        if found is None:
            continue
        target = len(pivots)
        rows[target], rows[found] = rows[found], rows[target]
        head = rows[target][column]
        rows[target] = [value / head for value in rows[target]]
        for r, row in enumerate(rows):
            if r != target and row[column]:
                factor = row[column]
                rows[r] = [a - factor * b for a, b in zip(row, rows[target], strict=True)]
        pivots.append(column)
    basis = []
    for free in (column for column in range(width) if column not in pivots):
        vector = [Fraction(0)] * width
        vector[free] = Fraction(1)
        for r, pivot in enumerate(pivots):
            vector[pivot] = -rows[r][free]
        scale = Fraction(1)
        for value in vector:
            scale = scale * (value * scale).denominator
        sign = 1 if next(value for value in vector if value) > 0 else -1
        basis.append([value * scale * sign for value in vector])
    return basis
