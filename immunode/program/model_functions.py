"""From a model straight to its source or its functions."""

from __future__ import annotations

from dataclasses import replace

from immunode.errors import ModelError
from immunode.model import Model
from immunode.model.delays import without_delays
from immunode.program.cache import cached_program
from immunode.program.numpy.functions import Functions, SteadyStart, compile_numpy
from immunode.program.numpy.source import numpy_source
from immunode.program.untreated_model import untreated


def source(model: Model) -> str:
    """Return the NumPy source that the engines run for a model."""
    return numpy_source(cached_program(model))


def functions(
    model: Model, integrals: tuple[str, ...] = (), by: tuple[str, ...] = (), of: tuple[str, ...] = ()
) -> Functions:
    """Return the functions of a model, with what `lower` adds to its states.

    Raises
    ------
    ModelError : it is to be differentiated and can't be.
    """
    if by and model.start == "steady state":
        raise ModelError(f"{model.name}: no derivatives by parameters, for it starts at its steady state")
    compiled = compile_numpy(cached_program(model, integrals, by, of))
    return replace(compiled, steady_start=steady_start(model)) if model.start == "steady state" else compiled


def steady_start(model: Model) -> SteadyStart:
    """Return what the steady state of a model without interventions is computed from, whatever its `start` says."""
    # at rest what was is what is
    alone = without_delays(untreated(model))
    parameters = {p.name: i for i, p in enumerate(model.parameters)}
    states = {s.name: i for i, s in enumerate(model.states)}
    return SteadyStart(
        functions=compile_numpy(cached_program(alone)),
        values=tuple(parameters[p.name] for p in alone.parameters),
        states=tuple(states[s.name] for s in alone.states),
        span=float(model.horizon),
    )
