"""What the rows of a sweep stand for, in words: patients that a model declares, or sampled parameter sets."""

from __future__ import annotations

import re

from immunode.study.design.declared import DECLARED


def whose_rows(recipe: str, *, labelled: bool = False) -> str:
    """Return what the rows of a design are: "declared patients", "parameter sets, +-30 %", "parameter sets".

    Only rows that were drawn from a population, or that a table gives labels, are called patients (or studies).

    recipe : how the design was made, in words.   labelled : whether a table brought labels of its rows.
    """
    sampled = re.search(r"\d (Sobol|Latin hypercube) points", recipe)
    drawn = re.search(r"\d virtual (patients|studies), seed", recipe)
    if drawn and not sampled:
        return f"{'declared' if DECLARED in recipe else 'virtual'} {drawn[1]}"
    if not sampled:
        return "patients" if labelled else "parameter sets"
    around = dict.fromkeys(re.findall(r"\+-[\d.]+ %", recipe))
    ranges = [*around, *(["inside their bounds"] if "inside bounds" in recipe else [])]
    return "parameter sets" + (f", {' or '.join(ranges)}" if ranges else "")
