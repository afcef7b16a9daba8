"""Machine code is kept on disk once, a damaged file is replaced, and a missing library is named."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
import weakref
from pathlib import Path

import pytest

from immunode.errors import EngineError
from immunode.program.llvm import compile as llvm_compile
from immunode.program.llvm.text import Code
from tests.libraries import needs

pytestmark = needs("llvmlite")


def text() -> str:
    code = Code(4, "answer", "ptr %out")
    code.store(code.number(42.0), code.argument("p", "out"))
    code.returns()
    return code.text(linkage="")


def answer(key: str, write: object = text) -> float:
    out = (ctypes.c_double * 4)()
    call = llvm_compile.machine_code(key, "answer", [ctypes.c_void_p], write)  # type: ignore[arg-type]
    call(ctypes.addressof(out))
    return out[3]


def fails() -> str:
    raise AssertionError("written although it is on disk")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IMMUNODE_CACHE", str(tmp_path))
    return tmp_path / "objects"


def test_code_is_written_once_and_read_after_that(folder: Path) -> None:
    assert answer("a") == 42
    (file,) = folder.iterdir()
    before = file.stat().st_mtime_ns
    assert answer("a", fails) == 42
    assert file.stat().st_mtime_ns == before
    assert [f.name for f in folder.iterdir()] == [file.name]


def test_the_same_text_under_another_key_is_not_compiled_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert answer("a") == 42
    compiled = []
    true = llvm_compile._compile
    monkeypatch.setattr(llvm_compile, "_compile", lambda *given: compiled.append(given) or true(*given))
    assert answer("b") == 42
    assert len(list(folder.iterdir())) == 2
    assert compiled == []
    assert answer("c", lambda: f"; another text\n{text()}") == 42
    assert len(compiled) == 1


@pytest.mark.parametrize("damage", [b"", b"nonsense", None])
def test_a_damaged_file_is_ignored_and_replaced(folder: Path, damage: bytes | None) -> None:
    assert answer("a") == 42
    (file,) = folder.iterdir()
    whole = file.read_bytes()
    # one byte of the code changed, or nothing of it left
    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]) if damage is None else damage)
    assert answer("a") == 42
    assert file.read_bytes() == whole


def test_another_key_or_processor_is_another_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer("a")
    answer("b")
    monkeypatch.setattr(llvm_compile, "processor", lambda: ("generic", ""))
    assert answer("a") == 42
    assert len(list(folder.iterdir())) == 3


def test_no_cache_and_no_place_for_it_are_no_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("IMMUNODE_CACHE", "")
    assert answer("a") == 42
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setenv("IMMUNODE_CACHE", str(blocked))
    assert answer("a") == 42


def test_without_llvmlite_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "llvmlite", None)
    monkeypatch.setitem(sys.modules, "llvmlite.binding", None)
    assert not llvm_compile.available()
    with pytest.raises(EngineError, match=r"pip install 'immunode\[fast\]', or use engine='numpy'"):
        llvm_compile.require()


def test_code_that_nobody_holds_is_given_back(folder: Path) -> None:
    code = llvm_compile.machine_code("a", "answer", [ctypes.c_void_p], text)
    engine = weakref.ref(code._engine)
    assert engine() is not None
    del code
    gc.collect()
    assert engine() is None


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads Linux's account of memory")
def test_compiling_leaves_no_memory_behind() -> None:
    """llvmlite 0.50 keeps the passes of every compilation, 30 to 150 kB each."""

    def resident() -> float:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

    for _ in range(50):
        llvm_compile._compile(text())
    before = resident()
    for _ in range(200):
        llvm_compile._compile(text())
    assert resident() - before < 2
