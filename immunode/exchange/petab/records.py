"""What the tables of a PEtab problem say, the same for both versions of the format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Period:
    """One period of an experiment: when it begins (-inf: at rest at its end) and the conditions that begin it."""

    time: float
    conditions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Observed:
    """One row of the observable table.

    noise : formula of the noise's size.   kind : one of `study.noise.NOISES`.   factor : what the size is multiplied
    with; ln(10) where the file counts in decimal logarithms.   own, of_noise : placeholders of the formulas.
    """

    formula: str
    noise: str
    kind: str = "normal"
    factor: float = 1.0
    own: tuple[str, ...] = ()
    of_noise: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Measured:
    """One row of the measurement table. own, of_noise : what stands for the placeholders of the observable."""

    observable: str
    experiment: str
    time: float
    value: float
    own: tuple[str, ...] = ()
    of_noise: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PriorText:
    """A prior as a table says it. scale : of the parameter it is about: "lin", "log" or "log10"."""

    kind: str
    numbers: tuple[float, ...]
    scale: str = "lin"


@dataclass(frozen=True, slots=True)
class Listed:
    """One row of the parameter table. value : nominal, or None."""

    value: float | None
    low: float
    high: float
    estimate: bool
    prior: PriorText | None = None


@dataclass(frozen=True, slots=True)
class Tables:
    """A problem as its files say it.

    conditions : id -> target -> text of its value.   mapping : id of the problem -> id of the model.
    """

    path: Path
    version: int
    model: Path
    conditions: Mapping[str, Mapping[str, str]]
    experiments: Mapping[str, tuple[Period, ...]]
    observables: Mapping[str, Observed]
    measurements: tuple[Measured, ...]
    parameters: Mapping[str, Listed]
    mapping: Mapping[str, str]
