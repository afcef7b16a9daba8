"""Delays in a model: whether it has any, and the model without them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import TypeVar

from immunode.language.expression import Expression, parse
from immunode.language.tree import delays, fold, to_text
from immunode.model.declaration import Declaration
from immunode.model.records import pairs

M = TypeVar("M", bound=Declaration)


def first_delay(model: Declaration) -> str:
    """Return the text of a delay in a model, such as `delay(V, tau)`, or "" where it has none."""
    found = (to_text(part) for text in _texts(model) for part in _parts(text))
    return next(found, "")


def without_delays(model: M) -> M:
    """Return a model in which `delay(x, tau)` is x, or the model itself where it has no delay.

    Both have the same steady states.
    """
    if not first_delay(model):
        return model
    return replace(
        model,
        processes=tuple(replace(p, rate=_now(p.rate)) for p in model.processes),
        derived=tuple(replace(d, expression=_now(d.expression)) for d in model.derived),
        effects=tuple(replace(e, value=_now(e.value), weight=_now(e.weight)) for e in model.effects),
        events=tuple(
            replace(
                e,
                when=_now(e.when),
                delay=e.delay if not isinstance(e.delay, str) else _now(e.delay),
                priority=_now(e.priority),
                changes=tuple((target, _now(text)) for target, text in pairs(e.changes)),
                sizes=tuple((target, _now(text)) for target, text in pairs(e.sizes)),
            )
            for e in model.events
        ),
    )


def _texts(model: Declaration) -> Iterator[str]:
    yield from (process.rate for process in model.processes)
    yield from (derived.expression for derived in model.derived)
    for effect in model.effects:
        yield from (effect.value, effect.weight)
    for event in model.events:
        yield from (str(event.delay), event.when, event.priority)
        yield from (text for _, text in (*pairs(event.changes), *pairs(event.sizes)))


@lru_cache(maxsize=4096)
def _parts(text: str) -> tuple[Expression, ...]:
    # most texts have none, and need not be read
    return tuple(delays(parse(text))) if "delay" in text else ()


def _now(text: str) -> str:
    """Return a text with each delayed part as it is now."""
    if not _parts(text):
        return text

    def leaf(node: Expression) -> Expression:
        return node

    def join(node: Expression, parts: list[Expression]) -> Expression:
        if node[:2] == ("call", "delay"):
            return parts[0]
        return (*node[: len(node) - len(parts)], *parts)

    return to_text(fold(parse(text), leaf, join))
