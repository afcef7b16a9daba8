"""Alexander and Wahl 2011 behaves as published and as computed (specification treg_alexander2010.md)."""

from __future__ import annotations

import numpy as np
import pytest
from behavior import System
from reference import alexander2010 as written

from immunode.catalogue import load_model
from immunode.intervention import perturb

MODEL = load_model("alexander2010")
DISEASE = load_model("alexander2010", "disease")
SYSTEM, SICK = System(MODEL), System(DISEASE)
P = {p.name: p.value for p in MODEL.parameters}
SICK_P = {p.name: p.value for p in DISEASE.parameters}
NONE = (0.0, 0.0, 0.0, 0.0)
PER_R0 = 1e-4 / 0.7996002  # f that makes R0 = 1


def cured(**changes: float) -> bool:
    """Return whether 6000 days after the change less than one effector of the disease case is left."""
    return bool(SICK.run(6000.0, changes)[0, 2, 0] < 1)


def test_r0_of_the_defaults_and_of_the_disease_case() -> None:
    """0.79960 (paper: figure 2 at 0.8), the same in System 2; exactly 1.2 in the disease case."""
    assert written.r0(P) == pytest.approx(0.79960, abs=5e-6)
    assert written.r0({**P, "v": 0.0, "v_max": 125000.0}) == pytest.approx(written.r0(P), rel=1e-12)
    assert written.r0(SICK_P) == pytest.approx(1.2, rel=1e-12)
    program = SYSTEM.functions.program
    for system, expected in ((SYSTEM, 0.79960), (SICK, 1.2), (System(MODEL.variant("system2")), 0.79960)):
        p = system.functions.parameters(system.values())
        with np.errstate(all="ignore"):
            observed = system.functions.observe(0.0, system.functions.initial(p), p)
        names = [q for q in program.quantities if q not in program.states]
        assert observed[names.index("R0"), 0] == pytest.approx(expected, abs=5e-6)


@pytest.mark.parametrize("variant", ["", "system2"])
def test_tolerance_is_stable_below_one_and_unstable_above(variant: str) -> None:
    """Published."""
    system = System(load_model("alexander2010", variant))
    for r0, stable in ((0.8, True), (0.999, True), (1.001, False), (1.2, False), (3.0, False)):
        assert (system.eigenvalues(NONE, {"f": PER_R0 * r0})[0].real < 0) == stable


def test_lasting_disease() -> None:
    """Closed form and printed digits; eigenvalues +0.03084 of tolerance and -0.0613 of disease (digits printed)."""
    y = SICK.steady([10, 3e4, 4e4, 1.6e7])
    np.testing.assert_allclose(y, written.lasting(SICK_P), rtol=1e-9)
    np.testing.assert_allclose(y, [9.9549, 33333.3, 39819.5, 1.59198e7], rtol=5e-6)
    assert SICK.eigenvalues(NONE)[0].real == pytest.approx(0.03084, abs=5e-6)
    assert SICK.eigenvalues(y)[0].real == pytest.approx(-0.0613, abs=5e-5)


def test_variant_starts_in_it() -> None:
    p = SICK.functions.parameters(SICK.values())
    start = SICK.functions.initial(p)[:, 0]
    np.testing.assert_allclose(start, written.lasting(SICK_P), rtol=1e-13)


@pytest.mark.parametrize(("r0", "expected"), [(1.05, 17412), (1.5, 66189), (2, 96003), (3, 138223)])
def test_lasting_effectors_grow_with_r0(r0: float, expected: float) -> None:
    """In whole cells."""
    changes = {"f": PER_R0 * r0}
    y = SYSTEM.steady(written.lasting({**P, **changes}), changes)
    assert y[2] == pytest.approx(expected, abs=0.6)
    assert SYSTEM.eigenvalues(y, changes)[0].real < 0


@pytest.mark.parametrize(("parameter", "expected"), [("b1", 0.35), ("muE", 0.30), ("lambdaE", 833.33)])
def test_thresholds_of_cure(parameter: str, expected: float) -> None:
    """Where tolerance becomes stable in the disease case; exact for the first two, 5 digits for the third."""
    border = SICK.turns(parameter, 0.5 * expected, 2 * expected, NONE)
    assert border == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("parameter", "factor", "expected"),
    [
        ("pi1", 2, 0.7358),
        ("sigma1", 2, 0.6686),
        ("sigma1", 10, 0.2380),
        ("sigma1", 0.001, 36.09),
        ("b1", 1.3, 0.4373),
        ("lambdaE", 0.9, 0.5485),
    ],
)
def test_lasting_effectors_under_treatment(parameter: str, factor: float, expected: float) -> None:
    """Relative to 39819.5, to the 4 digits printed; that state is stable."""
    changes = {parameter: SICK_P[parameter] * factor}
    y = SICK.steady(written.lasting({**SICK_P, **changes}), changes)
    assert y[2] / 39819.5 == pytest.approx(expected, rel=2e-4)
    assert SICK.eigenvalues(y, changes)[0].real < 0


@pytest.mark.parametrize(("parameter", "factor"), [("b1", 1.5), ("lambdaE", 0.8), ("muE", 1.3)])
def test_what_cures(parameter: str, factor: float) -> None:
    assert cured(**{parameter: SICK_P[parameter] * factor})


@pytest.mark.parametrize(("parameter", "factor"), [("pi1", 100), ("sigma1", 100)])
def test_specific_tregs_never_cure(parameter: str, factor: float) -> None:
    """Published: they only change the size of the disease."""
    assert not cured(**{parameter: SICK_P[parameter] * factor})


def test_long_runs_end_in_the_closed_form() -> None:
    """At rtol 1e-9, so 1e-6 leaves room."""
    for changes in ({"f": 1.50075e-4}, {"f": 3e-4}):
        end = SYSTEM.run(6000.0, changes)[0, :, 0]
        np.testing.assert_allclose(end, written.lasting({**P, **changes}), rtol=1e-6)


def test_tregs_infused_help_for_weeks() -> None:
    """E at its lowest 31481 on day 10.57, back at 39819 on day 300 (whole cells, 2 decimals of the day)."""
    system = System(perturb(DISEASE, DISEASE.intervention("treg_infusion")))
    times = np.linspace(0, 300, 30_001)
    effectors = system.run(times)[:, 2, 0]
    assert effectors.min() == pytest.approx(31481, abs=0.6)
    assert times[effectors.argmin()] == pytest.approx(10.57, abs=0.01)
    assert effectors[-1] == pytest.approx(39819, abs=1)


def test_default_run_is_an_episode() -> None:
    """Peaks A 4.6654 at 0.48 d, E 6979.06 at 4.48 d, R 1998.88 at 5.39 d, then decay."""
    times = np.linspace(0, 300, 30_001)
    y = SYSTEM.run(times)[:, :, 0]
    for row, value, when in ((0, 4.6654, 0.48), (2, 6979.06, 4.48), (1, 1998.88, 5.39)):
        assert y[:, row].max() == pytest.approx(value, rel=1e-5)
        assert times[y[:, row].argmax()] == pytest.approx(when, abs=0.01)
    assert y[-1, 2] < 1e-2 * y[:, 2].max()
