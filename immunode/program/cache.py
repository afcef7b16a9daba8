"""Programs and their sources kept on disk by the hash of the model's content, so that a second start lowers nothing.

Files are data (JSON with a checksum), written whole and then renamed: any number of processes may write at once, and
a damaged, foreign or outdated file is ignored and written anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from immunode.model.declaration import Model
from immunode.model.serial import content_key
from immunode.program.lower import lower
from immunode.program.program import Break, Change, Program, Trigger
from immunode.version import __version__

FORMAT = 2
_MORE = ("delay", "priority", "ranked", "persistent", "initially", "from_trigger", "hidden", "sizes")


@lru_cache(maxsize=256)
def cached_program(model: Model, integrals: tuple[str, ...] = ()) -> Program:
    """Return `lower(model, integrals)`, from disk where it was lowered before; its `key` names its content.

    The folder is `$IMMUNODE_CACHE`, else the user's cache folder; an empty `$IMMUNODE_CACHE` turns the cache off.
    A folder that can't be written is no error.
    """
    text = json.dumps([FORMAT, __version__, _own_sources(), content_key(model), list(integrals)])
    key = hashlib.sha256(text.encode()).hexdigest()
    folder = cache_folder()
    if folder is None:
        return _with_key(lower(model, integrals), key)
    file = folder / "programs" / f"{key}.json"
    stored = _read(file, key)
    if stored is not None:
        return stored
    program = _with_key(lower(model, integrals), key)
    _write(file, key, program)
    return program


def cache_folder() -> Path | None:
    """Return where caches live, or None where they are turned off."""
    chosen = os.environ.get("IMMUNODE_CACHE")
    if chosen is None:
        import platformdirs

        return Path(platformdirs.user_cache_dir("immunode", appauthor=False))
    return Path(chosen) if chosen else None


@lru_cache(maxsize=1)
def _own_sources() -> str:
    """Return a hash of the code that lowers, so that a changed package never meets an old cache."""
    digest = hashlib.sha256()
    for name in ("graph.py", "lower.py", "time_conditions.py", "timed_events.py", "program.py", "cache.py"):
        digest.update((Path(__file__).parent / name).read_bytes())
    return digest.hexdigest()


def _with_key(program: Program, key: str) -> Program:
    return replace(program, key=key)


def _read(file: Path, key: str) -> Program | None:
    try:
        content = json.loads(file.read_bytes())
        body = content["program"]
        if content["key"] != key or content["checksum"] != _checksum(body):
            return None
        return _decode(body)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _write(file: Path, key: str, program: Program) -> None:
    body = {name: getattr(program, name) for name in Program.__dataclass_fields__}
    body["breaks"] = [[b.name, b.first, b.every, b.count, _changes(b.changes)] for b in program.breaks]
    body["triggers"] = [
        [t.name, t.condition, _changes(t.changes), *(getattr(t, name) for name in _MORE)] for t in program.triggers
    ]
    plain = json.loads(json.dumps(body))
    text = json.dumps({"key": key, "checksum": _checksum(plain), "program": plain})
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=file.parent, suffix=".part")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(text)
            os.replace(temporary, file)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError:
        return


def _changes(changes: tuple[Change, ...]) -> list[list[Any]]:
    return [[c.kind, c.index, c.node] for c in changes]


def _checksum(body: Any) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _decode(body: dict[str, Any]) -> Program:
    values = {name: _tuples(value) for name, value in body.items()}
    values["breaks"] = tuple(
        Break(name, first, every, count, tuple(Change(*c) for c in changes))
        for name, first, every, count, changes in values["breaks"]
    )
    values["triggers"] = tuple(
        Trigger(name, condition, tuple(Change(*c) for c in changes), *more)
        for name, condition, changes, *more in values["triggers"]
    )
    return Program(**values)


def _tuples(value: Any) -> Any:
    return tuple(_tuples(v) for v in value) if isinstance(value, list) else value
