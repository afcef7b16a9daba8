"""Delay equations: against closed forms, exact polynomials and an independent method of steps, in every engine."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

import immunode as im
from immunode.errors import ModelError, SolverError
from immunode.intervention import Intervention, during, scale, set_to
from immunode.model import Derived, Event, Model, Parameter, Process, State, Switch
from immunode.program.lowering import lower
from immunode.program.numpy.functions import compile_numpy
from immunode.solve import choose_engine, solve
from immunode.solve.delays.breaking_points import BreakingPoints
from immunode.solve.numpy import lane_history

Array = NDArray[np.float64]
WAYS = [("scipy", "LSODA"), ("scipy", "DOP853"), ("scipy", "Radau"), ("numpy", "tsit5"), ("numpy", "rodas5p")]
WAYS += [("compiled", "tsit5"), ("compiled", "rodas5p")]
ENGINES = ("scipy", "numpy", "compiled")


def number(name: str, value: float, unit: str = "1/day") -> Parameter:
    return Parameter(name, value, unit, "", "assumed: a test")


def model(states: list[State], processes: list[Process], parameters: list[Parameter], **more: Any) -> Model:
    return Model(
        name="delayed",
        title="a delay equation",
        time_unit="day",
        horizon=10.0,
        states=states,
        processes=processes,
        parameters=parameters,
        **more,
    )


def decay(**more: Any) -> Model:
    """x' = -k x(t - tau)."""
    return model(
        [State("x", 1.0)],
        [Process("loss", "x ->", "k*delay(x, tau)")],
        [number("k", 1.0), number("tau", 1.0, "day")],
        **more,
    )


def decayed(t: float, tau: float) -> float:
    """Return x(t) of `decay` with k = 1, by the method of steps."""
    if tau == 0:
        return math.exp(-t)
    terms = range(math.floor(t / tau) + 2)
    return sum((-1) ** j * max(t - (j - 1) * tau, 0.0) ** j / math.factorial(j) for j in terms)


def error(found: Array, wanted: Array) -> float:
    """Return the largest error in units of 1e-3 + |wanted|."""
    return float(np.max(np.abs(found - wanted) / (1e-3 + np.abs(wanted))))


@pytest.mark.parametrize(("engine", "method"), WAYS)
def test_the_polynomials_of_the_method_of_steps_are_met_to_the_tolerance(engine: str, method: str) -> None:
    times = np.linspace(0, 8, 33)
    wanted = np.array([decayed(t, 1.0) for t in times])
    for rtol in (1e-5, 1e-8):
        run = im.simulate(decay(), times=times, engine=engine, method=method, rtol=rtol, atol=rtol * 1e-2)
        assert np.max(np.abs(run["x"] - wanted)) < 10 * rtol


@pytest.mark.parametrize(("engine", "method"), WAYS)
def test_two_lags_and_a_chain_follow_the_exact_polynomials(engine: str, method: str) -> None:
    """Problem 1 of Wille & Baker 1992 (DELSOL): lags 1 and 0.2, all pasts 1; doi:10.1016/0168-9274(92)90017-8."""
    chain = model(
        [State("y1", 1.0), State("y2", 1.0), State("y3", 1.0)],
        [
            Process("first", "-> y1", "k*delay(y1, 1)"),
            Process("second", "-> y2", "k*(delay(y1, 1) + delay(y2, 0.2))"),
            Process("third", "-> y3", "k*y2"),
        ],
        [number("k", 1.0)],
    )
    pieces = _pieces(25)
    times = np.linspace(0, 5, 26)
    wanted = np.array(
        [[piece(t - 0.2 * i) for piece in pieces[i]] for t, i in zip(times, [*range(25), 24], strict=True)]
    )
    for rtol in (1e-6, 1e-9):
        run = im.simulate(chain, times=times, engine=engine, method=method, rtol=rtol)
        assert error(np.array([run[name] for name in ("y1", "y2", "y3")]).T, wanted) < 100 * rtol


