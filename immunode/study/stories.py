"""The story of a model: the arms and quantities that a newcomer sees first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from immunode.errors import ImmunodeError
from immunode.language.evaluation import evaluate
from immunode.language.expression import parse
from immunode.model.story import Story
from immunode.study.arms import CONTROL, Arms
from immunode.study.design.declared import listed_number
from immunode.study.endpoints.final_value import final
from immunode.study.result.course_pictures import LEVELS, Population
from immunode.study.result.paired_differences import exact_interval
from immunode.study.result.row_words import rule_words, whose_rows
from immunode.study.result.simulation import Comparison, Simulation
from immunode.study.run.ready import looked_at_first
from immunode.study.simulations import simulate
from immunode.study.sweeps import sweep

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from immunode.model import Model
    from immunode.study.result.sweep_result import SweepResult

    Array = NDArray[np.float64]

SEED = 1
"""What the patients of a story are drawn with."""
VISIBLE = 0.05
"""Two curves differ to the eye from this part of their largest value on."""
_MOST_ARMS, _MOST_PANELS, _MOST_TRIED = 3, 4, 12
"""Of a story that no one wrote: treated arms, panels, and interventions that are tried to find the arms."""


def run_story(
    model: Model, until: float | str | None = None, *, engine: str = "auto", method: str = "auto", rtol: float = 1e-6
) -> Comparison:
    """Return the trajectories of a model's story by arm; their `plot()` draws its panels under its sentence.

    A story that is told with a variant is run with it, unless the model already is in a variant. A model without a
    story of its own gets control and the first interventions that change what it shows.

    Parameters
    ----------
    until : float | str | None
        end, a number in model time or text such as "52 weeks"; default that of the story.
    engine, method, rtol
        as in `simulate`.

    Raises
    ------
    StudyError
        a time that can't be.
    SolverError
        a run failed; the message says when, where, and what to try.
    """
    told = with_story_variant(model)
    story = find_story(told, until)
    end = until if until is not None else story.until or None
    runs = simulate(told, end, arms=story_arms(told, story), engine=engine, method=method, rtol=rtol)
    return Comparison(runs, story, story_patients(told, story, end))


def story_patients(model: Model, story: Story, end: float | str | None) -> Population | None:
    """Return the panels of a story in the patients that it asks for, always the same ones; None where it asks for none.

    Raises
    ------
    StudyError : neither the model nor a treatment declares how patients differ.
    """
    if not story.patients:
        return None
    panels = list(story.panels)
    result = sweep(
        model, arms=story_arms(model, story), patients=story.patients, seed=SEED, keep=panels, until=end,
        endpoints=[final(panels[0])],
    )  # fmt: skip
    levels = {panel: result.quantiles(panel, LEVELS) for panel in panels}
    last = result.endpoint(result.endpoints[0])
    by_arm = {arm: last[result.ok & (result.arm_of == i)] for i, arm in enumerate(result.arms)}
    whom = whose_rows(result.design_recipe, labelled=bool(result.row_labels), species=model.species)
    shares, rule, condition = _shares(result, panels[0], by_arm)
    return Population(np.asarray(result.times), levels, by_arm, story.patients, whom, shares, rule, condition)


def _shares(
    result: SweepResult, quantity: str, by_arm: Mapping[str, Array]
) -> tuple[dict[str, tuple[float, float, float]], str, str]:
    """Return arm -> share of patients who meet the first threshold on a quantity at the end, with interval; and who
    these are, in words and as a condition.

    by_arm : arm -> the quantity at the end, shape (n_patients,). Draws of listed patients count as so many as these.
    """
    line = next((one for one in result.model.thresholds if one.quantity == quantity), None)
    if line is None:
        return {}, "", ""
    condition, listed, shares = parse(line.condition), listed_number(result.design_recipe), {}
    for arm, last in by_arm.items():
        share = float(np.mean(np.asarray(evaluate(condition, {quantity: last}), float))) if last.size else np.nan
        known = min(last.size, listed or last.size)
        shares[arm] = (share, *exact_interval(share * known if known else 0.0, known))
    rule = line.on(f"final({quantity})")
    return shares, rule_words(rule, result.model, float(result.times[-1])), rule


def with_story_variant(model: Model) -> Model:
    """Return the model in the variant that its story is told with; a model in another variant stays as it is."""
    if model.story is None or not model.story.variant or model.variant_name:
        return model
    return model.variant(model.story.variant)


def find_story(model: Model, until: float | str | None = None) -> Story:
    """Return the declared story where it is told with this very variant, else one of control and visible treatments.

    until : end of the runs that show which treatments are visible; default the model's horizon.
    """
    if model.story is not None and model.story.variant == model.variant_name:
        return model.story
    panels = looked_at_first(model)[:_MOST_PANELS]
    arms = {CONTROL: "", **{name: name for name in _visible(model, panels, until)}}
    return Story(model.heading, arms, panels or (CONTROL,))


def story_arms(model: Model, story: Story) -> Arms:
    """Return the arms of a story of a model."""
    return Arms({name: Arms.of(model, text)[text] if text else () for name, text in dict(story.arms).items()})


def largest_difference(first: Simulation, second: Simulation, quantity: str) -> float:
    """Return how far two trajectories of a quantity are apart where they differ most, as a part of the largest value.

    Both need the same output times; dimensionless, 0 where both are 0 throughout.
    """
    a, b = first[quantity], second[quantity]
    scale = float(max(np.max(np.abs(a)), np.max(np.abs(b))))
    return float(np.max(np.abs(a - b))) / scale if scale > 0 else 0.0


def _visible(model: Model, panels: tuple[str, ...], until: float | str | None) -> list[str]:
    """Return the names of the first interventions after which one of the panels looks different."""
    names: list[str] = []
    alone = [item.name for item in model.interventions if not getattr(item, "beside", "")]
    try:
        control = simulate(model, until, engine="auto") if alone else None
    except ImmunodeError:
        return names  # what is wrong is told where it is run in earnest
    for name in alone[:_MOST_TRIED]:
        try:
            treated = simulate(model, until, interventions=name, engine="auto")
        except ImmunodeError:
            continue
        if control and any(largest_difference(control, treated, panel) >= VISIBLE for panel in panels):
            names.append(name)
        if len(names) == _MOST_ARMS:
            break
    return names
