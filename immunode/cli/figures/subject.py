"""What a figure shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from immunode.intervention import knobs
from immunode.model import Model
from immunode.study.arms import Arms


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a figure shows, and how.

    model : with its settings.   source, variant : the model's name or file, and its variant.
    values, initial : what was set: parameter -> value, state -> initial value.
    arms : names of arms, the control first.   quantities : what to show.
    until : end of the runs, None for the model's own.
    runs, seed : virtual patients of figures that show many, and what their random numbers start from.
    log : quantities on logarithmic axes.
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
    runs: int
    seed: int
    log: bool
    style: str
    told: bool = False

    @property
    def first(self) -> str:
        """The quantity of figures that show one."""
        return self.quantities[0]

    @property
    def treated(self) -> tuple[str, ...]:
        """The arms with an intervention."""
        return tuple(arm for arm, entries in Arms.of(self.model, *self.arms).items() if entries)

    @property
    def strengths(self) -> tuple[str, ...]:
        """Strengths of interventions, which can be given as doses from 0 to 1; those among the arms first."""
        arms = Arms.of(self.model, *self.arms)
        names = [getattr(entry, "name", entry) for arm in self.treated for entry in arms[arm]]
        declared = sorted(self.model.interventions, key=lambda i: i.name not in names)
        return tuple(p.name for i in declared for p in knobs(self.model, i) if p.name == f"{i.name}.strength")
