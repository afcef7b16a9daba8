"""`later` reads a time as people write it, for all that has times."""

from __future__ import annotations

import pytest

import immunode as im
from immunode.errors import DoseError
from immunode.intervention import Intervention, at_visits, during, pulses, regimen, set_to
from immunode.intervention.rules import Rule


def test_a_drug_is_later_by_days_as_written() -> None:
    given = im.drug("infliximab").usual()
    # week 0, 2, 6, then every 8 weeks
    later = given.later("30 days")
    assert later == given.later("30 day")
    carrier = im.Model(name="none", time_unit="day", horizon=100.0, states=[im.State("x", 1.0, "mg", "nothing")])
    assert im.simulate(carrier, interventions=later).doses["infliximab"] == (30.0, 44.0, 72.0)


@pytest.mark.parametrize("schedule", [during("1 week", "2 weeks"), pulses("1 week", "1 day", 3, start="1 week"),
                                      at_visits("1 week", start="1 week", when="x > 1")])  # fmt: skip
def test_schedules_are_too(schedule: object) -> None:
    one = Intervention("x", [set_to("k", 1.0)], schedule)
    assert one.later("30 days") == one.later("30 day")


def test_regimens_and_rules_are_and_other_texts_are_refused() -> None:
    assert regimen("40 mg sc q2w x 3 from week 1").later("3 wks") == regimen("40 mg sc q2w x 3 from week 4")
    assert Rule(every="1 week", when="x > 1").later("2 days").start == "2 day"
    with pytest.raises(DoseError, match="later: can't read the time 'soon'"):
        im.drug("infliximab").usual().later("soon")


def test_usual_doses_by_size_without_one_in_the_source_say_what_to_give() -> None:
    with pytest.raises(
        DoseError, match=r"is by body weight, and kuznetsov1994 declares no weight .* say dose\(..., weight=70\)"
    ):
        im.perturb(im.load_model("kuznetsov1994"), im.drug("tocilizumab").usual())
    assert im.drug("tocilizumab").usual(weight=70).weight == 70
    # the source of this one tells its typical patient
    assert im.drug("infliximab").usual().weight == 77
