"""exp, log and pow of the compiled engine: accuracy over the whole range, and C99's values at the edges."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from immunode.program.llvm import vector_math
from immunode.program.llvm.compile import machine_code
from immunode.program.llvm.text import Code
from tests.libraries import needs

pytestmark = needs("llvmlite")

Array = NDArray[np.float64]
Function = Callable[..., Array]
WIDTH = 8
EDGES = np.array(
    [
        *(0.0, -0.0, 1, -1, np.inf, -np.inf, np.nan, 5e-324, 1e-310, 2.3e-308, 1.7e308, -2, -3, 3, 2, 0.5, -0.5),
        *(745.2, -745.1, 709.782, 709.79, -708.5, -744.4, 1e-17, -1e-17, 1e5, -1e5),
    ]
)
# long doubles have 11 bits more on x86 and 60 on ARM; where they have none, nothing finer than doubles is known
FINER = np.finfo(np.longdouble).eps < 1e-18
needs_finer = pytest.mark.skipif(not FINER, reason="no reference finer than doubles")


def compiled(name: str) -> Function:
    """Return a function of `vector_math` as one of arrays."""

    def write() -> str:
        code = Code(WIDTH, name, "ptr %x, ptr %y, ptr %out, i64 %n")
        x, y, out = (code.argument("p", a) for a in ("x", "y", "out"))
        with code.count_to(code.argument("l", "n")) as i:
            at = code.bits("shl", i, 3)
            given = [code.load("f", code.address(a, at)) for a in (x, y)]
            result = getattr(vector_math, name)(code, *given[: 2 if name == "power" else 1])
            code.store(result, code.address(out, at))
        code.returns()
        return "\n".join([*sorted(code.external), code.text(linkage="")])

    text = write()
    call = machine_code(text, name, [*[ctypes.c_void_p] * 3, ctypes.c_int64], lambda: text)

    def apply(*given: Any) -> Array:
        n = len(given[0])
        blocks = -(-n // WIDTH)
        arrays = [np.ones(blocks * WIDTH) for _ in range(3)]
        for array, values in zip(arrays, given, strict=False):
            array[:n] = values
        call(*(a.ctypes.data for a in arrays), blocks)
        return arrays[2][:n]

    return apply


@pytest.fixture(scope="module")
def functions() -> dict[str, Function]:
    return {name: compiled(name) for name in ("exp", "log", "power")}


def worst(found: Array, expected: Any) -> float:
    """Return the largest relative error where the result is a normal number."""
    size = np.abs(expected)
    normal = (size > 2.3e-308) & (size < 1.7e308)
    return float(np.max(np.abs(found[normal] - expected[normal]) / size[normal]))


@needs_finer
@pytest.mark.parametrize(("low", "high"), [(-708, 709.7), (-1, 1), (-1e-3, 1e-3), (-40, 40)])
def test_exp_is_within_an_ulp(functions: dict[str, Function], low: float, high: float) -> None:
    x = np.random.default_rng(0).uniform(low, high, 100_000)
    assert worst(functions["exp"](x), np.exp(x.astype(np.longdouble))) < 2.3e-16


@needs_finer
@pytest.mark.parametrize(("low", "high"), [(-708, 709), (-0.7, 0.7), (-1e-6, 1e-6), (-20, 20)])
def test_log_is_within_an_ulp(functions: dict[str, Function], low: float, high: float) -> None:
    x = np.exp(np.random.default_rng(0).uniform(low, high, 100_000))
    assert worst(functions["log"](x), np.log(x.astype(np.longdouble))) < 2.3e-16


@needs_finer
@pytest.mark.parametrize(("spread", "exponents", "limit"), [(5, 20, 1e-15), (300, 2.3, 1e-15), (0.7, 1000, 3e-15)])
def test_power_keeps_its_digits_for_large_exponents(
    functions: dict[str, Function], spread: float, exponents: float, limit: float
) -> None:
    rng = np.random.default_rng(1)
    x, y = np.exp(rng.uniform(-spread, spread, 100_000)), rng.uniform(-exponents, exponents, 100_000)
    wide = np.power(x.astype(np.longdouble), y.astype(np.longdouble))
    assert worst(functions["power"](x, y), wide) < limit


@pytest.mark.parametrize(("name", "reference"), [("exp", np.exp), ("log", np.log)])
def test_edges(functions: dict[str, Function], name: str, reference: Any) -> None:
    with np.errstate(all="ignore"):
        expected = reference(EDGES)
    # one unit in the last place, also of subnormal numbers
    np.testing.assert_allclose(functions[name](EDGES), expected, rtol=2.3e-16, atol=5e-324)


def test_edges_of_powers(functions: dict[str, Function]) -> None:
    x, y = (a.ravel() for a in np.meshgrid(EDGES, EDGES))
    with np.errstate(all="ignore"):
        expected = np.power(x, y)
    found = functions["power"](x, y)
    np.testing.assert_allclose(found, expected, rtol=1e-15, atol=1e-323)
    zero = expected == 0
    assert np.array_equal(np.signbit(found[zero]), np.signbit(expected[zero]))


def test_subnormal_results_are_rounded_not_flushed(functions: dict[str, Function]) -> None:
    x = np.linspace(-745, -708.5, 1000)
    np.testing.assert_allclose(functions["exp"](x), np.exp(x), rtol=2.3e-16, atol=5e-324)
    assert (functions["exp"](x) > 0).all()


@pytest.mark.parametrize("name", ["exp", "log", "power"])
def test_a_lane_does_not_see_its_neighbors(functions: dict[str, Function], name: str) -> None:
    rng = np.random.default_rng(5)
    x, y = np.exp(rng.normal(0, 4, 4096)), rng.uniform(-3, 3, 4096)
    whole = functions[name](x, y)
    poisoned = x.copy()
    special = rng.choice(4096, 400, replace=False)
    poisoned[special] = rng.choice(EDGES, 400)
    clean = np.setdiff1d(np.arange(4096), special)
    assert np.array_equal(functions[name](poisoned, y)[clean], whole[clean])
    assert np.array_equal(functions[name](x[3:], y[3:]), whole[3:])
