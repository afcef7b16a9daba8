"""Machine code of LLVM text for the machine at hand, kept on disk, and its functions ready to call.

A file of the cache is named after the hash of what its code was made from and of the processor, and is signed with the
user's own key: see `signed`. What is damaged or foreign is ignored and replaced.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import threading
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from immunode.errors import EngineError
from immunode.program.signed import read_signed, write_signed

_OLDEST_LLVM = 15
_lock = threading.RLock()


def require() -> Any:
    """Return `llvmlite.binding`, started.

    Raises
    ------
    EngineError : llvmlite is absent or too old.
    """
    try:
        import llvmlite.binding as llvm
    except ImportError:
        raise EngineError(
            "engine 'compiled' needs llvmlite, which is not installed; "
            "pip install 'immunode[fast]', or use engine='numpy'"
        ) from None
    if llvm.llvm_version_info[0] < _OLDEST_LLVM or not hasattr(llvm, "create_pass_builder"):
        raise EngineError(
            f"engine 'compiled' needs LLVM {_OLDEST_LLVM} or later, found {llvm.llvm_version_info[0]}; "
            "pip install -U 'immunode[fast]', or use engine='numpy'"
        )
    _start()
    return llvm


def available() -> bool:
    """Return whether code can be compiled here."""
    try:
        require()
    except EngineError:
        return False
    return True


@lru_cache(maxsize=1)
def _start() -> None:
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()


@lru_cache(maxsize=1)
def processor() -> tuple[str, str]:
    """Return the name and the features of the processor that code is made for; Numba's variables override them."""
    llvm = require()
    name = os.environ.get("NUMBA_CPU_NAME") or llvm.get_host_cpu_name()
    features = os.environ.get("NUMBA_CPU_FEATURES")
    if features is None:
        chosen = "NUMBA_CPU_NAME" in os.environ
        features = "" if chosen else llvm.get_host_cpu_features().flatten()
    return name, features


def wide() -> bool:
    """Return whether the processor has vectors of eight doubles."""
    name, features = processor()
    return "+avx512f" in features.split(",") or name in ("skylake-avx512", "znver4", "znver5")


class MachineCode:
    """A function in machine code, which is given back when the last reference to it is gone.

    Other threads run while it is called.
    """

    __slots__ = ("_call", "_engine")

    def __init__(self, engine: Any, name: str, arguments: Sequence[Any]) -> None:
        self._engine = engine
        self._call = ctypes.CFUNCTYPE(None, *arguments)(engine.get_function_address(name))

    def __call__(self, *given: Any) -> None:
        self._call(*given)


def machine_code(key: str, name: str, arguments: Sequence[Any], write: Callable[[], str]) -> MachineCode:
    """Return the function `name` of the code that `write` returns as text, ready to call.

    key : whatever that text depends on; code of the same key is taken from disk, and `write` is not called.
    arguments : their `ctypes` types.
    """
    llvm = require()
    processor_name, features = processor()
    content = "\n".join([key, processor_name, features, str(llvm.llvm_version_info), platform.machine(), name])
    digest = hashlib.sha256(content.encode()).hexdigest()
    with _lock:
        stored = read_signed("objects", f"{digest}.bin")
        code = stored if stored is not None else _compile(write())
        if stored is None:
            write_signed("objects", f"{digest}.bin", code)
        return MachineCode(_load(code), name, arguments)


def _machine(llvm: Any) -> Any:
    name, features = processor()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    return target.create_target_machine(
        cpu=name, features=features, opt=2, reloc="default", codemodel="jitdefault", jit=True
    )


def _compile(text: str) -> bytes:
    llvm = require()
    machine = _machine(llvm)
    module = llvm.parse_assembly(text)
    module.triple, module.data_layout = llvm.get_process_triple(), str(machine.target_data)
    options = llvm.create_pipeline_tuning_options(speed_level=1)
    # loops run over single elements: vector code for them is longer and not faster
    options.loop_vectorization = options.slp_vectorization = options.loop_unrolling = False
    builder = llvm.create_pass_builder(machine, options)
    passes = builder.getModulePassManager()
    passes.run(module, builder)
    _dispose(passes)
    return bytes(machine.emit_object(module))


def _dispose(passes: Any) -> None:
    """Free passes: llvmlite (0.50 does) takes the disposal that does nothing of the two that their class inherits."""
    first, *others = (vars(kind)["_dispose"] for kind in type(passes).__mro__ if "_dispose" in vars(kind))
    if others and vars(type(passes).__mro__[1]).get("_dispose") is first:
        others[0](passes)
    passes.close()


def _load(code: bytes) -> Any:
    llvm = require()
    empty = llvm.parse_assembly("")
    empty.triple = llvm.get_process_triple()
    engine = llvm.create_mcjit_compiler(empty, _machine(llvm))
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return engine
