"""Events that fire on conditions: when, in which order, what waits and what is called off; against closed forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from immunode.model import Event, Model, Parameter, Process, State, Switch
from immunode.model.serial import from_json, to_json
from immunode.program.lowering import lower
from immunode.program.numpy.functions import Functions, compile_numpy
from immunode.solve import Outcome, solve
from immunode.solve.status import Status
from tests.clock import cpu_below
from tests.libraries import needs

Array = NDArray[np.float64]


COMPILED = {
    "test_changes_come_after_the_delay_with_values_of_the_trigger_time",
    "test_the_highest_priority_goes_first_and_is_looked_at_anew_after_each",
    "test_the_first_of_two_events_may_call_off_the_second",
    "test_equals_are_drawn_fairly_and_alike_in_every_run",
    "test_conditions_may_be_joined_and_negated_and_be_equations_of_switches",
    "test_a_bouncing_ball_bounces_where_it_must",
    "test_an_event_that_undoes_rounding_does_not_stop_the_run",
    "test_conditions_are_looked_at_between_two_doses_at_one_time",
    "test_a_moment_that_an_event_sets_anew_is_never_missed",
    "test_events_that_fire_each_other_without_end_end_the_run",
    "test_an_event_that_fires_ever_sooner_ends_the_run_soon",
}
"""Tests of the compiled engine, one for each part of it: making machine code takes a second a model."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "engine" in metafunc.fixturenames:
        compiled = metafunc.function.__name__ in COMPILED
        more = [pytest.param("compiled", marks=[needs("llvmlite"), pytest.mark.slow])] if compiled else []
        metafunc.parametrize("engine", ["scipy", "numpy", *more])


Run = Callable[..., Outcome]


@pytest.fixture
def run(engine: str) -> Run:
    """Return a function that computes a system with one engine; its run must come to its end."""

    def computed(
        states: dict[str, float],
        rates: dict[str, str],
        events: list[Event],
        times: list[float],
        switches: tuple[str, ...] = (),
        **options: Any,
    ) -> Outcome:
        model = Model(
            name="toy",
            states=[*(State(n, v) for n, v in states.items()), State("cold", 1.0)],
            processes=[Process(f"change_{n}", f"-> {n}", rate) for n, rate in rates.items()],
            # never fires: all else could be known in advance
            events=[*events, Event("spark", {"cold": "2"}, when="cold > 1.5")],
            switches=[Switch(n) for n in switches],
        )
        functions = compile_numpy(lower(model))
        batch = solve(functions, np.empty((0, 1)), times=times, engine=engine, rtol=1e-10, **options)
        assert batch.status.tolist() == [Status.OK], batch.reasons
        assert batch.engine == engine
        return batch

    return computed


def test_changes_come_after_the_delay_with_values_of_the_trigger_time(run: Run) -> None:
    """x = t; fires at t = 2, changes at t = 5: y takes x of t = 2, z takes x of t = 5."""
    events = [
        Event("early", {"y": "x"}, when="x > 2", delay=3),
        Event("late", {"z": "x"}, when="x > 2", delay="1 + x", from_trigger=False),
    ]
    y = run({"x": 0.0, "y": 0.0, "z": 0.0}, {"x": "1"}, events, [0, 4.9, 5, 6]).y[:, :3, 0]
    assert y == pytest.approx(np.array([[0, 0, 0], [4.9, 0, 0], [5, 2, 5], [6, 2, 5]]), abs=1e-8)


@pytest.mark.parametrize(("persistent", "expected"), [(True, 1.0), (False, 0.0)])
def test_an_event_that_does_not_persist_is_called_off(run: Run, persistent: bool, expected: float) -> None:
    """sin t exceeds 1/2 from pi/6 to 5 pi/6, shorter than the delay of 3."""
    event = Event("up", {"n": "n + 1"}, when="x > 0.5", delay=3, persistent=persistent)
    y = run({"x": 0.0, "n": 0.0}, {"x": "cos(t)"}, [event], [0, 6]).y
    assert y[-1, 1, 0] == expected


