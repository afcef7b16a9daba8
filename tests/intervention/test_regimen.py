from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from immunode.errors import DoseError
from immunode.intervention import Dose, Regimen, regimen
from immunode.intervention.regimen import AMOUNTS

NUMBERS = st.floats(1e-6, 1e6, allow_nan=False) | st.integers(1, 2000).map(float)
UNITS = st.sampled_from(["minute", "hour", "day", "week", "second", "year"])
SPANS = st.tuples(NUMBERS, UNITS).map(lambda pair: f"{pair[0]} {pair[1]}") | NUMBERS


@st.composite
def heads(draw: Any) -> dict[str, Any]:
    route = draw(st.sampled_from(["iv", "sc", "po", "im", ""]))
    fields: dict[str, Any] = {"amt": draw(NUMBERS), "unit": draw(st.sampled_from(AMOUNTS)), "route": route}
    if draw(st.booleans()):
        fields["unit"] += "/kg"
    if route in ("iv", ""):
        kind = draw(st.sampled_from(["bolus", "over", "rate"]))
        if kind == "over":
            fields["duration"] = draw(SPANS)
        elif kind == "rate":
            fields["rate"] = f"{draw(NUMBERS)} mg/{draw(UNITS)}"
    if draw(st.booleans()):
        fields["lag"] = draw(SPANS)
    if draw(st.booleans()):
        fields["F"] = draw(NUMBERS)
    return fields


@st.composite
def regimens(draw: Any) -> Regimen:
    doses: list[Dose] = []
    day = 0.0
    numeric = draw(st.booleans())
    head: dict[str, Any] = {}
    blocks = draw(st.integers(1, 4))
    for i in range(blocks):
        if not doses or draw(st.booleans()):
            head = draw(heads())
            if doses and not head["route"]:
                # a block without a route takes that of the one before, which an infusion may not suit
                head = {**head, "route": "iv"}
        kind = draw(st.sampled_from(["single", "row", "row", "open"]))
        if kind == "single":
            steps = draw(st.lists(st.integers(1, 100), min_size=1, max_size=4))
            times: list[Any] = []
            for step in steps:
                day += step
                times.append(day if numeric else f"{day} day" if draw(st.booleans()) else f"{day / 7} week")
            doses.append(Dose(**head, at=tuple(times)))
        else:
            n = draw(st.integers(1, 50))
            interval = draw(st.integers(1, 30))
            last = kind == "open" and i == blocks - 1
            start: Any = None
            if draw(st.booleans()):
                day += draw(st.integers(1, 9))
                start = day if numeric else f"{day} day"
            every: Any = float(interval) if numeric else f"{interval} day"
            doses.append(Dose(**head, start=start, ii=every, addl=None if last else n - 1))
            day += interval * (n + 1)
    return Regimen(tuple(doses))


@settings(max_examples=150, deadline=None)
@given(regimens())
def test_a_regimen_prints_as_text_that_reads_as_itself(made: Regimen) -> None:
    text = str(made)
    assert regimen(text) == made
    assert str(regimen(text)) == text


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("40 mg sc q2w x 26", "40 mg sc q2w x 26"),
        ("5 mg/kg iv at week 0, 2, 6 then q8w x 6", "5 mg/kg iv at week 0, 2, 6 then q8w x 6"),
        ("5 mg/kg iv over 2 h at week 0, 2, 6 then q8w x 6", "5 mg/kg iv over 2 h at week 0, 2, 6 then q8w x 6"),
        ("40 mg q2w x 13 then 40 mg q4w x 7", "40 mg q2w x 13 then q4w x 7"),
        ("80 mg sc once then 40 mg every 2 weeks x 25", "80 mg sc once then 40 mg sc q2w x 25"),
        ("15 mg weekly", "15 mg q1w"),
        ("4 mg q12h", "4 mg q12h"),
        ("4 mg bid", "4 mg q12h"),
        ("4 mg tid x 9", "4 mg q8h x 9"),
        ("20mg daily x7 then 15 mg daily x 7", "20 mg q1d x 7 then 15 mg q1d x 7"),
        ("200 mg iv over 30 min q3w x 16", "200 mg iv over 30 min q3w x 16"),
        ("350 mg at day 0, 14 and 42", "350 mg at day 0, 14, 42"),
        ("350 mg at 0, 14 and 42 days", "350 mg at day 0, 14, 42"),
        ("350 mg at week 0, day 10", "350 mg at week 0, day 10"),
        ("100 mg po once", "100 mg po once"),
        ("100 mg", "100 mg once"),
        ("40 mg orally q2w x 3 from week 4", "40 mg po q2w x 3 from week 4"),
        ("500 mg iv at 50 mg/h q1d x 2", "500 mg iv at 50 mg/hour q1d x 2"),
        ("4 mg po lag 0.4 h F 0.7 q12h", "4 mg po lag 0.4 h F 0.7 q12h"),
        ("5 µg iv q1d × 4", "5 ug iv q1d x 4"),
    ],
)
def test_the_forms_of_the_field_are_read(text: str, printed: str) -> None:
    assert str(regimen(text)) == printed
    assert regimen(printed) == regimen(text)