def _pieces(n: int) -> list[tuple[Polynomial, Polynomial, Polynomial]]:
    """Return the polynomials of the three states on n pieces of 0.2, each from its own beginning."""
    one = Polynomial([1.0])
    pieces: list[tuple[Polynomial, Polynomial, Polynomial]] = []
    ends = [1.0, 1.0, 1.0]
    for i in range(n):
        late1 = pieces[i - 5][0] if i >= 5 else one
        late2 = pieces[i - 1][1] if i >= 1 else one
        y1 = late1.integ() + ends[0]
        y2 = (late1 + late2).integ() + ends[1]
        y3 = y2.integ() + ends[2]
        pieces.append((y1, y2, y3))
        ends = [p(0.2) for p in pieces[-1]]
    return pieces


def by_steps(slope: Callable[[float, Array, Array], Any], lag: float, past: Array, times: Array) -> Array:
    """Return a solution by the method of steps with one lag, (n_times, n_states): SciPy's DOP853 from lag to lag."""
    from scipy.integrate import solve_ivp

    found, y, before = [past[None]], past, lambda t: past
    for i in range(math.ceil(times[-1] / lag)):
        begin, end = i * lag, (i + 1) * lag
        late = before
        run = solve_ivp(
            lambda t, y, late=late: slope(t, y, np.asarray(late(t - lag))),
            (begin, end), y, method="DOP853", rtol=1e-11, atol=1e-13, dense_output=True,
        )  # fmt: skip
        inside = times[(times > begin) & (times <= end)]
        if inside.size:
            found.append(run.sol(inside).T)
        y, before = run.y[:, -1], run.sol
    return np.concatenate(found)


MACKEY_GLASS = model(
    [State("x", 0.5)],
    [Process("made", "-> x", "b*delay(x, tau)/(1 + delay(x, tau)**9.65)"), Process("lost", "x ->", "g*x")],
    [number("b", 2.0), number("g", 1.0), number("tau", 2.0, "day")],
)
"""Blood cells of Mackey & Glass 1977, doi:10.1126/science.267326, chaotic at this lag."""


@pytest.mark.parametrize(("engine", "method"), [("scipy", "LSODA"), *WAYS[3:]])
def test_an_independent_method_of_steps_gives_the_same(engine: str, method: str) -> None:
    times = np.linspace(0, 20, 41)
    wanted = by_steps(lambda t, y, z: 2.0 * z / (1.0 + z**9.65) - y, 2.0, np.array([0.5]), times)
    for rtol, most in ((1e-6, 1e-3), (1e-9, 1e-6)):
        run = im.simulate(MACKEY_GLASS, times=times, engine=engine, method=method, rtol=rtol)
        assert error(run["x"], wanted[:, 0]) < most


@pytest.mark.slow
def test_infection_in_a_fast_system_of_four_agrees_between_the_engines() -> None:
    """Problem 3 of Wille & Baker 1992 (Oberle & Pesch 1981), an epidemic: lags 10 and 1 and no closed form."""
    epidemic = model(
        [State("y1", 5.0), State("y2", 0.1), State("y3", 1.0)],
        [
            Process("a", "y1 -> y2", "k*y1*delay(y2, 1)"),
            Process("b", "-> y1", "k*delay(y2, 10)"),
            Process("c", "y2 -> y3", "k*y2"),
            Process("d", "y3 ->", "k*delay(y2, 10)"),
        ],
        [number("k", 1.0)],
    )
    times = np.linspace(0, 40, 41)
    runs = [
        im.simulate(epidemic, times=times, engine=engine, method=method, rtol=1e-10)
        for engine, method in WAYS
        if method != "LSODA"
    ]
    total = runs[0]["y1"] + runs[0]["y2"] + runs[0]["y3"]
    assert np.max(np.abs(total - 6.1)) < 1e-7
    for name in ("y1", "y2", "y3"):
        for other in runs[1:]:
            assert error(other[name], runs[0][name]) < 1e-6


@pytest.mark.parametrize(("engine", "method"), WAYS)
def test_a_history_in_time_is_looked_up_before_the_start(engine: str, method: str) -> None:
    """x' = -x(t - pi/2) with the past cos(t) goes on as cos(t)."""
    wave = model(
        [State("x", 1.0, history="cos(w*t)", typical=1.0)],
        [Process("loss", "x ->", "w*delay(x, quarter)")],
        [number("w", 1.0), number("quarter", math.pi / 2, "day")],
    )
    times = np.linspace(0, 20, 101)
    run = im.simulate(wave, times=times, engine=engine, method=method, rtol=1e-8)
    assert np.max(np.abs(run["x"] - np.cos(times))) < 2e-7


