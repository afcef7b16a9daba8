"""Rhythms written out: a cosine with knobs, and the body's clock that follows a journey."""

from __future__ import annotations

from immunode.intervention.expand.contribution import Parts
from immunode.intervention.schedule import Rhythm, Trip
from immunode.intervention.times import size
from immunode.model.declaration import Derived, Event, Process, State, Switch

TWO_PI = "6.283185307179586"


def add_rhythm(parts: Parts, wave: Rhythm) -> str:
    """Add the knobs of a rhythm and return the factor (1 + a*cos(2 pi (t + clock - phase)/period))/(1 + a)."""
    amplitude = parts.knob("amplitude", wave.amplitude, "", "of the rhythm", bounds=(0, 1))
    period = parts.time("period", wave.period, "of the rhythm")
    phase = parts.time("phase", wave.phase, "time of the rhythm's top")
    parts.within([amplitude], 0, 1)
    parts.above_zero(period)
    clock = f" + {_add_trip(parts, wave.trip)}" if wave.trip is not None else ""
    return f"(1 + {amplitude}*cos({TWO_PI}*(t{clock} - {phase})/{period}))/(1 + {amplitude})"


def _add_trip(parts: Parts, trip: Trip) -> str:
    """Add a journey and return the name of the shift of the body's clock, in model time."""
    name, unit = parts.name, parts.model.time_unit
    shift = parts.time("shift", trip.shift, "by how much clocks are ahead at the destination")
    zone = f"{name}.zone"
    parts.switches.append(Switch(zone, 0.0, unit, "by how much the local clock is ahead"))
    leaves = parts.time("leaves", trip.at, "when the journey is")
    parts.events.append(Event(f"{name}.open_zone", {zone: f"{zone} + {shift}"}, at=leaves))
    if trip.back is not None:
        back = parts.time("back", trip.back, "when the way back is")
        parts.require(f"{back} >= {leaves}", f"'{back}' must not lie before '{leaves}'")
        parts.events.append(Event(f"{name}.close_zone", {zone: f"{zone} - {shift}"}, at=back))
    if size(trip.adapts)[0] == 0:
        return zone
    adapts = parts.time("adapts", trip.adapts, "half-life of the distance between the body's clock and the local one")
    parts.above_zero(adapts)
    clock, lag = f"{name}.clock", f"{name}.misaligned"
    # the tolerance of the clock follows a period, not the shift, which may be 0
    parts.states.append(
        State(clock, 0.0, unit, "by how much the body's clock is ahead", typical=parts.in_model_time("1 hour"))
        if size(trip.shift)[1]
        else State(clock, 0.0, unit, "by how much the body's clock is ahead", typical=abs(size(trip.shift)[0]) or 1.0)
    )
    parts.derived.append(Derived(lag, f"{zone} - {clock}", unit, "the local clock minus the body's"))
    parts.processes.append(
        Process(f"{name}.adapting", f"-> {clock}", f"log(2)*{lag}/{adapts}", "adapting to local time")
    )
    return clock
