"""Large systems are stepped in loops: the same numbers as without, and a time to compile that can be waited for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from immunode.program.llvm import compile as llvm_compile
from immunode.program.llvm import parts, shared_math
from immunode.program.numpy.functions import Functions
from immunode.solve import Status, solve
from immunode.solve.compiled import kernels
from immunode.solve.compiled import workspace as compiled_workspace
from immunode.solve.compiled.kernel import kernel_source
from immunode.solve.compiled.kernels import kernel
from tests.clock import PATIENCE, cpu_below
from tests.libraries import needs

pytestmark = needs("llvmlite")

Build = Callable[..., Functions]
both = pytest.mark.parametrize("method", ["tsit5", "rodas5p"])


def ring(build: Build, n: int) -> Functions:
    """Return cells that make, convert and inhibit one another around a ring, with fast binding in it."""
    rates = {}
    for i in range(n):
        one, two, before = f"x{(i + 7) % n}", f"x{(i + 3) % n}", f"x{(i - 1) % n}"
        back = f"b*{before}*x{(i + 2) % n} - u*x{i}"
        rates[f"x{i}"] = f"k*hill({before}, K, h)*(1 - hill({one}, K, 1.7)) - d*x{i} - b*x{i}*{two} + {back}"
    parameters = {"k": 1.0, "d": 0.3, "K": 2.0, "h": 2.3, "b": 5.0, "u": 1.0}
    return build({f"x{i}": 1.0 + 0.5 * (i % 3) for i in range(n)}, parameters, rates, name=f"ring{n}")


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    kernel.cache_clear()
    yield
    kernel.cache_clear()


@pytest.mark.slow
@both
def test_loops_give_the_numbers_of_unrolled_code(build: Build, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    functions = ring(build, 9)
    values = np.array(functions.program.values)[:, None] * np.linspace(0.7, 1.3, 21)
    found = []
    for most in (0, 1000):
        monkeypatch.setattr(compiled_workspace, "MOST_UNROLLED", most)
        kernel.cache_clear()
        found.append(solve(functions, values, times=np.linspace(0, 30, 31), engine="compiled", method=method))
    assert set(found[0].status) == {Status.OK}
    # products and sums are fused in other places: rounding, and what it changes in the steps
    assert found[0].y == pytest.approx(found[1].y, rel=1e-9, abs=1e-12)
    assert np.abs(found[0].steps - found[1].steps).max() <= 1


def test_a_pivot_of_zero_and_an_empty_factor_are_no_trouble_in_loops(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A diagonal system has neither lower nor upper entries; y' = 1/(1 - y)... ends where it has no solution."""
    monkeypatch.setattr(compiled_workspace, "MOST_UNROLLED", 0)
    functions = build({"x": 1.0, "y": 0.0}, {"k": 2.0}, {"x": "-k*x", "y": "1/(1 - y)"})
    batch = solve(functions, [[2.0]], times=[0, 0.25, 1], engine="compiled", method="rodas5p", max_steps=10_000)
    assert batch.y[1, :, 0] == pytest.approx([np.exp(-0.5), 1 - np.sqrt(0.5)], rel=1e-5)
    assert batch.status[0] != Status.OK
    assert batch.reached[0] == pytest.approx(0.5, abs=1e-3)


@pytest.mark.slow
@both
def test_forty_states_agree_with_scipy(build: Build, method: str) -> None:
    functions = ring(build, 40)
    assert len(functions.program.states) > compiled_workspace.MOST_UNROLLED
    values = np.array(functions.program.values)[:, None]
    times = np.linspace(0, 20, 5)
    ours = solve(functions, values, times=times, engine="compiled", method=method, rtol=1e-8)
    theirs = solve(functions, values, times=times, engine="scipy", method="LSODA", rtol=1e-11)
    # some states fall to 1e-8 of what they were, far below the absolute tolerance
    assert ours.y == pytest.approx(theirs.y, rel=1e-6, abs=1e-9)


def chain(build: Build, n: int) -> Functions:
    """Return a line of states, each made at a Hill term of the one before."""
    rates = {f"x{i}": f"k*hill(x{i - 1}, K + 0.01*{i}, h) - d*x{i}" for i in range(1, n)}
    return build(dict.fromkeys([f"x{i}" for i in range(n)], 1.0), {"k": 1.0, "d": 0.3, "K": 2.0, "h": 2.3},
                 {"x0": "k - d*x0", **rates}, name=f"chain{n}")  # fmt: skip


@pytest.mark.parametrize(("n", "limit"), [(100, 3.0), pytest.param(400, 15.0, marks=pytest.mark.slow)])
def test_compile_time(build: Build, n: int, limit: float) -> None:
    """Seconds of processor time of both kernels; measured: 0.6 and 2.5 (3.5 and 25 with all inline in one function)."""
    program = chain(build, n).program
    with cpu_below(limit):
        for method in ("tsit5", "rodas5p"):
            llvm_compile._compile(kernel_source(program, method)[0])


@pytest.mark.slow
@both
def test_parts_and_called_functions_give_the_numbers_of_whole_code(
    build: Build, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Masks, rates in time and prepared values cross from one part to the next; powers are called."""
    rates = {f"x{i}": f"piecewise(s, x{i - 1} < a, 0) + x{i - 1}**h - d*x{i}*(1 + sin(t/p))" for i in range(1, 8)}
    rates |= {"x0": "s*exp(-a) - d*x0 + max(x7 - a, 0)**1.5"}
    parameters = {"s": 0.5, "a": 0.4, "h": 0.7, "d": 0.9, "p": 3.0}
    functions = build(dict.fromkeys(rates, 0.6), parameters, rates, name="crossing")
    values = np.array(functions.program.values)[:, None] * np.linspace(0.8, 1.2, 17)
    found = []
    for most_unrolled, operations, inline in ((1000, 200, 100), (0, 3, 0)):
        monkeypatch.setattr(compiled_workspace, "MOST_UNROLLED", most_unrolled)
        monkeypatch.setattr(parts, "OPERATIONS", operations)
        monkeypatch.setattr(parts, "WHOLE", operations)
        monkeypatch.setattr(shared_math, "MOST_INLINE", inline)
        shared_math.many.cache_clear()
        kernels._named.cache_clear()
        kernel.cache_clear()
        found.append(solve(functions, values, times=np.linspace(0, 20, 21), engine="compiled", method=method))
    text = kernel_source(functions.program, method)[0]
    shared_math.many.cache_clear()
    kernels._named.cache_clear()
    assert "@slope_5(" in text
    assert "@vector_pow(" in text
    assert set(found[0].status) == {Status.OK}
    assert found[0].y == pytest.approx(found[1].y, rel=1e-8, abs=1e-10)
    assert np.abs(found[0].steps - found[1].steps).max() <= 1


def told_by_now(*given: object, simplify: bool) -> None:
    """Stand in for making machine code that takes until the timer that tells of it has run."""
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.join(PATIENCE)


def test_a_long_wait_is_told(build: Build, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(kernels, "SILENT", 0.0)
    monkeypatch.setattr(llvm_compile, "on_disk", lambda key, name: False)
    monkeypatch.setattr(llvm_compile, "machine_code", told_by_now)
    kernel(chain(build, 3).program, "tsit5")
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(kernels, "WORTH_TELLING", 0.0)
    kernel(chain(build, 4).program, "tsit5")
    assert capsys.readouterr().err.startswith("immunode: making machine code for 'chain4' (4 states), about 0 s")
