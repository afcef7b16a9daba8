"""What a drug becomes and where it goes: metabolites, red cells, bile that comes back at meals.

Numbers of the specification (section 4) to its printed digits; courses by SciPy from equations written by hand to 1e-6.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

import immunode as im
from immunode.errors import DoseError
from immunode.intervention import Drug, DrugCompartment, DrugFlow, drug, one_compartment, perturb
from immunode.intervention.drugs.tables import drug_tables
from immunode.model import Model, Parameter
from immunode.model.serial import from_json, to_json

MPA, TGN = "mycophenolic_acid_jiao", "mercaptopurine"


def hours(toy: Callable[..., Model], horizon: float = 48.0) -> Model:
    """The toy model with hours for days; drug and model do not meet."""
    return toy(time_unit="hour", horizon=horizon, parameters=[
        Parameter("k", 0.5, "1/hour"), Parameter("s", 1.0, "cell/hour"),
        Parameter("g", 0.2, "1/hour"), Parameter("m", 0.1, "1/hour"),
    ])  # fmt: skip


def recirculation(times: NDArray[np.float64], open_at: tuple[float, ...]) -> NDArray[np.float64]:
    """Amounts in gut, center, periphery, MPAG and bile after 500 mg once, written by hand from Jiao 2008."""
    k40 = 1.38 / 4.40
    k45 = k40 * 0.291 / 0.709

    def rates(k51: float) -> Callable[[float, NDArray[np.float64]], list[float]]:
        def rhs(_: float, y: NDArray[np.float64]) -> list[float]:
            gut, c, p, mpag, bile = y
            back = k51 * bile
            return [
                back - 3.53 * gut,
                3.53 * gut - (10.2 + 16.1) * c / 12.5 + 16.1 * p / 213,
                16.1 * c / 12.5 - 16.1 * p / 213,
                10.2 * c / 12.5 - (k40 + k45) * mpag,
                k45 * mpag - back,
            ]

        return rhs

    stops = sorted({0.0956, *open_at, *(t + 0.01 for t in open_at), float(times[-1])})
    y, course = np.array([500.0, 0, 0, 0, 0]), [np.zeros((5, (times <= 0.0956).sum()))]
    for before, now in pairwise(stops):
        k51 = 67.5 if any(before == t for t in open_at) else 0.0
        wanted = times[(times > before) & (times <= now)]
        seen = np.unique([*wanted, now])
        found = solve_ivp(rates(k51), (before, now), y, "LSODA", seen, rtol=1e-11, atol=1e-12)
        y = found.y[:, -1]
        course.append(found.y[:, : len(wanted)])
    return np.concatenate(course, axis=1)


def test_mycophenolic_acid_comes_back_at_meals(toy: Callable[..., Any], run: Callable[..., Any]) -> None:
    times = np.array([0.05, 0.46, 2.0, 4.0, 4.005, 4.37, 8.0, 10.004, 11.0, 12.0, 27.0, 28.5])
    found = run(perturb(hours(toy), drug(MPA).usual("of the study")), times)
    expected = recirculation(times, (4.0, 10.0, 28.0))
    for state, row in zip(("depot", "central", "peripheral", "MPAG", "bile"), expected, strict=True):
        assert found[f"{MPA}.{state}"] == pytest.approx(row, rel=1e-6, abs=1e-6 * row.max()), state


def test_published_numbers_of_mycophenolic_acid(toy: Callable[..., Any], run: Callable[..., Any]) -> None:
    times = np.unique([*np.linspace(0.01, 12, 1200), 4.0])
    found = run(perturb(hours(toy), drug(MPA).usual("of the study")), times)
    c, again = found[f"{MPA}.C"], (times > 4.05) & (times < 9)
    assert c.max() == pytest.approx(18.70, abs=0.005)
    assert times[c.argmax()] == pytest.approx(0.46, abs=0.0051)
    assert c[times == 4.0] == pytest.approx(0.819, abs=5e-4)
    assert c[again].max() == pytest.approx(1.621, abs=5e-4)
    assert times[again][c[again].argmax()] == pytest.approx(4.37, abs=0.011)
    assert c[-1] == pytest.approx(0.771, abs=5e-4)
    assert found[f"{MPA}.C_MPAG"].max() == pytest.approx(28.3, abs=0.05)


def test_what_goes_in_is_inside_or_in_the_urine(toy: Callable[..., Any], run: Callable[..., Any]) -> None:
    model = perturb(hours(toy), drug(MPA).dose("500 mg po q12h x 3"))
    found = run(model, [30.0, 48.0], (f"{MPA}.renal",))
    inside = sum(found[f"{MPA}.{state}"] for state in ("depot", "central", "peripheral", "MPAG", "bile"))
    assert inside + found[f"integral({MPA}.renal)"] == pytest.approx(1500, rel=1e-9)


@pytest.mark.slow
def test_thioguanine_nucleotides_rise_for_weeks(toy: Callable[..., Any], run: Callable[..., Any]) -> None:
    model = perturb(toy(horizon=141.0), drug(TGN).usual())
    found = run(model, [28.0, 140.0, 141.0], (f"{TGN}.C",))
    assert found[f"{TGN}.TGN"][:2] == pytest.approx([0.608, 0.888], abs=5e-4)
    areas = found[f"integral({TGN}.C)"]
    assert areas[2] - areas[1] == pytest.approx(0.1268, abs=5e-5)
    peak = run(model, np.linspace(0.01, 0.2, 1001))[f"{TGN}.C"].max()
    # the specification has 0.8306, which its grid of times missed by 0.3 %; this is the closed form of the peak
    amount = 0.12 * 50e3 / 152.18 / 20.1911
    assert peak == pytest.approx(amount * (21.07 / 15.4) ** (-15.4 / (21.07 - 15.4)), rel=1e-5)


def test_body_surface_cancels_out_of_mercaptopurine(toy: Callable[..., Any], run: Callable[..., Any]) -> None:
    small, large = (
        run(perturb(toy(), drug(TGN).covariates(BSA=area).dose("50 mg/m2 po daily x 20")), [20.0])[f"{TGN}.TGN"]
        for area in (0.6, 1.7)
    )
    assert small == pytest.approx(large, rel=1e-9)


@pytest.mark.parametrize("engine", ["numpy", "compiled"])
def test_engines_agree_on_flows_that_open(toy: Callable[..., Any], run: Callable[..., Any], engine: str) -> None:
    model = perturb(hours(toy), drug(MPA).dose("500 mg po q12h"))
    times = np.array([0.4, 4.005, 5.0, 28.004, 30.0, 47.0])
    found = im.simulate(model, times=times, engine=engine, rtol=1e-8)
    expected = run(model, times)
    for state in ("central", "MPAG", "bile"):
        assert found[f"{MPA}.{state}"] == pytest.approx(expected[f"{MPA}.{state}"], rel=2e-6, abs=1e-6), state


def test_meals_are_knobs(toy: Callable[..., Any]) -> None:
    model = perturb(hours(toy), drug(MPA).usual("of the study"))
    early = im.simulate(model.with_values({f"{MPA}.meal_opens_1": 2.0}), times=[3.0])
    usual = im.simulate(model, times=[3.0])
    assert early[f"{MPA}.C"][0] > 1.2 * usual[f"{MPA}.C"][0]


def test_a_metabolite_of_ones_own_against_its_closed_form(toy: Callable[..., Any], run: Callable[..., Any]) -> None:
    pk = replace(
        one_compartment(CL=2.0, V1=5.0), constants=[Parameter("kout", 0.15, "1/time")],
        products=[DrugCompartment("M")], flows=[DrugFlow("elimination", into="M"), DrugFlow("out", "M", "", "kout*M")],
    )  # fmt: skip
    times = np.array([0.5, 2.0, 9.0])
    found = run(perturb(toy(), Drug("d", pk, "10 mg iv once")), times)["d.M"]
    assert found == pytest.approx(10 * 0.4 / (0.4 - 0.15) * (np.exp(-0.15 * times) - np.exp(-0.4 * times)), rel=1e-9)
    assert "becomes M" in str(Drug("d", pk))
    with pytest.raises(DoseError, match=r"further compartments.*no closed form"):
        perturb(toy(), Drug("d", pk, "10 mg iv q1d at steady state"))


LOST = DrugFlow("elimination", into="M")


def with_(**changes: Any) -> Any:
    return replace(one_compartment(CL=2.0, V1=5.0, ka=1.0), **changes)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: with_(products=[DrugCompartment("central")]), "the name 'central' of a compartment is taken"),
        (lambda: with_(flows=[LOST]), "unknown compartment 'M'"),
        (lambda: with_(flows=[DrugFlow("a", "central", "depot", "kk*central")]), "unknown name 'kk'"),
        (
            lambda: with_(products=[DrugCompartment("M", unit="mass/volume")], flows=[LOST]),
            "between an amount and a concentration",
        ),
        (lambda: DrugFlow("a", "central"), "give a rate"),
        (lambda: DrugFlow("a", "central", "central", "central"), "another compartment at each end"),
        (lambda: DrugFlow("elimination", "central", "M"), "say into= only"),
        (lambda: DrugFlow("a", "M", "depot", "M", opens=("4 hours",)), "opens and lasts go together"),
        (lambda: DrugFlow("a", "M", "depot", "M", opens=("4 hours",), lasts="0 hours"), "lasts must be above 0"),
        (lambda: with_(products=[DrugCompartment("M")], flows=[LOST, LOST]), "given twice"),
    ],
)  # fmt: skip
def test_wrong_products_are_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(DoseError, match=message):
        make()


@pytest.mark.parametrize("name", [MPA, TGN])
def test_tables_and_json_tell_of_them(name: str) -> None:
    one = drug(name)
    assert from_json(Drug, to_json(one)) == one
    tables = {table.heading: table for table in drug_tables(one)}
    assert [row[0] for row in tables["Further compartments"].rows] == [p.name for p in one.pk.products]
    assert [row[0] for row in tables["Flows"].rows] == [f.name for f in one.pk.flows]
