"""What the page knows about a model: plain data for JSON, and beside it the programs as JavaScript."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from immunode.app.bench import BEYOND, Bench, Placed, set_up
from immunode.app.cohort import declared_patients
from immunode.app.doses import free_doses
from immunode.app.picture import scenes, targets
from immunode.app.published import thresholds, trial_points, trial_shares
from immunode.catalogue import UnknownModelError, find_model, list_models, load_model
from immunode.errors import ModelError, did_you_mean
from immunode.intervention import card
from immunode.language.expression import names, parse, parse_arrow
from immunode.model.story import Story
from immunode.plot.kit.text import pretty_unit, printed
from immunode.plot.kit.time_axes import clock
from immunode.program.javascript import javascript_source
from immunode.study.log_axes import COUNTED, FALL, FOUND, axis_kinds
from immunode.study.stories import find_story

if TYPE_CHECKING:
    from immunode.model import Model

Data = dict[str, Any]
LONGEST_WORD = 48
"""Letters of a meaning up to which the page shows it whole as the name of a quantity."""


@dataclass(frozen=True, slots=True)
class Lab:
    """A model in the page.

    scenarios : ready to be opened, as in `scenarios.json`.
    data : what JSON holds.   program, rest : JavaScript expressions; `rest` is "null" where runs begin as declared.
    """

    data: Data
    program: str
    rest: str
    scenarios: tuple[Data, ...] = ()


def make_lab(model: Model, *, call: str = "", on: Iterable[str] = (), with_story: bool = False) -> Lab:
    """Return the lab of a model.

    call : Python that loads this very model; the page's Python code begins with it. By default from its name and from
        what differs from the catalogue's model of that name.
    on : names of declared interventions that are on when the page opens.
    with_story : whether the treated arms of its story are ready to be opened, up to the end of the story.

    Raises
    ------
    ModelError : the page can't run it, see `set_up`, or has no intervention of a name in `on`.
    """
    story = find_story(model) if with_story else None
    if story is not None and story.until:
        model = model.replace(horizon=story.until)
    bench = set_up(model)
    data = _describe(bench)
    known = [placed.declared.name for placed in bench.placed]
    for name in on:
        if name not in known:
            raise ModelError(f"{model.name}: the page has no intervention '{name}'{did_you_mean(name, known)}")
    data["call"] = call or _call(model)
    data["control"] = "" if story is None else _name_of_control(story)
    data["on"] = list(on)
    data["logarithmic"] = [] if story is None else list(story.logarithmic)
    rest = javascript_source(bench.rest) if bench.rest else "null"
    labels = {placed.declared.name: printed(getattr(placed.declared, "label", "")) for placed in bench.placed}
    scenarios = () if story is None else _story_scenarios(model, story, labels)
    return Lab(data, javascript_source(bench.program), rest, scenarios)


_PLAIN = ("control", "untreated", "baseline")


def _name_of_control(story: Story) -> str:
    """Return what a story calls its arm without interventions, "" where that says nothing more."""
    return next((arm for arm, text in dict(story.arms).items() if not text.strip() and arm not in _PLAIN), "")


def _story_scenarios(model: Model, story: Story, labels: dict[str, str]) -> tuple[Data, ...]:
    """Return a scenario for each treated arm of a story whose interventions the page has.

    labels : of the interventions that the page has; an arm that has no name of its own is called by them.
    """
    scenarios: list[Data] = []
    for arm, text in dict(story.arms).items():
        names = [name.strip() for name in text.split("+") if name.strip()]
        if not names or not set(names) <= labels.keys():
            continue
        scenarios.append(
            {
                "id": f"story{len(scenarios) + 1}",
                "model": model.name,
                "variant": model.variant_name,
                "on": {name: {} for name in names},
                "show": list(story.panels),
                "title": {"en": " + ".join(labels[n] or n.replace("_", " ") for n in names) if arm in text else arm},
                "story": {"en": "" if story.sentence == model.heading else story.sentence},
            }
        )
    return tuple(scenarios)


def load_lab(name: str, variant: str = "", on: Iterable[str] = (), with_story: bool = False) -> Lab:
    """Return the lab of a model that is loaded by name, alias or path.

    on, with_story : as in `make_lab`.

    Raises
    ------
    ModelError : there is no such model, or the page can't run it, or has no intervention of a name in `on`.
    """
    chosen = f", variant={variant!a}" if variant else ""
    model, call = load_model(name, variant or None), f"im.load_model({Path(name).name!a}{chosen})"
    return make_lab(model, call=call, on=on, with_story=with_story)


def _call(model: Model) -> str:
    """Return Python that makes this model from the catalogue's of the same name, or from a file of that name."""
    try:
        # a name from a file may look like a path, and a .py file is executed: it counts in the catalogue only
        find_model(model.name)
    except UnknownModelError:
        return f"im.load_model({model.name + '.json'!a})  # or the file that you keep it in"
    base = load_model(model.name, "")
    variant = model.variant_name if model.variant_name in {v.name for v in base.variants} else ""
    base = base.variant(variant) if variant else base
    text = f"im.load_model({model.name!a}{f', variant={variant!a}' if variant else ''})"
    before, starts = {p.name: p.value for p in base.parameters}, {s.name: s.initial for s in base.states}
    values = {p.name: p.value for p in model.parameters if p.name in before and p.value != before[p.name]}
    initial = {s.name: s.initial for s in model.states if s.name in starts and s.initial != starts[s.name]}
    text += f".with_values({values!a})" if values else ""
    return text + (f".with_initial({initial!a})" if initial else "")


