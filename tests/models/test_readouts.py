"""Endpoints of every read-out of every model: a default sweep against trajectories of 20,001 points."""

from __future__ import annotations

import numpy as np
import pytest

import immunode as im

NAMES = [entry.name for entry in im.list_models()]
POINTS = 20_001


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_endpoints_of_readouts_agree_with_a_fine_trajectory(name: str) -> None:
    model = im.load_model(name)
    shown = list(model.readouts)
    ends = [f"{kind}({q})" for q in shown for kind in ("peak", "trough", "time_of_peak", "auc")]
    design = im.sobol(im.space(model), n=3, seed=5)
    out = im.sweep(model, design, endpoints=ends, rtol=1e-8)
    fine = im.sweep(model, design, endpoints=ends, rtol=1e-8, times=np.linspace(0, model.horizon, POINTS), keep=shown)
    assert out.values.tobytes() == fine.values.tobytes()
    good = np.flatnonzero(np.asarray(out.status == "ok"))
    assert good.size
    table = out.table()
    for q in shown:
        seen = np.asarray(fine.kept[q])[good]
        high, low = np.nanmax(seen, axis=1), np.nanmin(seen, axis=1)
        peak, trough = table[f"peak({q})"].to_numpy()[good], table[f"trough({q})"].to_numpy()[good]
        # a fine output is the same polynomial as the endpoint's; between two of them it rises by this much at most,
        # where nothing jumps
        apart = np.nanmax(np.abs(np.diff(seen, axis=1)), axis=1)
        # a difference of numbers near 1 is known to rounding only
        scale = np.maximum(np.maximum(np.abs(high), np.abs(low)), 0.01)
        assert (peak >= high - 1e-11 * scale).all(), q
        assert (trough <= low + 1e-11 * scale).all(), q
        assert (peak <= high + apart + 1e-9 * scale).all(), q
        assert (trough >= low - apart - 1e-9 * scale).all(), q
        total = np.sum(seen[:, 1:] + seen[:, :-1], axis=1) / 2 * model.horizon / (POINTS - 1)
        # what is 0 but for rounding has no digits: a part of 1e-6 of a percent counts as nothing
        area = (np.sum(np.abs(seen), axis=1) / POINTS + 1e-6 * scale) * model.horizon
        # where a quantity falls within one step of the fine trajectory (PD-1 of sove2020 at the start), the trapezoid
        # there is wrong by half of it
        coarse = apart * model.horizon / (POINTS - 1) / 2
        np.testing.assert_allclose(
            table[f"auc({q})"].to_numpy()[good], total, rtol=0, atol=np.max(2e-3 * area + coarse), err_msg=q
        )
