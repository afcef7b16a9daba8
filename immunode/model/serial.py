"""Models, and every record that says so with `register`, as JSON text and back; nothing is ever executed.

A record is an object with its type and the fields that differ from their defaults, a tuple is a list:

    {"format": "immunode 1", "type": "Model", "name": "...", "states": [{"type": "State", "name": "E", ...}]}

Reading refuses whatever it does not know, so that a misspelt field is never dropped unseen. It knows the same records
whatever was imported before: those of a layer above are looked for there as soon as a text names one.
"""

from __future__ import annotations

import builtins
import hashlib
import json
import math
import sys
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import lru_cache, wraps
from importlib import import_module
from numbers import Integral, Real
from typing import Any, TypeVar

from immunode.errors import ModelError, StoreError, did_you_mean, quoted, shortened
from immunode.language.characters import problem

T = TypeVar("T")
C = TypeVar("C", bound=type)

FORMAT = "immunode 1"
_DEEPEST = 60
_ABOVE = ("immunode.model", "immunode.intervention")
"""Packages whose public records a text may hold; this module imports none of them, so it looks there by name."""
_known: dict[str, type] = {}


def register(cls: C) -> C:
    """Make a frozen dataclass known to `to_json` and `from_json`; stands above `@dataclass` as a decorator.

    From then on it refuses texts that can't be shown, see `printable`.

    Raises
    ------
    StoreError
        `cls` is no dataclass, or another class of its name is known.
    """
    if not is_dataclass(cls):
        raise StoreError(f"{cls.__name__} can't be registered: it is no dataclass (put @register above @dataclass)")
    other = _known.get(cls.__name__)
    if other is not None and (other.__module__, other.__qualname__) != (cls.__module__, cls.__qualname__):
        raise StoreError(f"two records are called {cls.__name__}: in {other.__module__} and in {cls.__module__}")
    _known[cls.__name__] = cls
    return printable(cls)


def printable(cls: C) -> C:
    """Make a dataclass refuse control characters in each of its texts; stands above `@dataclass` as a decorator.

    A name has one line; other texts may have several, and tabs.
    """
    unchecked: Callable[..., None] = cls.__init__  # type: ignore[misc]

    @wraps(unchecked)
    def __init__(self: Any, *values: Any, **named: Any) -> None:
        unchecked(self, *values, **named)
        _check_texts(self)

    cls.__init__ = __init__  # type: ignore[misc]
    return cls


def _check_texts(record: Any) -> None:
    for spec in fields(record):
        for text in _texts(getattr(record, spec.name)):
            reason = problem(text, lines=spec.name != "name")
            if reason:
                label = quoted(str(getattr(record, "name", "")))
                raise ModelError(f"{type(record).__name__} {label}: {spec.name}= can't be used: {reason}")