def test_an_event_may_fire_again_while_it_waits(run: Run) -> None:
    """sin t exceeds 1/2 at pi/6 + 2 pi k; each firing adds 1 after a delay of 10."""
    event = Event("up", {"n": "n + 1"}, when="x > 0.5", delay=10, from_trigger=False)
    times = [0.0, *(np.pi / 6 + 2 * np.pi * k + 10 + side for k in range(4) for side in (-1e-3, 1e-3))]
    y = run({"x": 0.0, "n": 0.0}, {"x": "cos(t)"}, [event], times).y
    assert y[1:, 1, 0].tolist() == [0, 1, 1, 2, 2, 3, 3, 4]


def test_a_condition_that_holds_at_the_start_fires_if_it_was_false_before(run: Run) -> None:
    events = [
        Event("was false", {"a": "1"}, when="x > -1", initially=False),
        Event("was true", {"b": "1"}, when="x > -1"),
    ]
    y = run({"x": 0.0, "a": 0.0, "b": 0.0}, {"x": "1"}, events, [0, 1]).y
    assert y[:, 1, 0].tolist() == [1, 1]
    assert y[:, 2, 0].tolist() == [0, 0]


def test_the_highest_priority_goes_first_and_is_looked_at_anew_after_each(run: Run) -> None:
    """Each writes its digit behind the others'; the second raises the third above the first."""
    digit = "10*word + {}"
    events = [
        Event("first", {"word": digit.format(1)}, when="x > 1", priority="5", from_trigger=False),
        Event("second", {"word": digit.format(2), "boost": "10"}, when="x > 1", priority="9", from_trigger=False),
        Event("third", {"word": digit.format(3)}, when="x > 1", priority="1 + boost", from_trigger=False),
        Event("unranked", {"word": digit.format(4)}, when="x > 1", from_trigger=False),
    ]
    y = run({"x": 0.0, "word": 0.0}, {"x": "1"}, events, [0, 2], ("boost",)).y
    assert y[-1, 1, 0] == 2314


def test_simultaneous_events_see_the_values_before_any_of_them(run: Run) -> None:
    """A swap written as two events."""
    events = [Event("a", {"u": "v"}, when="x > 1"), Event("b", {"v": "u"}, when="x > 1")]
    y = run({"x": 0.0, "u": 3.0, "v": 7.0}, {"x": "1"}, events, [0, 2]).y
    assert y[-1, 1:3, 0].tolist() == [7, 3]


def test_the_first_of_two_events_may_call_off_the_second(run: Run) -> None:
    events = [
        Event("winner", {"x": "0"}, when="x > 1", priority="2"),
        Event("loser", {"n": "n + 1"}, when="x > 1", priority="1", persistent=False),
    ]
    y = run({"x": 0.0, "n": 0.0}, {"x": "1"}, events, [0, 0.5, 3.5]).y
    assert y[-1, 0, 0] == pytest.approx(0.5, abs=1e-8)
    assert y[-1, 1, 0] == 0


@pytest.mark.slow
def test_equals_are_drawn_fairly_and_alike_in_every_run(run: Run) -> None:
    """Of two events at each of 400 times the first called calls off the other."""
    events = [
        Event(name, {name: f"{name} + 1", "x": "0"}, when="x >= 1", priority="1", persistent=False) for name in "ab"
    ]
    counts = [run({"x": 0.0, "a": 0.0, "b": 0.0}, {"x": "1"}, events, [0, 400.5]).y[-1, 1:3, 0] for _ in range(2)]
    assert counts[0].tolist() == counts[1].tolist()
    assert counts[0].sum() == 400
    # four standard deviations of a fair coin
    assert abs(counts[0][0] - 200) < 40


def test_conditions_may_be_joined_and_negated_and_be_equations_of_switches(run: Run) -> None:
    """x = t, y = 10 - t: both above 3 from t = 3 to 7; then a cascade through a switch."""
    events = [
        Event("open", {"on": "1"}, when="x > 3 and not y <= 3"),
        Event("close", {"on": "0"}, when="y < 3 or x < -1"),
        Event("note", {"seen": "x"}, when="on == 1"),
        Event("end", {"gone": "x"}, when="on != 1"),
    ]
    y = run({"x": 0.0, "y": 10.0, "seen": 0.0, "gone": 0.0}, {"x": "1", "y": "-1"}, events, [0, 9], ("on",)).y
    assert y[-1, 2:4, 0] == pytest.approx([3, 7], abs=1e-8)


