"""exp, log and pow as functions of their own, which programs with many of them call: the same numbers as inline."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from immunode.program.llvm import vector_math
from immunode.program.llvm.text import Code, Value
from immunode.program.program import Program

Made = Callable[..., Value]

KINDS = {"exp": 1, "log": 1, "pow": 4}
"""What is counted of them, by the length of their code."""
MOST_INLINE = 100
"""A program with more of them calls them. Inline they are up to a quarter faster, and take most of the time to compile
where they are many: tests/benchmarks/compile_time.py."""
_FUNCTIONS: dict[str, tuple[int, Made]] = {
    "vector_exp": (1, vector_math.exp),
    "vector_exp_bounded": (1, lambda code, x: vector_math.exp(code, x, bounded=True)),
    "vector_log": (1, vector_math.log),
    "vector_log_normal": (1, lambda code, x: vector_math.log(code, x, normal=True)),
    "vector_pow": (2, vector_math.power),
}


@lru_cache(maxsize=256)
def many(program: Program) -> bool:
    """Return whether a program has so many of them that they are called."""
    return sum(KINDS.get(str(node[0]), 0) for node in program.nodes) > MOST_INLINE


def call(code: Code, name: str, *x: Value) -> Value:
    """Return the value of one of the functions."""
    kind = code.types["f"]
    given = ", ".join(f"{kind} {v.text}" for v in x)
    return code.emit("f", f"call {kind} @{name}({given})")


def definitions(text: str, width: int, external: set[str]) -> list[str]:
    """Return the text of the functions that a text calls, for vectors of `width`."""
    return [_definition(name, width, external) for name in _FUNCTIONS if f"@{name}(" in text]


def _definition(name: str, width: int, external: set[str]) -> str:
    count, made = _FUNCTIONS[name]
    kind = f"<{width} x double>"
    names = ("x", "y")[:count]
    code = Code(width, name, ", ".join(f"{kind} %{n}" for n in names), result=kind, external=external)
    code.returns(made(code, *(code.argument("f", n) for n in names)))
    return code.text(attributes='nounwind noinline willreturn memory(none) "prefer-vector-width"="512"')
