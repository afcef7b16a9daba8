"""Events and ordered categories: which quantities give their probabilities, and the records as observations of these.

An event at a time t has the density h(t) exp(-(H(t) - H(before))), with the hazard h and its integral H: an observation
of no event in the interval, of H, and one of the hazard itself. A category has the probability of its quantity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from immunode.analysis.mixed_effects.records.individual_records import IndividualData, Observation
from immunode.errors import StudyError
from immunode.model import Derived, Model, Observed, Process, State


def with_outcomes(model: Model) -> Model:
    """Return the model with the integral of each hazard, and the probability of each category."""
    states, processes, derived = [], [], []
    for one in model.observed:
        if one.events:
            states.append(State(integral_name(one), 0.0, ""))
            processes.append(Process(f"{integral_name(one)}_rate", f"-> {integral_name(one)}", one.quantity))
        for k, text in enumerate(_probabilities(one)):
            derived.append(Derived(category_name(one, k), text))
    return model.replace(
        states=(*model.states, *states),
        processes=(*model.processes, *processes),
        derived=(*model.derived, *derived),
    )


def split_records(
    model: Model, data: IndividualData, quantities: Sequence[str], codes: Sequence[int]
) -> tuple[IndividualData, list[str], list[str], list[int]]:
    """Return the records as observations of quantities that have a density each.

    quantities, codes : of `observed_quantities`. The results are the data, the quantity that is computed for each
    output, the name of the quantity that was declared for it, and for each observation its output.

    Raises
    ------
    StudyError : a value that is no event or category, or is censored.
    """
    declared = {o.quantity: o for o in model.observed}
    if not any(declared[name].discrete for name in quantities):
        return data, list(quantities), list(quantities), list(codes)
    outputs: dict[str, str] = {}
    places: list[int] = []
    individuals = []
    count = iter(codes)
    for one in data.individuals:
        split = []
        for o in one.observations:
            error = declared[quantities[next(count)]]
            for part, name in _parts(error, o):
                outputs.setdefault(name, error.quantity)
                places.append(list(outputs).index(name))
                split.append(part)
        individuals.append(replace(one, observations=tuple(split)))
    return replace(data, individuals=tuple(individuals)), list(outputs), list(outputs.values()), places


def integral_name(one: Observed) -> str:
    """Return the name of the integral of a hazard."""
    return f"integral_of_{one.quantity}"


def category_name(one: Observed, k: int) -> str:
    """Return the name of the probability of a category."""
    return f"probability_of_{one.quantity}_{k}"


def _parts(error: Observed, o: Observation) -> list[tuple[Observation, str]]:
    """Return the observations that one record is, each with the quantity that tells its probability."""
    if not error.discrete:
        return [(o, error.quantity)]
    who = f"individual_data: row {o.line}"
    if o.censored:
        raise StudyError(f"{who}, column CENS: an event or a category has no limit")
    if error.categories:
        if o.value != int(o.value) or not 0 <= o.value <= len(error.categories):
            raise StudyError(
                f"{who}, column DV: {o.value:g}, but '{error.quantity}' has the categories 0 to {len(error.categories)}"
            )
        return [(o, category_name(error, int(o.value)))]
    if o.value not in (0, 1):
        raise StudyError(f"{who}, column DV: {o.value:g}, but an event is 1 and none is 0")
    none = replace(o, value=0.0)
    return [(none, integral_name(error)), *([(replace(o, again=True), error.quantity)] if o.value else [])]


def _probabilities(one: Observed) -> list[str]:
    """Return the probabilities of categories; products, for differences lose their digits where both are near 1."""
    s, cuts = one.quantity, one.categories
    if not cuts:
        return []
    between = [
        f"(1 - exp(({low}) - ({high})))/((1 + exp({s} - ({high})))*(1 + exp(({low}) - {s})))"
        for low, high in pairwise(cuts)
    ]
    return [f"1/(1 + exp({s} - ({cuts[0]})))", *between, f"1/(1 + exp(({cuts[-1]}) - {s}))"]
