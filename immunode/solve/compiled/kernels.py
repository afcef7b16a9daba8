"""Kernels by program and method: made once, kept on disk, and how long it takes to make them."""

from __future__ import annotations

import ctypes
import hashlib
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from immunode.program.llvm import compile as llvm_compile
from immunode.program.program import Program, once_a_structure
from immunode.solve.compiled.actions import Actions
from immunode.solve.compiled.kernel import ENTRY, kernel_source, width
from immunode.solve.compiled.workspace import MOST_UNROLLED, Workspace

METHODS = ("tsit5", "rodas5p", "dop853")
UNROLLED, NODE, ENTRY_OF_JACOBIAN, PAST = 0.2, 0.0015, 0.01, 0.2
LOOPED, LOOPED_NODE = 0.4, 0.0002
"""Seconds of CPU that making the kernels of a program takes, and more by node, by entry, and where it has delays;
without loops and with them.
Measured: tests/benchmarks/compile_time.py."""
SILENT, WORTH_TELLING = 2.0, 1.5
"""Seconds after which it is told what is waited for, where it is expected to take more than the second number."""


@dataclass(frozen=True)
class Kernel:
    """A loaded kernel.

    size : doubles of workspace.   lanes : runs side by side.   small : it writes the steps of all states on a tape.
    actions : the events that it applies itself, or None.   past : number of delays, and of states they look back at.
    """

    call: Callable[..., None]
    size: int
    lanes: int
    small: bool
    actions: Actions | None
    past: tuple[int, int]


@once_a_structure
def kernel(program: Program, method: str) -> Kernel:
    """Return the kernel of a program; made once, then read from disk."""
    workspace, key = _named(program, method)
    arguments = (ctypes.c_void_p, ctypes.c_void_p)
    simplify = workspace.looped or method == "rodas5p"
    with _told(program, key):
        call = llvm_compile.machine_code(
            key, ENTRY, arguments, lambda: kernel_source(program, method)[0], simplify=simplify
        )
    _loaded.add(key)
    return Kernel(
        call=call,
        size=workspace.size * workspace.width,
        lanes=workspace.width,
        small=workspace.small,
        actions=workspace.actions,
        past=(len(workspace.delays), len(workspace.sources)),
    )


def at_hand(program: Program) -> bool:
    """Return whether the kernel that a program is looked at with is loaded, or on disk: the other has been made then.

    Or it was not needed: where tsit5 takes a few steps, none is made for rodas5p.
    """
    key = _named(program, METHODS[0])[1]
    return key in _loaded or llvm_compile.on_disk(key, ENTRY)


_loaded: set[str] = set()


def code_name(program: Program) -> str:
    """Return what the machine code of a program is called; programs that differ in numbers only share it."""
    return _named(program, METHODS[0])[1]


@once_a_structure
def _named(program: Program, method: str) -> tuple[Workspace, str]:
    """Return the workspace of a kernel, and the name that its code has."""
    lanes = width(len(program.states), method)
    workspace = Workspace(program, method, lanes)
    events = repr(workspace.actions)
    parts = [_own_sources(), method, str(lanes), str(workspace.looped), events, _content(program)]
    return workspace, hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _content(program: Program) -> str:
    """Return all of a program that its kernels are made of."""
    parts = (program.nodes, program.derivatives, program.jacobian, program.time_derivative, len(program.parameters))
    size = (len(program.states), program.extinct_below, program.max_step)
    return repr((parts, *size, program.triggers, len(program.moments), program.delays))


@lru_cache(maxsize=1)
def _own_sources() -> str:
    """Return a hash of the code that writes kernels, so that a changed package never meets an old cache."""
    package = Path(__file__).parents[2]
    folders = ("solve/compiled", "program/llvm")
    files = [file for folder in folders for file in sorted((package / folder).rglob("*.py"))]
    files += [
        package / "solve" / f"{name}.py" for name in ("step_size", "status", "tableaus", "eighth_order/tableau", "tape")
    ]
    files += [
        package / "solve" / "numpy" / f"{name}.py"
        for name in ("edges", "event_search", "lockstep", "methods", "stiffness")
    ]
    files += [package / "program" / f"{name}.py" for name in ("conditions", "nonsmooth")]
    files += [package / "solve" / "delays" / "breaking_points.py", package / "solve" / "numpy" / "lane_history.py"]
    files += [package / "program" / "numpy" / "linear.py"]
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def serves(program: Program) -> bool:
    """Return whether kernels can serve a program: not delays beside events that wait or may tie, or too many others."""
    return not program.delays or _named(program, METHODS[0])[0].actions is not None


def making_seconds(program: Program) -> float:
    """Return the seconds of CPU that making the kernels of a program is expected to take."""
    past = PAST if program.delays else 0.0
    if len(program.states) > MOST_UNROLLED:
        return past + LOOPED + LOOPED_NODE * len(program.nodes)
    return past + UNROLLED + NODE * len(program.nodes) + ENTRY_OF_JACOBIAN * len(program.jacobian)


_mentioned: set[str] = set()
"""Of what it was told already: one message for all kernels of a program."""


@contextmanager
def _told(program: Program, key: str) -> Iterator[None]:
    """Tell what is waited for, where that takes long; an interruption is heard when it is done."""
    expected, name = making_seconds(program), f"'{program.name}' ({len(program.states)} states)"
    if name in _mentioned or expected < WORTH_TELLING or llvm_compile.on_disk(key, ENTRY):
        yield
        return

    def tell() -> None:
        _mentioned.add(name)
        text = f"immunode: making machine code for {name}, about {expected:.0f} s; it is kept on disk"
        print(text, file=sys.stderr, flush=True)

    timer = threading.Timer(SILENT, tell)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
