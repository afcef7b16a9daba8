"""The kernels of programs, made once and kept on disk, by the names that their code has."""

from __future__ import annotations

import ctypes
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from immunode.program.llvm import compile as llvm_compile
from immunode.program.program import Program, once_a_structure
from immunode.solve.compiled.actions import Actions
from immunode.solve.compiled.kernel import ENTRY, kernel_source, width
from immunode.solve.compiled.steps import STEPS
from immunode.solve.compiled.workspace import Workspace


@dataclass(frozen=True)
class Kernel:
    """A loaded kernel.

    size : doubles of workspace.   lanes : runs side by side.   small : it writes the steps of all states on a tape.
    actions : the events that it applies itself, or None.
    """

    call: Callable[..., None]
    size: int
    lanes: int
    small: bool
    actions: Actions | None


@once_a_structure
def kernel(program: Program, method: str) -> Kernel:
    """Return the kernel of a program; made once, then read from disk."""
    workspace, key = _named(program, method)
    arguments = (ctypes.c_void_p, ctypes.c_void_p)
    call = llvm_compile.machine_code(key, ENTRY, arguments, lambda: kernel_source(program, method)[0])
    _loaded.add(key)
    return Kernel(call, workspace.size * workspace.width, workspace.width, workspace.small, workspace.actions)


def at_hand(program: Program) -> bool:
    """Return whether the kernels of a program are loaded, or on disk: then they cost next to nothing."""
    keys = [_named(program, method)[1] for method in STEPS]
    return all(key in _loaded or llvm_compile.on_disk(key, ENTRY) for key in keys)


_loaded: set[str] = set()


def code_name(program: Program) -> str:
    """Return what the machine code of a program is called; programs that differ in numbers only share it."""
    return _named(program, next(iter(STEPS)))[1]


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
    return repr((parts, *size, program.triggers, len(program.moments)))


@lru_cache(maxsize=1)
def _own_sources() -> str:
    """Return a hash of the code that writes kernels, so that a changed package never meets an old cache."""
    package = Path(__file__).parents[2]
    folders = ("solve/compiled", "program/llvm")
    files = [file for folder in folders for file in sorted((package / folder).rglob("*.py"))]
    files += [package / "solve" / f"{name}.py" for name in ("step_size", "status", "tableaus", "tape")]
    files += [
        package / "solve" / "numpy" / f"{name}.py"
        for name in ("edges", "event_search", "lockstep", "methods", "stiffness")
    ]
    files += [package / "program" / f"{name}.py" for name in ("conditions", "nonsmooth")]
    files += [package / "program" / "numpy" / "linear.py"]
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()
