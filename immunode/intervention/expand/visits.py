"""A rule written out as an event at every visit, which sets switches by conditions on states and derived quantities.

So every engine and every batch runs it as it runs any other event.
"""

from __future__ import annotations

from collections.abc import Mapping

from immunode.intervention.expand.contribution import Draft
from immunode.intervention.rules import CONDITIONS, Rule
from immunode.intervention.times import Time
from immunode.language.expression import Expression, names, parse, to_text
from immunode.model.records import Derived, Event, Switch

MANY = 1e-6
"""Levels that differ by less than this part are one."""
JUST = 1e-9
"""Part of the time between doses by which a visit may come early."""
FURTHER = 100
"""Without a number, visits go on to this many times the model's horizon."""


def add_rule(draft: Draft, rule: Rule, *, stops: bool = False) -> str:
    """Add the visits of a rule and return the factor that it puts on a signal or a dose, in [0, high].

    stops : without `stop_when`, it stops at the next visit at which `when` does not hold.

    Adds the quantities `name.on` (0 or 1), `name.since` (time of the last change), `name.changes` (their number) and,
    where the dose has levels, `name.level`. Thresholds become knobs: `name.threshold`, `name.stop_threshold`,
    `name.raise_threshold`, `name.lower_threshold`.
    """
    name, time_unit = draft.name, draft.model.time_unit
    texts = {field: _with_knobs(draft, field, getattr(rule, field)) for field in CONDITIONS}
    if rule.apart is not None:
        return _add_cycles(draft, rule, rule.apart, texts)
    if stops and texts["when"] and not texts["stop_when"]:
        texts["stop_when"] = f"not ({texts['when']})"
    _switch(draft, "on", 0.0 if rule.when else 1.0, "", f"1 while the rule has {name} on")
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
        changes[f"{name}.rule_level"], moved = _levels(draft, rule, texts)
        changed += moved
    _switch(draft, "since", 0.0, time_unit, f"time of the last change of {name} at a visit")
    _switch(draft, "changes", 0.0, "", f"number of changes of {name} at visits")
    either = " or ".join(f"({condition})" for condition in changed)
    changes[f"{name}.rule_since"] = f"piecewise(t, {either}, {name}.rule_since)"
    changes[f"{name}.rule_changes"] = f"{name}.rule_changes + piecewise(1, {either}, 0)"
    at, every, count = visit_times(draft, rule)
    draft.events.append(Event(f"{name}.visit", changes, at=at, every=every, count=count, meaning=str(rule)))
    return f"{name}.on*{name}.level" if rule.graded else f"{name}.on"


def _add_cycles(draft: Draft, rule: Rule, apart: Time, texts: Mapping[str, str]) -> str:
    """Add visits at which a dose is given when it is due and not held back; return the factor on it.

    Adds the quantities `name.on` (1 from a visit with a dose to the next visit, else 0), `name.doses` (their number),
    `name.since_dose` (time since the last one; before the first, as if one had been given just in time for it to be
    due), `name.held` (visits since then at which one was due and held back), `name.stopped` and, where the dose has
    levels, `name.level`.
    """
    name = draft.name
    at, every, count = visit_times(draft, rule)
    gap = draft.time("apart", apart, "least time from one dose to the next")
    draft.above_zero(gap)
    last = f"{name}.rule_last"
    draft.switches.append(Switch(last, f"{at} - {gap}", draft.model.time_unit, f"time of the last dose of {name}"))
    draft.derived.append(
        Derived(f"{name}.since_dose", f"t - {last}", draft.model.time_unit, f"time since the last dose of {name}")
    )
    _switch(draft, "on", 0.0, "", f"1 from a visit with a dose of {name} to the next visit")
    _switch(draft, "doses", 0.0, "", f"number of doses of {name} given")
    _switch(draft, "held", 0.0, "", f"visits since the last dose at which {name} was due and held back")
    _switch(draft, "stopped", 0.0, "", f"1 once {name} is given no more")
    # visits are sums of intervals, which rounding may put just before the time
    due = f"t - {last} >= {gap}*(1 - {JUST!r})"
    due = f"{due} and {name}.rule_stopped < 0.5"
    give = due
    give += f" and not ({texts['stop_when']})" * bool(texts["stop_when"])
    give += f" and not ({texts['hold_when']})" * bool(texts["hold_when"])
    changes = {
        last: f"piecewise(t, {give}, {last})",
        f"{name}.rule_on": f"piecewise(1, {give}, 0)",
        f"{name}.rule_doses": f"{name}.rule_doses + piecewise(1, {give}, 0)",
        f"{name}.rule_held": f"piecewise(0, {give}, {name}.rule_held + 1, {due}, {name}.rule_held)",
    }
    if texts["stop_when"]:
        changes[f"{name}.rule_stopped"] = f"piecewise(1, {texts['stop_when']}, {name}.rule_stopped)"
    if rule.graded:
        changes[f"{name}.rule_level"], _ = _levels(draft, rule, texts, give)
    draft.events.append(Event(f"{name}.visit", changes, at=at, every=every, count=count, meaning=str(rule)))
    return f"{name}.on*{name}.level" if rule.graded else f"{name}.on"


