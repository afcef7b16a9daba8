"""How figures fill their pages: no orphans, no rows beyond the page, lines of text about as wide as each other."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_hex

from immunode.plot.charts.analysis.sensitivity import sensitivity_bars
from immunode.plot.charts.analysis.tornado_bars import tornado
from immunode.plot.charts.arm_strips import strips
from immunode.plot.charts.quick_rhythms import averaged, envelope
from immunode.plot.charts.responder_bars import responder_shares
from immunode.plot.charts.time_courses import courses, row_end
from immunode.plot.kit.style import PALETTE
from immunode.plot.kit.text import pieces_of, width_of, wrap

T = np.linspace(0.0, 10.0, 21)


@pytest.mark.parametrize("n", [5, 8])
def test_no_cell_of_a_page_stays_empty_the_first_panel_is_wider(n: int) -> None:
    figure = courses(T, {f"quantity {i}": {"control": T, "drug": T / 2} for i in range(n)})
    specs = [ax.get_subplotspec() for ax in figure.axes]
    cells = [(row, column) for spec in specs if spec for row in spec.rowspan for column in spec.colspan]
    grid = specs[0]
    assert grid is not None
    rows, columns = grid.get_gridspec().get_geometry()
    assert sorted(cells) == [(row, column) for row in range(rows) for column in range(columns)]
    figure.draw_without_rendering()
    named = [ax for ax in figure.axes if ax.get_xlabel()]
    assert len(named) == columns  # the time axis is named below, once for each column


def test_the_last_panel_of_a_row_is_known_where_the_first_fills_the_grid() -> None:
    assert [row_end(i, 5, 2) for i in range(5)] == [0, 2, 2, 4, 4]
    assert [row_end(i, 8, 3) for i in range(8)] == [1, 1, 4, 4, 4, 7, 7, 7]
    assert [row_end(i, 4, 2) for i in range(4)] == [1, 1, 3, 3]


@pytest.mark.parametrize("n", [30])
def test_rows_of_any_number_stay_on_a_slide_and_apart(n: int) -> None:
    names = [f"killing of tumor cells by effector cells, clone {i}" for i in range(n)]
    values = np.linspace(3.0, 1.0, n)
    ends = np.tile([1.0, 2.0], (n, 1))
    shares = dict.fromkeys(names[:18], (0.5, 0.4, 0.6))
    for figure in (
        sensitivity_bars({"prcc": values}, names=names, title="What matters"),
        tornado(0.0, -values, values, names=names, ends=ends, label="tumor cells", title="What matters"),
        responder_shares(shares, rule="in remission at week 24", patients=50, title="Who responds"),
    ):
        assert tuple(figure.get_size_inches()) == (40 / 3, 7.5)
        figure.draw_without_rendering()
        labels = figure.axes[0].get_yticklabels()
        boxes = [label.get_window_extent() for label in labels]
        assert min(label.get_fontsize() for label in labels) >= 8
        assert not [i for i in range(1, len(boxes)) if boxes[i].y1 > boxes[i - 1].y0 + 3]


def test_a_line_breaks_neither_in_a_unit_nor_before_a_lone_last_word() -> None:
    assert pieces_of("endotoxin 3 mg/kg") == ["endotoxin ", "3 mg/kg"]
    assert pieces_of("SRI-4 and/or BICLA")[0] == "SRI-4 and/or "
    text = "inhibitor (97 %) from day 1"
    first, second = wrap(text, width_of(text, 18) - 2, 18).split("\n")
    assert second.startswith("from") or first.endswith("from")


def test_a_strip_shows_means_of_a_rhythm_it_has_no_room_for() -> None:
    t = np.linspace(0.0, 100.0, 3001)
    quick = averaged(np.linspace(0.0, 100.0, 11), t, 1 + np.sin(2 * np.pi * t))
    np.testing.assert_allclose(quick, 1.0, atol=1e-9)
    jumps = averaged(np.array([0.0, 0.5, 1.0, 2.0, 3.0, 4.0]), np.array([0, 1, 1, 3.0]), np.array([0, 2, 5, 5.0]))
    np.testing.assert_allclose(jumps, [0.5, 1.5, 5.0, 5.0, np.nan])


def test_strips_fill_their_page_and_doses_stand_above_them() -> None:
    arms = {f"arm {i}": T * i for i in range(9)}
    times = {f"arm {i}": (-1.0,) if i == 3 else (2.0, 5.0) for i in range(1, 9)}  # a dose before the first time
    figure = strips(T, {"x": arms, "y": arms}, doses=times, title="Nine arms", time_unit="day", control="arm 0")
    figure.draw_without_rendering()
    named = next(ax for ax in figure.axes if [tick for tick in ax.get_yticklabels() if tick.get_text()])
    assert named.get_position().height > 0.6
    assert to_hex(named.get_yticklabels()[0].get_color()) == PALETTE[0].lower()
    marks = [line for line in named.lines if line.get_gid() == "doses"]
    assert len(marks) == 7
    assert all(0 < line.get_ydata()[0] % 1 < 0.3 for line in marks)  # type: ignore[index]  # strips are below


def test_a_rhythm_too_quick_to_draw_is_a_band_around_its_mean_and_said_in_words() -> None:
    t = np.linspace(0.0, 300.0, 6001)
    daily = 5 + 2 * np.sin(2 * np.pi * t)
    found = envelope(t, daily, 300.0, 3.2)
    assert found is not None
    np.testing.assert_allclose(found.mean, 5, atol=0.02)
    np.testing.assert_allclose([found.low.max(), found.high.min()], [3, 7], atol=0.05)
    assert envelope(t, daily, 3000.0, 3.2) is None  # 10 points a day can be seen
    assert envelope(t, 5 - t / 100, 300.0, 3.2) is None
    assert envelope(t, daily, 300.0, 3.2, span=400.0) is None  # a line as thick as its swings
    figure = courses(t, {"cortisol": {"control": t * 0 + 5, "rhythm": daily}}, time_unit="day")
    assert "a rhythm too quick to draw" in figure.get_supxlabel()
    assert len(figure.axes[0].collections) == 1
    assert np.ptp(figure.axes[0].lines[1].get_ydata()) < 0.1
    plain = courses(t[:201], {"cortisol": {"control": t[:201] * 0 + 5, "rhythm": daily[:201]}}, time_unit="day")
    assert not plain.get_supxlabel()


@pytest.mark.parametrize(
    ("style", "title"),
    [
        ("slide", "Omalizumab and IgE in allergic asthma: a trial population (lowe2009)"),
        ("paper", "Infliximab binds nearly all TNF at first; antibodies to it bring free TNF back two weeks earlier."),
        ("paper", "Virus stays until CD8 T cells have expanded, and then goes within two days; without them it stays."),
    ],
)
def test_a_title_ends_before_the_right_edge(style: str, title: str) -> None:
    figure = courses(T, {"virus": {"control": T}}, title=title, style=style)
    figure.set_dpi(110 if style == "slide" else 100)  # letters are drawn wider than they measure, here the most
    figure.draw_without_rendering()
    assert figure._suptitle is not None
    box, page = figure._suptitle.get_window_extent(), figure.bbox
    assert box.x1 <= page.x1 - (0.5 * box.x0 if style == "slide" else 0)
