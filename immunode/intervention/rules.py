"""Rules: what is decided at visits from what is observed there.

A rule is written out as an event at every visit that sets switches by conditions on states and derived quantities, so
that every engine and every batch runs it as it runs any other event.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from immunode.errors import DoseError, ModelError, quoted
from immunode.intervention.expand.contribution import Parts
from immunode.intervention.numbers import finite, whole
from immunode.intervention.times import Time, size, tidy_time, words
from immunode.language.expression import Expression, is_condition, names, parse, to_text
from immunode.model.declaration import Derived, Event, Switch
from immunode.model.serial import register

MANY = 1e-6
"""Levels that differ by less than this part are one."""
FURTHER = 100
"""Without a number, visits go on to this many times the model's horizon."""
_CONDITIONS = {
    "when": "threshold",
    "stop_when": "stop_threshold",
    "raise_when": "raise_threshold",
    "lower_when": "lower_threshold",
}


@register
@dataclass(frozen=True, slots=True)
class Rule:
    """What is decided at visits, one `every` interval, the first at `start`, `n` in all (None: without end).

    when, stop_when : conditions on which it starts and stops, such as "p > 0.3"; without `when` it is on from the
        beginning, without `stop_when` it stays on; where both hold it is off.
    raise_when, lower_when : conditions on which the level of the dose is multiplied or divided by `step`, within
        [low, high]; where both hold it is lowered.   level : at the beginning.

    Raises
    ------
    DoseError : nothing is decided, or a number or a time is out of range.
    ModelError : a condition can't be read.
    """

    every: Time
    start: Time = 0.0
    n: int | None = None
    when: str = ""
    stop_when: str = ""
    raise_when: str = ""
    lower_when: str = ""
    step: float = 2.0
    low: float = 0.0
    high: float = 1.0
    level: float = 1.0

    def __post_init__(self) -> None:
        for name in ("every", "start"):
            object.__setattr__(self, name, tidy_time(getattr(self, name), f"a rule's {name}"))
        if size(self.every)[0] <= 0:
            raise DoseError(f"a rule's visits: every must be above 0, got {words(self.every)}")
        n = None if self.n is None else whole(self.n)
        if (n is None and self.n is not None) or (n is not None and n < 1):
            raise DoseError(f"a rule's visits: n must be a whole number above 0, got {self.n!r}")
        for name in _CONDITIONS:
            _check_condition(name, getattr(self, name))
        if not any(getattr(self, name) for name in _CONDITIONS):
            raise DoseError("a rule needs something to decide on, such as when='p > 0.3'")
        for name in ("step", "low", "high", "level"):
            number = finite(getattr(self, name))
            if number is None:
                raise DoseError(f"a rule's {name} must be a number, got {getattr(self, name)!r}")
            object.__setattr__(self, name, number)
        if self.step <= 1:
            raise DoseError(f"a rule's step must be above 1, got {self.step:g}; 2 halves and doubles the dose")
        if not 0 <= self.low <= self.level <= self.high:
            raise DoseError(
                f"a rule's level must lie within its bounds, 0 <= low <= level <= high, "
                f"got low {self.low:g}, level {self.level:g}, high {self.high:g}"
            )

    @property
    def graded(self) -> bool:
        """True if the dose has levels."""
        return bool(self.raise_when or self.lower_when)

    def __str__(self) -> str:
        said = [
            f"{word} when {condition}"
            for word, condition in (
                ("on", self.when),
                ("off", self.stop_when),
                (f"dose times {self.step:g} (up to {self.high:g})", self.raise_when),
                (f"dose divided by {self.step:g} (down to {self.low:g})", self.lower_when),
            )
            if condition
        ]
        number, unit = size(self.start)
        first = "" if number == 0 else f" from {unit or 'time'} {number:g}"
        return f"at visits every {words(self.every)}{first}: {', '.join(said)}"


def add_rule(parts: Parts, rule: Rule, *, stops: bool = False) -> str:
    """Add the visits of a rule and return the factor that it puts on a signal or a dose, in [0, high].

    stops : without `stop_when`, it stops at the next visit at which `when` does not hold.

    Adds the quantities `name.on` (0 or 1), `name.since` (time of the last change), `name.changes` (their number) and,
    where the dose has levels, `name.level`. Thresholds become knobs: `name.threshold`, `name.stop_threshold`,
    `name.raise_threshold`, `name.lower_threshold`.
    """
    name, time_unit = parts.name, parts.model.time_unit
    texts = {field: _with_knobs(parts, field, getattr(rule, field)) for field in _CONDITIONS}
    if stops and texts["when"] and not texts["stop_when"]:
        texts["stop_when"] = f"not ({texts['when']})"
    _switch(parts, "on", 0.0 if rule.when else 1.0, "", f"1 while the rule has {name} on")
    changed = []
    changes = {}
    # where both hold, it is off: a rule must not go on and off at visit after visit
    but = f" and not ({texts['stop_when']})" if rule.stop_when else ""
    starting = f"{name}.rule_on < 0.5 and ({texts['when']}){but}"
    stopping = f"{name}.rule_on > 0.5 and ({texts['stop_when']})"
    cases = [f"1, {starting}"] * bool(texts["when"]) + [f"0, {stopping}"] * bool(texts["stop_when"])
    if cases:
        changes[f"{name}.rule_on"] = f"piecewise({', '.join(cases)}, {name}.rule_on)"
        changed += [case.partition(", ")[2] for case in cases]
    if rule.graded:
        changes[f"{name}.rule_level"], moved = _levels(parts, rule, texts)
        changed += moved
    _switch(parts, "since", 0.0, time_unit, f"time of the last change of {name} at a visit")
    _switch(parts, "changes", 0.0, "", f"number of changes of {name} at visits")
    either = " or ".join(f"({condition})" for condition in changed)
    changes[f"{name}.rule_since"] = f"piecewise(t, {either}, {name}.rule_since)"
    changes[f"{name}.rule_changes"] = f"{name}.rule_changes + piecewise(1, {either}, 0)"
    at, every, count = visits(parts, rule)
    parts.events.append(Event(f"{name}.visit", changes, at=at, every=every, count=count, meaning=str(rule)))
    return f"{name}.on*{name}.level" if rule.graded else f"{name}.on"


