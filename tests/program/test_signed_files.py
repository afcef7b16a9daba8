"""What is kept on disk and executed later is only what this user wrote, where nobody else can write."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import immunode as im
from immunode.program import compile_numpy, lower
from immunode.program.cache import cached_program
from immunode.program.javascript import javascript_source
from immunode.program.program import Change
from immunode.program.signed_files import _key, _key_file, _make_key, _say_unused, read_signed, write_signed

pytestmark = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="modes and owners of files are POSIX")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a cache that holds one file, with a key of its own."""
    monkeypatch.setenv("IMMUNODE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    _key.cache_clear()
    _say_unused.cache_clear()
    write_signed("programs", "a.json", b"body")
    assert read_signed("programs", "a.json") == b"body"
    return tmp_path / "cache"


def test_the_folder_is_this_users_alone_and_the_key_is_read_by_nobody_else(folder: Path) -> None:
    assert stat.S_IMODE(folder.stat().st_mode) == stat.S_IMODE((folder / "programs").stat().st_mode) == 0o700
    assert stat.S_IMODE(_key_file().stat().st_mode) == 0o600
    assert len(_key_file().read_bytes()) == 32


@pytest.mark.parametrize("change", ["body", "signature", "nothing left", "plain hash"])
def test_a_doctored_file_is_not_read(folder: Path, change: str) -> None:
    file = folder / "programs" / "a.json"
    whole = file.read_bytes()
    made = {
        "body": whole[:-4] + b"evil",
        "signature": whole.replace(whole[18:50], bytes(32)),
        "nothing left": b"",
        # what a writer without the key can do
        "plain hash": whole[:18] + hashlib.sha256(b"evil").digest() + b"evil",
    }
    file.write_bytes(made[change])
    assert read_signed("programs", "a.json") is None


def test_a_sound_file_under_another_name_is_not_read(folder: Path) -> None:
    os.rename(folder / "programs" / "a.json", folder / "programs" / "b.json")
    assert read_signed("programs", "b.json") is None


def test_what_another_user_signed_is_not_read(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "another"))
    assert read_signed("programs", "a.json") is None


@pytest.mark.parametrize("part", [".", "programs"])
@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777, 0o1777])
def test_a_folder_that_others_may_write_to_is_not_used_and_one_line_says_so(folder: Path, part: str, mode: int) -> None:
    (folder / part).chmod(mode)
    with pytest.warns(UserWarning, match=r"others may write to it: chmod go-w, or set IMMUNODE_CACHE"):
        assert read_signed("programs", "a.json") is None
    write_signed("programs", "b.json", b"body")  # warnings are errors here: it is said once
    assert not (folder / "programs" / "b.json").exists()


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_a_file_that_others_may_write_to_is_not_read(folder: Path, mode: int) -> None:
    (folder / "programs" / "a.json").chmod(mode)
    assert read_signed("programs", "a.json") is None


def test_a_link_is_not_followed(folder: Path) -> None:
    file = folder / "programs" / "a.json"
    os.rename(file, folder / "elsewhere")
    file.symlink_to(folder / "elsewhere")
    assert read_signed("programs", "a.json") is None


def test_a_folder_of_another_owner_is_not_used(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4_000_000)
    with pytest.warns(UserWarning, match="it belongs to another user"):
        assert read_signed("programs", "a.json") is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_key_that_others_could_read_is_replaced(folder: Path, mode: int) -> None:
    before = _key_file().read_bytes()
    _key_file().chmod(mode)
    _key.cache_clear()
    assert read_signed("programs", "a.json") is None
    assert _key_file().read_bytes() != before
    assert stat.S_IMODE(_key_file().stat().st_mode) == 0o600
    write_signed("programs", "a.json", b"again")
    assert read_signed("programs", "a.json") == b"again"


def test_without_a_place_for_the_key_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "file"))
    monkeypatch.setenv("IMMUNODE_CACHE", str(tmp_path / "cache"))
    write_signed("programs", "a.json", b"body")
    assert read_signed("programs", "a.json") is None
    assert not list((tmp_path / "cache" / "programs").iterdir())


def evil_program(sentinel: Path, key: str) -> str:
    """Return a program as the cache of earlier versions held it, with code in the place of a row."""
    model = im.load_model("kuznetsov1994")
    program = lower(im.perturb(model, "adoptive_transfer_bolus"))
    row = f"__import__('pathlib').Path({str(sentinel)!r}).touch() or 0"
    body = {name: getattr(program, name) for name in type(program).__dataclass_fields__} | {"key": key}
    body["triggers"] = []
    body["breaks"] = [[b.name, b.first, b.every, b.count, [["state", row, b.first]]] for b in program.breaks]
    plain = json.loads(json.dumps(body))
    checksum = hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()
    return json.dumps({"key": key, "checksum": checksum, "program": plain})


@pytest.mark.slow
def test_a_doctored_program_in_a_folder_for_all_is_not_executed(tmp_path: Path) -> None:
    """In a process of its own, as another user would find it: every file of the cache is replaced before."""
    cache, sentinel = tmp_path / "cache", tmp_path / "hacked"
    code = (
        "import immunode as im; m = im.load_model('kuznetsov1994'); "
        "print(im.simulate(m, 5, interventions=['adoptive_transfer_bolus'])['T'][-1])"
    )
    own = {"IMMUNODE_CACHE": str(cache), "XDG_CONFIG_HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    environment = {**os.environ, **own}

    def run() -> str:
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        return done.stdout

    first = run()
    files = list((cache / "programs").iterdir())
    assert files
    for file in files:
        file.write_text(evil_program(sentinel, file.stem))
    assert run() == first
    cache.chmod(0o777)
    assert run() == first
    assert not sentinel.exists()


def test_no_text_gets_into_a_source_in_the_place_of_a_row() -> None:
    program = lower(im.perturb(im.load_model("kuznetsov1994"), "adoptive_transfer_bolus"))
    (first, *_) = program.breaks
    evil = replace(first, changes=(Change("state", "0] = [][", first.first),))  # type: ignore[arg-type]
    for write in (compile_numpy, javascript_source):
        with pytest.raises(ValueError, match="invalid literal for int"):
            write(replace(program, breaks=(evil,)))


def test_the_cache_gives_back_what_was_lowered(folder: Path) -> None:
    model = im.load_model("baker2013")
    cached_program.cache_clear()
    first = cached_program(model)
    cached_program.cache_clear()
    assert cached_program(model) == first
    assert len(list((folder / "programs").iterdir())) == 2


def test_of_two_processes_that_make_a_key_at_once_the_first_one_wins(tmp_path: Path) -> None:
    # both saw no key: the second must not take away what the first has signed with by now
    file = tmp_path / "cache.key"
    _make_key(file)
    first = file.read_bytes()
    _make_key(file)
    assert file.read_bytes() == first
    assert [left.name for left in tmp_path.iterdir()] == ["cache.key"]


def test_what_is_no_key_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "cache.key"
    file.write_bytes(b"short")
    _make_key(file)
    assert len(file.read_bytes()) == 32
