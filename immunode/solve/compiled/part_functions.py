"""The functions of the parts that the values of a large program are cut into, see `program.llvm.parts`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from immunode.program.llvm.parts import Part
from immunode.program.llvm.source import Values
from immunode.program.llvm.text import Value
from immunode.solve.compiled.workspace import KernelFunction, Workspace

Store = Callable[[KernelFunction, int, Value], None]
"""Writes the value of the root in a place."""


def functions_of_parts(
    workspace: Workspace,
    external: set[str],
    name: str,
    roots: Sequence[int],
    values: Callable[[KernelFunction], Values],
    store: Store,
) -> list[str]:
    """Return the functions `name_0`, `name_1`, ... of the parameters (u, c, out, t) that compute and write the roots.

    values : gives a function the writer of its values.
    """
    return [
        _function(workspace, external, f"{name}_{i}", part, roots, values, store)
        for i, part in enumerate(workspace.parts[name])
    ]


def _function(
    workspace: Workspace,
    external: set[str],
    name: str,
    part: Part,
    roots: Sequence[int],
    values: Callable[[KernelFunction], Values],
    store: Store,
) -> str:
    f = KernelFunction(workspace, name, [("p", "u"), ("p", "c"), ("p", "out"), ("f", "t")], external)
    writer = values(f)
    writer.known = {**writer.known, **dict.fromkeys(part.given, lambda node: f.get("between", part.given[node]))}
    for place, value in zip(part.roots, writer.compute(roots[place] for place in part.roots), strict=True):
        store(f, place, value)
    for (_, row), value in zip(part.kept.items(), writer.compute(part.kept), strict=True):
        f.put(value, "between", row)
    return f.text(attributes="nounwind noinline")


def call_parts(f: KernelFunction, name: str, u: Value, c: Value, out: Value, t: Value) -> None:
    """Write the calls of all functions of a name."""
    for i in range(len(f.workspace.parts[name])):
        f.code.call(f"{name}_{i}", f.args, f.ws, u, c, out, t)