def visit_times(draft: Draft, rule: Rule) -> tuple[str, str, str | int]:
    """Return first, interval and number of the visits as an event takes them; adds their knobs where they are new."""
    name = draft.name
    first, every = f"{name}.first_visit", f"{name}.visit_every"
    if all(p.name != first for p in draft.parameters):
        draft.time("first_visit", rule.start, "time of the first visit")
        draft.time("visit_every", rule.every, "from one visit to the next")
        draft.above_zero(every)
        if rule.n is not None:
            draft.knob("visits", rule.n, "", "number of visits")
            draft.within([f"{name}.visits"], 0)
    if rule.n is not None:
        return first, every, f"{name}.visits"
    return first, every, max(1, int(FURTHER * draft.model.horizon / draft.in_model_time(rule.every)))


def _switch(draft: Draft, what: str, initial: float | str, unit: str, meaning: str) -> None:
    """Add a switch, and a derived quantity that shows it in results."""
    draft.switches.append(Switch(f"{draft.name}.rule_{what}", initial, unit, meaning))
    draft.derived.append(Derived(f"{draft.name}.{what}", f"{draft.name}.rule_{what}", unit, meaning))


def _levels(draft: Draft, rule: Rule, texts: Mapping[str, str], allowed: str = "") -> tuple[str, list[str]]:
    """Add the level of the dose; return its new value at a visit, and the conditions on which it changes.

    allowed : condition on which it may change; "" is while the rule is on.
    """
    name = draft.name
    step = draft.knob("step", rule.step, "", "factor on the dose at a change")
    low = draft.knob("low", rule.low, "", "lowest level of the dose")
    high = draft.knob("high", rule.high, "", "highest level of the dose")
    first = draft.knob("level_start", rule.level, "", "level of the dose at the beginning")
    draft.require(f"{step} > 1", f"'{step}' must be above 1")
    draft.require(
        f"{low} >= 0 and {low} <= {first} and {first} <= {high}", f"'{first}' must lie within '{low}' and '{high}'"
    )
    _switch(draft, "level", first, "", f"level of the dose of {name}, a factor")
    level, on = f"{name}.rule_level", f"{name}.rule_on"
    cases, changed = [], []
    for field, value, room in (
        ("lower_when", f"max({level}/{step}, {low})", f"{level} > {low}*(1 + {MANY!r})"),
        ("raise_when", f"min({level}*{step}, {high})", f"{level} < {high}*(1 - {MANY!r})"),
    ):
        if texts[field]:
            condition = f"{allowed or f'{on} > 0.5'} and {room} and ({texts[field]})"
            cases.append(f"{value}, {condition}")
            changed.append(condition)
    return f"piecewise({', '.join(cases)}, {level})", changed


def _with_knobs(draft: Draft, field: str, text: str) -> str:
    """Return a condition with its numbers as knobs, and note what it looks at."""
    if not text:
        return ""
    expression = parse(text)
    draft.observed.append((text, tuple(sorted(names(expression)))))
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
            knob = CONDITIONS[field] + (f"_{count}" if count > 1 else "")
            other = sides[1 - i]
            unit = _unit(other, draft)
            sides[i] = ("name", draft.knob(knob, value, unit, f"threshold of {to_text(other)} in '{text}'"))
        return (node[0], node[1], *sides)

    return to_text(replaced(expression))


def _constant(node: Expression) -> float | None:
    if node[0] == "neg":
        inner = _constant(node[1])
        return None if inner is None else -inner
    return float(node[1]) if node[0] == "number" else None


def _unit(node: Expression, draft: Draft) -> str:
    """Return the unit of what a threshold is compared with, as text; the model checks it afterwards."""
    kind, *rest = node
    if kind == "name":
        return draft.unit(str(rest[0]))
    if kind == "time":
        return draft.model.time_unit
    if kind in ("neg", "abs"):
        return _unit(rest[0], draft)
    if kind in ("add", "sub") or (kind == "call" and rest[0] in ("min", "max", "abs")):
        units = [_unit(part, draft) for part in (rest if kind != "call" else rest[1:])]
        return next((unit for unit in units if unit), "")
    if kind in ("mul", "div"):
        first, second = (_unit(part, draft) for part in rest)
        sign = "*" if kind == "mul" else "/"
        return f"{f'({first})' if first else '1'}{sign}({second})" if second else first
    return ""
