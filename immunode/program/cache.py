"""Programs kept on disk by the hash of the model's content, so that a second start lowers nothing.

Files are data (JSON), signed with the user's own key: see `signed_files`. A damaged, foreign or outdated file is
ignored and written again.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from immunode.model import Model
from immunode.model.serial import content_key
from immunode.program.lowering import lower
from immunode.program.program import Break, Change, Delay, Program, Trigger
from immunode.program.signed_files import read_signed, write_signed
from immunode.version import __version__

FORMAT = 5
_MORE = ("delay", "priority", "ranked", "persistent", "initially", "from_trigger", "hidden", "sizes")


@lru_cache(maxsize=256)
def cached_program(
    model: Model, integrals: tuple[str, ...] = (), by: tuple[str, ...] = (), of: tuple[str, ...] = ()
) -> Program:
    """Return `lower(model, integrals, by, of)`, from disk where it was lowered before; its `key` names its content.

    The folder is `$IMMUNODE_CACHE`, else the user's cache folder; an empty `$IMMUNODE_CACHE` turns the cache off.
    A folder that can't be written is no error.
    """
    text = json.dumps([FORMAT, __version__, _own_sources(), content_key(model), integrals, by, of])
    key = hashlib.sha256(text.encode()).hexdigest()
    stored = _read(key)
    if stored is not None:
        return stored
    program = _with_key(lower(model, integrals, by, of), key)
    write_signed("programs", f"{key}.json", _encode(program).encode())
    return program


@lru_cache(maxsize=1)
def _own_sources() -> str:
    """Return a hash of the code that lowers, so that a changed package never meets an old cache."""
    digest = hashlib.sha256()
    for name in (
        "graph.py",
        "delayed_states.py",
        "lowering.py",
        "sensitivity.py",
        "time_conditions.py",
        "timed_events.py",
        "program.py",
        "cache.py",
    ):
        digest.update((Path(__file__).parent / name).read_bytes())
    return digest.hexdigest()


def _with_key(program: Program, key: str) -> Program:
    return replace(program, key=key)


def _read(key: str) -> Program | None:
    body = read_signed("programs", f"{key}.json")
    try:
        return None if body is None else _decode(json.loads(body))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _encode(program: Program) -> str:
    body = {name: getattr(program, name) for name in Program.__dataclass_fields__}
    body["breaks"] = [[b.name, b.first, b.every, b.count, _changes(b.changes)] for b in program.breaks]
    body["delays"] = [[d.row, d.of, d.lag, d.past] for d in program.delays]
    body["triggers"] = [
        [t.name, t.condition, _changes(t.changes), *(getattr(t, name) for name in _MORE)] for t in program.triggers
    ]
    return json.dumps(body)


def _changes(changes: tuple[Change, ...]) -> list[list[Any]]:
    return [[c.kind, c.index, c.node] for c in changes]


def _decode(body: dict[str, Any]) -> Program:
    values = {name: _tuples(value) for name, value in body.items()}
    values["breaks"] = tuple(
        Break(name, first, every, count, tuple(Change(*c) for c in changes))
        for name, first, every, count, changes in values["breaks"]
    )
    values["delays"] = tuple(Delay(*delay) for delay in values["delays"])
    values["triggers"] = tuple(
        Trigger(name, condition, tuple(Change(*c) for c in changes), *more)
        for name, condition, changes, *more in values["triggers"]
    )
    return Program(**values)


def _tuples(value: Any) -> Any:
    return tuple(_tuples(v) for v in value) if isinstance(value, list) else value