def visits(parts: Parts, rule: Rule) -> tuple[str, str, str | int]:
    """Return first, interval and number of the visits as an event takes them; adds their knobs where they are new."""
    name = parts.name
    first, every = f"{name}.first_visit", f"{name}.visit_every"
    if all(p.name != first for p in parts.parameters):
        parts.time("first_visit", rule.start, "time of the first visit")
        parts.time("visit_every", rule.every, "from one visit to the next")
        parts.above_zero(every)
        if rule.n is not None:
            parts.knob("visits", rule.n, "", "number of visits")
            parts.within([f"{name}.visits"], 0)
    if rule.n is not None:
        return first, every, f"{name}.visits"
    return first, every, max(1, int(FURTHER * parts.model.horizon / parts.in_model_time(rule.every)))


def _switch(parts: Parts, what: str, initial: float | str, unit: str, meaning: str) -> None:
    """Add a switch, and a derived quantity that shows it in results."""
    parts.switches.append(Switch(f"{parts.name}.rule_{what}", initial, unit, meaning))
    parts.derived.append(Derived(f"{parts.name}.{what}", f"{parts.name}.rule_{what}", unit, meaning))


def _levels(parts: Parts, rule: Rule, texts: Mapping[str, str]) -> tuple[str, list[str]]:
    """Add the level of the dose; return its new value at a visit, and the conditions on which it changes."""
    name = parts.name
    step = parts.knob("step", rule.step, "", "factor on the dose at a change")
    low = parts.knob("low", rule.low, "", "lowest level of the dose")
    high = parts.knob("high", rule.high, "", "highest level of the dose")
    first = parts.knob("level_start", rule.level, "", "level of the dose at the beginning")
    parts.require(f"{step} > 1", f"'{step}' must be above 1")
    parts.require(
        f"{low} >= 0 and {low} <= {first} and {first} <= {high}", f"'{first}' must lie within '{low}' and '{high}'"
    )
    _switch(parts, "level", first, "", f"level of the dose of {name}, a factor")
    level, on = f"{name}.rule_level", f"{name}.rule_on"
    cases, changed = [], []
    for field, value, room in (
        ("lower_when", f"max({level}/{step}, {low})", f"{level} > {low}*(1 + {MANY!r})"),
        ("raise_when", f"min({level}*{step}, {high})", f"{level} < {high}*(1 - {MANY!r})"),
    ):
        if texts[field]:
            condition = f"{on} > 0.5 and {room} and ({texts[field]})"
            cases.append(f"{value}, {condition}")
            changed.append(condition)
    return f"piecewise({', '.join(cases)}, {level})", changed


def _with_knobs(parts: Parts, field: str, text: str) -> str:
    """Return a condition with its numbers as knobs, and note what it looks at."""
    if not text:
        return ""
    expression = parse(text)
    parts.observed.append((text, tuple(sorted(names(expression)))))
    count = 0

    def replaced(node: Expression) -> Expression:
        nonlocal count
        if node[0] in ("and", "or", "not"):
            return (node[0], *(replaced(part) for part in node[1:]))
        if node[0] != "compare":
            return node
        sides = list(node[2:])
        for i, side in enumerate(sides):
            value = _constant(side)
            if value is None or _constant(sides[1 - i]) is not None:
                continue
            count += 1
            knob = _CONDITIONS[field] + (f"_{count}" if count > 1 else "")
            other = sides[1 - i]
            unit = _unit(other, parts)
            sides[i] = ("name", parts.knob(knob, value, unit, f"threshold of {to_text(other)} in '{text}'"))
        return (node[0], node[1], *sides)

    return to_text(replaced(expression))


def _constant(node: Expression) -> float | None:
    if node[0] == "neg":
        inner = _constant(node[1])
        return None if inner is None else -inner
    return float(node[1]) if node[0] == "number" else None


def _unit(node: Expression, parts: Parts) -> str:
    """Return the unit of what a threshold is compared with, as text; the model checks it afterwards."""
    kind, *rest = node
    if kind == "name":
        return parts.unit(str(rest[0]))
    if kind == "time":
        return parts.model.time_unit
    if kind in ("neg", "abs"):
        return _unit(rest[0], parts)
    if kind in ("add", "sub") or (kind == "call" and rest[0] in ("min", "max", "abs")):
        found = [_unit(part, parts) for part in (rest if kind != "call" else rest[1:])]
        return next((unit for unit in found if unit), "")
    if kind in ("mul", "div"):
        first, second = (_unit(part, parts) for part in rest)
        sign = "*" if kind == "mul" else "/"
        return f"{f'({first})' if first else '1'}{sign}({second})" if second else first
    return ""


def _check_condition(field: str, text: object) -> None:
    if not isinstance(text, str):
        raise DoseError(f"a rule's {field} is text such as 'p > 0.3', got {quoted(text)}")
    if text and not is_condition(parse(text)):
        raise ModelError(f"a rule's {field}, {quoted(text)}, must be a condition such as 'p > 0.3'")
