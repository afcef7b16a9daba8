"""park2025 gives the computed numbers of its specification (park2025.md, Behavior to reproduce)."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from behavior import QUICKEST, Array

from immunode.catalogue import load_model
from immunode.intervention import Intervention
from immunode.model import Derived, Model, Parameter, Process
from immunode.study import Arms, from_table, simulate, sweep
from immunode.study.result.sweep_result import SweepResult

MODEL = load_model("park2025")
CHEMO, CART = MODEL.intervention("lymphodepletion"), MODEL.intervention("cart")
DAYS = np.array([0, 1, 3, 7, 9, 14, 20, 28, 60, 90, 180, 200, 365, 730], float)
BOTH = Arms({"both": ["lymphodepletion", "cart"]})
DOSES = (1.0, 0.5, 0.1, 0.05, 0.01)
SUMS = MODEL.replace(derived=[*MODEL.derived, *(
    Derived(name, f"{short}8p + {short}4p", "cell/L", "CAR-T in blood")
    for name, short in (("naive", "tn"), ("central", "cm"), ("memory", "em"), ("effector", "ef"))
)])  # fmt: skip
CROSSINGS = {
    "time_to(B_auto < 1)": (5.066297, 2e-6), "time_to(CART < 2.38)": (2.0652, 6e-5),
    "time_to(CART > 2.38 and t > 3)": (4.0551, 6e-5), "time_to(CART < 2.38 and t > 10)": (54.84122, 2e-5),
    "time_to(B_total < 10)": (2.0, 0.6), "time_to(B_total > 10 and t > 10)": (59.3, 0.06),
    "time_to(ptu < 500)": (100.0, 0.6),
}  # fmt: skip
"""When the typical patient crosses a line, in days, and how far off the printed digits may be."""


def course(*arms: Intervention, model: Model = MODEL, times: Array = DAYS) -> dict[str, Array]:
    """Run one arm; a model that differs from the declared one is not compiled."""
    engine, rtol = (QUICKEST, 1e-10) if model is MODEL else ("scipy", 1e-8)
    frame = simulate(model, until=times[-1], interventions=arms, times=times, rtol=rtol, engine=engine).to_frame()
    return {name: frame[name].to_numpy() for name in frame}


@cache
def typical() -> dict[str, Array]:
    return course(CHEMO, CART)


@cache
def doses() -> SweepResult:
    """Return the five doses with the endpoints that tests look at."""
    kinds = [f"{what}({q})" for q in ("naive", "central", "memory", "effector") for what in ("peak", "time_of_peak")]
    lows = [f"trough({q})" for q in ("t4", "t8", "nt", "ptu", "SLEDAI", *(s.name for s in MODEL.states))]
    asked = ["peak(CART)", "time_of_peak(CART)", *kinds, *dict.fromkeys(lows), *CROSSINGS]
    asked += [f"at({q}, {day})" for day in (90, 200, 365) for q in ("B_new", "dsDNA", "c3", "ptu")]
    asked += ["at(CD8_share, 8.7607)", "at(t4, 3.52)", "at(t8, 3.26)", "at(nt, 11.24)"]
    design = from_table({"cart.strength": DOSES})
    return sweep(SUMS, design * BOTH, until=730, endpoints=asked, rtol=1e-10, engine=QUICKEST)


def at(run: dict[str, Array], name: str, day: float) -> float:
    return float(run[name][np.flatnonzero(day == DAYS)[0]])


@pytest.mark.parametrize(
    ("day", "values"),
    [
        (0, {"CART": 13.8543, "B_auto": 143, "B_new": 0, "t4": 206.059, "nt": 5617.22, "ifn": 21, "dsDNA": 470,
             "c3": 555, "ptu": 3060, "SLEDAI_c3": 11.44, "SLEDAI_ifn": 5.89, "SLEDAI_dsDNA": 30.46}),
        (1, {"CART": 5.23599, "B_auto": 31.8805, "B_new": 0, "t4": 94.1788, "nt": 5569.50, "ifn": 1.91418,
             "dsDNA": 38.6035, "c3": 599.740, "ptu": 3152.16}),
        (3, {"CART": 1.57146, "B_auto": 4.92517, "B_new": 1.45251, "t4": 40.9909, "nt": 4167.94, "ifn": 0.0667058,
             "dsDNA": 1.91891, "c3": 789.201, "ptu": 3044.64}),
        (7, {"CART": 85.4406, "B_auto": 0.0136345, "B_new": 3.0971, "t4": 141.030, "nt": 773.891, "ifn": 0.00285215,
             "dsDNA": 0.452882, "c3": 1043.72, "ptu": 2817.55}),
        (14, {"CART": 24.0791, "B_new": 3.0971, "t4": 206.643, "nt": 376.856, "ifn": 0.00132674, "dsDNA": 0.452882,
              "c3": 1108.65, "ptu": 2459.04}),
        (28, {"CART": 7.47264, "B_auto": 0, "B_new": 3.0971, "t4": 206.741, "nt": 7210.46, "ifn": 0.0259876,
              "dsDNA": 0.452882, "c3": 1111.48, "ptu": 1881.54}),
        (60, {"CART": 2.23262, "B_new": 11.1187, "t4": 206.726, "nt": 5625.04, "ifn": 0.0202631, "c3": 1111.49,
              "ptu": 1029.88}),
        (90, {"CART": 1.96702, "B_new": 54.9886, "t4": 206.712, "nt": 5617.10, "ifn": 0.0202347, "c3": 1111.49,
              "ptu": 592.753}),
        (180, {"CART": 1.68989, "B_new": 161.944, "t4": 206.672, "nt": 5617.22, "ifn": 0.0202352, "ptu": 136.889}),
        (365, {"CART": 1.24514, "B_new": 299.294, "t4": 206.598, "ifn": 0.0202352, "ptu": 43.7059}),
        (730, {"CART": 0.681598, "B_auto": 0, "B_new": 407.559, "t4": 206.476, "c3": 1111.49, "ptu": 41.0725}),
    ],
)  # fmt: skip
def test_the_typical_patient(day: float, values: dict[str, float]) -> None:
    """All printed digits: half a unit of the sixth."""
    for name, value in values.items():
        assert at(typical(), name, day) == pytest.approx(value, rel=5e-6, abs=1e-12), name


def test_the_end_of_autoreactive_b_cells_and_the_regressions() -> None:
    """2.671e-10 per uL on day 14, extinct soon after; SLEDAI of day 7, 14 and 90, in two or three digits."""
    run = typical()
    assert at(run, "B_auto", 14) == pytest.approx(2.671e-10, rel=2e-4)
    assert at(run, "Bm", 730) == 0
    for day, by_c3, by_dsdna in ((1, 10.99, 8.89), (3, 9.10, 7.06), (7, 6.55, 6.98), (14, 5.90, 6.98)):
        assert at(run, "SLEDAI_c3", day) == pytest.approx(by_c3, abs=6e-3)
        assert at(run, "SLEDAI_dsDNA", day) == pytest.approx(by_dsdna, abs=6e-3)
    found = [at(run, name, 90) for name in ("SLEDAI_c3", "SLEDAI_ifn", "SLEDAI_dsDNA", "SLEDAI")]
    np.testing.assert_allclose(found, [5.875, 4.212, 6.983, 5.690], atol=6e-4)


@pytest.mark.slow
def test_moments_of_the_typical_patient() -> None:
    """Peaks, nadirs and their days; the freeze of antibody; the gate of the return. Located inside solver steps."""
    found = {name: doses().endpoint(name)[0] for name in doses().endpoints}
    for name, low, day in (("t4", 39.503, 3.52), ("t8", 19.547, 3.26), ("nt", 144.31, 11.24)):
        assert found[f"trough({name})"] == pytest.approx(low, rel=5e-5)
        assert found[f"at({name}, {day})"] == pytest.approx(found[f"trough({name})"], rel=2e-5)
    assert found["peak(CART)"] == pytest.approx(131.397, abs=6e-4)
    assert found["time_of_peak(CART)"] == pytest.approx(8.76, abs=6e-3)
    assert found["at(CD8_share, 8.7607)"] == pytest.approx(0.549, abs=6e-4)
    for name, peak, day in (("naive", 1.651e7, 8.7), ("central", 9.661e7, 8.7), ("memory", 1.752e7, 8.7),
                            ("effector", 2.074e6, 46)):  # fmt: skip
        assert found[f"peak({name})"] == pytest.approx(peak, rel=4e-4), name
        assert found[f"time_of_peak({name})"] == pytest.approx(day, abs=0.6 if name == "effector" else 0.15), name
    for name, (day, close) in CROSSINGS.items():
        assert found[name] == pytest.approx(day, abs=close), name
    assert found["trough(SLEDAI)"] > 5.6


def test_cells_in_the_marrow_never_die() -> None:
    """2e5 per uL on day 9, 61129 on day 730; 26 % of blood CAR-T are effectors from there on day 28, 99.7 % on 90."""
    run = typical()
    marrow = sum(run[f"{kind}{k}m"] for kind in ("tn", "cm", "em", "ef") for k in "84") * 1e-6
    assert marrow[-1] == pytest.approx(61129, rel=2e-5)
    assert marrow[DAYS == 9][0] == pytest.approx(2e5, rel=0.03)
    effectors = (run["ef8p"] + run["ef4p"]) * 1e-6 / run["CART"]
    np.testing.assert_allclose(effectors[[7, 9]], [0.26, 0.997], atol=6e-3)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("part", "peak", "day", "freeze", "dsdna", "new_90", "new_365", "c3", "ptu"),
    [
        (0.5, 105.722, 9.54, 6.31589, 0.859156, 71.969, 305.75, 1042.55, 623.95),
        (0.1, 73.163, 10.90, 8.11293, 1.349494, 83.924, 310.29, 996.52, 671.32),
        (0.05, 68.864, 11.38, 8.66822, 1.399299, 85.009, 310.70, 992.91, 680.15),
        (0.01, 71.368, 12.44, 9.76960, 1.419005, 83.889, 310.27, 991.53, 689.23),
    ],
)
def test_doses(
    part: float, peak: float, day: float, freeze: float, dsdna: float, new_90: float, new_365: float, c3: float,
    ptu: float,
) -> None:  # fmt: skip
    """Days of peaks lie within 0.01 of the specification's, which are those of a grid."""
    row = DOSES.index(part)
    found = {name: doses().endpoint(name)[row] for name in doses().endpoints}
    assert found["peak(CART)"] == pytest.approx(peak, rel=6e-6)
    assert found["time_of_peak(CART)"] == pytest.approx(day, abs=0.01)
    assert found["time_to(B_auto < 1)"] == pytest.approx(freeze, abs=6e-6)
    assert found["at(dsDNA, 90)"] == pytest.approx(dsdna, rel=2e-6)
    assert found["at(B_new, 90)"] == pytest.approx(new_90, abs=6e-4)
    assert found["at(B_new, 365)"] == pytest.approx(new_365, abs=6e-3)
    assert found["at(c3, 90)"] == pytest.approx(c3, abs=6e-3)
    assert found["at(ptu, 90)"] == pytest.approx(ptu, abs=6e-3)


