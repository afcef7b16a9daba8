"""Target-mediated disposition, full and in quasi-steady state, on the demo set of pk.md (nM, days)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from immunode.errors import DoseError
from immunode.intervention import PK, Drug, Target, one_compartment, perturb, qss, tmdd, two_compartment
from immunode.model.serial import from_json, to_json

KEL, KON, KOFF, KINT, KSYN, KDEG, VOLUME = 0.1, 1.0, 0.1, 0.05, 1.0, 0.1, 3.0
FULL = tmdd(kon=KON, koff=KOFF, kint=KINT, ksyn=KSYN, kdeg=KDEG)
TIMES = np.array([0, 0.02, 0.1, 0.5, 1, 2, 5, 10, 20, 30, 40.0])


def kinetics(target: Target) -> PK:
    return one_compartment(CL=KEL * VOLUME, V1=VOLUME, mass="nmol").with_target(target)


def course(toy: Any, run: Any, target: Target, start: float, times: Any = TIMES, integrals: Any = ()) -> Any:
    given = Drug("d", kinetics(target), f"{start * VOLUME:g} nmol iv once")
    return run(perturb(toy(), given), times, integrals)


def by_hand(start: float) -> Any:
    """C, R and RC of Mager & Jusko's equations."""

    def rhs(t: float, y: Any) -> list[float]:
        c, r, rc = y
        bound = KON * c * r - KOFF * rc
        return [-KEL * c - bound, KSYN - KDEG * r - bound, bound - KINT * rc]

    return solve_ivp(rhs, (0, 40), [start, KSYN / KDEG, 0], "LSODA", TIMES, rtol=1e-11, atol=1e-13).y


@pytest.mark.parametrize("start", [1.0, 10.0, 100.0])
def test_full_binding_follows_the_published_equations(
    toy: Callable[..., Any], run: Callable[..., Any], start: float
) -> None:
    found = course(toy, run, FULL, start)
    for name, expected in zip(("C", "target_free", "bound"), by_hand(start), strict=True):
        # two solvers at rtol 1e-11 over a fast and a slow phase
        assert found[f"d.{name}"] == pytest.approx(expected, rel=1e-7, abs=1e-9), name


@pytest.mark.parametrize("start", [1.0, 10.0, 100.0])
def test_the_quasi_steady_state_is_within_0_8_percent_from_day_1(
    toy: Callable[..., Any], run: Callable[..., Any], start: float
) -> None:
    times = np.linspace(1, 40, 79)
    full, quick = (course(toy, run, t, start, times)["d.C_total"] for t in (FULL, FULL.quasi_steady()))
    error = np.abs(quick / full - 1).max()
    assert 1e-5 < error < 0.008


def test_the_quasi_steady_state_solves_its_algebra(toy: Callable[..., Any], run: Callable[..., Any]) -> None:
    found = course(toy, run, FULL.quasi_steady(), 10.0)
    c, total, there = found["d.C"], found["d.C_total"], found["d.target_all"]
    b = total - there - (KOFF + KINT) / KON
    assert c == pytest.approx((b + np.sqrt(b**2 + 4 * (KOFF + KINT) / KON * total)) / 2, rel=1e-12)
    assert found["d.bound"] == pytest.approx(there * c / ((KOFF + KINT) / KON + c), rel=1e-12)


@pytest.mark.parametrize("target", [FULL, FULL.quasi_steady()])
def test_without_drug_the_target_stays(toy: Callable[..., Any], run: Callable[..., Any], target: Target) -> None:
    composed = perturb(toy(), Drug("d", kinetics(target), "30 nmol iv once")).with_values({"d.strength": 0})
    assert run(composed, TIMES)["d.target_free"] == pytest.approx(10.0, rel=1e-12)


@pytest.mark.parametrize("target", [FULL, FULL.quasi_steady()])
def test_drug_and_target_are_lost_by_known_ways_only(
    toy: Callable[..., Any], run: Callable[..., Any], target: Target
) -> None:
    ways = ("d.elimination", "d.internalization", "d.target_synthesis", "d.target_loss")
    found = course(toy, run, target, 10.0, [0.0, 40.0], ways)
    lost = {way: found[f"integral({way})"][-1] for way in ways}
    drug = found["d.C_total"][-1] * VOLUME
    there = (found["d.target_free"] + found["d.bound"])[-1] * VOLUME
    assert drug + lost["d.elimination"] + lost["d.internalization"] == pytest.approx(30, rel=1e-9)
    gained = lost["d.target_synthesis"] - lost["d.target_loss"] - lost["d.internalization"]
    assert there - 10 * VOLUME == pytest.approx(gained, rel=1e-9)


@pytest.mark.parametrize("target", [qss(KSS=0.15, kint=KINT, ksyn=0, kdeg=KDEG), tmdd(kon=0, koff=KOFF, kint=KINT, ksyn=KSYN, kdeg=KDEG)])  # fmt: skip  # noqa: E501
def test_a_target_that_is_not_there_or_does_not_bind_leaves_plain_kinetics(
    toy: Callable[..., Any], run: Callable[..., Any], target: Target
) -> None:
    assert course(toy, run, target, 10.0)["d.C"] == pytest.approx(10 * np.exp(-KEL * TIMES), rel=1e-9)


def test_it_composes_with_two_compartments_absorption_and_effects(
    toy: Callable[..., Any], run: Callable[..., Any]
) -> None:
    pk = two_compartment(CL=0.3, V1=3.0, Q=0.5, V2=2.0, ka=0.7, F=0.6, mass="nmol")
    ways = ("d.elimination", "d.internalization")
    for target in (FULL, FULL.quasi_steady()):
        drug = Drug("d", pk.with_target(target), "50 nmol sc q1w x 3").inhibit("k", 0.9, 2.0)
        found = run(perturb(toy(), drug), [0.0, 30.0], ways)
        inside = found["d.depot"] + found["d.central"] + found["d.peripheral"]
        inside += found["d.complex"] if target.full else 0
        gone = sum(found[f"integral({way})"][-1] for way in ways)
        assert inside[-1] + gone == pytest.approx(0.6 * 150, rel=1e-9)
        assert found["d.occupancy"] == pytest.approx(found["d.C"] / (2 + found["d.C"]), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Target(1, 0.1, 0.05), "has kon and koff .*, or KSS"),
        (lambda: Target(1, 0.1, 0.05, kon=1), "has kon and koff"),
        (lambda: Target(1, 0.1, 0.05, kon=1, koff=1, KSS=1), "has kon and koff"),
        (lambda: qss(KSS=0, kint=1, ksyn=1, kdeg=1), "KSS must be a number above 0, got 0"),
        (lambda: tmdd(kon=-1, koff=1, kint=1, ksyn=1, kdeg=1), "kon must be a number 0 or above, got -1"),
        (lambda: one_compartment(CL=1, V1=1).with_target(3), "a target is made by tmdd"),  # type: ignore[arg-type]
        (lambda: tmdd(kon=0, koff=1, kint=1, ksyn=1, kdeg=1).quasi_steady(), "no quasi-steady state"),
    ],
)
def test_wrong_targets_are_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(DoseError, match=message):
        make()


def test_a_drug_with_a_target_is_a_record_like_any_other() -> None:
    for target in (FULL, FULL.quasi_steady()):
        drug = Drug("d", kinetics(target), "30 nmol iv once").inhibit("k", 0.9, 2.0)
        assert from_json(Drug, to_json(drug)) == drug
        assert hash(from_json(Drug, to_json(drug))) == hash(drug)
    assert "a target that binds it" in repr(Drug("d", kinetics(FULL)))
