"""Events whose conditions depend on time and parameters only, as breaks, so that every engine can fire them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from immunode.language.expression import Expression, parse
from immunode.model import Event
from immunode.program.program import Break, Change
from immunode.program.time_conditions import NEVER, TimeConditions


@dataclass(frozen=True, slots=True)
class _Span:
    """When a condition holds: from the last of `starts` on, before the first of `ends`; nodes of parameters."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]


def timed_breaks(
    conditions: TimeConditions,
    events: Sequence[Event],
    node: Callable[[Expression], int],
    changes: Callable[[Event], tuple[Change, ...]],
    sizes: Callable[[Event], tuple[int, ...]],
) -> list[Break] | None:
    """Return a break for each event with a condition, or None if one is not known in advance.

    All or none: a break knows no priority, and computes its values when it comes. So no event may fire on a state,
    and none that could fire together with another may touch what that one reads or changes.
    """
    breaks = []
    for event in events:
        timed = _break(conditions, event, node, changes(event), sizes(event))
        if timed is None:
            return None
        breaks.append(timed)
    for i, one in enumerate(breaks):
        for other in breaks[i + 1 :]:
            if _meet(conditions, one, other) and _entangled(conditions, one, other):
                return None
    return breaks


def _break(
    conditions: TimeConditions,
    event: Event,
    node: Callable[[Expression], int],
    changes: tuple[Change, ...],
    sizes: tuple[int, ...],
) -> Break | None:
    graph = conditions.graph
    span = _span(conditions, parse(event.when), node)
    if span is None or not span.starts or (span.ends and not event.persistent):
        return None
    delay = node(parse(event.delay)) if isinstance(event.delay, str) else graph.number(float(event.delay))
    waits = graph.value(delay) != 0.0
    if conditions.depends_on(delay) - {"parameter"}:
        return None
    if waits and event.from_trigger and any(conditions.depends_on(c.node) - {"parameter"} for c in changes):
        return None
    if sizes:
        changes = tuple(replace(c, node=graph.add("mul", c.node, size)) for c, size in zip(changes, sizes, strict=True))
    zero, one = graph.number(0.0), graph.number(1.0)
    first = span.starts[0]
    for start in span.starts[1:]:
        first = graph.add("max", first, start)
    holds = one
    if event.initially:
        holds = graph.add("less", zero, first)
    else:
        first = graph.add("max", first, zero)
    for end in span.ends:
        holds = graph.add("and", holds, graph.add("less", first, end))
    return Break(event.name, graph.add("add", first, delay), zero, graph.add("where", holds, one, zero), changes)


def _span(conditions: TimeConditions, condition: Expression, node: Callable[[Expression], int]) -> _Span | None:
    """Return when a condition holds, if it is one comparison with time, or several joined by `and`."""
    graph = conditions.graph
    kind, *rest = condition
    if kind == "and":
        parts = [_span(conditions, part, node) for part in rest]
        known = [part for part in parts if part is not None]
        if len(known) < len(parts):
            return None
        return _Span(tuple(s for part in known for s in part.starts), tuple(e for part in known for e in part.ends))
    if kind != "compare":
        return None
    sign, left, right = rest[0], node(rest[1]), node(rest[2])
    crossing = conditions.crossing(left, right)
    slope = None if crossing is None else graph.value(crossing.slope)
    if crossing is None or not slope:
        return None
    if sign == "==":
        return _Span((crossing.time,), (conditions.just_after(crossing.time),))
    later, strict = (sign in (">", ">=")) == (slope > 0), sign in ("<", ">")
    moment = conditions.just_after(crossing.time) if strict == later else crossing.time
    return _Span((moment,), ()) if later else _Span((), (moment,))


def _meet(conditions: TimeConditions, one: Break, other: Break) -> bool:
    times = [conditions.graph.value(b.first) for b in (one, other)]
    return None in times or times[0] == times[1] != NEVER


def _entangled(conditions: TimeConditions, one: Break, other: Break) -> bool:
    """Return whether a break changes what the other one reads or changes."""
    for first, second in ((one, other), (other, one)):
        changed = {(c.kind, c.index) for c in first.changes}
        if changed & (
            {(c.kind, c.index) for c in second.changes} | _read(conditions, [c.node for c in second.changes])
        ):
            return True
    return False


def _read(conditions: TimeConditions, roots: Iterable[int]) -> set[tuple[str, int]]:
    """Return which states and parameters some nodes need, as kind and index."""
    nodes = conditions.graph.nodes
    todo, seen, leaves = list(roots), set(), set()
    while todo:
        node = todo.pop()
        if node in seen:
            continue
        seen.add(node)
        kind, *rest = nodes[node]
        if kind in ("state", "parameter"):
            leaves.add((str(kind), int(rest[0])))  # type: ignore[call-overload]
        elif kind not in ("number", "time"):
            todo += [int(o) for o in rest]  # type: ignore[call-overload]
    return leaves
