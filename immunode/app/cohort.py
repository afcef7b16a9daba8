"""Virtual patients of the population that a model declares, drawn once and shipped with the page."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import numpy as np

from immunode.study.design.declared import declares_patients
from immunode.study.populations import population

if TYPE_CHECKING:
    from immunode.app.bench import Bench

PATIENTS, SEED = 200, 7
"""How many are drawn, and the seed: the same patients as `im.population(model).draw(200, seed=7)`."""


def declared_patients(bench: Bench) -> dict[str, Any] | None:
    """Return the patients of a bench's model; None where it declares none, or something that the page can't vary.

    rows : positions of the parameters that differ.   covariates : names of those that are properties of patients.
    values : 32-bit floats in base64, patient by patient, in the order of `rows`.   words : how they were drawn.
    """
    model = bench.model
    if not declares_patients(model):
        return None
    row = {parameter.name: i for i, parameter in enumerate(bench.composed.parameters)}
    people = population(model)
    if not set(people.names) <= row.keys():
        return None
    values = np.asarray(people.values(PATIENTS, SEED), dtype="<f4")
    return {
        "n": PATIENTS,
        "seed": SEED,
        "rows": [row[name] for name in people.names],
        "covariates": [one.parameter for one in model.covariates if one.parameter in people.names],
        "values": base64.b64encode(values.tobytes()).decode("ascii"),
    }
