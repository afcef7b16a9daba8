"""The right-hand side of any program for peers: plain scalar Python that Numba compiles, one run at a time."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from immunode.program.numpy.functions import Functions
from immunode.program.program import Program

Array = NDArray[np.float64]
_INFIX = {
    "add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**", "less": "<", "less_equal": "<=", "equal": "==",
    "and": "and", "or": "or",
}  # fmt: skip
_CALLS = {"abs": "abs", "asin": "asin", "acos": "acos", "atan": "atan"}


def scalar_source(program: Program) -> str:
    """Return `slope(t, y, dy, p)` as Python text."""
    needed: set[int] = set()
    stack = list(program.derivatives)
    while stack:
        node = stack.pop()
        if node not in needed:
            needed.add(node)
            kind, *rest = program.nodes[node]
            stack += [] if kind in ("number", "state", "parameter", "time") else [int(o) for o in rest]  # type: ignore[call-overload]
    lines = [f"    v{node} = {_expression(program, node)}" for node in sorted(needed)]
    lines += [f"    dy[{row}] = v{node}" for row, node in enumerate(program.derivatives)]
    return "\n".join(["def slope(t, y, dy, p):", *lines, ""])


def _expression(program: Program, node: int) -> str:
    kind, *rest = program.nodes[node]
    if kind == "number":
        return repr(float(rest[0]))  # type: ignore[arg-type]
    if kind == "time":
        return "t"
    if kind in ("state", "parameter"):
        return f"{'y' if kind == 'state' else 'p'}[{rest[0]}]"
    x = [f"v{o}" for o in rest]
    if kind in _INFIX:
        return f"{x[0]} {_INFIX[str(kind)]} {x[1]}"
    if kind in ("min", "max"):
        return f"{x[0]} if {x[0]} {'<' if kind == 'min' else '>'} {x[1]} else {x[1]}"
    if kind == "where":
        return f"{x[1]} if {x[0]} else {x[2]}"
    if kind in ("neg", "not"):
        return f"{'-' if kind == 'neg' else 'not '}{x[0]}"
    return f"{_CALLS.get(str(kind), kind)}({x[0]})"


def slope(program: Program) -> Callable[..., None]:
    """Return the function of `scalar_source`, compiled."""
    scope: dict[str, Any] = {name: getattr(math, name) for name in dir(math) if not name.startswith("_")}
    exec(scalar_source(program), scope)
    numba: Any = importlib.import_module("numba")
    found: Callable[..., None] = numba.njit(error_model="numpy")(scope["slope"])
    return found


def numbalsoda(functions: Functions, times: Array) -> Callable[[Array, float, float], Array]:
    """Return `run(values, rtol, atol) -> (n_times, n_states, n)` with numbalsoda's LSODA in a compiled loop."""
    numba: Any = importlib.import_module("numba")
    tool: Any = importlib.import_module("numbalsoda")
    program, equations, loop = functions.program, slope(functions.program), _loop()
    n_states, n_parameters = len(program.states), len(program.parameters)

    @numba.cfunc(tool.lsoda_sig)  # type: ignore[untyped-decorator]
    def rates(t: Any, y: Any, dy: Any, p: Any) -> None:
        equations(t, numba.carray(y, (n_states,)), numba.carray(dy, (n_states,)), numba.carray(p, (n_parameters,)))

    def run(values: Array, rtol: float, atol: float) -> Array:
        p = functions.parameters(values)
        start = functions.initial(p)
        sets, starts = np.ascontiguousarray(p.T), np.ascontiguousarray(start.T)
        out = loop(rates.address, starts, times, sets, rtol, atol)
        return np.asarray(out.transpose(1, 2, 0))

    run.keep = rates  # type: ignore[attr-defined]
    return run


def _loop() -> Callable[..., Array]:
    if not _known:
        numba: Any = importlib.import_module("numba")
        lsoda: Any = importlib.import_module("numbalsoda").lsoda

        @numba.njit  # type: ignore[untyped-decorator]
        def loop(address: int, starts: Array, times: Array, sets: Array, rtol: float, atol: float) -> Array:
            out = np.empty((len(sets), len(times), starts.shape[1]))
            for k in range(len(sets)):
                found, good = lsoda(address, starts[k], times, sets[k], rtol=rtol, atol=atol)
                out[k] = found
                if not good:
                    out[k] = np.nan
            return out

        _known.append(loop)
    return _known[0]


_known: list[Callable[..., Array]] = []