@pytest.mark.parametrize(("engine", "method"), WAYS[3:])
def test_lags_are_swept_down_to_none_and_beyond_the_end(engine: str, method: str) -> None:
    taus = [0.0, 0.02, 0.3, 0.5, 1.0, 2.0, 30.0]
    result = im.sweep(
        decay(), im.from_table({"tau": taus}), until=5, endpoints=[im.final("x")], engine=engine, method=method,
        rtol=1e-8,
    )  # fmt: skip
    wanted = np.array([decayed(5.0, tau) for tau in taus if tau != 0.02])
    found = result.table()["final(x)"].to_numpy()
    assert np.max(np.abs(np.delete(found, 1) - wanted)) < 1e-7
    small = im.simulate(decay().with_values({"tau": 0.02}), until=5, engine="scipy", rtol=1e-10)["x"][-1]
    assert abs(found[1] - small) < 1e-7


def test_a_run_is_the_same_to_the_bit_alone_and_among_others() -> None:
    taus = np.linspace(0.2, 4.0, 41)
    sets = im.from_table({"tau": taus, "g": np.linspace(0.5, 2.0, 41)})
    ends = [im.final("x"), im.peak("x")]
    together = im.sweep(MACKEY_GLASS, sets, until=30, endpoints=ends, engine="numpy").table()
    backwards = im.from_table({"tau": taus[::-1], "g": np.linspace(0.5, 2.0, 41)[::-1]})
    turned = im.sweep(MACKEY_GLASS, backwards, until=30, endpoints=ends, engine="numpy").table().iloc[::-1]
    for name in ("final(x)", "peak(x)"):
        assert (together[name].to_numpy() == turned[name].to_numpy()).all()
    for row in (0, 17, 40):
        alone = im.sweep(
            MACKEY_GLASS, im.from_table({"tau": taus[[row]], "g": np.linspace(0.5, 2.0, 41)[[row]]}), until=30,
            endpoints=ends, engine="numpy",
        ).table()  # fmt: skip
        assert alone["final(x)"][0] == together["final(x)"][row]


@pytest.mark.parametrize(("engine", "method"), WAYS)
def test_a_dose_is_seen_again_when_its_lag_is_over(engine: str, method: str) -> None:
    dosed = model(
        [State("x", 0.0, typical=1.0), State("z", 0.0, typical=1.0)],
        [Process("loss", "x ->", "k*x"), Process("seen", "-> z", "k*delay(x, tau)")],
        [number("k", 1.0), number("tau", 1.5, "day")],
        events=[Event("dose", {"x": "x + 1"}, at=2.0, every=1.0, count=3)],
        derived=[Derived("before", "delay(x, tau)")],
    )
    times = np.linspace(0, 10, 101)
    run = im.simulate(dosed, times=times, engine=engine, method=method, rtol=1e-8)
    given = np.array([2.0, 3.0, 4.0])[:, None]
    since = times - 1.5 - given
    # at the jump itself the value after it is shown
    assert np.max(np.abs(run["z"] - np.sum(1 - np.exp(-np.maximum(since, 0)), axis=0))) < 2e-7
    wanted = np.sum(np.where(since >= -1e-9, np.exp(-since), 0.0), axis=0)
    assert np.max(np.abs(run["before"] - wanted)) < 2e-7


def test_a_dose_at_the_start_is_not_part_of_the_past() -> None:
    dosed = decay(events=[Event("dose", {"x": "x + 1"}, at=0.0)])
    for engine in ENGINES:
        run = im.simulate(dosed, times=[0.5, 1.0, 1.5], engine=engine, rtol=1e-9)
        assert run["x"] == pytest.approx([1.5, 1.0, 0.125], abs=1e-7)


