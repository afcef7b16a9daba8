from __future__ import annotations

import numpy as np
import pytest

import immunode as im
from immunode.intervention import Intervention, scale
from immunode.model import Model, Parameter, Process, State
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


def test_bands_of_several_quantities_have_a_panel_each_with_medians_and_the_widest_band(decay: Model) -> None:
    design = grid({"k": [0.3, 0.6, 0.9]})
    out = sweep(decay, design, arms=["control", "slow"], until=8, endpoints=[final("A")], keep=["A", "twice"])
    figure = out.plot.bands("A", "twice", levels=(0.1, 0.5, 0.9))
    assert len(figure.axes) == 2
    for ax, name in zip(figure.axes, ("A", "twice"), strict=True):
        for arm, (low, median, high) in out.quantiles(name, (0.1, 0.5, 0.9)).items():
            line = next(line for line in ax.lines if line.get_label() == arm)
            assert np.asarray(line.get_ydata()) == pytest.approx(median)
            edges = np.concatenate([one.get_paths()[0].vertices for one in ax.collections if one.get_gid() == "band"])
            for edge in (low, high):
                assert np.abs(edges[:, 1][:, None] - edge).min(axis=0).max() < 1e-9 * np.max(high)
    note = figure.get_supxlabel().replace("\n", " ")
    assert "line: median; bands: 10–90 % of 3" in note


def test_endpoints_are_drawn_by_arm(out: SweepResult) -> None:
    text = words(out.plot.endpoints("final(twice)"))
    assert "twice at day 8" in text
    assert "slow" in text


def test_endpoints_of_arms_that_lie_decades_apart_have_a_log_axis() -> None:
    model = Model(
        "m", time_unit="day", states=[State("x", 1e6, "cell"), State("share", 1e6)],
        parameters=[Parameter("k", 1, "1/day", bounds=(0.9, 1.1))],
        processes=[Process("loss", "x ->", "k*x", "decay"), Process("fall", "share ->", "k*share", "decay")],
        interventions=[Intervention("spared", [scale("k", 0.1)])],
    )  # fmt: skip
    out = im.sweep(model, n=8, arms=["control", "spared"], endpoints=["final(x)", "final(share)"], until=8)
    first, second = (panel.get_xscale() for panel in out.plot.endpoints().axes)
    assert (first, second) == ("log", "linear")
    assert out.plot.endpoints("final(x)", log=False).axes[0].get_xscale() == "linear"
    near = im.sweep(model, n=8, arms=["control", "spared"], endpoints=["final(x)"], until=2)
    assert near.plot.endpoints().axes[0].get_xscale() == "linear"
