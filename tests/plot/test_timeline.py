"""The timeline of interventions."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from immunode.errors import StudyError
from immunode.plot.charts.treatment_timeline import Lane, timeline

T = np.linspace(0, 364, 200)
WINDOW = Lane("window", "treated", T, ((T > 50) & (T < 100)).astype(float))
DRUG = Lane("drug", "treated", T, np.exp(-T / 90), doses=np.arange(0, 200, 14.0).tolist())
RULE = Lane("rescue", "both", T, (T > 56).astype(float), visits=np.arange(0, 365, 28.0).tolist(), changes=[(56, "on")])


def artists(figure: Any, gid: str) -> list[Any]:
    return [a for ax in figure.axes for a in ax.get_children() if a.get_gid() == gid]


def test_every_intervention_has_a_row_above_the_courses() -> None:
    series = {"T": {"control": T, "treated": T / 2, "both": T / 3}, "E": {"control": T, "treated": T, "both": T}}
    arms = ["control", "treated", "both"]
    figure = timeline([WINDOW, DRUG, RULE], T, series, arms=arms, units={"T": "cell"}, time_unit="day")
    figure.draw_without_rendering()
    top, *panels = figure.axes
    assert len(panels) == 2
    assert top.get_xlim() == panels[0].get_xlim() == (0, 52)
    assert [a.get_text() for a in artists(figure, "lane-label")] == ["window", "drug", "rescue"]
    boxes = [ax.get_window_extent() for ax in (top, *panels)]
    assert boxes[0].y0 > boxes[1].y1
    assert boxes[1].y0 > boxes[2].y1
    assert boxes[0].x0 == pytest.approx(boxes[1].x0)


def test_marks_stand_at_their_times() -> None:
    figure = timeline([WINDOW, DRUG, RULE], span=(0, 364), time_unit="day")
    (doses,), (visits,), (changes,) = (artists(figure, gid) for gid in ("doses", "visits", "changes"))
    assert doses.get_xdata() == pytest.approx(np.arange(0, 200, 14.0) / 7)
    assert visits.get_xdata() == pytest.approx(np.arange(0, 365, 28.0) / 7)
    assert changes.get_xdata() == pytest.approx([8])
    assert len(artists(figure, "bar")) == 3


def test_arms_keep_their_colors_and_rows_of_an_arm_stand_apart() -> None:
    from matplotlib.colors import to_hex

    from immunode.plot.kit.style import PALETTE, readable

    figure = timeline([WINDOW, RULE], span=(0, 364), arms=["control", "treated", "both"])
    labels = artists(figure, "lane-label")
    assert [to_hex(a.get_color()).lower() for a in labels] == [readable(c).lower() for c in PALETTE[1:3]]
    assert len(artists(figure, "between-arms")) == 1


def test_many_visits_and_doses_do_not_run_into_each_other() -> None:
    lane = Lane("often", "", doses=np.arange(0, 364, 0.5).tolist(), visits=np.arange(0, 364, 0.5).tolist())
    figure = timeline([lane], span=(0, 364))
    assert artists(figure, "visits") == []
    (band,) = artists(figure, "dose-band")
    assert list(band.get_xdata()) == [0, 363.5]
    lane = Lane("daily", "", doses=np.arange(0, 100.0).tolist())
    assert artists(timeline([lane], span=(0, 100)), "doses")[0].get_marker() == "|"


def test_five_days_of_radiation_are_seen_in_half_a_year() -> None:
    t = np.sort(np.concatenate([[day, day, day + 0.01, day + 0.01] for day in range(7, 12)]))
    figure = timeline([Lane("radiation", "", t, np.tile([0.0, 1.0, 1.0, 0.0], 5))], span=(0, 182))
    (blocks,) = artists(figure, "brief-window")
    assert blocks.get_xdata() == pytest.approx(np.arange(7, 12) + 0.005)
    assert blocks.get_markeredgewidth() > 2


@pytest.mark.parametrize("n", [1, 8, 24, 36])
def test_a_slide_keeps_its_shape_however_many_rows_there_are(n: int) -> None:
    lanes = [Lane(f"drug {i}", f"arm {i}", T, T / 364) for i in range(n)]
    arms = [f"arm {i}" for i in range(n)]
    figure = timeline(lanes, T, {"T": {arm: T + i for i, arm in enumerate(arms)}}, arms=arms)
    figure.draw_without_rendering()
    assert tuple(figure.get_size_inches()) == (40 / 3, 7.5)
    assert min(label.get_fontsize() for label in artists(figure, "lane-label")) >= 8
    boxes = [label.get_window_extent() for label in artists(figure, "lane-label")]
    assert all(above.y0 > below.y0 for above, below in pairwise(boxes))
    assert figure.axes[1].bbox.height > 60


@pytest.mark.parametrize("style", ["slide", "paper"])
def test_labels_stay_inside_the_figure(style: str) -> None:
    lane = Lane("combination: lymphodepletion", "a", T, T / 364)
    figure = timeline([lane, lane], T, {"T": T}, style=style)
    figure.draw_without_rendering()
    box = figure.bbox
    for label in artists(figure, "lane-label"):
        extent = label.get_window_extent()
        assert extent.x1 <= box.x1 + 1
        assert extent.x0 >= figure.axes[0].get_window_extent().x1


def test_nothing_to_draw_is_told() -> None:
    with pytest.raises(StudyError, match="no intervention and no quantity"):
        timeline([])
