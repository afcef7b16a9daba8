"""Which typical values are estimated, on which scale, in which class of individuals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.mixed_effects.exponents import in_exponents
from immunode.errors import StudyError, did_you_mean
from immunode.model import Model, Variability

Array = NDArray[np.float64]
HELD = -1
"""Place of a typical value that is not estimated."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """An estimated fixed effect. row : among the program's values.   size : one unit of it in the vector.

    parameter : whose value it is; `name` says the class too where it is that of one class, as in "CL[slow]".
    """

    name: str
    parameter: str
    scale: str
    row: int
    size: float
    declared: float


@dataclass(frozen=True, slots=True)
class Typical:
    """The typical value of a parameter in each class of individuals; there is one class where none is declared.

    places : (n_classes,), where it stands among the estimated fixed effects, or `HELD`.
    values : (n_classes,), as declared.
    """

    row: int
    scale: str
    places: tuple[int, ...]
    values: tuple[float, ...]

    @property
    def declared(self) -> float:
        """One of the declared values that is not 0, for sign and size."""
        return next((value for value in self.values if value), 0.0)

    @property
    def differs(self) -> bool:
        """Whether it is not the same in all classes."""
        return len(set(self.places)) > 1 or len(set(self.values)) > 1

    def centers(self, fixed: Array, classes: NDArray[np.intp]) -> Array | float:
        """Return the value on its scale in rows. fixed : (n_fixed,) or (n_rows, n_fixed).   classes : (n_rows,)."""
        if not self.differs:
            known = self.places[0] >= 0
            return fixed[..., self.places[0]] if known else to_scale(self.scale, self.values[0])
        place = np.array(self.places)[classes]
        held = np.array([to_scale(self.scale, value) for value in self.values])[classes]
        if not fixed.shape[-1]:
            return held
        column = np.maximum(place, 0)
        found = fixed[column] if fixed.ndim == 1 else np.take_along_axis(fixed, column[:, None], axis=1)[:, 0]
        return np.where(place >= 0, found, held)


def to_scale(scale: str, value: float) -> float:
    """Return a parameter's value on its scale; what is 0 on a logarithmic one stays 0."""
    if scale == "log":
        return math.log(abs(value)) if value else -math.inf
    if scale == "logit":
        return math.log(value / (1 - value)) if 0 < value < 1 else math.copysign(math.inf, value - 0.5)
    return value


def from_scale(scale: str, value: Array, declared: float) -> Array:
    """Return the parameter's value of a number on its scale. declared : whose sign a log scale keeps."""
    if scale == "log":
        return math.copysign(1.0, declared) * np.exp(np.minimum(value, 700.0))
    if scale == "logit":
        return np.asarray(1 / (1 + np.exp(-value)))
    return np.asarray(value)


def take_one(held: list[str], name: str) -> bool:
    """Remove a name from what is held; return whether it was there."""
    if name in held:
        held.remove(name)
        return True
    return False


def stays(scale: str, typical: float) -> bool:
    """Return whether a random effect does not move a typical value: 0 on a log scale, 0 and 1 on a logit scale."""
    return (scale == "log" and typical == 0) or (scale == "logit" and typical in (0, 1))


def moves(one: Variability, model: Model) -> bool:
    """Return whether a random effect moves its parameter, in one class of individuals at least."""
    return not all(stays(one.scale, value) for value in class_values(model, one.parameter))


def class_values(model: Model, name: str) -> tuple[float, ...]:
    """Return the declared value of a parameter in each class of individuals."""
    value = next(p.value for p in model.parameters if p.name == name)
    return tuple(float(dict(one.values).get(name, value)) for one in model.classes) or (value,)


