"""chigutsa2021 gives the computed numbers of its specification (chigutsa2021.md, Behavior to reproduce)."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from immunode.catalogue import load_model
from immunode.model import Model
from immunode.study import Arms, simulate, sweep
from immunode.study.populations import population

MODEL = load_model("chigutsa2021")
GRID = np.round(np.arange(0, 2301) * 0.01, 10)


@cache
def course(arm: str, weight: float = 70.0, until: float = 30.0) -> dict[str, np.ndarray]:
    model = MODEL.with_values(weight=weight)
    chosen = [model.intervention(arm)] if arm else []
    times = np.append(GRID, [24.0, until]) if until > 24 else GRID
    frame = simulate(model, until=times[-1], interventions=chosen, times=times, rtol=1e-10).to_frame()
    return {name: frame[name].to_numpy() for name in frame}


def on(day: float) -> int:
    return round(day * 100)


def test_the_placebo_course() -> None:
    got = course("")
    wanted = {0: 7.6000, 1: 6.9833, 2: 6.3666, 4: 5.1337, 7: 3.2991, 10: 1.7588, 14: 0.9818, 21: 0.0960}
    for day, value in wanted.items():
        assert got["log10VL"][on(day)] == pytest.approx(value, abs=6e-5)
    assert got["T"][-1] == pytest.approx(399.994, abs=6e-4)
    assert got["I"].max() == pytest.approx(0.003901, abs=6e-7)
    assert GRID[np.argmax(got["I"][: GRID.size])] == pytest.approx(1.41, abs=0.011)


@pytest.mark.parametrize(
    ("arm", "day", "week", "eleven", "most", "when"),
    [
        ("combo_day1", 1, 1.1672, 0.9919, 1.8160, 6.19),
        ("combo_day4", 4, 0.7081, 0.5547, 1.1462, 7.51),
        ("combo_day10", 10, 0.2494, 0.2432, 0.2814, 11.79),
        ("bam_700_day1", 1, 0.6529, 0.6041, 1.0764, None),
        ("bam_700", 4, 0.4232, 0.3326, 0.6664, None),
        ("bam_700_day10", 10, 0.1409, 0.1426, 0.1584, None),
    ],
)
def test_reduction_of_viral_load(
    arm: str, day: int, week: float, eleven: float, most: float, when: float | None
) -> None:
    """Averages over 7 and 11 days after the dose, and the largest reduction, against placebo."""
    gain = (course("")["log10VL"] - course(arm)["log10VL"])[: GRID.size]
    for days, wanted in ((7, week), (11, eleven)):
        window = slice(on(day), on(day + days) + 1)
        assert np.trapezoid(gain[window], GRID[window]) / days == pytest.approx(wanted, abs=6e-5)
    assert gain.max() == pytest.approx(most, abs=6e-5)
    if when is not None:
        assert GRID[np.argmax(gain)] == pytest.approx(when, abs=0.011)


@pytest.mark.parametrize(("arm", "printed"), [
    ("combo_day1", (1.15, 0.99, 1.82)), ("combo_day4", (0.70, 0.55, 1.15)), ("combo_day10", (0.25, 0.24, 0.28)),
])  # fmt: skip
def test_the_table_of_the_paper(arm: str, printed: tuple[float, ...]) -> None:
    """Nine cells; the largest deviation is 0.017 log10."""
    day = int(arm.removeprefix("combo_day"))
    gain = (course("")["log10VL"] - course(arm)["log10VL"])[: GRID.size]
    windows = [slice(on(day), on(day + days) + 1) for days in (7, 11)]
    means = [np.trapezoid(gain[w], GRID[w]) / days for w, days in zip(windows, (7, 11), strict=True)]
    np.testing.assert_allclose([*means, gain.max()], printed, atol=0.018)


def test_dose_makes_no_difference_and_weight_none() -> None:
    after = [course("combo_day4")["log10VL"][on(4 + days)] for days in (1, 3, 7)]
    np.testing.assert_allclose(after, [4.1189, 2.2059, 1.0951], atol=6e-5)
    gains = [(course("")["log10VL"] - course(arm)["log10VL"])[on(11)] for arm in ("bam_700", "bam_7000")]
    np.testing.assert_allclose(gains, [0.2529, 0.2535], atol=6e-5)
    most = (course("")["log10VL"] - course("combo_2800")["log10VL"])[: GRID.size].max()
    assert most == pytest.approx(1.1477, abs=6e-5)
    assert course("combo_day4", 40.0)["log10VL"][on(11)] == pytest.approx(1.0947, abs=6e-5)
    assert course("combo_day4", 220.0)["log10VL"][on(11)] == pytest.approx(1.0968, abs=6e-5)


@pytest.mark.parametrize(
    ("weight", "wanted"), [(70.0, (30.88, 137.2)), (40.0, (48.38, 223.9)), (220.0, (11.99, 49.35))]
)
def test_concentrations_28_days_after_the_dose(weight: float, wanted: tuple[float, float]) -> None:
    got = course("combo_day4", weight, 32.0)
    assert got["Cb"][-1] == pytest.approx(wanted[0], abs=0.006)
    assert got["Ce"][-1] == pytest.approx(wanted[1], abs=0.06)
    assert got["IC90b"][0] == pytest.approx(4.203)
    assert got["IC90e"][0] == pytest.approx(12.609)
    assert got["Cb"][-1] > got["IC90b"][0]
    assert got["Ce"][-1] > got["IC90e"][0]


def test_half_lives_and_reproduction_number() -> None:
    """The eigenvalues of two compartments; R0 is far below 1."""
    p = {q.name: q.value for q in MODEL.parameters}
    for drug, days in (("b", 20.04), ("e", 31.43)):
        cl, v1, q, v2 = (p[f"{name}{drug}"] for name in ("CL", "V1", "Q", "V2"))
        matrix = np.array([[-(cl + q) / v1, q / v2], [q / v1, -q / v2]])
        assert np.log(2) / -np.linalg.eigvals(matrix).real.max() == pytest.approx(days, abs=6e-3)
    assert course("")["R0"][0] == pytest.approx(4.3e-5, rel=0.02)


def test_no_dose_is_placebo_and_nothing_is_negative() -> None:
    model = MODEL
    none = simulate(model, until=20, interventions=[model.intervention("combo_day4").at(0.0)], rtol=1e-10).to_frame()
    alone = simulate(model, until=20, rtol=1e-10).to_frame()
    np.testing.assert_allclose(none["log10VL"].iloc[-1], alone["log10VL"].iloc[-1], atol=1e-7)
    for arm in ("", "combo_day1", "combo_2800"):
        got = course(arm)
        assert (got["V"] > 0).all()
        assert min(got[name].min() for name in ("Bc", "Bp", "Ec", "Ep", "I")) >= 0
        assert (np.diff(got["T"] + got["I"]) <= 1e-9).all()


def test_the_correlations_are_those_of_the_covariances() -> None:
    variance = {v.parameter: v.spread**2 for v in MODEL.variability}
    covariance = {("beta", "p"): 1.0703, ("beta", "c"): 0.6471, ("p", "c"): 0.11916}
    for one in MODEL.correlations:
        both = variance[one.first] * variance[one.second]
        assert one.value == pytest.approx(covariance[one.first, one.second] / np.sqrt(both), abs=6e-4)


def _population(model: Model) -> dict[str, np.ndarray]:
    arms = Arms({"placebo": [], "bam": ["bam_700"], "both": ["combo_day4"]})
    asked = ["at(log10VL, 4)", "at(log10VL, 11)", "at(Cb, 32)", "at(Ce, 32)", "at(IC90b, 32)", "at(IC90e, 32)"]
    table = sweep(model, population(model).draw(2000, seed=1) * arms, until=32, endpoints=asked).table()
    assert (table["status"] == "ok").all()
    return {arm: table[table["arm"] == arm].reset_index() for arm in ("placebo", "bam", "both")}


@pytest.mark.slow
def test_the_population() -> None:
    """2,000 patients, within what another draw of as many would differ by."""
    out = _population(MODEL)
    start = out["placebo"]["at(log10VL, 4)"]
    late = {arm: rows["at(log10VL, 11)"] for arm, rows in out.items()}
    np.testing.assert_allclose([start.mean(), *np.quantile(start, [0.05, 0.5, 0.95])], [4.765, 1.561, 5.121, 6.879],
                               atol=0.16)  # fmt: skip
    wanted = {"placebo": (2.416, 0, 2.211, 5.625), "bam": (1.834, 0, 1.679, 4.345), "both": (1.427, 0, 1.300, 3.435)}
    for arm, numbers in wanted.items():
        got = [late[arm].mean(), *np.quantile(late[arm], [0.05, 0.5, 0.95])]
        np.testing.assert_allclose(got, numbers, atol=0.16, err_msg=arm)
    for arm, change in {"placebo": -2.35, "bam": -2.93, "both": -3.34}.items():
        assert (late[arm] - start).mean() == pytest.approx(change, abs=0.08)
    shares = [100 * (late[arm] > 5.27).mean() for arm in ("placebo", "bam", "both")]
    np.testing.assert_allclose(shares, [7.9, 0.35, 0], atol=1.8)
    above = (out["both"]["at(Cb, 32)"] > out["both"]["at(IC90b, 32)"]) & (
        out["both"]["at(Ce, 32)"] > out["both"]["at(IC90e, 32)"]
    )
    assert above.mean() > 0.995
