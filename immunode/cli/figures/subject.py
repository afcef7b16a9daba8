"""What a figure shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from immunode.intervention import knobs
from immunode.model import Model
from immunode.study.arms import Arms
from immunode.study.design.declared import declares_patients


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a figure shows, and how.

    model : with its settings.   source, variant : the model's name or file, and its variant.
    values, initial : what was set: parameter -> value, state -> initial value.
    arms : names of arms, the control first.   quantities : what to show.
    until : end of the runs, None for the model's own.
    patients, runs : how many declared patients, or parameter sets, figures of many show; where neither is asked for,
        patients where they are declared.   seed : what random numbers start from.
    log : all quantities on logarithmic axes, or none; None for those that belong there.
    data : whether what trials reported is drawn, too.
    named : whether the quantities were asked for.
    told : whether nothing else was asked for than the model, so that time courses tell its story.
    """

    model: Model
    source: str
    variant: str
    values: Mapping[str, float]
    initial: Mapping[str, float]
    arms: tuple[str, ...]
    quantities: tuple[str, ...]
    until: float | str | None
    patients: int | None
    runs: int | None
    seed: int
    log: bool | None
    data: bool
    style: str
    named: bool = False
    told: bool = False

    @property
    def first(self) -> str:
        """The quantity of figures that show one."""
        return self.quantities[0]

    @property
    def treated(self) -> tuple[str, ...]:
        """The arms with an intervention."""
        return tuple(arm for arm, entries in Arms.of(self.model, *self.arms).items() if entries)

    def declares(self, arms: Sequence[str]) -> bool:
        """Return whether the model, or a treatment of these arms, says how patients differ."""
        composed = Arms.of(self.model, *arms).compose(self.model)
        return any(declares_patients(one) for one in (self.model, *composed.values()))

    @property
    def strengths(self) -> tuple[str, ...]:
        """Strengths of interventions, which can be given as doses from 0 to 1; those among the arms first."""
        arms = Arms.of(self.model, *self.arms)
        names = [getattr(entry, "name", entry) for arm in self.treated for entry in arms[arm]]
        declared = sorted(self.model.interventions, key=lambda i: i.name not in names)
        return tuple(p.name for i in declared for p in knobs(self.model, i) if p.name == f"{i.name}.strength")