def declared_typicals(
    model: Model,
    moving: Sequence[Variability],
    parameters: Sequence[str] | Mapping[str, str],
    held: list[str],
) -> tuple[list[Fixed], list[Typical]]:
    """Return the estimated fixed effects, and the typical values of all parameters that are estimated or differ.

    moving : the random effects.   parameters : further fixed effects, as in `make_structure`.
    held : names that stay as declared; those that are met are removed.

    Raises
    ------
    StudyError : an unknown name or scale, or classes in which a parameter has different signs on a log scale.
    """
    rows = {p.name: i for i, p in enumerate(model.parameters)}
    scales = {v.parameter: v.scale for v in model.variability if moves(v, model)}
    chosen: list[Fixed] = []
    typical: dict[str, Typical] = {}

    def add(name: str, scale: str, estimated: bool) -> None:
        values = class_values(model, name)
        _check_signs(model, name, scale, values)
        places: dict[str, int] = {}
        for label, value in _labels(model, name, values).items():
            places[label] = HELD
            if estimated and not take_one(held, label) and not stays(scale, value):
                places[label] = len(chosen)
                size = max(abs(value), 0.1) if scale == "linear" else 1.0
                chosen.append(Fixed(label, name, scale, rows[name], size, value))
        of_class = tuple(places[_label(name, one, dict(one.values))] for one in model.classes)
        typical[name] = Typical(rows[name], scale, of_class or (places[name],), values)

    for v in moving:
        # a random effect around 0 is one that expressions add: it has no typical value to estimate
        pure = v.scale == "linear" and not any(class_values(model, v.parameter))
        add(v.parameter, v.scale, not pure)
    for name, scale in _further(model, parameters, scales).items():
        if not any(one.parameter == name for one in chosen):
            add(name, scale, True)
    for v in model.variability:
        if v.parameter in scales and v.parameter not in typical:
            add(v.parameter, v.scale, False)
    for name in dict.fromkeys(name for one in model.classes for name in dict(one.values)):
        if name not in typical:
            typical[name] = _held(model, name, rows)
    return chosen, list(typical.values())


def _label(name: str, one: object, values: Mapping[str, float]) -> str:
    return f"{name}[{getattr(one, 'name', '')}]" if name in values else name


def _labels(model: Model, name: str, values: Sequence[float]) -> dict[str, float]:
    """Return the names of a parameter's typical values: CL, or CL[slow] in classes that have their own."""
    if not model.classes:
        return {name: values[0]}
    return {_label(name, one, dict(one.values)): v for one, v in zip(model.classes, values, strict=True)}


def _held(model: Model, name: str, rows: Mapping[str, int]) -> Typical:
    if name not in rows:
        raise StudyError(
            f"{model.name}: a class of individuals gives the start '{name}', which can't differ in an estimation; make "
            "the initial value of the state a parameter, and give its values"
        )
    values = class_values(model, name)
    return Typical(rows[name], "linear", (HELD,) * len(values), values)


def _check_signs(model: Model, name: str, scale: str, values: Sequence[float]) -> None:
    if scale == "log" and len({v > 0 for v in values if v}) > 1:
        raise StudyError(
            f"{model.name}: '{name}' has values above and below 0 in different classes, which a log scale can't hold; "
            "declare its variability with scale='linear'"
        )


def _further(model: Model, parameters: Sequence[str] | Mapping[str, str], scales: Mapping[str, str]) -> dict[str, str]:
    """Return further fixed effects and their scales."""
    values = {p.name: p.value for p in model.parameters}
    further = parameters if isinstance(parameters, Mapping) else dict.fromkeys(parameters, "")
    exponents = in_exponents(model) if further else set()
    found = {}
    for name, scale in further.items():
        if name.startswith("power("):
            continue
        if name not in values:
            raise StudyError(f"{model.name}: parameters: unknown name '{name}'{did_you_mean(name, values)}")
        signed = min(class_values(model, name)) <= 0 or name in exponents
        scale = scales.get(name) or scale or ("linear" if signed else "log")
        if scale not in ("log", "logit", "linear"):
            raise StudyError(f"{model.name}: parameters: the scale of '{name}' is log, logit or linear, got '{scale}'")
        found[name] = scale
    return found
