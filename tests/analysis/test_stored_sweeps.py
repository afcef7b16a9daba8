"""Analyses take a sweep from its store."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from immunode.analysis.sensitivity.from_samples import prcc
from immunode.analysis.trials.prevalence import prevalence_weights
from immunode.analysis.trials.responder_shares import responders
from immunode.catalogue import load_model
from immunode.study import open_store, sobol, space, sweep
from tests.libraries import needs

pytestmark = needs("zarr")


def test_analyses_of_a_store_are_those_of_its_sweep(tmp_path: Path) -> None:
    model = load_model("kuznetsov1994")
    design = sobol(space(model, "p", "g", "m"), 64, seed=1)
    out = sweep(
        model, design, arms=["control", "cytostatic"], until=20, engine="numpy", block=16, store=tmp_path / "a.zarr"
    )
    found = open_store(tmp_path / "a.zarr")
    assert responders(found, "final(T) < 1e7").table().equals(responders(out, "final(T) < 1e7").table())
    assert prcc(found).table().equals(prcc(out).table())
    mean = float(np.nanquantile(out.endpoint("final(T)")[out.arm == "control"], 0.6))
    weights = [prevalence_weights(one, {"final(T)": {"mean": mean}}).weights for one in (found, out)]
    assert np.array_equal(*weights)