def test_a_bouncing_ball_bounces_where_it_must(run: Run) -> None:
    """h'' = -g from h = 1 with restitution 0.8: bounces at t1 = sqrt(2/g), then every 2 t1 0.8^k."""
    heard: list[float] = []
    run(
        {"h": 1.0, "v": 0.0},
        {"h": "v", "v": "-9.81"},
        [Event("bounce", {"v": "-0.8*v", "h": "0"}, when="h < 0")],
        [0, 3.5],
        on_jump=lambda runs, t, before, after, p: heard.extend(t.tolist()),
    )
    first = np.sqrt(2 / 9.81)
    gaps = 2 * first * 0.8 ** np.arange(1, 9)
    # the height is right to about 1e-10, the speed at a bounce is above 0.7
    assert heard[:9] == pytest.approx(first + np.concatenate([[0.0], np.cumsum(gaps)]), abs=1e-8)


def test_a_negative_delay_ends_the_run(engine: str) -> None:
    model = Model(
        name="toy",
        states=[State("x", 0.0)],
        processes=[Process("up", "-> x", "1")],
        events=[Event("odd", {"x": "0"}, when="x > 1", delay="-x")],
    )
    batch = solve(compile_numpy(lower(model)), np.empty((0, 1)), times=[0.0, 3.0], engine=engine)
    assert batch.status.tolist() == [Status.NOT_FINITE]
    assert batch.reached[0] == pytest.approx(1.0)


def test_events_that_fire_each_other_without_end_end_the_run(engine: str) -> None:
    """Each event counts as a step, so that one that fires for ever ends like a step that never grows."""
    model = Model(
        name="toy",
        states=[State("x", 0.0), State("n", 0.0)],
        processes=[Process("up", "-> x", "1")],
        switches=[Switch("on")],
        events=[
            Event("on", {"on": "1", "n": "n + 1"}, when="x > 1 and on < 0.5"),
            Event("off", {"on": "0"}, when="on > 0.5"),
        ],
    )
    batch = solve(compile_numpy(lower(model)), np.empty((0, 1)), times=[0.0, 0.5, 3.0], engine=engine)
    assert batch.status.tolist() == [Status.TOO_MANY_STEPS]
    assert batch.reached[0] == pytest.approx(1.0)
    assert "limit of steps" in batch.reasons[0]
    assert batch.y[1, 0, 0] == pytest.approx(0.5)
    assert np.isnan(batch.y[2]).all()


@pytest.mark.slow
def test_an_event_that_fires_ever_sooner_ends_the_run_soon(engine: str) -> None:
    """A ball that stops bouncing at 1.35: the last of infinitely many bounces is never reached."""
    model = Model(
        name="toy",
        states=[State("h", 1.0), State("v", 0.0)],
        processes=[Process("fall", "-> h", "v"), Process("gravity", "-> v", "-9.81")],
        events=[Event("bounce", {"v": "-0.5*v", "h": "0"}, when="h < 0")],
    )
    method = "LSODA" if engine == "scipy" else "tsit5"
    with cpu_below(10):  # 31 s in NumPy's engine, minutes in SciPy's, before; 1 s now
        batch = solve(
            compile_numpy(lower(model)), np.empty((0, 1)), times=[0.0, 1.0, 9.0], engine=engine, method=method
        )
    end = np.sqrt(2 / 9.81) * (1 + 2 * 0.5 / (1 - 0.5))
    assert batch.status.tolist() == [Status.TOO_MANY_STEPS]
    assert batch.reached[0] == pytest.approx(end, abs=1e-4)
    assert np.isfinite(batch.y[:2]).all()
    assert np.isnan(batch.y[2]).all()
    words = batch.reasons[0]
    assert words.startswith("the limit of steps was reached at t = 1.354")
    assert "see whether an event on states ('bounce') fires ever sooner" in words


