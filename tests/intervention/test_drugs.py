"""The drug library against shared numbers of pk.md (computed there by another implementation).

Tolerance: 1e-4 relative, or half a unit of the last digit that pk.md prints where that is more.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from immunode.errors import DoseError
from immunode.intervention import LIBRARY, Drug, Regimen, drug, one_compartment, perturb


@pytest.fixture
def course(toy: Callable[..., Any], run: Callable[..., Any]) -> Callable[..., Any]:
    def of(chosen: Drug, times: Any) -> Any:
        model = toy()
        if chosen.pk.time == "hour":
            model = model.replace(
                time_unit="h",
                parameters=[p if not p.unit.endswith("day") else _hourly(p) for p in model.parameters],
            )
        integrals = (f"{chosen.name}.C",)
        return run(perturb(model, chosen), times, integrals)

    return of


def _hourly(parameter: Any) -> Any:
    from dataclasses import replace

    return replace(parameter, unit=parameter.unit.replace("day", "h"))


def near(value: float, digits: int) -> Any:
    return pytest.approx(value, rel=1e-4, abs=0.5001 * 10.0**-digits)


def test_infliximab(course: Callable[..., Any]) -> None:
    weeks = 7.0
    given = drug("infliximab").dose("350 mg iv over 2 h at week 0, 2, 6 then q8w x 5")
    found = course(given, np.array([0, 2 / 24, 14 * weeks, 38 * weeks, 46 * weeks]))
    c, area = found["infliximab.C"], found["integral(infliximab.C)"]
    assert c[1] == near(97.24, 2)
    assert c[2] == near(2.957, 3)
    assert c[4] == near(2.346, 3)
    assert area[4] - area[3] == near(859.95, 2)
    assert given.pk.half_life == near(12.86, 2)


def test_adalimumab_ling(course: Callable[..., Any]) -> None:
    once = course(drug("adalimumab_ling").dose("40 mg sc once"), np.linspace(0, 28, 2801))["adalimumab_ling.C"]
    assert once.max() == near(3.298, 3)
    assert once.argmax() / 100 == pytest.approx(8.8, abs=0.05)
    last = np.linspace(19 * 14, 20 * 14, 1401)
    steady = course(drug("adalimumab_ling").dose("40 mg sc q2w x 20"), last)
    c, area = steady["adalimumab_ling.C"], steady["integral(adalimumab_ling.C)"]
    assert c[-1] == near(8.717, 3)
    assert c.max() == near(10.485, 3)
    assert area[-1] - area[0] == near(137.72, 2)


def test_adalimumab_ternant(course: Callable[..., Any]) -> None:
    last = np.linspace(19 * 14, 20 * 14, 1401)
    c = course(drug("adalimumab_ternant").dose("40 mg sc q2w x 20"), last)["adalimumab_ternant.C"]
    assert c[-1] == near(7.971, 3)
    assert c.max() == near(9.477, 3)


@pytest.mark.parametrize(
    ("dose", "peak", "trough", "area"),
    [("560 mg", (165.2, 1), (5.768, 3), (1245, 0)), ("280 mg", (80.43, 2), (0.732, 3), (475.6, 1))],
)
def test_tocilizumab(course: Callable[..., Any], dose: str, peak: Any, trough: Any, area: Any) -> None:
    start = 9 * 28.0
    found = course(
        drug("tocilizumab").dose(f"{dose} iv over 1 h q4w x 10"), np.array([start, start + 1 / 24, start + 28])
    )
    c, whole = found["tocilizumab.C"], found["integral(tocilizumab.C)"]
    assert c[1] == near(*peak)
    assert c[2] == near(*trough)
    assert whole[2] - whole[0] == near(*area)


def test_pembrolizumab(course: Callable[..., Any]) -> None:
    half, start = 0.5 / 24, 15 * 21.0
    found = course(
        drug("pembrolizumab").dose("200 mg iv over 30 min q3w x 16"), np.array([half, start, start + half, start + 21])
    )
    c, area = found["pembrolizumab.C"], found["integral(pembrolizumab.C)"]
    assert c[0] == near(57.30, 2)
    assert c[2] == near(86.80, 2)
    assert c[3] == near(29.52, 2)
    assert area[3] - area[1] == near(908.99, 2)
    assert drug("pembrolizumab").pk.half_life == near(25.79, 2)


def test_nivolumab(course: Callable[..., Any]) -> None:
    hour, start = 1 / 24, 25 * 14.0
    # troughs are read just before the next dose
    c = course(drug("nivolumab").dose("240 mg iv over 1 h q2w x 26"), np.array([hour, 14.0, start + hour, start + 14]))
    assert c["nivolumab.C"] == pytest.approx([65.74, 20.93, 146.99, 81.35], rel=1e-4, abs=0.005001)


def test_rituximab(course: Callable[..., Any]) -> None:
    given = drug("rituximab").dose("1000 mg iv over 4.25 h once then 1000 mg iv over 3.25 h at day 14")
    c = course(given, np.array([4.25 / 24, 14 + 3.25 / 24, 30, 60, 120]))["rituximab.C"]
    for value, (expected, digits) in zip(c, [(232.9, 1), (279.2, 1), (65.1, 1), (21.5, 1), (2.33, 2)], strict=True):
        assert value == near(expected, digits)
    assert given.pk.half_life == near(18.73, 2)


@pytest.mark.slow
def test_tacrolimus(course: Callable[..., Any]) -> None:
    last = np.linspace(119 * 12, 120 * 12, 481)
    found = course(drug("tacrolimus").dose("4 mg po q12h x 120"), last)
    c, area = found["tacrolimus.C"], found["integral(tacrolimus.C)"]
    assert c.max() == near(16.39, 2)
    assert c[-1] == near(11.47, 2)
    assert area[-1] - area[0] == near(165.9, 1)


def test_methotrexate(course: Callable[..., Any]) -> None:
    found = course(drug("methotrexate").dose("15 mg once"), np.linspace(0, 48, 4801))
    c = found["methotrexate.C"]
    assert c.max() == near(233.8, 1)
    assert c.argmax() / 100 == pytest.approx(1.35, abs=0.01)
    assert found["integral(methotrexate.C)"][-1] == near(1362.6, 1)


def test_prednisolone(course: Callable[..., Any]) -> None:
    found = course(drug("prednisolone").dose("20 mg po once"), np.linspace(0, 24, 2401))
    assert found["prednisolone.C"].max() == near(177, 0)
    assert found["prednisolone.C_total"].max() == near(765, 0)
    assert found["prednisolone.C"].argmax() / 100 == pytest.approx(1.88, abs=0.01)
    # F = (dose/80000 nmol)^-0.28 with 20 mg of 358.43 g/mol
    dose = 20 / 358.43 * 1e6
    absorbed = found["integral(prednisolone.C)"][-1] * 54.3 + found["prednisolone.central"][-1]
    assert absorbed / dose == pytest.approx((dose / 80_000) ** -0.28, rel=1e-7)
    assert (dose / 80_000) ** -0.28 == near(1.106, 3)


def test_belimumab(course: Callable[..., Any]) -> None:
    """Mean steady concentration 0.742 x 200/(0.204 x 7) = 103.9 ug/mL (drug_library.md)."""
    area = course(drug("belimumab").dose("200 mg sc weekly at steady state"), np.array([0.0, 7.0]))
    mean = np.diff(area["integral(belimumab.C)"])[0] / 7
    assert mean == pytest.approx(0.742 * 200 / (0.204 * 7), rel=1e-6)
    assert mean == near(103.9, 1)


def test_anti_pdl1_in_a_mouse(course: Callable[..., Any]) -> None:
    """A dose of 10 mg/kg is 444.44 nM: peak 411.9 nM at day 0.507, half-life 4.62 d (kosinsky2018.md)."""
    found = course(drug("anti_pdl1").dose("10 mg/kg ip once"), np.linspace(0, 3, 3001))
    c = found["anti_pdl1.C"]
    assert found["anti_pdl1.depot"][0] / 0.003 == near(444.44, 2)
    assert c.max() == near(411.9, 1)
    assert c.argmax() / 1000 == pytest.approx(0.507, abs=0.001)
    assert drug("anti_pdl1").pk.half_life == near(4.62, 2)


@pytest.mark.slow
def test_tacrolimus_in_an_expresser(course: Callable[..., Any]) -> None:
    last = np.linspace(119 * 12, 120 * 12, 481)
    given = drug("tacrolimus").covariates(CYP3A5_expresser=True).dose("4 mg po q12h x 120")
    c = course(given, last)["tacrolimus.C"]
    assert c.max() == near(11.31, 2)
    assert c[-1] == near(6.40, 2)


def test_tacrolimus_at_its_true_steady_state(course: Callable[..., Any]) -> None:
    """AUC over tau is 4000/23 = 173.9; after 120 doses it was 165.9."""
    area = course(drug("tacrolimus").dose("4 mg po q12h at steady state"), np.array([0.0, 12.0]))
    assert np.diff(area["integral(tacrolimus.C)"])[0] == pytest.approx(4000 / 23, rel=1e-6)


def test_omalizumab_is_a_model_of_its_own() -> None:
    with pytest.raises(DoseError, match=r"'omalizumab'.*library.*'hayashi2007'"):
        drug("omalizumab")


@pytest.mark.parametrize(
    ("name", "dose", "days", "area"),
    [
        ("infliximab", "350 mg iv over 2 h q8w", 56, 350 / 0.407),
        ("adalimumab", "40 mg sc q2w", 14, 40 / 0.327936),
        ("adalimumab_ling", "40 mg sc q2w", 14, 40 / 0.2904),
        ("adalimumab_ternant", "40 mg sc q2w", 14, 40 / 0.32),
        ("pembrolizumab", "200 mg iv over 30 min q3w", 21, 200 / 0.22),
        ("rituximab", "1000 mg iv over 4.25 h q26w", 182, 1000 / 0.451),
        ("methotrexate", "15 mg weekly", 168, 15_000 * 0.704 / 7.75),
    ],
)
def test_area_over_an_interval_at_steady_state(
    course: Callable[..., Any], name: str, dose: str, days: float, area: float
) -> None:
    found = course(drug(name).dose(f"{dose} at steady state"), np.array([0.0, days]))[f"integral({name}.C)"]
    assert found[1] - found[0] == pytest.approx(area, rel=1e-6)


@pytest.mark.parametrize("name", sorted(LIBRARY))
def test_every_number_of_the_library_has_a_source(name: str, toy: Callable[..., Any]) -> None:
    chosen = drug(name)
    assert chosen.name == name
    assert chosen.note
    kinetic = {c.name + f"_on_{n}" for c in chosen.pk.covariates for n, _ in c.on}
    kinetic |= {"CL", "V1", "Q", "V2", "ka", "F", "lag", "Vmax", "Km", "CL_emax", "CL_t50", "CL_hill"}
    for parameter in perturb(toy(), chosen.dose("10 mg once").covariates()).parameters:
        if parameter.name.removeprefix(f"{name}.") in kinetic:
            assert any(str(year) in parameter.source for year in range(1990, 2030)), parameter
            assert parameter.evidence in ("published", "derived", "memory"), parameter


def test_a_name_is_text() -> None:
    with pytest.raises(DoseError, match="a drug's name is text such as 'adalimumab', got 3"):
        drug(3)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "doses", "message"),
    [
        ("adalimumab", "40 mg po q2w", "its kinetics are those of doses sc, not po$"),
        ("adalimumab", "40 mg im q2w", "its kinetics are those of doses sc, not im$"),
        ("adalimumab_ling", "40 mg iv q2w", "sc, not iv; without its absolute bioavailability"),
        ("etanercept", "50 mg iv once", "sc, not iv; without its absolute bioavailability"),
        ("tofacitinib", "1 mg/h iv at steady state", "po, not iv; without its absolute bioavailability"),
        ("dupilumab", "600 mg sc once then 300 mg po at week 2", "its kinetics are those of doses sc or iv, not po$"),
        ("infliximab", "400 mg sc q8w", "its kinetics are those of doses iv, not sc$"),
        ("methylprednisolone", "30 mg po once", "its kinetics are those of doses iv, not po$"),
        ("dexamethasone", "6 mg im daily", "its kinetics are those of doses po, not im$"),
        ("dexamethasone_im", "6 mg po daily", "its kinetics are those of doses im, not po$"),
    ],
)
def test_a_route_without_numbers_is_refused(name: str, doses: str, message: str) -> None:
    with pytest.raises(DoseError, match=f"^'{name}', .*{message}"):
        drug(name).dose(doses)


@pytest.mark.parametrize(
    ("name", "doses"),
    [("dupilumab", "300 mg iv q2w"), ("inebilizumab", "300 mg sc once"), ("colchicine", "0.5 mg orally daily")],
)
def test_a_route_with_numbers_is_taken(name: str, doses: str) -> None:
    assert str(drug(name).dose(doses).regimen) == str(Regimen.of(doses))


def test_the_routes_of_an_own_drug_are_its_writers() -> None:
    pk = one_compartment(CL=1, V1=5, ka=1)
    assert Drug("d", pk, "5 mg iv once", route="sc").routes == ()
    with pytest.raises(DoseError, match="'d', '5 mg iv once': its kinetics are those of doses sc, not iv"):
        Drug("d", pk, "5 mg iv once", routes=["sc"])
    with pytest.raises(DoseError, match="'d': unknown route 'nasal'"):
        Drug("d", pk, routes=["nasal"])


def test_an_unknown_drug_has_neighbors() -> None:
    with pytest.raises(DoseError, match="unknown drug 'adalimumb'; did you mean 'adalimumab'"):
        drug("adalimumb")


def test_accumulation_matches_the_closed_form(course: Callable[..., Any]) -> None:
    """Trough to trough, one compartment by vein: 1/(1 - exp(-k tau)) of the first trough."""
    given = Drug("d", drug("adalimumab_ling").pk, "40 mg iv q2w x 60")
    c = course(given, np.array([14 - 1e-9, 60 * 14 - 1e-9]))["d.C"]
    assert c[1] / c[0] == pytest.approx(1 / (1 - math.exp(-0.2904 / 9.19 * 14)), rel=1e-7)


def test_half_lives_match_the_closed_form() -> None:
    assert drug("adalimumab_ling").pk.half_life == pytest.approx(math.log(2) * 9.19 / 0.2904, rel=1e-14)
    assert drug("nivolumab").pk.half_life == pytest.approx(20.9, abs=0.05)
    assert drug("methotrexate").pk.half_life == pytest.approx(2.93, abs=0.005)
