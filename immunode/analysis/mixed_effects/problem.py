"""From a model and records of individuals to what can be computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from immunode.analysis.mixed_effects.likelihoods import LikelihoodValue, likelihood_value
from immunode.analysis.mixed_effects.observation_table import given_covariates
from immunode.analysis.mixed_effects.predictions import Predictions
from immunode.analysis.mixed_effects.records.course_slots import varying_covariates, with_occasions
from immunode.analysis.mixed_effects.records.discrete_outcomes import split_records
from immunode.analysis.mixed_effects.records.individual_records import IndividualData, individual_data
from immunode.analysis.mixed_effects.residual_error import DISCRETE
from immunode.analysis.mixed_effects.structure import make_structure
from immunode.errors import StudyError, did_you_mean
from immunode.intervention.pharmacokinetics.occasions import OccasionVariability
from immunode.model import Model

DERIVATIVES = ("auto", "exact", "differences")


def population_likelihood(
    model: Model,
    data: Any,
    method: str = "importance",
    *,
    draws: int = 2000,
    nodes: int = 15,
    seed: int = 0,
    rtol: float = 1e-9,
    occasions: Sequence[OccasionVariability] = (),
    engine: str = "auto",
    derivatives: str = "auto",
) -> LikelihoodValue:
    """Return -2 log likelihood of a model with its declared numbers; nothing is estimated.

    Values by different methods are different quantities: never compare nested models by two of them.

    Parameters
    ----------
    model : Model
        with `Variability` and `Observed`.
    data : Any
        of `individual_data`, or what that reads.
    method : str
        "fo", "foce", "focei", "laplace" (full Hessian), "quadrature" (adaptive Gauss-Hermite) or "importance".
    draws : int
        samples of each individual, for "importance".
    nodes : int
        nodes of each random effect, for "quadrature"; one is "laplace".
    seed : int
        of the random numbers.
    rtol : float
        relative tolerance of the runs.
    occasions : Sequence[OccasionVariability]
        as of `estimate`.
    derivatives : str
        by random effects: "auto", "exact" or "differences", as in `estimate`.

    Raises
    ------
    StudyError
        data and model don't fit; an individual whose observations are impossible.
    """
    predict = prepared(model, data, (), (), rtol, engine, derivatives, occasions)
    refuse_linearization(predict, method)
    point = predict.structure.declared
    return likelihood_value(predict, point, method, draws=draws, nodes=nodes, seed=seed)


def prepared(
    model: Model,
    data: Any,
    parameters: Sequence[str] | Mapping[str, str],
    fixed: Sequence[str],
    rtol: float,
    engine: str,
    derivatives: str = "auto",
    occasions: Sequence[OccasionVariability] = (),
) -> Predictions:
    """Return what computes predictions; arguments as in `estimate`."""
    if derivatives not in DERIVATIVES:
        raise StudyError(f"derivatives: 'auto', 'exact' or 'differences', got {derivatives!r}")
    records = data if isinstance(data, IndividualData) else individual_data(data)
    quantities, codes = observed_quantities(model, records)
    occasions = tuple(occasions)
    for one in occasions:
        if not isinstance(one, OccasionVariability):
            raise StudyError(f"{model.name}: occasions: OccasionVariability('CL', sd=0.1) is needed, got {one!r}")
        if f"{one.number}_eta_1" in {p.name for p in model.parameters}:
            raise StudyError(f"{model.name}: '{one.number}' differs between occasions in this model already")
    model = _with_unknown_classes(model, records)
    split, outputs, names, places = split_records(model, records, quantities, codes)
    model = with_occasions(model, records, occasions)
    structure = make_structure(model, parameters, fixed, names, outputs, occasions)
    return Predictions(structure, split, outputs, places, rtol=rtol, engine=engine, derivatives=derivatives)


def _with_unknown_classes(model: Model, records: IndividualData) -> Model:
    """Return the model without what its classes say of covariates that the data give; without classes if that is all.

    Classes that list patients of a trial differ in nothing else: they are no mixture.
    """
    if not model.classes:
        return model
    given = {*given_covariates(model, records), *varying_covariates(model, records)}
    classes = [
        replace(one, values={k: v for k, v in dict(one.values).items() if k not in given}) for one in model.classes
    ]
    return model.replace(classes=classes if any(dict(one.values) for one in classes) else [])


def refuse_linearization(predict: Predictions, method: str) -> None:
    """Refuse methods that need an error around a prediction for what has none.

    Raises
    ------
    StudyError : the data hold events or categories, and the method is FO, FOCE or FOCEI.
    """
    s = predict.structure
    discrete = [form.quantity for form in s.forms if form.kind >= DISCRETE]
    if discrete and method in ("fo", "foce", "focei"):
        raise StudyError(
            f"{s.model.name}: '{discrete[0]}' is recorded as events or categories, which {method} can't "
            "linearize; take 'laplace', 'quadrature' or 'importance' for a likelihood, and 'saem' or 'laplace' to "
            "estimate"
        )


def observed_quantities(model: Model, data: IndividualData) -> tuple[list[str], list[int]]:
    """Return the quantities that the data hold, and for each observation in order, which one it is.

    Raises
    ------
    StudyError : a code of an output that the model has not.
    """
    declared = [o.quantity for o in model.observed]
    names: dict[str, int] = {}
    codes = []
    guessed: dict[str, int] = {}
    for one in data.individuals:
        for o in one.observations:
            name = data.outputs.get(o.code) or (o.code if o.code in declared else "")
            if not name:
                name = data.outputs.get("", declared[0] if len(declared) == 1 else "")
                guessed.setdefault(o.code, o.line)
            if not name:
                raise StudyError(
                    f"individual_data: row {o.line}: which quantity of {model.name} is output '{o.code}'? Say "
                    f"outputs={{'{o.code}': ...}}; {', '.join(declared) or 'none'} can be observed"
                )
            if name not in declared:
                raise StudyError(
                    f"{model.name}: output '{o.code}' is '{name}', which has no declared error of measurement"
                    f"{did_you_mean(name, declared)}; declare Observed('{name}', ...)"
                )
            codes.append(names.setdefault(name, len(names)))
    _refuse_several(model, data, guessed, list(names))
    return list(names), codes


def _refuse_several(model: Model, data: IndividualData, guessed: Mapping[str, int], names: Sequence[str]) -> None:
    """Refuse observations of several codes that would become one quantity, as none of them was named.

    guessed : code -> row of its first observation, where the only quantity was taken.
    """
    seen = {o.code for one in data.individuals for o in one.observations}
    if guessed and len(seen) > 1:
        code, line = list(guessed.items())[-1]
        raise StudyError(
            f"individual_data: row {line}: observations have the codes {', '.join(sorted(c or 'none' for c in seen))} "
            f"in DVID (without that column in CMT), and '{code}' would be taken as '{names[0]}' of {model.name}; name "
            f"each with outputs={{'{code}': ...}}, or leave those rows out"
        )
