"""A schedule written out as switches, events and the expression of a signal."""

from __future__ import annotations

from dataclasses import dataclass

from immunode.errors import DoseError
from immunode.intervention.expand.contribution import Draft
from immunode.intervention.expand.rhythms import add_rhythm
from immunode.intervention.expand.visits import add_rule, visit_times
from immunode.intervention.schedule import Pulses, Schedule
from immunode.model import Derived, Event, Process, State, Switch

FURTHER = 10
"""Without a number, pulses go on to this many times the model's horizon."""


@dataclass(frozen=True, slots=True)
class Moments:
    """When something begins, as an event takes it: several rows of times, each one `every` apart, `n` times.

    at : the first time of each row.   every : None for single times.
    """

    at: tuple[str, ...]
    every: str | None = None
    n: str | int = 1

    def label(self, i: int) -> str:
        """Return what tells the events of row `i` from those of the first."""
        return f"_{i + 1}" if i else ""


def add_signal(draft: Draft, schedule: Schedule, strength: str, rule: str = "") -> str:
    """Add strength * gate * shape in [0, 1] as the derived quantity `name.signal` and return its name.

    rule : the factor of its rule, "" without one.
    """
    name = draft.name
    factors = [strength, *([rule] if rule else []), *_gate(draft, schedule)]
    if schedule.rhythm is not None:
        factors.append(add_rhythm(draft, schedule.rhythm))
    draft.derived.append(Derived(f"{name}.signal", "*".join(factors), "", f"strength of {name} over time, in [0, 1]"))
    return f"{name}.signal"


def add_start(draft: Draft, schedule: Schedule) -> str:
    """Add the knob of the window's start and return its name."""
    return draft.time("start", schedule.start or 0.0, f"when {draft.name} starts")


def add_train(draft: Draft, train: Pulses, windowed: bool) -> Moments:
    """Add the knobs of a train of pulses and return when they begin."""
    draft.time("pulses_start" if windowed else "start", train.start, "start of the first pulse")
    before = "0"
    for i, offset in enumerate(train.offsets):
        after = draft.time(f"offset_{i + 2}", offset, f"from the start of the first pulse to that of number {i + 2}")
        draft.require(f"{after} > {before}", f"times go backwards at '{after}'")
        before = after
    if train.every is not None:
        draft.above_zero(draft.time("every", train.every, "from the start of a pulse to that of the next"))
        if train.n is not None:
            meaning = "how often the pattern is repeated" if train.offsets else "number of pulses"
            draft.within([draft.knob("n", train.n, "", meaning)], 0)
    return _train_moments(draft, train, windowed)


def _train_moments(draft: Draft, train: Pulses, windowed: bool) -> Moments:
    name = draft.name
    first = f"{name}.pulses_start" if windowed else f"{name}.start"
    at = (first, *(f"{first} + {name}.offset_{i + 2}" for i in range(len(train.offsets))))
    if train.every is None:
        return Moments(at)
    # without a number, pulses reach far beyond the model's horizon
    unending = max(1, int(FURTHER * draft.model.horizon / draft.in_model_time(train.every)))
    return Moments(at, f"{name}.every", unending if train.n is None else f"{name}.n")


def moments(draft: Draft, schedule: Schedule, *, gated: bool) -> Moments:
    """Return when transfers are given; adds the knobs of these times unless a gate has them already (`gated`)."""
    if schedule.rule is not None:
        first, every, n = visit_times(draft, schedule.rule)
        return Moments((first,), every, n)
    if schedule.pulses is not None:
        if gated:
            return _train_moments(draft, schedule.pulses, schedule.windowed)
        return add_train(draft, schedule.pulses, windowed=False)
    return Moments((f"{draft.name}.start" if gated else add_start(draft, schedule),))


def _gate(draft: Draft, schedule: Schedule) -> list[str]:
    """Add the gate and its shape; return the factors of the signal, each safe to multiply."""
    if schedule.half_life is not None and schedule.stop is None and schedule.pulses is None:
        raise DoseError(f"{draft.name}: a decay needs a gate that closes; give during(...) a stop, or pulses(...)")
    if schedule.rise is not None:
        schedule = schedule.from_zero()
    name = draft.name
    tail = f"{name}.gate" if schedule.half_life is not None else ""
    train_ramps = schedule.rise is not None and schedule.pulses is not None
    rise = draft.time("rise", schedule.rise, "time from 0 to full") if schedule.rise is not None else ""
    factors = []
    if schedule.windowed:
        factors.append(_window(draft, schedule, "" if train_ramps else rise, tail))
    if schedule.pulses is not None:
        factors.append(_train(draft, schedule.pulses, schedule.windowed, rise, tail))
    if rise:
        draft.above_zero(rise)
        factors.append(_ramp(name, f"{name}.rise", train_ramps))
    return [_tail(draft, schedule, factors)] if tail else factors


