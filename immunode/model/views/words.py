"""What the names of a model are called in figures and tables: labels, and short meanings where none is declared."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from immunode.model.declaration import Declaration
    from immunode.model.records import Derived, Parameter, Process, State, Switch

V = TypeVar("V")
SHORT = 44
"""Characters up to which the first clause of a meaning serves as a label."""
_NAME = re.compile(r"(?<![\w.])[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_POWER = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)[eE]\+?(-?\d+)")
_LONG = re.compile(r"(?<![\w.])\d{5,}(?![\w.])")
_MICRO = re.compile(r"\bu(?=(?:g|L|m|mol)\b)")
_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def short_meaning(meaning: str) -> str:
    """Return the first clause of a meaning without brackets, "" where it is longer than a label may be."""
    clause = re.split(r"[,;:]", re.sub(r"\s*\([^()]*\)", "", meaning))[0].strip()
    return clause if len(clause) <= SHORT else ""


def spaced(name: str) -> str:
    """Return an identifier as words: `anti_tnf.strength` gives "anti tnf, strength"."""
    return name.replace("_", " ").replace(".", ", ").strip()


def record_label(name: str, label: str, meaning: str) -> str:
    """Return what a record is called: its label, else the first clause of its meaning, else its name as words."""
    return printed(label or short_meaning(meaning)) or spaced(name)


def printed(text: str) -> str:
    """Return words of a model as they are printed: "below 150 per uL" gives "below 150 per µL"."""
    return _MICRO.sub("µ", text)


def name_labels(model: Declaration) -> dict[str, str]:
    """Return a label of every state, derived quantity, switch, process, parameter and intervention, by name."""
    rows: list[Derived | Switch | Process] = [*model.derived, *model.switches, *model.processes]
    labels = {one.name: record_label(one.name, one.label, one.meaning) for one in rows}
    labels |= _apart(model.states) | _apart([one for one in model.parameters if "." not in one.name])
    labels |= {one.name: printed(getattr(one, "label", "")) or spaced(one.name) for one in model.interventions}
    knobs = (one for one in model.parameters if "." in one.name)
    return labels | {one.name: one.label or input_label(one.name, labels) for one in knobs}


def _apart(records: Iterable[State | Parameter]) -> dict[str, str]:
    """Return labels of records; where they coincide, the whole meaning tells them apart if it is short, or the name."""
    listed = list(records)
    labels = {one.name: record_label(one.name, one.label, one.meaning) for one in listed}
    whole = {one.name: re.sub(r"\s*\([^()]*\)", "", one.meaning) for one in listed}
    often, same = Counter(labels.values()), Counter(whole.values())
    for one in listed:
        if often[labels[one.name]] > 1 and not one.label:
            clear = same[whole[one.name]] == 1 and len(whole[one.name]) <= SHORT
            labels[one.name] = whole[one.name] if clear else f"{labels[one.name]} ({spaced(one.name)})"
    return labels


def input_label(name: str, labels: Mapping[str, str]) -> str:
    """Return what an input of a run is called: a parameter, a knob such as `anti_tnf.strength`, or a start `E(0)`."""
    if name in labels:
        return labels[name]
    if name.endswith("(0)"):
        return f"{labels.get(name[:-3], spaced(name[:-3]))} at the start"
    head, dot, knob = name.rpartition(".")
    return f"{labels.get(head, spaced(head))}, {spaced(knob)}" if dot else spaced(name)


def arm_labels(model: Declaration, arms: Iterable[str]) -> dict[str, str]:
    """Return what arms are called: those named after declared interventions by their labels, others as they are.

    Two arms never get the same label; then both keep their names.
    """
    known = {one.name: printed(getattr(one, "label", "")) or spaced(one.name) for one in model.interventions}
    told = dict(model.story.arms) if model.story is not None else {}
    labels = {}
    for arm in arms:
        parts = [part.strip() for part in arm.split("+")]
        declared = arm not in told and all(part in known for part in parts)
        labels[arm] = " + ".join(known[part] for part in parts) if declared else arm
    often = Counter(labels.values())
    return {arm: label if often[label] == 1 else arm for arm, label in labels.items()}


def relabelled(model: Declaration, arms: Mapping[str, V]) -> dict[str, V]:
    """Return what belongs to arms under the labels of the arms."""
    labels = arm_labels(model, arms)
    return {labels[arm]: value for arm, value in arms.items()}


def threshold_levels(model: Declaration) -> dict[str, tuple[tuple[str, float], ...]]:
    """Return quantity -> (name, level in its unit) of the declared thresholds on it."""
    levels: dict[str, tuple[tuple[str, float], ...]] = {}
    for one in model.thresholds:
        levels[one.quantity] = (*levels.get(one.quantity, ()), (printed(one.meaning) or spaced(one.name), one.level))
    return levels


def in_words(text: str, labels: Mapping[str, str]) -> str:
    """Return an expression with labels instead of names: "T > 3e8" gives "tumor cells > 3×10⁸"."""
    text = _LONG.sub(lambda match: f"{int(match[0]):,}", text.replace("<=", "≤").replace(">=", "≥"))
    return _in_powers(_NAME.sub(lambda match: labels.get(match[0], match[0]), text))


def _in_powers(text: str) -> str:
    """Return a text with numbers as they are printed: "3e8" as "3×10⁸", "1e6" as "10⁶"."""
    said = _POWER.sub(lambda match: f"{match[1]}×10{str(int(match[2])).translate(_RAISED)}", text)
    return re.sub(r"(?<![\w.])1×10", "10", said)


def unit_notes(model: Declaration, names: Iterable[str]) -> str:
    """Return what units mean that the model made up, for those of some quantities: "unit of antigen: 10⁶ per mL"."""
    own = {unit.name: unit.meaning for unit in model.units if unit.name.endswith("_unit") and unit.meaning}
    labels = name_labels(model)
    units = {one.name: one.unit for one in model.states} | {one.name: one.unit for one in model.derived}
    notes = {}
    for name in names:
        for word in _NAME.findall(units.get(name, "")):
            if word in own and word not in notes and own[word] != labels[name]:
                said = own[word].removeprefix(f"{labels[name]}, ")
                notes[word] = f"unit of {labels[name]}: {_in_powers(said)}"
    return "; ".join(notes.values())
