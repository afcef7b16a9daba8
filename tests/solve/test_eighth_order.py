"""The pair of order 8: as exact as it should be, the same bits in any company, and taken where it is cheaper."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from immunode.catalogue import load_model
from immunode.errors import EngineError
from immunode.model import Event
from immunode.program.llvm.compile import available
from immunode.program.lowering import lower
from immunode.program.numpy.functions import Functions, compile_numpy
from immunode.solve import solve
from immunode.solve.compiled import workspace as compiled_workspace
from immunode.solve.compiled.engine import CompiledEngine
from immunode.solve.compiled.kernels import _named, kernel
from immunode.solve.numpy.eighth_order import Eighth
from immunode.solve.numpy.lane_table import LaneTable
from immunode.solve.outcome import Outcome
from immunode.solve.status import Status
from immunode.solve.tape import Steps, bernstein
from tests.solve.event_models import random_system

Array = NDArray[np.float64]
Build = Callable[..., Functions]
ENGINES = ["numpy", *(["compiled"] if available() else [])]
engines = pytest.mark.parametrize("engine", ENGINES)
compiled_only = pytest.mark.skipif("compiled" not in ENGINES, reason="llvmlite is not installed")
GRID = np.linspace(0.0, 40.0, 33)


def run(functions: Functions, values: Any, **options: Any) -> Outcome:
    return solve(functions, values, **{"times": GRID, "method": "dop853", **options})


def same(one: Outcome, lanes: Any, other: Outcome) -> bool:
    names = ("y", "status", "reached", "steps", "rejected", "method_index")
    return all(np.array_equal(getattr(one, n)[..., lanes], getattr(other, n), equal_nan=n == "y") for n in names)


@pytest.fixture
def quiet() -> Iterator[None]:
    with np.errstate(all="ignore"):
        yield


@pytest.fixture(scope="module")
def timed(build: Build) -> Functions:
    """Rates depend on time; the solution of y is exp(sin t)."""
    return build({"y": 1.0, "z": 1.0}, {"k": 1.0}, {"y": "k*y*cos(t)", "z": "-k*y*z**2"})


def _block(functions: Functions, t: float, y: float) -> tuple[Eighth, LaneTable]:
    p = functions.parameters(np.array(functions.program.values)[:, None].repeat(8, axis=1))
    method = Eighth(functions)
    block = LaneTable(8, 2, len(functions.prepare(p)), *method.rows())
    method.attach(block)
    block.c[:], block.y[:], block.t[:] = functions.prepare(p), np.array([[y], [1.0]]), t
    method.start(np.arange(8), functions.rhs(block.t, block.y, block.c))
    return method, block


@pytest.mark.usefixtures("quiet")
def test_observed_orders(timed: Functions) -> None:
    steps, at_end, inside = np.array([6, 9, 13, 18]), [], []
    for n in steps.tolist():
        method, block = _block(timed, 0.0, 1.0)
        for _ in range(n):
            method.attempt(np.full(8, 3.0 / n))
            method.accept()
            block.t += 3.0 / n
        at_end.append(abs(block.y[0, 0] - np.exp(np.sin(3.0))))
        method, block = _block(timed, 0.5, float(np.exp(np.sin(0.5))))
        method.attempt(np.full(8, 3.0 / n))
        x = np.linspace(0, 1, 11)
        found = x[:, None] ** np.arange(8) @ np.array([c[0, 0] for c in method.dense(np.arange(8))])
        inside.append(np.abs(found - np.exp(np.sin(0.5 + 3.0 / n * x))).max())
    assert -np.polyfit(np.log(steps), np.log(at_end), 1)[0] == pytest.approx(8, abs=0.6)
    # one step with an interpolant of order 7 errs by O(h^8)
    assert -np.polyfit(np.log(steps), np.log(inside), 1)[0] > 7.4


@engines
@pytest.mark.parametrize("rtol", [1e-6, 1e-9, 1e-11])
def test_error_at_ends_and_inside_is_bounded_by_the_tolerance(predator: Functions, engine: str, rtol: float) -> None:
    """The system has doses; the reference is SciPy's own code of another order."""
    values, times = np.array(predator.program.values)[:, None], np.linspace(0, 60, 61)
    expected = solve(predator, values, times=times, engine="scipy", method="LSODA", rtol=1e-12).y
    for grid, reference in ((times, expected), (times[-1:], expected[-1:])):
        got = run(predator, values, times=grid, engine=engine, rtol=rtol)
        assert got.methods.tolist() == ["dop853"]
        assert np.max(np.abs(got.y - reference) / (1e-3 + np.abs(reference))) < 50 * rtol


