"""valenzuela2025 gives the computed numbers of its specification (valenzuela2025.md, Behavior to reproduce)."""

from __future__ import annotations

import numpy as np
import pytest

from immunode.catalogue import load_model
from immunode.model import Model
from immunode.study import Arms, from_table, simulate, sweep
from immunode.study.populations import population

MODEL = load_model("valenzuela2025")
EARLY = 1e-9
"""Before a dose, in days."""
ARMS: dict[str, list[str]] = {
    "placebo": [], "5q4w": ["q4w_5"], "30q4w": ["q4w_30"], "60": ["single_60"], "60q2w": ["q2w_60"],
    "15q2w": ["q2w_15"], "mg3": ["loading_30", "maintenance_15"],
}  # fmt: skip


def course(arm: str, times: list[float], model: Model = MODEL) -> dict[str, np.ndarray]:
    chosen = [model.intervention(name) for name in ARMS[arm]]
    frame = simulate(model, until=times[-1], interventions=chosen, times=times, rtol=1e-10).to_frame()
    return {name: frame[name].to_numpy() for name in frame}


@pytest.mark.parametrize(
    ("arm", "day", "drug", "receptor", "igg", "score"),
    [
        ("5q4w", 1, 52.8824, 5.5266, -16.258, -0.0881),
        ("5q4w", 7, 0.0068, 97.8934, -40.8173, -1.0857),
        ("5q4w", 14, 0.0004, 99.8947, -32.2265, -1.0069),
        ("30q4w", 1, 498.0209, 5.3240, -16.2933, None),
        ("30q4w", 7, 72.0279, 5.4662, -65.2358, -1.4527),
        ("30q4w", 14, 0.0221, 94.0791, -68.5157, -2.0280),
        ("30q4w", 28, None, None, -42.2353, -1.3372),
        ("30q4w", 56, None, None, -44.3024, -1.4028),
        ("60", 1, 1032.2778, 5.3116, None, None),
        ("60", 7, 234.4724, 5.3510, -65.2508, -1.4529),
        ("60", 14, 0.2115, 28.5388, -79.3050, -2.1824),
        ("60", 28, None, None, -51.2268, -1.6193),
        ("60", 56, None, None, -18.8682, -0.5979),
        ("60", 168, None, None, -0.3465, None),
        ("60q2w", 28, 0.4733, 18.8291, -83.2383, -2.4063),
        ("60q2w", 56, 0.5389, 17.8466, -83.4440, -2.4183),
        ("15q2w", 1, 230.9018, 5.3517, -16.2875, None),
        ("15q2w", 7, 0.1096, 41.8304, -64.4568, -1.4498),
        ("15q2w", 14, 0.0047, 98.7936, -54.6121, -1.6734),
        ("15q2w", 56, None, None, -64.3342, -2.0050),
        ("15q2w", 168, None, None, -64.3675, -2.0062),
        ("mg3", 28, 0.0049, 98.7437, -65.1385, -2.0312),
        ("mg3", 56, None, None, -64.3851, -2.0068),
        ("mg3", 168, None, None, -64.3675, -2.0062),
    ],
)
def test_the_typical_patient(
    arm: str, day: float, drug: float | None, receptor: float | None, igg: float | None, score: float | None
) -> None:
    """ug/mL, percent, percent, points; to all digits printed. At a dosing time: just before the dose."""
    got = course(arm, [0.0, day - EARLY if day % 14 == 0 else day])
    wanted = {"C": drug, "FcRn_free": receptor, "IgG_change": igg, "mg_drug": score}
    for name, value in wanted.items():
        if value is not None:
            assert got[name][-1] == pytest.approx(value, abs=6e-5), name


@pytest.mark.parametrize(
    ("arm", "day", "total"),
    [
        ("placebo", 1, -1.6421), ("placebo", 7, -1.6931), ("placebo", 14, -1.7525), ("placebo", 28, -1.8713),
        ("placebo", 56, -2.1089), ("placebo", 168, -3.0593), ("5q4w", 56, -2.8459), ("30q4w", 56, -3.5117),
        ("60", 56, -2.7067), ("60q2w", 56, -4.5272), ("15q2w", 56, -4.1139), ("mg3", 56, -4.1156),
        ("15q2w", 168, -5.0654), ("mg3", 168, -5.0654),
    ],
)  # fmt: skip
def test_the_score_with_placebo(arm: str, day: float, total: float) -> None:
    assert course(arm, [0.0, day - EARLY])["MG_ADL_change"][-1] == pytest.approx(total, abs=6e-5)


