"""Figures of analyses call inputs, treatments and endpoints by their labels."""

from __future__ import annotations

from typing import Any

import pytest

from immunode.analysis.sensitivity.ledger import evidence_ledger
from immunode.analysis.sensitivity.screening import morris
from immunode.analysis.sensitivity.variance import sobol_indices
from immunode.analysis.treatment.sequence_maps import sequence_map
from immunode.analysis.treatment.shapley_shares import shapley
from immunode.intervention import Intervention, at_times, remove, transfer
from immunode.model import Model, Parameter, Process, State

MODEL = Model(
    name="pool",
    time_unit="day",
    states=[State("x", 8.0, "mg", label="pool size")],
    parameters=[Parameter("d", 0.5, "1/day", source="assumed: a test", bounds=(0.25, 1.0), label="loss rate")],
    processes=[Process("loss", "x ->", "d*x")],
    interventions=[
        Intervention("give", [transfer("x", 4.0)], at_times(1), label="a dose"),
        Intervention("halve", [remove("x", 0.5)], at_times(1), label="half removed"),
    ],
    horizon=10.0,
)
ASKED: dict[str, Any] = {"endpoints": "final(x)", "engine": "numpy"}


def words(figure: Any) -> str:
    figure.draw_without_rendering()
    labels = [
        text
        for ax in figure.axes
        for text in (*ax.get_yticklabels(), *ax.get_xticklabels(), *ax.texts, ax.xaxis.label, ax.yaxis.label)
    ]
    return "\n".join([*(label.get_text() for label in labels), figure.get_suptitle()])


def test_sensitivity_shows_labels_of_inputs_and_endpoints() -> None:
    found = sobol_indices(MODEL, n=8, **ASKED)
    assert "loss rate" in words(found.plot())
    assert "pool size at day 10" in words(found.plot())
    assert "pool size at day 10" in words(found.plot("heat"))
    assert found.columns == ("d",)  # numbers are asked for by name
    assert "loss rate" in words(morris(MODEL, **ASKED).plot("bars"))
    assert "pool size at day 10" in words(evidence_ledger(MODEL, n=8, **ASKED).plot())


@pytest.mark.parametrize("kind", ["curves", "map"])
def test_order_and_gap_show_labels_of_both_interventions(kind: str) -> None:
    found = sequence_map(MODEL, "give", "halve", [0.0, 2.0], **ASKED)
    shown = words(found.plot(kind=kind))
    assert "pool size at day 10" in " ".join(shown.split())
    assert "a dose, then half removed" in " ".join(shown.split())
    assert found.orders == ("give, then halve", "halve, then give")


def test_shapley_shares_show_labels() -> None:
    shown = words(shapley(MODEL, ["give", "halve"], **ASKED).plot())
    assert {"a dose", "half removed"} <= set(shown.split("\n"))
    assert "pool size at day 10" in " ".join(shown.split())