def _window(draft: Draft, schedule: Schedule, rise: str, tail: str) -> str:
    """Add the switch `name.on`, a counter so that the order of events at one time does not matter."""
    name = draft.name
    # a rule shows its own state as `name.on`
    on = f"{name}.on" if schedule.rule is None else f"{name}.window"
    draft.switches.append(Switch(on, 0.0 if schedule.start is not None else 1.0, "", f"1 while {name} is on"))
    start = add_start(draft, schedule) if schedule.start is not None else ""
    if schedule.stop is not None:
        stop = draft.time("stop", schedule.stop, f"when {name} stops")
        if start:
            draft.require(f"{stop} >= {start}", f"'{stop}' must not lie before '{start}'")
        draft.events.append(_event(f"{name}.close", on, "-", stop, tail))
    if start:
        draft.events.append(_event(f"{name}.open", on, "+", start, rising=rise))
    if rise:
        draft.switches.append(Switch(f"{name}.rising", 0.0, "", "1 while the ramp rises"))
        draft.events.append(_event(f"{name}.risen", f"{name}.rising", "-", f"{start} + {rise}"))
    return on


def _train(draft: Draft, train: Pulses, windowed: bool, rise: str, tail: str) -> str:
    """Add the switch `name.pulse` and the events that move it."""
    name = draft.name
    pulse = f"{name}.pulse"
    draft.switches.append(Switch(pulse, 0.0, "", "1 during a pulse"))
    when = add_train(draft, train, windowed)
    width = draft.time("width", train.width, "length of a pulse")
    draft.above_zero(width)
    _fit(draft, when, width, 1e-9)  # touching pulses: the slack absorbs the rounding of a converted unit
    for i, at in enumerate(when.at):
        ends = f"{name}.pulse_ends{when.label(i)}"
        draft.events.append(_event(ends, pulse, "-", f"{at} + {width}", tail, every=when.every, count=when.n))
    for i, at in enumerate(when.at):
        begins = f"{name}.pulse_begins{when.label(i)}"
        draft.events.append(_event(begins, pulse, "+", at, every=when.every, count=when.n, rising=rise, begun=rise))
    if rise:
        _fit(draft, when, rise)
        draft.switches.append(Switch(f"{name}.rising", 0.0, "", "1 while the ramp rises"))
        draft.switches.append(Switch(f"{name}.begun", 0.0, draft.model.time_unit, "when the last pulse began"))
        for i, at in enumerate(when.at):
            risen = f"{name}.risen{when.label(i)}"
            draft.events.append(_event(risen, f"{name}.rising", "-", f"{at} + {rise}", every=when.every, count=when.n))
    return pulse


def _fit(draft: Draft, when: Moments, length: str, slack: float = 0.0) -> None:
    """Require that a length is over before the next pulse begins."""
    begins = [at.partition(" + ")[2] for at in when.at]
    ends = [*begins[1:], *([when.every] if when.every else [])]
    for begin, end in zip(begins, ends, strict=False):
        gap = f"({end} - {begin})" if begin else end
        allowed = f"{gap}*(1 + {slack:g})" if slack else gap
        words = f"'{end}'" if not begin else f"the time from '{begin}' to '{end}'"
        draft.require(f"{length} <= {allowed}", f"'{length}' must not be longer than {words}")


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
        changes[f"{name}.begun"] = "t"
    return Event(event, changes, at=at, every=every, count=count)


def _ramp(name: str, rise: str, train: bool) -> str:
    """Return the line from 0 to 1 since the gate opened; the switch `rising` is 0 once it has reached 1."""
    begin = f"{name}.begun" if train else f"{name}.start"
    return f"(1 - {name}.rising*(1 - (t - {begin})/{rise}))"


def _tail(draft: Draft, schedule: Schedule, factors: list[str]) -> str:
    """Add the state that decays after closing and return the gate that joins it with the open one.

    The two are joined as open + (1 - open)*tail, which stays in [0, 1] and does not jump where a ramp begins.
    """
    name = draft.name
    half_life = draft.time("half_life", schedule.half_life or 0.0, "of the signal after the gate has closed")
    draft.above_zero(half_life)
    tail = f"{name}.tail"
    draft.states.append(State(tail, 0.0, "", "what is left of the signal after the gate has closed", typical=1.0))
    draft.processes.append(Process(f"{name}.fading", f"{tail} ->", f"log(2)*{tail}/{half_life}", "decay of the signal"))
    opened = "*".join(factors)
    joined = f"{opened} + (1 - {opened})*{tail}"
    draft.derived.append(Derived(f"{name}.gate", joined, "", "gate and shape, in [0, 1]"))
    return f"{name}.gate"


def rule_factor(draft: Draft, schedule: Schedule, *, stops: bool = False) -> str:
    """Add the rule of a schedule and return its factor; "" without one. Parameters as in `add_rule`."""
    return "" if schedule.rule is None else add_rule(draft, schedule.rule, stops=stops)
