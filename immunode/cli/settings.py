"""What `--set`, `--arm` and `--until` say, read and checked before anything is computed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from immunode.cli.output import UsageError, usage
from immunode.errors import did_you_mean

if TYPE_CHECKING:
    from immunode.model.declaration import Model


def read_settings(texts: Sequence[str]) -> dict[str, float]:
    """Return name -> value of settings such as "k=3", "E(0)=1e5" and "anti_tnf.strength=0.5".

    Raises
    ------
    UsageError : one can't be read, or a name is given twice.
    """
    values: dict[str, float] = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals or not name:
            raise UsageError(f"--set {text}: write it as name=number, such as --set k=3 or --set 'E(0)=1e5'")
        if name in values:
            raise UsageError(f"--set {text}: '{name}' is set twice")
        try:
            values[name] = float(value)
        except ValueError:
            raise UsageError(f"--set {text}: '{value}' is not a number") from None
    return values


def compose_arms(model: Model, names: Sequence[str]) -> dict[str, Model]:
    """Return arm -> model with its interventions; without names the model as it is, called control.

    Raises
    ------
    UsageError : an intervention is not declared, or some do not fit each other.
    """
    from immunode.study.arms import CONTROL, Arms

    with usage():
        return Arms.of(model, *(names or (CONTROL,))).compose(model)


def check_settings(settings: Iterable[str], arms: Mapping[str, Model]) -> None:
    """Refuse a setting that is no parameter, knob or initial value of any arm.

    Raises
    ------
    UsageError : with the names that were likely meant.
    """
    models = list(arms.values())
    known = [p.name for m in models for p in m.parameters] + [f"{s.name}(0)" for m in models for s in m.states]
    states = {s.name for m in models for s in m.states}
    for name in settings:
        if name in known:
            continue
        hint = (
            f"; for its initial value write '{name}(0)'" if name in states else did_you_mean(name, dict.fromkeys(known))
        )
        raise UsageError(f"{models[0].name}: --set: '{name}' is no parameter, knob or initial value of an arm{hint}")


def check_look(rtol: float, style: str) -> None:
    """Refuse a relative tolerance that no method can work with, and a style that figures don't have.

    Raises
    ------
    UsageError : with what would do.
    """
    if not 1e-14 <= rtol <= 0.1:
        raise UsageError(f"--rtol {rtol:g}: give a number from 1e-14 to 0.1")
    if style != "slide":  # the default needs no matplotlib to be found right
        from immunode.plot.kit.style import find_style

        with usage():
            find_style(style)
