"""Results in a notebook: what they print, and their table."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

import immunode as im
from immunode.study.result.notebook import ROWS, page


@pytest.fixture(scope="module")
def model() -> im.Model:
    return im.load_model("kuznetsov1994")


@cache
def _folds(model: im.Model) -> im.dynamics.Continuation:
    return im.dynamics.continuation(model, "s", (5e3, 5e4), engine="numpy")


RESULTS: dict[str, Callable[[Any], Any]] = {
    "simulation": lambda m: im.simulate(m, 20),
    "comparison": lambda m: im.simulate(m, 20, arms=["control", "killing_boost"]),
    "sweep": lambda m: im.sweep(m, im.grid({"a": [0.1, 0.2]}), until=20, endpoints=[im.final("T")]),
    "atlas": lambda m: im.treatments.atlas(m, ["killing_boost"], until=20),
    "tornado": lambda m: im.sensitivity.tornado(m, ["a", "n"], until=20, endpoints="auc(T)"),
    "dose-response": lambda m: im.treatments.dose_response(
        m, "killing_boost.strength", np.linspace(0, 1, 6), endpoints="auc(T)", until=20
    ),
    "explanation": lambda m: im.treatments.explain(
        im.simulate(m, 20), im.simulate(m, 20, interventions=[m.intervention("killing_boost")]), "T"
    ),
    "steady states": lambda m: im.dynamics.steady_states(m, engine="numpy"),
    "continuation": _folds,
    "curves": lambda m: _folds(m).curves("m", (1e-10, 1e-9)),
    "phase plane": lambda m: im.dynamics.phase_plane(m, {"E": (1e4, 3e6), "T": (1e4, 6e8)}, n=5, engine="numpy"),
    "basins": lambda m: im.dynamics.basins(m, {"E": (1e4, 3e6), "T": (1e4, 6e8)}, n=3, engine="numpy"),
}


@pytest.mark.sampled
@pytest.mark.parametrize(
    "kind",
    [pytest.param(kind, marks=[pytest.mark.slow] * (kind in ("phase plane", "basins"))) for kind in RESULTS],
)
def test_a_result_shows_its_summary_and_its_table(kind: str, model: im.Model) -> None:
    result = RESULTS[kind](model)
    shown = result._repr_html_()
    assert repr(result).splitlines()[0].split(" (")[0].replace("'", "&#x27;") in shown
    assert "<table" in shown


def test_texts_of_a_result_are_escaped() -> None:
    shown = page("a < b", pd.DataFrame({"<script>": ["<b>"]}))
    assert "a &lt; b" in shown
    assert "<script>" not in shown
    assert "<b>" not in shown


def test_a_long_table_is_cut_and_counted() -> None:
    shown = page("long", pd.DataFrame({"x": np.arange(ROWS + 1234.0)}))
    assert shown.count("<tr>") <= ROWS + 2
    assert "1,234 more rows" in shown
