"""The compiled engine: a kernel of vector code for each model and method, threads over parts of the queue."""

from __future__ import annotations

import ctypes
import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.errors import EngineError
from immunode.program import llvm_compile
from immunode.program.kinks import kinked
from immunode.program.program import Program
from immunode.solve.block import padded
from immunode.solve.compiled_kernel import ENTRY, kernel_source, width
from immunode.solve.compiled_layout import ARGUMENTS, FLOATS, HANDED_OVER, NEVER, Layout
from immunode.solve.compiled_memory import result_array
from immunode.solve.engine import Engine, Request
from immunode.solve.runs import Runs
from immunode.solve.status import Status
from immunode.solve.threads import threads as threads_at_hand

if TYPE_CHECKING:
    from immunode.program.numpy_source import Functions
    from immunode.solve.batch import Batch

Array = NDArray[np.float64]
Lanes = NDArray[np.intp]

PART, MOST = 512, 8192
"""Runs of a queue that one thread takes at a time, at least and at most."""
CHECK, PILOT_CHECK = 31, 3
"""A lane is looked at for stiffness when the count of its steps has none of these bits."""
PILOT_STEPS, PILOTS, NEARBY = 4000, 8, 0.2
EARLY = 0.5
STIFF_COST = 3.0
"""What a stiff step costs, in explicit ones."""
KINKED_COST = 0.8
"""The same where the right-hand side has corners, for which the stiff method is preferred."""
_ALIGNMENT = 128


@dataclass(frozen=True)
class Kernel:
    """A loaded kernel.   size : doubles of workspace."""

    call: Callable[..., None]
    size: int


class CompiledRuns(Runs):
    """Runs whose outputs lie one run after the other, as kernels write them."""

    def __init__(self, request: Request) -> None:
        super().__init__(request)
        n_times, n = len(self.times), self.n
        self.table = result_array((n, n_times, len(self.functions.program.states)))
        self.out = self.table.transpose(1, 2, 0)
        self.table[self.status != Status.OK] = np.nan
        self.y, self.p = np.ascontiguousarray(self.y), np.ascontiguousarray(self.p)
        self.atol = np.ascontiguousarray(self.atol)
        self.next_out = np.ascontiguousarray(self.next_out, dtype=np.int64)
        self.t_stop = np.minimum(self.next_break, self.t_end)
        wide = len(self.t)
        self.final, self.outcome, self.worst, self.tried, self.thrown = np.zeros((5, wide), dtype=np.int64)
        self.grid = np.append(self.times, np.inf)

    def write(self, index: Lanes, runs: Lanes, y: Array) -> None:
        """See `Runs`."""
        self.table[runs, index] = y.T

    def fail(self, runs: Lanes, status: Status | NDArray[np.int8], trouble: NDArray[np.int32] | int = -1) -> None:
        """See `Runs`."""
        self.status[runs] = status
        self.trouble[runs] = trouble
        for run in runs if hasattr(self, "table") else ():
            self.table[run, self.next_out[run] :] = np.nan


class CompiledEngine(Engine):
    """Tsit5 and Rodas5P in vector code; "auto" starts as the pilot run says, and stiff runs change over by themselves.

    threads : how many; where None, as many as `threads_at_most` leaves it, by default all processors.
    """

    name = "compiled"
    methods = ("tsit5", "rodas5p")

    def __init__(self, threads: int | None = None) -> None:
        self.threads = threads or threads_at_hand()

    def solve(self, request: Request, reason: str) -> Batch:
        """See `Engine`."""
        self.check_method(request.method)
        llvm_compile.require()
        triggers = request.functions.program.triggers
        if triggers:
            raise EngineError(
                f"{request.functions.program.name}: engine 'compiled' can't find state events ('{triggers[0].name}'); "
                "use engine='scipy'"
            )
        with np.errstate(all="ignore"):
            return self._solve(request, reason)

    def _solve(self, request: Request, reason: str) -> Batch:
        functions = request.functions
        runs = CompiledRuns(request)
        start, why = request.method, f"method '{request.method}' was asked for"
        if request.method == "auto":
            start, why = first_method(functions, request)
        waiting = runs.waiting()
        if start == "tsit5":
            check = CHECK if request.method == "auto" else NEVER
            waiting = _Sweep(runs, "tsit5", check, self.threads).run(waiting)
            if waiting.size:
                share = f"{waiting.size} of {runs.n} runs" if runs.n > 1 else "it"
                why += f"; {share} became stiff and went on with rodas5p"
        if waiting.size:
            _Sweep(runs, "rodas5p", NEVER, self.threads).run(waiting)
        return runs.batch(self.name, self.methods, f"{reason}; {why}" if reason else why)


