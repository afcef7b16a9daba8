"""The model without interventions and events, whose rest is where the runs of a model begin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from immunode.language.expression import names, parse
from immunode.model.declaration import Model

if TYPE_CHECKING:
    from immunode.program.numpy.source import Functions


@dataclass(frozen=True)
class Rest:
    """What the start of a run at rest is computed from.

    functions : of the model without interventions and events.   span : the model's horizon, in its time unit.
    values, states : rows of its parameters and states among those of the whole model.
    """

    functions: Functions
    values: tuple[int, ...]
    states: tuple[int, ...]
    span: float


def make_rest(model: Model) -> Rest:
    """Return what the rest of a model is computed from, whatever its `start` says."""
    from immunode.program.cache import cached_program
    from immunode.program.numpy.source import compile_numpy

    alone = untreated(model)
    parameters = {p.name: i for i, p in enumerate(model.parameters)}
    states = {s.name: i for i, s in enumerate(model.states)}
    return Rest(
        compile_numpy(cached_program(alone)),
        tuple(parameters[p.name] for p in alone.parameters),
        tuple(states[s.name] for s in alone.states),
        float(model.horizon),
    )


def untreated(model: Model) -> Model:
    """Return a model without the interventions that `perturb` put in, and without events; switches stay as they are.

    A limit of steps goes as well: on the way to rest time is counted in thousands of horizons.
    """

    def own(record: object) -> bool:
        first, dot, _ = str(getattr(record, "name", "")).partition(".")
        return not (dot and first in model.applied)

    parameters = tuple(p for p in model.parameters if own(p))
    known = {p.name for p in parameters}
    return model.replace(
        states=tuple(s for s in model.states if own(s)),
        parameters=parameters,
        processes=tuple(p for p in model.processes if own(p)),
        derived=tuple(d for d in model.derived if own(d)),
        switches=tuple(s for s in model.switches if own(s)),
        requirements=tuple(r for r in model.requirements if names(parse(r.condition)) <= known),
        effects=(),
        events=(),
        interventions=(),
        variants=(),
        aliases=(),
        readouts=(),
        applied=(),
        start="",
        max_step=0.0,
    )
