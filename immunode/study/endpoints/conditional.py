"""Endpoints on a condition instead of a quantity."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass
from typing import ClassVar

from immunode.errors import ModelError, StudyError
from immunode.language.expression import names, parse
from immunode.study.endpoints.endpoint import Endpoint


@dataclass(frozen=True, slots=True)
class Conditional(Endpoint, ABC):
    """An endpoint whose subject is a condition: comparisons, joined by and, or, not."""

    conditional: ClassVar[bool] = True

    @property
    def timed(self) -> bool:
        """See `Endpoint`."""
        return _has_time(parse(self.subject))

    def names(self) -> frozenset[str]:
        """See `Endpoint`.

        Raises
        ------
        StudyError : the condition can't be read or is not a comparison.
        """
        try:
            expression = parse(self.subject)
        except ModelError as error:
            raise StudyError(f"endpoint {self.name}: {error}") from None
        check_condition(expression, self.name)
        return names(expression)


def _has_time(expression: tuple[object, ...]) -> bool:
    return expression[0] == "time" or any(_has_time(part) for part in expression if isinstance(part, tuple))


def check_condition(expression: tuple[object, ...], name: str) -> None:
    """Refuse what is not a comparison of values, or `and`, `or`, `not` of such."""
    kind = expression[0]
    if kind in ("and", "or", "not"):
        for part in expression[1:]:
            assert isinstance(part, tuple)
            check_condition(part, name)
    elif kind != "compare":
        raise StudyError(f"endpoint {name}: it needs a condition, such as {name.partition('(')[0]}(T > 1e8)")
    elif expression[1] == "==":
        raise StudyError(f"endpoint {name}: two numbers are equal for no time at all; use < or >")
