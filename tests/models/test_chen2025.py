"""chen2025 gives the computed numbers of its specification (mandema2011.md, section 6)."""

from __future__ import annotations

import numpy as np
import pytest

from immunode.catalogue import load_model
from immunode.study import Arms, simulate, sweep
from immunode.study.populations import population

MODEL = load_model("chen2025")
WEEKS = [4.0, 12.0, 24.0, 52.0]


def test_the_typical_trial() -> None:
    """To the decimals printed; nothing at the start, and nothing without methotrexate."""
    chosen = [MODEL.intervention("methotrexate")]
    got = simulate(MODEL, until=52, interventions=chosen, times=[0.0, *WEEKS], rtol=1e-10).to_frame()
    np.testing.assert_allclose(got["das28_fall"], [0, 8.93, 20.21, 29.54, 39.32], atol=6e-3)
    np.testing.assert_allclose(got["ACR20"], [0, 26.30, 45.14, 54.98, 62.29], atol=6e-3)
    np.testing.assert_allclose(got["ACR50"], [0, 6.31, 15.08, 23.11, 32.39], atol=6e-3)
    np.testing.assert_allclose(got["das28"], 5.78 * (1 - got["das28_fall"] / 100), rtol=1e-12)
    bare = simulate(MODEL, until=52).to_frame()
    assert bare["das28"].eq(5.78).all()
    assert bare["ACR20"].eq(0).all()


@pytest.mark.parametrize(
    ("name", "wanted", "within"),
    [("das28_fall", (14, 29.5, 62), 1.5), ("ACR20", (46, 55, 65.5), 1.0), ("ACR50", (9.6, 23, 56), 1.5)],
)
def test_trials_differ_as_published(name: str, wanted: tuple[float, ...], within: float) -> None:
    """Week 24, 8,000 trials: 2.5, 50 and 97.5 %, by the spread of the largest effects alone."""
    design = population(MODEL).draw(8000, seed=2) * Arms({"a": ["methotrexate"]})
    out = sweep(MODEL, design, until=24, endpoints=[f"at({name}, 24)"])
    got = np.quantile(out.table()[f"at({name}, 24)"], [0.025, 0.5, 0.975])
    np.testing.assert_allclose(got, wanted, atol=within)
