"""What an intervention is looked at beside: nothing, another intervention, or a variant of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from immunode.errors import StudyError, did_you_mean

if TYPE_CHECKING:
    from immunode.intervention import Perturbation
    from immunode.model import Model


def company(model: Model, it: Perturbation | str) -> tuple[str, tuple[Perturbation, ...]]:
    """Return the variant ("" for the model as it is) and the interventions that `it` is declared to act beside.

    Raises
    ------
    StudyError : it names neither another intervention nor a variant of the model.
    """
    declared = {other.name: other for other in model.interventions}
    record = declared.get(it, it) if isinstance(it, str) else it
    beside = "" if isinstance(record, str) else record.beside
    if not beside:
        return "", ()
    if beside in declared and declared[beside] is not record:
        return "", (declared[beside],)
    variants = [variant.name for variant in model.variants]
    if beside in variants:
        return beside, ()
    hint = did_you_mean(beside, [*declared, *variants])
    name = getattr(record, "name", record)
    raise StudyError(f"{model.name}: '{name}' acts beside '{beside}', which is no intervention and no variant{hint}")
