"""From a model and records of individuals to what can be computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from immunode.analysis.mixed_effects.likelihoods import LikelihoodValue, likelihood_value
from immunode.analysis.mixed_effects.predictions import Predictions
from immunode.analysis.mixed_effects.records.individual_records import IndividualData, individual_data
from immunode.analysis.mixed_effects.structure import make_structure
from immunode.errors import StudyError, did_you_mean
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
    derivatives : str
        by random effects: "auto", "exact" or "differences", as in `estimate`.

    Raises
    ------
    StudyError
        data and model don't fit; an individual whose observations are impossible.
    """
    predict = prepared(model, data, (), (), rtol, engine, derivatives)
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
) -> Predictions:
    """Return what computes predictions; arguments as in `estimate`."""
    if derivatives not in DERIVATIVES:
        raise StudyError(f"derivatives: 'auto', 'exact' or 'differences', got {derivatives!r}")
    records = data if isinstance(data, IndividualData) else individual_data(data)
    quantities, codes = observed_quantities(model, records)
    structure = make_structure(model, parameters, fixed, quantities)
    return Predictions(structure, records, quantities, codes, rtol=rtol, engine=engine, derivatives=derivatives)


def observed_quantities(model: Model, data: IndividualData) -> tuple[list[str], list[int]]:
    """Return the quantities that the data hold, and for each observation in order, which one it is.

    Raises
    ------
    StudyError : a code of an output that the model has not.
    """
    declared = [o.quantity for o in model.observed]
    names: dict[str, int] = {}
    codes = []
    for one in data.individuals:
        for o in one.observations:
            name = data.outputs.get(o.code) or data.outputs.get("") or (o.code if o.code in declared else "")
            if not name and len(declared) == 1:
                name = declared[0]
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
    return list(names), codes
