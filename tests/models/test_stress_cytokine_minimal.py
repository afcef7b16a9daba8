"""Stress axis and cytokines behave as computed in their specification (hpa_stress.md, coupled)."""

from __future__ import annotations

import numpy as np
import pytest
from behavior import Array, System

from immunode.catalogue import load_model

MODEL = load_model("stress_cytokine_minimal")
SYSTEM = System(MODEL)
AXIS = System(MODEL.with_initial(E=0.0))
STATES = tuple(state.name for state in MODEL.states)
HORMONES = STATES[:5]
HOURS = np.linspace(0, 12, 2401)
RESISTANT = {"K_c": 8.0}


def axis(days: float, u: float, start: dict[str, float] | None = None) -> dict[str, float]:
    """Return the hormones and glands after days of a constant drive, without endotoxin."""
    y = AXIS.run([24 * days], {"u": u}, start, rtol=1e-9, engine="scipy")[0, :, 0]
    return dict(zip(HORMONES, y, strict=False))


def response(u: float = 1.0, start: dict[str, float] | None = None, **changes: float) -> dict[str, Array]:
    """Return each state over the 12 h after 2 ng/kg."""
    y = SYSTEM.run(HOURS, {"u": u, **changes}, start, rtol=1e-8, engine="scipy")[:, :, 0]
    return dict(zip(STATES, y.T, strict=True))


def peak(u: float = 1.0, start: dict[str, float] | None = None, **changes: float) -> float:
    return float(response(u, start, **changes)["TNF"].max())


CHRONIC = axis(60, 3.0)


def test_endotoxin_at_rest() -> None:
    """Printed to 3 to 4 digits, times to 0.1 h."""
    y = response()
    assert y["CORT"].max() == pytest.approx(1.94, abs=6e-3)
    assert HOURS[y["CORT"].argmax()] == pytest.approx(3.0, abs=0.06)
    assert y["ACTH"].max() == pytest.approx(2.99, abs=6e-3)
    assert HOURS[y["ACTH"].argmax()] == pytest.approx(2.0, abs=0.06)
    assert y["TNF"].max() == pytest.approx(340.9, abs=0.06)


def test_without_the_axis_it_is_the_published_model() -> None:
    """Immune cells deaf to cortisol: the bolus of Windoloski 2024, TNF 365.68 at 1.70 h, IL-6, IL-8 and IL-10 too."""
    y = response(K_c=1e6)
    for name, (size, hour) in {
        "TNF": (365.68, 1.70),
        "IL6": (748.97, 2.05),
        "IL8": (747.03, 2.13),
        "IL10": (42.20, 2.57),
    }.items():
        assert y[name].max() == pytest.approx(size, rel=2e-4), name
        assert HOURS[y[name].argmax()] == pytest.approx(hour, abs=0.011), name


def test_a_stressor_around_the_dose_lowers_tnf() -> None:
    """From 3 h before, with the axis alone, to 3 h after: the peak of TNF falls to 200."""
    before = axis(3 / 24, 3.0)
    y = SYSTEM.given(["acute_stressor"]).run(HOURS, initial=before, rtol=1e-8, engine="scipy")[:, :, 0]
    assert y[:, STATES.index("TNF")].max() == pytest.approx(200, abs=0.6)


def test_chronic_stress_suppresses_tnf() -> None:
    assert peak(3.0, CHRONIC) == pytest.approx(26, abs=0.6)


def test_the_variant_starts_on_day_60() -> None:
    """To the 9 digits of the model file."""
    it = System(MODEL.variant("chronic_stress"))
    y = it.functions.initial(it.functions.parameters(it.values()))[:5, 0]
    np.testing.assert_allclose(y, list(CHRONIC.values()), rtol=1e-6)


@pytest.mark.parametrize(("days", "tnf"), [(1, 106), (7, 168), (28, 260), (60, 315), (150, 348)])
def test_recovery_takes_months(days: float, tnf: float) -> None:
    assert peak(1.0, axis(days, 1.0, CHRONIC)) == pytest.approx(tnf, abs=0.6)


def test_immune_resistance_to_cortisol_undoes_the_suppression() -> None:
    """TNF 338 although cortisol reaches 3.16."""
    y = response(3.0, CHRONIC, **RESISTANT)
    assert y["TNF"].max() == pytest.approx(338, abs=0.6)
    assert y["CORT"].max() == pytest.approx(3.16, abs=6e-3)


def test_axis_alone_rests() -> None:
    """Monocytes regenerate to their capacity, nothing else moves."""
    y = AXIS.run([2000.0], engine="scipy")[0, :, 0]
    rest = AXIS.functions.initial(AXIS.functions.parameters(AXIS.values()))[:, 0]
    moved = np.abs(y - rest) > 1e-4 * np.maximum(rest, 1)
    assert [STATES[i] for i in np.flatnonzero(moved)] == ["MR"]
    assert y[STATES.index("MR")] == pytest.approx(30000, rel=1e-5)
