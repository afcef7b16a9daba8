"""Large systems are stepped in loops: the same numbers as without, and a time to compile that can be waited for."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from immunode.program.llvm import compile as llvm_compile
from immunode.program.numpy.functions import Functions
from immunode.solve import Status, solve
from immunode.solve.compiled import workspace as compiled_workspace
from immunode.solve.compiled.engine import kernel
from immunode.solve.compiled.kernel import kernel_source
from tests.clock import cpu_below
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


@pytest.mark.slow
@pytest.mark.parametrize(("n", "limit"), [(50, 10.0), (100, 20.0)])
def test_compile_time(build: Build, n: int, limit: float) -> None:
    """Seconds of processor time; measured: 1.7 and 4 (without loops 5.5 and 14)."""
    functions = ring(build, n)
    with cpu_below(limit):
        llvm_compile._compile(kernel_source(functions.program, "rodas5p")[0])