@pytest.mark.parametrize("n", [900, 1100])
def test_so_many_events_may_follow_each_other_at_one_moment(engine: str, n: int) -> None:
    """A thousand in a row are too many: that they have an end can't be known. Those at other times do not count."""
    model = Model(
        name="toy",
        states=[State("x", 0.0), State("n", 0.0)],
        parameters=[Parameter("most", float(n))],
        processes=[Process("up", "-> x", "1")],
        switches=[Switch("on")],
        events=[
            Event("on", {"on": "1", "n": "n + 1"}, when="x > 1 and on < 0.5 and n < most/2"),
            Event("off", {"on": "0"}, when="on > 0.5"),
            Event("later", {"x": "0"}, when="x > 2"),
        ],
    )
    batch = solve(compile_numpy(lower(model)), np.full((1, 1), float(n)), times=[0.0, 4.0], engine=engine)
    assert batch.status.tolist() == [Status.OK if n < 1000 else Status.TOO_MANY_STEPS]
    assert batch.reached[0] == pytest.approx(4.0 if n < 1000 else 1.0)


def test_events_survive_the_file(tmp_path: Any) -> None:
    event = Event("e", {"x": "k"}, when="x > 1 or t > 3", delay="k", priority="2*x", persistent=False,
                  initially=False, from_trigger=False)  # fmt: skip
    model = Model(
        name="toy", states=[State("x", 0.0)], parameters=[Parameter("k", 1.0)], events=[event],
        processes=[Process("up", "-> x", "1")],
    )  # fmt: skip
    assert from_json(Model, to_json(model)).events == (event,)


def timed(when: str, **options: Any) -> Functions:
    model = Model(
        name="toy",
        states=[State("x", 0.0)],
        parameters=[Parameter("a", 5.0)],
        processes=[Process("decay", "x ->", "0.5*x")],
        events=[Event("dose", {"x": "x + 1"}, when=when, **options)],
    )
    return compile_numpy(lower(model))


_CASES: list[tuple[str, dict[str, Any], Callable[[float], float | None]]] = [
    ("t >= a", {}, lambda a: a if a > 0 else None),
    ("t > a and t < 8", {"initially": False}, lambda a: max(a, 0.0) if a < 8 else None),
    ("2*t - a >= a", {"delay": 2, "from_trigger": False}, lambda a: a + 2 if a > 0 else None),
    ("t == a", {}, lambda a: a if a > 0 else None),
]


@pytest.mark.parametrize(("when", "options", "fires"), _CASES)
def test_events_on_time_alone_fire_on_every_engine(
    when: str, options: dict[str, Any], fires: Callable[[float], float | None], engine: str
) -> None:
    values = [5.0, -1.0, 9.0, 0.25]
    functions = timed(when, **options)
    assert not functions.program.triggers
    y = solve(functions, [values], times=[0, 12], engine=engine, rtol=1e-9).y[-1, 0]
    expected = [0.0 if (at := fires(a)) is None else np.exp(-0.5 * (12 - at)) for a in values]
    assert y == pytest.approx(expected, abs=1e-8)


def test_events_on_time_that_meet_keep_the_rules_of_conditions(engine: str) -> None:
    """Two that swap at one time are left to the engine that knows simultaneous events."""
    model = Model(
        name="toy",
        states=[State("u", 3.0), State("v", 7.0)],
        events=[Event("a", {"u": "v"}, when="t >= 1"), Event("b", {"v": "u"}, when="t >= 1")],
    )
    functions = compile_numpy(lower(model))
    assert len(functions.program.triggers) == 2
    y = solve(functions, np.empty((0, 1)), times=[0, 1, 2], engine=engine).y
    assert y[:, :, 0].tolist() == [[3, 7], [7, 3], [7, 3]]


def test_a_moment_that_an_event_sets_anew_is_never_missed(engine: str) -> None:
    """`t == next` holds for single moments: 0.3, 1.3, 2.3, 3.3."""
    model = Model(
        name="dosing",
        states=[State("x", 0.0)],
        switches=[Switch("next", 0.3)],
        processes=[Process("decay", "x ->", "x")],
        events=[Event("dose", {"x": "x + 1", "next": "next + 1"}, when="t == next and next < 4")],
    )
    times = [0, 0.2, 0.4, 3.0, 5.0]
    batch = solve(compile_numpy(lower(model)), np.empty((0, 1)), times=times, engine=engine, rtol=1e-10)
    doses = np.array([0.3, 1.3, 2.3, 3.3])
    expected = [sum(np.exp(-(t - doses[doses <= t]))) for t in (0, 0.2, 0.4, 3.0, 5.0)]
    assert batch.y[:, 0, 0] == pytest.approx(expected, abs=1e-9)


