"""Whether the names in stories, trials and records of patients stand for something in their model."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from immunode.errors import ModelError, did_you_mean
from immunode.model.declaration import Declaration


def check_story(model: Declaration) -> None:
    """Check the story of a model, where it has one.

    Raises
    ------
    ModelError : it names an intervention, a variant or a quantity that does not exist, or an arm has a name that stands
        for something else.
    """
    story = model.story
    if story is None:
        return
    check_arms(model, "story", story.arms)
    _check_names(model, dict(story.arms))
    check_variant(model, "story", story.variant)
    quantities = quantity_names(model)
    for panel in story.panels:
        check_known(f"{model.name}: story, panel '{panel}'", panel, quantities)
    for panel in story.logarithmic:
        check_known(f"{model.name}: story, logarithmic panel '{panel}'", panel, story.panels)


def quantity_names(model: Declaration) -> list[str]:
    """Return the names of states, derived quantities, processes and switches."""
    return [one.name for group in (model.states, model.derived, model.processes, model.switches) for one in group]


def check_arms(model: Declaration, what: str, arms: Mapping[str, str] | Iterable[tuple[str, str]]) -> None:
    """Raise ModelError where an arm names an unknown intervention. what : whose arms, for the message."""
    declared = [i.name for i in model.interventions]
    for arm, text in dict(arms).items():
        for name in filter(None, (part.strip() for part in text.split("+"))):
            check_known(f"{model.name}: {what}, arm '{arm}': intervention '{name}'", name, declared)


def _check_names(model: Declaration, arms: Mapping[str, str]) -> None:
    """Refuse an arm of a story whose name stands for something else where arms are named."""
    meant = {"control": "", "all": None, **{i.name: i.name for i in model.interventions}}
    for arm, text in arms.items():
        if arm in meant and meant[arm] != text.strip():
            raise ModelError(f"{model.name}: story, arm '{arm}': an arm of this name is something else; rename it")


def check_variant(model: Declaration, what: str, name: str) -> None:
    """Raise ModelError unless `name` is "" or a variant of the model. what : who names it, for the message."""
    if name:
        check_known(f"{model.name}: {what}: variant '{name}'", name, [v.name for v in model.variants])


def check_known(who: str, name: str, known: Collection[str]) -> None:
    """Raise ModelError unless `name` is one of `known`. who : who names it, for the message."""
    if name not in known:
        listed = list(known)
        raise ModelError(f"{who} does not exist{did_you_mean(name, listed)}")


def check_once(who: str, what: str, listed: Iterable[str]) -> None:
    """Raise ModelError where a name is listed twice. who, what : of the model and the record, for the message."""
    seen: set[str] = set()
    for name in listed:
        if name in seen:
            raise ModelError(f"{who}: the {what} '{name}' is declared twice")
        seen.add(name)
