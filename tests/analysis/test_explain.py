"""The difference of a state between two arms, as terms that add up."""

from __future__ import annotations

import numpy as np
import pytest

from immunode.analysis.treatment.explanation import explain
from immunode.catalogue import load_model
from immunode.errors import StudyError
from immunode.intervention import Intervention, add, at_times, during, inhibit, transfer
from immunode.model import Compartment, Derived, Event, Model, Parameter, Process, State
from immunode.study import simulate
from tests import lent_drugs


def _pool() -> Model:
    """dx/dt = s - d*x from x0: x(t) = s/d + (x0 - s/d) exp(-d t)."""
    return Model(
        name="pool",
        time_unit="day",
        states=[State("x", 2.0, "mg"), State("y", 0.0, "mg")],
        parameters=[
            Parameter("s", 3.0, "mg/day", source="assumed: a test"),
            Parameter("d", 0.5, "1/day", source="assumed: a test"),
        ],
        processes=[Process("supply", "-> x", "s"), Process("loss", "x -> y", "d*x")],
        derived=[Derived("twice", "2*x", "mg")],
        interventions=[
            Intervention("less", [inhibit("s", 0.5)]),
            Intervention("shot", [transfer("x", 4.0)], at_times(1, 2)),
            Intervention("more", [add("s", 1.0)], during(1, 3)),
        ],
        horizon=6.0,
    )


def test_terms_are_those_of_the_closed_form() -> None:
    model = _pool()
    runs = simulate(model, arms=["control", "less"])
    found = explain(runs["control"], runs["less"], "x")
    t, d = 6.0, 0.5

    def loss(s: float) -> float:
        """The integral of d*x from 0 to t."""
        return s * t + (2.0 - s / d) * (1 - np.exp(-d * t))

    terms = dict(zip(found.terms, found.differences, strict=True))
    # rtol 1e-6 of the solver
    assert terms["supply"] == pytest.approx((1.5 - 3.0) * t, rel=1e-5)
    assert terms["loss"] == pytest.approx(-(loss(1.5) - loss(3.0)), rel=1e-5)
    assert terms["start"] == 0
    assert found.arms == ("control", "less")


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("name", "arms", "state"),
    [
        ("kosinsky2018", ("anti_pdl1", "rt_5x2"), "TV"),
        ("kosinsky2018", ("control", "anti_pdl1+rt_5x2"), "dTeff"),
        ("baker2013", ("control", "anti_tnf"), "p"),
        (lent_drugs.FILE, ("control", "adalimumab"), "p"),
        ("immune_balance", ("control", "anti_tnf"), "TNF"),
        ("cartmath2021", ("control", "car_t"), "CM"),
        ("marcantonio2022", ("control", "standard"), "TNF"),
    ],
)
def test_terms_add_up_to_rounding_in_published_models(name: str, arms: tuple[str, str], state: str) -> None:
    model = load_model(name, "diseased" if name in ("baker2013", lent_drugs.FILE) else None)
    states = [s.name for s in model.states]
    shown = state if state in states else states[0]
    runs = simulate(model, arms=list(arms))
    found = explain(runs[arms[0]], runs[arms[1]], shown)
    largest = max(np.abs(found.first).max(), np.abs(found.second).max())
    # sums of some ten terms and hundreds of steps, each rounded to 1e-16
    assert abs(found.remainder) <= 1e-12 * largest
    assert found.difference == pytest.approx(found.differences.sum(), abs=1e-12 * largest)
    again = runs[arms[1]].final(shown) - runs[arms[0]].final(shown)
    scale = max(abs(v) for v in found.values)
    assert found.difference == pytest.approx(again, abs=1e-3 * scale)  # the run as it was, within its tolerance


def test_jumps_are_terms_of_their_own_and_named_after_their_intervention() -> None:
    model = _pool()
    runs = simulate(model, arms=["control", "shot", "shot+more"])
    found = explain(runs["control"], runs["shot"], "x")
    terms = dict(zip(found.terms, found.differences, strict=True))
    assert terms["jump: shot"] == pytest.approx(8, rel=1e-12)
    assert abs(found.remainder) < 1e-12
    course = dict(zip(found.terms, found.course, strict=True))["jump: shot"]
    assert sorted(set(np.round(course, 9))) == [0, 4, 8]
    more = explain(runs["shot"], runs["shot+more"], "x")
    parts = dict(zip(more.terms, more.differences, strict=True))
    assert parts["supply"] == pytest.approx(2, rel=1e-6)
    assert parts["jump: shot"] == 0


