"""Which properties of a model's patients are those that a drug asks for, such as the weight.

A property of the drug's patient that nobody said is the one that the model declares as a `PatientCovariate`, so that
a heavy patient is heavy for every drug. It has the same name, or one of `SYNONYMS`, and a unit that can be converted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from immunode.errors import UnitError
from immunode.intervention.expand.contribution import Draft
from immunode.intervention.pharmacokinetics.covariates import Covariate
from immunode.model.declaration import Declaration
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


def remark(drug: str, model: Declaration, covariates: Iterable[Covariate], known: Collection[str]) -> str:
    """Return what to tell of properties that nobody said and the model does not declare, "" for none."""
    missing = dict.fromkeys(_typical(c) for c in covariates if c.name not in known)
    if not missing:
        return ""
    return (
        f"{drug}: its patient is the typical one of its source ({', '.join(missing)}), since {model.name} declares no "
        "such property of its patients; .covariates(...) of the drug sets another one"
    )


def _typical(c: Covariate) -> str:
    """Return what the typical patient is in words: "weight 77 kg", "no ADA", "CYP2C9 typical"."""
    if c.group:
        return f"{c.group} typical"
    if c.reference is None:
        return f"no {c.name}"
    return f"{c.name} {c.reference:g} {c.unit}".rstrip()
