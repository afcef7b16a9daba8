"""schulz2009 gives the computed numbers of its specification (schulz2009.md, Behavior)."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from immunode.catalogue import load_model
from immunode.intervention import perturb
from immunode.study import simulate

MODEL = load_model("schulz2009")
GRID = np.round(np.arange(0, 1101) * 0.1, 10)


@cache
def course(arm: str) -> dict[str, NDArray[np.float64]]:
    chosen = [MODEL.intervention(name) for name in arm.split(" + ")] if arm else []
    frame = simulate(MODEL, until=110, interventions=chosen, times=GRID, rtol=1e-10).to_frame()
    return {name: frame[name].to_numpy() for name in frame}


@pytest.mark.parametrize(
    ("arm", "tbet", "peak", "when", "receptor"),
    [
        ("", (250.063, 182.599, 287.317), 118.655, 50.4, 624.754),
        ("anti_ifng", (44.5218, 46.1424, 175.409), 47.8586, 54.9, 363.178),
        ("anti_il12", (248.580, 171.154, 45.3833), 116.491, 50.3, 136.361),
        ("anti_ifng + anti_il12", (44, 44, 44), 45.9759, 54.7, 119.540),
        ("anti_il12_half", (249.321, 176.825, 113.085), 117.572, 50.3, 294.592),
        ("jak_inhibitor", (142.555, 109.081, 99.4828), 87.7909, 51.7, 249.734),
        ("short_antigen", (214.821, 153.637, 481.845), 87.5924, 31.4, 1082.04),
        ("long_antigen", (250.369, 315.648, 169.091), 136.927, 101.5, 56.2894),
        ("weak_antigen", (114.685, 102.850, 324.489), 108.810, 36.4, 713.180),
        ("receptor_lifespan", (237.927, 175.030, 124.328), 95.4341, 51.0, 168.531),
    ],
)
def test_two_waves(arm: str, tbet: tuple[float, float, float], peak: float, when: float, receptor: float) -> None:
    """T-bet at 24, 48 and 96 h, the peak of interferon and its hour, the IL-12 receptor at 96 h."""
    got = course(arm)
    np.testing.assert_allclose(got["T"][[240, 480, 960]], tbet, rtol=6e-6)
    assert got["I"].max() == pytest.approx(peak, rel=1e-5)
    assert GRID[np.argmax(got["I"])] == pytest.approx(when, abs=0.101)
    assert got["R"][960] == pytest.approx(receptor, rel=6e-6)


def test_antigen_holds_the_receptor_down() -> None:
    got = course("")
    assert got["Ag"][340] == pytest.approx(0.5, rel=1e-9)
    assert got["R"][240] < 0.1 * got["R"][960]
    assert course("long_antigen")["R"][600] < 0.2 * got["R"][600]


def test_rest_is_a_steady_state_without_both_signals() -> None:
    """T-bet stays at a1*b/(gm*dT) = 44, and the receptor goes to a4*b/(gm*dR) of it."""
    rest = perturb(MODEL, MODEL.intervention("anti_ifng"), MODEL.intervention("anti_il12"))
    late = simulate(rest, until=400, times=[0, 400], rtol=1e-10)
    assert late.final("T") == pytest.approx(44, rel=1e-8)
    assert late.final("R") == pytest.approx(44 * 2.8, rel=1e-6)


def test_the_loop_grows_without_bound() -> None:
    """Gain 1.428: 1265 at 168 h, 78,260 at 400 h; bounded where a3 is below 0.70 of its value."""
    late = simulate(MODEL, until=400, times=[0, 168, 400], rtol=1e-10)
    assert late["gain"][0] == pytest.approx(1.428, abs=6e-4)
    assert pytest.approx(0.70, abs=5e-3) == 1 / 1.428
    np.testing.assert_allclose(late["T"][1:], [1265, 78260], rtol=4e-4)
    below = simulate(MODEL.with_values(a3=5.1e-4 * 0.65), until=8000, times=[0, 5000, 8000], rtol=1e-10)
    assert below["T"][1] == pytest.approx(44 / (1 - 0.65 * 1.428), rel=1e-4)
    assert below["T"][2] == pytest.approx(below["T"][1], rel=1e-4)


def test_nothing_is_negative() -> None:
    for arm in ("", "anti_ifng", "anti_il12", "long_antigen"):
        assert min(course(arm)[state.name].min() for state in MODEL.states) >= 0