@pytest.mark.slow
def test_dose_hardly_matters() -> None:
    """Figure 6: peak 1.8 times as high and 3.7 days earlier after the full dose; 181 to 202 new B cells on day 200."""
    peak, day, new = (doses().endpoint(name) for name in ("peak(CART)", "time_of_peak(CART)", "at(B_new, 200)"))
    assert peak[0] / peak[4] == pytest.approx(1.8, abs=0.06)
    np.testing.assert_allclose([day[4], day[0]], [12.4, 8.8], atol=0.06)
    assert (new.min(), new.max()) == (pytest.approx(181, abs=0.6), pytest.approx(202, abs=0.6))
    declared = course(CHEMO, MODEL.intervention("cart_1"), times=DAYS[:-2])
    assert declared["B_new"][-1] == pytest.approx(new[4], rel=1e-7)


@pytest.mark.slow
def test_with_one_of_the_two_only() -> None:
    """Cells alone: the same CAR-T. Chemotherapy alone: what antibody and C3 do in 28 days."""
    cells = course(CART)
    np.testing.assert_allclose(cells["CART"], typical()["CART"], rtol=1e-7)
    found = [at(cells, name, 90) for name in ("dsDNA", "c3", "ptu")]
    np.testing.assert_allclose(found, [2.025858, 956.85, 728.15], rtol=6e-6)
    for name in ("t4", "t8", "nt"):
        np.testing.assert_allclose(cells[name], cells[name][0], rtol=1e-9)
    chemo = course(CHEMO, times=np.array([0.0, 7.0, 28.0]))
    wanted = {"B_auto": (163.685, 245.487), "dsDNA": (295.70, 875.57), "c3": (608.99, 522.68)}
    for name, values in wanted.items():
        np.testing.assert_allclose(chemo[name][1:], values, rtol=2e-5)
    assert not chemo["CART"].any()


