"""desikan2022 gives the computed numbers of its specification (desikan2022.md, Behavior to reproduce)."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from immunode.catalogue import load_model
from immunode.intervention import Intervention, at_times, transfer
from immunode.study import simulate

MODEL = load_model("desikan2022")
ENDS = (0.0, 28.0, 287.0, 525.0, 700.0, 875.0)
# and just before each dose
GRID = np.union1d(np.arange(0, 875.01, 0.05), np.array(ENDS[1:]) - 1e-6)
OLD, NEW = "W1 + W2 + W3_5", "W1 + W2 + O3 + O4_5"


@cache
def course(arm: str) -> dict[str, np.ndarray]:
    chosen = [MODEL.intervention(name) for name in arm.split(" + ")] if arm else []
    frame = simulate(MODEL, until=875, interventions=chosen, times=GRID, rtol=1e-10).to_frame()
    return {name: frame[name].to_numpy() for name in frame}


def peaks(arm: str, quantity: str) -> list[float]:
    """Return the largest value from each dose up to the next, on a grid of 0.05 days."""
    values = course(arm)[quantity]
    return [values[(a <= GRID) & (b - 1e-7 > GRID)].max() for a, b in pairwise(ENDS)]


def given(doses: dict[float, float], strain: str = "W") -> list[Intervention]:
    """Return doses of one strain; the first also brings 5 units of B cells and antibody."""
    own = {"W": ("Bw", "Aw"), "V": ("Bv", "Av")}[strain]
    first, *_ = doses
    out = []
    for day, size in doses.items():
        extra = [transfer(name, 5.0) for name in own] if day == first else []
        out.append(Intervention(f"dose_{day:g}", [transfer(strain, size), *extra], at_times(day)))
    return out


@pytest.mark.parametrize(
    ("arm", "quantity", "wanted"),
    [
        (OLD, "Ab_W", [13365, 152320, 115940, 116200, 110180]),
        (OLD, "Ab_O", [609.40, 26258, 19372, 19368, 18364]),
        (NEW, "Ab_O", [609.40, 26258, 26438, 64361, 115450]),
        (NEW, "unique_O", [0, 0, 7116, 45045, 97105]),
        (NEW, "Ab_W", [13365, 152320, 119160, 106710, 75751]),
    ],
)
def test_peaks_after_each_dose(arm: str, quantity: str, wanted: list[float]) -> None:
    np.testing.assert_allclose(peaks(arm, quantity), wanted, rtol=6e-5, atol=1e-6)


def test_what_the_paper_claims() -> None:
    """A third dose of O gives 1.365 times that of W; the gain comes from the epitopes of O, in the end five times c."""
    third = peaks(NEW, "Ab_O")[2] / peaks(OLD, "Ab_O")[2]
    assert third == pytest.approx(1.365, abs=6e-4)
    shared, own = course(NEW)["conserved"], course(NEW)["unique_O"]
    ratios = []
    for a, b in ((287.0, 525.0), (700.0, 875.0)):
        window = np.flatnonzero((a <= GRID) & (b - 1e-7 > GRID))
        top = window[np.argmax(course(NEW)["Ab_O"][window])]
        ratios.append(own[top] / shared[top])
    assert ratios[0] == pytest.approx(0.367, abs=6e-3)
    assert ratios[1] == pytest.approx(5.29, abs=0.06)


@pytest.mark.slow
def test_without_masking_boosters_add() -> None:
    values = peaks("no_masking + W1 + W2 + W3_5", "Ab_W")
    np.testing.assert_allclose(values[1:3], [1.1158e7, 1.2389e8], rtol=6e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("interval", "peak", "later"),
    [(14, 212880, 1206), (21, 169470, 1060), (28, 152320, 1056), (56, 142060, 1498), (84, 144460, 2322),
     (180, 121890, 8248)],
)  # fmt: skip
def test_the_interval_of_two_doses(interval: float, peak: float, later: float) -> None:
    doses = given({0: 1e5, interval: 1e5})
    run = simulate(MODEL, until=400, interventions=doses, times=np.arange(0, 400.01, 0.05), rtol=1e-10)
    assert run["Ab_W"].max() == pytest.approx(peak, rel=6e-5)
    assert run["Ab_W"][-1] == pytest.approx(later, rel=6e-4)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arm", "wanted"),
    [
        ("slow_division", [3911, 84252, 58126]),
        ("antiproliferative", [534, 8404, 3599]),
        ("b_cell_lifespan", [10290, 119840, 17936]),
        ("fcrn_blocker", [7709, 133790, 102970]),
    ],
)
def test_rates_changed(arm: str, wanted: list[float]) -> None:
    np.testing.assert_allclose(peaks(f"{arm} + {OLD}", "Ab_W")[:3], wanted, rtol=1e-3)


def test_mice_and_the_mirror_image_of_strains() -> None:
    """Doses of 1,000 on days 0 and 21; the two strains are alike but for their names."""
    ends = {
        strain: simulate(MODEL, until=36, interventions=given({0: 1e3, 21: 1e3}, strain), times=[0, 36], rtol=1e-10)
        for strain in ("W", "V")
    }
    assert ends["W"].final("Ab_W") == pytest.approx(1381.06, abs=6e-3)
    assert ends["W"].final("Ab_O") == pytest.approx(55.6637, abs=6e-5)
    assert ends["V"].final("Ab_O") == pytest.approx(1381.06, abs=6e-3)
    assert ends["V"].final("Ab_W") == pytest.approx(55.6637, abs=6e-5)
    assert ends["W"].final("Ab_W") / ends["W"].final("Ab_O") == pytest.approx(24.8, abs=0.06)


def test_no_dose_and_antigen_leaves_at_its_own_rate_only() -> None:
    none = simulate(MODEL, until=47, times=[0, 47], rtol=1e-10)
    assert none.final("Bc") == pytest.approx(0.5, rel=1e-6)
    assert none.final("Aw") == none.final("Bw") == 0
    one = simulate(MODEL, until=10, interventions=given({0: 1e5}), times=[0, 2, 10.0], rtol=1e-10)
    total = one["W"] + one["Ww"] + one["Wc"] + one["Wwc"]
    np.testing.assert_allclose(total[1:], 1e5 * np.exp([-2, -10.0]), rtol=1e-7)


def test_nothing_is_negative() -> None:
    for arm in (OLD, NEW):
        assert min(course(arm)[s.name].min() for s in MODEL.states) >= -1e-9
