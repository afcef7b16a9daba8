"""A schedule written out as switches, events and the expression of a signal."""

from __future__ import annotations

from immunode.errors import DoseError
from immunode.intervention.parts import Parts
from immunode.intervention.schedule import Pulses, Rhythm, Schedule
from immunode.model.declaration import Derived, Event, Process, State, Switch

TWO_PI = "6.283185307179586"


def add_signal(parts: Parts, schedule: Schedule, strength: str) -> str:
    """Add strength * gate * shape in [0, 1] as the derived quantity `name.signal` and return its name."""
    name = parts.name
    factors = [strength, *_gate(parts, schedule)]
    if schedule.rhythm is not None:
        factors.append(_rhythm(parts, schedule.rhythm))
    parts.derived.append(Derived(f"{name}.signal", "*".join(factors), "", f"strength of {name} over time, in [0, 1]"))
    return f"{name}.signal"


def starting(schedule: Schedule) -> Schedule:
    """Return the schedule with time 0 as its start where it has none and needs one."""
    if schedule.start is None and schedule.pulses is None:
        return schedule.during(0.0, schedule.stop)
    return schedule


def add_start(parts: Parts, schedule: Schedule) -> str:
    """Add the knob of the window's start and return its name."""
    return parts.time("start", schedule.start or 0.0, f"when {parts.name} starts")


def add_train(parts: Parts, train: Pulses, windowed: bool) -> tuple[str, str, str]:
    """Add the knobs of a train of pulses and return the names of its start, interval and number."""
    first = parts.time("pulses_start" if windowed else "start", train.start, "start of the first pulse")
    every = parts.time("every", train.every, "from the start of a pulse to that of the next")
    n = parts.knob("n", train.n, "", "number of pulses")
    parts.above_zero(every)
    parts.within([n], 0)
    return first, every, n


def _gate(parts: Parts, schedule: Schedule) -> list[str]:
    """Add the gate and its shape; return the factors of the signal, each safe to multiply."""
    if schedule.half_life is not None and schedule.stop is None and schedule.pulses is None:
        raise DoseError(f"{parts.name}: a decay needs a gate that closes; give during(...) a stop, or pulses(...)")
    if schedule.rise is not None:
        schedule = starting(schedule)
    name = parts.name
    tail = f"{name}.gate" if schedule.half_life is not None else ""
    train_ramps = schedule.rise is not None and schedule.pulses is not None
    rise = parts.time("rise", schedule.rise, "time from 0 to full") if schedule.rise is not None else ""
    factors = []
    if schedule.windowed:
        factors.append(_window(parts, schedule, "" if train_ramps else rise, tail))
    if schedule.pulses is not None:
        factors.append(_train(parts, schedule.pulses, schedule.windowed, rise, tail))
    if rise:
        parts.above_zero(rise)
        factors.append(_ramp(name, f"{name}.rise", train_ramps, schedule.windowed))
    return [_tail(parts, schedule, factors)] if tail else factors


def _window(parts: Parts, schedule: Schedule, rise: str, tail: str) -> str:
    """Add the switch `name.on`, a counter so that the order of events at one time does not matter."""
    name = parts.name
    on = f"{name}.on"
    parts.switches.append(Switch(on, 0.0 if schedule.start is not None else 1.0, "", f"1 while {name} is on"))
    start = add_start(parts, schedule) if schedule.start is not None else ""
    if schedule.stop is not None:
        stop = parts.time("stop", schedule.stop, f"when {name} stops")
        if start:
            parts.require(f"{stop} >= {start}", f"'{stop}' must not lie before '{start}'")
        parts.events.append(_event(f"{name}.close", on, "-", stop, tail))
    if start:
        parts.events.append(_event(f"{name}.open", on, "+", start, rising=rise))
    if rise:
        parts.switches.append(Switch(f"{name}.rising", 0.0, "", "1 while the ramp rises"))
        parts.events.append(_event(f"{name}.risen", f"{name}.rising", "-", f"{start} + {rise}"))
    return on


