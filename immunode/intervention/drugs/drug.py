"""A drug: pharmacokinetics, a regimen, and what its concentration does to parameters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Any, Self

from immunode.errors import DoseError, ModelError, did_you_mean
from immunode.intervention.drugs.effects import DrugEffect, with_effect_compartment
from immunode.intervention.drugs.occupancy import add_effects
from immunode.intervention.drugs.profile import DrugProfile
from immunode.intervention.drugs.wording import dose_words, kinetics_words
from immunode.intervention.expand.contribution import Draft
from immunode.intervention.expand.dosing import Administration
from immunode.intervention.expand.kinetics import add_pk, numbers_used
from immunode.intervention.expand.models_patient import SIZES, properties, remarks, said_of, values_used
from immunode.intervention.expand.occasions import add_occasions
from immunode.intervention.expand.patients import add_variability
from immunode.intervention.expand.visits import add_rule
from immunode.intervention.labels import check_name, checked_labels, checked_strength, label_rows
from immunode.intervention.pharmacokinetics.compartments import PK, UNITS
from immunode.intervention.pharmacokinetics.covariates import Patient, body_size, read_patient
from immunode.intervention.pharmacokinetics.occasions import OccasionVariability
from immunode.intervention.regimens.dose import ROUTES, Dose
from immunode.intervention.regimens.regimen import Regimen
from immunode.intervention.schedule import Schedule
from immunode.intervention.times import Time
from immunode.model import views
from immunode.model.declaration import Contribution, Declaration
from immunode.model.patients import Correlation, Observed, PatientCovariate, Variability
from immunode.model.records import PROVENANCE, Pairs
from immunode.model.serial import register


@register
@dataclass(frozen=True, slots=True, repr=False)
class Drug:
    """A drug, a value that never changes: `drug("adalimumab").dose("40 mg sc q2w").inhibit("k", imax=0.9, ic50=5)`.

    Parameters
    ----------
    pk : PK
        its pharmacokinetics.
    regimen : Regimen | Dose | str | None
        doses; text, a `Regimen` or a `Dose`.
    effects : tuple[DrugEffect, ...] | Sequence[DrugEffect]
        what it does, written by `inhibit`, `stimulate`, `add`.
    weight : float | None
        body mass in kg, for doses per kg and for kinetics that depend on it; None: that of the model's patient.
    area : float | None
        body surface in m2, as `weight`.
    strength : float
        in [0, 1]; scales every dose.
    route : str
        of doses that do not say one; "" means absorbed where the drug has `ka`, else "iv".
    routes : tuple[str, ...] | Sequence[str]
        that its numbers hold for, such as ("sc", "iv"); () leaves it to the pharmacokinetics. Numbers that are apparent
        (CL/F) hold for no dose by vein, and a rate of absorption for the one way in that it was measured for.
    patient : Patient | None
        values of the drug's covariates, written by `covariates`; None: the typical patient.
    rule : Schedule | None
        what is decided at visits, set by `when`; it multiplies the doses.
    variability, correlations
        how its numbers, such as "CL", differ between patients, around the typical ones.
    occasions : tuple[OccasionVariability, ...] | Sequence[OccasionVariability]
        how its numbers differ between occasions of one patient, such as one dose and the next.
    people : tuple[PatientCovariate, ...] | Sequence[PatientCovariate]
        how its covariates, such as "albumin", are distributed; they count once `covariates` was called. One that the
        model or another drug has by the same name is the same property of a patient.
    unsaid : tuple[str, ...] | Sequence[str]
        properties in `patient`, and sizes, that are only the typical patient's: where a model declares a
        `PatientCovariate` of the name, they are those of its patient.
    observed : Observed | None
        the error with which a concentration of the drug is measured, such as `Observed("C", proportional=0.2)`.
    profile : DrugProfile | None
        what the library says of the drug beside its numbers.
    direction, acts_on, expects, source, evidence, note, label
        as in `Intervention`.

    Raises
    ------
    ModelError, DoseError
        a field is wrong; a dose is by a route that the drug's numbers do not hold for.
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
    variability: tuple[Variability, ...] | Sequence[Variability] = ()
    correlations: tuple[Correlation, ...] | Sequence[Correlation] = ()
    people: tuple[PatientCovariate, ...] | Sequence[PatientCovariate] = ()
    area: float | None = None
    observed: Observed | None = None
    profile: DrugProfile | None = field(default=None, metadata=PROVENANCE)
    label: str = field(default="", metadata=PROVENANCE)
    routes: tuple[str, ...] | Sequence[str] = ()
    occasions: tuple[OccasionVariability, ...] | Sequence[OccasionVariability] = ()
    unsaid: tuple[str, ...] | Sequence[str] = ()

    def __post_init__(self) -> None:
        check_name(self.name)
        if self.rule is not None and (self.rule.rule is None or self.rule != Schedule(rule=self.rule.rule)):
            raise DoseError(
                f"drug '{self.name}': when(...) takes at_visits(...), cycles(...) or to_target(...), got '{self.rule}'"
            )
        if not isinstance(self.pk, PK):
            raise ModelError(f"drug '{self.name}' needs pharmacokinetics such as one_compartment(CL=..., V1=...)")
        for name in ("effects", "variability", "correlations", "people", "routes", "occasions", "unsaid"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        object.__setattr__(self, "strength", checked_strength(self.name, self.strength))
        labels = checked_labels(self.name, self.direction, self.acts_on, self.expects, self.evidence)
        object.__setattr__(self, "expects", labels)
        for route in filter(None, (self.route, *self.routes)):
            if route not in ROUTES.values():
                raise DoseError(f"'{self.name}': unknown route '{route}'{did_you_mean(route, ROUTES.values())}")
        for word, label, unit in (("weight", "weight", "kg"), ("area", "BSA", "m2")):
            given = getattr(self, word)
            if given is not None:
                # a drug of one's own, and one of the library's for mice, may be given to an animal
                people = self.profile is not None and self.profile.people != "mice"
                size_ = body_size(f"'{self.name}'", label, unit, given, people=people)
                object.__setattr__(self, word, size_)
        for (operator, target), times in Counter((e.operator, e.target) for e in self.acts).items():
            if times > 1:
                raise ModelError(f"drug '{self.name}' has {operator} on '{target}' twice; write it once")
        if self.regimen is not None:
            regimen = Regimen.of(self.regimen)
            object.__setattr__(self, "regimen", regimen)
            self._check_routes(regimen)

    def _check_routes(self, regimen: Regimen) -> None:
        """Refuse doses by a route that the numbers do not hold for."""
        for dose in regimen.blocks if self.routes else ():
            route = "iv" if dose.steady_infusion else dose.route or self.route
            if route and route not in self.routes:
                apparent = route == "iv" and self.pk.absorbed and not self.pk.prodrug
                why = "; without its absolute bioavailability, doses by vein can't be told" if apparent else ""
                known = " or ".join(self.routes)
                raise DoseError(
                    f"'{self.name}', '{regimen}': its kinetics are those of doses {known}, not {route}{why}"
                )

    @property
    def acts(self) -> tuple[DrugEffect, ...]:
        """The effects."""
        return self.effects  # type: ignore[return-value]

    @property
    def beside(self) -> str:
        """What it acts beside: nothing."""
        return ""

    def dose(self, regimen: str | Regimen | Dose, *, weight: float | None = None, BSA: float | None = None) -> Self:
        """Return the drug given by a regimen such as `"40 mg sc q2w x 26"`.

        Parameters
        ----------
        regimen : str | Regimen | Dose
            without a count, doses go on to the end of a run of `simulate` or `sweep`, and to the model's horizon in
            `perturb`, whichever is later.
        weight : float | None
            of the patient in kg, for doses per kg and for kinetics that depend on it, as in `covariates`; by default
            that of the model's patient, where it declares one.
        BSA : float | None
            body surface of the patient in m2, likewise.

        Raises
        ------
        DoseError
            the regimen can't be read, or is by a route that the drug's numbers do not hold for. Doses by a size that
            neither the call nor the model tells are refused by `perturb`.
        """
        patient = self.patient
        for word, value in (("weight", weight), ("BSA", BSA)):
            if value is not None and patient is not None and word in dict(patient):
                patient = tuple((k, value if k == word else v) for k, v in patient)
        said = {word for word, value in (("weight", weight), ("BSA", BSA)) if value is not None}
        unsaid = tuple(word for word in self.unsaid if word not in said)
        weight = self.weight if weight is None else weight
        area = self.area if BSA is None else BSA
        return replace(self, regimen=Regimen.of(regimen), weight=weight, area=area, patient=patient, unsaid=unsaid)

    def usual(self, name: str = "", *, weight: float | None = None, BSA: float | None = None) -> Self:
        """Return the drug given as it usually is: `drug("infliximab").usual("rheumatoid arthritis")`.

        Parameters
        ----------
        name : str
            of the regimen in the library; "" means the first one.
        weight, BSA : float | None
            of the patient in kg and m2, as in `dose`; without them, those of the model's patient where it declares
            such, else of the typical patient of the source.

        Raises
        ------
        DoseError
            there is no such regimen.
        """
        text = (self.profile or DrugProfile()).regimen(self.name, name)
        typical: Any = {c.name: c.typical for c in self.pk.covariates}
        regimen = Regimen.of(text)
        sizes = {"weight": (weight, self.weight), "BSA": (BSA, self.area)}
        unsaid = {word for word in self.unsaid if word not in sizes or sizes[word][0] is None}
        for word, needed in (("weight", regimen.by_weight), ("BSA", regimen.by_area)):
            if needed and word in typical and sizes[word] == (None, None):
                sizes[word] = (typical[word], None)
                unsaid.add(word)
        given = self.dose(regimen, weight=sizes["weight"][0], BSA=sizes["BSA"][0])
        return replace(given, unsaid=tuple(sorted(unsaid)))

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
        """Return the drug that adds size*occupancy to parameter `target`. `size`: in the target's unit."""
        return self._with(DrugEffect("add", target, size, ec50, hill, source, evidence))

    def _with(self, effect: DrugEffect) -> Self:
        return replace(self, effects=(*self.acts, effect))

    def covariates(self, **values: Any) -> Self:
        """Return the drug in a patient: `drug("infliximab").covariates(albumin=25, ADA=True, sex="female")`.

        Every published covariate becomes a knob (`infliximab.albumin`); those not given have the typical patient's
        value, or that of the model's patient where the model declares it. Numbers are in the covariate's unit, or text
        such as "2.5 g/dL"; yes or no is True or False.

        Raises
        ------
        DoseError
            the drug has no such covariate, or a value is out of range.
        """
        known: Any = self.pk.covariates
        there = {c.name for c in known}
        sizes = {"weight": self.weight, "BSA": self.area}
        before = {word: size_ for word, size_ in sizes.items() if size_ is not None and word in there}
        before = {word: value for word, value in (before | dict(self.patient or ())).items() if word not in self.unsaid}
        patient, said = read_patient(self.name, known, {**before, **values})
        now = dict(patient)
        weight, area = now.get("weight", self.weight), now.get("BSA", self.area)
        unsaid = tuple(word for word in dict.fromkeys((*self.unsaid, *now)) if word not in said)
        return replace(self, patient=patient, weight=weight, area=area, unsaid=unsaid)

    def effect_compartment(
        self, ke0: float | None = None, *, half_life: Time | None = None, source: str = "", evidence: str = ""
    ) -> Self:
        """Return the drug with effects that follow a compartment which lags behind C; give ke0 or its half-life.

        Parameters
        ----------
        ke0 : float | None
            in 1/time of the drug's pharmacokinetics.
        half_life : Time | None
            ln 2/ke0, text such as "3 weeks" or a number.

        Raises
        ------
        DoseError
            neither or both are given, or out of range.
        """
        kinetics = with_effect_compartment(self.pk, self.name, ke0, half_life, source, evidence)
        return replace(self, pk=kinetics)

    def at(self, strength: float) -> Self:
        """Return the drug with every dose multiplied by `strength`, in [0, 1]."""
        return replace(self, strength=strength)

    def when(self, rule: Schedule) -> Self:
        """Return the drug whose doses follow a rule: `drug.when(at_visits("4 weeks", when="p > 0.3"))`.

        Parameters
        ----------
        rule : Schedule
            by `at_visits`, `cycles` or `to_target`; an infusion that runs changes with it.
        """
        return replace(self, rule=rule)

    def renamed(self, name: str) -> Self:
        """Return the drug under another name."""
        return replace(self, name=name)

    def card_rows(self) -> tuple[str, dict[str, str]]:
        """Return the labels and the rows of the card."""
        unit = self.pk.concentration_unit
        dose = dose_words(self.regimen, self.weight, self.area)
        rows = {
            "dose": dose or "none yet; use .dose('40 mg q2w')",
            "does": "; ".join(effect.words(unit) for effect in self.acts),
            "pk": kinetics_words(self.pk),
            "patient": ", ".join(f"{name} {value:g}" for name, value in self.patient or ()),
            "varies": "; ".join(o.words for o in self.occasions),
            "sold as": ", ".join(self.profile.brands) if self.profile is not None else "",
            "rule": str(self.rule) if self.rule is not None else "",
            "warning": "; ".join(self.profile.warnings) if self.profile is not None else "",
        }
        return label_rows(self, rows)

    def later(self, by: Time) -> Self:
        """Return the drug with all its doses and visits later."""
        regimen = self.regimen.later(by) if isinstance(self.regimen, Regimen) else self.regimen
        return replace(self, regimen=regimen, rule=None if self.rule is None else self.rule.later(by))

    def end(self) -> Time:
        """Return when the last dose is given, or its infusion is over.

        Raises
        ------
        DoseError
            there are no doses, or no end of them.
        """
        return self._given().end(self.name)

    def contribution(self, model: Declaration, units: Mapping[str, str]) -> Contribution:
        """Return what this adds to `model`.

        Parameters
        ----------
        units : Mapping[str, str]
            unit of each parameter that effects may meet.

        Raises
        ------
        DoseError
            there is no regimen, or it does not suit the drug.
        UnitError
            a unit does not fit.
        """
        regimen = self._given()
        draft = Draft(self.name, model, units, self.source, self.evidence)
        strength = draft.knob("strength", self.strength, "", f"factor on every dose of {self.name}", bounds=(0, 1))
        draft.within([strength], 0, 1)
        if self.pk.CL_emax is not None and 1 in regimen.missed:
            raise DoseError(f"drug '{self.name}': its clearance changes since dose 1, which can't be missed")
        if self.rule is not None and self.rule.rule is not None:
            # visits come first, so that a dose at the time of a visit follows what was decided there
            strength = f"{strength}*{add_rule(draft, self.rule.rule)}"
        known: Any = self.pk.covariates
        sizes = {"weight": self.weight, "BSA": self.area}
        said = said_of(sizes, self.patient or (), self.unsaid)
        linked = properties(draft, (*known, *SIZES), said)
        by = {word for word, asked in (("weight", regimen.by_weight), ("BSA", regimen.by_area)) if asked}
        patient = values_used(known, self.patient, {w: v for w, v in sizes.items() if w in said or w in by})
        doses = Administration(draft, self.pk, regimen, strength, self.weight, self.route, self.area, linked)
        doses.uses_depot = any("depot" in (flow.out_of, flow.into) for flow in self.pk.flows)
        doses.write()
        unused = {n for n in UNITS if getattr(self.pk, n) is not None} - self.pk.formula.keys()
        there = {p.name.removeprefix(f"{self.name}.") for p in draft.parameters} & UNITS.keys()
        there |= numbers_used(self.pk, doses.uses_depot)
        formulas = self.pk.formula.keys() & there
        varying = add_occasions(draft, self.occasions, doses.stretches, there - formulas, formulas, unused)
        add_pk(draft, self.pk, doses.uses_depot, doses.infusions, doses.largest, patient, linked, varying)
        add_effects(draft, self.acts, self.pk)
        add_variability(draft, self.variability, self.correlations, self.people, unused, said)
        draft.remarks += remarks(draft, known, sizes, by, said, linked)
        if self.observed is not None:
            draft.errors.append(replace(self.observed, quantity=f"{self.name}.{self.observed.quantity}"))
        return draft

    def _given(self) -> Regimen:
        if not isinstance(self.regimen, Regimen):
            raise DoseError(f"drug '{self.name}' has no doses; use .dose('40 mg sc q2w x 26')")
        return self.regimen

    def __repr__(self) -> str:
        return str(views.Card.of(self))

    def _repr_html_(self) -> str:
        return views.Card.of(self)._repr_html_()