def test_peaks_of_the_drug() -> None:
    """Just after the first dose: 348.3 ug/mL after 15 mg/kg, and in proportion."""
    for arm, peak in {"15q2w": 348.3, "30q4w": 696.6, "60": 1393.2}.items():
        assert course(arm, [0.0, 1.0])["C"][0] == pytest.approx(peak, abs=0.06)


@pytest.mark.parametrize(
    ("arm", "nadir"),
    [("5q4w", -53.664), ("30q4w", -78.959), ("60", -79.305), ("60q2w", -83.533), ("mg3", -79.939), ("15q2w", -78.944)],
)
def test_nadirs_of_igg(arm: str, nadir: float) -> None:
    one = from_table({"weight": [75.0]})
    out = sweep(MODEL, one * Arms({arm: ARMS[arm]}), endpoints=["trough(IgG_change)"], rtol=1e-9, until=168)
    assert out.endpoint("trough(IgG_change)")[0] == pytest.approx(nadir, abs=6e-4)


def test_means_over_the_last_interval() -> None:
    """Days 154 to 168 under the regimen of the label."""
    times = np.linspace(154 + EARLY, 168 - EARLY, 14001)
    got = course("mg3", [0.0, *times])
    means = {name: np.trapezoid(got[name][1:], times) / 14 for name in ("IgG_change", "mg_drug", "MG_ADL_change")}
    assert means["IgG_change"] == pytest.approx(-72.92, abs=6e-3)
    assert means["mg_drug"] == pytest.approx(-2.112, abs=6e-4)
    assert means["MG_ADL_change"] == pytest.approx(-5.111, abs=6e-4)


def test_limits_of_the_equations() -> None:
    """Nothing given: receptor and IgG stand still. Drug without end: IgG falls to 1/(1 + IgK)."""
    still = course("placebo", [0.0, 168.0])
    for name in ("fcrn", "igg"):
        assert still[name][-1] == pytest.approx(still[name][0], rel=1e-12)
    flooded = course("60q2w", [0.0, 56.0], MODEL.with_values(FRmax=1.0, Kss=1e-6, CL=1e-9, kint=1e-9))
    assert flooded["IgG_change"][-1] == pytest.approx(-83.553, abs=2e-2)
    healthy = course("placebo", [0.0, 28.0], MODEL.variant("healthy"))
    assert healthy["igg"][-1] == pytest.approx(11.4, rel=1e-12)
    assert healthy["MG_ADL_change"][-1] == 0


@pytest.mark.slow
def test_the_population() -> None:
    """8,000 patients: changes of IgG within 0.4 points and shares within 2 % of the specification."""
    asked = [f"at(IgG_change, {day - 1e-6})" for day in (14, 56, 168)] + ["at(MG_ADL_change, 56)"]
    chosen = {arm: ARMS[arm] for arm in ("placebo", "5q4w", "30q4w", "60q2w", "mg3")}
    table = sweep(MODEL, population(MODEL).draw(8000, seed=4) * Arms(chosen), until=168, endpoints=asked).table()
    assert (table["status"] == "ok").all()
    rows = {arm: table[table["arm"] == arm] for arm in chosen}
    for arm, asked_for, mean, sd in [
        ("5q4w", asked[0], -31.83, 6.59),
        ("30q4w", asked[0], -67.23, 7.82),
        ("5q4w", asked[1], -23.11, 6.92),
        ("30q4w", asked[1], -43.78, 9.30),
        ("60q2w", asked[1], -81.20, 4.93),
        ("mg3", asked[2], -63.60, 8.02),
    ]:
        assert rows[arm][asked_for].mean() == pytest.approx(mean, abs=0.4)
        assert rows[arm][asked_for].std() == pytest.approx(sd, abs=0.4)
    quantiles = np.quantile(rows["30q4w"][asked[0]], [0.05, 0.5, 0.95])
    np.testing.assert_allclose(quantiles, [-79.6, -67.5, -53.8], atol=0.8)
    for arm, share in {"placebo": 49, "30q4w": 72, "60q2w": 79}.items():
        assert 100 * (rows[arm][asked[3]] <= -2).mean() == pytest.approx(share, abs=2)