def _describe(bench: Bench) -> Data:
    model, composed, program = bench.model, bench.composed, bench.program
    owners = {knob.name: placed for placed in bench.placed for knob in placed.knobs}
    applied = {placed.declared.name for placed in bench.placed}
    own_states = {s.name for s in model.states}
    numbers = {s.name: s for s in composed.states}
    derived = {d.name: d for d in composed.derived}
    rates = {p.name: p for p in composed.processes}
    axes = axis_kinds(composed, program.quantities)
    quantities = []
    for name in program.quantities:
        record = numbers.get(name) or derived.get(name) or rates.get(name)
        kind = "state" if name in numbers else "flux" if name in rates else "derived"
        if name in program.states and kind != "state":
            kind = "delayed"  # a row that the engine fills; nobody chooses it
        unit = getattr(record, "unit", "")
        owned = name.partition(".")[0] in applied  # what an intervention put in is named by its own words
        meaning, label = getattr(record, "meaning", ""), getattr(record, "label", "")
        told = {
            "name": name,
            "meaning": printed(meaning),
            "label": printed(label or ("" if owned else _clause(meaning))),
        }
        told["decades"] = axes[name]
        if kind == "derived" and name in derived:
            told["of"] = _first_state(
                derived[name].expression, {d.name: d.expression for d in composed.derived}, numbers
            )
        quantities.append({**told, "unit": "" if unit in ("", "1") else pretty_unit(unit), "kind": kind})
    return {
        "id": model.name,
        "title": (model.title or model.name) + (f" ({model.variant_name})" if model.variant_name else ""),
        "heading": model.heading,
        "system": model.system,
        "status": model.status,
        "reference": model.reference,
        "limits": _limits(model),
        "timeUnit": model.time_unit or model.clock,
        "timeIsScaled": not model.time_unit,
        "axis": model.axis,
        "clock": _clock(model),
        "decades": {"counted": COUNTED, "other": FOUND, "most": FALL},
        "horizon": float(model.horizon),
        "beyond": BEYOND * float(model.horizon),
        "readouts": [r for r in model.readouts if r in program.quantities] or [model.states[0].name],
        "quantities": quantities,
        "states": [{"name": s.name, "kind": s.kind, "own": s.name in own_states} for s in composed.states],
        "parameters": [_parameter(p, owners) for p in composed.parameters],
        "processes": [_process(p, composed) for p in composed.processes],
        "interventions": [_intervention(placed, bench) for placed in bench.placed],
        "leftOut": [{"name": name, "reason": reason} for name, reason in bench.left_out],
        "switchNames": list(program.parameters[len(program.values) :]),
        "breakOwners": [_owner(b.name, b.changes, bench, applied) for b in program.breaks],
        "typical": list(program.typical),
        "breakStates": [[c.index for c in b.changes if c.kind == "state"] for b in program.breaks],
        "cohort": declared_patients(bench),
        "depots": _depots(bench),
        "scenes": scenes(bench),
        "targets": targets(bench),
        "thresholds": thresholds(model),
        "trials": trial_points(bench),
        "shares": trial_shares(bench),
        "requirements": [message for _, message in program.requirements],
        "initial": None,
        "restRows": _rest_rows(bench),
    }


def _first_state(expression: str, inside: dict[str, str], states: dict[str, Any]) -> str:
    """Return the first state that a derived quantity rests on, drugs last: what explains the one explains the other."""
    looked = _reached(names(parse(expression)), inside)
    return next(iter(sorted((n for n in states if n in looked), key=lambda n: states[n].kind == "drug")), "")


def _clause(meaning: str) -> str:
    """Return the first clause of a meaning that is too long for a heading, "" where the whole meaning fits."""
    return "" if len(meaning) <= LONGEST_WORD else re.split(r" \(|[,;:]", meaning)[0].strip()


def _clock(model: Model) -> Data:
    """Return how times are shown: the factor on times of the model and the unit, "" in a dimensionless model."""
    if model.axis:
        return {"factor": 1.0, "unit": ""}
    shown = clock(float(model.horizon), model.time_unit)
    return {"factor": shown.factor, "unit": shown.unit}


