"""Arms: named lists of interventions that are compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

from immunode.errors import StudyError, did_you_mean, nearest
from immunode.intervention import perturb
from immunode.intervention.drugs.names import drug_hint
from immunode.language.characters import problem

if TYPE_CHECKING:
    from immunode.model import Model, Perturbation

    Entry = Perturbation | str

CONTROL = "control"
"""Name of the arm without an intervention, and of the only arm where none is named."""

_MOST_FACTORS = 12
NONE_DECLARED = "; the model declares none"


class Arms(Mapping[str, "tuple[Entry, ...]"]):
    """Named arms, each a tuple of interventions (or names of ones that the model declares); never changes.

    `Arms(control=[], tnf=[ra.intervention("anti_tnf")], combo=["anti_tnf", il10])`

    Raises
    ------
    StudyError
        an arm has no name or holds something that is not an intervention.
    """

    __slots__ = ("_arms",)

    def __init__(self, arms: Mapping[str, Iterable[Entry] | Entry] | None = None, /, **named: Any) -> None:
        both = {**(arms or {}), **named}
        for name in both:
            told = problem(str(name), lines=False)
            if told:
                raise StudyError(f"the arm {name!r:.80} can't be called so: {told}")
        self._arms: tuple[tuple[str, tuple[Entry, ...]], ...] = tuple((n, _entries(n, v)) for n, v in both.items())

    @classmethod
    def of(cls, model: Model, *names: str | Sequence[str]) -> Arms:
        """Return arms named after interventions of `model`: `Arms.of(model, "control", "anti_tnf", "anti_tnf+il10")`.

        "control" is the arm without interventions; "+" combines; arms of the model's story have their names; a list
        of names will do. Without names: control and one arm for each declared intervention.

        Raises
        ------
        StudyError
            the model declares no such intervention.
        """
        declared = [i.name for i in model.interventions]
        told = dict(model.story.arms) if model.story is not None else {}
        made: dict[str, tuple[Entry, ...]] = {}
        listed = [n for given in names for n in ([given] if isinstance(given, str) else given)]
        for name in listed or (CONTROL, *declared):
            text = "" if name == CONTROL else told.get(name, name)
            parts = [part.strip() for part in text.split("+")] if text or name not in (CONTROL, *told) else []
            if name in made:
                raise StudyError(f"{model.name}: the arm '{name}' is given twice")
            made[name] = tuple(_declared(model, part, name, extra=(CONTROL, *told)) for part in parts)
        return cls(made)

    @classmethod
    def factorial(cls, *factors: Entry | Sequence[Entry], **named: Entry | Sequence[Entry]) -> Arms:
        """Return all 2^n arms of n factors: control first, then each alone, then pairs, ...; names joined by "+".

        Parameters
        ----------
        factors : Entry | Sequence[Entry]
            interventions, drugs or names of ones that the model declares; a sequence or list of them, such as
            `sequence(lymphodepletion, car_t)`, is one factor, which `named` gives a name of its own.

        Raises
        ------
        StudyError
            a factor is given twice, or there are more than 12 (4,096 arms).
        """
        made: dict[str, tuple[Entry, ...]] = {}
        for given, entries in [*((None, f) for f in factors), *named.items()]:
            listed = _entries(given or "factorial", entries)
            name = given or "+".join(e if isinstance(e, str) else e.name for e in listed)
            if not listed or name in made or name == CONTROL:
                raise StudyError(f"factorial: the factor '{name}' is " + ("given twice" if listed else "empty"))
            made[name] = listed
        if len(made) > _MOST_FACTORS:
            raise StudyError(f"factorial: {len(made)} factors make {2 ** len(made)} arms; {_MOST_FACTORS} are the most")
        arms = {
            "+".join(chosen) or CONTROL: tuple(entry for name in chosen for entry in made[name])
            for size in range(len(made) + 1)
            for chosen in combinations(made, size)
        }
        return cls(arms)

    def __getitem__(self, name: str) -> tuple[Entry, ...]:
        for known, entries in self._arms:
            if known == name:
                return entries
        raise StudyError(f"unknown arm '{name}'{did_you_mean(str(name), self)}")

    def __contains__(self, name: object) -> bool:
        return any(known == name for known, _ in self._arms)

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._arms)

    def __len__(self) -> int:
        return len(self._arms)

    def __hash__(self) -> int:
        return hash(self._arms)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Arms) and self._arms == other._arms

    def __repr__(self) -> str:
        shown = ", ".join(f"{n}=[{', '.join(e if isinstance(e, str) else e.name for e in v)}]" for n, v in self._arms)
        return f"Arms({shown})"

    def compose(self, model: Model, end: float | None = None) -> dict[str, Model]:
        """Return one perturbed model for each arm. An entry that can `compose` makes another model of it first.

        Parameters
        ----------
        end : float | None
            of the runs, in model time: doses without a count go on to it where it lies beyond the model's horizon.

        Raises
        ------
        StudyError
            a named intervention is not declared in the model.
        ModelError
            interventions do not fit the model or each other.
        """
        composed = {}
        for name, entries in self._arms:
            chosen = [_declared(model, e, name) if isinstance(e, str) else e for e in entries]
            made = model
            for entry in chosen:
                if hasattr(entry, "compose"):
                    made = entry.compose(made)
            rest = [entry for entry in chosen if not hasattr(entry, "compose")]
            if end is not None and end > made.horizon and any(_endless(entry) for entry in rest):
                composed[name] = perturb(made.replace(horizon=end), *rest).replace(horizon=made.horizon)
            else:
                composed[name] = perturb(made, *rest) if rest else made
        return composed


def _endless(entry: Any) -> bool:
    """Return whether doses of an entry go on for as long as a run does."""
    regimen = getattr(entry, "regimen", None)
    return regimen is not None and getattr(regimen, "count", 0) is None


def as_arms(given: Arms | Mapping[str, Any] | Sequence[str] | str, model: Model) -> Arms:
    """Return `Arms`, also from a mapping or from names as in `Arms.of`."""
    if isinstance(given, Arms):
        made = given
    elif isinstance(given, Mapping):
        made = Arms(given)
    elif isinstance(given, str):
        made = Arms.of(model, given)
    else:
        made = Arms.of(model, *given) if len(given) else Arms()
    if not len(made):
        raise StudyError(f"{model.name}: there are no arms; use arms=None for the model as it is")
    return made


def _entries(arm: object, value: Any) -> tuple[Entry, ...]:
    if not isinstance(arm, str) or not arm.strip():
        raise StudyError(f"an arm needs a name, got {arm!r}")
    entries: tuple[Entry, ...] = ()
    for entry in (value,) if isinstance(value, str) or hasattr(value, "name") else tuple(value):
        if isinstance(entry, list | tuple):
            entries += _entries(arm, entry)  # a sequence of interventions among others
            continue
        entries += (entry,)
        if not isinstance(entry, str) and not (hasattr(entry, "name") and hasattr(entry, "at")):
            raise StudyError(f"arm '{arm}': {entry!r} is not an intervention nor the name of one")
    return entries


def _declared(model: Model, name: str, arm: str, extra: tuple[str, ...] = ()) -> Perturbation:
    declared = {i.name: i for i in model.interventions}
    if name in declared:
        return declared[name]
    known = (*declared, *extra)
    found = "" if nearest(name, known) else drug_hint(name)
    if not found:
        found = (did_you_mean(name, known) or f"; it declares {', '.join(declared)}") if declared else NONE_DECLARED
    where = f"arm '{arm}': " if arm != name else ""
    raise StudyError(f"{model.name}: {where}unknown intervention or arm '{name}'{found}")
