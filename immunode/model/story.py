"""The record that tells a newcomer what a model shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from immunode.errors import ModelError, quoted
from immunode.model.records import checked_number, pairs
from immunode.model.serial import register

STORIES = ("courses", "waterfall", "responders")
"""Kinds of pictures that stories are told with."""


@register
@dataclass(frozen=True, slots=True)
class Story:
    """What a newcomer sees first: arms side by side, some quantities, and one sentence that says what to see.

    Parameters
    ----------
    sentence : str
        the message of the figure.
    arms : Mapping[str, str] | tuple[tuple[str, str], ...]
        name of the arm -> names of its interventions, joined by "+"; "" is the arm without any.
    panels : tuple[str, ...] | Sequence[str]
        quantities, each in a panel of its own.
    until : float
        end, in the model's time unit; 0 is the model's horizon.
    variant : str
        variant of the model that it is told with; "" is the model itself.
    logarithmic : tuple[str, ...] | Sequence[str]
        panels with a logarithmic axis.
    patients : int
        how many of the declared population are drawn: then lines are their medians, between bands from 5 to 95 %. 0 is
        the typical patient alone.
    kind : str
        "courses", or "waterfall": the first panel, a change in %, at the end in each patient, and how many in a hundred
        then meet the first threshold on it; or "responders": only how many these are, as bars with intervals.
    """

    sentence: str
    arms: Mapping[str, str] | tuple[tuple[str, str], ...] = ()
    panels: tuple[str, ...] | Sequence[str] = ()
    until: float = 0.0
    variant: str = ""
    logarithmic: tuple[str, ...] | Sequence[str] = ()
    patients: int = 0
    kind: str = "courses"

    def __post_init__(self) -> None:
        object.__setattr__(self, "arms", tuple((name, str(what)) for name, what in pairs(self.arms)))
        for label in ("panels", "logarithmic"):
            object.__setattr__(self, label, tuple(getattr(self, label)))
        object.__setattr__(self, "until", checked_number("story: until", self.until, least=0.0))
        if self.patients < 0 or self.patients == 1 or self.patients != int(self.patients):
            raise ModelError(f"story: patients={self.patients!r}: give a number of patients from 2 on, or 0 for none")
        if self.kind not in STORIES or (self.kind != "courses" and not self.patients):
            raise ModelError(
                f"story: kind={quoted(self.kind)}: give one of {', '.join(STORIES)}; all but courses need patients"
            )
        if not self.sentence or not self.arms or not self.panels:
            raise ModelError("a story needs a sentence, arms and panels")
