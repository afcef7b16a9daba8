"""The zinc model behaves as computed (specification vitd_zinc.md, part 2)."""

from __future__ import annotations

import numpy as np
import pytest
from behavior import System

from immunode.catalogue import load_model

SYSTEM = System(load_model("zinc_minimal"))


def test_reference_intake_is_exactly_steady() -> None:
    """The right-hand side is 0 to the last bit."""
    p = SYSTEM.functions.parameters(SYSTEM.values())
    y = SYSTEM.functions.initial(p)
    np.testing.assert_array_equal(y[:, 0], [2400, 1, 1, 1, 1])
    np.testing.assert_array_equal(SYSTEM.functions.rhs(0.0, y, SYSTEM.functions.prepare(p)), 0)


def test_steady_state_of_mild_deficiency() -> None:
    """The pool exactly 5/9 of the reference, the rest to 4 digits."""
    y = SYSTEM.steady([1333, 0.48, 0.48, 0.35, 1.5], {"intake": 50.0})
    assert y[0] / 2400 == pytest.approx(5 / 9, rel=1e-12)
    np.testing.assert_allclose(y[1:], [0.4785, 0.4785, 0.3538, 1.5015], atol=5.1e-5)


def test_depletion_and_repletion() -> None:
    """At 24 weeks 0.550, 0.437, 1.4996; 84 days after repletion 0.910 and 0.795; the thymus back on day 56."""
    times = np.arange(168, 252.1, 1.0)
    y = SYSTEM.given(["depletion", "repletion"]).run(times)[:, :, 0]
    np.testing.assert_allclose(y[0, 2:4], [0.550, 0.437], atol=5.1e-4)
    assert y[0, 4] == pytest.approx(1.4996, abs=5.1e-5)
    np.testing.assert_allclose(y[-1, [2, 4]], [0.910, 0.795], atol=5.1e-4)
    assert np.argmax(y[:, 1] >= 1) == 56


def test_deeper_deficiency_is_worse() -> None:
    mild, severe = (SYSTEM.given([f"{how}_deficiency"]).run([365.0])[0, :, 0] for how in ("mild", "severe"))
    assert np.all(severe[:4] < mild[:4])
    assert severe[4] > mild[4] > 1


def test_a_high_intake_brings_less_than_it_promises() -> None:
    """Three times the intake gives 460/560 over 150/250 = 1.37 times the pool."""
    y = SYSTEM.given(["high_intake"]).run([3650.0], rtol=1e-10)[0, 0, 0]
    assert y / 2400 == pytest.approx(460 / 560 / 0.6, rel=1e-8)


def test_phytate_settles_at_six_tenths() -> None:
    y = SYSTEM.given(["phytate"]).run([3650.0], rtol=1e-10)[0, 0, 0]
    assert y / 2400 == pytest.approx(0.6, rel=1e-8)
