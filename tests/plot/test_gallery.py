"""Fingerprints of figures: the same data give the same one, other data another, and a dozen are known by heart."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from immunode.plot import bands, courses, data_hash, endpoints, equations, heat
from immunode.plot.charts.analysis.differences import difference_bars
from immunode.plot.charts.analysis.dose_curve import dose_response
from immunode.plot.charts.analysis.isobole import isoboles
from immunode.plot.charts.analysis.tornado_bars import tornado
from immunode.plot.charts.event_curves import time_to_event
from immunode.plot.charts.patient_changes import waterfall
from immunode.plot.charts.responder_bars import responder_shares
from immunode.plot.kit.fingerprint import digits

T = np.arange(11.0)
RISE, FALL = T**2, 100 - T**2
"""Whole numbers and fractions of two: the same on every machine, to the last bit."""


NAMES = {"x_label": "x", "y_label": "y"}
KNOWN = {
    "courses": "7d276f63c316ffdd",
    "doses": "9e890c61e00f9e85",
    "bands": "f19231ab66ffbf2d",
    "heat": "f7b0f9d5f5baf2cf",
    "endpoints": "8106e4eb2f246689",
    "waterfall": "187a6333f30ec99c",
    "time to event": "b0fb6b90bd17ea12",
    "equations": "2a4ec066e866b84c",
    "dose-response": "f674ea3c826a580e",
    "shares": "8868508da822150a",
    "tornado": "de6ba6912118f604",
    "why": "594252bdf16a2919",
    "isoboles": "48adacf0d496f0d9",
}


def figures(style: str = "slide") -> dict[str, Callable[[], Figure]]:
    return {
        "courses": lambda: courses(T, {"x": {"control": RISE, "drug": FALL}}, time_unit="day", style=style),
        "doses": lambda: courses(T, {"x": {"a": RISE}}, doses={"a": [0, 4]}, windows={"a": [(1, 3)]}, style=style),
        "bands": lambda: bands(
            T, {"a": np.array([0.5, 1, 2])[:, None] * RISE}, (0.05, 0.5, 0.95), quantity="x", style=style
        ),
        "heat": lambda: heat([0, 1, 2], [0, 1], np.arange(6.0).reshape(2, 3), z_label="z", style=style, **NAMES),
        "endpoints": lambda: endpoints({"final(x)": {"a": [1.0, 2.0, 4.0], "b": [2.0, 3.0, 8.0]}}, style=style),
        "waterfall": lambda: waterfall({"a": [-50.0, 25.0], "b": [-75.0, 50.0]}, label="change", style=style),
        "time to event": lambda: time_to_event(
            {"a": np.array([1.0, 4.0, np.inf]), "b": np.array([2.0, np.inf, np.inf])},
            until=8.0,
            time_unit="day",
            event="x",
            style=style,
        ),
        "equations": lambda: equations([r"\frac{dx}{dt} = a - b x"], style=style),
        "dose-response": lambda: dose_response(
            [0, 1, 2, 4, 8], [[8, 4, 2, 1, 0.5]], grid=[0.5, 1, 8], curves=[[6, 4, 0.5]], ec50=1.0, style=style, **NAMES
        ),
        "shares": lambda: responder_shares(
            {"a": (0.25, 0.125, 0.5), "b": (0.75, 0.5, 1.0)}, rule="with x < 1", patients=64, style=style
        ),
        "tornado": lambda: tornado(
            4.0, [2, 3], [8, 3.5], names=["a", "b"], ends=[[1, 2], [1, 2]], label="auc(x)", style=style
        ),
        "why": lambda: difference_bars([2.0, -1.0], names=["growth", "killing"], total=1.0, label="x", style=style),
        "isoboles": lambda: isoboles(T, T, T[:, None] / 32 + T / 32, additive={0.25: (8.0, 8.0)}, style=style, **NAMES),
    }


@pytest.mark.parametrize("name", figures())
def test_a_figure_shows_what_it_always_showed(name: str) -> None:
    """A change here is a change of what a figure of the same data shows: look at it, then write the new one down."""
    if name in ("doses", "isoboles") and tuple(map(int, matplotlib.__version__.split(".")[:2])) < (3, 9):
        pytest.skip("bars and contours had other corners before matplotlib 3.9")
    assert data_hash(figures()[name]()) == KNOWN[name]


@pytest.mark.parametrize("name", ["courses", "bands", "waterfall", "why", "tornado"])
def test_the_fingerprint_is_that_of_the_data_not_of_the_look(name: str) -> None:
    made = figures("paper")[name]()
    first = data_hash(made)
    assert first == KNOWN[name]
    made.savefig(BytesIO(), format="png", dpi=20)
    assert data_hash(made) == first


def test_other_data_have_another_fingerprint() -> None:
    def of(last: float) -> str:
        return data_hash(courses(T, {"x": np.append(RISE[:-1], last)}))

    assert of(100.0) != of(100.1)
    assert of(100.0) == of(100.000001)  # digits that depend on the processor
    assert data_hash(equations(["x = 1"])) != data_hash(equations(["x = 2"]))


def test_four_digits_count_and_noise_does_not() -> None:
    assert digits(np.array([1234.56, -0.00012344, 1e-20])) == "1.235e+03,-1.234e-04,0.000e+00"
    assert digits(np.array([1.0, np.nan, np.inf])) == "1.000e+00,nan,inf"
