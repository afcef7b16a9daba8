"""Rhythms written out: a cosine with knobs, and the body's clock that follows a journey."""

from __future__ import annotations

from immunode.intervention.expand.contribution import Draft
from immunode.intervention.schedule import Rhythm, Trip
from immunode.intervention.times import size
from immunode.model import Derived, Event, Process, State, Switch

TWO_PI = "6.283185307179586"


def add_rhythm(draft: Draft, wave: Rhythm) -> str:
    """Add the knobs of a rhythm and return the factor (1 + a*cos(2 pi (t + clock - phase)/period))/(1 + a)."""
    amplitude = draft.knob("amplitude", wave.amplitude, "", "of the rhythm", bounds=(0, 1))
    period = draft.time("period", wave.period, "of the rhythm")
    phase = draft.time("phase", wave.phase, "time of the rhythm's top")
    draft.within([amplitude], 0, 1)
    draft.above_zero(period)
    clock = f" + {_add_trip(draft, wave.trip)}" if wave.trip is not None else ""
    return f"(1 + {amplitude}*cos({TWO_PI}*(t{clock} - {phase})/{period}))/(1 + {amplitude})"


def _add_trip(draft: Draft, trip: Trip) -> str:
    """Add a journey and return the name of the shift of the body's clock, in model time."""
    name, unit = draft.name, draft.model.time_unit
    shift = draft.time("shift", trip.shift, "by how much clocks are ahead at the destination")
    zone = f"{name}.zone"
    draft.switches.append(Switch(zone, 0.0, unit, "by how much the local clock is ahead"))
    leaves = draft.time("leaves", trip.at, "when the journey is")
    draft.events.append(Event(f"{name}.open_zone", {zone: f"{zone} + {shift}"}, at=leaves))
    if trip.back is not None:
        back = draft.time("back", trip.back, "when the way back is")
        draft.require(f"{back} >= {leaves}", f"'{back}' must not lie before '{leaves}'")
        draft.events.append(Event(f"{name}.close_zone", {zone: f"{zone} - {shift}"}, at=back))
    if size(trip.adapts)[0] == 0:
        return zone
    adapts = draft.time("adapts", trip.adapts, "half-life of the distance between the body's clock and the local one")
    draft.above_zero(adapts)
    clock, lag = f"{name}.clock", f"{name}.misaligned"
    # the tolerance of the clock follows a period, not the shift, which may be 0
    draft.states.append(
        State(clock, 0.0, unit, "by how much the body's clock is ahead", typical=draft.in_model_time("1 hour"))
        if size(trip.shift)[1]
        else State(clock, 0.0, unit, "by how much the body's clock is ahead", typical=abs(size(trip.shift)[0]) or 1.0)
    )
    draft.derived.append(Derived(lag, f"{zone} - {clock}", unit, "the local clock minus the body's"))
    draft.processes.append(
        Process(f"{name}.adapting", f"-> {clock}", f"log(2)*{lag}/{adapts}", "adapting to local time")
    )
    return clock
