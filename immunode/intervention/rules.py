"""Rules: what is decided at visits from what is observed there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from immunode.errors import DoseError, ModelError, quoted
from immunode.intervention.numbers import finite, whole
from immunode.intervention.times import Time, multiple, plus, size, tidy_time, words
from immunode.language.expression import is_condition, parse
from immunode.model.serial import register

CONDITIONS = {
    "when": "threshold",
    "stop_when": "stop_threshold",
    "raise_when": "raise_threshold",
    "lower_when": "lower_threshold",
    "hold_when": "hold_threshold",
}
"""Fields of a rule that are conditions -> the knobs that hold their numbers."""


@register
@dataclass(frozen=True, slots=True)
class Rule:
    """What is decided at visits, one `every` interval, the first at `start`, `n` in all (None: without end).

    Parameters
    ----------
    when, stop_when : str
        conditions on which it starts and stops, such as "p > 0.3"; without `when` it is on from the beginning, without
        `stop_when` it stays on; where both hold it is off.
    raise_when, lower_when : str
        conditions on which the level of the dose is multiplied or divided by `step`, within [low, high]; where both
        hold it is lowered.
    level : float
        at the beginning.
    apart : Time | None
        least time from one dose to the next; then a dose is given at the first visit at which it is due and `hold_when`
        does not hold, `stop_when` ends all doses, and levels change only when a dose is given.

    Raises
    ------
    DoseError
        nothing is decided, or a number or a time is out of range.
    ModelError
        a condition can't be read.
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
    apart: Time | None = None
    hold_when: str = ""

    def __post_init__(self) -> None:
        for name in ("every", "start"):
            object.__setattr__(self, name, tidy_time(getattr(self, name), f"a rule's {name}"))
        if size(self.every)[0] <= 0:
            raise DoseError(f"a rule's visits: every must be above 0, got {words(self.every)}")
        n = None if self.n is None else whole(self.n)
        if (n is None and self.n is not None) or (n is not None and n < 1):
            raise DoseError(f"a rule's visits: n must be a whole number above 0, got {self.n!r}")
        for name in CONDITIONS:
            _check_condition(name, getattr(self, name))
        if self.apart is not None:
            object.__setattr__(self, "apart", tidy_time(self.apart, "a rule's apart"))
            if size(self.apart)[0] <= 0:
                raise DoseError(
                    f"a rule's doses: the time from one to the next must be above 0, got {words(self.apart)}"
                )
            if self.when:
                raise DoseError("a rule with doses apart is on from the first visit; leave out when=, use hold_when=")
        elif self.hold_when:
            raise DoseError("hold_when= holds back doses that are due, so the rule needs the time between them, apart=")
        if self.apart is None and not any(getattr(self, name) for name in CONDITIONS):
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

    def later(self, by: Time) -> Self:
        """Return the rule with all its visits later."""
        return replace(self, start=plus(self.start, tidy_time(by, "later")))

    def end(self, name: str) -> Time:
        """Return the time of the last visit.

        Parameters
        ----------
        name : str
            of the intervention, for the message.

        Raises
        ------
        DoseError
            the visits have no end.
        """
        if self.n is None:
            raise DoseError(f"'{name}' has no end: its rule needs a number of visits, n=...")
        return plus(self.start, multiple(self.every, self.n - 1))

    def __str__(self) -> str:
        apart = [] if self.apart is None else [f"a dose every {words(self.apart)}"]
        phrases = apart + [
            f"{word} when {condition}"
            for word, condition in (
                ("on", self.when),
                ("held back", self.hold_when),
                ("off", self.stop_when),
                (f"dose times {self.step:g} (up to {self.high:g})", self.raise_when),
                (f"dose divided by {self.step:g} (down to {self.low:g})", self.lower_when),
            )
            if condition
        ]
        number, unit = size(self.start)
        first = "" if number == 0 else f" from {unit or 'time'} {number:g}"
        return f"at visits every {words(self.every)}{first}: {', '.join(phrases)}"


def _check_condition(field: str, text: object) -> None:
    if not isinstance(text, str):
        raise DoseError(f"a rule's {field} is text such as 'p > 0.3', got {quoted(text)}")
    if text and not is_condition(parse(text)):
        raise ModelError(f"a rule's {field}, {quoted(text)}, must be a condition such as 'p > 0.3'")
