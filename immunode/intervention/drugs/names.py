"""Which drugs there are, by name and by brand: words are answered from here, and no drug is loaded for it."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from immunode.intervention.drugs.shelves import SHELVES

IN_LIBRARY = tuple(name for names in SHELVES.values() for name in names)
"""The drugs of the library."""
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


def drug_name(word: str) -> str:
    """Return the name under which the library has, or lacks, the drug that a word means: in any case, or a brand.

    The word itself where it means none.
    """
    if word in IN_LIBRARY or word in ELSEWHERE:
        return word
    folded = word.strip().casefold()
    plain = {name.casefold(): name for name in (*IN_LIBRARY, *ELSEWHERE)}
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


def drug_hint(name: str) -> str:
    """Return how an arm takes a drug of the library, to end a message; "" where `name` is no drug that is known."""
    meant = drug_name(name)
    if meant in ELSEWHERE:
        return f"; it is a drug, and none of the library: {ELSEWHERE[meant]}"
    if meant not in IN_LIBRARY:
        return ""
    return (
        "; it is a drug of the library, which needs an effect on a parameter and is given in Python: "
        f"arms={{'{meant}': [im.drug('{meant}').usual().inhibit('k', imax=0.9, ic50=5)]}}, for a parameter 'k'"
    )
