"""The model: a declaration that is checked when it is made, with the conveniences of its own layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from immunode.model import serial, views
from immunode.model.checks.declaration import validate
from immunode.model.copies import find, noted, with_initial, with_values, with_variant
from immunode.model.declaration import Declaration, Perturbation


@serial.register
@dataclass(frozen=True, slots=True, repr=False)
class Model(Declaration):
    """A compartment model of ordinary differential equations; a value that never changes.

    All names, arrows, expressions and units are checked when it is made.

    Parameters
    ----------
    time_unit : str
        unit of time ("" for a dimensionless model).
    clock : str
        what one unit of time stands for where doses and calendar times meet a dimensionless model.
    axis : str
        what runs go along in a model without a unit of time, with a unit in brackets: "dose (usual doses)" in one that
        has no time at all. "" is dimensionless time.
    horizon : float
        default end of a simulation, in `time_unit`.
    max_step : float
        the longest step that a solver may take, in `time_unit`; 0 leaves it to the tolerance. Needed where a rate has
        pulses in time that are much shorter than what else happens (see docs, engines).
    readouts : tuple[str, ...] | Sequence[str]
        names of states or derived quantities to look at first.
    start : str
        "steady state": each run begins where the model, without interventions and events and with the run's own
        parameter values, comes to rest from the states' initial values; events at time 0 and `simulate(initial=)` act
        on that. Running totals, on which no rate depends, begin at their initial values. Default: initial values.
    aliases : Mapping[str, str] | Pairs
        further names for `load_model`, each with a variant or "": `{"exercise": "cycling"}`.
    status : str
        "published" or "ours".
    species : str
        whose immune system it is, such as "human" or "mouse"; figures name one that is not human. "" where none is
        meant.
    level : str
        what a run is: "patient", or "study" for a model of arms of trials, whose variability is that between studies: a
        declared population is then one of studies, both arms of a trial are one study, and responders are drawn from
        its patients.
    remarks : tuple[str, ...] | Sequence[str]
        what is odd about the file that a model was read from; shown, and never computed with.
    variability, correlations, classes, covariates
        how patients differ; `im.population(model)` draws them.
    observed : tuple[Observed, ...] | Sequence[Observed]
        errors of measurement.
    thresholds : tuple[Threshold, ...] | Sequence[Threshold]
        named lines such as remission.
    story : Story | None
        what a newcomer sees first.
    trials : tuple[Trial, ...] | Sequence[Trial]
        published results to set beside the model.
    effects, requirements, applied
        what `perturb` writes; not declared by hand.
    variant_name, file_values, file_bounds
        which variant was taken, (name, value as declared) of what is another value now, and (name, low, high) of bounds
        that a value went outside; written by `variant`, `with_values`, `with_initial` and `replace`, so that results
        can tell what was run.

    Raises
    ------
    ModelError
        a name is unknown, used twice or malformed; a rate or an arrow can't be read.
    UnitError
        units do not fit.
    """

    def __post_init__(self) -> None:
        # with slots, a class is made anew, and a bare super() would look at the old one
        Declaration.__post_init__(self)
        validate(self)

    def replace(self, **changes: Any) -> Self:
        """Return a copy with other fields, checked anew."""
        return noted(self, replace(self, **changes))

    def with_values(self, values: Mapping[str, float] | None = None, /, **named: float) -> Self:
        """Return a copy with other parameter values: `with_values(k=3)` or `with_values({"drug.dose": 40})`.

        A value outside a parameter's bounds widens them, and results say so in `recipe["remarks"]`.

        Raises
        ------
        ModelError
            a parameter is unknown, or a value is not finite, or can't be that of a person (70,000 kg).
        """
        return with_values(self, {**(values or {}), **named})

    def with_initial(self, values: Mapping[str, float | str] | None = None, /, **named: float | str) -> Self:
        """Return a copy with other initial values: `with_initial(E=1e5)`."""
        return with_initial(self, {**(values or {}), **named})

    def variant(self, name: str) -> Self:
        """Return the model with the values of its variant `name`."""
        return with_variant(self, name)

    def intervention(self, name: str) -> Perturbation:
        """Return the declared intervention `name`."""
        return find(self, "intervention", self.interventions, name)

    def equations(self, style: str = "unicode", *, fluxes: bool = False) -> str:
        """Return the equations as text, "unicode" or "latex", one line a state; with `fluxes`, one a process too."""
        return views.equations(self, style, fluxes=fluxes)

    def check(self) -> views.Report:
        """Return a `Report` on units, unused names, signs at zero, conserved totals and missing sources."""
        return views.check(self)

    def to_json(self) -> str:
        """Return the model as JSON text."""
        return serial.to_json(self)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the model written by `to_json`; unknown fields and types are errors, nothing is executed."""
        return serial.from_json(cls, text)

    def __repr__(self) -> str:
        return views.text(self)

    def __rich__(self) -> Any:
        return views.table(self)

    def _repr_html_(self) -> str:
        return views.html(self)
