"""Programs kept on disk by the hash of the model's content, so that a second start lowers nothing.

Files are data (JSON), signed with the user's own key: see `signed_files`. A damaged, foreign or outdated file is
ignored and written again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from immunode.model import Model
from immunode.model.records import (
    Compartment,
    Derived,
    Effect,
    Event,
    Process,
    Requirement,
    State,
    Switch,
)
from immunode.model.serial import content_key
from immunode.program.lowering import lower
from immunode.program.program import Break, Change, Delay, Program, Trigger
from immunode.program.signed_files import read_signed, write_signed
from immunode.version import __version__

FORMAT = 6
_MORE = ("delay", "priority", "ranked", "persistent", "initially", "from_trigger", "hidden", "sizes")


@dataclass(frozen=True)
class _Structure:
    """All that `lower` looks at but the values of parameters: models with the same have the same program but for these.

    model : the first one that was met of this structure; it is not compared.
    """

    names: tuple[str, str]
    limits: tuple[float, float]
    compartments: tuple[Compartment, ...]
    states: tuple[State, ...]
    parameters: tuple[str, ...]
    switches: tuple[Switch, ...]
    processes: tuple[Process, ...]
    derived: tuple[Derived, ...]
    effects: tuple[Effect, ...]
    events: tuple[Event, ...]
    requirements: tuple[Requirement, ...]
    model: Model = field(compare=False, repr=False)

    @classmethod
    def of(cls, model: Model) -> _Structure:
        return cls(
            names=(model.name, model.time_unit),
            limits=(float(model.horizon), float(model.max_step)),
            compartments=tuple(model.compartments),
            states=tuple(model.states),
            parameters=tuple(p.name for p in model.parameters),
            switches=tuple(model.switches),
            processes=tuple(model.processes),
            derived=tuple(model.derived),
            effects=tuple(model.effects),
            events=tuple(model.events),
            requirements=tuple(model.requirements),
            model=model,
        )

    def content(self) -> str:
        """Return a hash of it, the same on every machine."""
        compared = [getattr(self, spec.name) for spec in fields(self) if spec.compare]
        return _hash([content_key(part) for part in compared])


@lru_cache(maxsize=256)
def cached_program(
    model: Model, integrals: tuple[str, ...] = (), by: tuple[str, ...] = (), of: tuple[str, ...] = ()
) -> Program:
    """Return `lower(model, integrals, by, of)`, from disk where it was lowered before; its `key` names its content.

    Models that differ in values of parameters only are lowered once, unless they are differentiated.
    The folder is `$IMMUNODE_CACHE`, else the user's cache folder; an empty `$IMMUNODE_CACHE` turns the cache off.
    A folder that can't be written is no error.
    """
    if by:
        return _stored(_hash([content_key(model), integrals, by, of]), lambda: lower(model, integrals, by, of))
    shared = _of_structure(_Structure.of(model), integrals, of)
    values = tuple(float(p.value) for p in model.parameters)
    return replace(shared, values=values, key=_hash([shared.structure, values]))


@lru_cache(maxsize=256)
def _of_structure(structure: _Structure, integrals: tuple[str, ...], of: tuple[str, ...]) -> Program:
    """Return the program of a structure, with any values."""
    key = _hash([structure.content(), integrals, of])
    return replace(_stored(key, lambda: lower(structure.model, integrals, (), of)), structure=key)


def _stored(key: str, make: Callable[[], Program]) -> Program:
    """Return the program of that key from disk, or made and written there."""
    stored = _read(key)
    if stored is not None:
        return stored
    program = replace(make(), key=key)
    write_signed("programs", f"{key}.json", _encode(program).encode())
    return program


def _hash(content: list[Any]) -> str:
    text = json.dumps([FORMAT, __version__, _own_sources(), *content])
    return hashlib.sha256(text.encode()).hexdigest()


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
        "delayed_slopes.py",
        "program.py",
        "cache.py",
    ):
        digest.update((Path(__file__).parent / name).read_bytes())
    return digest.hexdigest()


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
