"""Docstrings are numpydoc, which editors and documentation tools read."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from numpydoc.docscrape import NumpyDocString

import immunode

NAME = r"\**[a-zA-Z_]\w*"
ENTRY = re.compile(rf"^ *{NAME}(?:, {NAME})* : |[.;:)] +{NAME}(?:, {NAME})* : ")
"""A line `name : meaning` outside any section, which no tool reads."""


@cache
def documented() -> dict[str, Any]:
    """Return every public function, class and method of ours that has a docstring, by its full name."""
    found: dict[str, Any] = {}
    for module in pkgutil.walk_packages(immunode.__path__, "immunode."):
        if module.name.startswith("immunode.models.") or module.name.endswith("__main__"):
            continue
        for name, thing in vars(importlib.import_module(module.name)).items():
            if getattr(thing, "__module__", "") != module.name or name.startswith("_"):
                continue
            if inspect.isclass(thing):
                found |= {f"{module.name}.{name}.{method}": inner for method, inner in methods(thing)}
            if inspect.isclass(thing) or inspect.isfunction(thing):
                found[f"{module.name}.{name}"] = thing
    return {name: thing for name, thing in found.items() if thing.__doc__}


@cache
def exported() -> tuple[str, ...]:
    """Return the full names of what `immunode` and its public submodules offer."""
    offered: list[Any] = []
    for name in immunode.__all__:
        thing = getattr(immunode, name)
        inner = [getattr(thing, one) for one in thing.__all__] if inspect.ismodule(thing) else [thing]
        offered += [one for one in inner if inspect.isclass(one) or inspect.isfunction(one)]
    return tuple(f"{one.__module__}.{one.__qualname__}" for one in offered)


@cache
def parsed(name: str) -> NumpyDocString:
    return NumpyDocString(inspect.getdoc(documented()[name]) or "")


def prose(doc: NumpyDocString) -> list[str]:
    return [*doc["Summary"], *doc["Extended Summary"]]


def methods(owner: type) -> Iterator[tuple[str, Any]]:
    for name, value in vars(owner).items():
        value = getattr(value, "__func__", getattr(value, "fget", value))
        if inspect.isfunction(value) and not name.startswith("_"):
            yield name, value


def names(entries: list[Any]) -> list[str]:
    return [one.lstrip("*") for entry in entries for one in re.split(r", ", entry.name)]


def taken(thing: Any) -> set[str]:
    """Return what a call of a function or a class takes."""
    return set(inspect.signature(thing).parameters)


def had(owner: Any) -> set[str]:
    """Return what the instances of a class have."""
    own = {name for base in owner.__mro__ for name in [*getattr(base, "__annotations__", ()), *vars(base)]}
    return own | set(re.findall(r"self\.(\w+)", inspect.getsource(sys.modules[owner.__module__])))


def undocumented(thing: Any) -> set[str]:
    """Return what lacks a docstring: a function, or a class with its methods; a property may be an attribute there."""
    # a dataclass without a docstring is given one that repeats its signature
    own = inspect.getdoc(thing) if thing.__doc__ and not thing.__doc__.startswith(f"{thing.__name__}(") else None
    left = set() if own else {thing.__qualname__}
    if inspect.isclass(thing):
        described = names(NumpyDocString(own or "")["Attributes"])
        for base in (base for base in thing.__mro__ if base.__module__.startswith("immunode.")):
            for name, value in vars(base).items():
                inner = getattr(value, "__func__", getattr(value, "fget", getattr(value, "func", value)))
                is_attribute = inner is not value and name in described
                if inspect.isfunction(inner) and not name.startswith("_") and not inner.__doc__ and not is_attribute:
                    left.add(f"{base.__qualname__}.{name}")
    return left


def test_whatever_is_public_has_a_docstring() -> None:
    offered = [getattr(importlib.import_module(name.rpartition(".")[0]), name.rpartition(".")[2], None)
               for name in exported()]  # fmt: skip
    assert None not in offered
    assert set().union(*map(undocumented, offered)) == set()


def test_what_has_no_docstring_is_found() -> None:
    @dataclass
    class Bare:
        x: int

        @property
        def told(self) -> int: ...

        def method(self) -> None: ...

    # only what the package defines is looked at
    Bare.__module__ = "immunode.bare"
    assert {name.rpartition(".")[2] for name in undocumented(Bare)} == {"Bare", "told", "method"}
    Bare.__doc__ = "Return.\n\nAttributes\n----------\ntold : int\n    here.\n"
    assert {name.rpartition(".")[2] for name in undocumented(Bare)} == {"method"}


def test_docstrings_can_be_parsed() -> None:
    """Warnings are errors here, and an unknown or doubled section is one."""
    faults = {}
    for name in documented():
        try:
            parsed(name)
        except (ValueError, UserWarning) as error:
            faults[name] = str(error)
    assert faults == {}


def test_no_entry_stands_outside_a_section() -> None:
    """Of all that is public; private docstrings may say it in a line of their own."""
    public = [name for name in documented() if name in exported() or name.rpartition(".")[0] in exported()]
    assert len(public) > 300
    left = {f"{name}: {line}" for name in public for line in prose(parsed(name)) if ENTRY.search(line)}
    assert left == set()


def test_a_documented_parameter_is_one_of_the_signature() -> None:
    strange = {
        f"{name}: {one}"
        for name, thing in documented().items()
        for one in names(parsed(name)["Parameters"])
        if one not in taken(thing)
    }
    assert strange == set()


def test_a_documented_attribute_is_one_of_the_class() -> None:
    strange = {
        f"{name}: {one}"
        for name, thing in documented().items()
        if inspect.isclass(thing)
        for one in names(parsed(name)["Attributes"])
        if one not in had(thing)
    }
    assert strange == set()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("Return one.\n\nx : where it is looked for.", True),
        ("Return one. x : where it is looked for.", True),
        ("Return one: `x`, where it is looked for.\n\nParameters\n----------\nx : float\n    the place.", False),
    ],
)
def test_an_entry_that_no_tool_reads_is_found(text: str, fault: bool) -> None:
    assert any(ENTRY.search(line) for line in prose(NumpyDocString(text))) is fault
