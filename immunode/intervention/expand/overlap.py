"""Whether two interventions that set one parameter do so at the same time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import combinations

from immunode.errors import ModelError
from immunode.model import Effect, Requirement

CLOSE = 1e-9
"""Windows that overlap by less than this share of their times only touch."""
MANY = 10_000
"""Pulses that are looked at one by one."""
Window = tuple[float, float]


def set_requirements(
    model_name: str, effects: Iterable[Effect], values: Mapping[str, float], new: Iterable[str]
) -> list[Requirement]:
    """Return the conditions under which no two interventions set one parameter at the same time.

    values : declared value of every parameter, knobs included, times in the model's time unit.
    new : names of the interventions that are being added; pairs without one of them are left alone.

    Raises
    ------
    ModelError : at these values, two do; the message names both.
    """
    fresh = set(new)
    setters: dict[str, list[str]] = {}
    for effect in effects:
        if effect.how == "set":
            setters.setdefault(effect.target, []).append(effect.by)
    requirements = []
    for target, names in sorted(setters.items()):
        for a, b in combinations(sorted(names), 2):
            if not fresh & {a, b}:
                continue
            time = _meet(_windows(a, values), _windows(b, values))
            if time is not None and values.get(f"{a}.strength") != 0 and values.get(f"{b}.strength") != 0:
                raise ModelError(
                    f"{model_name}: '{a}' and '{b}' both set '{target}' at time {time:g}; give them windows that do "
                    "not overlap, or use scale or add"
                )
            requirements.append(
                Requirement(_apart(a, b, values), f"'{a}' and '{b}' both set '{target}'; they must not overlap in time")
            )
    return requirements


def _windows(name: str, values: Mapping[str, float]) -> list[Window]:
    """Return when the signal of an intervention can be above 0, in order and apart."""
    train = f"{name}.width" in values
    windowed = not train or f"{name}.pulses_start" in values
    low = values.get(f"{name}.start", -math.inf) if windowed else -math.inf
    high = values.get(f"{name}.stop", math.inf)
    if train:
        first = values[f"{name}.pulses_start"] if windowed else values[f"{name}.start"]
        every, width = values.get(f"{name}.every", 0.0), values[f"{name}.width"]
        n = values.get(f"{name}.n", 1)
        offsets = [0.0, *(values[knob] for knob in _offsets(name, values))]
        if every and (f"{name}.n" not in values or n > MANY):
            # without end, or nearly so: one long pulse
            last = math.inf if f"{name}.n" not in values else first + (n - 1) * every + offsets[-1] + width
            windows = [(max(low, first), min(high, last))]
        else:
            begins = (first + i * every + offset for i in range(int(n)) for offset in offsets)
            windows = [(max(low, begin), min(high, begin + width)) for begin in begins]
    else:
        windows = [(low, high)]
    windows = [(begin, end) for begin, end in windows if begin < end]
    if windows and f"{name}.half_life" in values:
        windows = [(windows[0][0], math.inf)]
    return windows


def _meet(first: list[Window], second: list[Window]) -> float | None:
    """Return a time that lies in windows of both, or None."""
    i = j = 0
    while i < len(first) and j < len(second):
        begin, end = max(first[i][0], second[j][0]), min(first[i][1], second[j][1])
        scale = max((abs(x) for x in (begin, end) if math.isfinite(x)), default=0.0)
        if end - begin > CLOSE * scale:
            return begin if math.isfinite(begin) else 0.0
        if first[i][1] <= second[j][1]:
            i += 1
        else:
            j += 1
    return None


def _apart(a: str, b: str, values: Mapping[str, float]) -> str:
    """Return the condition on knobs: one ends before the other begins, or one has no strength.

    Trains that interleave can't be told apart by a condition on a few numbers: their times must stay as declared.
    """
    ways = [f"{a}.strength == 0", f"{b}.strength == 0"]
    for before, after in ((a, b), (b, a)):
        end, begin = _end(before, values), _begin(after, values)
        if end and begin:
            ways.append(f"{end} - {begin} <= {CLOSE!r}*(abs({end}) + abs({begin}))")
    one_after_other = any(_before(*pair, values) for pair in ((a, b), (b, a)))
    if not one_after_other and _meet(_windows(a, values), _windows(b, values)) is None:
        ways.append(f"({_as_declared(a, b, values)})")
    return " or ".join(ways)


def _as_declared(a: str, b: str, values: Mapping[str, float]) -> str:
    """Return the condition that all times of two interventions keep their ratios and their numbers of pulses."""
    knobs = [f"{n}.{k}" for n in (a, b) for k in ("every", "width", "start", "stop", "pulses_start", "n")]
    known = [*(knob for knob in knobs if knob in values), *_offsets(a, values), *_offsets(b, values)]
    times = [knob for knob in known if not knob.endswith(".n") and values[knob] != 0]
    fixed = [f"{knob} == {values[knob]!r}" for knob in known if knob.endswith(".n") or values[knob] == 0]
    return " and ".join([*(_equal(times[0], time, values) for time in times[1:]), *fixed])


def _equal(first: str, second: str, values: Mapping[str, float]) -> str:
    """Return the condition that two times keep their ratio; it needs no unit."""
    ratio = values[second] / values[first]
    return f"abs({second} - {ratio!r}*{first}) <= {CLOSE!r}*abs({second})"


def _before(first: str, second: str, values: Mapping[str, float]) -> bool:
    """Return whether all windows of one intervention end before those of another begin."""
    a, b = _windows(first, values), _windows(second, values)
    return not a or not b or _meet([(a[0][0], a[-1][1])], [(b[0][0], math.inf)]) is None


def _begin(name: str, values: Mapping[str, float]) -> str:
    """Return the text of the time before which an intervention is off, or "" if there is none."""
    return f"{name}.start" if f"{name}.start" in values else f"{name}.pulses_start" * (f"{name}.width" in values)


def _offsets(name: str, values: Mapping[str, float]) -> list[str]:
    """Return the knobs of the further pulses of a pattern, in order."""
    offsets: list[str] = []
    while f"{name}.offset_{len(offsets) + 2}" in values:
        offsets.append(f"{name}.offset_{len(offsets) + 2}")
    return offsets


def _end(name: str, values: Mapping[str, float]) -> str:
    """Return the text of the time after which an intervention is off, or "" if there is none."""
    if f"{name}.half_life" in values:
        return ""
    if f"{name}.stop" in values:
        return f"{name}.stop"
    if f"{name}.width" not in values or (f"{name}.every" in values and f"{name}.n" not in values):
        return ""
    first = f"{name}.pulses_start" if f"{name}.pulses_start" in values else f"{name}.start"
    row = f" + ({name}.n - 1)*{name}.every" if f"{name}.every" in values else ""
    return f"({first}{row}{''.join(f' + {knob}' for knob in _offsets(name, values)[-1:])} + {name}.width)"
