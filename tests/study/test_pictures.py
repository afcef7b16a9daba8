from __future__ import annotations

import pytest

from immunode.model import Model
from immunode.study import SweepResult, final, grid, simulate, sweep


@pytest.fixture(scope="module")
def out(decay: Model) -> SweepResult:
    design = grid({"k": [0.3, 0.6, 0.9], "slow.strength": [0.0, 0.5, 1.0]})
    return sweep(decay, design, arms=["control", "slow"], until=8, endpoints=[final("A"), final("twice")], keep=["A"])


def words(figure) -> str:
    figure.canvas.draw()
    texts = [t.get_text() for t in figure.findobj(lambda a: hasattr(a, "get_text"))]
    return " | ".join(texts)


@pytest.mark.parametrize("style", ["slide", "paper"])
def test_a_simulation_draws_what_was_asked_for_with_units(decay: Model, style: str) -> None:
    text = words(simulate(decay, 8, interventions=["graft"]).plot("A", "loss", style=style))
    assert "loss" in text
    assert "cell" in text
    assert "time" in text


def test_arms_are_labelled_and_doses_marked(decay: Model) -> None:
    figure = simulate(decay, 8, arms=["control", "graft"]).plot("A")
    text = words(figure)
    assert "control" in text
    assert "graft" in text
    line = next(line for line in figure.axes[0].lines if len(line.get_xdata()) == 403)
    at_dose = line.get_ydata()[line.get_xdata() == 4]
    assert len(at_dose) >= 2  # the jump is drawn upright, not slanted


def test_a_heat_map_has_its_columns_as_axes(out: SweepResult) -> None:
    text = words(out.plot.heat("final(A)", x="slow.strength", y="k", arm="slow"))
    assert "slow, strength" in text
    assert "cells at day 8" in text


def test_bands_name_arms_and_count_runs(out: SweepResult) -> None:
    text = words(out.plot.bands("A"))
    assert "control" in text
    assert "slow" in text
    assert "9" in text


def test_endpoints_are_drawn_by_arm(out: SweepResult) -> None:
    text = words(out.plot.endpoints("final(twice)"))
    assert "twice at day 8" in text
    assert "slow" in text
