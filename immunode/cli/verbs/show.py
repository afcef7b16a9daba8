"""Show one model: reference, states, parameters with sources, equations, interventions, patients; or one drug."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from immunode.catalogue import UnknownModelError, list_models
from immunode.cli import options
from immunode.cli.output import UsageError, console, load, number, print_json
from immunode.errors import did_you_mean, nearest
from immunode.intervention import LIBRARY, card, drug
from immunode.intervention.drugs.names import ELSEWHERE, brands, drug_name
from immunode.intervention.drugs.tables import drug_facts, drug_tables
from immunode.model.records import pairs
from immunode.model.serial import to_json
from immunode.model.views.patients import patient_tables

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from immunode.intervention import Drug
    from immunode.model import Event, Model


def command(name: options.ModelOrDrug, variant: options.Variant = "", as_json: options.Json = False) -> None:
    """Print one model, or one drug where no model has its name, or the JSON of it."""
    try:
        model = load(name, variant)
    except UsageError as error:
        if isinstance(error.__cause__, UnknownModelError):
            _show_drug(_drug(name, error), as_json)
            return
        raise
    if as_json:
        print_json(json.loads(model.to_json()))
        return
    screen = console()
    _heading(screen, model)
    _states(screen, model)
    _parameters(screen, model)
    _fluxes(screen, model)
    _text(screen, "Equations", model.equations())
    if model.remarks:
        _text(screen, "Remarks on the file", "\n".join(model.remarks))
    _interventions(screen, model)
    _variants(screen, model)
    _patients(screen, model)


def _drug(name: str, no_model: UsageError) -> Drug:
    """Return the drug that a name stands for, which is that of no model.

    Raises
    ------
    UsageError : it is no drug either; where it is like the name of one, the message says which.
    """
    meant = drug_name(name)
    if meant in LIBRARY:
        return drug(meant)
    if meant in ELSEWHERE:
        sold = f" ({meant})" if meant.casefold() != name.casefold() else ""
        raise UsageError(f"no model is named '{name}'{sold}, and no drug of the library: {ELSEWHERE[meant]}")
    drugs = [*LIBRARY, *brands()]
    if not nearest(name, drugs):
        raise no_model
    known = [*(entry.name for entry in list_models()), *drugs]
    raise UsageError(f"no model or drug is named '{name}'{did_you_mean(name, known)}")


def _show_drug(chosen: Drug, as_json: bool) -> None:
    if as_json:
        print_json(json.loads(to_json(chosen)))
        return
    from rich.text import Text

    screen = console()
    screen.print(Text.assemble((chosen.name, "bold"), "  drug"))
    for word, text in drug_facts(chosen):
        screen.print(Text.assemble((f"{word:14}", "dim"), f" {text}"), soft_wrap=True)
    for shown in drug_tables(chosen):
        _table(screen, shown.heading, shown.columns, shown.rows)


def _heading(screen: Console, model: Model) -> None:
    from rich.text import Text

    screen.print(Text.assemble((model.label, "bold"), f"  {model.title}"))
    unit = model.time_unit or ("dimensionless" + (f", 1 stands for {model.clock}" if model.clock else ""))
    unit = f"none, runs go along the {model.axis}" if model.axis else unit
    facts = [
        ("reference", model.reference),
        ("system", model.system),
        ("species", model.species),
        ("status", model.status),
        ("a run is", "a study, not a patient" if model.level == "study" else ""),
        (
            "also known as",
            ", ".join(alias + (f" (variant {variant})" if variant else "") for alias, variant in pairs(model.aliases)),
        ),
        ("time", f"{unit}; a simulation ends at {number(model.horizon)}"),
        ("steps", f"of at most {number(model.max_step)}" if model.max_step else ""),
        ("starts", "where the untreated model comes to rest" if model.start == "steady state" else ""),
        ("look first at", ", ".join(model.readouts)),
    ]
    for key, value in facts:
        if value:
            screen.print(Text.assemble((f"{key:14}", "dim"), f" {value}"))
    if model.description:
        screen.print()
        screen.print(model.description.strip())


def _states(screen: Console, model: Model) -> None:
    rows = [(s.name, _value(s.initial), s.unit, s.meaning, s.source) for s in model.states]
    _table(screen, "States", ("name", "initial", "unit", "meaning", "source"), rows)


def _parameters(screen: Console, model: Model) -> None:
    rows = [
        (p.name, _value(p.value), p.unit, p.meaning, p.source, p.evidence, _bounds(p.bounds)) for p in model.parameters
    ]
    _table(screen, "Parameters", ("name", "value", "unit", "meaning", "source", "evidence", "bounds"), rows)


def _fluxes(screen: Console, model: Model) -> None:
    rows = [(p.name, p.arrow, p.rate, p.meaning) for p in model.processes]
    _table(screen, "Processes", ("name", "moves", "rate", "meaning"), rows)
    rows = [(d.name, d.expression, d.unit, d.meaning) for d in model.derived]
    _table(screen, "Derived quantities", ("name", "is", "unit", "meaning"), rows)
    rows = [(e.name, _moment(e), e.changes_text(), e.meaning) for e in model.events]
    _table(screen, "Events", ("name", "when", "changes", "meaning"), rows)


def _moment(event: Event) -> str:
    """Return when an event happens, in words."""
    words = [event.when or f"at {event.at}"]
    if event.every is not None:
        words.append(f"every {event.every}, {event.count} times")
    if str(event.delay) not in ("0", "0.0"):
        words.append(f"delay {event.delay}" + ", with values of then" * (not event.from_trigger))
    if event.priority:
        words.append(f"priority {event.priority}")
    if not event.persistent:
        words.append("called off where the condition ends before")
    if not event.initially:
        words.append("at the start too")
    return "; ".join(words)


def _interventions(screen: Console, model: Model) -> None:
    if model.interventions:
        screen.print()
        screen.print("Interventions (arms)", style="bold italic")
    for item in model.interventions:
        screen.print()
        screen.print(card(item))


def _variants(screen: Console, model: Model) -> None:
    rows = []
    for variant in model.variants:
        values = [f"{name} = {_value(value)}" for name, value in pairs(variant.values)]
        starts = [f"{name}(0) = {_value(value)}" for name, value in pairs(variant.initial)]
        starts += ["at rest"] if variant.start == "steady state" else []
        rows.append((variant.name, ", ".join(values + starts), variant.note, variant.source))
    _table(screen, "Variants", ("name", "values", "note", "source"), rows)


def _patients(screen: Console, model: Model) -> None:
    """Print who the patients are, how they are measured, the story and the trials."""
    for shown in patient_tables(model):
        _table(screen, shown.heading, shown.columns, shown.rows)
        if shown.note:
            screen.print(shown.note, soft_wrap=True)


def _table(screen: Console, title: str, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table without its empty columns; nothing without rows."""
    rows = [tuple(row) for row in rows]
    if not rows:
        return
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table: Table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    used = [i for i in range(len(headings)) if any(row[i] for row in rows)]
    for i in used:
        right = headings[i] in ("value", "initial")
        table.add_column(
            headings[i], justify="right" if right else "left", overflow="fold", no_wrap=headings[i] == "name"
        )
    for row in rows:
        table.add_row(*(Text(row[i]) for i in used))
    screen.print()
    screen.print(table)


def _text(screen: Console, title: str, text: str) -> None:
    screen.print()
    screen.print(title, style="bold italic")
    screen.print(text, soft_wrap=True)


def _value(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.6g}"


def _bounds(bounds: tuple[float, float] | None) -> str:
    return "" if bounds is None else f"{number(bounds[0])} to {number(bounds[1])}"
