"""What no intervention can change, since it is settled before a run starts: times of events, and initial values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from immunode.errors import ModelError
from immunode.language.expression import names, parse
from immunode.model.declaration import Declaration, Perturbation
from immunode.model.records import Event, pairs

_RATES = (("processes", "rate"), ("derived", "expression"))


def check_reach(model: Declaration, parts: Sequence[Any], chosen: Iterable[Perturbation]) -> None:
    """Refuse what would act on nothing without a word. parts : what the chosen interventions add to the model.

    Raises
    ------
    ModelError : a parameter that is acted on says when an event comes, or is used in initial values only.
    """
    events: list[Event] = [one for part in (model, *parts) for one in part.events]
    timed = {name: event.name for event in events for name in _used((event.at, event.every, event.count))}
    started = {name: state.name for state in model.states for name in _used((state.initial,))}
    for it in chosen:
        who = f"{model.name}, intervention '{it.name}'"
        for act in it.acts:
            if act.on_state:
                continue
            if act.target in timed:
                raise ModelError(
                    f"{who}: '{act.target}' says when event '{timed[act.target]}' comes, which is settled before a run "
                    "starts; give it another value (with_values, a column of the design), or a schedule of its own"
                )
            if act.target in started and act.target not in _felt(model, parts, events):
                raise ModelError(
                    f"{who}: '{act.target}' is used in the initial value of '{started[act.target]}' only, which is "
                    "settled before an intervention acts; give it another value (with_values, a column of the design)"
                )


def _felt(model: Declaration, parts: Sequence[Any], events: Sequence[Event]) -> set[str]:
    """Return the names that something looks at while a run goes on."""
    texts: list[Any] = [getattr(r, field) for part in (model, *parts) for g, field in _RATES for r in getattr(part, g)]
    for event in events:
        texts += [event.when or None, event.delay, event.priority or None]
        texts += [text for group in (event.changes, event.sizes) for _, text in pairs(group)]
    for part in (model, *parts):
        texts += [text for effect in part.effects for text in (effect.value, effect.weight)]
    return set(_used(texts))


def _used(texts: Iterable[Any]) -> Iterator[str]:
    for text in texts:
        if isinstance(text, str):
            yield from names(parse(text))
