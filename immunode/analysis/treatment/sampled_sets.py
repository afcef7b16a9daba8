"""The sets of parameters over which interventions are compared: declared patients, or points around the values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from immunode.errors import StudyError
from immunode.intervention.operations import Operation
from immunode.study.arms import Arms
from immunode.study.design.declared import declared_joint, declares_patients, own_values
from immunode.study.design.design import Design, sobol
from immunode.study.design.from_tables import from_table
from immunode.study.design.ranges import space

if TYPE_CHECKING:
    from immunode.intervention import Perturbation
    from immunode.model import Model


def samples(model: Model, arms: Arms, n: int, seed: int, held: frozenset[str]) -> tuple[Design, dict[str, float]]:
    """Return sets of parameters for some arms, and the value that each of their columns has in the model.

    They are patients of the population that the model declares, with what the drugs of the arms add; where it declares
    none, Sobol points over all parameters inside their bounds, else +-30 %, without those that are `held`. Patients
    keep what is theirs also where an arm sets it: the arm takes it from everybody.

    Raises
    ------
    StudyError : there is nothing to sample.
    """
    values = {p.name: float(p.value) for p in model.parameters}
    if not declares_patients(model):
        return _without(sobol(space(model), n, seed=seed), held, model), values
    composed = list(arms.compose(model).values())
    joint = declared_joint(model, composed)
    added = {p.name: float(p.value) for one in composed for p in one.parameters}
    return joint.design(n, seed, joint.words()), {**added, **own_values(model)}


def held_parameters(model: Model, arm: Sequence[Perturbation]) -> frozenset[str]:
    """Return the parameters that points around the values would move, but that stay when an arm meets control.

    Those that the arm sets: if they were sampled, control would have a treatment of a random size. And those that are 0
    until an intervention of the model sets them: treatments, which are off in every other arm.
    """
    if declares_patients(model):
        return frozenset()
    off = {p.name for p in model.parameters if p.value == 0}
    return frozenset(((_set_by(model.interventions) & off) | _set_by(arm)) & set(space(model).names))


def with_declared(design: Design, declared: Mapping[str, float], model: Model) -> Design:
    """Return the design with the declared values as a first row.

    Raises
    ------
    StudyError : none of its columns is a parameter.
    """
    import pandas as pd

    names = [name for name in design.names if name in declared]
    if not names:
        raise StudyError(f"{model.name}: check_expectations: the design samples no parameter of the model")
    first = from_table(pd.DataFrame({name: [declared[name]] for name in names}))
    return replace(first, declared=design.declared) + design


def _set_by(interventions: Iterable[Perturbation]) -> set[str]:
    acts = (act for it in interventions for act in it.acts)
    return {act.target for act in acts if isinstance(act, Operation) and act.operator == "set_to"}


def _without(design: Design, held: frozenset[str], model: Model) -> Design:
    """Return the design without the columns that are held."""
    gone = [name for name in design.names if name in held]
    if not gone:
        return design
    kept = [j for j, name in enumerate(design.names) if name not in held]
    if not kept:
        raise StudyError(
            f"{model.name}: check_expectations: interventions set all parameters that would be sampled "
            f"({', '.join(gone)}); give design="
        )
    return replace(
        design,
        names=tuple(design.names[j] for j in kept),
        values=design.values[:, kept],
        unset=design.unset[:, kept],
    )