@engines
def test_bits_are_the_same_alone_in_a_block_and_in_any_order(
    predator: Functions, sets: Callable[..., Array], engine: str
) -> None:
    values = sets(predator, 300, keep=["n"])
    whole = run(predator, values, engine=engine, rtol=1e-8)
    assert set(whole.status) == {Status.OK}
    for lanes in ([0], [299], np.arange(20, 37), np.random.default_rng(0).permutation(300)):
        assert same(whole, lanes, run(predator, values[:, lanes], engine=engine, rtol=1e-8))


@engines
def test_bits_are_the_same_beside_events_on_states_and_doses(engine: str) -> None:
    functions = random_system(10, delays=False, doses=True)
    spread = np.random.default_rng(4).uniform(0.7, 1.4, (len(functions.program.values), 60))
    values, times = np.array(functions.program.values)[:, None] * spread, np.linspace(0.0, 10.0, 11)
    whole = run(functions, values, times=times, engine=engine, rtol=1e-9)
    assert set(whole.status) == {Status.OK}
    for lanes in ([0], [59], np.arange(20, 37), np.random.default_rng(0).permutation(60)):
        assert same(whole, lanes, run(functions, values[:, lanes], times=times, engine=engine, rtol=1e-9))


@compiled_only
def test_threads_do_not_matter(
    predator: Functions, sets: Callable[..., Array], monkeypatch: pytest.MonkeyPatch
) -> None:
    values = sets(predator, 1300, keep=["n"])
    whole = run(predator, values, engine="compiled")
    monkeypatch.setattr("immunode.solve.choice.CompiledEngine", lambda: CompiledEngine(threads=3))
    assert same(whole, slice(None), run(predator, values, engine="compiled"))


