"""fallon2000 gives the computed numbers of its specification (fallon2000.md, Behavior)."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from immunode.catalogue import load_model
from immunode.study import simulate

MODEL = load_model("fallon2000")
HOURS = np.array([0.0, 1, 24, 48, 96])


@cache
def course(pm: float, arm: str = "") -> dict[str, NDArray[np.float64]]:
    """Return all quantities after 0, 1, 24, 48 and 96 hours from a concentration of IL-2."""
    chosen = [MODEL.intervention(arm)] if arm else []
    frame = simulate(MODEL.with_initial(L=pm), interventions=chosen, times=60 * HOURS, rtol=1e-10).to_frame()
    return {name: frame[name].to_numpy() for name in frame}


@pytest.mark.parametrize(
    ("pm", "arm", "ligand", "complexes", "cells"),
    [
        (10, "", (9.71671, 6.54184, 3.88069, 0.967309), (128.146, 31.2897), (2.83261, 2.83492, 2.83492)),
        (100, "", (99.2410, 92.8487, 83.2704, 55.7765), (260.767, 247.529), (4.12883, 5.65081, 8.59812)),
        (100, "analog_2d1", (99.2667, 93.6939, 85.2433, 60.6597), (266.331, 257.892), (4.17118, 5.74195, 8.82288)),
        (1000, "", (999.156, 992.327, 981.782, 950.260), (280.573, 280.474), (4.27580, 5.96464, 9.34161)),
        (1, "", (0.964467, 0.479336, 0.223752, 0.0464378), (16.48, 1.693), (2.5, 2.5, 2.5)),
        (10, "analog_2d1", (9.66446, 6.45054, 3.51328, 0.564867), (148.212, 25.3818), (3.11537, 3.21814, 3.21814)),
        (100, "receptor_block", (99.7134, 96.1326, 91.9636, 82.4580), (156.116, 145.281), (3.02744, 3.44876, 4.14944)),
        (100, "slow_uptake", (99.2415, 91.3540, 77.4476, 34.5579), (523.900, 447.742), (5.54587, 8.49954, 14.1816)),
    ],
)
def test_ligand_complexes_and_cells(
    pm: float, arm: str, ligand: tuple[float, ...], complexes: tuple[float, float], cells: tuple[float, ...]
) -> None:
    """In pM after 1, 24, 48 and 96 h, per cell after 24 and 96 h, in 1e8 cells per liter after 24, 48 and 96 h."""
    got = course(pm, arm)
    np.testing.assert_allclose(got["L"][1:], ligand, rtol=6e-6)
    np.testing.assert_allclose(got["Cs"][[2, 4]], complexes, rtol=3e-4 if pm == 1 else 5e-6)
    np.testing.assert_allclose(got["Y"][2:] / 1e8, cells, rtol=5e-6)


def test_what_the_abstract_claims() -> None:
    """The analog spares ligand and makes more cells at 100 pM; at 10 pM it makes 13.5 % more and does not spare."""
    native, analog = course(100), course(100, "analog_2d1")
    assert analog["L"][4] / native["L"][4] == pytest.approx(1.088, abs=1e-3)
    assert analog["Y"][4] / native["Y"][4] == pytest.approx(1.026, abs=1e-3)
    assert course(10, "analog_2d1")["Y"][4] / course(10)["Y"][4] == pytest.approx(1.135, abs=1e-3)
    assert course(10, "analog_2d1")["L"][4] < course(10)["L"][4]
    assert course(1000)["Y"][4] / native["Y"][4] == pytest.approx(1.09, abs=5e-3)


def test_ligand_is_conserved_where_cells_do_not_grow() -> None:
    """In the medium, per cell, on and in cells, and destroyed: one sum."""
    model = MODEL.with_values(g_max=0.0).with_initial(L=100)
    frame = simulate(model, times=60 * HOURS, rtol=1e-10).to_frame()
    per_cell = frame["L"] * 6.022e11 / frame["Y"]
    total = per_cell + frame["Cs"] + frame["Ci"] + frame["Li"] * 6.022e-3 + frame["Ld"]
    np.testing.assert_allclose(total, total.iloc[0], rtol=1e-8)
    assert frame["Ld"].iloc[-1] > 1e4


def test_a_dose_is_the_concentration_at_the_start_and_nothing_is_negative() -> None:
    for pm in (1, 100, 1000):
        dosed = simulate(MODEL, interventions=[MODEL.intervention(f"il2_{pm}")], times=60 * HOURS, rtol=1e-10)
        np.testing.assert_allclose(dosed["L"][1:], course(pm)["L"][1:], rtol=1e-7)
    for pm in (1, 10, 100, 1000):
        assert min(course(pm)[state.name].min() for state in MODEL.states) >= 0
