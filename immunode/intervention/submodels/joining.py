"""A model from parts: a drug's kinetics, its target, a disease, each a model of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import reduce
from itertools import chain
from typing import Any

from immunode.errors import ModelError, UnitError, did_you_mean, quoted
from immunode.intervention.submodels.renaming import Namer, prefixed, renamed, renamed_intervention
from immunode.language.dimension import parse_unit
from immunode.language.expression import name_problem, parse
from immunode.language.tree import names
from immunode.model.declaration import Perturbation, check_model
from immunode.model.model import Model
from immunode.model.patients import PatientClass
from immunode.model.records import Derived, Parameter, State, Unit

_RECORDS = ("compartments", "states", "switches", "parameters", "derived", "processes", "events", "requirements")
_PEOPLE = ("variability", "correlations", "covariates", "observed")
_SAME = ("time_unit", "clock", "axis", "level", "start")


def join(*parts: Model, connect: Mapping[str, str] | None = None, name: str = "") -> Model:
    """Return one model made of several: `join(pk, joint, connect={"joint.inhibition": "pk.C/(pk.C + pk.IC50)"})`.

    Everything of a part gets the part's name before its own: the state C of the model `pk` is `pk.C`, its intervention
    tablets is `pk_tablets`. `model.replace(name="pk")` gives a part another name, so that one model may come in twice.
    Time is one: the parts must have the same unit of it.

    Parameters
    ----------
    parts : Model
        two or more, with different names; none of them with interventions applied (apply them to the whole).
    connect : Mapping[str, str] | None
        `"part.name"` -> what it is in the whole:

        - a parameter or a derived quantity of one part is computed from the others: the name of a quantity, or the text
          of an expression of names such as `pk.C`. A plain name in another unit of the same kind is converted; an
          expression must be in the unit of what it stands for.
        - a state is one with a state of another part, on which the processes of both then act; it starts as that one
          does. A parameter likewise is one with a parameter of another part, such as a body weight that both have.
    name : str
        of the whole; "" joins the parts' names with "_".

    Returns
    -------
    Model
        with the interventions, variants, variability and thresholds of all parts. Stories, trials and aliases belong to
        the parts and are left out. Its horizon is the longest, its `max_step` the shortest of theirs.

    Raises
    ------
    ModelError
        two parts have one name or different units of time; a name of `connect` is unknown; an intervention acts on a
        quantity that is now computed.
    UnitError
        what is connected is of different kinds, or an expression is in another unit.
    """
    for part in parts:
        check_model("join", part)
    _check_parts(parts)
    if not isinstance(connect or {}, Mapping):
        raise ModelError(f"join: connect is a table such as {{'disease.drug': 'pk.C'}}, not {quoted(str(connect))}")
    there = {f"{part.name}.{quantity}" for part in parts for quantity in _quantities(part)}
    links = [_link(parts, there, target, text) for target, text in (connect or {}).items()]
    merged = {one.target: one.text for one in links if one.merges}
    chained = [target for target, source in merged.items() if source in merged or target in merged.values()]
    if chained:
        raise ModelError(
            f"join: '{chained[0]}' is connected in a chain or a circle; connect all of them with the same one"
        )
    whole = [_Part(part, merged, links) for part in parts]
    fields: dict[str, Any] = {field: (*chain.from_iterable(one.records(field) for one in whole),) for field in _RECORDS}
    fields["parameters"] += tuple(one.factor for one in links if one.factor is not None)
    fields["derived"] += tuple(one.derived for one in links if one.derived is not None)
    fields |= {field: (*chain.from_iterable(one.people(field) for one in whole),) for field in _PEOPLE}
    return Model(
        name=name or "_".join(part.name for part in parts),
        title=" + ".join(part.title or part.name for part in parts),
        system=_common([part.system for part in parts]),
        status="ours",
        species=_common([part.species for part in parts]),
        reference="; ".join(part.reference for part in parts if part.reference),
        description="\n\n".join(f"{part.name}: {part.description}" for part in parts if part.description),
        horizon=max(part.horizon for part in parts),
        max_step=min((part.max_step for part in parts if part.max_step), default=0.0),
        units=_units(parts),
        readouts=tuple(dict.fromkeys(chain.from_iterable(one.readouts for one in whole))),
        interventions=tuple(chain.from_iterable(one.interventions for one in whole)),
        variants=tuple(chain.from_iterable(one.variants for one in whole)),
        thresholds=tuple(chain.from_iterable(one.thresholds for one in whole)),
        classes=reduce(_mixed, (one.classes for one in whole)),
        remarks=tuple(chain.from_iterable(one.remarks for one in whole)),
        **{field: getattr(parts[0], field) for field in _SAME},
        **fields,
    )


# One connection -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Link:
    """What stands in the place of `target`: the quantity `text` itself, or a derived quantity.

    factor : the parameter that converts its unit.
    """

    target: str
    text: str
    merges: bool = False
    derived: Derived | None = None
    factor: Parameter | None = None


def _link(parts: tuple[Model, ...], there: set[str], target: str, text: str) -> _Link:
    who = f"join, connect '{target}'"
    try:
        wanted = sorted(names(parse(text)))
    except ModelError as error:
        raise ModelError(f"{who}: {error}") from None
    for known in (target, *wanted):
        if known not in there:
            hint = did_you_mean(known, there) or "; write part.name, with the parts " + ", ".join(p.name for p in parts)
            raise ModelError(f"{who}: unknown '{known}'{hint}")
    old, source = _found(parts, target), _found(parts, text)
    if isinstance(old, State) != isinstance(source, State) and isinstance(old, State):
        raise ModelError(f"{who}: a state can only be one with a state of another part, not {quoted(text)}")
    if source is not None and type(source) is type(old) and isinstance(old, State | Parameter):
        _check_same(parts, who, old.unit, source.unit, text)
        return _Link(target, text, merges=True)
    if not isinstance(old, Parameter | Derived):
        raise ModelError(f"{who}: only parameters, derived quantities and states can be connected")
    factor = _conversion(parts, who, target, old.unit, text, source.unit) if source is not None else None
    expression = f"{text}*{factor.name}" if factor is not None else text
    derived = Derived(target, expression, old.unit, old.meaning, f"derived: connected with {text}", old.label)
    return _Link(target, text, derived=derived, factor=factor)


def _found(parts: tuple[Model, ...], text: str) -> Any:
    """Return the record of the quantity that `text` is the name of, None where it is no plain name."""
    for part in parts:
        prefix, dot, own = text.strip().partition(".")
        if prefix == part.name and dot:
            return _quantities(part).get(own)
    return None


def _sizes(parts: tuple[Model, ...], one: str, other: str) -> tuple[Any, Any]:
    extra = tuple(unit.name for unit in _units(parts))
    return parse_unit(one, extra), parse_unit(other, extra)


def _check_same(parts: tuple[Model, ...], who: str, unit: str, other: str, text: str) -> None:
    a, b = _sizes(parts, unit, other)
    if a != b:
        raise UnitError(f"{who}: it is in {unit or 'no unit'}, and {text} in {other or 'no unit'}: they can't be one")


def _conversion(parts: tuple[Model, ...], who: str, target: str, unit: str, text: str, other: str) -> Parameter | None:
    """Return the parameter that turns what is connected into the unit of the target; None where both have the same."""
    a, b = _sizes(parts, unit, other)
    if a == b:
        return None
    if a.powers != b.powers:
        raise UnitError(f"{who}: it is in {unit or 'no unit'}, and {text} in {other or 'no unit'}; write an expression")
    ratio = f"({unit or '1'})/({other or '1'})"
    return Parameter(
        f"{target}_per_{text.rpartition('.')[2]}",
        b.factor / a.factor,
        ratio,
        f"converts {text}",
        "definition: units",
        "derived",
        (b.factor / a.factor,) * 2,
    )


# One part -------------------------------------------------------------------------------------------------------------


class _Part:
    """A part under its new names. `gone`: what other quantities stand for."""

    def __init__(self, model: Model, merged: Mapping[str, str], links: list[_Link]) -> None:
        self.model = model
        self.interventions_there = frozenset(one.name for one in model.interventions)
        self.new: Namer = prefixed(model.name, merged, self.interventions_there)
        self.own: Namer = prefixed(model.name, {}, self.interventions_there)
        self.gone = {one.target for one in links}
        self.computed = {one.target for one in links if not one.merges}

    def word(self, name: str) -> str:
        return f"{self.model.name}_{name}"

    def records(self, field: str) -> list[Any]:
        kept = [one for one in getattr(self.model, field) if self.own(getattr(one, "name", "")) not in self.gone]
        return [renamed(one, self.new) for one in kept]

    def people(self, field: str) -> list[Any]:
        return [renamed(one, self.new) for one in getattr(self.model, field) if not self._lost(one)]

    def _lost(self, record: Any) -> list[str]:
        labels = ("parameter", "shares", "first", "second")
        said = [self.own(getattr(record, label)) for label in labels if getattr(record, label, "")]
        return [name for name in said if name in self.gone]

    @property
    def remarks(self) -> list[str]:
        lost = [name for field in _PEOPLE for one in getattr(self.model, field) for name in self._lost(one)]
        given = [k.removesuffix("(0)") for one in self.model.classes for k, _ in pairs_of(one.values)]
        lost += [self.own(k) for k in given if self.own(k) in self.gone]
        said = [f"how '{name}' differs between patients is left out: it is connected" for name in dict.fromkeys(lost)]
        return [*(f"{self.model.name}: {remark}" for remark in self.model.remarks), *said]

    @property
    def readouts(self) -> list[str]:
        return [self.new(name) for name in self.model.readouts]

    @property
    def thresholds(self) -> list[Any]:
        found = [renamed(one, self.new) for one in self.model.thresholds]
        return [replace(one, name=f"{one.name} ({self.model.name})") for one in found]

    @property
    def variants(self) -> list[Any]:
        return [replace(renamed(self._without(one), self.new), name=self.word(one.name)) for one in self.model.variants]

    @property
    def classes(self) -> tuple[PatientClass, ...]:
        return tuple(renamed(self._without(one), self.new) for one in self.model.classes)

    def _without(self, record: Any) -> Any:
        kept = {
            field: tuple(
                (k, v) for k, v in pairs_of(getattr(record, field)) if self.own(k.removesuffix("(0)")) not in self.gone
            )
            for field in ("values", "initial")
            if hasattr(record, field)
        }
        return replace(record, **kept)

    @property
    def interventions(self) -> list[Perturbation]:
        for one in self.model.interventions:
            for act in one.acts:
                if self.own(act.target) in self.computed:
                    raise ModelError(
                        f"join: '{one.name}' of {self.model.name} acts on '{act.target}', which connect= computes; "
                        f"leave it out with {self.model.name}.replace(interventions=[...])"
                    )
        return [renamed_intervention(one, self.new, self.word) for one in self.model.interventions]


def pairs_of(value: Any) -> tuple[tuple[str, Any], ...]:
    """Return pairs as records hold them."""
    return tuple(value)


def _quantities(part: Model) -> dict[str, Any]:
    groups: Any = (part.states, part.parameters, part.derived, part.switches)
    return {one.name: one for group in groups for one in group}


# The whole ------------------------------------------------------------------------------------------------------------


def _check_parts(parts: tuple[Model, ...]) -> None:
    if len(parts) < 2:
        raise ModelError("join takes two models or more")
    twice = [name for name, count in Counter(part.name for part in parts).items() if count > 1]
    if twice:
        raise ModelError(f"join: two parts are named '{twice[0]}'; give one another name, model.replace(name='...')")
    for part in parts:
        if part.applied:
            raise ModelError(f"join: {part.name} has '{part.applied[0]}' applied; join first, then perturb the whole")
        if name_problem(part.name) or "." in part.name:
            raise ModelError(f"join: '{part.name}' can't stand before names; model.replace(name='word')")
        for field in _SAME:
            mine, first = getattr(part, field), getattr(parts[0], field)
            if mine != first:
                raise ModelError(
                    f"join: {parts[0].name} has {field} {first!r} and {part.name} {mine!r}; "
                    "all parts must have the same"
                )


def _units(parts: tuple[Model, ...]) -> tuple[Unit, ...]:
    return tuple(dict.fromkeys(unit for part in parts for unit in part.units))


def _common(texts: list[str]) -> str:
    return texts[0] if len(set(texts)) == 1 else ""


def _mixed(left: tuple[PatientClass, ...], right: tuple[PatientClass, ...]) -> tuple[PatientClass, ...]:
    """Return the mixture of patients of two independent mixtures."""
    if not left or not right:
        return left or right
    return tuple(
        PatientClass(
            f"{a.name}, {b.name}",
            a.share * b.share,
            (*pairs_of(a.values), *pairs_of(b.values)),
            ", ".join(filter(None, (a.meaning, b.meaning))),
            "; ".join(filter(None, (a.source, b.source))),
        )
        for a in left
        for b in right
    )
