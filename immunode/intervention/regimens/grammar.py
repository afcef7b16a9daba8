"""The text of a regimen: "5 mg/kg iv over 2 h at week 0, 2, 6 then q8w x 6".

    regimen = block { "then" block } ["missing" ["dose"] number { "," number }]
    block   = ["loading"] [amount unit [route]] ["over" time | "at" rate] ["lag" time] ["F" number] [when]
            | amount unit/time [route] "at steady state" ["until" time]
    when    = "once" | "at" times | interval ["x" n] ["from" time] ["at steady state"]
    interval = "q2w" | "every 2 weeks" | "daily" | "weekly" | "bid" | "tid" | "qid"

A block that begins with `when` takes all else from the block before it; a block with an amount takes the route only.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple, NoReturn

from immunode.errors import DoseError, did_you_mean, quoted
from immunode.intervention.regimens.dose import AMOUNTS, ROUTES, SPELLED, Dose, amount_unit
from immunode.intervention.times import UNITS, Time, number_text, time_unit

INTERVALS = {
    "daily": "1 day", "qd": "1 day", "od": "1 day", "weekly": "1 week", "qw": "1 week", "bid": "12 hour",
    "tid": "8 hour", "qid": "6 hour", "hourly": "1 hour", "biweekly": "", "fortnightly": "2 week", "monthly": "",
}  # fmt: skip
UNCLEAR = {
    "biweekly": "'biweekly' means two things; write q2w",
    "monthly": "months differ in length; write q4w or q30d",
}
KEYWORDS = (
    "then", "over", "at", "on", "lag", "once", "every", "x", "×", "from", "starting", "F", "and", "missing", "without",
    "loading", "ss", "steady", "until", "state", "dose", "doses",
)  # fmt: skip
_KEYWORDS = {word.casefold() for word in KEYWORDS}
_TOKEN = re.compile(
    r"(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+(?![A-Za-z]))?)|(?P<word>[A-Za-zµμ×][\w./µμ×]*)|(?P<mark>\S)"
)
_EVERY = re.compile(r"q([-+]?\d*\.?\d+)([A-Za-z]+)", re.IGNORECASE)


class Token(NamedTuple):
    """A piece of the text. kind : "number", "word", "mark" or "end"; position : from 1."""

    kind: str
    text: str
    position: int


Doses = tuple[tuple[Dose, ...], tuple[int, ...]]
"""Blocks of doses, and the numbers of the missed ones."""


def parse_doses(text: str) -> Doses:
    """Return the blocks of doses that a text describes, and the numbers of the doses that are missed.

    Raises
    ------
    DoseError : the text can't be read; the message says where and what would do.
    """
    if len(text) > 10_000:
        raise DoseError(f"a regimen of {len(text):,} characters is too long")
    try:
        return _Reader(text).doses()
    except DoseError as error:
        message, shown = str(error), quoted(text)
        raise DoseError(message if message.startswith(shown) else f"{shown}: {message}") from None


class _Reader:
    """Reads one text from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = [Token(str(m.lastgroup), m.group(), m.start() + 1) for m in _TOKEN.finditer(text)]
        self.tokens.append(Token("end", "", len(text) + 1))
        self.place = 0

    @property
    def token(self) -> Token:
        """The token that comes next."""
        return self.tokens[self.place]

    def next(self) -> Token:
        """Return the next token and go on; the end stays where it is."""
        token = self.token
        self.place += token.kind != "end"
        return token

    def takes(self, *words: str) -> bool:
        """Step over the next word if it is one of `words`."""
        is_one = self.token.kind == "word" and self.token.text.casefold() in words
        self.place += is_one
        return is_one

    def fail(self, wanted: str, known: tuple[str, ...] = ()) -> NoReturn:
        """Refuse the next token. wanted : what should stand there; known : words that it may be meant for."""
        token = self.token
        if token.kind == "end":
            raise DoseError(f"ends where {wanted} should stand")
        hint = did_you_mean(token.text, known) if known else ""
        raise DoseError(
            f"did not understand {quoted(token.text)} at position {token.position}; expected {wanted}{hint}"
        )

    def doses(self) -> Doses:
        """Read the whole text: blocks joined by `then`, and doses that are missed."""
        if self.token.kind == "end":
            raise DoseError("is empty; write e.g. '40 mg sc q2w x 26'")
        doses: list[Dose] = []
        while True:
            doses.append(self.block(doses[-1] if doses else None))
            if self.takes("then"):
                continue
            missed = self.missed()
            if self.token.kind == "end":
                return tuple(doses), missed
            known = (*KEYWORDS, *INTERVALS, *ROUTES)
            self.fail("'then', 'q2w', 'x 6', 'from week 2', 'missing dose 3' or the end", known)

    def missed(self) -> tuple[int, ...]:
        """Read `missing dose 3, 5`; return the numbers, none where there is no such word."""
        if not self.takes("missing", "without"):
            return ()
        self.takes("dose", "doses")
        numbers: list[int] = []
        while not numbers or self.takes("and") or self.token.text == ",":
            if self.token.text == ",":
                self.next()
                self.takes("and")
            number = self.number("the number of a missed dose, such as 3")
            if not number.is_integer():
                raise DoseError(f"a missed dose is a whole number, got {number_text(number)}")
            numbers.append(int(number))
        return tuple(numbers)

    def block(self, before: Dose | None) -> Dose:
        """Read one block; what it does not say is as in the block before it."""
        if self.takes("loading"):
            self.takes("dose", "doses")
        if self.token.kind == "number":
            fields = self.head(before)
        elif before is None:
            self.fail("an amount such as '40 mg'")
        else:
            names = ("amt", "unit", "route", "duration", "rate", "lag", "F")
            fields = dict(zip(names, before.head, strict=True))
            if self.token.kind != "word" or not (self.interval_word() or self.token.text.casefold() in _KEYWORDS):
                self.fail("an amount such as '40 mg', 'at week 2' or an interval such as 'q2w'", tuple(INTERVALS))
        if not fields.get("ss"):
            while self.details(fields):
                pass
            self.when(fields)
        return Dose(**fields)

    def head(self, before: Dose | None) -> dict[str, Any]:
        """Read amount, unit and route."""
        amount = float(self.next().text)
        unit = self.token
        if unit.kind != "word" or unit.text.casefold() in ROUTES:
            self.fail(f"the unit of {number_text(amount)}, such as mg or mg/kg")
        if SPELLED.get(unit.text.partition("/")[0], unit.text.partition("/")[0]) not in AMOUNTS:
            hint = did_you_mean(unit.text.partition("/")[0], AMOUNTS)
            raise DoseError(f"unknown unit {quoted(unit.text)} at position {unit.position}{hint}")
        if unit.text.rpartition("/")[2].casefold() in (*UNITS, "time") and amount > 0:
            return self.speed(amount)
        fields: dict[str, Any] = {"amt": amount, "unit": amount_unit(self.next().text)}
        if amount <= 0:
            raise DoseError(f"a dose must be above 0, got {number_text(amount)} {fields['unit']}")
        if self.token.kind == "word" and self.token.text.casefold() in ROUTES:
            fields["route"] = ROUTES[self.next().text.casefold()]
        elif before is not None:
            fields["route"] = before.route
        return fields

    def speed(self, number: float) -> dict[str, Any]:
        """Read an infusion that has run for ever: `10 mg/h iv`; its steady state is read as the time."""
        text = self.next().text
        fields: dict[str, Any] = {"amt": 0.0, "unit": amount_unit(text.rpartition("/")[0])}
        fields["rate"] = f"{number_text(number)} {text}"
        if self.token.kind == "word" and self.token.text.casefold() in ROUTES:
            fields["route"] = ROUTES[self.next().text.casefold()]
        if not self.steady():
            self.fail("'at steady state' (an infusion that ends has an amount too: '240 mg iv at 10 mg/h')")
        fields["ss"] = True
        if self.takes("until"):
            fields["at"] = self.times(single=True)
        return fields

    def details(self, fields: dict[str, Any]) -> bool:
        """Read an infusion, a lag or F if one comes next."""
        if self.takes("over"):
            fields["duration"] = self.span()
        elif self.takes("lag"):
            fields["lag"] = self.span()
        elif self.token.text == "F" or self.token.text == "f":
            self.next()
            fields["F"] = self.number("the bioavailability")
        elif self.token.text.casefold() == "at" and self.rate_follows():
            self.next()
            fields["rate"] = f"{self.next().text} {self.next().text}"
        else:
            return False
        return True

    def rate_follows(self) -> bool:
        """Return whether a rate such as `10 mg/h` comes after the next token."""
        number, unit = (self.tokens[min(self.place + i, len(self.tokens) - 1)] for i in (1, 2))
        return number.kind == "number" and unit.kind == "word" and "/" in unit.text

    def number(self, what: str) -> float:
        """Read a number. what : its name in an error."""
        if self.token.kind != "number":
            self.fail(what)
        return float(self.next().text)

    def unit_word(self) -> str:
        """Return the unit of time that comes next, or "" if none does."""
        word = self.token.text
        if (
            self.token.kind != "word"
            or word.casefold() in _KEYWORDS
            or word.casefold() in ROUTES
            or self.interval_word()
        ):
            return ""
        if word.casefold() == "time":
            self.next()
            return "time"
        try:
            unit = time_unit(word)
        except DoseError as error:
            raise DoseError(f"{error} (position {self.token.position})") from None
        self.next()
        return unit

    def span(self) -> Time:
        """Read a length of time: `2 h`."""
        number = self.number("a length of time such as '2 h'")
        unit = self.unit_word()
        return f"{number_text(number)} {unit}" if unit and unit != "time" else number

    def when(self, fields: dict[str, Any]) -> None:
        """Read when doses are given: `once`, `at` times, or an interval with a count, a start and steady state."""
        if self.takes("once"):
            return
        if self.takes("at", "on"):
            fields["at"] = self.times()
            return
        interval = self.interval()
        if interval is None:
            return
        fields["ii"] = interval
        fields["addl"] = self.count()
        if self.takes("from", "starting"):
            self.takes("at")
            fields["start"] = self.times(single=True)[0]
        fields["ss"] = self.steady()

    def steady(self) -> bool:
        """Read `at steady state` or `ss`."""
        if self.takes("ss"):
            return True
        following = self.tokens[min(self.place + 1, len(self.tokens) - 1)].text.casefold()
        if not (self.token.text.casefold() == "steady" or (self.token.text.casefold(), following) == ("at", "steady")):
            return False
        self.takes("at")
        self.takes("steady")
        if not self.takes("state"):
            self.fail("'state', as in 'at steady state'")
        return True

    def interval_word(self) -> bool:
        """Return whether the next token is an interval, such as `q2w` or `weekly`."""
        word = self.token.text.casefold()
        return word in INTERVALS or _EVERY.fullmatch(word) is not None

    def interval(self) -> Time | None:
        """Read an interval; None where none comes."""
        if self.takes("every"):
            return self.span() if self.token.kind == "number" else f"1 {self.unit_word() or self.fail('a time')}"
        word = self.token.text.casefold()
        if self.token.kind != "word" or not self.interval_word():
            return None
        if word in UNCLEAR:
            raise DoseError(f"{UNCLEAR[word]} (position {self.token.position})")
        match = _EVERY.fullmatch(word)
        position = self.next().position
        if match is None:
            return INTERVALS[word]
        if float(match[1]) <= 0:
            raise DoseError(f"'{word}' at position {position}: the interval must be above 0")
        try:
            return f"{number_text(float(match[1]))} {time_unit(match[2])}"
        except DoseError as error:
            raise DoseError(f"'{word}' at position {position}: {error}") from None

    def count(self) -> int | None:
        """Read `x 26`; return the doses after the first, None where there is no count."""
        word = self.token.text
        if re.fullmatch(r"[xX×]\d+", word):
            number = float(self.next().text[1:])
        elif self.takes("x", "×"):
            number = self.number("the number of doses")
        else:
            return None
        if number < 1 or not number.is_integer():
            raise DoseError(f"the number of doses is a whole number above 0, got {number_text(number)}")
        return int(number) - 1

    def times(self, single: bool = False) -> tuple[Time, ...]:
        """Read `week 0, 2, 6`, `week 0, day 10` or `0, 2 and 6 weeks`."""
        unit = self.unit_word()
        leading = unit != ""
        times = [(self.number("a time such as 'week 0'"), unit)]
        while not single and (self.token.text == "," or self.takes("and")):
            if self.token.text == ",":
                self.next()
                self.takes("and")
            unit = (self.unit_word() if leading else "") or unit
            times.append((self.number("a time"), unit))
        if not leading:
            unit = self.unit_word() or self.fail("a unit of time, as in 'at week 0, 2, 6'", tuple(UNITS))
            times = [(number, unit) for number, _ in times]
        return tuple(f"{number_text(n)} {u}" if u != "time" else n for n, u in times)
