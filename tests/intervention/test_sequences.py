"""One intervention after another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from immunode.errors import DoseError
from immunode.intervention import (
    Drug,
    Intervention,
    at_times,
    at_visits,
    bouts,
    daily,
    during,
    inhibit,
    one_compartment,
    perturb,
    pulses,
    scale,
    sequence,
    shifted,
    transfer,
)
from immunode.model import Model

LYMPHO = Intervention("lympho", inhibit("s", 0.9), during(0, "3 days"))
CELLS = Intervention("cells", transfer("x", 5, over="1 h"))
PK = one_compartment(CL=1.0, V1=1.0)


def test_cells_follow_lymphodepletion(toy: Callable[..., Model], run: Callable[..., Any]) -> None:
    times = np.arange(0, 24 * 8) / 24
    found = run(perturb(toy(), sequence(LYMPHO, CELLS, gap="2 days")), times)
    assert (found["s.effective"] < 1).sum() == 3 * 24
    assert np.flatnonzero(found["cells.infusion"]) == pytest.approx([5 * 24])


@pytest.mark.parametrize(
    ("it", "end"),
    [
        (LYMPHO, "3 day"),
        (CELLS, "1 hour"),
        (Intervention("a", transfer("x", 1), at_times(0, "4 weeks")), "4 week"),
        (Intervention("a", scale("k", 2), pulses("1 day", "6 h", 3, start="2 days")), "4.25 day"),
        (Intervention("a", scale("k", 2), bouts("3 per week", "1 h", weeks=2)), f"{11 + 1 / 24} day"),
        (Intervention("a", scale("k", 2), at_visits("4 weeks", when="x > 1", n=3)), "8 week"),
        (Drug("d", PK, "5 mg iv q2w x 3 then 4 mg q1w x 2"), "7 week"),
        (Drug("d", PK, "5 mg iv over 2 h at day 0, 3"), f"{3 + 2 / 24} day"),
    ],
)
def test_the_end_of_an_intervention(it: Any, end: str) -> None:
    number, unit = it.end().split()  # type: ignore[union-attr]
    assert float(number) == pytest.approx(float(end.split()[0]))
    assert unit == end.split()[1]


def test_all_times_of_a_drug_move(toy: Callable[..., Model], run: Callable[..., Any]) -> None:
    drug = Drug("d", PK, "5 mg iv at day 0, 2 then 4 mg q1d x 3")
    times = np.arange(0, 20.0)
    plain, later = (run(perturb(toy(), d), times)["d.central"] for d in (drug, shifted(drug, "5 days")))
    assert later[5:] == pytest.approx(plain[:-5], rel=1e-9, abs=1e-9)
    assert (later[:5] == 0).all()


def test_a_rhythm_stays_on_the_clock() -> None:
    moved = shifted(Intervention("a", scale("k", 2), daily(1, "8 h")), "5 days")
    assert isinstance(moved, Intervention)
    assert moved.schedule == daily(1, "8 h") * during("5 days")


def test_a_gap_for_each_pair() -> None:
    three = sequence(LYMPHO, CELLS, CELLS.renamed("again"), gap=["1 day", "1 week"])
    last = three[-1]
    assert isinstance(last, Intervention)
    assert str(last.schedule) == f"from day {3 + 1 + 1 / 24 + 7:g} on"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: sequence(LYMPHO), "at least two"),
        (
            lambda: sequence(Intervention("a", scale("k", 2)), CELLS),
            "'cells' after 'a': 'a' has no end: give",
        ),
        (lambda: sequence(Drug("d", PK, "5 mg iv q2w"), CELLS), "has no end: give its doses a number"),
        (lambda: sequence(LYMPHO, CELLS, gap=2), "can't be added: one is in the model's time"),
        (lambda: sequence(LYMPHO, CELLS, gap=["1 day", "1 day"]), "2 interventions have 1 gaps"),
    ],
)
def test_mistakes_get_one_clear_line(make: Callable[[], object], message: str) -> None:
    with pytest.raises(DoseError, match=message):
        make()
