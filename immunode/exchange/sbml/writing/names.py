"""SBML ids for the names of a model: one namespace, no dots, no word that other tools take for their own."""

from __future__ import annotations

import re

_WORDS = """
    time t pi e exponentiale avogadro inf infinity nan notanumber true false delay rateOf root log ln log10 ceil
    factorial model module function end species var const compartment reaction event unit at in after priority
    fromTrigger persistent t0 import is has DNA gene operator formula delete ext substanceOnly identity assert
    constraint hill michaelis exp sin cos tan min max floor ceiling piecewise quotient rem implies xor and or not gt lt
    eq geq leq neq sec csc cot sqrt sqr pow abs
"""
"""Words that Antimony or the formula readers of other tools read as their own."""


class Ids:
    """The SBML ids given so far; every new one is unlike all others."""

    def __init__(self) -> None:
        self._given: set[str] = set(_WORDS.split())

    def new(self, name: str) -> str:
        """Return an unused id made of `name`: `drug.dose` gives `drug_dose`, `time` gives `time_`."""
        base = re.sub(r"\W", "_", name, flags=re.ASCII)
        base = f"_{base}" if not base or base[0].isdigit() else base
        made, n = base, 1
        while made in self._given:
            made = f"{base}_" if n == 1 else f"{base}_{n}"
            n += 1
        self._given.add(made)
        return made
