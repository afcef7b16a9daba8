"""From a model straight to its source or its functions."""

from __future__ import annotations

from dataclasses import replace

from immunode.model.declaration import Model
from immunode.program.cache import cached_program
from immunode.program.numpy.source import Functions, compile_numpy, numpy_source
from immunode.program.untreated import make_rest


def source(model: Model) -> str:
    """Return the NumPy source that the engines run for a model."""
    return numpy_source(cached_program(model))


def functions(model: Model, integrals: tuple[str, ...] = ()) -> Functions:
    """Return the functions of a model, with a state `integral(name)` for each of `integrals`."""
    made = compile_numpy(cached_program(model, integrals))
    return replace(made, rest=make_rest(model)) if model.start == "steady state" else made
