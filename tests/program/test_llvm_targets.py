"""Kernels are made of what every processor has: they compile for ARM, and for x86 without wide vectors."""

from __future__ import annotations

import re

import pytest

from immunode.model import Model, Parameter, Process, State
from immunode.program.llvm import compile as llvm_compile
from immunode.program.lowering import lower
from immunode.solve.compiled.kernel import kernel_source

llvm = pytest.importorskip("llvmlite.binding")

EVERYWHERE = {"cttz", "fabs", "fmuladd", "sqrt", "floor", "prefetch"}
"""Operations of LLVM that are defined for all targets."""


@pytest.fixture(params=["tsit5", "rodas5p", "tsit5 with a past"])
def text(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the kernel of a small model, as written for a processor with vectors of two doubles."""
    monkeypatch.setattr(llvm_compile, "processor", lambda: ("generic", ""))
    model = Model(
        name="small",
        states=[State("x", 1.0), State("y", 2.0)],
        parameters=[Parameter("k", 1.5, source="assumed: a test")],
        processes=[
            Process("up", "-> x", "hill(y, k, 1.7) + tanh(x)"),
            Process("down", "x -> y", "max(x, 0.1)*exp(-y)"),
        ],
    )
    method, _, past = request.param.partition(" ")
    if past:
        late = Process("late", "y ->", "delay(x*y, k)")
        model = model.replace(processes=[*model.processes, late])
    return kernel_source(lower(model), method)[0]


def compiled(text: str, triple: str, processor: str) -> tuple[str, bytes]:
    """Return assembly and object of a text for some processor."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    target = llvm.Target.from_triple(triple)
    machine = target.create_target_machine(cpu=processor, features="", opt=1, reloc="pic", codemodel="default")
    module = llvm.parse_assembly(text)
    module.triple, module.data_layout = triple, str(machine.target_data)
    return machine.emit_assembly(module), bytes(machine.emit_object(module))


def test_only_operations_that_every_target_has(text: str) -> None:
    assert set(re.findall(r"@llvm\.([a-z0-9_]+)", text)) <= EVERYWHERE
    assert "target" not in text


@pytest.mark.slow
def test_arm(text: str) -> None:
    assembly, code = compiled(text, "aarch64-unknown-linux-gnu", "generic")
    assert code[:4] == b"\x7fELF"
    # machine type of an ELF file: 183 is AArch64
    assert int.from_bytes(code[18:20], "little") == 183
    assert re.search(r"fmla\s+v\d+\.2d", assembly)
    # the only functions from outside are the C library's
    defined = set(re.findall(r"^(\w+):", assembly, flags=re.M))
    assert set(re.findall(r"\bbl\s+(\w+)", assembly)) - defined <= {"tanh"}


@pytest.mark.slow
def test_x86_without_wide_vectors(text: str) -> None:
    assembly, code = compiled(text, "x86_64-unknown-linux-gnu", "x86-64")
    # machine type of an ELF file: 62 is x86-64
    assert int.from_bytes(code[18:20], "little") == 62
    assert "%xmm" in assembly
    assert not re.search(r"%[yz]mm|\bv(f?n?m(add|sub)|addpd)", assembly)
