"""What a library says of a drug beside its numbers: class, target, regimens, who was studied, where it is weak."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from immunode.errors import DoseError, did_you_mean
from immunode.intervention.regimens.regimen import Regimen
from immunode.model.records import Pairs, pairs
from immunode.model.serial import register


@register
@dataclass(frozen=True, slots=True)
class DrugProfile:
    """What is said of a drug on its card; no number depends on it.

    Parameters
    ----------
    klass : str
        such as "antibody" or "small molecule".
    target : str
        what it binds or blocks, such as "TNF".
    about : str
        one line for a lecture.
    typical : str
        the patient whose numbers the drug has.
    people : str
        who was studied.
    regimens : Mapping[str, str] | Pairs
        usual regimens by name, the first one being the usual one: `{"RA": "40 mg sc q2w"}`.
    warnings : tuple[str, ...] | Sequence[str]
        what a user must know before trusting it.
    left_out : tuple[str, ...] | Sequence[str]
        parts of the published model that are not in the drug.
    brands : tuple[str, ...] | Sequence[str]
        names that it is sold under, such as "Humira", by which it is found too.

    Raises
    ------
    DoseError
        a regimen can't be read.
    """

    klass: str = ""
    target: str = ""
    about: str = ""
    typical: str = ""
    people: str = ""
    regimens: Mapping[str, str] | Pairs = ()
    warnings: tuple[str, ...] | Sequence[str] = ()
    left_out: tuple[str, ...] | Sequence[str] = ()
    brands: tuple[str, ...] | Sequence[str] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "regimens", pairs(self.regimens, "regimens"))
        for label in ("warnings", "left_out", "brands"):
            object.__setattr__(self, label, tuple(getattr(self, label)))
        for _, text in pairs(self.regimens):
            Regimen.of(text)

    def regimen(self, who: str, name: str = "") -> str:
        """Return the text of a usual regimen, of the first one without a name.

        Raises
        ------
        DoseError
            there is none of that name, or none at all.
        """
        known = dict(pairs(self.regimens))
        if not known:
            raise DoseError(f"'{who}' has no usual regimen; write .dose('40 mg sc q2w')")
        if not name:
            return next(iter(known.values()))
        if name not in known:
            hint = did_you_mean(name, known) or f"; it has {', '.join(known)}"
            raise DoseError(f"'{who}' has no usual regimen '{name}'{hint}")
        return known[name]
