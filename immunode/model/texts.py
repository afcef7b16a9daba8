"""Records whose texts can be shown: no field of them ever holds a character that a terminal obeys."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from functools import wraps
from typing import Any, TypeVar

from immunode.characters import problem
from immunode.errors import ModelError, quoted

C = TypeVar("C", bound=type)


def printable(cls: C) -> C:
    """Make a dataclass refuse control characters in each of its texts; stands above `@dataclass` as a decorator.

    A name has one line; other texts may have several, and tabs.
    """
    unchecked: Callable[..., None] = cls.__init__  # type: ignore[misc]

    @wraps(unchecked)
    def __init__(self: Any, *values: Any, **named: Any) -> None:
        unchecked(self, *values, **named)
        _check(self)

    cls.__init__ = __init__  # type: ignore[misc]
    return cls


def _check(record: Any) -> None:
    for spec in fields(record):
        for text in _texts(getattr(record, spec.name)):
            reason = problem(text, lines=spec.name != "name")
            if reason:
                label = quoted(str(getattr(record, "name", "")))
                raise ModelError(f"{type(record).__name__} {label}: {spec.name}= can't be used: {reason}")


def _texts(value: Any) -> Iterator[str]:
    """Yield the texts in a field; a record in it has looked at its own."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from _texts(tuple(value.items()))
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _texts(item)
