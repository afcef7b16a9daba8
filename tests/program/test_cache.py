"""Programs on disk: equal to fresh ones, never in the way, safe under many writers."""

from __future__ import annotations

import multiprocessing
from dataclasses import replace
from pathlib import Path

import pytest

from immunode.model import Event, Model, Parameter, Process, Requirement, State, Switch
from immunode.program import compile_numpy, lower, numpy_source
from immunode.program.cache import _of_structure, cached_program
from immunode.program.signed_files import read_signed


def model(k: float = 0.5) -> Model:
    return Model(
        name="m",
        states=[State("A", 2.0)],
        parameters=[Parameter("k", k, source="assumed: a test")],
        switches=[Switch("on", 0.0)],
        processes=[Process("loss", "A ->", "k*A*(1 + on)*hill(A, k, 1.5)")],
        events=[
            Event("start", {"on": "on + 1"}, at="k", every=2, count=3),
            Event("low", {"A": "A + 1"}, when="A < 0.1"),
        ],
        requirements=[Requirement("k >= 0", "k can't be negative")],
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IMMUNODE_CACHE", str(tmp_path))
    forget()
    return tmp_path


def forget() -> None:
    cached_program.cache_clear()
    _of_structure.cache_clear()


def stored(folder: Path) -> list[Path]:
    return sorted((folder / "programs").iterdir())


def test_a_second_start_reads_what_the_first_one_wrote(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = cached_program(model(), ("A",))
    forget()
    monkeypatch.setattr("immunode.program.cache.lower", lambda *_: pytest.fail("lowered again"))
    second = cached_program(model(), ("A",))
    assert second == first
    assert hash(second) == hash(first)
    assert numpy_source(second) == numpy_source(lower(model(), ("A",)))


def test_another_value_is_another_key_and_another_integral_another_entry(folder: Path) -> None:
    programs = [cached_program(m, i) for m, i in ((model(), ()), (model(), ("A",)), (model(0.6), ()))]
    assert len({program.key for program in programs}) == 3
    assert {program.structure for program in programs} == {file.stem for file in stored(folder)}
    assert len(stored(folder)) == 2


def test_models_that_differ_in_values_only_are_lowered_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _of_structure.cache_clear()
    first = cached_program(model(0.5))
    monkeypatch.setattr("immunode.program.cache.lower", lambda *_: pytest.fail("lowered again"))
    second = cached_program(model(0.25))
    assert (first.values, second.values) == ((0.5,), (0.25,))
    assert first.shared() is second.shared()
    assert numpy_source(first) is numpy_source(second)
    assert compile_numpy(first).rhs is compile_numpy(second).rhs
    fresh = lower(model(0.25))
    assert replace(second, key="", structure="") == fresh
    # a key says what a program is, whichever of its kind came first
    forget()
    assert cached_program(model(0.25)).key == second.key


def test_models_that_differ_in_more_are_lowered_apart(folder: Path) -> None:
    base = model()
    state, loss = base.states[0], base.processes[0]
    others = [
        base.replace(states=[replace(state, initial=3.0)]),
        base.replace(states=[replace(state, typical=3.0)]),
        base.replace(states=[replace(state, extinct_below=1e-3)]),
        base.replace(processes=[replace(loss, rate="k*A")]),
        base.replace(events=base.events[:1]),
        base.replace(events=[replace(base.events[0], every=3), base.events[1]]),
        base.replace(switches=[Switch("on", 1.0)]),
        base.replace(requirements=[]),
        base.replace(max_step=0.5),
        base.replace(horizon=3.0),
    ]
    found = {cached_program(one).structure for one in (base, *others)}
    assert len(found) == 1 + len(others)


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"key": 1}', "\x00\xff", "[" * 100_000])
def test_a_damaged_file_is_ignored_and_written_anew(folder: Path, damage: str) -> None:
    program = cached_program(model())
    (file,) = stored(folder)
    sound = file.read_bytes()
    file.write_text(damage)
    forget()
    assert cached_program(model()) == program
    assert file.read_bytes() == sound


def test_a_changed_number_fails_the_signature(folder: Path) -> None:
    program = cached_program(model())
    (file,) = stored(folder)
    file.write_bytes(file.read_bytes().replace(b'"values": [0.5]', b'"values": [9.5]'))
    assert b"[9.5]" in file.read_bytes()
    forget()
    assert cached_program(model()) == program


def test_no_folder_and_no_permission_are_no_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "a file"
    blocked.write_text("in the way")
    for chosen in ("", str(blocked)):
        monkeypatch.setenv("IMMUNODE_CACHE", chosen)
        forget()
        assert cached_program(model()).states == ("A",)


def _write_many(round_: int) -> str:
    forget()
    return cached_program(model(), ((), ("A",), ("A", "loss"))[round_ % 3]).structure


def test_many_writers_leave_whole_files_only(folder: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        keys = set(pool.map(_write_many, range(24), chunksize=1))
    assert {file.stem for file in stored(folder)} == keys
    # one key for all: what each process wrote, this one reads
    assert all(read_signed("programs", file.name) for file in stored(folder))


def test_a_program_that_was_changed_is_not_taken_for_what_it_was(folder: Path) -> None:
    program = cached_program(model(0.5))
    shorter = replace(program, derivatives=program.fluxes[0][1:])
    assert program.shared() is cached_program(model(0.25)).shared()
    assert shorter.shared() is shorter
    assert numpy_source(shorter) != numpy_source(program)
