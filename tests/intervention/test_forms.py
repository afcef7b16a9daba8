"""Every form of regimen gives what its event table says: a sum of single doses in closed form, and mass balance.

The table (times worked out from text) and the course (times worked out from knobs) share no code.
1e-8: stepping at rtol 1e-11 with tens of restarts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from immunode.errors import DoseError
from immunode.intervention import Drug, drug, one_compartment, perturb, regimen, taper

CL, V1, KA, F, LAG = 2.0, 5.0, 1.5, 0.7, 0.125
PK = one_compartment(CL=CL, V1=V1, ka=KA, F=F, lag=LAG)
TIMES = np.linspace(0, 30, 121)
FORMS = [
    "10 mg iv once",
    "10 mg sc at day 1, 4, week 2",
    "10 mg sc q3d x 6",
    "10 mg iv over 6 h q3d x 6 from day 1",
    "10 mg iv at 2 mg/h q3d x 6",
    "0.2 mg/kg sc q12h x 9",
    "20 mg sc once then 10 mg sc q3d x 6",
    "20 mg iv over 3 h at day 0, 2 then 10 mg iv q4d x 3 then 5 mg sc q2d x 4",
    "10 mg sc q2d x 9 missing dose 1, 4, 5",
    "10 mg iv over 6 h q2d x 9 missing dose 2, 9",
    "20 mg sc at day 0, 1 then 10 mg q3d x 4 then 5 mg q2d x 5 missing dose 2, 3, 4, 9",
    str(taper(8, 4, 2, each=["1 week", "5 days", "8 days"], route="po")),
    "10 mg sc q2d",
]


def response(t: Any, amount: float, length: float, depot: bool) -> Any:
    """C of one dose at time 0 (Gibaldi & Perrier, chapter 1)."""
    k, dose = CL / V1, amount / V1
    if depot:
        t = np.maximum(t - LAG, 0)
        return F * dose * KA / (KA - k) * (np.exp(-k * t) - np.exp(-KA * t))
    if length:
        during, after = np.clip(t, 0, length), np.maximum(t - length, 0)
        return dose / (k * length) * (1 - np.exp(-k * during)) * np.exp(-k * after)
    return np.where(t >= 0, dose * np.exp(-k * np.maximum(t, 0)), 0)


def doses(text: str, until: float = 30.0) -> list[tuple[float, float, float, bool]]:
    """Time, amount, length and whether absorbed, of every dose of the table."""
    table = regimen(text).to_table(time_unit="day", until=f"{until} day", weight=50)
    routes = table.attrs["routes"]
    return [
        (row["TIME"] + k * row["II"], row["AMT"], row["DUR"], routes[row["CMT"]] != "iv")
        for row in table.to_dict("records")
        for k in range(int(row["ADDL"]) + 1)
    ]


@pytest.mark.parametrize("text", FORMS)
def test_a_course_is_the_sum_of_its_doses(toy: Callable[..., Any], run: Callable[..., Any], text: str) -> None:
    found = run(perturb(toy(horizon=30.0), Drug("d", PK, text, weight=50)), TIMES)
    expected = sum(response(TIMES - time, *dose) for time, *dose in doses(text))
    assert found["d.C"] == pytest.approx(expected, rel=1e-8, abs=1e-10)


@pytest.mark.parametrize("text", FORMS)
def test_what_goes_in_stays_or_is_lost(toy: Callable[..., Any], run: Callable[..., Any], text: str) -> None:
    composed = perturb(toy(horizon=30.0), Drug("d", PK, text, weight=50))
    found = run(composed, [0.0, 33.0], ("d.elimination",))
    inside = found["d.central"][-1] + (found["d.depot"][-1] if "d.depot" in found else 0)
    given = sum(amount * (F if depot else 1) for _, amount, _, depot in doses(text))
    assert inside + found["integral(d.elimination)"][-1] == pytest.approx(given, rel=1e-9)


@pytest.mark.parametrize("text", FORMS)
def test_half_the_strength_is_half_the_course(toy: Callable[..., Any], run: Callable[..., Any], text: str) -> None:
    composed = perturb(toy(horizon=30.0), Drug("d", PK, text, weight=50))
    whole, half = (run(composed.with_values({"d.strength": s}), TIMES)["d.C"] for s in (1.0, 0.5))
    assert half == pytest.approx(whole / 2, rel=1e-8, abs=1e-10)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 6, 12])
def test_missed_doses_stay_missed_when_their_number_is_swept(
    toy: Callable[..., Any], run: Callable[..., Any], n: int
) -> None:
    composed = perturb(toy(), Drug("d", PK, "10 mg iv q2d x 8 missing dose 2, 4, 5"))
    found = run(composed.with_values({"d.n": n}), TIMES)["d.C"]
    kept = [2.0 * k for k in range(n) if k + 1 not in (2, 4, 5)]
    expected = sum((response(TIMES - time, 10, 0, False) for time in kept), np.zeros(TIMES.size))
    assert found == pytest.approx(expected, rel=1e-8, abs=1e-10)


def test_a_missed_dose_moves_with_the_start_and_the_interval(toy: Callable[..., Any], run: Callable[..., Any]) -> None:
    composed = perturb(toy(), Drug("d", PK, "10 mg iv q2d x 4 missing dose 2"))
    found = run(composed.with_values({"d.start": 1.25, "d.interval": 5.5}), TIMES)["d.C"]
    assert found == pytest.approx(sum(response(TIMES - t, 10, 0, False) for t in (1.25, 12.25, 17.75)), rel=1e-8)


def test_a_drug_whose_clearance_changes_since_its_first_dose_can_not_miss_it(toy: Callable[..., Any]) -> None:
    given = drug("nivolumab").dose("240 mg iv q2w x 4 missing dose 1")
    with pytest.raises(DoseError, match="its clearance changes since dose 1, which can't be missed"):
        perturb(toy(), given)
    perturb(toy(), drug("nivolumab").dose("240 mg iv q2w x 4 missing dose 2"))


def test_a_table_goes_straight_to_a_drug(toy: Callable[..., Any], run: Callable[..., Any]) -> None:
    import pandas

    from immunode.intervention import Regimen

    table = pandas.DataFrame({"TIME": [0, 48, 72], "AMT": [10, 10, 5], "II": [0, 0, 24], "ADDL": [0, 0, 2]})
    given = Regimen.from_table(table, time_unit="hour", routes="iv")
    found = run(perturb(toy(), Drug("d", replace(PK, ka=None), given)), TIMES)["d.C"]
    each = [(0, 10), (2, 10), (3, 5), (4, 5), (5, 5)]
    assert found == pytest.approx(sum(response(TIMES - t, a, 0, False) for t, a in each), rel=1e-8)
