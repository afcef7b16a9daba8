"""Small models with closed forms, shared by the tests of studies."""

from __future__ import annotations

import pytest

from immunode.intervention import Intervention, add, during, inhibit, pulses, scale, transfer
from immunode.model import Derived, Model, Parameter, Process, State


@pytest.fixture(scope="session")
def decay() -> Model:
    """Return A' = inflow - k*A from A(0) = 8; with inflow 0, A = 8 exp(-k t)."""
    return Model(
        name="decay",
        time_unit="day",
        horizon=10.0,
        states=[State("A", 8.0, "cell", "cells", typical=1.0)],
        parameters=[
            Parameter("k", 0.5, "1/day", "loss", source="assumed: a test", bounds=(0.1, 2.0)),
            Parameter("inflow", 0.0, "cell/day", "supply", source="assumed: a test"),
            Parameter("k_second", 2.0, "1/day", "of no use", source="assumed: a test"),
        ],
        processes=[Process("loss", "A ->", "k*A"), Process("supply", "-> A", "inflow")],
        derived=[Derived("twice", "2*A", "cell")],
        readouts=["A"],
        interventions=[
            Intervention("slow", [inhibit("k", 0.5)], during(2, 6), source="assumed: a test"),
            Intervention("graft", [transfer("A", 10.0)], during(4), source="assumed: a test"),
            Intervention(
                "burst", [add("inflow", 3.0)], pulses(every=2, width=0.5, n=3, start=1), source="assumed: a test"
            ),
            Intervention("quick", [scale("k", 3.0)], source="assumed: a test"),
        ],
    )


@pytest.fixture(scope="session")
def hump() -> Model:
    """Return B' = a*A - b*B fed by A' = -a*A: B peaks at ln(a/b)/(a - b)."""
    return Model(
        name="hump",
        time_unit="day",
        horizon=12.0,
        states=[State("A", 1.0, "cell"), State("B", 0.0, "cell", typical=1.0)],
        parameters=[
            Parameter("a", 1.0, "1/day", source="assumed: a test"),
            Parameter("b", 0.5, "1/day", source="assumed: a test"),
        ],
        processes=[Process("turn", "A -> B", "a*A"), Process("leave", "B ->", "b*B")],
        readouts=["B"],
    )


@pytest.fixture(scope="session")
def runaway() -> Model:
    """Return X' = r*X**2 from X(0) = 1: it reaches infinity at t = 1/r."""
    return Model(
        name="runaway",
        time_unit="day",
        horizon=5.0,
        states=[State("X", 1.0, "cell")],
        parameters=[Parameter("r", 0.1, "1/(cell*day)", source="assumed: a test")],
        processes=[Process("growth", "-> X", "r*X**2")],
    )
