"""Numbers of a drug that follow from others, such as ka = k + CL/V1, and their values in the typical patient."""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Mapping

from immunode.errors import DoseError, did_you_mean
from immunode.intervention.pharmacokinetics.covariates import Covariate
from immunode.language.evaluation import evaluate
from immunode.language.expression import names, parse
from immunode.model import Parameter
from immunode.model.records import Pairs, pairs

MOMENTS = {
    "since": "time since the first dose",
    "latest": "time from the first dose to the latest one",
    "dose": "amount of the latest dose",
}
"""Words of formulas that are no numbers of the drug."""


def checked_formulas(formulas: Mapping[str, str] | Pairs, numbers: Container[str]) -> Pairs:
    """Return formulas as pairs of a number and its text.

    Raises
    ------
    DoseError : one is for what is no number of pharmacokinetics, or for a time at which something happens.
    ModelError : a text can't be read.
    """
    checked = tuple((name, str(text)) for name, text in pairs(formulas, "formulas"))
    for name, text in checked:
        if name not in numbers:
            raise DoseError(f"pharmacokinetics: a formula for '{name}', which is no number of it")
        if name in ("lag", "D1"):
            raise DoseError(f"pharmacokinetics: '{name}' is a time at which something happens and has no formula")
        parse(text)
    return checked


def typical_values(
    formulas: Mapping[str, str],
    given: Mapping[str, float],
    constants: Iterable[Parameter],
    covariates: Iterable[Covariate],
) -> dict[str, float]:
    """Return the value of each number with a formula in the typical patient.

    given : the numbers of the drug; those with a formula are left aside.

    Raises
    ------
    DoseError : a formula names what does not exist, or formulas need each other in a circle.
    """
    values = {name: float(value) for name, value in given.items() if name not in formulas}
    listed = tuple(covariates)
    values |= {c.name: c.typical for c in listed} | {
        f"{c.name}_ref": c.typical for c in listed if c.reference is not None
    }
    values |= {c.name: float(c.value) for c in constants}
    values |= {"since": math.inf, "latest": 0.0, "dose": values.get("dose_ref", math.nan)}
    left, known = dict(formulas), {*values, *formulas}
    for name, text in formulas.items():
        for word in sorted(names(parse(text)) - known):
            raise DoseError(f"pharmacokinetics, formula of {name}: unknown name '{word}'{did_you_mean(word, known)}")
    result: dict[str, float] = {}
    while left:
        ready = [name for name, text in left.items() if names(parse(text)) <= values.keys()]
        if not ready:
            raise DoseError(f"pharmacokinetics: formulas need each other in a circle: {', '.join(sorted(left))}")
        for name in ready:
            result[name] = values[name] = float(evaluate(parse(left.pop(name)), values))
    return result
