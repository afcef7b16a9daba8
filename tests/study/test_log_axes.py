"""Which quantities stand on a logarithmic axis where nobody says it."""

from __future__ import annotations

import numpy as np
import pytest

import immunode as im
from immunode.study.log_axes import logarithmic

T = np.linspace(0.0, 10.0, 101)
FALLS, GROWS, HALVES = 1e6 * 10 ** (-0.4 * T), 1e2 * 10 ** (0.4 * T), 1e3 * 2 ** (-T / 10)


def model(name: str, unit: str, kind: str, meaning: str) -> im.Model:
    return im.Model(
        name="one",
        time_unit="day",
        units=[im.Unit("TCID50", "half the wells infected"), im.Unit("AU", "arbitrary")],
        states=[im.State(name, 1.0, unit, meaning, kind=kind, source="s")],
        parameters=[im.Parameter("k", 0.1, "1/day", "loss", "s")],
        processes=[im.Process("loss", f"{name} ->", f"k*{name}")],
    )


@pytest.mark.parametrize(
    ("name", "unit", "kind", "meaning", "arms", "log"),
    [
        ("P", "AU", "pathogen", "bacteria", [FALLS], True),
        ("P", "AU", "pathogen", "bacteria", [HALVES], False),
        ("V", "TCID50/mL", "", "virus", [FALLS, GROWS], True),
        ("A", "AU/mL", "signal", "antibody titer", [GROWS, 0.01 * GROWS], True),
        ("T", "cell", "cell", "tumor cells", [FALLS, GROWS], True),
        # all grow alike: what differs is the end, which a log axis hides
        ("T", "cell", "cell", "tumor cells", [GROWS, 0.7 * GROWS], False),
        ("TNF", "pg/mL", "signal", "tumor necrosis factor", [1e3 * np.exp(-0.6 * T), 2e2 + 0 * T], False),
        ("share_left", "percent", "", "tumor cells left", [FALLS], False),
        ("log10V", "AU", "pathogen", "log10 viral load", [FALLS], False),
        # a quantity of any kind: three decades most of the time, but not a fall to nothing
        ("C", "mg/L", "drug", "drug", [1e3 * 10 ** (-0.38 * T)], True),
        ("C", "mg/L", "drug", "drug", [1e3 * 10 ** (-3.0 * T)], False),
        ("C", "mg/L", "drug", "drug", [np.zeros_like(T), FALLS], False),
    ],
)  # fmt: skip
def test_decades_are_shown_where_they_are_what_differs(
    name: str, unit: str, kind: str, meaning: str, arms: list[np.ndarray], log: bool
) -> None:
    assert (logarithmic(model(name, unit, kind, meaning), {name: arms}) == (name,)) == log