def test_what_is_delayed_may_be_a_formula_with_time_and_delays_in_it() -> None:
    formula = model(
        [State("x", 1.0)],
        [Process("loss", "x ->", "k*x")],
        [number("k", 0.5), number("tau", 1.0, "day")],
        derived=[
            Derived("square", "x*x"),
            Derived("late", "delay(square*exp(-k*t) + delay(x, tau), 2*tau)"),
            Derived("window", "delay(piecewise(1, t > tau and t < 2*tau, 0), tau)"),
        ],
    )
    times = np.linspace(0, 6, 25)
    run = im.simulate(formula, times=times, rtol=1e-10)

    def x(t: Array) -> Array:
        return np.exp(-0.5 * np.maximum(t, 0.0))

    assert np.allclose(run["late"], x(times - 2) ** 2 * np.exp(-0.5 * (times - 2)) + x(times - 3), atol=1e-8)
    inside = (times > 2) & (times < 3)
    outside = (times < 2) | (times > 3)
    assert (run["window"][inside] == 1).all()
    assert (run["window"][outside] == 0).all()


def test_events_on_states_and_delays_live_together() -> None:
    """z grows by 1 per day once x of a day ago is above 2; x grows by 1 per day and is set back at 3."""
    sawtooth = model(
        [State("x", 0.0, typical=1.0), State("z", 0.0, typical=1.0)],
        [Process("up", "-> x", "k"), Process("seen", "-> z", "k*piecewise(1, delay(x, tau) > 2, 0)")],
        [number("k", 1.0), number("tau", 1.0, "day")],
        events=[Event("back", {"x": "0"}, when="x > 3")],
    )
    for engine in ("scipy", "numpy", "compiled"):
        run = im.simulate(sawtooth, times=[2.9, 3.5, 4.0, 5.9, 7.0], engine=engine, rtol=1e-8)
        assert run["z"] == pytest.approx([0.0, 0.5, 1.0, 1.0, 2.0], abs=1e-5)


def test_a_population_that_dies_out_is_seen_to_do_so_later() -> None:
    gone = model(
        [State("x", 1.0, extinct_below=0.1), State("z", 0.0, typical=1.0)],
        [Process("loss", "x ->", "k*x"), Process("seen", "-> z", "k*delay(x, tau)")],
        [number("k", 1.0), number("tau", 1.5, "day")],
    )
    for engine in ENGINES:
        run = im.simulate(gone, times=np.linspace(0, 10, 101), engine=engine, rtol=1e-9)
        # z takes in 1 per day for 1.5 days, and then what x was until it fell below 0.1: 1 - 0.1 within a step
        assert run["z"][-1] == pytest.approx(1.5 + 0.9, abs=0.02)
        assert run["z"][-1] == run["z"][60]


