"""The drug library: published pharmacokinetics of typical patients and how people differ, each number with its source.

Values "via nlmixr2lib" were read from github nlmixr2/nlmixr2lib, inst/modeldb/specificDrugs, which quotes the paper's
table for each; the papers themselves were not read. Regimens are those of labels, from memory. A drug is the typical
patient's until `.covariates(...)` says another, and acts on nothing until `.inhibit`, `.stimulate` or `.add` says on
what, with a source. Only the file that holds the drug asked for is read.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

from immunode.errors import DoseError, did_you_mean
from immunode.intervention.drugs.drug import Drug
from immunode.intervention.drugs.shelves import SHELVES
from immunode.model.records import pairs

_SMALL_MODEL = "its source is a model of more than compartments of the drug"
_NOT_FOUND = "no population pharmacokinetics that could be read was found"
ELSEWHERE = {
    "omalizumab": "it binds IgE, which changes its own loss: load the model 'lowe2009' or 'hayashi2007'",
    "mepolizumab": f"{_SMALL_MODEL}: load the model 'asthma_eos_min'",
    **dict.fromkeys(("filgrastim", "ofatumumab", "pegfilgrastim"), _SMALL_MODEL),
    "azathioprine": _NOT_FOUND,
    "aldesleukin": _NOT_FOUND,
    "budesonide": _NOT_FOUND,
    "efgartigimod": f"{_NOT_FOUND}; 'rozanolixizumab' and 'nipocalimab' block the same receptor",
    "fingolimod": f"{_NOT_FOUND}; 'siponimod' acts on the same receptors",
    "golimumab": f"{_NOT_FOUND}; 'adalimumab' and 'certolizumab' are against the same target",
    "leflunomide": _NOT_FOUND,
    "natalizumab": f"{_NOT_FOUND}; 'vedolizumab' is against a related integrin",
    "ocrelizumab": f"{_NOT_FOUND}; 'rituximab' is against the same target",
    "ozanimod": f"{_NOT_FOUND}; 'siponimod' acts on the same receptors",
    "secukinumab": f"{_NOT_FOUND}; 'ixekizumab' is against the same target",
}
"""Drugs that are not here, and why."""


BRANDS_ELSEWHERE = {
    "Arava": "leflunomide", "Cosentyx": "secukinumab", "Gilenya": "fingolimod", "Imuran": "azathioprine",
    "Kesimpta": "ofatumumab", "Neulasta": "pegfilgrastim", "Neupogen": "filgrastim", "Nucala": "mepolizumab",
    "Ocrevus": "ocrelizumab", "Simponi": "golimumab", "Tysabri": "natalizumab", "Vyvgart": "efgartigimod",
    "Xolair": "omalizumab", "Zeposia": "ozanimod",
}  # fmt: skip
"""Names under which drugs that are not here are sold."""


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
        return (name for names in SHELVES.values() for name in names)

    def __len__(self) -> int:
        return sum(map(len, SHELVES.values()))


LIBRARY: Mapping[str, Drug] = _Library()


def drug_name(word: str) -> str:
    """Return the name under which the library has, or lacks, the drug that a word means: in any case, or a brand.

    The word itself where it means none.
    """
    if word in LIBRARY or word in ELSEWHERE:
        return word
    folded = word.strip().casefold()
    plain = {name.casefold(): name for name in (*LIBRARY, *ELSEWHERE)}
    return plain.get(folded) or {brand.casefold(): name for brand, name in brands().items()}.get(folded, word)


@lru_cache(maxsize=1)
def brands() -> Mapping[str, str]:
    """Return brand -> name of the drug, in the library or known to be missing there.

    The files of the library are read as text: a wrong word on the shell is answered before any number is computed.
    """
    sold = dict(BRANDS_ELSEWHERE)
    for shelf in SHELVES:
        text = (Path(__file__).parent / "published" / f"{shelf}.py").read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "published":
                name = ast.literal_eval(node.args[0])
                own = [word.value for word in node.keywords if word.arg == "brands"]
                sold |= {brand: name for value in own for brand in ast.literal_eval(value)}
    return MappingProxyType(sold)


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
        hint = did_you_mean(name, (*LIBRARY, *brands())) or "; im.treatments.list_drugs() tells what there is"
        raise DoseError(f"unknown drug '{name}'{hint}")
    return LIBRARY[name]


def drug_hint(name: str) -> str:
    """Return how an arm takes a drug of the library, to end a message; "" where `name` is no drug that is known."""
    meant = drug_name(name)
    if meant in ELSEWHERE:
        return f"; it is a drug, and none of the library: {ELSEWHERE[meant]}"
    if meant not in LIBRARY:
        return ""
    return (
        "; it is a drug of the library, which needs an effect on a parameter and is given in Python: "
        f"arms={{'{meant}': [im.drug('{meant}').usual().inhibit('k', imax=0.9, ic50=5)]}}, for a parameter 'k'"
    )


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
