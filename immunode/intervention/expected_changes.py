"""What an intervention is expected to do to a quantity: a sign and when it is seen, written as text."""

from __future__ import annotations

import re
from dataclasses import dataclass

from immunode.errors import DoseError, ModelError, did_you_mean, quoted
from immunode.intervention.times import Time, number_text, size, tidy_time

SIGNS = ("up", "down", "unchanged")
MOMENTS = {
    "peak": "at its peak",
    "trough": "at its lowest",
    "mean": "on average",
    "final": "at the end",
}
"""When a sign can be seen, beside a time: the moment and its wording."""
_ALIKE = {
    "peak": ("peak", "maximum", "max", "highest", "most", "top"),
    "trough": ("trough", "lowest", "minimum", "min", "nadir", "least", "bottom"),
    "mean": ("average", "mean", "auc", "overall"),
    "final": ("end", "final", "finally", "last", "late"),
}
"""Words by which people mean a moment, for messages."""
_NUMBER = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*[A-Za-z]*")


@dataclass(frozen=True, slots=True)
class Expected:
    """A sign and when it is seen.

    sign : "up", "down" or "unchanged", against the run without the intervention.
    moment : "" (not said), "peak", "trough", "mean", "final" or "time".
    time : with "time", a number in the model's time or text with a unit such as "24 week"; else 0.
    """

    sign: str
    moment: str = ""
    time: Time = 0.0

    def __str__(self) -> str:
        return f"{self.sign} {self.when}".rstrip()

    @property
    def when(self) -> str:
        """The moment in words, such as "at 24 weeks"; "" where it is not said."""
        if self.moment != "time":
            return MOMENTS.get(self.moment, "")
        number, unit = size(self.time)
        # all digits, since the text is what a model stores
        return f"at {number_text(number)} {unit}{'s' if unit and number != 1 else ''}".rstrip()


def expected(text: object, who: str = "expects") -> Expected:
    """Return what a text such as "down", "up at its peak" or "down at 24 weeks" says.

    who : who asks, for the message.

    Raises
    ------
    ModelError : it is not worded so; the message names the nearest wording.
    """
    sign, _, when = " ".join(str(text).split()).partition(" ")
    if sign not in SIGNS:
        raise ModelError(f"{who} to go {quoted(str(text))}{did_you_mean(sign, SIGNS)}")
    for moment, wording in {"": "", **MOMENTS}.items():
        if when == wording:
            return Expected(sign, moment)
    if when.startswith("at ") and _NUMBER.match(when[3:].lstrip("+-")):
        try:
            time = tidy_time(when[3:], "its time")
        except DoseError as error:
            raise ModelError(f"{who} to go {quoted(str(text))}: {error}") from None
        if size(time)[0] < 0:
            raise ModelError(f"{who} to go {quoted(str(text))}: the time lies before the start, at 0")
        return Expected(sign, "time", time)
    raise ModelError(f"{who} to go {quoted(str(text))}; {_nearest(sign, when)}")


def _nearest(sign: str, when: str) -> str:
    """Return the end of a message: the wording that was meant, or all that there are."""
    spoken = re.findall(r"[a-z]+", when.casefold())
    for moment, alike in _ALIKE.items():
        if any(word in alike for word in spoken):
            return f"did you mean '{sign} {MOMENTS[moment]}'?"
    number = _NUMBER.search(when)
    if number:
        return f"did you mean '{sign} at {number[0].strip()}'?"
    wordings = ", ".join(f"'{sign} {wording}'" for wording in MOMENTS.values())
    return f"write '{sign}', {wordings} or '{sign} at 24 weeks'"