def _train(parts: Parts, train: Pulses, windowed: bool, rise: str, tail: str) -> str:
    """Add the switch `name.pulse` and the events that move it."""
    name = parts.name
    pulse = f"{name}.pulse"
    parts.switches.append(Switch(pulse, 0.0, "", "1 during a pulse"))
    first, every, n = add_train(parts, train, windowed)
    width = parts.time("width", train.width, "length of a pulse")
    parts.above_zero(width)
    # touching pulses: the slack absorbs the rounding of a converted unit
    parts.require(f"{width} <= {every}*(1 + 1e-9)", f"'{width}' must not be longer than '{every}'")
    parts.events.append(_event(f"{name}.pulse_ends", pulse, "-", f"{first} + {width}", tail, every=every, count=n))
    parts.events.append(
        _event(f"{name}.pulse_begins", pulse, "+", first, every=every, count=n, rising=rise, begun=rise)
    )
    if rise:
        parts.require(f"{rise} <= {every}", f"'{rise}' must not be longer than '{every}'")
        parts.switches.append(Switch(f"{name}.rising", 0.0, "", "1 while the ramp rises"))
        parts.switches.append(Switch(f"{name}.begun", 0.0, "", "number of pulses that have begun"))
        parts.events.append(_event(f"{name}.risen", f"{name}.rising", "-", f"{first} + {rise}", every=every, count=n))
    return pulse


def _event(
    event: str,
    counter: str,
    sign: str,
    at: str,
    tail: str = "",
    *,
    every: str | None = None,
    count: str | int = 1,
    rising: str = "",
    begun: str = "",
) -> Event:
    """Return the event that moves a counter by 1; at a closing, what the signal had reached becomes the tail."""
    name = event.rsplit(".", 1)[0]
    changes = {counter: f"{counter} {sign} 1"}
    if tail:
        changes[f"{name}.tail"] = tail
    if rising:
        changes[f"{name}.rising"] = f"{name}.rising + 1"
    if begun:
        changes[f"{name}.begun"] = f"{name}.begun + 1"
    return Event(event, changes, at=at, every=every, count=count)


def _ramp(name: str, rise: str, train: bool, windowed: bool) -> str:
    """Return the line from 0 to 1 since the gate opened; the switch `rising` is 0 once it has reached 1."""
    begin = f"{name}.pulses_start" if train and windowed else f"{name}.start"
    if train:
        begin = f"{begin} - ({name}.begun - 1)*{name}.every"
    return f"(1 - {name}.rising*(1 - (t - {begin})/{rise}))"


def _tail(parts: Parts, schedule: Schedule, factors: list[str]) -> str:
    """Add the state that decays after closing and return the gate that joins it with the open one.

    The two are joined as open + (1 - open)*tail, which stays in [0, 1] and does not jump where a ramp begins.
    """
    name = parts.name
    half_life = parts.time("half_life", schedule.half_life or 0.0, "of the signal after the gate has closed")
    parts.above_zero(half_life)
    tail = f"{name}.tail"
    parts.states.append(State(tail, 0.0, "", "what is left of the signal after the gate has closed", typical=1.0))
    parts.processes.append(Process(f"{name}.fading", f"{tail} ->", f"log(2)*{tail}/{half_life}", "decay of the signal"))
    opened = "*".join(factors)
    joined = f"{opened} + (1 - {opened})*{tail}"
    parts.derived.append(Derived(f"{name}.gate", joined, "", "gate and shape, in [0, 1]"))
    return f"{name}.gate"


def _rhythm(parts: Parts, wave: Rhythm) -> str:
    amplitude = parts.knob("amplitude", wave.amplitude, "", "of the rhythm", bounds=(0, 1))
    period = parts.time("period", wave.period, "of the rhythm")
    phase = parts.time("phase", wave.phase, "time of the rhythm's top")
    parts.within([amplitude], 0, 1)
    parts.above_zero(period)
    return f"(1 + {amplitude}*cos({TWO_PI}*(t - {phase})/{period}))/(1 + {amplitude})"
