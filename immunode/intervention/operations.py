"""What an intervention does to one parameter or one state: the seven operators."""

from __future__ import annotations

from dataclasses import dataclass

from immunode.errors import DoseError, ModelError
from immunode.intervention.numbers import finite
from immunode.intervention.times import Time, size, tidy_time, words
from immunode.model.serial import register

OPERATORS = ("scale", "add", "set_to", "inhibit", "stimulate", "transfer", "remove")
JUMPS = ("transfer", "remove")
"""Operators that act on states."""
WORDS = {
    "scale": "multiplies {target} by {value}",
    "add": "adds {value} to {target}",
    "set_to": "sets {target} to {value}",
    "inhibit": "inhibits {target} by {percent} %",
    "stimulate": "stimulates {target} by {percent} %",
    "transfer": "puts {value} into {target}",
    "remove": "takes {percent} % out of {target}",
}


@register
@dataclass(frozen=True, slots=True)
class Operation:
    """One operator on one target, at full signal (s = 1); made by `scale`, `add`, `set_to` and the others.

    Parameters
    ----------
    operator : str
        "scale" (k * value**s), "add" (k + value*s), "set_to" (value), "inhibit" (k * (1 - value*s)), "stimulate" (k *
        (1 + value*s)), "transfer" (a state jumps by value at the start) or "remove" (a state jumps to (1 - value) of
        what it was).
    target : str
        a parameter; for "transfer" and "remove" a state.
    value : float
        in the target's unit for "add", "set_to" and "transfer", else dimensionless.
    over : Time | None
        how long a transfer takes; None: a moment.

    Raises
    ------
    ModelError
        the operator is not known, or the value is not one that it takes.
    DoseError
        the duration is not a time above 0.
    """

    operator: str
    target: str
    value: float
    over: Time | None = None

    def __post_init__(self) -> None:
        if self.operator not in OPERATORS:
            raise ModelError(f"unknown operator '{self.operator}'; known: {', '.join(OPERATORS)}")
        target: object = self.target
        if not isinstance(target, str) or not target:
            raise ModelError(f"{self.operator} needs the name of a target, got {target!r}")
        value = finite(self.value)
        if value is None:
            raise ModelError(f"{self.operator}('{target}', {self.value!r}) needs a finite number")
        object.__setattr__(self, "value", value)
        problem = _problem(self.operator, value)
        if problem:
            raise ModelError(f"{self}: {problem}")
        if self.over is not None:
            object.__setattr__(self, "over", tidy_time(self.over, f"{self}, over"))
            if self.operator != "transfer":
                raise ModelError(f"{self}: only a transfer goes over a time; give the intervention a schedule")
            if size(self.over)[0] <= 0:
                raise DoseError(f"{self}, over: must be above 0, got {words(self.over)}")

    def __str__(self) -> str:
        return f"{self.operator}('{self.target}', {self.value:g})"

    @property
    def on_state(self) -> bool:
        """Whether it makes a state jump."""
        return self.operator in JUMPS

    def full(self, value: float, strength: float) -> str:
        """Return what the target becomes at full signal. `value`: without it. `strength`: in [0, 1]."""
        size = self.value
        if self.operator == "transfer":
            return f"+ {size * strength:.6g}"
        if self.operator == "remove":
            return f"x {1 - size * strength:.6g}"
        if self.operator == "scale":
            return f"{value * size**strength:.6g}"
        if self.operator == "inhibit":
            return f"{value * (1 - size * strength):.6g}"
        if self.operator == "stimulate":
            return f"{value * (1 + size * strength):.6g}"
        if self.operator == "set_to":
            return f"{value + strength * (size - value):.6g}"
        return f"{value + strength * size:.6g}"

    @property
    def words(self) -> str:
        """The operation as a phrase: `inhibits k by 95 %`."""
        phrase = WORDS[self.operator].format(
            target=self.target, value=f"{self.value:g}", percent=f"{100 * self.value:g}"
        )
        return phrase if self.over is None else f"{phrase} over {words(self.over)}"


def _problem(operator: str, value: float) -> str:
    """Return what is wrong with a value, or ""."""
    if operator == "scale" and value <= 0:
        return "a factor must be above 0; to switch something off use inhibit(target, 1)"
    if operator == "inhibit" and not 0 <= value <= 1:
        return "the inhibited fraction must lie in [0, 1]; 0.95 means 95 %"
    if operator == "stimulate" and value < 0:
        return "the stimulated fraction must be 0 or above; to lower something use inhibit"
    if operator == "remove" and not 0 <= value <= 1:
        return "the part taken out must lie in [0, 1]; 0.95 means 95 %"
    if operator == "transfer" and value < 0:
        return "what is put into a state must be 0 or above"
    return ""


def scale(target: str, factor: float) -> Operation:
    """Return the operation that multiplies parameter `target` by `factor**s`. `factor`: above 0, dimensionless."""
    return Operation("scale", target, factor)


def add(target: str, size: float) -> Operation:
    """Return the operation that adds `size*s` to parameter `target`. `size`: in the target's unit."""
    return Operation("add", target, size)


def set_to(target: str, value: float) -> Operation:
    """Return the operation that moves parameter `target` to `value`. `value`: in the target's unit."""
    return Operation("set_to", target, value)


def inhibit(target: str, fraction: float) -> Operation:
    """Return the operation that multiplies parameter `target` by `1 - fraction*s`. `fraction`: in [0, 1]."""
    return Operation("inhibit", target, fraction)


def stimulate(target: str, fraction: float) -> Operation:
    """Return the operation that multiplies parameter `target` by `1 + fraction*s`. `fraction`: 0 or above."""
    return Operation("stimulate", target, fraction)


def transfer(target: str, amount: float, over: Time | None = None) -> Operation:
    """Return the operation that puts `amount` into state `target` at the start, or at each time of its schedule.

    Parameters
    ----------
    amount : float
        in the state's unit; with `over`, put in at an even rate within this time (an infusion).
    """
    return Operation("transfer", target, amount, over)


def remove(target: str, fraction: float) -> Operation:
    """Return the operation that takes a part out of state `target` at the start, or at each time of its schedule.

    Parameters
    ----------
    fraction : float
        in [0, 1]; surgery, apheresis, a purge. Where the same intervention puts something in at the same time, it takes
        out first.
    """
    return Operation("remove", target, fraction)