@compiled_only
@pytest.mark.parametrize("unrolled", [0, 1000])
def test_engines_agree_in_registers_in_rows_and_in_loops(
    build: Build, unrolled: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates = {f"x{i}": f"k*x{(i + 1) % 6}/(1 + x{(i + 2) % 6}) - x{i}*(1 + 0.1*sin(t))" for i in range(6)}
    functions = build(dict.fromkeys(rates, 1.0), {"k": 1.5}, rates, name=f"circle{unrolled}")
    monkeypatch.setattr(compiled_workspace, "MOST_UNROLLED", unrolled)
    for cache in (kernel, _named):
        cache.cache_clear()
    values = np.linspace(1.0, 2.0, 21)[None]
    ours, theirs = (run(functions, values, engine=engine, rtol=1e-9) for engine in ("compiled", "numpy"))
    for cache in (kernel, _named):
        cache.cache_clear()
    # steps are chosen with a rough logarithm in one and an exact one in the other
    assert ours.y == pytest.approx(theirs.y, rel=5e-9)
    assert ours.steps.mean() == pytest.approx(theirs.steps.mean(), rel=0.05)


@engines
def test_auto_takes_it_where_it_is_cheaper(timed: Functions, engine: str) -> None:
    values = np.ones((1, 20))

    def chosen(n_times: int, rtol: float, **options: Any) -> Outcome:
        times = np.linspace(0, 30, n_times)[-max(n_times - 1, 1) :]
        return run(timed, values, times=times, rtol=rtol, method="auto", engine=engine, **options)

    tight = chosen(2, 1e-11)
    assert set(tight.methods) == {"dop853"}
    assert tight.reason.endswith("not stiff, and cheaper with dop853")
    assert np.abs(tight.y[-1, 0] - np.exp(np.sin(30.0))).max() < 1e-9
    assert set(chosen(2, 1e-7).methods) == {"dop853"}
    assert set(chosen(400, 1e-7).methods) == {"tsit5"}
    assert set(chosen(2, 1e-6).methods) == {"tsit5"}
    # listening to parts of steps costs more than a short right-hand side saves, and they do not tell how long steps are
    assert set(chosen(2, 1e-11, listener=Listener()).methods) == {"tsit5"}
    assert set(chosen(2, 1e-11, listener=Listener(states=())).methods) == {"dop853"}
    assert set(chosen(2, 1e-11, listener=Listener(states=(), whole_steps=True)).methods) == {"tsit5"}


class Listener:
    """Notes how far the first state of `timed` is from exp(sin t) inside what it is told, and where that lies."""

    def __init__(self, states: tuple[int, ...] = (0,), whole_steps: bool = False) -> None:
        self.states, self.whole_steps = states, whole_steps
        self.spans: dict[int, list[tuple[float, float]]] = {}
        self.quartics: dict[int, list[bytes]] = {}
        self.worst = 0.0

    def hear(self, steps: Steps) -> None:
        which = np.flatnonzero(steps.run >= 0)
        if not self.states:
            return
        b = steps.gather(0, which)
        for x in np.linspace(0, 1, 9):
            expected = np.exp(np.sin(steps.t[which] + x * steps.h[which]))
            self.worst = max(self.worst, float(np.max(np.abs(bernstein(b, x) / expected - 1), initial=0.0)))
        for k, step in enumerate(which.tolist()):
            run = int(steps.run[step])
            self.spans.setdefault(run, []).append((float(steps.t[step]), float(steps.h[step])))
            self.quartics.setdefault(run, []).append(b[:, k].tobytes())

    def forget(self, runs: NDArray[np.intp]) -> None:
        """Nothing is computed twice here."""


@engines
@pytest.mark.parametrize("rtol", [1e-8, 1e-10, 1e-12])
def test_a_listener_is_told_of_parts_of_steps_as_exact_as_the_tolerance(
    timed: Functions, engine: str, rtol: float
) -> None:
    """A single quartic in each step would miss by up to 1e-3."""
    told = Listener()
    batch = run(timed, [[1.0]], times=[30.0], engine=engine, rtol=rtol, listener=told)
    t, h = np.array(told.spans[0]).T
    assert told.worst < 50 * rtol
    assert len(t) > 2 * batch.steps[0]
    assert t[0] == 0.0
    assert t[-1] + h[-1] == pytest.approx(30.0, abs=1e-12)
    assert t[1:] == pytest.approx(t[:-1] + h[:-1], abs=1e-13)


@engines
def test_parts_of_steps_are_the_same_alone_and_in_a_block(timed: Functions, engine: str) -> None:
    values = np.linspace(0.7, 1.3, 40)[None]
    whole, alone = Listener(), Listener()
    run(timed, values, times=[30.0], engine=engine, rtol=1e-9, listener=whole)
    run(timed, values[:, [23]], times=[30.0], engine=engine, rtol=1e-9, listener=alone)
    assert (alone.spans[0], alone.quartics[0]) == (whole.spans[23], whole.quartics[23])


@engines
@pytest.mark.parametrize("rtol", [1e-10, 1e-12])
def test_events_on_states_come_when_a_closed_form_says(build: Build, engine: str, rtol: float) -> None:
    """ln x grows as t + sin t, and x falls back to 1 each time it has doubled: 58 times until t = 40."""
    back = Event("back", {"x": "1", "count": "count + 1"}, when="x >= 2")
    functions = build({"x": 1.0, "count": 0.0}, {"k": 1.0}, {"x": "k*x*(1 + cos(t))", "count": "0"}, [back])
    heard: list[float] = []
    batch = run(functions, [[1.0]], engine=engine, rtol=rtol, on_jump=lambda runs, t, *_: heard.extend(t.tolist()))
    assert batch.methods.tolist() == ["dop853"]
    times, number = np.array(heard), len(heard)
    assert number == int((40 + np.sin(40)) / np.log(2)) == 58
    assert times + np.sin(times) == pytest.approx(np.log(2) * np.arange(1, number + 1), abs=30 * rtol)
    expected = np.exp(40 + np.sin(40) - number * np.log(2))
    assert batch.y[-1, :, 0] == pytest.approx([expected, number], rel=100 * rtol)


@engines
def test_events_that_follow_each_other_agree_with_scipy(build: Build, engine: str) -> None:
    """Two thresholds and doses: 60 jumps, as SciPy's LSODA has them at rtol 1e-12."""
    rates = {"x": "1 + 0.5*sin(t) - 0.1*x*y", "y": "0.2*x - 0.3*y"}
    events = [
        Event("cut", {"x": "0.5*x"}, when="x > 2"),
        Event("rise", {"y": "y + 0.2"}, when="y < 0.4", priority="1"),
        Event("dose", {"x": "x + 0.3"}, at=0.5, every=1.5, count=20),
    ]
    functions = build({"x": 1.0, "y": 0.5}, {"k": 1.0}, rates, events)
    jumps: dict[str, list[float]] = {"scipy": [], engine: []}
    ends = {}
    for name, heard in jumps.items():
        method, rtol = ("LSODA", 1e-12) if name == "scipy" else ("dop853", 1e-10)
        ends[name] = run(
            functions,
            [[1.0]],
            engine=name,
            method=method,
            rtol=rtol,
            on_jump=lambda runs, t, *_, heard=heard: heard.extend(t.tolist()),
        )
    assert len(jumps["scipy"]) > 30
    assert jumps[engine] == pytest.approx(jumps["scipy"], abs=2e-9)
    assert ends[engine].y == pytest.approx(ends["scipy"].y, rel=2e-9)


@engines
def test_auto_takes_it_for_a_listener_where_the_right_hand_side_is_dear(build: Build, engine: str) -> None:
    rates = {f"x{i}": f"k*sin(x{(i + 1) % 6})*cos(t + {i})" for i in range(6)}
    functions = build(dict.fromkeys(rates, 1.0), {"k": 1.0}, rates, name="ring")
    batch = solve(functions, [[1.0] * 12], times=[30.0], engine=engine, rtol=1e-12, listener=Mute())
    assert set(batch.methods) == {"dop853"}


class Mute(Listener):
    def hear(self, steps: Steps) -> None:
        """Note nothing."""


@engines
def test_auto_takes_it_beside_events_and_not_beside_delays(build: Build, engine: str) -> None:
    rates = {"x": "k*x*cos(t)", "y": "x - y"}
    back = Event("back", {"y": "0"}, when="y > 2")
    functions = build({"x": 1.0, "y": 0.0}, {"k": 1.0}, rates, [back], name="events")
    tight = solve(functions, [[1.0] * 12], times=[30.0], engine=engine, rtol=1e-12)
    assert set(tight.methods) == {"dop853"}
    late = build({"x": 1.0}, {"k": 1.0}, {"x": "-k*delay(x, 1)"}, name="late")
    with pytest.raises(EngineError, match="method 'dop853' keeps no past for delays"):
        run(late, [[1.0]], engine=engine)
    assert "dop853" not in solve(late, [[1.0] * 12], times=[3.0], engine=engine, rtol=1e-11).methods


@engines
def test_runs_that_turn_stiff_go_on_with_the_stiff_method(relaxation: Functions, engine: str) -> None:
    batch = solve(relaxation, [[1.0, 2.0, 3.0] * 4], times=[3.0], engine=engine, rtol=1e-9)
    assert set(batch.status) == {Status.OK}
    late = solve(relaxation, [[1.0] * 12 + [1e4]], times=[3.0], engine=engine, rtol=1e-9)
    assert late.methods.tolist() == [*[batch.methods[0]] * 12, "rodas5p"]


@compiled_only
def test_auto_is_not_caught_by_the_stability_limit_at_tight_tolerances() -> None:
    """18 of 32 such runs ended as 'too many steps' with tsit5, which the choice kept; rodas5p needs a third of them."""
    model = load_model("hancioglu2007")
    functions = compile_numpy(lower(model))
    values = np.array(functions.program.values)[:, None]
    values = values * np.exp(np.random.default_rng(0).uniform(np.log(0.7), np.log(1.3), (len(values), 32)))
    batch = solve(functions, values, times=[model.horizon], engine="compiled", rtol=1e-12)
    assert set(batch.status) == {Status.OK}
    assert "made anew" not in batch.reason
    assert set(batch.methods) == {"rodas5p"}
