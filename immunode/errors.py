"""Every error that immunode raises on purpose, and the search for the name that was meant."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Mapping

__all__ = [
    "DoseError",
    "EngineError",
    "ImmunodeError",
    "ModelError",
    "SolverError",
    "StoreError",
    "StudyError",
    "UnitError",
]

_LONGEST_WORD = re.compile(r"\S{201,}")


def shortened(text: object, most: int = 80) -> str:
    """Return a text for a message, the middle of a long one left out. most : characters."""
    shown = str(text)
    return shown if len(shown) <= most else f"{shown[: most * 3 // 4]}...{shown[-(most * 3 // 20) :]}"


def quoted(text: object, most: int = 80) -> str:
    """Return a text in quotes for a message, in one line, the middle of a long one left out. most : characters."""
    return repr(shortened(text, most)) if isinstance(text, str) else shortened(repr(text), most)


class ImmunodeError(Exception):
    """Base of all errors raised on purpose; catch this to catch them all.

    A message can always be read: words above 200 characters and lines above 1,000 (names and texts from a strange
    file) are shortened in the middle.
    """

    def __init__(self, *arguments: object) -> None:
        super().__init__(*(_readable(a) if isinstance(a, str) else a for a in arguments))


class ModelError(ImmunodeError, ValueError):
    """A model, a name in it, or a rate text is wrong."""


class UnitError(ModelError):
    """Two quantities whose units do not fit meet, or a unit is not known."""


class DoseError(ImmunodeError, ValueError):
    """A dose, a regimen or a schedule is wrong."""


class StudyError(ImmunodeError, ValueError):
    """A design, an arm, an endpoint or a time is wrong."""


class SolverError(ImmunodeError, RuntimeError):
    """A run could not be integrated."""


class EngineError(ImmunodeError, RuntimeError):
    """An engine is not installed or can't do what was asked."""


class StoreError(ImmunodeError, RuntimeError):
    """A file could not be read or written as immunode's own."""


def _readable(message: str) -> str:
    short = _LONGEST_WORD.sub(lambda word: shortened(word.group()), message)
    return "\n".join(shortened(line, 1000) for line in short.split("\n"))


def path_text(who: str, given: object, error: type[ImmunodeError] = StoreError) -> str:
    """Return a path as text. `error`: what is raised where something else is given."""
    if not isinstance(given, str | os.PathLike):
        raise error(f"{who}: the path of a file is needed, got {quoted(given)}")
    return os.fsdecode(given)


def nearest(name: str, known: Iterable[str], n: int = 3) -> list[str]:
    """Return up to `n` of the `known` names that are most like `name`, best first."""
    names = list(known)
    folded: dict[str, str] = {}
    for candidate in names:
        folded.setdefault(candidate.casefold(), candidate)
    found = difflib.get_close_matches(name.casefold(), folded, n=n, cutoff=0.5)
    # two letters swapped is the commonest slip, which difflib rates low
    swapped = [f for f in folded if f != name.casefold() and sorted(f) == sorted(name.casefold())]
    return [folded[f] for f in dict.fromkeys([*swapped, *found])][:n]


def did_you_mean(name: str, known: Iterable[str] | Mapping[str, str]) -> str:
    """Return `"; did you mean 'a', 'b' or 'c'?"`, or, where nothing is like `name`, what there is.

    Parameters
    ----------
    known : Iterable[str] | Mapping[str, str]
        the names that would do; a mapping gives each its meaning, and a meaning that has `name` among its words counts
        too ("tumor" finds T, "tumor cells"). With up to eight names and none alike they are listed; with more, nothing
        is said.
    """
    # a list given for a name must end in a message, not in an error of ours
    name = str(name)
    names = list(known)
    close = nearest(name, names)
    if isinstance(known, Mapping) and len(name) > 2:
        word = re.compile(rf"\b{re.escape(name)}", re.IGNORECASE)
        meant = [candidate for candidate, meaning in known.items() if isinstance(meaning, str) and word.search(meaning)]
        close = list(dict.fromkeys([*meant[:2], *close]))[:3]
    if close:
        quoted = [f"'{c}'" for c in close]
        return (
            "; did you mean " + " or ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted) + "?"
        )
    if 0 < len(names) <= 8:
        return "; known: " + ", ".join(f"'{c}'" for c in names)
    return ""
