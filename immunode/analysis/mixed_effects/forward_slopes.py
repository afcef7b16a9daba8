"""Derivatives of predictions by random effects, integrated along with the runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.mixed_effects.effects.random_effects import Follower
from immunode.analysis.mixed_effects.output_reader import NOWHERE, OutputReader, make_output_reader
from immunode.analysis.mixed_effects.structure import Structure
from immunode.errors import ModelError
from immunode.model import Model
from immunode.program.model_functions import functions
from immunode.program.numpy.functions import Functions
from immunode.program.sensitivity import slope_name

Array = NDArray[np.float64]
LOOSER = 100.0
"""By how much the absolute tolerance of a derivative is above that of its state, in units of the parameter's size."""


@dataclass(frozen=True, slots=True)
class ForwardSlopes:
    """A model whose runs carry derivatives by the parameters that random effects move. Made by `make_forward_slopes`.

    reader : of predictions, then of their derivatives by each parameter.   atol : (n_states + n_derivatives,).
    effects, followers : of each of those parameters, the random effect and how it moves the parameter.
    """

    functions: Functions
    reader: OutputReader
    effects: tuple[int, ...]
    followers: tuple[Follower, ...]
    atol: Array

    def chained(self, by_parameter: Array, values: dict[int, Array], n_effects: int) -> Array:
        """Return derivatives by the random effects, (n_rows, n_effects, n_observations).

        by_parameter : (n_parameters, n_rows, n_observations).   values : row of a parameter -> (n_rows,).
        """
        _, n, m = by_parameter.shape
        slopes = np.zeros((n, n_effects, m))
        for k, one, by in zip(self.effects, self.followers, by_parameter, strict=True):
            value = values[one.row]
            # where a parameter is infinite its run has failed
            with np.errstate(all="ignore"):
                stretch = {"log": value, "logit": value * (1.0 - value)}.get(one.scale, np.ones(n))
                stretch = np.where((value > one.low) & (value < one.high), one.ratio * stretch, 0.0)
                slopes[:, k] += stretch[:, None] * by
        return slopes


def make_forward_slopes(structure: Structure, model: Model, outputs: Sequence[str], atol: Array) -> ForwardSlopes | str:
    """Return what integrates derivatives along, or why that can't be had.

    model : with slots for doses.   outputs : observed quantities.   atol : (n_states,).
    """
    moved = [(k, one) for k, followers in enumerate(structure.followers) for one in followers]
    names = [model.parameters[one.row].name for _, one in moved]
    states = [s.name for s in model.states]
    if not states:
        return "the model has no states"
    try:
        made = functions(model, (), tuple(names), tuple(name for name in outputs if name not in states))
    except ModelError as error:
        return str(error).partition(": ")[2]
    program = made.program
    place = {name: i for i, name in enumerate(program.quantities)}
    where = [[place[name] for name in outputs]]
    where += [[place.get(slope_name(name, by), NOWHERE) for name in outputs] for by in names]
    return ForwardSlopes(
        functions=made,
        reader=make_output_reader(made, where, len(program.values) + len(model.switches)),
        effects=tuple(k for k, _ in moved),
        followers=tuple(one for _, one in moved),
        atol=_tolerances(structure, states, names, program.states, atol),
    )


def _tolerances(
    structure: Structure, states: Sequence[str], names: Sequence[str], all_states: Sequence[str], atol: Array
) -> Array:
    """Return absolute tolerances of states and derivatives; a parameter around 0 has the size of its variability."""
    of_state = dict(zip(states, atol, strict=True))
    sizes = {}
    for k, followers in enumerate(structure.followers):
        sd = float(np.sqrt(structure.declared.omega[k, k]))
        for one in followers:
            largest = max(abs(value) for value in one.typical.values)
            size = max(largest, one.ratio * sd) if one.scale == "linear" else largest
            sizes[structure.model.parameters[one.row].name] = size or 1.0
    loose = {slope_name(s, by): LOOSER * of_state[s] / sizes[by] for s in states for by in names}
    return np.array([of_state[name] if name in of_state else loose[name] for name in all_states])