@pytest.mark.parametrize("engine", ["numpy", "compiled"])
def test_more_steps_than_the_ring_holds_make_it_grow(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wave = model(
        [State("x", 0.0, typical=1.0), State("y", 1.0, typical=1.0), State("z", 0.0, typical=1.0)],
        [Process("a", "-> x", "w*y"), Process("b", "y ->", "w*x"), Process("c", "-> z", "w*delay(x, tau)")],
        [number("w", 20.0), number("tau", 5.0, "day")],
    )
    run = im.simulate(wave, until=8, engine=engine, method="tsit5", rtol=1e-8)
    assert run["z"][-1] == pytest.approx(1 - math.cos(60), abs=1e-4)
    monkeypatch.setattr(lane_history, "MOST_STEPS", 64)
    with pytest.raises(SolverError, match="limit of steps"):
        im.simulate(wave, until=8, engine=engine, method="tsit5", rtol=1e-8)


def test_a_stiff_system_takes_the_stiff_method() -> None:
    """x follows the y of a day ago at once, which decays: x = y(t - 1), but for 1/5000."""
    stiff = model(
        [State("y", 1.0), State("x", 1.0)],
        [
            Process("loss", "y ->", "k*y"),
            Process("in_", "-> x", "fast*delay(y, tau)"),
            Process("out", "x ->", "fast*x"),
        ],
        [number("k", 1.0), number("fast", 5000.0), number("tau", 1.0, "day")],
    )
    result = im.sweep(stiff, im.from_table({"k": [0.5, 1.0, 2.0] * 5}), until=20, endpoints=[im.at("x", 3.0)])
    assert (result.status == "ok").all()
    found = result.table()["at(x, 3)"].to_numpy()[:3]
    rates = np.array([0.5, 1.0, 2.0])
    assert found == pytest.approx(np.exp(-2 * rates) * 5000 / (5000 - rates), rel=1e-4)
    assert im.simulate(stiff, until=20).recipe["method"] == "rodas5p"


@pytest.mark.usefixtures("unmade")
def test_the_engine_is_said_with_its_reason() -> None:
    functions = compile_numpy(lower(decay()))
    assert choose_engine(functions, 100) == ("compiled", "compiled: 100 runs side by side")
    few = "numpy: fewer than 10 runs, and machine code is still to be made"
    assert choose_engine(functions, 1) == ("numpy", few)


def test_an_intervention_on_a_lag_is_another_value_or_refused_where_it_changes_in_time() -> None:
    longer = im.simulate(decay(), until=5, interventions=[Intervention("slow", [set_to("tau", 2)])])
    assert longer["x"][-1] == pytest.approx(decayed(5.0, 2.0), abs=1e-5)
    for_a_while = Intervention("slow", [scale("tau", 2)], schedule=during(2, 5))
    with pytest.raises(ModelError, match=r"lag 'tau' of a delay must stay the same .* an intervention changes 'tau'"):
        im.simulate(decay(), interventions=[for_a_while])


def test_an_intervention_on_a_rate_acts_now_and_its_effects_are_seen_later() -> None:
    stop = Intervention("stop", [scale("k", 1e-12)], schedule=during(0.5, 1.0))
    for engine in ENGINES:
        run = im.simulate(decay(), times=[0.5, 1.0, 2.0], engine=engine, interventions=[stop], rtol=1e-9)
        # x = 1 - t, stands at 0.5 from 0.5 to 1, then falls by what it was: 1 - t, then 0.5
        assert run["x"] == pytest.approx([0.5, 0.5, 0.5 - 0.375 - 0.25], abs=1e-7)


def test_a_history_is_of_the_time_before_any_treatment() -> None:
    told = model(
        [State("x", 1.0, history="1 - k*t")],
        [Process("loss", "x ->", "k*delay(x, tau)")],
        [number("k", 1.0), number("tau", 1.0, "day")],
    )
    halved = Intervention("half", [scale("k", 0.5)])
    for engine in ENGINES:
        run = im.simulate(told, times=[1.0], engine=engine, interventions=[halved], rtol=1e-9)
        # x' = -k_now (1 - k (t - 1)) = -(2 - t)/2
        assert run["x"][0] == pytest.approx(1 - 0.75, abs=1e-8)


def test_what_has_no_history_is_refused_by_name() -> None:
    switched = Intervention("stop", [scale("k", 0.5)], schedule=during(0.5, 1.0))
    inside = model(
        [State("x", 1.0)],
        [Process("loss", "x ->", "delay(k*x, tau)")],
        [number("k", 1.0), number("tau", 1.0, "day")],
    )
    with pytest.raises(ModelError, match="looks back at what 'stop' changes, which has no history"):
        im.simulate(inside, interventions=[switched])
    with pytest.raises(ModelError, match="delays the switch 's', which has no history"):
        model(
            [State("x", 1.0)],
            [Process("loss", "x ->", "delay(s*x, tau)")],
            [number("tau", 1.0, "day")],
            switches=[Switch("s", 1.0, "1/day")],
        )


def test_a_lag_below_0_refuses_its_run_only() -> None:
    result = im.sweep(decay(), im.from_table({"tau": [1.0, -1.0, 2.0]}), until=2, endpoints=[im.final("x")])
    assert list(result.status) == ["ok", "refused", "ok"]
    with pytest.raises(SolverError, match=r"the lag of delay\(x, tau\) is below 0"):
        im.simulate(decay().with_values({"tau": -1.0}))


@pytest.mark.parametrize("engine", ENGINES)
def test_an_infinite_lag_refuses_its_run_in_every_engine(engine: str) -> None:
    """NumPy ended in NaN and the others took the history: a past without an end has no value at its begin."""
    values = np.array([[1.0, 1.0, 1.0], [1.0, np.inf, 1e300]])
    batch = solve(compile_numpy(lower(decay())), values, times=[0, 2.0], engine=engine)
    assert batch.reasons == {1: "refused: tau is inf"}
    assert batch.y[-1, 0, [0, 2]] == pytest.approx([decayed(2.0, 1.0), -1.0], rel=1e-5)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_lag_below_what_steps_resolve_is_refused_at_once_by_name(engine: str) -> None:
    result = im.sweep(
        decay(), im.from_table({"tau": [1.0, 1e-9, 0.0]}), until=2, endpoints=[im.final("x")], engine=engine
    )
    assert list(result.status) == ["ok", "refused", "ok"]
    with pytest.raises(SolverError, match=r"the lag of delay\(x, tau\) is so short .* make it 0"):
        im.simulate(decay().with_values({"tau": 1e-9}), engine=engine)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("lag", "r", "said"), [("day/r", 0.0, "inf"), ("day*exp(r)", 800.0, "inf"), ("day*log(1 + r)", -2.0, "nan")]
)
def test_a_lag_without_end_is_refused_by_name_and_leaves_the_others_alone(
    engine: str, lag: str, r: float, said: str
) -> None:
    endless = model(
        [State("x", 1.0, history="0.5 + 0.1*t/day")],
        [Process("loss", "x ->", f"k*delay(x, {lag})")],
        [number("k", 1.0), number("r", 1.0, ""), number("day", 0.1, "day")],
    )
    result = im.sweep(endless, im.from_table({"r": [2.0, r, 3.0]}), endpoints=[im.final("x")], engine=engine)
    assert list(result.status) == ["ok", "refused", "ok"]
    with pytest.raises(SolverError, match=rf"the lag of delay\(x, .*\) is {said}; a lag must be a finite time"):
        im.simulate(endless.with_values({"r": r}), engine=engine)


