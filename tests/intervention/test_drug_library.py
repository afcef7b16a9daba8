"""Every drug of the library against its computed checks (specification: SciPy, LSODA at 1e-10, typical patient).

A number is met to 1e-4, or to half a unit of its last printed digit where that is more.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from immunode.catalogue import list_models
from immunode.errors import DoseError
from immunode.intervention import LIBRARY, Drug, Regimen, drug, perturb
from immunode.intervention.drugs.library import list_drugs
from immunode.intervention.drugs.names import ELSEWHERE
from immunode.intervention.drugs.shelves import SHELVES
from immunode.model import Model, Parameter, Process, State
from immunode.model.records import pairs
from immunode.model.serial import from_json, to_json
from immunode.model.units import convert
from immunode.program.lowering import lower
from immunode.program.numpy.functions import compile_numpy

STATES = {"depot", "transit_1", "transit_2", "transit_3", "central", "peripheral", "peripheral_2"}
Course = dict[str, NDArray[np.float64]]

# drug | doses | last interval: begin, length (time of the drug) | Cmax | its time | trough | AUC | F D/CL | half-life
COURSES = """
infliximab | 385 mg iv over 2 h at day 0, 14, 42 then q56d x 7 | 434 | 56 | 109.53 | 0.08333 | 2.5807 | 945.95 | 945.9 | 12.86
adalimumab | 40 mg sc q14d x 20 | 266 | 14 | 9.8909 | 2.984 | 6.995 | 121.97 | 122 | 16.27
adalimumab_ling | 40 mg sc q14d x 20 | 266 | 14 | 10.485 | 4.721 | 8.7168 | 137.72 | 137.7 | 21.94
etanercept | 50 mg sc q168h x 12 | 1848 | 168 | 1.8524 | 32.11 | 0.51722 | 200.6 | 200.6 | 63.95
certolizumab | 400 mg sc at day 0, 14, 28 then q28d x 9 | 280 | 28 | 32.985 | 6.531 | 9.2351 | 618.38 | 618.4 | 7.701
tocilizumab | 560 mg iv over 1 h q28d x 10 | 252 | 28 | 165.24 | 0.04167 | 5.7681 | 1245.3 | - | 20.96
sarilumab | 200 mg sc q14d x 20 | 266 | 14 | 36.68 | 4.589 | 17.347 | 410.64 | - | 42.71
anakinra | 100 mg sc q24h x 7 | 144 | 24 | 1.1109 | 4.476 | 0.229 | 16.026 | 16.03 | 7.242
canakinumab | 150 mg sc q56d x 6 | 280 | 56 | 19.507 | 5.362 | 4.7216 | 603.37 | 603.4 | 26.12
abatacept | 125 mg sc q7d x 26 | 175 | 7 | 34.078 | 2.445 | 28.394 | 224.02 | 224 | 14.09
belatacept | 350 mg iv over 30 min q28d x 8 | 196 | 28 | 48.127 | 0.02083 | 2.7272 | 443.04 | 443 | 6.756
ipilimumab | 240 mg iv over 90 min q21d x 4 | 63 | 21 | 73.689 | 0.0625 | 17.074 | 653.92 | - | 15
rituximab | 1000 mg iv over 4.25 h once then 1000 mg iv over 3.25 h at day 14 | 14 | 106 | 279.19 | 0.1354 | 2.3283 | 3342.4 | - | 18.73
inebilizumab | 300 mg iv over 90 min at day 0, 14, 182, 364, 546 | 546 | 182 | 101.2 | 0.0625 | 0.12258 | 1543.7 | - | 22.93
obinutuzumab | 1000 mg iv over 4 h at day 0, 7, 14, 28, 56, 84, 112, 140 | 140 | 28 | 618.06 | 0.1667 | 287.35 | 11169 | - | 31.71
alemtuzumab | 30 mg iv over 2 h at h 0, 48, 96, 168, 216, 264, 336, 384, 432, 504, 552, 600 | 600 | 72 | 2.5258 | 2 | 0.11772 | 36.082 | - | -
belimumab | 200 mg sc q7d x 26 | 175 | 7 | 107.73 | 2.556 | 97.474 | 726.63 | 727.5 | 18.33
ixekizumab | 80 mg sc q28d x 13 | 336 | 28 | 10.674 | 5.229 | 3.5324 | 200 | 200 | 14.42
brodalumab | 210 mg sc at day 0, 7, 14 then q14d x 19 | 280 | 14 | 17.758 | 4.154 | 7.9873 | 195.34 | - | 33.63
ustekinumab | 390 mg iv over 1 h once then 90 mg sc q56d x 6 from day 56 | 336 | 56 | 8.2053 | 4.634 | 1.229 | 230.69 | 230.7 | 17.79
guselkumab | 100 mg sc at day 0, 28 then q56d x 6 | 364 | 56 | 7.4777 | 3.024 | 1.0224 | 193.8 | 193.8 | 18.13
risankizumab | 150 mg sc at day 0, 28 then q84d x 5 | 448 | 84 | 14.261 | 6.195 | 2.0113 | 549.34 | 549.3 | 28.27
mirikizumab | 900 mg iv over 90 min at day 0, 28, 56 then 300 mg sc q28d x 10 from day 84 | 336 | 28 | 14.989 | 5.054 | 2.952 | 246.19 | 246.2 | 9.263
dupilumab | 600 mg sc once then 300 mg sc q14d x 20 | 280 | 14 | 92.918 | 3.916 | 70.182 | 1176.1 | - | 22.85
tralokinumab | 600 mg sc once then 300 mg sc q14d x 20 | 280 | 14 | 117.97 | 4.76 | 94.868 | 1532.1 | 1532 | 21.98
lebrikizumab | 500 mg sc at day 0, 14 then 250 mg sc q14d x 19 | 280 | 14 | 104.52 | 4.505 | 87.051 | 1371.9 | 1372 | 25.69
nemolizumab | 60 mg sc once then 30 mg sc q28d x 12 | 336 | 28 | 4.4072 | 4.368 | 1.8362 | 88.235 | 88.24 | 17.21
benralizumab | 30 mg sc at day 0, 28, 56 then q56d x 6 | 392 | 56 | 2.1708 | 6.356 | 0.26229 | 60.722 | 60.72 | 14.62
tezepelumab | 210 mg sc q28d x 10 | 252 | 28 | 46.073 | 4.765 | 23.5 | 999.87 | 1000 | 21.49
vedolizumab | 300 mg iv over 30 min at day 0, 14, 42 then q56d x 7 | 434 | 56 | 103.64 | 0.02083 | 9.6854 | 1797.4 | - | 25.42
etrolizumab | 105 mg sc q28d x 13 | 336 | 28 | 18.069 | 5.705 | 8.6866 | 389.88 | - | 12.94
pembrolizumab | 200 mg iv over 30 min q21d x 16 | 315 | 21 | 86.802 | 0.02083 | 29.524 | 908.99 | 909.1 | 25.79
nivolumab | 240 mg iv over 1 h q14d x 26 | 350 | 14 | 146.99 | 0.04167 | 81.346 | 1426.1 | - | 20.86
atezolizumab | 1200 mg iv over 1 h q21d x 10 | 189 | 21 | 535.02 | 0.04167 | 137.74 | 5529.4 | 5530 | 16.02
emapalumab | 420 mg iv over 1 h once then 210 mg iv over 1 h q3d x 5 | 15 | 3 | 169.13 | 0.04167 | 112.45 | 387.33 | - | 15.57
eculizumab | 600 mg iv over 0.58 h at day 0, 7, 14, 21 then 900 mg iv over 0.58 h q14d x 20 from day 28 | 294 | 14 | 251.55 | 0.02431 | 93.489 | 2155.2 | 2155 | 10.98
pegcetacoplan | 1080 mg sc q3.5d x 40 | 136.5 | 3.5 | 674.09 | 2.091 | 650.77 | 2319.3 | 2319 | 7.777
tofacitinib | 5 mg po q12h x 14 | 156 | 12 | 48.128 | 0.6091 | 5.8987 | 245.1 | 245.1 | 3.738
baricitinib | 4 mg po q24h x 14 | 312 | 24 | 46.883 | 0.604 | 5.193 | 412.37 | 412.4 | 11.15
upadacitinib | 15 mg po q24h x 21 | 480 | 24 | 44.487 | 3.444 | 4.1189 | 370.64 | 370.6 | 16.58
siponimod | 2 mg po q24h x 14 | 312 | 24 | 31.067 | 3.3 | 16.963 | 544.11 | 544.2 | 26.86
tacrolimus | 4 mg po q12h x 120 | 1428 | 12 | 16.386 | 1.364 | 11.468 | 165.95 | 173.9 | 487.2
ciclosporin | 65 mg po q12h x 30 | 348 | 12 | 1100.8 | 1.005 | 106.14 | 4981.9 | 4982 | 12.35
sirolimus | 2 mg po q24h x 120 | 2856 | 24 | 8.4341 | 3.816 | 8.0078 | 197.95 | 198 | 251.9
everolimus | 0.75 mg po q12h x 60 | 708 | 12 | 3.4129 | 3.003 | 1.9798 | 33.769 | 33.77 | 9.144
mycophenolic_acid | 1000 mg po q12h x 14 | 156 | 12 | 8.5933 | 0.7231 | 1.0806 | 30.769 | 30.77 | 10.85
methotrexate | 15 mg po q168h x 2 | 168 | 168 | 233.83 | 1.344 | 0 | 1362.6 | 1363 | 2.934
hydroxychloroquine | 310 mg po q24h x 60 | 1416 | 24 | 1110 | 4.077 | 818.88 | 23383 | 2.338e+04 | 42.4
cyclophosphamide | 500 mg iv over 30 min q336h x 6 | 1680 | 336 | 10.446 | 0.5 | 0 | 92.421 | 92.42 | 5.958
dexamethasone | 6 mg po q24h x 10 | 216 | 24 | 83.009 | 2.118 | 2.718 | 671.69 | 671.7 | 7.312
peginterferon_beta_1a | 125 ug sc q336h x 4 | 1008 | 336 | 0.27712 | 15.79 | 0.025678 | 38.108 | 38.11 | 91.93
colchicine | 0.5 mg po q24h x 14 | 312 | 24 | 1.1657 | 0.99 | 0.30444 | 12.157 | 12.28 | 54.68
apremilast | 30 mg po q12h x 14 | 156 | 12 | 370.18 | 1.509 | 169.76 | 3239.7 | 3240 | 8.833
immunoglobulin | 35 g iv over 4 h q28d x 12 | 308 | 28 | 17.567 | 0.1667 | 8.1335 | 272.37 | 272.4 | 28.03
cladribine | 10 mg po q24h x 5 | 96 | 24 | 25.099 | 0.654 | 0.79627 | 99.281 | - | 22.63
methylprednisolone | 96 mg iv over 1 h once | 0 | 24 | 3764.7 | 2.872 | 7.8609 | 24166 | - | 119.6
"""  # noqa: E501
ROWS = {row.split(" | ")[0]: row.split(" | ") for row in COURSES.strip().splitlines()}

# times: C just before any dose then, under the doses above
TRAJECTORIES = {
    "infliximab": {1: 49.05, 7: 34.41, 14: 23.60, 28: 34.70, 98: 3.253},
    "adalimumab": {3: 3.709, 14: 3.111, 28: 4.855, 140: 6.977},
    "dupilumab": {3: 56.91, 14: 54.31, 28: 60.10, 112: 69.40},
    "obinutuzumab": {1: 258.5, 7: 152.8, 28: 259.5, 84: 213.6},
    "pegcetacoplan": {1: 44.58, 3.5: 143.6, 14: 450.5},
    "upadacitinib": {1: 13.56, 2: 26.63, 3.444: 41.10, 6: 25.24, 24: 2.824},
    "baricitinib": {0.3: 14.32, 0.604: 41.91, 4: 27.17, 24: 4.117},
    "ciclosporin": {0.5: 844.4, 1: 1004, 4: 415.3, 12: 58.86},
}

# drug, patient, other doses with the begin and length of their last interval, Cmax, trough, AUC
PATIENTS: list[tuple[str, dict[str, Any], tuple[str, float, float] | None, str, str, str]] = [
    ("infliximab", {"ADA": True, "albumin": 30}, None, "106.3", "0.0434", "397.5"),
    ("adalimumab", {"ADA": True, "ADA_titer": 64}, None, "-", "2.343", "53.37"),
    ("benralizumab", {"ADA": True}, None, "-", "0.01945", "-"),
    ("etanercept", {"sex": "male"}, None, "2.463", "1.081", "-"),
    ("siponimod", {"CYP2C9": "*1/*2"}, None, "-", "-", "589.1"),
    ("siponimod", {"CYP2C9": "*1/*3"}, None, "-", "31.5", "900.9"),
    ("siponimod", {"CYP2C9": "*2/*2"}, None, "-", "-", "764.9"),
    ("siponimod", {"CYP2C9": "*2/*3"}, None, "-", "-", "1073.2"),
    ("siponimod", {"CYP2C9": "*3/*3"}, None, "-", "87.8", "2234.9"),
    ("siponimod", {"CYP2C9": "*1/*3"}, ("1 mg po q24h x 14", 312, 24), "-", "-", "450.5"),
    ("tacrolimus", {"CYP3A5_expresser": True}, None, "11.31", "6.405", "-"),
    ("tofacitinib", {"non_Hispanic": True}, None, "-", "-", "218.8"),
    ("upadacitinib", {"healthy": True}, None, "-", "-", "279.5"),
    ("nivolumab", {}, ("480 mg iv over 30 min q4w x 13", 336, 28), "198.9", "67.12", "-"),
    ("abatacept", {}, ("750 mg iv over 30 min q4w x 8", 196, 28), "249.5", "22.28", "-"),
    ("rituximab", {"sex": "male"}, None, "192.8", "1.608", "-"),
    ("colchicine", {"sex": "female", "statin": True}, None, "2.023", "0.4889", "-"),
    ("hydroxychloroquine", {"methotrexate": True}, None, "1022", "916.1", "-"),
    ("immunoglobulin", {"secondary": True}, None, "18.14", "8.700", "-"),
    ("inebilizumab", {"systemic_sclerosis": True}, None, "-", "0.05805", "-"),
    ("ciclosporin", {"weight": 70}, ("175 mg po q12h x 30", 348, 12), "733", "103", "-"),
]


def near(text: str) -> Any:
    """Return the number that is printed, with the tolerance of this file."""
    digits = len(text.partition(".")[2].partition("e")[0])
    scale = 10.0 ** int(text.partition("e")[2] or 0)
    if "." not in text:
        digits = min(0, len(text.rstrip("0")) - len(text)) if len(text) > 4 else 0
    return pytest.approx(float(text), rel=1e-4, abs=0.5001 * 10.0**-digits * scale)


def carrier(unit: str) -> Model:
    return Model(
        name="carrier",
        time_unit=unit,
        horizon=1000.0,
        states=[State("x", 1.0, "cell")],
        parameters=[Parameter("k", 0.1, f"1/{unit}")],
        processes=[Process("lost", "x ->", "k*x")],
    )


def course(
    given: Drug,
    times: Sequence[float] | NDArray[np.float64],
    *,
    breaks_too: bool = False,
    integrals: tuple[str, ...] = (),
) -> Course:
    """Return every quantity at `times`, before what happens then, by LSODA with a restart at every dose.

    It shares the lowered model with the engines, and no stepping. breaks_too : also where doses begin and end, within
    `times`; "t" holds all of them.
    """
    f = compile_numpy(lower(perturb(carrier(given.pk.time), given), (f"{given.name}.C", *integrals)))
    p = f.parameters(np.array(f.program.values)[:, None])
    assert f.requirements(p).all()
    wanted = np.unique(times)
    breaks = sorted(
        (float(first + i * every), b)
        for b, (first, every, count) in enumerate(zip(*(a[:, 0] for a in f.break_times(p)), strict=True))
        for i in range(int(count))
    )
    stops = sorted({0.0, float(wanted[-1]), *(time for time, _ in breaks if 0 <= time < wanted[-1])})
    if breaks_too:
        wanted = np.unique([*wanted, *(time for time in stops if time >= wanted[0])])
    y, columns = f.initial(p), {}
    with np.errstate(all="ignore"):
        for before, now in zip([0.0, *stops], stops, strict=False):
            if now > before:
                for t, u in _solved(f, before, now, y, f.prepare(p), wanted):
                    columns[t] = np.concatenate([u[:, 0], f.observe(t, u, p)[:, 0]])
                    y = u
            for _, b in [item for item in breaks if item[0] == now]:
                f.apply(b, now, y, p)
    wanted = wanted[wanted > 0]
    return {"t": wanted, **dict(zip(f.program.quantities, np.array([columns[t] for t in wanted]).T, strict=True))}


def _solved(f: Any, before: float, now: float, y: Any, c: Any, wanted: Any) -> list[tuple[float, Any]]:
    found = solve_ivp(
        lambda t, u: f.rhs(t, u[:, None], c)[:, 0],
        (before, now),
        y[:, 0],
        method="LSODA",
        rtol=1e-10,
        atol=1e-12 * max(1.0, float(abs(y).max())),
        t_eval=np.unique([*wanted[(wanted > before) & (wanted <= now)], now]),
    )
    assert found.success
    return [(float(t), np.ascontiguousarray(u[:, None])) for t, u in zip(found.t, found.y.T, strict=True)]


def last_interval(given: Drug, begin: float, length: float) -> tuple[Any, ...]:
    """Return Cmax, its time, trough and AUC over an interval."""
    found = course(given, begin + np.linspace(0.0, length, 2001), breaks_too=True)
    c, area = found[f"{given.name}.C"], found[f"integral({given.name}.C)"]
    return c.max(), found["t"][c.argmax()] - begin, c[-1], area[-1] - (area[0] if begin > 0 else 0.0)


@pytest.mark.sampled
@pytest.mark.parametrize("name", ROWS)
def test_the_course_of_a_typical_patient(name: str) -> None:
    _, doses, begin, length, cmax, at, trough, area, closed, half_life = ROWS[name]
    chosen = drug(name)
    peak, when, low, covered = last_interval(chosen.dose(doses), float(begin), float(length))
    assert peak == near(cmax)
    assert when == pytest.approx(float(at), rel=1e-3, abs=float(length) / 2000)
    assert low == near(trough)
    assert covered == near(area)
    if half_life != "-":
        assert chosen.pk.half_life == near(half_life)
    if closed != "-":
        last = Regimen.of(doses).blocks[-1]
        amount = convert(last.amt, last.unit, chosen.pk.mass)
        reached = chosen.pk.F if chosen.route != "iv" else 1.0
        expected = reached * amount / chosen.pk.CL + (chosen.pk.C0 or 0.0) * float(length)
        assert expected == near(closed)


@pytest.mark.parametrize("name", TRAJECTORIES)
def test_trajectories(name: str) -> None:
    expected = TRAJECTORIES[name]
    c = course(drug(name).dose(ROWS[name][1]), list(expected))[f"{name}.C"]
    np.testing.assert_allclose(c, list(expected.values()), rtol=5.001e-4)


@pytest.mark.sampled
@pytest.mark.parametrize(("name", "patient", "doses", "cmax", "trough", "area"), PATIENTS)
def test_patients(name: str, patient: dict[str, Any], doses: Any, cmax: str, trough: str, area: str) -> None:
    text, begin, length = doses or (ROWS[name][1], float(ROWS[name][2]), float(ROWS[name][3]))
    peak, _, low, covered = last_interval(drug(name).covariates(**patient).dose(text), begin, length)
    for got, expected in ((peak, cmax), (low, trough), (covered, area)):
        if expected != "-":
            assert got == near(expected)


# Drugs with a target, and prednisolone, which binds to protein


def test_anifrolumab_binds_its_receptor() -> None:
    given = drug("anifrolumab").dose("300 mg iv over 30 min q28d x 13")
    found = course(given, 336 + np.linspace(0, 28, 2001), breaks_too=True)
    free, area = found["anifrolumab.C_mass"], found["integral(anifrolumab.C)"] * 0.148
    assert free.max() == near("120.7")
    assert free[-1] == near("18.90")
    assert area[-1] - area[0] == near("1147")


def test_rozanolixizumab_is_gone_after_a_week() -> None:
    given = drug("rozanolixizumab").usual("by vein")
    found = course(given, np.linspace(0, 42, 4201), breaks_too=True)
    free = found["rozanolixizumab.C_mass"]
    assert free.max() == near("159.9")
    assert free[np.searchsorted(found["t"], 7.0)] == near("0.016667")


def test_nipocalimab_binds_its_receptor() -> None:
    given = drug("nipocalimab").dose("2250 mg iv over 1 h once then 1125 mg iv over 1 h q14d x 12")
    found = course(given, 168 + np.linspace(0, 14, 1001), breaks_too=True)
    assert found["nipocalimab.C_total"].max() == near("2315")
    assert found["nipocalimab.C_total"][-1] == near("0.0333")
    assert found["nipocalimab.C"][-1] == near("0.0081")


def test_prednisolone_saturates_its_protein() -> None:
    found = course(drug("prednisolone").dose("20 mg po q24h x 7"), 144 + np.linspace(0, 24, 2001), breaks_too=True)
    free, area = found["prednisolone.C"], found["integral(prednisolone.C)"]
    assert free.max() == near("177.8")
    assert found["prednisolone.C_total"].max() == near("767.7")
    assert free[-1] == near("1.329")
    assert area[-1] - area[0] == near("1136.7")


# What holds without any paper


@pytest.mark.parametrize("name", ["tocilizumab", "sarilumab", "brodalumab", "dupilumab"])
def test_half_the_dose_does_more_than_halve_what_is_lost_by_saturation(name: str) -> None:
    whole, half = (course(_scaled(name, strength), [20.0, 28.0])[f"{name}.C"] for strength in (1.0, 0.5))
    assert (half < 0.45 * whole).all()


@pytest.mark.parametrize(
    "name", ["abatacept", "adalimumab", "cladribine", "etrolizumab", "obinutuzumab", "pegcetacoplan", "upadacitinib"]
)
def test_half_the_dose_halves_what_is_linear(name: str) -> None:
    whole, half = (course(_scaled(name, strength), [3.0, 12.0, 40.0])[f"{name}.C"] for strength in (1.0, 0.5))
    np.testing.assert_allclose(half, whole / 2, rtol=1e-7)


def test_without_doses_there_is_the_baseline() -> None:
    for name, baseline in (("certolizumab", 1.23), ("immunoglobulin", 5.67), ("infliximab", 0.0)):
        assert course(_scaled(name, 0.0), [5.0])[f"{name}.C"] == pytest.approx([baseline], abs=1e-12)


@pytest.mark.parametrize(
    ("name", "fluxes"),
    [
        ("dupilumab", ("elimination", "saturable_elimination")),
        ("upadacitinib", ("elimination",)),
        ("cladribine", ("elimination",)),
        ("certolizumab", ("elimination",)),
    ],
)
def test_what_goes_in_is_inside_or_has_gone_out(name: str, fluxes: tuple[str, ...]) -> None:
    given = drug(name).dose("100 mg po once" if drug(name).route == "po" else "100 mg sc once")
    out = tuple(f"{name}.{flux}" for flux in fluxes)
    found = course(given, [30.0], integrals=out)
    inside = sum(found[key][0] for key in found if key.split(".")[0] == name and key.split(".")[1] in STATES)
    gone = sum(found[f"integral({flux})"][0] for flux in out)
    dose = convert(100.0, "mg", given.pk.mass)
    assert gone > 0.05 * dose
    assert inside + gone == pytest.approx(given.pk.F * dose, rel=1e-8)


def test_at_their_limits_drugs_are_linear() -> None:
    """Vmax to 0, and a target that hardly binds: the AUC is that of clearance alone."""
    for name, weak in (
        ("tocilizumab", {"Vmax": 0.0}),
        ("anifrolumab", {"target": replace(drug("anifrolumab").pk.target, KSS=1e9), "CL_emax": 0.0}),  # type: ignore[type-var]
    ):
        chosen = replace(drug(name), pk=replace(drug(name).pk, **weak))
        area = course(chosen.dose("300 mg iv once"), [600.0])[f"integral({name}.C)"][0]
        amount = 300.0 if name == "tocilizumab" else 300e6 / 148_000
        assert area == pytest.approx(amount / chosen.pk.CL, rel=1e-4)


def _scaled(name: str, strength: float) -> Drug:
    return drug(name).dose(ROWS[name][1]).at(strength)


# The library as a whole


def test_every_drug_stands_on_the_shelf_that_the_list_names() -> None:
    for shelf, names in SHELVES.items():
        drugs = import_module(f"immunode.intervention.drugs.published.{shelf}").DRUGS
        assert [one.name for one in drugs] == list(names)
    listed = [name for names in SHELVES.values() for name in names]
    assert len(listed) == len(set(listed)) == len(LIBRARY) == len(list_drugs())


@pytest.mark.parametrize("name", sorted(LIBRARY))
def test_a_drug_is_a_record_that_reads_back(name: str) -> None:
    chosen = drug(name)
    assert from_json(Drug, to_json(chosen)) == chosen
    assert chosen.profile is not None
    assert chosen.profile.about
    assert chosen.profile.klass
    assert chosen.profile.target
    assert "doi:" in chosen.source or "Ternant" in chosen.source


@pytest.mark.parametrize("name", sorted(LIBRARY))
def test_usual_regimens_and_patients_compose(name: str) -> None:
    """Units fit, correlations are those of a joint distribution, and every usual regimen can be given."""
    chosen = drug(name)
    assert chosen.profile is not None
    for regimen, _ in pairs(chosen.profile.regimens):
        given = chosen.usual(regimen)
        if given.regimen.by_weight and given.weight is None:  # the source tells no weight
            given = chosen.usual(regimen, weight=70)
        perturb(carrier(chosen.pk.time), given.covariates())
    random = {one.parameter for one in chosen.variability}
    assert random >= {end for pair in chosen.correlations for end in (pair.first, pair.second)}
    composed = perturb(carrier(chosen.pk.time), given)
    by_vein = chosen.route == "iv" or " iv" in str(given.regimen)
    lasting = {one.parameter for one in composed.variability if not one.occasion}
    assert by_vein or lasting == {f"{name}.{one}" for one in random}


def test_a_drug_that_is_not_here_says_why_and_names_one_that_is() -> None:
    assert not set(ELSEWHERE) & set(LIBRARY)
    for name, why in ELSEWHERE.items():
        with pytest.raises(DoseError, match=f"'{name}' is not in the library"):
            drug(name)
        for other in re.findall(r"'(\w+)'", why):
            assert other in LIBRARY or other in {entry.name for entry in list_models()}


def test_a_usual_regimen_is_given_by_name() -> None:
    given = drug("infliximab").usual("rheumatoid arthritis", weight=60)
    assert str(given.regimen).startswith("3 mg/kg iv over 2 h")
    assert given.weight == 60
    assert drug("infliximab").usual().weight == 77
    with pytest.raises(DoseError, match="no usual regimen 'RA'"):
        drug("infliximab").usual("RA")


def test_only_the_file_of_a_drug_is_read() -> None:
    code = (
        "import sys, immunode as im; im.drug('infliximab'); print([m for m in sys.modules if '.drugs.published.' in m])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "['immunode.intervention.drugs.published.tnf']"
