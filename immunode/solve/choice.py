"""Which engine computes a call, and the engines by their names."""

from __future__ import annotations

import warnings
from functools import lru_cache

from immunode.errors import EngineError, did_you_mean
from immunode.program.llvm.compile import Absent, require
from immunode.program.numpy.functions import Functions
from immunode.solve.compiled.engine import CompiledEngine
from immunode.solve.compiled.kernels import at_hand, code_name, making_seconds, serves
from immunode.solve.engine import Engine
from immunode.solve.numpy.engine import NumpyEngine

ENGINES = ("auto", "scipy", "numpy", "compiled")
FEW_RUNS = 10
"""Below this many runs SciPy, one at a time, is faster than a block whose machine code is still to be made."""
LONGEST_MAKING = 30.0
"""Seconds of CPU that "auto" waits for machine code, as expected; engine="compiled" makes it in any case."""
_SCIPY_METHODS = ("LSODA", "BDF", "Radau", "DOP853")
_spent: dict[str, float] = {}
_settled: dict[object, tuple[str, str]] = {}
"""Program -> its engine for few runs and why: the same line gives the same bits for as long as a process lives."""
MOST_KEPT = 10_000


def choose_engine(functions: Functions, n_runs: int, engine: str = "auto", method: str = "auto") -> tuple[str, str]:
    """Return the name of the engine that `solve` takes, and why.

    Raises
    ------
    EngineError : unknown engine; one that has no state events beside delays, or not so many others.
    """
    name = functions.program.name
    if engine not in ENGINES:
        raise EngineError(f"{name}: unknown engine '{engine}'{did_you_mean(engine, ENGINES)}")
    delays, triggers = functions.program.delays, functions.program.triggers
    if engine == "compiled" and delays and triggers and not serves(functions.program):
        event = triggers[0].name
        raise EngineError(
            f"{name}: engine '{engine}' can't find state events ('{event}') beside delays; use engine='numpy'"
        )
    if engine == "compiled" and not serves(functions.program):
        raise EngineError(f"{name}: too many different events for machine code with delays; use engine='numpy'")
    if engine != "auto":
        return engine, f"engine '{engine}' was asked for"
    if method in _SCIPY_METHODS:
        return "scipy", f"scipy: method '{method}' was asked for"
    if delays and triggers and not can_compile_soon(functions):
        return "numpy", f"numpy: event '{triggers[0].name}' fires on a state, beside delays"
    if n_runs < FEW_RUNS and (method == "auto" or delays):
        return _engine_for_few(functions)
    if can_compile_soon(functions):
        return "compiled", f"compiled: {n_runs} runs side by side"
    side = "one run" if n_runs == 1 else f"{n_runs} runs side by side"
    return "numpy", f"numpy: {side}"


def _engine_for_few(functions: Functions) -> tuple[str, str]:
    """Return machine code for few runs where it is at hand, or where SciPy has taken as long as making it takes."""
    program = functions.program.key or functions.program
    if program not in _settled:
        if len(_settled) > MOST_KEPT:
            _settled.clear()
        _settled[program] = _best_for_few(functions)
    return _settled[program]


def _best_for_few(functions: Functions) -> tuple[str, str]:
    # with a past SciPy is the slower one in any case
    other = "numpy" if functions.program.delays else "scipy"
    if not can_compile_soon(functions):
        return other, f"{other}: fewer than {FEW_RUNS} runs"
    start = functions.steady_start
    programs = (functions.program, *(() if start is None else (start.functions.program,)))
    if all(at_hand(program) for program in programs):
        return "compiled", "compiled: its machine code is at hand"
    if spent(functions) > sum(making_seconds(program) for program in programs):
        return "compiled", f"compiled: runs by {other} have taken as long as making machine code does"
    return other, f"{other}: fewer than {FEW_RUNS} runs, and machine code is still to be made"


def spent(functions: Functions, more: float = 0.0) -> float:
    """Return the seconds of CPU that this process has spent on few runs without machine code, with some added.

    Programs that differ in numbers only count as one: they have one machine code.
    """
    key = code_name(functions.program)
    if more:
        _spent[key] = _spent.get(key, 0.0) + more
    return _spent.get(key, 0.0)


def can_compile_soon(functions: Functions) -> bool:
    """Return whether machine code for a program can be made here, and soon enough for "auto"."""
    return making_seconds(functions.program) <= LONGEST_MAKING and serves(functions.program) and _can_compile()


def _can_compile() -> bool:
    """Return whether machine code can be made here; if the library is there and can't, warn once."""
    try:
        require()
    except Absent:
        return False
    except EngineError as error:
        _warn_once(f"{error}; until then many runs are computed in NumPy, which is slower")
        return False
    return True


@lru_cache(maxsize=8)
def _warn_once(text: str) -> None:
    warnings.warn(text, stacklevel=6)


def engine_named(name: str) -> Engine:
    """Return the engine "scipy", "numpy" or "compiled"."""
    if name == "scipy":
        from immunode.solve.scipy.engine import ScipyEngine

        return ScipyEngine()
    if name == "compiled":
        return CompiledEngine()
    return NumpyEngine()
