"""Diagrams of models: what they show is read from the model, and can be read by people."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text

import immunode as im
from immunode.errors import StudyError
from immunode.model import Compartment, Model, Parameter, Process, State
from immunode.plot import diagram
from immunode.plot.diagrams.graph import arrows, influences, wiring
from immunode.plot.diagrams.icons import KINDS, inside, outline
from immunode.plot.diagrams.layout import _Search, _slots, arrange, grid_of
from immunode.plot.diagrams.scene import Scene, Sheet, compose
from immunode.plot.kit.style import PAPER

MODEL = Model(
    name="small",
    time_unit="day",
    states=[State("T", 10, "cell", "targets", "cell"), State("I", 1, "cell", "infected", "cell"),
            State("V", 5, "copy", "virus", "pathogen"), State("F", 1, "pg", "interferon", "signal")],
    parameters=[Parameter(name, 0.1, unit, source="assumed: test") for name, unit in
                (("b", "1/(copy*day)"), ("d", "1/day"), ("p", "copy/(cell*day)"), ("c", "1/day"), ("q", "pg/(cell*day)"),  # noqa: E501
                 ("k", "1/pg"))],
    processes=[Process("infection", "T -> I", "b*T*V/(1 + k*F)"), Process("death", "I ->", "d*I"),
               Process("release", "-> V", "p*I"), Process("clearance", "V ->", "c*V"),
               Process("late_clearance", "V ->", "c*V"), Process("induction", "-> F", "q*I"),
               Process("loss", "F ->", "d*F")],
)  # fmt: skip

Seen = Callable[[Figure], list[Text]]


def test_processes_with_the_same_ends_are_one_arrow_with_their_sum() -> None:
    fluxes = {process.name: float(i) for i, process in enumerate(MODEL.processes, 1)}
    found = {arrow.processes: arrow for arrow in arrows(MODEL, fluxes)}
    assert found["clearance", "late_clearance"].flux == 4 + 5
    assert all(arrow.flux is None for arrow in arrows(MODEL))


def test_a_catalyst_is_not_moved() -> None:
    model = Model("catalysis", states=[State("a", 1), State("b", 1)], processes=[Process("make", "a -> a + b", "a")])
    (made,) = arrows(model)
    assert (made.takes, made.makes) == ((), ("b",))
    assert [(f.state, f.sign) for f in influences(model, (made,))] == [("a", 1)]


def test_a_flux_below_zero_turns_its_arrow() -> None:
    (turned,) = [a for a in arrows(MODEL, {"infection": -2.0}) if a.processes == ("infection",)]
    assert (turned.takes, turned.makes, turned.flux) == (("I",), ("T",), 2.0)


def test_directions_of_influences_are_those_of_the_rates() -> None:
    shown = arrows(MODEL)
    found = {(f.state, shown[f.arrow].processes[0]): f.sign for f in influences(MODEL, shown)}
    assert found == {("V", "infection"): 1, ("F", "infection"): -1, ("I", "release"): 1, ("I", "induction"): 1}


def test_an_influence_of_either_direction_is_told_as_such() -> None:
    model = im.Model(
        "hump", states=[im.State("x", 1), im.State("y", 1)], processes=[im.Process("gain", "-> y", "x/(1 + x**2)")]
    )
    (only,) = influences(model, arrows(model))
    assert only.sign == 0


@pytest.mark.parametrize("n", [1, 2, 3, 7, 14])
def test_states_stand_apart(n: int) -> None:
    columns, rows = grid_of(n, 16 / 9)
    places = arrange(n, [(i, (i + 1) % n, 3.0) for i in range(n) if n > 1], columns, rows)
    gaps = [np.abs(a - b).max() for a, b in itertools.combinations(places, 2)]
    assert columns * rows >= n
    assert min(gaps, default=1.0) >= 0.6


def test_a_chain_is_laid_out_without_crossings() -> None:
    """Neighbors of a chain of four in two columns stand beside or above each other."""
    places = arrange(4, [(0, 2, 3.0), (2, 1, 3.0), (1, 3, 3.0)], 2, 2)
    assert max(np.hypot(*(places[a] - places[b])) for a, b in ((0, 2), (2, 1), (1, 3))) < 1.4


def test_compartments_stand_beside_each_other() -> None:
    states = [
        State(n, 1, "mg", compartment=c, amount=True)
        for n, c in (("a", "gut"), ("b", "blood"), ("c", "gut"), ("d", "blood"))
    ]
    model = Model("two", states=states, compartments=[Compartment("gut", 1), Compartment("blood", 5)])
    figure = diagram(model)
    x = {t.get_text(): t.get_position()[0] for t in figure.axes[0].texts if t.get_gid() == "state-name"}
    assert max(x["a"], x["c"]) < min(x["b"], x["d"])
    assert {"gut", "blood"} <= {t.get_text() for t in figure.axes[0].texts}


def test_wider_arrows_move_more() -> None:
    fluxes = dict.fromkeys((p.name for p in MODEL.processes), 0.0) | {"infection": 9.0, "death": 1.0}
    figure = diagram(MODEL, fluxes=fluxes)
    widths = sorted({round(p.get_linewidth(), 3) for p in figure.axes[0].patches if p.get_gid() == "flux"})
    none, third, whole = widths
    assert (third - none) / (whole - none) == pytest.approx(
        1 / 3, abs=0.002
    )  # the square root of 1/9; widths are rounded


@pytest.mark.sampled
@pytest.mark.parametrize("name", ["kuznetsov1994", "baker2013", "hancioglu2007", "miyano2022"])
@pytest.mark.parametrize("style", ["slide", "paper"])
def test_texts_of_a_diagram_cover_no_other_and_no_box(
    name: str, style: str, seen: Seen, drawn: Callable[[Figure], Any]
) -> None:
    figure = diagram(im.load_model(name), style=style)
    drawn(figure)
    ax = figure.axes[0]
    texts = [(t.get_text(), t.get_window_extent(), t.get_gid()) for t in seen(figure)]
    for (a, box, _), (b, other, _) in itertools.combinations(texts, 2):
        wide, high = min(box.x1, other.x1) - max(box.x0, other.x0), min(box.y1, other.y1) - max(box.y0, other.y0)
        assert min(wide, high) <= 3, f"'{a}' and '{b}' overlap by {wide:.0f} x {high:.0f} px"
    states = [p.get_window_extent() for p in ax.patches if p.get_gid() == "state"]
    names = [box for _, box, gid in texts if gid == "process-name"]
    assert not any(min(n.x1, s.x1) - max(n.x0, s.x0) > 3 and min(n.y1, s.y1) - max(n.y0, s.y0) > 3
                   for n in names for s in states)  # fmt: skip
    assert sum(gid == "state-name" for _, _, gid in texts) == len(im.load_model(name).states)


@pytest.mark.parametrize("name", ["immune_balance", "huang2021", "chigutsa2021"])
def test_values_below_labels_cover_no_other_text(name: str, seen: Seen, drawn: Callable[[Figure], Any]) -> None:
    model = im.load_model(name)
    figure = diagram(model, values=dict.fromkeys((s.name for s in model.states), 1.23e-5))
    drawn(figure)
    texts = [(t.get_text(), t.get_window_extent()) for t in seen(figure)]
    for (a, box), (b, other) in itertools.combinations(texts, 2):
        wide, high = min(box.x1, other.x1) - max(box.x0, other.x0), min(box.y1, other.y1) - max(box.y0, other.y0)
        assert min(wide, high) <= 3, f"'{a}' and '{b}' overlap by {wide:.0f} x {high:.0f} px"


@pytest.mark.parametrize(
    ("value", "text", "filled"),
    [
        (-3.8e-7, "≈ 0 cells", False),
        (9e-7, "≈ 0 cells", False),
        (1.1e-6, "1.1×10⁻⁶ cells", True),
        (0, "0 cells", False),
    ],
)
def test_what_the_solver_leaves_of_nothing_is_about_zero(value: float, text: str, filled: bool) -> None:
    model = Model("m", states=[State("T", 1, "cell", kind="cell")])
    figure = diagram(model, values={"T": value}, peaks={"T": 1.0})
    (told,) = [t.get_text() for t in figure.axes[0].texts if t.get_gid() == "state-value"]
    (icon,) = [p for p in figure.axes[0].patches if p.get_gid() == "state"]
    assert told == text
    assert ("below a millionth" in " ".join(t.get_text() for t in figure.findobj(Text))) == text.startswith("≈")
    assert (to_rgb(icon.get_facecolor()) != to_rgb(PAPER)) == filled


def test_without_a_largest_size_a_small_value_is_written_as_it_is() -> None:
    figure = diagram(Model("m", states=[State("T", 1, "cell")]), values={"T": 3e-9})
    assert "3×10⁻⁹ cells" in [t.get_text() for t in figure.axes[0].texts]


@pytest.mark.parametrize(
    ("process", "words"),
    [
        (Process("apc_death", "A ->", "A", "death of presenting cells, by age"), "death of presenting cells"),
        (Process("apc_death", "A ->", "A", "death", label="presenting cells die"), "presenting cells die"),
        (Process("apc_death", "A ->", "A"), "apc death"),
        (Process("apc_death", "A ->", "A", "cells, stage 1"), "apc death"),  # the clause is the label of the state
    ],
)
def test_arrows_are_named_in_words(process: Process, words: str) -> None:
    model = Model("m", states=[State("A", 1, label="cells")], processes=[process])
    figure = diagram(model)
    names = [" ".join(t.get_text().split()) for t in figure.axes[0].texts if t.get_gid() == "process-name"]
    assert names == [words]


def test_a_simulation_shows_its_fluxes_at_a_moment() -> None:
    run = im.simulate(im.load_model("kuznetsov1994"), 100)
    title = run.diagram("2 weeks").get_suptitle()
    assert title == "kuznetsov1994, day 14"
    with pytest.raises(StudyError, match="outside the run, 0 to 100"):
        run.diagram(101)


def test_arms_are_shown_where_most_is_at_work() -> None:
    """A decay under way tells more than what is left of it, and a drug that is given more than none."""
    drug = im.Intervention("drug", [im.transfer("D", 10)], im.pulses(1, 1, 1, 20), label="a drug")
    model = Model("m", time_unit="day", states=[State("D", 0), State("x", 5)], interventions=[drug],
                  parameters=[Parameter("k", 0.3, "1/day")],
                  processes=[Process("use", "D ->", "k*D"), Process("loss", "x ->", "0.01*k*x")])  # fmt: skip
    runs = im.simulate(model, 60, arms=["control", "drug"])
    title = runs.diagram().get_suptitle()
    assert title.startswith("m, a drug, day 20")
    # the root of the loss, exp(-0.003 t), is within a twentieth of that at 1.2 days for ln(1/0.95)/0.0015 days
    alone = im.simulate(model, 60, arms=["control"]).diagram().get_suptitle()
    assert float(alone.removeprefix("m, day ")) == pytest.approx(1.2 + np.log(1 / 0.95) / 0.0015, abs=60 / 200)


def test_dense_diagrams_leave_out_gains_and_losses_and_keep_what_acts_on_what() -> None:
    names = [f"s{i}" for i in range(7)]
    pairs = [(a, b) for a in names for b in names if a != b]
    made = [Process(f"{a}_on_{b}", f"-> {b}", a) for a, b in pairs]
    eaten = [Process(f"{a}_eats", f"{names[0]} ->", f"{a}*{names[0]}") for a in names[1:]]
    model = Model("dense", states=[State(n, 1) for n in names], processes=[*made, *eaten])
    shown = arrows(model)
    flows, acting = wiring(shown, influences(model, shown))
    assert flows == ()
    assert {(one.state, one.target) for one in acting} == set(pairs)
    # the others make the first one and eat it: one or the other
    assert {one.sign for one in acting if one.target == names[0]} == {0}
    assert {one.sign for one in acting if one.target != names[0]} == {1}
    figure = diagram(model)
    assert "gains and losses are left out" in figure.get_supxlabel()
    assert not [p for p in figure.axes[0].patches if p.get_gid() == "flux"]


def test_what_is_left_of_a_state_that_is_gone_is_shown_as_zero() -> None:
    """Where solvers end around 0 no picture tells of -3.8e-7 cells."""
    decay = Model("m", time_unit="day", states=[State("x", 5), State("y", 1)], parameters=[Parameter("k", 1, "1/day")],
                  processes=[Process("loss", "x ->", "k*x", "decay")])  # fmt: skip
    run = im.simulate(decay, 40)
    assert 0 < abs(run["x"][-1]) < 5e-6
    told = [t.get_text() for t in run.diagram().axes[0].texts if t.get_gid() == "state-value"]
    assert told == ["≈ 0", "1"]
    assert "0.0916" in [t.get_text() for t in run.diagram(4).axes[0].texts if t.get_gid() == "state-value"]


def test_what_a_state_means_is_written_whole_or_not_at_all() -> None:
    state = State("x", 1, meaning="a very long explanation of a state, which has (no) room")
    for style in ("slide", "paper"):
        figure = diagram(Model("m", states=[state, *(State(f"y{i}", 1) for i in range(8))]), style=style)
        told = [" ".join(t.get_text().split()) for t in figure.axes[0].texts if t.get_gid() == "state-name"]
        assert told[0] in {"x", "a very long explanation of a state"}


def scene_of(name: str, variant: str = "", size: tuple[float, float] = (900.0, 480.0)) -> Scene:
    model = im.load_model(name, variant)
    shown = arrows(model)
    return compose(model, shown, influences(model, shown), Sheet(size, 14.0, 12.0, top=20.0))


@pytest.mark.parametrize("name", ["kuznetsov1994", "baker2013", "hancioglu2007", "ma2020"])
def test_arrows_end_at_icons(name: str) -> None:
    scene = scene_of(name)
    icons = {icon.name: icon for icon in scene.icons}
    ends = 0
    for route in scene.routes:
        for (curve, pointed), made in zip(reversed(route.curves), reversed(route.arrow.makes), strict=False):
            icon = icons[made]
            gap = 0.3 * scene.sheet.text
            near = inside(curve[-1:], icon.kind, icon.center, scene.radius + 2.2 * gap)
            assert pointed, route.arrow.processes
            assert near[0], route.arrow.processes
            assert not inside(curve, icon.kind, icon.center, scene.radius).any(), route.arrow.processes
            ends += 1
    assert ends >= len(scene.icons) - 1


def test_the_feedback_of_two_cytokines_is_drawn() -> None:
    scene = scene_of("baker2013", "diseased")
    found = {(t.influence.state, scene.routes[t.influence.arrow].arrow.makes, t.influence.sign) for t in scene.threads}
    assert {("p", ("a",), 1), ("a", ("p",), -1), ("p", ("damage",), 1)} <= found


@pytest.mark.parametrize("name", ["kuznetsov1994", "hancioglu2007", "smith2011"])
def test_icons_stand_apart_and_on_the_sheet(name: str) -> None:
    scene = scene_of(name)
    centers = np.array([icon.center for icon in scene.icons])
    gaps = [np.hypot(*(a - b)) for a, b in itertools.combinations(centers, 2)]
    assert min(gaps) > 2 * scene.radius
    assert (centers - scene.radius >= 0).all()
    assert (centers + scene.radius <= scene.sheet.size).all()


def test_shapes_tell_kinds_apart_and_shrink_inside_themselves() -> None:
    areas = {}
    for kind in KINDS:
        x, y = outline(kind).T
        areas[kind] = 0.5 * float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum())
        assert np.hypot(x, y).max() <= 1 + 1e-9
        assert inside(0.99 * outline(kind), kind, np.zeros(2), 1.0).all(), kind
    # counterclockwise on a page whose y runs down, and no two alike
    assert min(areas.values()) > 1.5
    assert len({round(area, 2) for area in areas.values()}) == len(KINDS)


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_state_of_zero_is_an_outline(kind: str) -> None:
    model = Model("two", states=[State("x", 1, kind=kind), State("y", 1, kind=kind)])
    figure = diagram(model, values={"x": 0.0, "y": 3.0})
    empty, full = (p for p in figure.axes[0].patches if p.get_gid() == "state")
    assert tuple(empty.get_facecolor())[:3] == (1, 1, 1)
    assert tuple(full.get_facecolor())[:3] != (1, 1, 1)


def test_the_search_knows_what_its_layout_costs() -> None:
    """The price that swaps change step by step is the one that is computed anew."""
    generator = np.random.default_rng(3)
    ends = [(int(a), int(b)) for a, b in generator.integers(0, 9, (14, 2)) if a != b]
    links = [(a, b, 1.0 + 2.0 * (i % 2)) for i, (a, b) in enumerate(ends)]
    belongs = np.zeros(9, int)
    slots, owner = _slots(belongs, 4, 3)
    search = _Search(slots, owner, belongs, links, np.arange(9))
    before = search.cost
    search.improve()
    assert search.cost < before
    again = _Search(slots, owner, belongs, links, search.place.copy())
    assert search.cost == pytest.approx(again.cost, rel=1e-9)


def test_a_model_without_states_has_no_diagram() -> None:
    with pytest.raises(StudyError, match="empty has no states to draw"):
        diagram(Model("empty"))
