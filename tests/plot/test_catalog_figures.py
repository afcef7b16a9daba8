"""The default figures of models: each is drawn once, and looked at by every test.

The quick round draws those that were hard to draw; all of the catalogue are drawn by hand, with `-m soak`. In figures
of all arms the curves are those of the story, shifted: what is looked at are names and marks, which are the real ones.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text

from immunode.catalogue import list_models, load_model
from immunode.model import Model
from immunode.plot.charts.arm_strips import lines_or_strips
from immunode.plot.kit.style import PALETTE
from immunode.study.result.course_pictures import control_of
from immunode.study.result.simulation import Comparison
from immunode.study.run.ready import looked_at_first, meanings, quantity_labels, quantity_units
from immunode.study.stories import run_story

HARD = ("aitoudhia2012", "chatterjee2017", "crass2024", "kosinsky2018", "leil2021", "sleep_minimal")
Seen = Callable[[Figure], list[Text]]
EVERY = [
    pytest.param(entry.name, marks=[] if entry.name in HARD else [pytest.mark.slow, pytest.mark.soak], id=entry.name)
    for entry in list_models()
]


@cache
def told(name: str) -> Comparison:
    return run_story(load_model(name), engine="auto")


@cache
def story(name: str, style: str = "slide") -> Figure:
    figure = told(name).plot(style=style)
    figure.draw_without_rendering()
    return figure


@cache
def every_arm(name: str) -> Figure:
    """Return the figure of all arms that a model declares, with curves like those of its story."""
    runs = told(name)
    first = next(iter(runs.values()))
    model: Model = first.model
    arms = ["control", *(one.name for one in load_model(name).interventions)]
    shown = [q for q in looked_at_first(model) if q in first.path]
    figure = lines_or_strips(
        first.path_times,
        {q: {arm: first.path[q] * (1 + 0.02 * i) for i, arm in enumerate(arms)} for q in shown},
        units=quantity_units(model), time_unit=model.axis_unit, labels=meanings(model),
        headings=quantity_labels(model), control="control", title=model.label,
        doses={arm: (float(i),) for i, arm in enumerate(arms) if i}, told=arms[1:3],
    )  # fmt: skip
    figure.draw_without_rendering()
    return figure


DRAWN: Mapping[str, Callable[[str], Figure]] = MappingProxyType({"story": story, "every arm": every_arm})


def seen_once(figure: Figure, seen: Seen) -> list[tuple[str, Any]]:
    return [(text.get_text(), text.get_window_extent()) for text in seen(figure)]


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("kind", DRAWN)
def test_a_slide_is_wide_its_texts_are_whole_apart_and_large(name: str, kind: str, seen: Seen) -> None:
    figure = DRAWN[kind](name)
    assert tuple(figure.get_size_inches()) == (40 / 3, 7.5)
    texts, page = seen_once(figure, seen), figure.bbox
    for (a, box), (b, other) in itertools.combinations(texts, 2):
        wide = min(box.x1, other.x1) - max(box.x0, other.x0)
        high = min(box.y1, other.y1) - max(box.y0, other.y0)
        # a box holds room for accents and descenders: up to 3 px of two boxes may share empty ground
        assert min(wide, high) <= 3, f"'{a}' and '{b}' overlap by {wide:.0f} x {high:.0f} px"
    for text, box in texts:
        inside = box.x0 >= page.x0 - 1 and box.x1 <= page.x1 + 1 and box.y0 >= page.y0 - 1 and box.y1 <= page.y1 + 1
        assert inside, f"'{text}' leaves the page: {box}"
    assert min(float(text.get_fontsize()) for text in seen(figure)) >= 8


@pytest.mark.parametrize("name", EVERY)
def test_each_arm_has_a_color_of_its_own_and_dark_gray_is_the_controls(name: str) -> None:
    runs, figure = told(name), story(name)
    lines = [
        line for line in figure.axes[0].lines if line.get_gid() is None and not str(line.get_label()).startswith("_")
    ]
    if not lines:  # strips
        return
    assert len({to_hex(line.get_color()) for line in lines}) == len(lines)
    control = control_of(runs)
    gray = [str(line.get_label()) for line in lines if to_hex(line.get_color()) == PALETTE[0].lower()]
    assert gray == ([control] if control and len(runs) > 1 else [])


@pytest.mark.parametrize("name", EVERY)
def test_treatments_are_marked_once_and_take_little_height(name: str) -> None:
    figure = story(name)
    marked = [ax for ax in figure.axes if any(text.get_gid() == "mark-label" for text in ax.texts)]
    assert len(marked) <= 1
    for ax in marked:
        tops = [text.get_window_extent().y1 for text in ax.texts if text.get_gid() == "mark-label"]
        assert max(tops) - ax.bbox.y1 < 0.15 * figure.bbox.height


@pytest.mark.parametrize("name", [*EVERY, "ma2020"])
def test_no_text_of_a_story_is_cut_off(name: str, seen: Seen) -> None:
    assert not [text.get_text() for text in seen(story(name)) if "…" in text.get_text()]


def test_an_arm_is_marked_with_its_own_doses_and_what_all_arms_get_stands_apart() -> None:
    """Chemotherapy and steroid of melhem2018 are no injections of G-CSF: one stays one, ten stay ten."""
    ax = next(ax for ax in story("melhem2018").axes if any(line.get_gid() == "doses" for line in ax.lines))
    marks = [len(line.get_xdata()) for line in ax.lines if line.get_gid() == "doses"]
    names = [text.get_text() for text in ax.texts if text.get_gid() == "mark-label"]
    assert dict(zip(names, marks, strict=True)) == {"all arms": 2, "filgrastim x 10": 10, "pegfilgrastim once": 1}


@pytest.mark.parametrize("name", EVERY)
def test_names_of_levels_cover_no_other_text(name: str) -> None:
    """They are placed while drawing, inside of the axes."""
    for ax in story(name).axes:
        for text in ax.texts:
            if text.get_gid() == "level-name":
                box = text.get_window_extent()
                assert ax.bbox.x0 <= box.x0 < box.x1 <= ax.bbox.x1 + 1


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize("style", ["paper", "poster", "dark"])
@pytest.mark.parametrize("name", [entry.name for entry in list_models()])
def test_other_styles_cut_nothing_off(name: str, style: str, seen: Seen) -> None:
    figure = story(name, style)
    for text, box in seen_once(figure, seen):
        assert box.x0 >= -1, text
        assert box.x1 <= figure.bbox.x1 + 1, text
        assert box.y1 <= figure.bbox.y1 + 1, text


@pytest.mark.slow
def test_pathogens_and_tumors_have_log_axes_where_decades_differ() -> None:
    assert [ax.get_yscale() for ax in story("kosinsky2018").axes] == ["log", "linear"]
    assert [ax.get_yscale() for ax in story("sleep_minimal").axes] == ["linear"] * 3
    plain = told("kosinsky2018").plot(log=False)
    assert [ax.get_yscale() for ax in plain.axes] == ["linear", "linear"]


def test_more_arms_than_lines_can_show_become_strips_with_the_storys_arms_in_color() -> None:
    figure = every_arm("kosinsky2018")
    names = [label for ax in figure.axes for label in ax.get_yticklabels() if re.search("[a-z]", label.get_text())]
    colored = [label.get_text() for label in names if label.get_fontweight() == "bold"]
    assert colored == ["control", *(one.name for one in load_model("kosinsky2018").interventions[:2])]
    assert len(names) == 1 + len(load_model("kosinsky2018").interventions)
    meshes = [ax for ax in figure.axes if ax.collections and len(ax.get_yticks()) > 1]
    assert all(np.asarray(ax.collections[0].get_array()).shape[0] == 2 * len(names) - 1 for ax in meshes)
