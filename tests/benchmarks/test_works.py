"""The systems that are timed are those that the peers are given, and their sweeps are as accurate as is claimed."""

from __future__ import annotations

import numpy as np
import peers
import pytest

from immunode.program.lowering import lower
from immunode.program.numpy.functions import compile_numpy
from immunode.solve import solve
from models import WORKS


@pytest.mark.parametrize("key", WORKS)
def test_peers_have_the_same_equations(key: str) -> None:
    work = WORKS[key]()
    functions = compile_numpy(lower(work.model))
    rng, values = np.random.default_rng(0), work.values(16)
    y = peers.start(work)[:, None] * np.exp(rng.normal(0, 1, (len(functions.program.states), 16))) + 0.1
    p = functions.parameters(values)
    got = functions.rhs(0.0, y, functions.prepare(p))
    for run in range(16):
        expected = np.empty(len(y))
        peers.EQUATIONS[key](0.0, y[:, run], expected, values[:, run])
        # differences of large terms lose some digits
        assert got[:, run] == pytest.approx(expected, rel=1e-10, abs=1e-10 * np.abs(expected).max())


@pytest.mark.parametrize(("key", "method"), [("A", "tsit5"), pytest.param("B", "rodas5p", marks=pytest.mark.slow)])
def test_work_and_error_of_a_sweep(key: str, method: str) -> None:
    """Error as the benchmark measures it: |y - reference| / (1e-3 + |reference|), the worst over a run."""
    work = WORKS[key]()
    functions, values = compile_numpy(lower(work.model)), work.values(16)
    batch, plain = (
        solve(functions, values, times=work.times, engine="numpy", method=way, rtol=1e-6, atol=1e-9)
        for way in ("auto", method)
    )
    fine = solve(functions, values, times=work.times, engine="numpy", rtol=1e-9, atol=1e-12)
    error = np.max(np.abs(batch.y - fine.y) / (1e-3 + np.abs(fine.y)), axis=(0, 1))
    assert set(batch.methods) == {method}
    # LSODA has 3e-5 on A and 7e-5 on B at these tolerances
    assert error.max() < {"A": 3e-5, "B": 6e-6}[key]
    assert plain.steps.mean() < {"A": 170, "B": 260}[key]
