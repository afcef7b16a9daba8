"""Differences between occasions of one patient, against courses that are put together dose by dose by hand.

1e-8 relative to the largest value: the courses by hand are closed forms, the others are integrated at rtol 1e-11.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import expm

import immunode as im
from immunode.errors import DoseError, ModelError
from immunode.intervention import LIBRARY, Drug, OccasionVariability, drug, one_compartment, perturb, two_compartment
from immunode.intervention.drugs.tables import drug_tables
from immunode.model import Model
from immunode.model.patients import Correlation, Variability
from immunode.model.serial import from_json, to_json

ONE = one_compartment(CL=2.0, V1=5.0, ka=1.5, F=0.7)
ETAS = (0.31, -0.45, 0.12, 0.8, -0.2)
TIMES = np.linspace(0, 12, 25)


def given(etas: Sequence[float], number: str = "F", name: str = "d") -> dict[str, float]:
    """The random effects of occasions by name."""
    return {f"{name}.{number}_eta_{k}": eta for k, eta in enumerate(etas, 1)}


def composed(toy: Callable[..., Model], pk: Any, doses: Any, occasions: Any, values: dict[str, float]) -> Model:
    return perturb(toy(horizon=12.0), Drug("d", pk, doses, occasions=occasions)).with_values(values)


def close(found: NDArray[np.float64], expected: NDArray[np.float64]) -> Any:
    return found == pytest.approx(expected, abs=1e-8 * np.abs(expected).max())


@pytest.mark.parametrize("doses", ["10 mg sc q2d x 5", "10 mg sc at day 0, 2, 4, 6, 8"])
def test_each_dose_has_a_bioavailability_of_its_own(
    toy: Callable[..., Any], run: Callable[..., Any], doses: str
) -> None:
    model = composed(toy, ONE, doses, [OccasionVariability("F", 0.3)], given(ETAS))
    ke, ka = 2.0 / 5.0, 1.5

    def bateman(u: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(u >= 0, ka / (ka - ke) / 5.0 * (np.exp(-ke * u) - np.exp(-ka * u)), 0.0)

    parts = [0.7 * np.exp(eta) * 10.0 * bateman(TIMES - 2.0 * k) for k, eta in enumerate(ETAS)]
    assert close(run(model, TIMES)["d.C"], np.sum(parts, axis=0))


def steps(
    starts: Sequence[float], rates: Callable[[int], tuple[NDArray[np.float64], float]], doses: Sequence[float]
) -> NDArray[np.float64]:
    """Concentrations at `TIMES`, by a matrix exponential from one start to the next; amounts go on, numbers jump.

    rates : number of the occasion -> matrix of the linear system, and V1.   doses : times of boluses of 10 mg.
    """
    course = []
    for time in TIMES:
        y, before, now = np.zeros(2), 0.0, 0
        stops = sorted({*[s for s in (*starts, *doses) if s <= time], time})
        for stop in stops:
            y = expm(rates(now)[0] * (stop - before)) @ y
            before, now = stop, max([i for i, s in enumerate(starts, 1) if s <= stop], default=0)
            y[0] += 10.0 * (stop in doses)
        course.append(y[0] / rates(now)[1])
    return np.array(course)


def test_clearance_and_volume_change_at_a_dose_and_amounts_go_on(
    toy: Callable[..., Any], run: Callable[..., Any]
) -> None:
    pk = two_compartment(CL=0.9, V1=4.0, Q=0.8, V2=6.0)
    others = ETAS[::-1]
    both = [OccasionVariability("CL", 0.3), OccasionVariability("V1", cv=0.5)]
    model = composed(toy, pk, "10 mg iv q2d x 5", both, {**given(ETAS, "CL"), **given(others, "V1")})

    def rates(k: int) -> tuple[NDArray[np.float64], float]:
        cl, v1 = (0.9 * np.exp(ETAS[k - 1]), 4.0 * np.exp(others[k - 1])) if k else (0.9, 4.0)
        return np.array([[-(cl + 0.8) / v1, 0.8 / 6.0], [0.8 / v1, -0.8 / 6.0]]), v1

    times = [0.0, 2.0, 4.0, 6.0, 8.0]
    assert close(run(model, TIMES)["d.C"], steps(times, rates, times))


def test_an_occasion_may_last_days_whatever_doses_there_are(toy: Callable[..., Any], run: Callable[..., Any]) -> None:
    model = composed(
        toy, one_compartment(CL=2.0, V1=5.0), "10 mg iv q2d x 5 from day 1",
        [OccasionVariability("CL", 0.3, every="3 days")], given(ETAS[:4], "CL"),
    )  # fmt: skip
    assert "d.CL_eta_5" not in {p.name for p in model.parameters}  # the fourth lasts from day 10 to the horizon

    def rates(k: int) -> tuple[NDArray[np.float64], float]:
        return np.diag([-(2.0 * np.exp(ETAS[k - 1]) if k else 2.0) / 5.0, 0.0]), 5.0

    expected = steps([1.0, 4.0, 7.0, 10.0], rates, [1.0, 3.0, 5.0, 7.0, 9.0])
    assert close(run(model, TIMES)["d.C"], expected)


def test_numbers_with_a_formula_and_constants_change_too(toy: Callable[..., Any], run: Callable[..., Any]) -> None:
    given_ = replace(drug("rituximab"), occasions=[OccasionVariability("k10", 0.3), OccasionVariability("CL", 0.2)])
    model = perturb(toy(horizon=40.0), given_.dose("1000 mg iv at day 0, 14"))
    name = "rituximab"
    found = run(model.with_values({**given((0.5, -0.4), "k10", name), **given((0.1, 0.2), "CL", name)}), [1.0, 20.0])
    factor = found[f"{name}.elimination"] / found[f"{name}.central"]
    assert factor == pytest.approx(0.11 * np.exp([0.6, -0.2]), rel=1e-12)


def test_missed_doses_keep_their_number(toy: Callable[..., Any], run: Callable[..., Any]) -> None:
    model = composed(toy, ONE, "10 mg sc q2d x 5 missing dose 2, 3", [OccasionVariability("F", 0.3)], given(ETAS))
    whole = composed(toy, ONE, "10 mg sc at day 0, 6, 8", [OccasionVariability("F", 0.3)],
                     given([ETAS[0], ETAS[3], ETAS[4]]))  # fmt: skip
    assert close(run(model, TIMES)["d.C"], run(whole, TIMES)["d.C"])


def test_many_occasions_are_as_good_as_few(toy: Callable[..., Any], run: Callable[..., Any]) -> None:
    etas = np.sin(np.arange(120))
    model = composed(toy, ONE, "10 mg sc q0.1d x 120", [OccasionVariability("F", 0.3)], given(etas))
    found = run(model, [0.05 + 0.1 * k for k in (0, 49, 50, 51, 99, 100, 119)])["d.F.effective"]
    assert found == pytest.approx(0.7 * np.exp(etas[[0, 49, 50, 51, 99, 100, 119]]), rel=1e-12)


def test_what_earlier_doses_left_is_that_of_the_typical_occasion(
    toy: Callable[..., Any], run: Callable[..., Any]
) -> None:
    row = "10 mg iv q2d x 5 at steady state"
    model = composed(toy, ONE, row, [OccasionVariability("CL", 0.3)], given(ETAS, "CL"))
    typical = perturb(toy(horizon=12.0), Drug("d", ONE, row))
    found, expected = run(model, [0.0, 1.0]), run(typical, [0.0, 1.0])
    assert found["d.central"][0] == pytest.approx(expected["d.central"][0], rel=1e-12)
    assert found["d.central"][1] == pytest.approx(found["d.central"][0] * np.exp(-0.4 * np.exp(ETAS[0])), rel=1e-8)


DIFFERENT = ("adalimumab", "anakinra", "rituximab", "tacrolimus", "mycophenolic_acid")


@pytest.mark.sampled
@pytest.mark.parametrize("name", ["adalimumab", "rituximab", "mycophenolic_acid"])
def test_engines_agree_on_drugs_whose_occasions_differ(
    toy: Callable[..., Any], run: Callable[..., Any], name: str
) -> None:
    days = {"adalimumab": 40.0, "rituximab": 200.0}.get(name, 3.0)
    model = perturb(toy(horizon=days), drug(name).dose("10 mg q2w" if days > 20 else "10 mg q12h"))
    etas = [v.parameter for v in model.variability if v.occasion]
    assert etas
    model = model.with_values({eta: 0.5 * np.sin(k) for k, eta in enumerate(etas)})
    times = np.linspace(0.3, days, 7)
    expected = run(model, times)[f"{name}.C"]
    for engine in ("scipy", "numpy", "compiled"):
        found = im.simulate(model, times=times, engine=engine, rtol=1e-8)[f"{name}.C"]
        assert found == pytest.approx(expected, rel=2e-6, abs=1e-7 * expected.max()), engine


@pytest.mark.parametrize("name", DIFFERENT)
def test_a_typical_patient_has_no_differences_between_occasions(
    toy: Callable[..., Any], run: Callable[..., Any], name: str
) -> None:
    doses = drug(name).dose("10 mg q1w x 3")
    times = np.linspace(0.3, 30, 5)
    found, without = (run(perturb(toy(), one), times) for one in (doses, replace(doses, occasions=())))
    assert close(found[f"{name}.C"], without[f"{name}.C"])


def test_within_and_between_patients_5000_differ_as_declared(toy: Callable[..., Any]) -> None:
    """The peak of a dose that is gone before the next one is F dose/V1: its log has both variances, and no other."""
    one = Drug(
        "d", one_compartment(CL=50.0, V1=5.0), "10 mg iv q3d x 4",
        variability=[Variability("V1", 0.3)], occasions=[OccasionVariability("V1", 0.2)],
    )  # fmt: skip
    model = perturb(toy(horizon=12.0), one)
    peaks = [f"at(d.C, {day})" for day in (0, 3, 6, 9)]
    out = im.sweep(model, im.population(model).draw(5000, seed=3), endpoints=peaks)
    logs = np.log([out.endpoint(peak) for peak in peaks])
    within = logs.var(axis=0, ddof=1).mean()
    between = logs.mean(axis=0).var(ddof=1) - within / 4
    # standard errors: 0.2^2 sqrt(2/(5000*3)) = 0.0005 and (0.3^2 + 0.2^2/4) sqrt(2/5000) = 0.002; four of them
    assert within == pytest.approx(0.04, abs=0.002)
    assert between == pytest.approx(0.09, abs=0.008)
    assert np.corrcoef(logs - logs.mean(axis=0))[0, 1] == pytest.approx(-1 / 3, abs=0.06)


def test_correlated_numbers_change_together_and_nothing_else_is_drawn_anew(toy: Callable[..., Any]) -> None:
    """4,000 patients: correlation -0.6 on each occasion (standard error 0.01), none between occasions."""
    pair = [OccasionVariability("CL", 0.2), OccasionVariability("V1", 0.1, correlations={"CL": -0.6})]
    one = Drug("d", ONE, "10 mg sc q2d x 3", variability=[Variability("CL", 0.3)], occasions=pair)
    apart = replace(one, occasions=[pair[0], replace(pair[1], correlations=())])
    drawn, plain = (im.population(perturb(toy(), x)).draw(4000, seed=7).table() for x in (one, apart))
    found = drawn[[f"d.{number}_eta_{k}" for number in ("CL", "V1") for k in (1, 2, 3)]].to_numpy()
    expected = np.eye(6) - 0.6 * (np.eye(6, k=3) + np.eye(6, k=-3))
    np.testing.assert_allclose(np.corrcoef(found.T), expected, atol=0.06)
    np.testing.assert_allclose(found.std(axis=0), [0.2] * 3 + [0.1] * 3, rtol=0.05)
    same = [name for name in plain.columns if "V1_eta" not in name]
    assert (drawn[same] == plain[same]).all().all()
    assert from_json(Drug, to_json(one)) == one
    by_vein = perturb(toy(), replace(one, occasions=[*pair, OccasionVariability("ka", 0.1, correlations={"CL": 0.2})]))
    assert len(by_vein.correlations) == 6


def test_a_patient_has_the_same_occasions_in_every_arm_and_the_draws_of_patients_stay(
    toy: Callable[..., Any],
) -> None:
    few, many = (drug("adalimumab").dose(f"40 mg sc q2w x {n}") for n in (3, 9))
    model = toy(horizon=200.0)
    long, short = (im.population(perturb(model, one)).draw(50, seed=4).table() for one in (many, few))
    first = im.population(perturb(model, few)).draw(20, seed=4).table()
    without = im.population(perturb(model, replace(few, occasions=()))).draw(50, seed=4).table()
    assert (long[short.columns] == short).all().all()
    assert (short[:20] == first).all().all()
    assert (short[without.columns] == without).all().all()
    out = im.sweep(model, patients=30, arms={"few": [few], "many": [many]}, endpoints=["at(adalimumab.C, 14)"], seed=4)
    shown = out.endpoint("at(adalimumab.C, 14)")
    arm = np.array(out.table()["arm"])
    assert shown[arm == "few"] == pytest.approx(shown[arm == "many"], rel=1e-5)
    assert np.ptp(shown[arm == "few"]) > 1.0


def test_no_dose_goes_without_a_random_effect_of_its_own(toy: Callable[..., Any]) -> None:
    model = perturb(toy(), drug("adalimumab").dose("40 mg sc q2w x 3"))
    with pytest.raises(im.ImmunodeError, match="a random effect for each of its planned doses"):
        im.simulate(model.with_values({"adalimumab.n": 4}))


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda toy: OccasionVariability("F"), DoseError, "either sd or cv"),
        (lambda toy: OccasionVariability("F", 0.2, cv=0.2), DoseError, "either sd or cv"),
        (lambda toy: OccasionVariability("F", -0.2), DoseError, "sd must be 0 or above"),
        (lambda toy: OccasionVariability("lag", 0.2), DoseError, "a time at which something happens"),
        (lambda toy: OccasionVariability("F", 0.2, every="0 days"), DoseError, "longer than 0"),
        (
            lambda toy: perturb(toy(), Drug("d", ONE, "1 mg sc q1d", occasions=[OccasionVariability("Cl", 0.2)])),
            ModelError,
            "variability of 'Cl' between occasions, which it does not have.*CL",
        ),
        (lambda toy: OccasionVariability("F", 0.2, correlations={"CL": 1.5}), DoseError, "must lie inside -1 and 1"),
        (
            lambda toy: toy().replace(
                variability=[Variability("k", 0.2), Variability("s", 0.1, occasion=1)],
                correlations=[Correlation("k", "s", 0.1)],
            ),
            ModelError,
            "only random effects of the same occasion",
        ),
        (lambda toy: Variability("k", 0.2, occasion=-1), ModelError, "an occasion is a whole number"),
    ],
)
def test_wrong_occasions_are_refused(
    toy: Callable[..., Any], make: Callable[..., Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        make(toy)


def test_a_number_that_these_doses_do_not_need_is_left_out(toy: Callable[..., Any]) -> None:
    model = perturb(toy(), Drug("d", ONE, "1 mg iv q1d x 3", occasions=[OccasionVariability("ka", 0.2)]))
    assert not any(v.occasion for v in model.variability)


@pytest.mark.parametrize("name", DIFFERENT)
def test_cards_tables_and_json_tell_of_occasions(name: str) -> None:
    one = LIBRARY[name]
    assert from_json(Drug, to_json(one)) == one
    assert str(one).count("(SD ") == len(one.occasions)
    table = next(t for t in drug_tables(one) if t.heading == "Differences between occasions of one patient")
    assert [row[0] for row in table.rows] == [o.number for o in one.occasions]


# drug | number | SD of the logarithm, or CV in % (specification: section 2)
PUBLISHED = """
adalimumab | F | 22.1 %
anakinra | V1 | 0.47
rituximab | V1 | 0.33
rituximab | k10 | 0.08
tacrolimus | CL | 13.6 %
mycophenolic_acid | ka | 0.93
mycophenolic_acid | V1 | 0.62
mycophenolic_acid | CL | 0.29
"""


@pytest.mark.parametrize("row", PUBLISHED.split("\n")[1:-1])
def test_published_sizes(row: str) -> None:
    name, number, size = (cell.strip() for cell in row.split("|"))
    sd = next(o.spread for o in LIBRARY[name].occasions if o.number == number)
    if size.endswith("%"):
        assert 100 * np.sqrt(np.expm1(sd**2)) == pytest.approx(float(size[:-1]), abs=0.06)
    else:
        assert sd == float(size)
