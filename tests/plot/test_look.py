"""What every finished figure promises, checked on figures like those of studies."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

Seen = Callable[[Figure], list[Text]]
Finished = tuple[Figure, str]


def boxes(figure: Figure, seen: Seen) -> list[tuple[str, Any]]:
    return [(text.get_text(), text.get_window_extent()) for text in seen(figure)]


@pytest.mark.sampled
def test_no_text_covers_another(finished: Finished, seen: Seen) -> None:
    figure, _ = finished
    for (a, box), (b, other) in itertools.combinations(boxes(figure, seen), 2):
        wide = min(box.x1, other.x1) - max(box.x0, other.x0)
        high = min(box.y1, other.y1) - max(box.y0, other.y0)
        # a box holds room for accents and descenders: up to 2 px of two boxes may share empty ground
        assert min(wide, high) <= 2, f"'{a}' and '{b}' overlap by {wide:.0f} x {high:.0f} px"


@pytest.mark.sampled
def test_no_text_is_cut_off_at_the_edge(finished: Finished, seen: Seen) -> None:
    figure, _ = finished
    page = figure.bbox
    for text, box in boxes(figure, seen):
        inside = box.x0 >= page.x0 - 1 and box.x1 <= page.x1 + 1 and box.y0 >= page.y0 - 1 and box.y1 <= page.y1 + 1
        assert inside, f"'{text}' leaves the page: {box} of {page}"


@pytest.mark.sampled
def test_text_can_be_read_from_the_last_row(finished: Finished, seen: Seen) -> None:
    figure, style = finished
    least = {"slide": 14, "paper": 6, "poster": 20}[style]
    for text in seen(figure):
        assert float(text.get_fontsize()) >= least, f"'{text.get_text()}' has {text.get_fontsize()} pt"


@pytest.mark.sampled
def test_slides_fill_a_wide_screen(finished: Finished) -> None:
    figure, style = finished
    width, height = figure.get_size_inches()
    if style == "slide" and figure.axes:
        assert (width, height) == (40 / 3, 7.5)
    if style == "paper" and figure.axes:
        assert width == 3.4


@pytest.mark.sampled
def test_axes_leave_little_white(finished: Finished) -> None:
    """Axes with their labels cover most of the page: a figure that collapsed or shrank fails."""
    figure, _ = finished
    if figure.axes:
        box = mpl.transforms.Bbox.union([b for ax in figure.axes if (b := ax.get_tightbbox()) is not None])
        assert box.width * box.height > 0.75 * figure.bbox.width * figure.bbox.height
        assert min(ax.bbox.width for ax in figure.axes) > 5  # a color bar is thin


def test_every_panel_names_its_unit(two_arms: Figure, drawn: Callable[[Figure], Any]) -> None:
    drawn(two_arms)
    tnf, damage = two_arms.axes
    assert tnf.get_ylabel() == "tnf (pg/mL)"
    assert damage.get_ylabel() == "damage"
    assert damage.get_xlabel() == "time (weeks)"
    assert not tnf.get_xlabel()


def test_titles_stand_clear_of_doses(two_arms: Figure, drawn: Callable[[Figure], Any]) -> None:
    drawn(two_arms)
    for ax in two_arms.axes[:1]:
        title = next(t for t in ax.findobj(Text) if t.get_text() == ax.get_title(loc="left"))
        (doses,) = [line for line in ax.lines if line.get_gid() == "doses"]
        assert title.get_window_extent().y0 >= doses.get_window_extent().y1 - 1
        assert doses.get_window_extent().y0 >= ax.bbox.y1


def test_panels_below_do_not_repeat_the_doses(two_arms: Figure, drawn: Callable[[Figure], Any]) -> None:
    drawn(two_arms)
    assert not [line for line in two_arms.axes[1].lines if line.get_gid() == "doses"]


def test_settings_of_the_user_neither_change_nor_show(drawn: Callable[[Figure], Any]) -> None:
    from io import BytesIO

    from immunode.plot import courses

    def picture() -> bytes:
        figure = courses(np.arange(5.0), {"x": {"a": np.arange(5.0), "b": np.ones(5)}}, time_unit="day")
        figure.savefig(out := BytesIO(), format="png", dpi=40, metadata={"Software": None})
        return out.getvalue() + bytes(drawn(figure).buffer_rgba())

    plain = picture()
    with mpl.rc_context({"font.size": 3, "axes.facecolor": "black", "xtick.labelsize": 2, "lines.linewidth": 9,
                         "text.hinting": "none", "axes.grid": True, "figure.dpi": 33}):  # fmt: skip
        before = dict(mpl.rcParams)
        assert picture() == plain
        assert dict(mpl.rcParams) == before


def test_pyplot_is_never_imported() -> None:
    import subprocess
    import sys

    code = (
        "import sys, io; from immunode.plot import courses\n"
        "courses([0, 1], {'x': [0, 1]}).savefig(io.BytesIO())\n"
        "print('matplotlib.pyplot' in sys.modules, any(m.startswith('immunode.s') for m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_figures_show_themselves_in_notebooks(two_arms: Figure) -> None:
    from io import BytesIO

    from PIL import Image

    data = two_arms._repr_png_()  # type: ignore[attr-defined]
    assert Image.open(BytesIO(data)).size == (960, 540)