def test_the_words_of_the_field_are_fields() -> None:
    (dose,) = regimen("4 mg/kg iv over 2 h q12h x 5").blocks
    assert (dose.amt, dose.unit, dose.route) == (4, "mg/kg", "iv")
    assert (dose.duration, dose.ii, dose.addl, dose.count) == ("2 hour", "12 hour", 4, 5)
    assert regimen("4 mg q12h").blocks[0].addl is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("40 mgg sc q2w", r"'40 mgg sc q2w': unknown unit 'mgg' at position 4; did you mean 'mg'"),
        ("40 sc q2w", "expected the unit of 40"),
        ("40 mg/m2 iv", "unknown unit 'mg/m2'; doses per area"),
        ("40 mg sc q0w x 3", "'q0w' at position 10: the interval must be above 0"),
        ("40 mg sc q-2w x 3", "'q-2w' at position 10: the interval must be above 0|did not understand"),
        ("-40 mg sc q2w", "a dose must be above 0, got -40 mg"),
        ("0 mg sc q2w", "a dose must be above 0, got 0 mg"),
        ("40 mg at week 2, 0", "times go backwards: a dose at 0 weeks after one at 2 weeks"),
        ("40 mg q2w x 3 then at week 1", "times go backwards: a dose at 1 week after one at 4 weeks"),
        ("40 mg sc q2w x 26 please", "did not understand 'please' at position 19"),
        ("40 mg sc wekly", "did not understand 'wekly' at position 10; .*did you mean 'weekly'"),
        ("40 mg sc q2w x 26 27", "did not understand '27' at position 19"),
        ("40 mg sc q2w x", "ends where the number of doses should stand"),
        ("40 mg sc q2w x 0", "whole number above 0, got 0"),
        ("40 mg sc q2w x 2.5", "whole number above 0, got 2.5"),
        ("40 mg sc q2q", "'q2q' at position 10: unknown unit of time 'q'"),
        ("40 mg sc q4mo", "months differ in length"),
        ("40 mg sc monthly", "months differ in length; write q4w"),
        ("40 mg sc biweekly", "means two things; write q2w"),
        ("40 mg q2w then 40 mg q4w x 2", "'q2w' never ends; give it a number of doses"),
        ("40 mg once then 20 mg once", "needs a time, such as 'at week 4'"),
        ("40 mg sc over 2 h q1d", "an infusion goes iv, not sc"),
        ("40 mg iv over 2 h at 5 mg/h q1d", "a duration or a rate, not both"),
        ("40 mg iv over 0 h q1d", "the duration of an infusion must be above 0"),
        ("40 mg at 0, 2, 6", "ends where a unit of time, as in 'at week 0, 2, 6' should stand"),
        ("q2w x 4", "did not understand 'q2w' at position 1; expected an amount such as '40 mg'"),
        ("40 mg sc q2w then", "ends where an amount"),
        ("40 mg sc q2w # 4", "did not understand '#' at position 14"),
        ("", "is empty; write e.g."),
    ],
)
def test_what_can_not_be_read_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(DoseError, match=message):
        regimen(text)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"amt": -1}, "a dose must be above 0, got -1"),
        ({"amt": float("inf")}, "a dose must be a finite number"),
        ({"amt": 1, "unit": "stone"}, "unknown unit 'stone'"),
        ({"amt": 1, "route": "nasal"}, "unknown route 'nasal'"),
        ({"amt": 1, "addl": 3}, r"several doses need an interval \(ii\)"),
        ({"amt": 1, "ii": 0, "addl": 3}, "the interval between doses must be above 0"),
        ({"amt": 1, "ii": 2, "addl": -1}, "addl, the doses after the first"),
        ({"amt": 1, "at": (1, 2), "ii": 2}, "at given times or one interval apart"),
        ({"amt": 1, "at": (2, 2)}, "times go backwards"),
        ({"amt": 1, "lag": "-1 h"}, "the lag must be 0 or above"),
        ({"amt": 1, "rate": "fast"}, "can't read the rate 'fast'"),
        ({"amt": 1, "F": 0}, "the bioavailability F must be above 0"),
    ],
)
def test_wrong_fields_are_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(DoseError, match=message):
        Dose(**fields)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="0123456789 .,-xqwdhmgkatsciv/thenov", max_size=40))
def test_any_text_is_a_regimen_or_a_dose_error(text: str) -> None:
    try:
        made = regimen(text)
    except DoseError:
        return
    assert regimen(str(made)) == made