def _depots(bench: Bench) -> list[int]:
    """Return the rows of states that receive doses and act on others by what flows out of them only."""
    program = bench.program
    row = {name: i for i, name in enumerate(program.states)}
    reached: dict[int, set[int]] = {c.index: set() for b in program.breaks for c in b.changes if c.kind == "state"}
    for process in bench.composed.processes:
        taken, products = parse_arrow(process.arrow)
        for name, _ in taken:
            reached.get(row[name], set()).update(row[other] for other, _ in products)
    seen = {i: {r for r, column, _ in program.jacobian if column == i} for i in reached}
    return [i for i in sorted(reached) if reached[i] and seen[i] <= reached[i] | {i}]


def _limits(model: Model) -> list[str]:
    """Return what the reader must know before believing a curve."""
    assumed = sum(p.evidence == "assumed" for p in model.parameters)
    paragraphs = [" ".join(part.split()) for part in _story(model).split("\n\n") if part.strip()]
    note = f"{assumed} of {len(model.parameters)} parameters are assumed" if model.parameters else ""
    return [part for part in (note, *paragraphs, *model.remarks) if part]


def _story(model: Model) -> str:
    """Return what the model says about itself, or what the file says that it came from in the catalogue."""
    if model.description:
        return model.description
    paths = [entry.path for entry in list_models() if entry.name == model.name]
    return (ast.get_docstring(ast.parse(paths[0].read_text("utf-8"))) or "") if paths else ""


def _parameter(parameter: Any, owners: dict[str, Placed]) -> Data:
    data: Data = {
        "name": parameter.name,
        "value": float(parameter.value),
        "unit": parameter.unit,
        "meaning": parameter.meaning,
        "source": parameter.source,
        "evidence": parameter.evidence,
    }
    if parameter.bounds is not None:
        data["bounds"] = [float(b) for b in parameter.bounds]
    placed = owners.get(parameter.name)
    if placed is not None:
        data["owner"] = placed.declared.name
        data["full"] = next(float(k.value) for k in placed.knobs if k.name == parameter.name)
    return data


def _process(process: Any, composed: Model) -> Data:
    taken, products = parse_arrow(process.arrow)
    states = {s.name for s in composed.states}
    inside = {d.name: d.expression for d in composed.derived}
    volumes = {c.name: c.volume for c in composed.compartments}
    divisors = {}
    for name, _ in (*taken, *products):
        state = next(s for s in composed.states if s.name == name)
        size = volumes.get(state.compartment, 1.0) if state.compartment and not state.amount else 1.0
        divisors[name] = float(size) if not isinstance(size, str) else size
    looked = _reached(names(parse(process.rate)), inside) & states
    return {
        "name": process.name,
        "meaning": process.meaning,
        "rate": process.rate,
        "taken": [[name, float(count)] for name, count in taken],
        "made": [[name, float(count)] for name, count in products],
        "modifiers": sorted(looked - {name for name, _ in taken}),
        "volumes": divisors,
    }


def _reached(names_used: Iterable[str], inside: dict[str, str]) -> set[str]:
    """Return all names that an expression needs, through derived quantities."""
    todo, seen = list(names_used), set()
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        if name in inside:
            todo += names(parse(inside[name]))
    return seen


def _intervention(placed: Placed, bench: Bench) -> Data:
    shown = card(placed.declared, bench.model)
    knobs = [k.name for k in placed.knobs]
    return {
        "name": placed.declared.name,
        "label": printed(getattr(placed.declared, "label", "")),
        "labels": shown.labels,
        "rows": [list(row) for row in shown.rows],
        "changes": [list(row) for row in shown.changes],
        "knobs": knobs,
        "windowed": placed.windowed,
        "doses": free_doses(bench, placed),
    }


def _owner(name: str, changes: Any, bench: Bench, applied: set[str]) -> str:
    """Return the intervention whose event this is, if it can be left out while that has no strength, else ""."""
    owner = name.partition(".")[0]
    if owner in applied:
        return owner
    rows = {bench.program.parameters[c.index] if c.kind == "parameter" else "" for c in changes}
    owners = {row.partition(".")[0] for row in rows}
    return owners.pop() if len(owners) == 1 and owners <= applied else ""


def _rest_rows(bench: Bench) -> Data | None:
    if bench.rest is None:
        return None
    parameters = {p.name: i for i, p in enumerate(bench.composed.parameters)}
    states = {s.name: i for i, s in enumerate(bench.composed.states)}
    n_values = len(bench.rest.values)
    if any(name not in parameters for name in bench.rest.parameters[:n_values]):
        raise ModelError(f"{bench.model.name}: its rest needs a value that the model with interventions has not")
    return {
        "values": [parameters[name] for name in bench.rest.parameters[:n_values]],
        "states": [states[name] for name in bench.rest.states],
    }