def test_a_lag_is_fitted() -> None:
    times = np.linspace(0.25, 8, 32)
    table = {"time": times, "x": [decayed(t, 1.3) for t in times]}
    fit = im.fit(decay(), table, im.space(decay(), "tau"), starts=2)
    assert fit.values["tau"] == pytest.approx(1.3, rel=1e-4)


def test_breaking_points_lose_an_order_at_every_lag() -> None:
    points = BreakingPoints(np.array([[1.0], [2.5]]))
    lane, t, seen = np.array([0]), np.array([0.0]), []
    points.arrive(lane, t, np.array([True]))
    while np.isfinite(t := points.next(lane)).all():
        seen.append(float(t[0]))
        points.arrive(lane, t, np.array([False]))
    wanted = {i + 2.5 * j for i in range(6) for j in range(6) if 0 < i + j <= 5}
    assert seen == sorted(wanted)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, pytest.param(0, marks=pytest.mark.slow), pytest.param(2, marks=pytest.mark.slow)])
def test_random_models_agree_between_the_engines(seed: int) -> None:
    """Three states with Hill terms, two lags, doses, a switch in time; each engine with its own steps and methods."""
    rng = np.random.default_rng(seed)
    names = ["a", "b", "c"]
    processes = []
    for i, name in enumerate(names):
        one, other = rng.choice(names, 2)
        lag, half, power = rng.choice(["tau", "2.3*tau"]), rng.uniform(0.2, 2), rng.uniform(1, 5)
        processes += [
            Process(
                f"make_{name}",
                f"-> {name}",
                f"k*{rng.uniform(0.5, 3):.3f}*hill(delay({one}, {lag}), {half:.3f}, {power:.3f})",
            ),
            Process(
                f"lose_{name}", f"{name} ->", f"k*{rng.uniform(0.3, 2):.3f}*{name}*(1 + delay({other}*{name}, {lag}))"
            ),
            Process(f"pulse_{name}", f"-> {name}", f"piecewise(k, t > {i + 1.5}*tau and t < {i + 2}*tau, 0*k)"),
        ]
    drawn = model(
        [State(name, float(rng.uniform(0.1, 2)), typical=1.0) for name in names],
        processes,
        [number("k", 1.0), number("tau", float(rng.uniform(0.4, 1.5)), "day")],
        events=[Event("dose", {"a": "a + 1"}, at=0.7, every=1.9, count=3)],
    )
    times = np.linspace(0, 12, 37)
    runs = [
        im.simulate(drawn, times=times, engine=engine, method=method, rtol=1e-9)
        for engine, method in WAYS
        if method != "LSODA"
    ]
    for name in names:
        for other in runs[1:]:
            assert error(other[name], runs[0][name]) < 1e-6