def test_an_event_that_undoes_rounding_does_not_stop_the_run(run: Run) -> None:
    """x, pulled down to where it is at rest, is set to 0 whenever rounding brings it below."""
    events = [Event("floor", {"x": "0"}, when="x < 0")]
    y = run({"x": 1.0, "i": 1.0}, {"x": "-50*x - 1e-14*i", "i": "-0.1*i"}, events, [0.0, 1.0, 20.0]).y[:, :2, 0]
    assert y[:, 1] == pytest.approx(np.exp(-0.1 * np.array([0.0, 1.0, 20.0])), rel=1e-8)
    # the tolerance of x is 1e-13
    assert abs(y[-1, 0]) <= 1e-13


def dosed(at: float, when: str = "D >= 1", **options: Any) -> list[Event]:
    """Return a dose of 2 into D at a time, and an event that counts how often a condition turned."""
    return [Event("dose", {"D": "D + 2"}, at=at), Event("react", {"C": "C + 1"}, when=when, **options)]


DECAY = {"D": "-0.1*D", "C": "0", "B": "0"}
EMPTY = {"D": 0.0, "C": 0.0, "B": 0.0}


@pytest.mark.parametrize("at", [0.0, 1e-9, 1.0, 5.0, 10.0])
def test_a_dose_fires_what_it_lifts_over_its_threshold(run: Run, at: float) -> None:
    """Whenever it is given: at the start (where it did not), on the way, at an output and at the end."""
    y = run(EMPTY, DECAY, dosed(at), [0.0, 5.0, 10.0]).y[:, :, 0]
    assert y[-1, 1] == 1
    assert y[:, 1].tolist() == [float(t >= at) for t in (0.0, 5.0, 10.0)]


def test_what_holds_before_the_start_does_not_fire_by_a_dose_at_it(run: Run) -> None:
    """The condition turns only where it was false before."""
    y = run({**EMPTY, "D": 1.5}, DECAY, dosed(0.0), [0.0, 1.0]).y[:, :, 0]
    assert y[:, 1].tolist() == [0, 0]


def test_what_fires_at_the_start_does_so_though_a_dose_ends_its_condition_at_once(run: Run) -> None:
    y = run(EMPTY, DECAY, dosed(0.0, "D < 1", initially=False), [0.0, 1.0]).y[:, :, 0]
    assert y[:, :2].tolist()[0] == [2, 1]
    called_off = run(EMPTY, DECAY, dosed(0.0, "D < 1", initially=False, persistent=False), [0.0, 1.0])
    assert called_off.y[-1, 1, 0] == 0


@pytest.mark.parametrize("at", [0.0, 1.0, 2.0])
def test_events_that_fire_each_other_at_the_moment_of_a_dose(run: Run, at: float) -> None:
    events = [*dosed(at), Event("follow", {"B": "B + 1"}, when="C >= 1")]
    assert run(EMPTY, DECAY, events, [0.0, 2.0]).y[-1, 1:3, 0].tolist() == [1, 1]


@pytest.mark.parametrize("at", [0.0, 1.0])
def test_conditions_are_looked_at_between_two_doses_at_one_time(run: Run, at: float) -> None:
    out = Event("out", {"D": "D - 2"}, at=at)
    assert run(EMPTY, DECAY, [dosed(at)[0], out, dosed(at)[1]], [0.0, 2.0]).y[-1, :2, 0].tolist() == [0, 1]


@pytest.mark.parametrize("at", [0.0, 1.0])
def test_a_condition_on_time_that_turns_as_a_dose_comes_sees_the_state_before_it(run: Run, at: float) -> None:
    y = run(EMPTY, DECAY, dosed(at, f"t >= {at} and D < 1", initially=False), [0.0, 2.0]).y[:, :, 0]
    assert y[-1, 1] == 1