@pytest.mark.slow
def test_traps() -> None:
    """Reconstructed and contradictory numbers, kept visible: see the model's docstring."""
    asked = ["trough(nt)", "trough(t4)", "at(c3, 90)", "at(CART, 90)"]
    out = sweep(MODEL, from_table({"lymphodepletion.transfer": [967.5, 3870.0]}) * BOTH, until=90, endpoints=asked,
                rtol=1e-9, engine=QUICKEST)  # fmt: skip
    wanted = [[691, 18], [42.4, 37.4], [1078, 1139], [1.96702, 1.96702]]
    for name, values, close in zip(asked, wanted, (0.6, 0.06, 0.6, 1e-5), strict=True):
        np.testing.assert_allclose(out.endpoint(name), values, atol=close, err_msg=name)
    times = np.array([0.0, 90.0, 365.0])
    nephrotic = MODEL.variant("nephrotic")
    assert course(CHEMO, CART, model=nephrotic, times=times)["ptu"][1] == pytest.approx(4314, abs=0.6)
    slow = MODEL.variant("slow_kidney").with_values(ptu0=8100.0)
    assert course(CHEMO, CART, model=slow, times=times)["ptu"][1] == pytest.approx(7603, abs=0.6)
    bare = "kptu/(urine*weight)*max(c3/c30, 1e-100)**(-gptu)*i**gi8*h8*hn"
    processes = [replace(p, rate=bare) if p.name == "ptu_leak" else p for p in MODEL.processes]
    printed = course(CHEMO, CART, model=MODEL.replace(processes=processes))
    assert (at(printed, "ptu", 90), at(printed, "ptu", 365)) == (
        pytest.approx(539.1, abs=0.06), pytest.approx(8.10, abs=6e-3),
    )  # fmt: skip


