"""The compiled engine: same bits in any company, every break and every failure served, never an endless kernel."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from immunode.model import Event, Model, Parameter, Process, State
from immunode.program.lowering import lower
from immunode.program.numpy.functions import Functions, compile_numpy
from immunode.solve import Status, solve
from immunode.solve.compiled import engine as compiled_engine
from immunode.solve.compiled.engine import CompiledEngine
from immunode.solve.outcome import Outcome
from immunode.solve.thread_limits import threads_at_most
from tests.libraries import needs

pytestmark = needs("llvmlite")

Array = NDArray[np.float64]
Build = Callable[..., Functions]
GRID = np.linspace(0.0, 40.0, 33)
METHODS = ["auto", "tsit5", "rodas5p"]
methods = pytest.mark.parametrize("method", METHODS)
both = pytest.mark.parametrize("method", METHODS[1:])


def run(functions: Functions, values: Any, **options: Any) -> Outcome:
    return solve(functions, values, **{"times": GRID, "engine": "compiled", **options})


def same(one: Outcome, lanes: Any, other: Outcome) -> bool:
    """Whether runs `lanes` of `one` are the runs of `other`, bit for bit."""
    names = ("y", "status", "reached", "steps", "rejected", "trouble", "method_index")
    return all(
        np.ascontiguousarray(np.asarray(getattr(one, n))[..., lanes]).tobytes()
        == np.ascontiguousarray(getattr(other, n)).tobytes()
        for n in names
    )


@pytest.fixture(scope="module")
def values(predator: Functions, sets: Callable[..., Array]) -> Array:
    # counts stay whole numbers: a schedule rounds them
    return sets(predator, 1500, keep=["n"])


@methods
def test_runs_are_the_same_alone_in_a_few_and_in_many(predator: Functions, values: Array, method: str) -> None:
    whole = run(predator, values, method=method)
    assert set(whole.status) == {Status.OK}
    for lanes in ([0], [517], [1499], np.arange(301, 308), np.arange(20, 37), np.arange(600, 1300)):
        assert same(whole, lanes, run(predator, values[:, lanes], method=method))


@methods
def test_order_does_not_matter(predator: Functions, values: Array, method: str) -> None:
    whole = run(predator, values, method=method)
    order = np.random.default_rng(0).permutation(values.shape[1])
    assert same(whole, order, run(predator, values[:, order], method=method))


@both
@pytest.mark.parametrize(("threads", "part"), [(1, 512), (2, 16), (3, 100), (7, 1)])
def test_threads_and_parts_do_not_matter(
    predator: Functions, values: Array, method: str, threads: int, part: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = values[:, :300]
    whole = run(predator, some, method=method)
    monkeypatch.setattr(compiled_engine, "PART", part)
    with threads_at_most(threads):
        assert CompiledEngine().threads == threads
        assert same(whole, slice(None), run(predator, some, method=method))


def test_runs_that_turn_stiff_on_their_way_are_the_same_alone(relaxation: Functions) -> None:
    values, times = np.logspace(1, 5, 40)[None], np.linspace(0, 8, 9)
    whole = run(relaxation, values, rtol=1e-5, times=times)
    assert set(whole.methods) == {"tsit5", "rodas5p"}
    for number in range(0, 40, 6):
        assert same(whole, [number], run(relaxation, values[:, [number]], rtol=1e-5, times=times))


@methods
def test_absurd_runs_leave_the_others_alone(predator: Functions, values: Array, method: str) -> None:
    """2 % absurd sets: NaN, infinite, negative, 1e12-fold, ones that blow up."""
    rng = np.random.default_rng(3)
    absurd = rng.choice(values.shape[1], 30, replace=False)
    bad = values.copy()
    rows = {name: i for i, name in enumerate(predator.program.parameters)}
    bad[rows["r"], absurd[0::10]] = np.nan
    bad[rows["s"], absurd[1::10]] = np.inf
    bad[:, absurd[2::10]] *= -1
    bad[rows["a"], absurd[3::10]] *= 1e12
    bad[rows["d"], absurd[4::10]] *= 1e12
    bad[rows["b"], absurd[5::10]] *= -1
    bad[rows["eta"], absurd[6::10]] = -50
    bad[rows["r"], absurd[7::10]] *= 1e12
    bad[rows["mu"], absurd[8::10]] = -1e12
    bad[:, absurd[9::10]] = 1e300
    whole = run(predator, values, method=method, max_steps=3000)
    mixed = run(predator, bad, method=method, max_steps=3000)
    good = np.setdiff1d(np.arange(values.shape[1]), absurd)
    assert np.ascontiguousarray(mixed.y[..., good]).tobytes() == np.ascontiguousarray(whole.y[..., good]).tobytes()
    assert np.array_equal(mixed.steps[good], whole.steps[good])
    failed = mixed.status[absurd] != Status.OK
    assert failed.sum() >= 15
    for number in absurd[failed]:
        late = mixed.reached[number] < GRID
        assert np.isnan(mixed.y[late][..., number]).all()
        if mixed.status[number] != Status.REFUSED:
            assert np.isfinite(mixed.y[~late][..., number]).all()


@both
def test_agrees_with_numpy_far_below_the_tolerance(predator: Functions, values: Array, method: str) -> None:
    """Same method, same controller: what differs is rounding, and the step size in its fourth digit."""
    ours = run(predator, values[:, :50], method=method, rtol=1e-8)
    theirs = run(predator, values[:, :50], method=method, rtol=1e-8, engine="numpy")
    assert ours.y == pytest.approx(theirs.y, rel=3e-7, abs=1e-9)
    assert ours.steps == pytest.approx(theirs.steps, rel=0.05, abs=3)


@both
def test_every_operation_of_a_program(build: Build, method: str) -> None:
    rates = {
        "x": "-k*x + 0.1*piecewise(sin(x), x > 0.5 and not (z >= 2), min(x, z))*max(x, 0.2)",
        "z": "cos(z)*exp(-x) + log(1 + z) - sqrt(z)*z**1.37 + tanh(x)*abs(x - z) + 0.01*t - 0.02*k*tan(x/3)",
        "w": "sinh(x/5) - w*cosh(z/9) + asin(x/9) + acos(z/9)*atan(w) + hill(x, k, 2.5) + hill(z, 2*k, 3)",
        "v": "michaelis(w, k) - v",
    }
    functions = build({"x": 1.0, "z": 0.3, "w": 0.1, "v": 0.0}, {"k": 0.7}, rates)
    times = np.linspace(0, 5, 11)
    ours = run(functions, [[0.7, 0.4, 1.1]], method=method, times=times, rtol=1e-9)
    theirs = run(functions, [[0.7, 0.4, 1.1]], method="LSODA", times=times, rtol=1e-11, engine="scipy")
    # kinks of min, max and abs cost every method some digits
    assert ours.y == pytest.approx(theirs.y, rel=1e-6)


@both
def test_order_five(build: Build, method: str) -> None:
    """Halving the tolerance's fifth root halves the step: the error falls with the tolerance."""
    functions = build({"x": 1.0, "y": 0.0}, {"w": 1.0}, {"x": "w*y*(1 + 0.1*sin(t))", "y": "-w*x"})
    exact = run(functions, [[1.0]], method="DOP853", engine="scipy", rtol=1e-12, times=[20.0]).y[0, :, 0]
    found = [run(functions, [[1.0]], method=method, rtol=r, times=[20.0]) for r in (1e-5, 1e-9)]
    errors = [np.abs(b.y[0, :, 0] - exact).max() for b in found]
    ratio = found[1].steps[0] / found[0].steps[0]
    assert 4.2 < np.log(errors[0] / errors[1]) / np.log(ratio) < 6.5


