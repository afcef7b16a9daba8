"""A drug: pharmacokinetics, a regimen, and what its concentration does to parameters."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any, Self

from immunode.errors import DoseError, ModelError, did_you_mean, quoted
from immunode.intervention.drugs.covariates import Patient, read_patient
from immunode.intervention.drugs.pharmacokinetics import PK
from immunode.intervention.expand.contribution import Parts
from immunode.intervention.expand.dosing import Administration
from immunode.intervention.expand.kinetics import add_pk
from immunode.intervention.intervention import card, check_name, checked_labels, checked_strength, record_rows
from immunode.intervention.numbers import finite
from immunode.intervention.regimens.regimen import ROUTES, Dose, Regimen
from immunode.intervention.regimens.text import regimen as read_regimen
from immunode.intervention.rules import add_rule
from immunode.intervention.schedule import Schedule
from immunode.intervention.times import DAYS, SHORT, Time, size, tidy_time
from immunode.model.declaration import Derived, Effect, Model, Pairs
from immunode.model.serial import register
from immunode.model.units import convert

_SIZES = {"inhibit": ("imax", "ic50"), "stimulate": ("emax", "ec50"), "add": ("add", "ec50")}
_MEANINGS = {
    "imax": "largest inhibited fraction of {target}",
    "emax": "largest stimulated fraction of {target}",
    "add": "largest addition to {target}",
    "ic50": "concentration of half-maximal inhibition of {target}",
    "ec50": "concentration of half-maximal effect on {target}",
    "hill": "steepness of the effect on {target}",
}


@register
@dataclass(frozen=True, slots=True)
class DrugEffect:
    """What a drug's concentration C does to a parameter, through occupancy = C^hill/(half^hill + C^hill).

    operator : "inhibit" (k (1 - size*occupancy)), "stimulate" (k (1 + size*occupancy)) or "add" (k + size*occupancy).
    size : imax in [0, 1]; emax, 0 or above; or in the target's unit.
    half : ic50 or ec50; a number in the drug's unit of concentration, or text such as "0.5 ug/mL".

    Raises
    ------
    ModelError : a number is out of range.
    """

    operator: str
    target: str
    size: float
    half: float | str
    hill: float = 1.0
    source: str = ""
    evidence: str = ""

    def __post_init__(self) -> None:
        if self.operator not in _SIZES:
            raise ModelError(f"a drug can't '{self.operator}'; known: {', '.join(_SIZES)}")
        size, half = _SIZES[self.operator]
        who = f"{self.operator}('{self.target}')"
        object.__setattr__(self, "size", _number(who, size, self.size))
        object.__setattr__(self, "hill", _number(who, "hill", self.hill, above=0))
        if not isinstance(self.half, str):
            object.__setattr__(self, "half", _number(who, half, self.half, above=0))
        if self.operator == "inhibit" and not 0 <= self.size <= 1:
            raise ModelError(f"{who}: imax must lie in [0, 1], got {self.size:g}; 0.9 means 90 %")
        if self.operator == "stimulate" and self.size < 0:
            raise ModelError(f"{who}: emax must be 0 or above, got {self.size:g}; to lower something use inhibit")

    def words(self, unit: str) -> str:
        """Return the effect as a phrase. unit : the drug's unit of concentration."""
        half = self.half if isinstance(self.half, str) else f"{self.half:g} {unit}"
        verb = {"inhibit": "inhibits", "stimulate": "stimulates", "add": "adds to"}[self.operator]
        size = f"{self.size:g}" if self.operator == "add" else f"{100 * self.size:g} %"
        return f"{verb} {self.target} by up to {size} ({_SIZES[self.operator][1].upper()} {half})"