def test_starts_that_differ_are_a_term() -> None:
    model = _pool()
    found = explain(simulate(model), simulate(model, initial={"x": 5.0}), "x", "4 days")
    assert dict(zip(found.terms, found.differences, strict=True))["start"] == 3
    assert found.difference == pytest.approx(3 * np.exp(-2), rel=1e-5)
    assert found.arms == ("control, first", "control, second")


def test_in_a_compartment_fluxes_are_divided_by_its_volume() -> None:
    model = Model(
        name="box",
        time_unit="day",
        compartments=[Compartment("blood", "V", "L")],
        states=[State("c", 1.0, "mg/L", compartment="blood")],
        parameters=[
            Parameter("V", 4.0, "L", source="assumed: a test"),
            Parameter("s", 2.0, "mg/day", source="assumed: a test"),
            Parameter("d", 0.3, "L/day", source="assumed: a test"),
        ],
        processes=[Process("inflow", "-> c", "s"), Process("outflow", "c ->", "d*c")],
        interventions=[Intervention("less", [inhibit("s", 0.5)])],
        horizon=10.0,
    )
    runs = simulate(model, arms=["control", "less"])
    found = explain(runs["control"], runs["less"], "c")
    assert dict(zip(found.terms, found.differences, strict=True))["inflow"] == pytest.approx(-2.5, rel=1e-9)
    assert abs(found.remainder) < 1e-13


def test_events_that_a_state_triggers_and_extinction_are_terms() -> None:
    model = Model(
        name="dying",
        time_unit="day",
        states=[State("n", 10.0, "cell", extinct_below=1.0), State("m", 0.0, "cell")],
        parameters=[
            Parameter("d", 1.0, "1/day", source="assumed: a test"),
            Parameter("g", 1.0, "1/day", source="assumed: a test"),
            Parameter("most", 3.0, "cell", source="assumed: a test"),
        ],
        processes=[Process("death", "n ->", "d*n"), Process("growth", "-> m", "g*n")],
        events=[Event("harvest", {"m": "m - most/2"}, when="m > most")],
        interventions=[Intervention("safe", [inhibit("d", 0.9)])],
        horizon=5.0,
    )
    runs = simulate(model, arms=["control", "safe"])
    found = explain(runs["control"], runs["safe"], "n")
    assert found.values[0] == 0
    assert "extinction" in found.terms
    assert abs(found.remainder) < 1e-12
    harvested = explain(runs["control"], runs["safe"], "m")
    assert "jump: harvest" in harvested.terms
    assert abs(harvested.remainder) < 1e-11


def test_shares_add_up_to_one_and_the_text_has_the_caveats() -> None:
    runs = simulate(_pool(), arms=["control", "less"])
    found = explain(runs["control"], runs["less"], "x")
    assert found.table()["share"].sum() == pytest.approx(1)
    text = repr(found)
    assert "caveat: this is bookkeeping, not a cause" in text
    assert "why x at 6 day is" in text
    np.testing.assert_allclose(found.course[:, -1], found.differences)


def test_what_can_not_be_is_one_line() -> None:
    model = _pool()
    runs = simulate(model, arms=["control", "less"])
    a, b = runs["control"], runs["less"]
    with pytest.raises(StudyError, match=r"'twice' is a derived quantity.* from x\b"):
        explain(a, b, "twice")
    with pytest.raises(StudyError, match="unknown state 'z'"):
        explain(a, b, "z")
    with pytest.raises(StudyError, match="at 7 lies outside the runs, which end at 6"):
        explain(a, b, "x", 7)
    with pytest.raises(StudyError, match="needs two runs of simulate"):
        explain(runs, b, "x")  # type: ignore[arg-type]
    with pytest.raises(StudyError, match="runs of different models, pool and kuznetsov1994"):
        explain(a, simulate(load_model("kuznetsov1994")), "x")
    with pytest.raises(StudyError, match="unknown plot 'bar'; did you mean 'bars'"):
        explain(a, b, "x").plot("bar")


@pytest.mark.parametrize("style", ["slide", "paper"])
@pytest.mark.parametrize("kind", ["bars", "course"])
def test_its_figures_name_the_terms(kind: str, style: str) -> None:
    runs = simulate(_pool(), arms=["control", "less"])
    figure = explain(runs["control"], runs["less"], "x").plot(kind, style=style)
    figure.canvas.draw()
    texts = [t.get_text() for ax in figure.axes for t in [*ax.get_yticklabels(), *ax.texts]]
    assert {"supply", "loss", "sum"} <= set(texts)
