"""What was asked for on the line, read and checked before anything is computed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from immunode.cli.output import UsageError, load, usage
from immunode.cli.words import ENGINES, METHODS, STYLES
from immunode.errors import ImmunodeError, did_you_mean
from immunode.model import Model, Story
from immunode.study.arms import CONTROL, Arms
from immunode.study.run.ready import looked_at_first, model_time, quantity_names
from immunode.study.stories import find_story, with_story_variant


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A model with arms and settings, all checked: arms can be composed, quantities and settings are known.

    source, variant : the model's name or file, and its variant, as they were typed.
    model : as declared, in its variant.   arms : name -> model with the interventions of the arm.
    settings : parameter, knob or "E(0)" -> number.   quantities : those that were named.
    until : end of the runs, a number in model time or text with a unit; None for the model's own.
    log : all quantities on logarithmic axes, or none; None for those that belong there.
    data : whether figures show what published trials found, too.
    story : the story of the model, where it was not said which arms are compared; else None.
    """

    source: str
    variant: str
    model: Model
    arms: Mapping[str, Model]
    settings: Mapping[str, float]
    quantities: tuple[str, ...]
    until: float | str | None
    style: str
    log: bool | None
    data: bool
    story: Story | None = None

    @property
    def told(self) -> Story | None:
        """The story where it is told as it is declared: with its own numbers, quantities and end; else None."""
        return None if self.settings or self.quantities or self.until is not None else self.story

    @property
    def values(self) -> dict[str, float]:
        """What was set of parameters and knobs."""
        return {name: value for name, value in self.settings.items() if not name.endswith("(0)")}

    @property
    def initial(self) -> dict[str, float]:
        """State -> initial value that was set."""
        return {name[:-3]: value for name, value in self.settings.items() if name.endswith("(0)")}

    @property
    def shown(self) -> tuple[str, ...]:
        """The quantities that were named, else those of the story, else those of the model looked at first."""
        return self.quantities or (tuple(self.story.panels) if self.story else looked_at_first(self.model))

    @property
    def end(self) -> float | str | None:
        """The end of the runs: as typed, else that of the story; None for the model's own."""
        return self.until if self.until is not None or self.story is None else self.story.until or None

    @property
    def head(self) -> dict[str, Any]:
        """Which model it is, as JSON begins."""
        return {"model": self.model.name, "variant": self.model.variant_name}

    def set_model(self) -> Model:
        """Return the model with its settings, to which interventions are then applied.

        Raises
        ------
        UsageError : a setting is a knob, which only a composed arm has.
        """
        own = {p.name for p in self.model.parameters}
        for name in self.values:
            if name not in own:
                raise UsageError(f"--set {name}: it is a knob of an arm; `run` and `sweep` set those")
        _check_settings(self.settings, {CONTROL: self.model})
        return self.model.with_values(self.values).with_initial(self.initial)


def _control_alone(model: Model) -> Sequence[str]:
    return (CONTROL,)


def every_arm(model: Model) -> list[str]:
    """Return control and every intervention that the model declares."""
    return [CONTROL, *(i.name for i in model.interventions)]


def read_request(
    name: str,
    *,
    variant: str = "",
    arms: Sequence[str] | None = None,
    settings: Sequence[str] | None = None,
    quantities: Sequence[str] | None = None,
    until: str = "",
    style: str = "slide",
    log: bool | None = None,
    data: bool = True,
    default: Callable[[Model], Sequence[str]] = _control_alone,
    lenient: bool = False,
    story: bool = False,
    staged: bool = False,
) -> Request:
    """Return what was asked for, checked.

    default : gives the arms where none is named.   lenient : arms that can't be composed are left out, not refused.
    story : without arms the story of the model is meant, in its variant, not what `default` gives.
    staged : unless arms are named one by one, the model is meant in the variant that its story is told with.
    The other parameters are options of the same names as typed.

    Raises
    ------
    UsageError : something can't be meant; with what was likely meant.
    """
    chosen = read_settings(settings or ())
    if style not in STYLES:
        raise UsageError(f"--style {style}: no such style{did_you_mean(style, STYLES)}")
    model = as_typed = load(name, variant)
    end = read_until(until)
    told = None
    with usage():
        if end is not None:
            model_time(model, end, "until")
        names = arm_names(model, arms or ())
        if (staged and set(arms or ()) <= {"all"}) or (story and not names):
            model = with_story_variant(model)
        if story and not names:
            told = find_story(model, end)
            names = list(dict(told.arms))
        named = Arms.of(model, *(names or default(model)))
        composed = _composable(named, model) if lenient else named.compose(model)
    _check_settings(chosen, composed)
    known = dict.fromkeys(quantity for one in composed.values() for quantity in quantity_names(one))
    for quantity in quantities or ():
        if quantity not in known:
            raise UsageError(f"{model.name}: --show: unknown quantity '{quantity}'{did_you_mean(quantity, known)}")
    return Request(
        source=name,
        variant=variant if model is as_typed else model.variant_name,
        model=model,
        arms=composed,
        settings=chosen,
        quantities=tuple(quantities or ()),
        until=end,
        style=style,
        log=log,
        data=data,
        story=told,
    )


def arm_names(model: Model, words: Sequence[str]) -> list[str]:
    """Return the names of arms in words such as "control,anti_tnf" and "all": control and all that is declared.

    An arm of the model's story is one name, whatever commas it has.
    """
    told = dict(model.story.arms) if model.story is not None else {}
    parts = [[word] if word in told else word.split(",") for word in words]
    names = [name.strip() for listed in parts for name in listed if name.strip()]
    if "all" not in names:
        return names
    return list(dict.fromkeys([*every_arm(model), *(name for name in names if name != "all")]))


def read_page_arm(model: Model, arms: Sequence[str]) -> list[str]:
    """Return the interventions of the one arm that a page opens with.

    Raises
    ------
    UsageError : there are several arms.
    """
    if len(arms) > 1:
        raise UsageError("the page opens with one arm; give one --arm (join interventions with +)")
    return [entry if isinstance(entry, str) else entry.name for arm in arms for entry in Arms.of(model, arm)[arm]]


def read_until(text: str) -> float | str | None:
    """Return the end of a run as it was typed: a number in model time, text with a unit, or None for nothing."""
    try:
        return float(text)
    except ValueError:
        return text.strip() or None


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


def _check_settings(settings: Iterable[str], arms: Mapping[str, Model]) -> None:
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


def _composable(arms: Arms, model: Model) -> dict[str, Model]:
    """Return arm -> model with its interventions, for the arms where they fit."""
    composed: dict[str, Model] = {}
    for name, entries in arms.items():
        with suppress(ImmunodeError):
            composed |= Arms({name: entries}).compose(model)
    return composed


def read_engine(engine: str, method: str, rtol: float) -> dict[str, Any]:
    """Return how runs are computed, as `simulate` and `sweep` take it.

    Raises
    ------
    UsageError : no such engine or method, or a relative tolerance that no method can work with.
    """
    for option, word, known in (("engine", engine, ENGINES), ("method", method, METHODS)):
        if word not in known:
            raise UsageError(f"--{option} {word}: no such {option}{did_you_mean(word, known)}")
    if not 1e-14 <= rtol <= 0.1:
        raise UsageError(f"--rtol {rtol:g}: give a number from 1e-14 to 0.1")
    return {"engine": engine, "method": method, "rtol": rtol}