@register
@dataclass(frozen=True, slots=True, repr=False)
class Drug:
    """A drug, a value that never changes: `drug("adalimumab").dose("40 mg sc q2w").inhibit("k", imax=0.9, ic50=5)`.

    pk : its pharmacokinetics.
    regimen : doses; text, a `Regimen` or a `Dose`.
    effects : what it does, written by `inhibit`, `stimulate`, `add`.
    weight : body mass in kg, for doses per kg.
    strength : in [0, 1]; scales every dose.
    route : of doses that do not say one; "" means absorbed where the drug has `ka`, else "iv".
    patient : values of the drug's covariates, written by `covariates`; None: the typical patient.
    rule : what is decided at visits, set by `when`; it multiplies the doses.
    direction, acts_on, expects, source, evidence, note : as in `Intervention`.

    Raises
    ------
    ModelError, DoseError : a field is wrong; a dose per kg meets no weight.
    """

    name: str
    pk: PK
    regimen: Regimen | Dose | str | None = None
    effects: tuple[DrugEffect, ...] | Sequence[DrugEffect] = ()
    _: KW_ONLY
    weight: float | None = None
    strength: float = 1.0
    route: str = ""
    patient: Patient | None = None
    kind: str = "drug"
    direction: str = ""
    acts_on: str = ""
    expects: Mapping[str, str] | Pairs = ()
    source: str = ""
    evidence: str = ""
    note: str = ""
    rule: Schedule | None = None

    def __post_init__(self) -> None:
        check_name(self.name)
        if self.rule is not None and (self.rule.rule is None or self.rule != Schedule(rule=self.rule.rule)):
            raise DoseError(f"drug '{self.name}': when(...) takes at_visits(...) or to_target(...), got '{self.rule}'")
        if not isinstance(self.pk, PK):
            raise ModelError(f"drug '{self.name}' needs pharmacokinetics such as one_compartment(CL=..., V1=...)")
        object.__setattr__(self, "effects", tuple(self.effects))
        object.__setattr__(self, "strength", checked_strength(self.name, self.strength))
        labels = checked_labels(self.name, self.direction, self.acts_on, self.expects, self.evidence)
        object.__setattr__(self, "expects", labels)
        if self.route and self.route not in ROUTES.values():
            raise DoseError(f"'{self.name}': unknown route '{self.route}'{did_you_mean(self.route, ROUTES.values())}")
        if self.weight is not None:
            weight = finite(self.weight)
            if weight is None or weight <= 0:
                raise DoseError(f"'{self.name}': weight must be above 0 kg, got {self.weight!r}")
            object.__setattr__(self, "weight", weight)
        for (operator, target), times in Counter((e.operator, e.target) for e in self._effects).items():
            if times > 1:
                raise ModelError(f"drug '{self.name}' has {operator} on '{target}' twice; write it once")
        if self.regimen is not None:
            regimen = read_regimen(self.regimen)
            object.__setattr__(self, "regimen", regimen)
            if regimen.by_weight and self.weight is None:
                raise DoseError(f"'{self.name}': '{regimen}' is by weight; say dose(..., weight=70), in kg")

    @property
    def _effects(self) -> tuple[DrugEffect, ...]:
        return self.effects  # type: ignore[return-value]

    def dose(self, regimen: str | Regimen | Dose, *, weight: float | None = None) -> Self:
        """Return the drug given by a regimen such as `"40 mg sc q2w x 26"`.

        weight : body mass in kg, for doses per kg.   Without a count, doses go on to the model's horizon.
        """
        patient = self.patient
        if weight is not None and patient is not None and "weight" in dict(patient):
            patient = tuple((k, float(weight) if k == "weight" else v) for k, v in patient)
        weight = self.weight if weight is None else weight
        return replace(self, regimen=read_regimen(regimen), weight=weight, patient=patient)

    def inhibit(
        self, target: str, imax: float, ic50: float | str, hill: float = 1.0, *, source: str = "", evidence: str = ""
    ) -> Self:
        """Return the drug that multiplies parameter `target` by 1 - imax*occupancy."""
        return self._with(DrugEffect("inhibit", target, imax, ic50, hill, source, evidence))

    def stimulate(
        self, target: str, emax: float, ec50: float | str, hill: float = 1.0, *, source: str = "", evidence: str = ""
    ) -> Self:
        """Return the drug that multiplies parameter `target` by 1 + emax*occupancy."""
        return self._with(DrugEffect("stimulate", target, emax, ec50, hill, source, evidence))

    def add(
        self, target: str, size: float, ec50: float | str, hill: float = 1.0, *, source: str = "", evidence: str = ""
    ) -> Self:
        """Return the drug that adds size*occupancy to parameter `target`. size : in the target's unit."""
        return self._with(DrugEffect("add", target, size, ec50, hill, source, evidence))

    def _with(self, effect: DrugEffect) -> Self:
        return replace(self, effects=(*self._effects, effect))

    def covariates(self, **values: Any) -> Self:
        """Return the drug in a patient: `drug("infliximab").covariates(albumin=25, ADA=True, sex="female")`.

        Every published covariate becomes a knob (`infliximab.albumin`); those not given have the typical patient's
        value. Numbers are in the covariate's unit, or text such as "2.5 g/dL"; yes or no is True or False.

        Raises
        ------
        DoseError : the drug has no such covariate, or a value is out of range.
        """
        known: Any = self.pk.covariates
        body = {"weight": self.weight} if self.weight is not None and any(c.name == "weight" for c in known) else {}
        patient = read_patient(self.name, known, {**body, **dict(self.patient or ()), **values})
        return replace(self, patient=patient, weight=dict(patient).get("weight", self.weight))

    def effect_compartment(
        self, ke0: float | None = None, *, half_life: Time | None = None, source: str = "", evidence: str = ""
    ) -> Self:
        """Return the drug with effects that follow a compartment which lags behind C; give ke0 or its half-life.

        ke0 : in 1/time of the drug's pharmacokinetics.   half_life : ln 2/ke0, text such as "3 weeks" or a number.

        Raises
        ------
        DoseError : neither or both are given, or out of range.
        """
        if (ke0 is None) == (half_life is None):
            raise DoseError(f"'{self.name}': an effect compartment has ke0 or half_life")
        if half_life is not None:
            number, unit = size(tidy_time(half_life, f"'{self.name}', half_life"))
            days = number * DAYS[unit or self.pk.time]
            if days <= 0:
                raise DoseError(f"'{self.name}': the half-life must be above 0, got {half_life!r}")
            ke0 = math.log(2) * DAYS[self.pk.time] / days
        told = {"ke0": source or "assumed: chosen for this model"}
        kind = {"ke0": evidence or ("assumed" if not source else "")}
        kinetics = replace(
            self.pk,
            ke0=ke0,
            sources={**dict(self.pk.sources), **told},
            evidences={**dict(self.pk.evidences), **kind},
        )
        return replace(self, pk=kinetics)

    def at(self, strength: float) -> Self:
        """Return the drug with every dose multiplied by `strength`, in [0, 1]."""
        return replace(self, strength=strength)

    def when(self, rule: Schedule) -> Self:
        """Return the drug whose doses follow a rule: `drug.when(at_visits("4 weeks", when="p > 0.3"))`.

        rule : by `at_visits` or `to_target`; an infusion that runs changes with it.
        """
        return replace(self, rule=rule)

    def renamed(self, name: str) -> Self:
        """Return the drug under another name."""
        return replace(self, name=name)

    def card_rows(self) -> tuple[str, dict[str, str]]:
        """Return the labels and the rows of the card."""
        pk, unit = self.pk, self.pk.concentration_unit
        kinetics = f"{pk.compartments} compartment{'s' if pk.compartments > 1 else ''}"
        kinetics += f", half-life {pk.half_life:.3g} {SHORT[pk.time]}" if pk.CL else ""
        kinetics += " (linear part)" if pk.CL and (pk.Vmax or pk.target) else ""
        kinetics += ", a target that binds it" if pk.target else ""
        kinetics += ", effect compartment" if pk.ke0 is not None else ""
        weight = f" at {self.weight:g} kg" if self.weight is not None else ""
        rows = {
            "dose": f"{self.regimen}{weight}" if self.regimen is not None else "none yet; use .dose('40 mg q2w')",
            "does": "; ".join(effect.words(unit) for effect in self._effects),
            "pk": kinetics,
            "patient": ", ".join(f"{name} {value:g}" for name, value in self.patient or ()),
            "rule": str(self.rule) if self.rule is not None else "",
        }
        return record_rows(self, rows)

    def __repr__(self) -> str:
        return card(self.name, *self.card_rows())

    def _repr_html_(self) -> str:
        from immunode.intervention.cards import card as full_card

        return full_card(self)._repr_html_()

    def parts(self, model: Model, units: Mapping[str, str]) -> Parts:
        """Return what this adds to `model`. units : unit of each parameter that effects may meet.

        Raises
        ------
        DoseError : there is no regimen, or it does not suit the drug.
        UnitError : a unit does not fit.
        """
        if not isinstance(self.regimen, Regimen):
            raise DoseError(f"drug '{self.name}' has no doses; use .dose('40 mg sc q2w x 26')")
        parts = Parts(self.name, model, units, self.source, self.evidence)
        strength = parts.knob("strength", self.strength, "", f"factor on every dose of {self.name}", bounds=(0, 1))
        parts.within([strength], 0, 1)
        if self.pk.CL_emax is not None and 1 in self.regimen.missed:
            raise DoseError(f"drug '{self.name}': its clearance changes since dose 1, which can't be missed")
        if self.rule is not None and self.rule.rule is not None:
            # visits come first, so that a dose at the time of a visit follows what was decided there
            strength = f"{strength}*{add_rule(parts, self.rule.rule)}"
        doses = Administration(parts, self.pk, self.regimen, strength, self.weight, self.route)
        doses.write()
        add_pk(parts, self.pk, doses.uses_depot, doses.infusions, doses.largest, self.patient)
        self._add_effects(parts)
        return parts

    def _add_effects(self, parts: Parts) -> None:
        often = Counter(knob for effect in self._effects for knob in (*_SIZES[effect.operator], "hill"))
        meetings = Counter(effect.target for effect in self._effects)
        for effect in self._effects:
            plain = effect.target.replace(".", "_")
            label = f"{effect.operator}_{plain}" if meetings[effect.target] > 1 else plain
            knobs = {k: k if often[k] == 1 else f"{k}_{label}" for k in (*_SIZES[effect.operator], "hill")}
            size, half, hill = self._effect_knobs(parts, effect, knobs)
            several = len(self._effects) > 1
            occupancy = f"{self.name}.occupancy_{label}" if several else f"{self.name}.occupancy"
            acting = "C" if self.pk.ke0 is None else "Ce"
            occupied = f"hill({self.name}.{acting}, {half}, {hill})"
            parts.derived.append(Derived(occupancy, occupied, "", f"occupancy by {self.name} for {effect.target}"))
            product = f"{size}*{occupancy}"
            how, value = {
                "inhibit": ("scale", f"1 - {product}"),
                "stimulate": ("scale", f"1 + {product}"),
                "add": ("add", product),
            }[effect.operator]
            parts.effects.append(Effect(effect.target, how, value, by=self.name))

    def _effect_knobs(self, parts: Parts, effect: DrugEffect, knobs: Mapping[str, str]) -> list[str]:
        """Add the knobs of an effect and return the names of its size, half-maximal concentration and steepness."""
        size_word, half_word = _SIZES[effect.operator]
        unit, half = self.pk.concentration_unit, effect.half
        given = {
            size_word: (effect.size, parts.unit(effect.target) if effect.operator == "add" else ""),
            half_word: (_converted(self.name, half_word, half, unit) if isinstance(half, str) else half, unit),
            "hill": (effect.hill, ""),
        }
        source = effect.source or "assumed: chosen for this model"
        evidence = effect.evidence or ("assumed" if source.startswith("assumed") else "")
        names = [
            parts.knob(
                knobs[word],
                value,
                its_unit,
                _MEANINGS[word].format(target=effect.target),
                bounds=(0, 1) if word == "imax" else None,
                source=source,
                evidence=evidence,
            )
            for word, (value, its_unit) in given.items()
        ]
        parts.above_zero(*names[1:])
        if effect.operator != "add":
            parts.within(names[:1], 0, 1 if effect.operator == "inhibit" else None)
        return names


def _number(who: str, what: str, value: Any, above: float | None = None) -> float:
    number = finite(value)
    if number is None:
        raise ModelError(f"{who}: {what} must be a finite number, got {value!r}")
    if above is not None and number <= above:
        raise ModelError(f"{who}: {what} must be above {above:g}, got {number:g}")
    return number


def _converted(name: str, what: str, text: str, unit: str) -> float:
    """Return a concentration written with its unit, in `unit`."""
    number, _, given = text.strip().partition(" ")
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if not value > 0 or not given:
        raise ModelError(f"'{name}': can't read {what} {quoted(text)}; write a number in {unit} or e.g. '0.5 {unit}'")
    return convert(value, given.strip(), unit)
