"""A sweep in words: what its rows stand for, and what its arms and endpoints are called."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from immunode.model.views.words import arm_labels, in_words, input_label, name_labels
from immunode.study.design.declared import listed_number
from immunode.study.design.distributions import DECLARED
from immunode.study.endpoints.endpoint import time_words
from immunode.study.endpoints.reading import KINDS, endpoint
from immunode.study.run.ready import quantity_labels

if TYPE_CHECKING:
    from immunode.model import Model
    from immunode.model.patients import Threshold

_CALL = re.compile(r"\b(\w+)\([^()]*\)")
_STATE = re.compile(r"(remission|activity)$")
"""What patients are in; other thresholds are what they have."""
_ANIMALS = {"mouse": "mice", "rat": "rats"}


def whose_rows(recipe: str, *, labelled: bool = False, species: str = "") -> str:
    """Return what the rows of a design are: "declared patients", "parameter sets, +-30 %", "parameter sets".

    Where more are drawn than the model lists, they are "draws of 58 declared patients".
    Only rows that were drawn from a population, or that a table gives labels, are called patients (or studies).

    recipe : how the design was made, in words.   labelled : whether a table brought labels of its rows.
    species : of the model; who is no human is no patient.
    """
    called = _whose_rows(recipe, labelled=labelled)
    return called if species in ("", "human") else called.replace("patients", _ANIMALS.get(species, "animals"))


def _whose_rows(recipe: str, *, labelled: bool) -> str:
    """Return what the rows of a design of human patients are."""
    sampled = re.search(r"\d (Sobol|Latin hypercube) points", recipe)
    drawn = re.search(r"\d virtual (patients|studies), seed", recipe)
    if drawn and not sampled:
        listed = listed_number(recipe)
        again = f"draws of {listed} " if listed else ""
        return f"{again}{'declared' if DECLARED in recipe else 'virtual'} {drawn[1]}"
    if not sampled:
        return "patients" if labelled else "parameter sets"
    around = dict.fromkeys(re.findall(r"\+-[\d.]+ %", recipe))
    ranges = [*around, *(["inside their bounds"] if "inside bounds" in recipe else [])]
    return "parameter sets" + (f", {' or '.join(ranges)}" if ranges else "")


@dataclass(frozen=True, slots=True)
class Words:
    """What the parts of a sweep are called in figures and tables.

    arms, endpoints : name -> label.   names : label of every quantity, parameter and knob, by name.
    """

    arms: Mapping[str, str]
    endpoints: Mapping[str, str]
    names: Mapping[str, str]


def sweep_words(
    model: Model, arms: Sequence[str], endpoints: Iterable[str], end: float, columns: Iterable[str] = ()
) -> Words:
    """Return what the parts of a sweep are called. end : of the runs, in model time.   columns : of the design."""
    names = name_labels(model) | quantity_labels(model)
    inputs = {name: input_label(name, names) for name in columns}
    return Words(arm_labels(model, arms), endpoint_phrases(endpoints, model, end), names | inputs)


def endpoint_phrases(names: Iterable[str], model: Model, end: float | None = None) -> dict[str, str]:
    """Return what endpoints are called in figures, tables and beside trials, by name: "joint damage at week 52".

    end : of the runs, in model time, where it is known. A phrase that two endpoints would share is left to neither.
    """
    labels = name_labels(model) | quantity_labels(model)
    times = _times(model, end)
    phrases = {}
    for name in names:
        one = endpoint(name)
        subject = condition_words(one.subject, model) if one.conditional else labels.get(one.subject, one.subject)
        phrases[name] = one.phrase(subject, *times)
    often = Counter(phrases.values())
    return {name: phrase if often[phrase] == 1 else name for name, phrase in phrases.items()}


def rule_in_words(rule: str, model: Model, end: float | None = None) -> str:
    """Return a condition on endpoints in words: "lesions at week 24 < 0.25*lesions at the start".

    end : of the runs, in model time, where it is known.
    """
    labels, told, done = name_labels(model), [], 0
    for found in _CALL.finditer(rule):
        if found[1] in KINDS:  # what a label says is never read as a name again
            told += [in_words(rule[done : found.start()], labels), *endpoint_phrases([found[0]], model, end).values()]
            done = found.end()
    return "".join([*told, in_words(rule[done:], labels)])


def rule_words(rule: str, model: Model, end: float | None = None) -> str:
    """Return who meets a condition on endpoints, to stand after "patients" or "share": "in remission at week 24".

    A condition that is a threshold of the model goes by that one's meaning, others by their endpoints.

    end : of the runs, in model time, where it is known.
    """
    for threshold in model.thresholds:
        for name in (found[0] for found in _CALL.finditer(rule) if found[1] in KINDS):
            same = endpoint(name).subject == threshold.quantity
            if same and "".join(threshold.on(name).split()) == "".join(rule.split()):
                # what follows a quantity is when it is looked at; of a peak or an area nothing does
                when = endpoint(name).phrase("", *_times(model, end)).rstrip()
                return threshold_words(threshold) + when * when.startswith(" ")
    return f"with {rule_in_words(rule, model, end)}"


def threshold_words(threshold: Threshold) -> str:
    """Return who meets a threshold, to stand after "patients": "in remission", "with neutropenia of grade 3"."""
    meaning = threshold.meaning or threshold.name.replace("_", " ")
    return f"{'in' if _STATE.search(meaning) else 'with'} {meaning}"


def _times(model: Model, end: float | None) -> tuple[str, str]:
    """Return when runs end, in words, and the unit of times that are numbers."""
    return time_words(end, model.axis_unit) if end is not None else "the end", model.axis_unit


def condition_words(condition: str, model: Model) -> str:
    """Return a condition with labels instead of names, after what a threshold that the model declares for it means.

    "remission (DAS28-CRP < 2.6)"; without such a threshold "tumor cells > 1e8".
    """
    words = in_words(condition, name_labels(model))
    line = next((one for one in model.thresholds if one.condition == condition), None)
    return f"{line.meaning or line.name.replace('_', ' ')} ({words})" if line is not None else words
