"""Effects of a drug written out: knobs, occupancies, and factors and terms of parameters."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from immunode.errors import ModelError, quoted
from immunode.intervention.drugs.effects import MEANINGS, SIZES, DrugEffect
from immunode.intervention.expand.contribution import Draft
from immunode.intervention.expand.kinetics import acting_concentration
from immunode.intervention.pharmacokinetics.compartments import PK
from immunode.model.records import Derived, Effect
from immunode.model.units import convert


def add_effects(draft: Draft, effects: Sequence[DrugEffect], pk: PK) -> None:
    """Add the knobs of the effects of a drug, its occupancies, and what they do to parameters."""
    name = draft.name
    often = Counter(knob for effect in effects for knob in (*SIZES[effect.operator], "hill"))
    meetings = Counter(effect.target for effect in effects)
    for effect in effects:
        plain = effect.target.replace(".", "_")
        label = f"{effect.operator}_{plain}" if meetings[effect.target] > 1 else plain
        knobs = {k: k if often[k] == 1 else f"{k}_{label}" for k in (*SIZES[effect.operator], "hill")}
        size, half, hill = _effect_knobs(draft, effect, knobs, pk)
        several = len(effects) > 1
        occupancy = f"{name}.occupancy_{label}" if several else f"{name}.occupancy"
        acting = acting_concentration(name, pk) if pk.ke0 is None else f"{name}.Ce"
        occupied = f"hill({acting}, {half}, {hill})"
        draft.derived.append(Derived(occupancy, occupied, "", f"occupancy by {name} for {effect.target}"))
        product = f"{size}*{occupancy}"
        how, value = {
            "inhibit": ("scale", f"1 - {product}"),
            "stimulate": ("scale", f"1 + {product}"),
            "add": ("add", product),
        }[effect.operator]
        draft.effects.append(Effect(effect.target, how, value, by=name))


def _effect_knobs(draft: Draft, effect: DrugEffect, knobs: Mapping[str, str], pk: PK) -> list[str]:
    """Add the knobs of an effect and return the names of its size, half-maximal concentration and steepness."""
    size_word, half_word = SIZES[effect.operator]
    unit, half = pk.concentration_unit, effect.half
    given = {
        size_word: (effect.size, draft.unit(effect.target) if effect.operator == "add" else ""),
        half_word: (_converted(draft.name, half_word, half, unit) if isinstance(half, str) else half, unit),
        "hill": (effect.hill, ""),
    }
    source = effect.source or "assumed: chosen for this model"
    evidence = effect.evidence or ("assumed" if source.startswith("assumed") else "")
    names = [
        draft.knob(
            knobs[word],
            value,
            its_unit,
            MEANINGS[word].format(target=effect.target),
            bounds=(0, 1) if word == "imax" else None,
            source=source,
            evidence=evidence,
        )
        for word, (value, its_unit) in given.items()
    ]
    draft.above_zero(*names[1:])
    if effect.operator != "add":
        draft.within(names[:1], 0, 1 if effect.operator == "inhibit" else None)
    return names


def _converted(name: str, what: str, text: str, unit: str) -> float:
    """Return a concentration written with its unit, in `unit`."""
    number, _, given = text.strip().partition(" ")
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if not value > 0 or not given:
        raise ModelError(f"'{name}': can't read {what} {quoted(text)}; write a number in {unit} or e.g. '0.5 {unit}'")
    return convert(value, given.strip(), unit)