@pytest.mark.slow
def test_without_treatment_there_is_no_ceiling() -> None:
    """What the model must not be asked: day 90 at 812 B cells per uL; naive B cells stay at 0 or above."""
    run = course(times=np.linspace(0, 90, 91))
    found = [run[name][-1] for name in ("B_auto", "dsDNA", "c3", "ptu")]
    np.testing.assert_allclose(found, [812, 3170, 459.5, 62752], rtol=6e-4)
    assert not run["CART"].any()
    assert np.all(np.diff(run["Bnew"]) >= -1e-6)


@pytest.mark.slow
def test_the_published_antibody_equation_gives_the_same() -> None:
    """At 4.83e6 per day (ksyn 15875.77 IU per cell and day), stiff: the frozen value to seven digits."""
    gate = "piecewise(ksyn*mL*Bp0*({}), B_auto > B_off, 0)"
    processes = [p for p in MODEL.processes if not p.name.startswith("antibody")]
    processes += [
        Process("made", "-> dsDNA", gate.format("Bp/Bp0*h4*i**gi4"), "made"),
        Process("lost", "dsDNA ->", gate.format("dsDNA/dsDNA0"), "lost"),
    ]
    more = [Parameter("ksyn", 15875.77, "IU/(cell*day)", "made per B cell", "Table 1", "fitted"),
            Parameter("mL", 1e-3, "L/mL", "a mL", "conversion of units", "derived")]  # fmt: skip
    model = MODEL.replace(processes=processes, parameters=[*MODEL.parameters, *more])
    published = course(CHEMO, CART, model=model, times=np.array([0.0, 1.0, 3.0, 7.0, 90.0]))
    mine = {name: values[[0, 1, 2, 3, 9]] for name, values in typical().items()}
    for name in ("dsDNA", "ifn", "c3", "ptu"):
        np.testing.assert_allclose(published[name], mine[name], rtol=2e-6, err_msg=name)


@pytest.mark.slow
def test_closed_forms() -> None:
    """C3 settles at 555 (470/antibody)^0.1 and turns over at 0.9081 per day, proteinuria in 51.4 days; weight."""
    run = typical()
    assert at(run, "c3", 730) == pytest.approx(555 * (470 / at(run, "dsDNA", 730)) ** 0.1, rel=1e-9)
    p = {one.name: one.value for one in MODEL.parameters}
    assert p["kc3"] / p["per_kg"] / p["c30"] == pytest.approx(0.9081, abs=6e-5)
    assert p["ptu0"] * p["urine"] * p["weight"] / p["kptu"] == pytest.approx(51.4, abs=0.06)
    assert p["kon"] == pytest.approx(2.1e5 * 86400 / 6.023e23, rel=1e-9)
    light, heavy = (course(CHEMO, CART, model=MODEL.with_values(weight=w)) for w in (50.0, 90.0))
    np.testing.assert_allclose(light["CART"], heavy["CART"], rtol=1e-6)
    assert at(light, "nt", 14) < 0.6 * at(heavy, "nt", 14)
    assert at(light, "ptu", 90) < at(heavy, "ptu", 90)