@both
def test_many_doses_hit_exactly(dosed: Functions, method: str) -> None:
    rng = np.random.default_rng(2)
    first, gap, count = rng.uniform(0.1, 3, 40), rng.uniform(0.2, 4, 40), rng.integers(0, 27, 40)
    table = np.array(dosed.program.values)[:, None].repeat(40, axis=1)
    for name, row in {"first": first, "gap": gap, "n": count}.items():
        table[dosed.program.parameters.index(name)] = row
    batch = run(dosed, table, method=method, rtol=1e-9)
    for i in range(40):
        doses = first[i] + gap[i] * np.arange(count[i])
        expected = np.sum([np.where(d <= GRID, 2 * np.exp(-0.5 * (GRID - d)), 0.0) for d in doses], axis=0) + 0 * GRID
        # local errors at rtol 1e-9 add up over some hundred steps
        assert batch.y[:, 0, i] == pytest.approx(expected, abs=1e-7)


@both
def test_output_at_the_time_of_a_dose_is_the_value_after_it(dosed: Functions, method: str) -> None:
    values = np.array(dosed.program.values)[:, None]
    values[dosed.program.parameters.index("k")] = 0.0
    assert run(dosed, values, times=[0, 1, 2, 4, 7], method=method).y[:, 0, 0].tolist() == [0, 2, 2, 4, 6]


@both
def test_switches_and_listeners(build: Build, method: str) -> None:
    pulse = [Event("on", {"flow": "rate"}, at="start"), Event("off", {"flow": "0"}, at="start + 0.02")]
    functions = build({"x": 0.0}, {"rate": 50.0, "start": 200.0}, {"x": "flow"}, pulse, ["flow"])
    heard: list[float] = []
    values = np.array([[50.0] * 4, [0.0, 17.3, 200.0, 364.99]])
    batch = run(functions, values, times=[0, 365], method=method, on_jump=lambda runs, t, *_: heard.extend(t))
    assert batch.y[-1, 0] == pytest.approx([1, 1, 1, 0.5], rel=1e-9)
    assert len(heard) == 7


