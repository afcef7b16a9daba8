"""Machine code of LLVM text for the machine at hand, kept on disk, and its functions ready to call.

A file of the cache is named after the hash of what its code was made from and of the processor, and is signed with the
user's own key: see `signed_files`. What is damaged or foreign is ignored and replaced.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from immunode.errors import EngineError
from immunode.program.signed_files import cache_folder, read_signed, write_signed

_OLDEST_LLVM = 20
"""LLVM of llvmlite 0.45; that of 0.44, LLVM 15, does not read the text of kernels."""
_lock = threading.RLock()


class Absent(EngineError):
    """The library that makes machine code is not installed, which is no fault."""


def require() -> Any:
    """Return `llvmlite.binding`, started, and found to make code that runs.

    Raises
    ------
    Absent : llvmlite is not installed.
    EngineError : it is there, but too old or broken; says why.
    """
    llvm = _library()
    trouble = _trouble(llvm)
    if trouble:
        raise EngineError(f"engine 'compiled' can't make machine code here ({trouble}); {_REMEDY}")
    return llvm


def available() -> bool:
    """Return whether code can be compiled here."""
    try:
        require()
    except EngineError:
        return False
    return True


_REMEDY = "pip install -U 'immunode[fast]', or use engine='numpy'"


def _library() -> Any:
    try:
        import llvmlite.binding as llvm

        version = llvm.llvm_version_info[0]
        sound = version >= _OLDEST_LLVM and hasattr(llvm, "create_pass_builder")
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] == "llvmlite":
            raise Absent(
                "engine 'compiled' needs llvmlite, which is not installed; "
                "pip install 'immunode[fast]', or use engine='numpy'"
            ) from None
        raise EngineError(f"engine 'compiled' can't load llvmlite ({error}); {_REMEDY}") from error
    except Exception as error:
        raise EngineError(f"engine 'compiled' can't load llvmlite ({_line(error)}); {_REMEDY}") from error
    if not sound:
        raise EngineError(f"engine 'compiled' needs LLVM {_OLDEST_LLVM} or later, found {version}; {_REMEDY}")
    return llvm


_PROBE = """
declare void @llvm.prefetch.p0(ptr, i32, i32, i32)
declare <4 x double> @llvm.fmuladd.v4f64(<4 x double>, <4 x double>, <4 x double>)
define void @probe(ptr %out) {
  call void @llvm.prefetch.p0(ptr %out, i32 1, i32 3, i32 1)
  %x = load <4 x double>, ptr %out, align 8
  %y = call <4 x double> @llvm.fmuladd.v4f64(<4 x double> %x, <4 x double> %x, <4 x double> %x)
  store <4 x double> %y, ptr %out, align 8
  ret void
}
"""
"""What kernels are made of, in small: pointers without types, vectors, intrinsics."""


@lru_cache(maxsize=4)
def _trouble(llvm: Any) -> str:
    """Return why no code can be made and run with a library, "" where it can; tried once."""
    try:
        _start()
        out = (ctypes.c_double * 4)(1.0, 2.0, 3.0, 4.0)
        MachineCode(_load(_compile(_PROBE)), "probe", [ctypes.c_void_p])(ctypes.addressof(out))
        right = list(out) == [2.0, 6.0, 12.0, 20.0]
        return "" if right else f"a small function gave {list(out)}, not x*x + x"
    except Exception as error:  # noqa: BLE001 - a library that is broken may raise anything
        return _line(error)


def _line(error: BaseException) -> str:
    """Return what an error says, in one line."""
    said = " ".join(str(error).split())
    return f"{type(error).__name__}: {said[:120]}" if said else type(error).__name__


@lru_cache(maxsize=1)
def _start() -> None:
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()


@lru_cache(maxsize=1)
def processor() -> tuple[str, str]:
    """Return the name and the features of the processor that code is made for; Numba's variables override them."""
    llvm = _library()
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


def machine_code(
    key: str, name: str, arguments: Sequence[Any], write: Callable[[], str], *, simplify: bool = True
) -> MachineCode:
    """Return the function `name` of the code that `write` returns as text, ready to call.

    key : whatever that text depends on; code of the same key is taken from disk, and `write` is not called.
    arguments : their `ctypes` types.   simplify : see `_compile`.

    Raises
    ------
    EngineError : no code can be made here, or none of this text.
    """
    require()
    file = _file(key, name)
    with _lock:
        stored = read_signed("objects", file)
        text = "" if stored is not None else write()
        try:
            code = stored if stored is not None else _once_a_text(text, name, simplify)
            loaded = _load(code)
        except RuntimeError as error:
            raise EngineError(f"engine 'compiled' can't make this model's code ({_line(error)}); {_REMEDY}") from error
        if stored is None:
            write_signed("objects", file, code)
        return MachineCode(loaded, name, arguments)


_recent: OrderedDict[str, bytes] = OrderedDict()
_MOST_RECENT = 64


def _once_a_text(text: str, name: str, simplify: bool) -> bytes:
    """Return the object file of a text; programs that differ in what no kernel reads have the same text."""
    file = _file(f"{simplify}\n{text}", name)
    if file not in _recent:
        _recent[file] = _compile(text, simplify)
        if len(_recent) > _MOST_RECENT:
            _recent.popitem(last=False)
    return _recent[file]


def on_disk(key: str, name: str) -> bool:
    """Return whether the code of `machine_code` lies on disk; it is not read."""
    folder = cache_folder()
    return folder is not None and (folder / "objects" / _file(key, name)).is_file()


def _file(key: str, name: str) -> str:
    processor_name, features = processor()
    content = "\n".join([key, processor_name, features, str(_library().llvm_version_info), platform.machine(), name])
    return f"{hashlib.sha256(content.encode()).hexdigest()}.bin"


def _machine(llvm: Any) -> Any:
    name, features = processor()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    return target.create_target_machine(
        cpu=name, features=features, opt=2, reloc="default", codemodel="jitdefault", jit=True
    )


def _compile(text: str, simplify: bool = True) -> bytes:
    """Return the object file of a text.

    simplify : whether LLVM rewrites the text first. That makes loops over tables 1.4 times as fast, and takes 40 % of
    the time of compiling; explicit steps in one straight line become no faster (measured within 6 %).
    """
    llvm = _library()
    machine = _machine(llvm)
    module = llvm.parse_assembly(text)
    module.triple, module.data_layout = llvm.get_process_triple(), str(machine.target_data)
    options = llvm.create_pipeline_tuning_options(speed_level=int(simplify))
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
    llvm = _library()
    empty = llvm.parse_assembly("")
    empty.triple = llvm.get_process_triple()
    engine = llvm.create_mcjit_compiler(empty, _machine(llvm))
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return engine
