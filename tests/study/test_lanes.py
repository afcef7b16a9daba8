"""Simulations as rows of a timeline."""

from __future__ import annotations

import numpy as np
import pytest

from immunode.errors import StudyError
from immunode.intervention import Intervention, at_visits, daily, inhibit, scale
from immunode.model import Model
from immunode.study import simulate
from immunode.study.result.course_pictures import lanes

RESCUE = Intervention("rescue", inhibit("k", 0.5), at_visits(1, when="A < 2", stop_when="A < 0.5"))


def test_a_row_for_each_intervention_of_each_arm(decay: Model) -> None:
    out = simulate(decay, arms={"control": [], "slow": ["slow"], "both": ["slow", "graft", RESCUE]})
    rows = lanes(out)
    assert [(row.name, row.arm) for row in rows] == [
        ("slow", "slow"),
        ("both: rescue", "both"),
        ("both: slow", "both"),
        ("both: graft", "both"),
    ]
    assert rows[3].doses == (4.0,)


def test_rows_of_an_arm_named_after_its_interventions_say_each_once(decay: Model) -> None:
    """The name of the whole arm in front of each would cut off what tells the rows apart."""
    rows = lanes(simulate(decay, arms={"slow + graft": ["slow", "graft"]}))
    assert [(row.name, row.arm) for row in rows] == [("slow", "slow + graft"), ("+ graft", "slow + graft")]


def test_a_row_tells_strength_visits_and_changes(decay: Model) -> None:
    (row,) = lanes({"": simulate(decay, interventions=RESCUE)})
    assert row.visits == tuple(range(11))
    assert row.changes == ((3.0, "on"), (9.0, "off"))
    on = np.asarray(row.times)[np.asarray(row.level) > 0]
    assert (on.min(), on.max()) == (3.0, 9.0)


def test_a_quick_rhythm_is_a_band(decay: Model) -> None:
    out = simulate(decay, times=np.linspace(0, 10, 21), interventions=Intervention("c", scale("k", 2), daily(0.5, 0.1)))
    (row,) = lanes({"": out})
    assert np.ptp(row.level) < 0.02


def test_figures_have_a_timeline_on_request(decay: Model) -> None:
    out = simulate(decay, arms={"control": [], "slow": ["slow"]})
    assert len(out.plot("A", timeline=True).axes) == 2
    assert len(out["slow"].plot(timeline=True).axes) == 2
    assert len(out.timeline().axes) == 1
    with pytest.raises(StudyError, match="no intervention to draw a timeline of"):
        out["control"].timeline()
    with pytest.raises(StudyError, match="leave out axes"):
        out.plot("A", timeline=True, axes=out.plot("A").axes[0])
