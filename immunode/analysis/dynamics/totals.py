"""The conserved totals of a model, with which its steady states are reduced."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from immunode.language.evaluation import evaluate
from immunode.language.expression import parse
from immunode.model import Model
from immunode.model.views.balances import conserved_totals
from immunode.program.program import Program
from immunode.solve.steady.reduction import Reduction, moving_states, reduced_by_totals

Array = NDArray[np.float64]


def reduction_of(model: Model, program: Program) -> Reduction:
    """Return the reduction of a model by its conserved totals.

    Concentrations count with the volume that their compartment has at the declared values.
    """
    moving = moving_states(program)
    names = [program.states[i] for i in moving]
    weights = dict(zip(program.states, _volumes(model, program), strict=True))
    totals = []
    for total in conserved_totals(model, among=names):
        row = np.zeros(len(names))
        for name, count in total:
            row[names.index(name)] = float(count) * weights[name]
        totals.append(row)
    return reduced_by_totals(program, moving, totals)


def _volumes(model: Model, program: Program) -> Array:
    values = dict(zip(program.parameters, program.values, strict=False))
    volumes = {c.name: evaluate(parse(str(c.volume)), values) for c in model.compartments}
    known = {s.name: 1.0 if s.amount or not s.compartment else float(volumes[s.compartment]) for s in model.states}
    return np.array([known.get(name, 1.0) for name in program.states])
