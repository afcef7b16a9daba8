"""One model on the lab's bench: all its interventions put in at strength 0, as one program whose knobs are numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from immunode.errors import ImmunodeError, ModelError
from immunode.intervention import Intervention, Perturbation, during, knobs, perturb
from immunode.intervention.schedule import ALWAYS
from immunode.model.delays import first_delay, without_delays
from immunode.program.cache import cached_program
from immunode.program.untreated_model import untreated

if TYPE_CHECKING:
    from immunode.model import Model, Parameter
    from immunode.program.program import Program

BEYOND = 2
"""Where the window of an intervention that always acts is made to end, in horizons."""
MOST_STATES = 60
"""Beyond this, one run in a browser takes too long to be played with."""


@dataclass(frozen=True, slots=True)
class Placed:
    """An intervention on the bench: as declared, and as put in; `knobs` are its parameters with their full strength."""

    declared: Perturbation
    put_in: Perturbation
    knobs: tuple[Parameter, ...]

    @property
    def windowed(self) -> bool:
        """Whether it had no window and was given that of the whole run, so that there are edges to pull."""
        return self.put_in is not self.declared


@dataclass(frozen=True, slots=True)
class Bench:
    """A model, the interventions that fit it, the composed model, and the programs that the page runs.

    rest : the program whose rest is where runs begin, for models that begin at rest; else None.
    left_out : names of interventions that could not be put in, each with the reason.
    """

    model: Model
    composed: Model
    placed: tuple[Placed, ...]
    left_out: tuple[tuple[str, str], ...]
    program: Program
    rest: Program | None


def set_up(model: Model) -> Bench:
    """Return the bench of a model.

    Raises
    ------
    ModelError : the page can't run it: it has none or too many states, or events that fire on states.
    """
    if not model.states:
        raise ModelError(f"{model.name}: no states, so there is nothing to watch in a page")
    placed: list[Placed] = []
    left_out = []
    for it in model.interventions:
        try:
            candidate = Placed(it, _with_window(model, it), ())
            candidate = replace(candidate, knobs=knobs(model, candidate.put_in))
            perturb(model, *(one.put_in.at(0.0) for one in (*placed, candidate)))
            placed.append(candidate)
        except ImmunodeError as error:
            left_out.append((it.name, str(error)))
    composed = perturb(model, *(one.put_in.at(0.0) for one in placed))
    program = cached_program(composed)
    if program.triggers:
        names = ", ".join(f"'{t.name}'" for t in program.triggers[:3])
        raise ModelError(
            f"{model.name}: {names}: events that fire on a state can't be run in the page yet; simulate it in Python"
        )
    if len(program.states) > MOST_STATES:
        raise ModelError(
            f"{model.name}: {len(program.states)} states with all interventions; the page runs up to {MOST_STATES}"
        )
    rest = cached_program(without_delays(untreated(model))) if model.start == "steady state" else None
    return Bench(model, composed, tuple(placed), tuple(left_out), program, rest)


def _with_window(model: Model, it: Perturbation) -> Perturbation:
    """Return an intervention that always acts with a window over the whole run; others as they are.

    So is one that changes the lag of a delay, which must stay the same through a run.
    """
    if not isinstance(it, Intervention) or it.schedule != ALWAYS:
        return it
    if any(act.on_state for act in it.acts):
        return it
    # it ends beyond the run: at the last moment it still acts, as it does where it is declared
    windowed = replace(it, schedule=during(0, BEYOND * model.horizon))
    if first_delay(model):
        try:
            cached_program(perturb(model, windowed))
        except ModelError:
            return it
    return windowed
