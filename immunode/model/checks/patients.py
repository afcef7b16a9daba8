"""Whether what a model says of its patients and of how they are measured fits the rest of it."""

from __future__ import annotations

import math
from collections.abc import Mapping

from immunode.errors import ModelError
from immunode.model.checks.references import check_known, check_once, quantity_names
from immunode.model.declaration import Declaration
from immunode.model.plausible import implausible
from immunode.model.records import pairs


def check_patients(model: Declaration) -> None:
    """Check the records of `immunode.model.patients` in a model.

    Raises
    ------
    ModelError : one names a parameter or a quantity that does not exist, or something twice; correlations that no joint
        distribution has; shares of classes that do not add up to 1; a value that no person can have, in a human model.
    """
    who = model.name
    values = {p.name: p.value for p in model.parameters}
    quantities = quantity_names(model)
    _check_variability(model, values)
    _check_correlations(model)
    _check_classes(model, values)
    check_once(who, "covariate", (c.parameter for c in model.covariates))
    random = {v.parameter for v in model.variability}
    for covariate in model.covariates:
        check_known(f"{who}: covariate '{covariate.parameter}'", covariate.parameter, values)
        if covariate.parameter in random:
            raise ModelError(f"{who}: '{covariate.parameter}' is a covariate and has a variability; only one is meant")
    check_once(who, "error of measurement", (o.quantity for o in model.observed))
    for observed in model.observed:
        check_known(f"{who}: error of '{observed.quantity}'", observed.quantity, quantities)
    check_once(who, "threshold", (t.name for t in model.thresholds))
    for threshold in model.thresholds:
        check_known(f"{who}: threshold '{threshold.name}' on '{threshold.quantity}'", threshold.quantity, quantities)
    if model.species == "human":
        _check_plausible(model)


def _check_plausible(model: Declaration) -> None:
    for parameter in model.parameters:
        odd = implausible(parameter.name, parameter.value, parameter.unit)
        if odd:
            raise ModelError(f"{model.name}, parameter '{parameter.name}': {odd}")


def _check_variability(model: Declaration, values: Mapping[str, float]) -> None:
    check_once(model.name, "variability", (v.parameter for v in model.variability))
    for one in model.variability:
        who = f"{model.name}: variability of '{one.parameter}'"
        check_known(who, one.parameter, values)
        value = values[one.parameter]
        if one.scale == "logit" and not 0 <= value <= 1:
            raise ModelError(f"{who}: the logit scale needs a typical value from 0 to 1, but it is {value:g}")
    own = {v.parameter for v in model.variability if not v.shares and not v.occasion}
    for one in model.variability:
        if one.shares:
            who = f"{model.name}: variability of '{one.parameter}' shares '{one.shares}', whose own one"
            check_known(who, one.shares, own)


def _check_correlations(model: Declaration) -> None:
    occasion = {v.parameter: v.occasion for v in model.variability if not v.shares}
    involved = {name for one in model.correlations for name in (one.first, one.second)}
    order = {name: i for i, name in enumerate(name for name in occasion if name in involved)}
    matrix = [[float(i == j) for j in range(len(order))] for i in range(len(order))]
    seen: set[frozenset[str]] = set()
    for one in model.correlations:
        who = f"{model.name}: correlation of '{one.first}' and '{one.second}'"
        for name in (one.first, one.second):
            check_known(f"{who}: variability of '{name}'", name, occasion)
        if occasion[one.first] != occasion[one.second]:
            raise ModelError(f"{who}: only random effects of the same occasion of a patient can be correlated")
        if frozenset((one.first, one.second)) in seen:
            raise ModelError(f"{who}: it is declared twice")
        seen.add(frozenset((one.first, one.second)))
        i, j = order[one.first], order[one.second]
        matrix[i][j] = matrix[j][i] = one.value
    stuck = _cholesky_stops(matrix)
    if stuck is not None:
        name = list(order)[stuck]
        raise ModelError(
            f"{model.name}: no joint distribution has these correlations (those of '{name}' contradict the others); "
            "bring them nearer to 0"
        )


def _cholesky_stops(matrix: list[list[float]]) -> int | None:
    """Return the row at which a symmetric matrix turns out not to be positive definite, None where it is."""
    lower = [[0.0] * len(matrix) for _ in matrix]
    for i, row in enumerate(matrix):
        for j in range(i + 1):
            rest = row[j] - sum(lower[i][k] * lower[j][k] for k in range(j))
            if i == j:
                if rest <= 1e-12:
                    return i
                lower[i][i] = math.sqrt(rest)
            else:
                lower[i][j] = rest / lower[j][j]
    return None


def _check_classes(model: Declaration, values: Mapping[str, float]) -> None:
    check_once(model.name, "class of patients", (c.name for c in model.classes))
    logit = {v.parameter for v in model.variability if v.scale == "logit"}
    values = {**values, **{f"{state.name}(0)": 0.0 for state in model.states}}
    for one in model.classes:
        for name, value in pairs(one.values):
            if name not in values:  # the message is made for few of what may be thousands of values
                check_known(f"{model.name}: class '{one.name}' of patients, '{name}'", name, values)
            if name in logit and not 0 <= value <= 1:
                raise ModelError(
                    f"{model.name}: class '{one.name}' of patients, '{name}': the logit scale needs a typical value "
                    f"from 0 to 1, but it is {value:g}"
                )
    total = sum(c.share for c in model.classes)
    if model.classes and abs(total - 1) > 1e-6:
        shares = ", ".join(f"{c.name} {c.share:g}" for c in model.classes)
        raise ModelError(f"{model.name}: shares of classes of patients add up to {total:g}, not to 1 ({shares})")