@both
@pytest.mark.parametrize("limit", [1, 7, 20])
def test_steps_end_at_their_limit_exactly(relaxation: Functions, method: str, limit: int) -> None:
    batch = run(relaxation, [[1.0, 50.0]], times=[0, 100], method=method, max_steps=limit)
    assert batch.status.tolist() == [Status.TOO_MANY_STEPS] * 2
    assert batch.steps.tolist() == [limit] * 2


@both
def test_a_million_doses_are_refused_before_the_run_starts(dosed: Functions, method: str) -> None:
    values = np.array(dosed.program.values)[:, None]
    values[[dosed.program.parameters.index(n) for n in ("gap", "n")], 0] = 1e-9, 1e12
    batch = run(dosed, values, times=[0, 10], method=method, max_steps=500)
    assert batch.status.tolist() == [Status.REFUSED]
    assert batch.steps.tolist() == [0]


@both
def test_blow_up_ends_at_its_time_and_names_its_state(build: Build, method: str) -> None:
    functions = build({"z": 1.0, "x": 1.0}, {"k": 1.0}, {"z": "-z", "x": "k*x**2"})
    batch = run(functions, [[1.0, 0.1]], times=[0, 0.5, 2], method=method, max_steps=5000)
    assert batch.status[0] in (Status.NOT_FINITE, Status.STEP_TOO_SMALL)
    assert batch.status[1] == Status.OK
    assert batch.reached[0] == pytest.approx(1.0, abs=1e-3)
    assert batch.y[1, 1, 0] == pytest.approx(2.0, rel=1e-4)
    assert np.isnan(batch.y[2, :, 0]).all()
    assert functions.program.states[batch.trouble[0]] == "x"


def test_a_slope_that_is_nan_from_the_start(build: Build) -> None:
    functions = build({"y": 1.0, "x": 1.0}, {"k": 1.0}, {"y": "1", "x": "sqrt(k - 2*x)"})
    batch = run(functions, [[1.0, 9.0]], times=[0, 1])
    assert batch.status.tolist() == [Status.NOT_FINITE, Status.OK]
    assert batch.y[0, :, 0].tolist() == [1, 1]
    assert functions.program.states[batch.trouble[0]] == "x"


def test_an_exception_of_a_listener_is_not_lost(dosed: Functions, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(compiled_engine, "PART", 2)
    with pytest.raises(KeyboardInterrupt):
        run(dosed, np.array(dosed.program.values)[:, None].repeat(40, axis=1), on_jump=stop)


@both
def test_a_population_below_its_limit_is_gone(method: str) -> None:
    """The prey falls to 5e-5 and would come back."""
    states = [State("prey", 3.0, extinct_below=1e-3), State("predator", 3.0)]
    processes = [
        Process("birth", "-> prey", "r*prey"),
        Process("hunt", "prey -> predator", "r*prey*predator"),
        Process("death", "predator ->", "0.3*predator"),
    ]
    r = Parameter("r", 1.0, source="assumed: a test")
    functions = compile_numpy(lower(Model(name="waves", states=states, parameters=[r], processes=processes)))
    times = np.linspace(0, 40, 401)
    ours = run(functions, [[1.0]], method=method, times=times, rtol=1e-8)
    theirs = run(functions, [[1.0]], method=method, times=times, rtol=1e-8, engine="numpy")
    assert ours.y[0, 0, 0] == 3
    assert (ours.y[-200:, 0, 0] == 0).all()
    assert ours.y == pytest.approx(theirs.y, rel=1e-6, abs=1e-5)


def test_the_reason_tells_method_and_why(decay: Functions) -> None:
    assert "8 of 8 runs around the declared values are not stiff" in run(decay, [[1.0] * 20]).reason
    assert "'rodas5p' was asked for" in run(decay, [[1.0]], method="rodas5p").reason


_PLAIN = """
import json, sys
import numpy as np
sys.path.insert(0, sys.argv[1])
from models import WORKS
from immunode.program import compile_numpy, lower
from immunode.solve import solve
found = {}
for key in "AB":
    work = WORKS[key]()
    f = compile_numpy(lower(work.model))
    found[key] = solve(f, work.values(5), times=work.times[::20], engine="compiled", rtol=1e-7).y.tolist()
print(json.dumps(found))
"""


@pytest.mark.slow
def test_a_processor_without_wide_vectors_gives_the_same_results(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    environment = {**os.environ, "IMMUNODE_CACHE": str(tmp_path), "PYTHONPATH": str(root)}
    command = [sys.executable, "-c", _PLAIN, str(root / "tests" / "benchmarks")]
    texts = []
    plain = "x86-64" if platform.machine() in ("x86_64", "AMD64") else "generic"
    for more in ({}, {"NUMBA_CPU_NAME": plain}):
        done = subprocess.run(command, env=environment | more, capture_output=True, text=True, check=True)
        texts.append(json.loads(done.stdout))
    for key in "AB":
        # rounding differs, and what it changes in the steps stays below the tolerance
        assert np.array(texts[0][key]) == pytest.approx(np.array(texts[1][key]), rel=1e-6, abs=1e-9)