@pytest.mark.slow
def test_neutrophils_recover() -> None:
    """From half of them within 90 days to 1e-4, with an overshoot below 1.2."""
    half = MODEL.replace(states=[
        replace(s, initial="nt0/2") if s.name in ("n0", "n1", "n2", "n3", "nt") else s for s in MODEL.states
    ])  # fmt: skip
    run = course(model=half, times=np.linspace(0, 90, 901))
    assert run["hn"][-1] == pytest.approx(1, abs=1e-4)
    assert 1 < run["hn"].max() < 1.2


@pytest.mark.slow
def test_nothing_is_negative() -> None:
    """At its lowest in any dose: not below rounding."""
    for state in MODEL.states:
        low = doses().endpoint(f"trough({state.name})").min()
        assert low >= -1e-9 * max(state.typical, 1e-6), state.name


COLUMNS = {
    "kx": 0.05, "kk": 0.087, "ec50x": 0.2, "ttor": 0.81, "k0rev": 1.04, "Bmax": 0.81, "k04": 0.68, "kout4": 0.15,
    "kout8": 0.5, "nt0": 0.29, "mtt": 0.2, "EmaxN": 0.26, "ksyn": 0.4, "kifn": 0.2,
}  # fmt: skip


@pytest.mark.slow
def test_the_population() -> None:
    """600 patients: medians within 8 % (CAR-T and B cells) and 2 %, ends of 95 % within 8 %; ksyn does nothing here."""
    normal = np.random.default_rng(2025).standard_normal((2000, 14))[:600]
    value = {p.name: p.value for p in MODEL.parameters}
    assert {v.parameter: v.sd for v in MODEL.variability} == {k: v for k, v in COLUMNS.items() if k != "ksyn"}
    drawn = {
        name: value[name] * np.exp(sd * normal[:, i]) for i, (name, sd) in enumerate(COLUMNS.items()) if name != "ksyn"
    }
    wanted = {
        "peak(CART)": (137.5, 37.5, 519.4, 0.08), "time_of_peak(CART)": (8.75, 7.75, 9.75, 0.02),
        "at(CART, 28)": (7.70, 2.26, 27.9, 0.08), "at(CART, 90)": (2.04, 0.620, 6.88, 0.08),
        "time_to(B_auto < 1)": (5.04, 3.67, 6.11, 0.02), "at(dsDNA, 7)": (0.446, 0.315, 0.789, 0.02),
        "at(B_total, 90)": (23.8, None, 308, 0.08), "at(B_total, 180)": (81.2, None, 538, 0.08),
        "at(B_total, 365)": (157, None, 791, 0.08), "at(B_total, 730)": (254, None, 1026, 0.08),
        "trough(t4)": (39.6, 8.9, 147, 0.02), "trough(t8)": (19.0, 5.7, 114, 0.02),
        "trough(nt)": (142, 8.2, 860, 0.02), "at(c3, 90)": (1113, 1051, 1153, 0.02),
        "at(ptu, 90)": (592.3, 580, 615, 0.02), "at(ptu, 365)": (43.1, 32.1, 70.6, 0.02),
    }  # fmt: skip
    back = "time_to(B_total >= 10 and t >= 20)"
    both = Arms({"both": ["lymphodepletion", "cart"]})
    out = sweep(MODEL, from_table(drawn) * both, until=730, endpoints=[*wanted, back], rtol=1e-6)
    assert out.ok.all()
    for name, (median, low, high, tolerance) in wanted.items():
        found = np.quantile(out.endpoint(name), [0.5, 0.025, 0.975])
        assert found[0] == pytest.approx(median, rel=tolerance), name
        assert found[2] == pytest.approx(high, rel=0.08), name
        assert found[1] == pytest.approx(low, rel=0.08) if low else found[1] < 0.5, name
    returned = out.endpoint(back)
    np.testing.assert_allclose(np.quantile(returned, [0.25, 0.5, 0.75]), [36, 66, 408], rtol=0.08)
    assert np.mean((returned > 78) & (returned < 142)) == pytest.approx(0.06, abs=0.015)
    assert np.mean(np.isinf(returned)) == pytest.approx(0.13, abs=0.015)