def _texts(value: Any) -> Iterator[str]:
    """Yield the texts in a field; a record in it has looked at its own."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from _texts(tuple(value.items()))
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _texts(item)


def record_named(name: str) -> type | None:
    """Return the record of that name, which is loaded with it; None where no layer declares one."""
    for package in () if name in _known else map(import_module, _ABOVE):
        if name in package.__all__:
            getattr(package, name)  # defines and registers it
    return _known.get(name)


def _all_names() -> list[str]:
    """Return the names of all records, for the hint of a message: this loads every one."""
    for package in map(import_module, _ABOVE):
        for name in package.__all__:
            getattr(package, name)
    return list(_known)


def to_json(record: Any) -> str:
    """Return a record as JSON text, one item a line, the same for equal records.

    Raises
    ------
    StoreError : it holds something that JSON can't (NaN, a callable, a class that is not registered).
    """
    encoded = {"format": FORMAT, **_encode(record, type(record).__name__, 0)}
    lines = []
    for key, value in encoded.items():
        written = _compact(value)
        if isinstance(value, list) and len(written) > 80:
            written = "[\n  " + ",\n  ".join(_compact(item) for item in value) + "\n ]"
        lines.append(f" {_compact(key)}: {written}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def content_key(record: Any) -> str:
    """Return the SHA-256 of the content of a record, or of a tuple of some, as 64 hexadecimal digits.

    It is equal for equal records, on every machine.
    """
    encoded = _encode(record, type(record).__name__, 0, provenance=False)
    text = _compact({"format": FORMAT, **(encoded if isinstance(encoded, dict) else {"content": encoded})})
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def from_json(cls: type[T], text: str | bytes) -> T:
    """Return the record of type `cls` that `to_json` wrote.

    Raises
    ------
    StoreError : the text is no JSON, is cut off, holds NaN, a field twice, or an unknown type or field, or a value
        of a wrong type.
    ModelError : the record is read, but doesn't hold together.
    """
    raw = _load(text)
    if not isinstance(raw, dict):
        raise StoreError(f"an object with a format and a type is needed, but {_kind(raw)} was found")
    given = raw.pop("format", None)
    if given != FORMAT:
        what = "it has no format" if given is None else f"its format is {quoted(given)}"
        raise StoreError(f"this is not what immunode wrote: {what}, and {FORMAT!r} is read here")
    record = _decode(raw, "", 0)
    if not isinstance(record, cls):
        raise StoreError(f"a {cls.__name__} is needed, but the text holds a {type(record).__name__}")
    return record


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(", ", ": "))


def _encode(value: Any, where: str, depth: int, *, provenance: bool = True) -> Any:
    """Return a value as JSON has it. provenance : whether fields that only say where it comes from are written."""
    if depth > _DEEPEST:
        raise StoreError(f"{where}: records are nested more than {_DEEPEST} deep")
    if isinstance(value, str):
        return _shown(value, where)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return _number(float(value), where)
    if isinstance(value, tuple):
        return [_encode(item, where, depth + 1, provenance=provenance) for item in value]
    cls = type(value)
    # what is only compared, as a key is, may be a treatment of a user's own kind
    known = record_named(cls.__name__) is cls
    if not known and (provenance or not is_dataclass(value)):
        raise StoreError(
            f"{where}: {cls.__name__} can't be written as JSON; known: {', '.join(sorted(_known))} "
            "(a class of your own is made known by im.records.register above its @dataclass)"
        )
    encoded: dict[str, Any] = {"type": cls.__name__ if known else f"{cls.__module__}.{cls.__qualname__}"}
    for spec in fields(value):
        item = getattr(value, spec.name)
        if spec.init and not _is_default(spec, item) and (provenance or not spec.metadata.get("provenance")):
            encoded[spec.name] = _encode(item, f"{where}.{spec.name}", depth + 1, provenance=provenance)
    return encoded


def _shown(text: str, where: str) -> str:
    reason = problem(text)
    if reason:
        raise StoreError(f"{where or 'the text'}: {reason}")
    return text


def _number(value: float, where: str) -> float | int:
    if not math.isfinite(value):
        raise StoreError(f"{where}: {value} can't be written as JSON")
    # 3.0 and 3 are equal, so they must look the same
    return int(value) if value == int(value) and abs(value) < 1e15 else value


def _is_default(spec: Field[Any], value: Any) -> bool:
    default = spec.default_factory() if spec.default_factory is not MISSING else spec.default
    return type(default) is type(value) and bool(default == value)


def _load(text: str | bytes) -> Any:
    if isinstance(text, bytes | bytearray):
        try:
            text = text.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise StoreError("this is not JSON: it is not UTF-8 text") from None
    if not isinstance(text, str):
        raise StoreError(f"JSON text is needed, but {type(text).__name__} was found")
    # the mark that Windows puts before UTF-8
    text = text.removeprefix("\ufeff")
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_refuse, parse_float=_finite, parse_int=_whole)
    except json.JSONDecodeError as error:
        cut = " (is it cut off?)" if error.pos >= len(text.rstrip()) or "Unterminated" in error.msg else ""
        raise StoreError(f"this is not JSON: {error.msg} in line {error.lineno}, column {error.colno}{cut}") from None
    except RecursionError:
        raise StoreError("this JSON is nested too deeply") from None


def _once(items: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in items:
        if key in result:
            raise StoreError(f"the field '{key}' occurs twice in one object")
        result[key] = value
    return result


def _refuse(token: str) -> Any:
    raise StoreError(f"{token} stands in this JSON; only finite numbers are read")


def _finite(token: str) -> float:
    value = float(token)
    if not math.isfinite(value):
        raise StoreError(f"the number {shortened(token)} in this JSON is too large")
    return value


def _whole(token: str) -> int:
    _finite(token)
    return int(token)


def _decode(value: Any, where: str, depth: int) -> Any:
    if depth > _DEEPEST:
        raise StoreError(f"{where}: records are nested more than {_DEEPEST} deep")
    if isinstance(value, list):
        return tuple(_decode(item, f"{where}[{i}]", depth + 1) for i, item in enumerate(value))
    if not isinstance(value, dict):
        return _shown(value, where) if isinstance(value, str) else value
    name = value.get("type")
    cls = record_named(name) if isinstance(name, str) else None
    if cls is None:
        what = "an object without a type" if name is None else f"unknown type {quoted(name)}"
        hint = did_you_mean(name, _all_names()) if isinstance(name, str) else ""
        raise StoreError(f"{where or 'the text'}: {what}{hint}")
    name = cls.__name__
    where = f"{where}.{name}" if where else name
    own = {spec.name: spec for spec in fields(cls) if spec.init}
    arguments: dict[str, Any] = {}
    for key, item in value.items():
        if key == "type":
            continue
        if key not in own:
            raise StoreError(f"{where}: unknown field '{key}'{did_you_mean(key, list(own))}")
        decoded = _decode(item, f"{where}.{key}", depth + 1)
        try:
            arguments[key] = _coerce(decoded, _hint(cls, key))
        except _WrongType:
            raise StoreError(f"{where}.{key}: {own[key].type} is needed, but found {_short(item)}") from None
    for key, spec in own.items():
        if key not in arguments and spec.default is MISSING and spec.default_factory is MISSING:
            raise StoreError(f"{where}: the field '{key}' is missing")
    return cls(**arguments)


def _kind(value: Any) -> str:
    return {list: "a list", str: "text", type(None): "null", bool: "true or false"}.get(type(value), "a number")


def _short(value: Any) -> str:
    written = json.dumps(value, ensure_ascii=False)
    return written if len(written) <= 60 else written[:57] + "..."


class _WrongType(Exception):
    """A value that is not of the type its field declares."""


@lru_cache(maxsize=1024)
def _hint(cls: type, field: str) -> Any:
    """Return the annotation of one field."""
    home = next(base for base in cls.__mro__ if field in vars(base).get("__annotations__", {}))
    alone = types.SimpleNamespace(__annotations__={field: home.__annotations__[field]})
    return typing.get_type_hints(alone, localns=_Annotated(vars(sys.modules[home.__module__])))[field]


class _Annotated(dict[str, Any]):
    """The names of a module, and those of records, which it may import for its annotations only."""

    def __missing__(self, name: str) -> Any:
        record = None if hasattr(builtins, name) else record_named(name)
        if record is None:
            raise KeyError(name)
        return record


def _coerce(value: Any, hint: Any) -> Any:
    """Return `value` as the annotation `hint` wants it (an integer as a float); raises _WrongType."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any or hint is object or isinstance(hint, TypeVar):
        return value
    if origin is typing.Union or isinstance(hint, types.UnionType):
        return _first(value, arguments)
    if origin is typing.Literal:
        return _require(value, value in arguments)
    if hint is float:
        return float(_require(value, isinstance(value, int | float) and not isinstance(value, bool)))
    if hint is int:
        return _require(value, isinstance(value, int) and not isinstance(value, bool))
    if hint in (str, bool, types.NoneType):
        return _require(value, isinstance(value, hint))
    container = origin or hint
    if isinstance(container, type) and issubclass(container, Mapping):
        return _coerce(value, tuple[tuple[arguments or (Any, Any)], ...])  # type: ignore[misc]
    if container is tuple or (isinstance(container, type) and issubclass(container, Sequence)):
        return _items(_require(value, isinstance(value, tuple)), container, arguments)
    return _require(value, not isinstance(container, type) or isinstance(value, container))


def _first(value: Any, hints: tuple[Any, ...]) -> Any:
    for hint in hints:
        try:
            return _coerce(value, hint)
        except _WrongType:
            continue
    raise _WrongType


def _items(value: tuple[Any, ...], container: Any, hints: tuple[Any, ...]) -> tuple[Any, ...]:
    if not hints:
        return value
    if container is not tuple or (len(hints) == 2 and hints[1] is Ellipsis):
        return tuple(_coerce(item, hints[0]) for item in value)
    _require(value, len(value) == len(hints))
    return tuple(_coerce(item, hint) for item, hint in zip(value, hints, strict=True))


def _require(value: Any, holds: bool) -> Any:
    if not holds:
        raise _WrongType
    return value