class _Sweep:
    """Takes a queue of runs through one kernel."""

    def __init__(self, runs: CompiledRuns, method: str, check: int, threads: int) -> None:
        self.runs, self.check, self.threads = runs, check, threads
        self.kernel = kernel(runs.functions.program, method)
        self.lanes = width(len(runs.functions.program.states), method)
        self.code = CompiledEngine.methods.index(method)
        self.lock = threading.Lock()
        self.handed: list[Lanes] = []

    def run(self, queue: Lanes) -> Lanes:
        """Integrate the runs in `queue` to the end; return those that were handed over."""
        runs = self.runs
        runs.tried[: runs.n], runs.thrown[: runs.n] = runs.steps, runs.rejected
        self._aim(queue)
        parts = self._parts(queue)
        if len(parts) <= 1 or self.threads == 1:
            for part in parts:
                self._part(part)
        else:
            self._side_by_side(parts)
        runs.steps[:], runs.rejected[:] = runs.tried[: runs.n], runs.thrown[: runs.n]
        runs.method_index[queue] = self.code
        return np.sort(np.concatenate(self.handed)) if self.handed else queue[:0]

    def _parts(self, queue: Lanes) -> list[Lanes]:
        """Return the queue in pieces: large ones, for each has idle lanes at its end, and small ones last.

        So all threads end at about the same time, and an interruption is heard soon. No result depends on them.
        """
        parts, first = [], 0
        while first < len(queue):
            size = min(max(PART, (len(queue) - first) // (2 * self.threads)), MOST)
            parts.append(queue[first : first + size])
            first += size
        return parts

    def _side_by_side(self, parts: list[Lanes]) -> None:
        with ThreadPoolExecutor(self.threads) as pool:
            tasks = [pool.submit(self._part, part) for part in parts]
            try:
                for task in tasks:
                    task.result()
            except BaseException:
                # an interruption, or a listener that raised: what has not begun is not begun
                for task in tasks:
                    task.cancel()
                raise

    def _aim(self, queue: Lanes) -> None:
        runs = self.runs
        stop = np.minimum(runs.next_break[queue], runs.t_end)
        runs.t_stop[queue] = stop
        runs.final[queue] = runs.next_break[queue] > runs.t_end

    def _part(self, queue: Lanes) -> None:
        """Integrate a part of the queue from break to break."""
        # idle lanes compute too: what they hold must be numbers, and indices within bounds
        workspace = np.zeros(self.kernel.size + _ALIGNMENT // 8)
        skip = -workspace.ctypes.data % _ALIGNMENT
        with np.errstate(all="ignore"):
            while queue.size:
                now = np.ascontiguousarray(queue, dtype=np.int64)
                arguments = self._arguments(now)
                self.kernel.call(arguments.ctypes.data, workspace.ctypes.data + skip)
                with self.lock:
                    queue = self._serve(now)

    def _arguments(self, queue: NDArray[np.int64]) -> NDArray[np.int64]:
        runs = self.runs
        arrays: dict[str, NDArray[Any]] = {
            "queue": queue, "p": runs.p, "y": runs.y, "atol": runs.atol, "t": runs.t, "t_stop": runs.t_stop,
            "final": runs.final, "next_out": runs.next_out, "steps": runs.tried, "rejected": runs.thrown,
            "outcome": runs.outcome, "trouble": runs.worst, "times": runs.grid, "out": runs.table,
        }  # fmt: skip
        shortest = 1e-25 * max(abs(runs.t_end - runs.t0), abs(runs.t_end))
        numbers: dict[str, float] = {
            "n_queue": len(queue), "stride": runs.p.shape[1], "y_stride": runs.y.shape[1], "max_steps": runs.max_steps,
            "check": self.check, "n_times": len(runs.times), "rtol": runs.rtol, "t_end": runs.t_end,
            "shortest": shortest,
        }  # fmt: skip
        words = np.empty(len(ARGUMENTS), dtype=np.int64)
        for slot, name in enumerate(ARGUMENTS):
            if name in arrays:
                words[slot] = arrays[name].ctypes.data
            elif name in FLOATS:
                words[slot : slot + 1].view(np.float64)[0] = numbers[name]
            else:
                words[slot] = int(numbers[name])
        return words

    def _serve(self, queue: NDArray[np.int64]) -> Lanes:
        """Book what a kernel did, apply breaks, and return the runs that go on."""
        runs = self.runs
        runs.reached[queue] = runs.t[queue]
        outcome = runs.outcome[queue]
        if outcome.any():
            handed = queue[outcome == HANDED_OVER]
            if handed.size:
                self.handed.append(handed)
            broken = queue[(outcome != 0) & (outcome != HANDED_OVER)]
            runs.fail(broken, runs.outcome[broken].astype(np.int8), runs.worst[broken].astype(np.int32))
            queue = queue[outcome == 0]
        landed: Lanes = queue[runs.final[queue] == 0]
        if not landed.size:
            return landed
        lanes = padded(landed)
        y = runs.y[:, lanes]
        runs.jump(lanes, runs.t[lanes], y)
        runs.y[:, lanes] = y
        done = landed[runs.t[landed] >= runs.t_end]
        while done.size:
            done = done[runs.grid[runs.next_out[done]] <= runs.t[done]]
            runs.write(runs.next_out[done], done, runs.y[:, done])
            runs.next_out[done] += 1
        onward: Lanes = landed[runs.t[landed] < runs.t_end]
        self._aim(onward)
        return onward


@lru_cache(maxsize=64)
def kernel(program: Program, method: str) -> Kernel:
    """Return the kernel of a program; made once, then read from disk."""
    lanes = width(len(program.states), method)
    layout = Layout(program, method, lanes)
    parts = [_own_sources(), method, str(lanes), str(layout.looped), _content(program)]
    key = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    where = llvm_compile.address(key, ENTRY, lambda: kernel_source(program, method)[0])
    call = llvm_compile.as_function(where, ctypes.c_void_p, ctypes.c_void_p)
    return Kernel(call, layout.size * lanes)


def _content(program: Program) -> str:
    """Return all of a program that its kernels are made of."""
    parts = (program.nodes, program.derivatives, program.jacobian, program.time_derivative, len(program.parameters))
    return repr((parts, len(program.states), program.extinct_below))


@lru_cache(maxsize=1)
def _own_sources() -> str:
    """Return a hash of the code that writes kernels, so that a changed package never meets an old cache."""
    solve, program = Path(__file__).parent, Path(llvm_compile.__file__).parent
    names = ("kernel", "layout", "output", "queue", "steps")
    files = [solve / f"compiled_{name}.py" for name in names]
    files += [solve / f"{name}.py" for name in ("control", "lockstep", "methods", "tableaus", "status")]
    files += [
        program / f"{name}.py"
        for name in ("llvm_text", "llvm_source", "llvm_tables", "llvm_compile", "vector_math", "linear")
    ]
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


_pilots: dict[object, tuple[str, str]] = {}


def first_method(functions: Functions, request: Request) -> tuple[str, str]:
    """Return the method a sweep starts with, and why: runs around the declared values are tried with both.

    It depends on the program, the span of time and the tolerances only, never on the runs of a sweep. Remembered.
    """
    atol = None if request.atol is None or np.ndim(request.atol) == 2 else np.asarray(request.atol, dtype=float)
    t_end = float(request.times[-1])
    content = functions.program.key or functions.program
    key = (content, request.t0, t_end, request.rtol, None if atol is None else atol.tobytes())
    if key not in _pilots:
        pilot = replace(
            request,
            values=_around(np.array(functions.program.values, dtype=float)),
            times=np.array([t_end]),
            initial=None,
            atol=atol,
            max_steps=PILOT_STEPS,
            on_jump=None,
        )
        if len(_pilots) > 1000:
            _pilots.clear()
        _pilots[key] = _pilot(pilot)
    return _pilots[key]


def _around(values: Array) -> Array:
    """Return the declared values and, since they may be a state of rest, others near them, (n_values, PILOTS)."""
    factors = np.exp(NEARBY * np.random.default_rng(0).uniform(-1.0, 1.0, (len(values), PILOTS)))
    factors[:, 0] = 1.0
    return np.asarray(values[:, None] * factors)


def _pilot(request: Request) -> tuple[str, str]:
    explicit = CompiledRuns(request)
    turned = np.zeros(explicit.n, bool)
    turned[_Sweep(explicit, "tsit5", PILOT_CHECK, 1).run(explicit.waiting())] = True
    early = turned & (explicit.t - request.t0 <= EARLY * (explicit.t_end - request.t0))
    status = explicit.status
    counted = turned | (status == Status.OK) | (status == Status.TOO_MANY_STEPS)
    if not counted.any():
        return "tsit5", f"the runs around the declared values ended as '{Status(int(status[0])).label}'"
    open_ = counted & ~turned
    # a corner between two stages escapes tsit5's error estimate, not that of rodas5p
    cost = KINKED_COST if kinked(request.functions.program) else STIFF_COST
    stiff = CompiledRuns(replace(request, max_steps=max(1, int(explicit.steps.max() / cost))))
    _Sweep(stiff, "rodas5p", NEVER, 1).run(stiff.waiting())
    cheaper = open_ & (stiff.status == Status.OK) & (stiff.steps > 0) & (stiff.steps * cost <= explicit.steps)
    votes, n = int((early | cheaper).sum()), int(counted.sum())
    if 2 * votes > n:
        return "rodas5p", f"{votes} of {n} runs around the declared values are stiff, or cheaper with rodas5p"
    return "tsit5", f"{n - votes} of {n} runs around the declared values are not stiff"
