"""melhem2018 gives the computed numbers of its specification (melhem2018.md, Behavior to reproduce)."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from behavior import Array, System

from immunode.catalogue import load_model
from immunode.intervention import Intervention, during, set_to, transfer
from immunode.model import Model
from immunode.study import simulate, sweep

PATIENT = load_model("melhem2018")
HEALTHY = PATIENT.variant("healthy")
P = {p.name: p.value for p in PATIENT.parameters}
HOURS = np.arange(0.0, 672.1, 0.5)
LISTED = (12, 24, 48, 72, 120, 168, 216, 240, 336, 504)
# counts at the hours above; highest, its day; lowest, its day; days below 0.5 (None where not printed)
ROWS: dict[str, tuple[tuple[float, ...], float | None, float | None, float | None, float | None, float]] = {
    "filgrastim_300": ((18.59, 16.80, 7.84, 5.36, 4.76, 4.39, 4.12, 4.04, 3.92, 3.90), 19.34, 0.65, None, None, 0),
    "filgrastim_450": ((19.37, 19.48, 8.83, 5.59, 4.82, 4.42, 4.14, 4.05, 3.92, 3.90), 21.35, 0.73, None, None, 0),
    "filgrastim_300_daily": (
        (18.59, 16.80, 19.31, 19.68, 19.71, 19.71, 19.71, 19.71, 4.83, 3.95), 26.25, 4.5, None, None, 0,
    ),
    "filgrastim_75_daily": (
        (11.61, 9.55, 10.68, 11.15, 11.31, 11.31, 11.31, 11.31, 4.64, 3.94), 14.72, None, None, None, 0,
    ),
    "pegfilgrastim_at_start": (
        (17.36, 22.98, 21.84, 18.01, 12.42, 8.94, 6.83, 6.12, 4.63, 3.98), 23.85, 1.31, None, None, 0,
    ),
    "steroid_1": ((3.90, 16.04, 16.30, 6.11, 4.94, 4.53, 4.19, 4.09, 3.92, 3.90), 22.01, 1.5, None, None, 0),
    "chemotherapy": (
        (3.90, 3.90, 3.90, 3.90, 3.23, 1.30, 0.415, 0.312, 2.19, 3.85), None, None, 0.312, 9.96, 2.46,
    ),
    "chemotherapy steroid_1": (
        (3.90, 12.96, 14.34, 6.68, 4.92, 1.97, 0.617, 0.418, 2.20, 3.85), 17.98, 1.56, 0.413, 10.19, 1.50,
    ),
    "chemotherapy steroid_1 filgrastim": (
        (3.90, 12.96, 14.34, 24.11, 6.98, 0.189, 3.60, 10.95, 7.64, 4.24), 29.33, 3.6, 0.182, 6.85, 1.58,
    ),
    "chemotherapy steroid_1 pegfilgrastim": (
        (3.90, 12.96, 14.34, 27.07, 7.05, 0.178, 2.23, 4.08, 5.44, 4.27), 28.44, 3.56, 0.176, 6.94, 1.71,
    ),
    "chemotherapy steroid_1 pegfilgrastim_same_day": (
        (3.90, 12.96, 25.09, 27.73, 7.81, 0.198, 1.70, 3.01, 4.84, 4.18), 28.04, 2.73, 0.195, 7.08, 1.63,
    ),
    "chemo_1 steroid_1": ((3.90, 12.96, 14.34, 6.68, 4.92, 2.01, 1.11, 1.39, 3.31, 3.89), 17.98, None, 1.098, 8.81, 0),
}  # fmt: skip
CHEMO_1 = Intervention("chemo_1", [set_to("chemo", 1.0)])


def model_of(arm: str) -> Model:
    return PATIENT if "chemo" in arm else HEALTHY


@cache
def course(arm: str) -> dict[str, Array]:
    model = model_of(arm)
    chosen = [CHEMO_1 if name == "chemo_1" else model.intervention(name) for name in arm.split()]
    run = simulate(model, until=672, interventions=chosen, times=HOURS, rtol=1e-9)
    return {name: run[name] for name in ("ANC", "gcsf", "x")}


def digit(value: float) -> float:
    """Return a little more than half of the last digit printed: three decimals below 1, else two."""
    return 5.5e-4 if value < 1 or value == 1.098 else 5.5e-3


@pytest.mark.parametrize("arm", ROWS)
def test_counts_of_the_typical_person(arm: str) -> None:
    """Neutrophils in cell/nL, to the digits printed, on the grid of half hours of the specification."""
    counts, highest, day_up, lowest, day_down, below = ROWS[arm]
    got = course(arm)["ANC"]
    for hour, value in zip(LISTED, counts, strict=True):
        assert got[2 * hour] == pytest.approx(value, abs=digit(value)), hour
    if highest is not None:
        assert got.max() == pytest.approx(highest, abs=digit(highest))
    if day_up is not None:
        # the plateau of 300 ug a day has ten tops that differ by less than what is printed
        assert HOURS[got.argmax()] / 24 == pytest.approx(day_up, abs=0.05)
    if lowest is not None and day_down is not None:
        assert got.min() == pytest.approx(lowest, abs=digit(lowest))
        assert HOURS[got.argmin()] / 24 == pytest.approx(day_down, abs=0.021)
    assert (got < 0.5).sum() / 48 == pytest.approx(below, abs=0.0051)
    assert got[0] == pytest.approx(3.898, abs=5e-4)
    assert got.min() > 0
    assert ((course(arm)["x"] >= -1e-9) & (course(arm)["x"] <= 1 + 1e-9)).all()


def test_when_neutrophils_are_back() -> None:
    """Above 2 again on days 13.69, 8.58 and 8.92; G-CSF is what brings that forward."""
    for arm, day in (("", 13.69), (" filgrastim", 8.58), (" pegfilgrastim", 8.92)):
        got = course(f"chemotherapy steroid_1{arm}")["ANC"]
        low = int(got.argmin())
        back = HOURS[low + int((got[low:] >= 2).argmax())]
        assert back / 24 == pytest.approx(day, abs=0.0051)


def test_g_csf_of_healthy_people() -> None:
    """Highest after 300 ug: 0.632 nmol/L at 4 h; after 6 mg of the slow form 0.806 at 11 h."""
    for arm, highest, hour in (("filgrastim_300", 0.632, 4.0), ("pegfilgrastim_at_start", 0.806, 11.0)):
        got = course(arm)["gcsf"]
        assert got.max() == pytest.approx(highest, abs=5.5e-4)
        assert HOURS[got.argmax()] == hour


def test_half_lives() -> None:
    """ln 2 VD/CLD: 2.60 h, and 11.0 h of the slow form (the paper: 2.6 and 10.1)."""
    assert np.log(2) * P["VD"] / P["CLD"] == pytest.approx(2.60, abs=5e-3)
    assert np.log(2) * P["VD"] * P["slow_VD"] / (P["CLD"] * P["slow_CLD"]) == pytest.approx(11.0, abs=0.05)


def test_what_pegfilgrastim_changes() -> None:
    """The printed values of the slow form; and its injection is 6 mg of 39 ug/nmol."""
    for name, value in {"FSC": 0.646, "KSC": 0.0188, "VD": 5.76, "CLD": 0.362, "KD": 0.0959}.items():
        assert P[name] * P[f"slow_{name}"] == pytest.approx(value, rel=1e-12)
    for name, hour in (("pegfilgrastim", 48.0), ("pegfilgrastim_same_day", 24.0), ("pegfilgrastim_at_start", 0.0)):
        times = [hour - 1e-6, hour] if hour else [0.0]
        run = simulate(PATIENT, until=49, interventions=[PATIENT.intervention(name)], times=times)
        assert run["A"][len(times) - 1] == pytest.approx(6000 / 39, rel=1e-6)
        assert run["slow"][len(times) - 1] == 1


def test_the_start_is_at_rest() -> None:
    for model in (PATIENT, HEALTHY):
        system = System(model)
        start = system.functions.initial(system.functions.parameters(system.values()))
        assert np.abs(system.rhs(start[:, 0])).max() < 1e-15


def test_a_flood_of_g_csf() -> None:
    """All receptors bound: KP (1 + STM1)/KC/SR, 33.3."""
    flood = Intervention("flood", [transfer("D", 1e6, over=2000.0)], during(0, None))
    run = simulate(HEALTHY, until=2000, interventions=[flood], times=[0.0, 2000.0])
    expected = P["KP"] * (1 + P["STM1"]) / P["KC"] / P["SR"]
    assert expected == pytest.approx(33.3, abs=0.05)
    assert run["ANC"][-1] == pytest.approx(expected, rel=1e-3)


def test_receptors_are_kept_along_the_chain_and_so_is_the_drug() -> None:
    """What is made is killed, lost or left; what is given is cleared, taken up or left."""
    out = sweep(
        PATIENT, arms={"peg": ["chemotherapy", "steroid_1", "pegfilgrastim"]}, patients=3, seed=1, until=672, rtol=1e-9,
        endpoints=["auc(production)", "auc(killing)", "auc(neutrophil_loss)", "auc(uptake)", "auc(clearance)",
                   "auc(internalization)", "final(D)", *(f"change({s}, 672)" for s in ("SM", "MT", "P1", "P2", "RB"))],
    )  # fmt: skip
    ends = [out.endpoint(name) for name in out.endpoints]
    np.testing.assert_allclose(ends[1] + ends[2] + sum(ends[7:]), ends[0], rtol=1e-6)
    np.testing.assert_allclose(ends[4] + ends[5] + ends[6], ends[3], rtol=1e-6)


@pytest.mark.slow
def test_the_population() -> None:
    """2,000 patients, other random numbers: quartiles, means and medians within the 6 % of the specification."""
    arms = {
        "none": ["chemotherapy", "steroid_1"],
        "daily": ["chemotherapy", "steroid_1", "filgrastim"],
        "once": ["chemotherapy", "steroid_1", "pegfilgrastim"],
    }
    out = sweep(
        PATIENT, patients=2000, seed=1, arms=arms, until=672,
        endpoints=["trough(ANC)", "fraction_of_time(ANC < 0.5)", "at(ANC, 240)", "at(ANC, 0)"],
    )  # fmt: skip
    assert out.ok.all()
    table = out.table()
    for arm, nadirs, days, share, later in [
        ("none", (0.305, 0.437, 0.602), 1.50, 62, 0.485),
        ("daily", (0.102, 0.221, 0.463), 1.35, 76, 10.9),
        ("once", (0.103, 0.225, 0.466), 1.50, 77, 3.82),
    ]:
        rows = table[table["arm"] == arm]
        nadir, below, day10, start = (rows[name].to_numpy() for name in out.endpoints)
        np.testing.assert_allclose(np.quantile(nadir, [0.25, 0.5, 0.75]), nadirs, rtol=0.06)
        assert 28 * below.mean() == pytest.approx(days, rel=0.06)
        assert 100 * (below > 0).mean() == pytest.approx(share, rel=0.06)
        assert np.median(day10) == pytest.approx(later, rel=0.06)
        np.testing.assert_allclose(
            np.quantile(start, [0.05, 0.25, 0.5, 0.75, 0.95]), [2.55, 3.26, 3.89, 4.65, 5.97], rtol=0.06
        )
        assert nadir.min() > 0


@pytest.mark.slow
def test_healthy_people_after_450_ug() -> None:
    """At 12 h: quantiles within 6 %."""
    out = sweep(HEALTHY, patients=2000, seed=2, arms={"g": ["filgrastim_450"]}, until=12, endpoints=["at(ANC, 12)"])
    counts = np.quantile(out.endpoint("at(ANC, 12)"), [0.05, 0.25, 0.5, 0.75, 0.95])
    np.testing.assert_allclose(counts, [10.8, 14.7, 18.4, 22.6, 30.8], rtol=0.06)
