"""Which properties of a model's patients are those that a drug asks for, such as the weight.

A property of the drug's patient that nobody said is the one that the model declares as a `PatientCovariate`, so that
a heavy patient is heavy for every drug. It has the same name, or one of `SYNONYMS`, and a unit that can be converted.
What somebody says goes before it, for doses and kinetics alike.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from immunode.errors import UnitError
from immunode.intervention.expand.contribution import Draft
from immunode.intervention.pharmacokinetics.covariates import Covariate, Patient
from immunode.model.units import convert

SYNONYMS = {
    "weight": ("WT", "body_weight"),
    "age": ("AGE",),
    "albumin": ("ALB",),
    "CrCl": ("CRCL",),
    "lean_mass": ("LBM",),
    "fat_free_mass": ("FFM",),
}
"""Other names that a property has in models."""
OPPOSITE = {"male": "female", "female": "male"}
OF_THE_DRUG = ("ADA", "ADA_titer")
"""Antibodies are against one drug, and those against another one are another property."""

SIZES = (Covariate("weight", (), 70.0, "kg"), Covariate("BSA", (), 1.8, "m**2"))
"""What doses may be by, also where the kinetics do not depend on it."""


def said_of(
    sizes: Mapping[str, float | None], patient: Iterable[tuple[str, float]], unsaid: Collection[str]
) -> set[str]:
    """Return the properties of a drug's patient that somebody said. unsaid : those filled in from the typical one."""
    named = {word for word, value in sizes.items() if value is not None} | {word for word, _ in patient}
    return named - set(unsaid)


def properties(draft: Draft, covariates: Iterable[Covariate], said: Collection[str]) -> dict[str, str]:
    """Return what the model's patient has, covariate -> text in its unit; of what was `said`, nothing.

    Properties that other drugs brought along are not the model's; those of its parts are (`join`). A factor between two
    units becomes a fixed knob.
    """
    model = draft.model
    units = {p.name: p.unit for p in model.parameters}
    declared: dict[str, str] = {}
    for one in model.covariates:
        part, _, last = one.parameter.rpartition(".")
        if part not in model.applied:
            declared.setdefault(last, one.parameter)
    known: dict[str, str] = {}
    for c in covariates:
        if c.name in said or c.name in OF_THE_DRUG:
            continue
        for name in (c.name, *SYNONYMS.get(c.name, ())):
            full = declared.get(name, "")
            if full and c.name not in known and (text := _converted(draft, full, units[full], c)):
                known[c.name] = text
        other = OPPOSITE.get(c.name, "")
        if other in declared and c.name not in known and c.reference is None:
            known[c.name] = f"(1 - {declared[other]})"
    return known


def _converted(draft: Draft, name: str, unit: str, c: Covariate) -> str:
    """Return a property as text in the unit of the covariate, "" where it has none that fits."""
    if c.reference is None or unit == c.unit:
        return name if unit == c.unit else ""
    try:
        factor = convert(1.0, unit, c.unit) if unit and c.unit else 0.0
    except UnitError:
        return ""
    if not factor:
        return ""
    meaning = f"{name} of the model in the unit of the drug"
    unit = f"({c.unit})/({unit})"
    return f"{draft.knob(f'{c.name}_of_the_model', factor, unit, meaning, bounds=(factor, factor))}*{name}"


def values_used(
    covariates: Iterable[Covariate], patient: Patient | None, sizes: Mapping[str, float | None]
) -> Patient | None:
    """Return the values of covariates with the sizes of the patient among them, so that kinetics follow these too.

    patient : what `covariates` wrote; None for none.   sizes : those that were said, or that doses are by.
    """
    known = {c.name for c in covariates}
    given = {word: value for word, value in sizes.items() if word in known and value is not None}
    return tuple({**dict(patient or ()), **given}.items()) if given else patient


def remarks(
    draft: Draft,
    covariates: Iterable[Covariate],
    sizes: Mapping[str, float | None],
    by: Collection[str],
    said: Collection[str],
    linked: Mapping[str, str],
) -> list[str]:
    """Return what to tell of a drug's patient: whose size it is, and what is the typical patient's.

    by : sizes that doses are by.   said : what somebody said.   linked : what the model's patient has.
    """
    drug, model, told = draft.name, draft.model.name, []
    known = list(covariates)
    kinetic = {c.name for c in known}
    for size in SIZES:
        word, value = size.name, sizes[size.name]
        what = " and ".join(["doses"] * (word in by) + ["kinetics"] * (word in kinetic))
        if word in linked and word in by:
            told.append(f"{drug}: its {what} follow the {word} of the patient of {model}")
        elif word in said and value is not None and what:
            told.append(f"{drug}: its {what} are those of {_typical(size, value)}, as stated, in every patient")
        elif word in by and word not in kinetic:
            told.append(f"{drug}: its doses are those of {_typical(size, value)}, the typical patient of its source")
    missing = dict.fromkeys(_typical(c) for c in known if c.name not in linked and c.name not in said)
    if missing:
        told.append(
            f"{drug}: its patient is the typical one of its source ({', '.join(missing)}), since {model} declares no "
            "such property of its patients; .covariates(...) of the drug sets another one"
        )
    return told


def _typical(c: Covariate, value: float | None = None) -> str:
    """Return what the typical patient is in words: "weight 77 kg", "no ADA", "CYP2C9 typical"."""
    if c.group:
        return f"{c.group} typical"
    if c.reference is None:
        return f"no {c.name}"
    return f"{c.name} {c.reference if value is None else value:g} {c.unit.replace('**', '')}".rstrip()
