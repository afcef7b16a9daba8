"""The structure of a model: its names, arrows and expressions, without its numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from immunode.errors import ModelError, did_you_mean, quoted
from immunode.language.expression import (
    Expression,
    is_condition,
    name_problem,
    names,
    parse,
    parse_arrow,
    to_text,
    uses_time,
)
from immunode.language.tree import delays
from immunode.model.declaration import Declaration
from immunode.model.records import Event, pairs

_HOW = ("scale", "add", "set")


def check_structure(model: Declaration) -> None:
    """Check names, arrows and expressions.

    Raises
    ------
    ModelError : a name is unknown, used twice or malformed; an arrow or an expression can't be read; derived
        quantities depend on each other in a circle.
    """
    _Names(model).check()


class _Names:
    """The names of one model, by what they are."""

    def __init__(self, model: Declaration) -> None:
        self.model = model
        self.states = {s.name: s.meaning for s in model.states}
        self.parameters = {p.name: p.meaning for p in model.parameters}
        self.switches = {s.name: s.meaning for s in model.switches}
        self.derived = {d.name: d.meaning for d in model.derived}
        self.all = {**self.states, **self.parameters, **self.switches, **self.derived}

    def kind(self, name: str) -> str:
        """Return what a name stands for, in words."""
        groups = {"state": self.states, "parameter": self.parameters, "switch": self.switches}
        return next((kind for kind, group in groups.items() if name in group), "derived quantity")

    def check(self) -> None:
        """Raise on the first name that is unknown, is there twice, or stands where it can't."""
        self._unique()
        model = self.model
        for process in model.processes:
            who = f"{model.name}, process '{process.name}'"
            self._arrow(who, process.arrow)
            self.expression(who, process.rate)
        for derived in model.derived:
            self.expression(f"{model.name}, derived quantity '{derived.name}'", derived.expression)
        for kind, records in (("state", model.states), ("switch", model.switches)):
            for record in records:
                self.constant(f"{model.name}, {kind} '{record.name}', initial value", record.initial)
        for state in model.states:
            if state.history:
                who = f"{model.name}, state '{state.name}', history"
                self._read(who, state.history, self.parameters)
                self._present(who, state.history)
        for compartment in model.compartments:
            self.constant(f"{model.name}, compartment '{compartment.name}', volume", compartment.volume)
        for event in model.events:
            self._event(event)
        self._effects()
        for requirement in model.requirements:
            who = f"{model.name}, requirement '{requirement.condition}'"
            self.constant(who, requirement.condition, condition=True)
        self._references()
        self._cycles()

    def _unique(self) -> None:
        model = self.model
        quantities = [
            ("state", [s.name for s in model.states]),
            ("parameter", [p.name for p in model.parameters]),
            ("switch", [s.name for s in model.switches]),
            ("derived quantity", [d.name for d in model.derived]),
        ]
        seen: dict[str, str] = {}
        for kind, group in quantities:
            for name in group:
                problem = name_problem(name)
                if problem:
                    raise ModelError(f"{model.name}, {kind} {name!r}: this name can't be used: {problem}")
                if name in seen:
                    raise ModelError(f"{model.name}: the name '{name}' is used twice, by a {seen[name]} and a {kind}")
                seen[name] = kind
        results = {name for name, kind in seen.items() if kind in ("state", "derived quantity")}
        others: list[tuple[str, Sequence[Any]]] = [
            ("process", model.processes),
            ("event", model.events),
            ("compartment", model.compartments),
            ("unit", model.units),
            ("intervention", model.interventions),
            ("variant", model.variants),
        ]
        for kind, records in others:
            own: set[str] = set()
            for record in records:
                name = record.name
                problem = name_problem(name) if kind in ("process", "intervention", "unit") and name != "t" else ""
                if problem and not problem.endswith("function"):
                    raise ModelError(f"{model.name}, {kind} {name!r}: this name can't be used: {problem}")
                if not isinstance(name, str) or not name:
                    raise ModelError(f"{model.name}: {kind} {name!r} has no name")
                if name in own:
                    many = "processes" if kind == "process" else f"{kind}s"
                    raise ModelError(f"{model.name}: two {many} have the name '{name}'")
                own.add(name)
                if kind == "process" and name in results:
                    raise ModelError(
                        f"{model.name}, process '{name}': a {seen[name]} has this name, and results hold both"
                    )

    def _arrow(self, who: str, arrow: str) -> None:
        try:
            sides = parse_arrow(arrow)
        except ModelError as error:
            raise ModelError(f"{who}: {error}") from None
        for name, _ in (*sides[0], *sides[1]):
            if name in self.states:
                continue
            if name in self.all:
                raise ModelError(
                    f"{who}: {quoted(arrow)} moves the {self.kind(name)} '{name}'; an arrow moves states only"
                )
            hint = did_you_mean(name, self.states)
            raise ModelError(f"{who}: unknown state {quoted(name)} in the arrow {quoted(arrow)}{hint}")

    def expression(self, who: str, text: str, *, condition: bool | None = False) -> frozenset[str]:
        """Return the names in an expression of any of the model's quantities, after checking it."""
        used = self._read(who, text, self.all, condition=condition)
        for part in delays(parse(text)):
            self._delay(who, part)
        return used

    def _delay(self, who: str, part: Expression) -> None:
        """Check one `delay(x, lag)`."""
        _, _, what, lag = part
        if is_condition(what):
            raise ModelError(f"{who}: {quoted(to_text(part))} delays a condition; use piecewise(1, condition, 0)")
        for name in sorted(names(what) & self.switches.keys()):
            raise ModelError(f"{who}: {quoted(to_text(part))} delays the switch '{name}', which has no history")
        moving = names(lag) & (self.states.keys() | self.switches.keys())
        if moving or uses_time(lag) or any(True for _ in delays(lag)):
            what = (
                f"the {self.kind(min(moving))} '{min(moving)}'" if moving else "time" if uses_time(lag) else "a delay"
            )
            raise ModelError(
                f"{who}: the lag of {quoted(to_text(part))} depends on {what}; a lag stays the same through a run: "
                "write a number or an expression of parameters"
            )

    def constant(self, who: str, text: float | str | None, *, condition: bool = False) -> None:
        """Check an expression of parameters only; a number is checked elsewhere."""
        if isinstance(text, str):
            self._read(who, text, self.parameters, condition=condition)
            if uses_time(parse(text)):
                raise ModelError(f"{who}: {quoted(text)} uses t, but it may use parameters only")
            self._present(who, text)

    def _present(self, who: str, text: str) -> None:
        """Refuse a look back where there is nothing to look back at."""
        if any(True for _ in delays(parse(text))):
            raise ModelError(f"{who}: {quoted(text)} has a delay, and parameters have no past")

    def _read(self, who: str, text: str, known: Mapping[str, str], *, condition: bool | None = False) -> frozenset[str]:
        try:
            expression = parse(text)
        except ModelError as error:
            raise ModelError(f"{who}: {error}") from None
        used = names(expression)
        only = "but it may use parameters only"
        for name in sorted(used - known.keys()):
            if name in self.all:
                raise ModelError(f"{who}: {quoted(text)} uses the {self.kind(name)} '{name}', {only}")
            raise ModelError(f"{who}: unknown name {quoted(name)} in {quoted(text)}{did_you_mean(name, known)}")
        if is_condition(expression) != bool(condition):
            wanted = "a condition such as 'x > 0'" if condition else "a value"
            raise ModelError(f"{who}: {quoted(text)} must be {wanted}")
        return used

    def _event(self, event: Event) -> None:
        who = f"{self.model.name}, event '{event.name}'"
        if (event.at is None) == (not event.when):
            raise ModelError(f"{who}: give either at= (a time) or when= (a condition)")
        if event.at is None and (event.every is not None or event.count != 1):
            raise ModelError(f"{who}: every= and count= go with at= only")
        if event.at is not None and not _plain(event):
            also = "delay=, priority=, persistent=, initially=, from_trigger= and sizes="
            raise ModelError(f"{who}: {also} go with when= only")
        if event.every is None and event.count != 1:
            raise ModelError(f"{who}: count={event.count!r} needs every=")
        if event.when:
            self.expression(who, event.when, condition=True)
        for label, value in (("at", event.at), ("every", event.every), ("count", event.count)):
            self.constant(f"{who}, {label}", value)
        for label, text in (("delay", event.delay), ("priority", event.priority)):
            if isinstance(text, str) and (text or label == "delay"):
                self.expression(f"{who}, {label}", text)
        if not event.changes:
            raise ModelError(f"{who}: it changes nothing; give changes={{'state': 'new value'}}")
        for target, text in pairs(event.changes):
            if target not in self.states and target not in self.switches:
                known = {**self.states, **self.switches}
                hint = did_you_mean(target, known)
                if target in self.parameters:
                    hint = f"; '{target}' is a parameter, which never changes: declare it as a Switch"
                raise ModelError(f"{who}: can't change '{target}'; states and switches can be changed{hint}")
            self.expression(f"{who}, new value of '{target}'", text)
        for target, text in pairs(event.sizes):
            if target not in dict(pairs(event.changes)):
                raise ModelError(f"{who}: sizes= has '{target}', which the event does not change")
            self.expression(f"{who}, size of '{target}'", text)

    def _effects(self) -> None:
        for effect in self.model.effects:
            who = f"{self.model.name}, effect of '{effect.by}' on '{effect.target}'"
            if effect.target not in self.parameters:
                raise ModelError(f"{who}: no such parameter{did_you_mean(effect.target, self.parameters)}")
            if effect.how not in _HOW:
                raise ModelError(f"{who}: how='{effect.how}'{did_you_mean(effect.how, _HOW)}")
            self.expression(who, effect.value)
            self.expression(f"{who}, weight", effect.weight)

    def _references(self) -> None:
        """Check names that stand outside expressions: compartments, readouts, variants, aliases."""
        model = self.model
        compartments = {c.name for c in model.compartments}
        for state in model.states:
            if state.compartment and state.compartment not in compartments:
                hint = did_you_mean(state.compartment, compartments) or "; the model has none"
                raise ModelError(f"{model.name}, state '{state.name}': unknown compartment '{state.compartment}'{hint}")
        results = {**self.states, **self.derived, **{p.name: p.meaning for p in model.processes}}
        results |= {f"{effect.target}.effective": "" for effect in model.effects}
        for name in model.readouts:
            if name not in results:
                raise ModelError(f"{model.name}, readouts: unknown quantity '{name}'{did_you_mean(name, results)}")
        for variant in model.variants:
            who = f"{model.name}, variant '{variant.name}'"
            for name, _ in pairs(variant.values):
                if name not in self.parameters:
                    hint = f"; {name} is a state: put it into initial=" if name in self.states else ""
                    raise ModelError(f"{who}: unknown parameter '{name}'{hint or did_you_mean(name, self.parameters)}")
            for name, value in pairs(variant.initial):
                if name not in self.states:
                    hint = f"; {name} is a parameter: put it into values=" if name in self.parameters else ""
                    raise ModelError(f"{who}: unknown state '{name}'{hint or did_you_mean(name, self.states)}")
                self.constant(f"{who}, initial value of '{name}'", value)
        variants = [v.name for v in model.variants]
        for it in model.interventions:
            others = [*(other.name for other in model.interventions if other is not it), *variants]
            beside = it.beside
            if beside and beside not in others:
                hint = did_you_mean(beside, others)
                raise ModelError(
                    f"{model.name}, intervention '{it.name}': it acts beside '{beside}', which is no other "
                    f"intervention and no variant{hint}"
                )
        for alias, name in pairs(model.aliases):
            if name and name not in variants:
                hint = did_you_mean(name, variants)
                raise ModelError(f"{model.name}, alias '{alias}': unknown variant '{name}'{hint}")

    def _cycles(self) -> None:
        """Refuse derived quantities and effects that depend on themselves, and say how."""
        model = self.model
        needs: dict[str, set[str]] = {d.name: set(names(parse(d.expression))) for d in model.derived}
        for effect in model.effects:
            used = names(parse(effect.value)) | names(parse(effect.weight))
            needs.setdefault(effect.target, set()).update(used)
        circle = find_circle(needs)
        if circle:
            raise ModelError(f"{model.name}: {' -> '.join(circle)} depends on itself")


def _plain(event: Event) -> bool:
    late = event.delay != 0.0 or event.priority
    return not late and event.persistent and event.initially and event.from_trigger and not event.sizes


def find_circle(needs: Mapping[str, Iterable[str]]) -> list[str]:
    """Return names that need each other in a circle, the first again at the end; empty where there is none."""
    finished: set[str] = set()
    for start in needs:
        path: list[str] = []
        stack: list[tuple[str, Iterator[str]]] = []

        def enter(name: str, path: list[str] = path, stack: list[tuple[str, Iterator[str]]] = stack) -> None:
            path.append(name)
            stack.append((name, iter(sorted(needs.get(name, ())))))

        if start not in finished:
            enter(start)
        while stack:
            name, left = stack[-1]
            for following in left:
                if following in path:
                    return [*path[path.index(following) :], following]
                if following in needs and following not in finished:
                    enter(following)
                    break
            else:
                finished.add(name)
                path.pop()
                stack.pop()
    return []
