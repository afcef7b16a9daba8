"""The drug library: published pharmacokinetics of typical patients and how people differ, each number with its source.

Values "via nlmixr2lib" were read from github nlmixr2/nlmixr2lib, inst/modeldb/specificDrugs, which quotes the paper's
table for each; the papers themselves were not read. Regimens are those of labels, from memory. A drug is the typical
patient's until `.covariates(...)` says another, and acts on nothing until `.inhibit`, `.stimulate` or `.add` says on
what, with a source. Only the file that holds the drug asked for is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from immunode.errors import DoseError, did_you_mean
from immunode.intervention.drugs.drug import Drug
from immunode.intervention.drugs.names import ELSEWHERE, IN_LIBRARY, brands, drug_name
from immunode.intervention.drugs.shelves import SHELVES
from immunode.model.records import pairs


@dataclass(frozen=True, slots=True)
class DrugEntry:
    """One drug of the library in a line.

    Attributes
    ----------
    klass, target, about : str
        such as "antibody", "TNF", and what it does.
    route, regimen : str
        of the usual doses.
    half_life : float | None
        terminal, of the linear part, in `time_unit`; None where nothing is lost linearly.
    source : str
        of its numbers.
    """

    name: str
    klass: str
    target: str
    about: str
    route: str
    regimen: str
    half_life: float | None
    time_unit: str
    source: str


class _Library(Mapping[str, Drug]):
    """The drugs by name; a file is read when one of its drugs is asked for."""

    def __getitem__(self, name: str) -> Drug:
        for shelf, names in SHELVES.items():
            if name in names:
                drugs: tuple[Drug, ...] = import_module(f"immunode.intervention.drugs.published.{shelf}").DRUGS
                return next(drug for drug in drugs if drug.name == name)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(IN_LIBRARY)

    def __len__(self) -> int:
        return len(IN_LIBRARY)


LIBRARY: Mapping[str, Drug] = _Library()


def drug(name: str) -> Drug:
    """Return a drug of the library, without doses or effects yet: `drug("adalimumab").dose("40 mg sc q2w")`.

    A brand, such as "Humira", will do, and so will capital letters.

    Raises
    ------
    DoseError
        the library has no such drug; the message gives the nearest names.
    """
    given: Any = name
    if not isinstance(given, str):
        raise DoseError(f"a drug's name is text such as 'adalimumab', got {given!r}")
    said, name = name, drug_name(name)
    if name in ELSEWHERE:
        sold = f" ({name})" if said.casefold() != name.casefold() else ""
        raise DoseError(f"'{said}'{sold} is not in the library of drugs: {ELSEWHERE[name]}")
    if name not in LIBRARY:
        hint = did_you_mean(name, (*IN_LIBRARY, *brands())) or "; im.treatments.list_drugs() tells what there is"
        raise DoseError(f"unknown drug '{name}'{hint}")
    return LIBRARY[name]


def list_drugs() -> tuple[DrugEntry, ...]:
    """Return the drugs of the library, sorted by target and name: class, target, usual regimen, half-life, source."""
    entries = (_entry(one) for one in LIBRARY.values())
    return tuple(sorted(entries, key=lambda entry: (entry.target.casefold(), entry.name)))


def _entry(one: Drug) -> DrugEntry:
    profile = one.profile
    assert profile is not None
    usual = next((text for _, text in pairs(profile.regimens)), "")
    half_life = one.pk.half_life if one.pk.CL else None
    about = (profile.klass, profile.target, profile.about)
    return DrugEntry(one.name, *about, one.route, usual, half_life, one.pk.time, one.source)
