"""On every model with every intervention, the NumPy and the compiled engine agree with SciPy at rtol 1e-10.

Error: the largest difference over 41 times in the horizon, in units of the largest size of that state in the run or of
a thousandth of its typical size. It must stay below 10 times the tolerance asked for. The compiled engine, which is
given whole horizons, may also be as near as the NumPy engine with the same method (waves and fronts amplify what any
solver does).

The truth takes longest: tests of one case follow each other, so that one process makes it once.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from typing import Any

import numpy as np
import pytest
from behavior import Array, System

from immunode.catalogue import list_models, load_model
from immunode.intervention import Intervention
from immunode.solve import solve
from tests.libraries import needs

MODELS = {entry.name: load_model(entry.name) for entry in list_models()}
# Waves: an error in the trough of T (1e-2 cells and less) moves the next steep wave in time, for every solver (seen: 58
# tolerances at day 1000). Compare before that trough is left.
# Near the border of rejection the tumor stays small for weeks before it escapes: a change of 1e-6 at its lowest (day 8)
# is 1e-4 at day 57 (seen with SciPy at 1e-6: 130 tolerances). Compare before the escape.
# 260 waves at rtol 1e-10 take SciPy very many steps; 20 show as much (karin2020).
EARLY = {
    ("kirschner_panetta1998", "antigen_loss"): 150.0,
    ("kosinsky2018", "rt_1x10"): 28.5,
    ("karin2020", "circadian"): 20.0,
    ("karin2020", "prednisolone"): 20.0,
}
# Two stiff jumps a day: a week shows all that there is to see.
EARLY |= {("islam2021", "fiber_by_day"): 7.0}
# Two doses a day: weeks show what a year shows.
EARLY |= {("graft_window", f"tablets_{mg}mg"): 20.0 for mg in (1, 3, 6)}
# A tumor that escapes late carries the errors of its lowest point: compare before.
EARLY |= {("cartmath2021", "car_t_first_10_percent"): 150.0}
# Four stiff jumps a day take SciPy 14 s a day at rtol 1e-10: half a day shows two (demin2013).
HALF_A_DAY = {("demin2013", i.name): 720.0 for i in MODELS["demin2013"].interventions if i.name != "anti_il5"}
EARLY |= HALF_A_DAY
# a rhythm of days over most of a year: three weeks show all, and SciPy's steps are not exhausted
WAVES = {("karin2020", "circadian"): 20.0} | HALF_A_DAY
# a year of doses is compared with its closed form in tests/study/test_endpoint_accuracy.py
WAVES |= {case: until for case, until in EARLY.items() if case[0] == "graft_window"}
# Each dose of methotrexate switches the whole joint (500 steps of SciPy a dose at 1e-6): two doses show all; NumPy's
# methods take one.
EARLY |= {("bedathuru2024", "mtx15"): 7.0, ("bedathuru2024", "ada40"): 56.0}
WAVES |= {("bedathuru2024", "mtx15"): 14.0, ("bedathuru2024", "ada40"): 56.0}
# Stiff, and slow for SciPy at rtol 1e-10 (50 s for a treated year): a month holds three doses.
A_MONTH = {("sove2020", i.name): 30.0 for i in MODELS["sove2020"].interventions}
EARLY |= A_MONTH
WAVES |= A_MONTH
# The reference patient in the variant `diseased` starts in a steady state; there is something to see under treatment.
VARIANT = {"baker2013": "diseased"}
CASES = [
    (name, intervention)
    for name, model in MODELS.items()
    for intervention in ("", *(i.name for i in model.interventions))
]


@dataclass(frozen=True, slots=True)
class Case:
    """A run to compare: a model in a variant, an intervention ("" for none) and how far it goes."""

    name: str
    variant: str
    intervention: str
    horizon: float

    @classmethod
    def of(cls, name: str, intervention: str, engine: str) -> Case:
        horizon = float(load_model(name).horizon)
        if engine == "numpy":
            return cls(name, VARIANT.get(name, ""), intervention, EARLY.get((name, intervention), horizon))
        return cls(name, "", intervention, WAVES.get((name, intervention), horizon))

    @property
    def times(self) -> Array:
        return np.linspace(0, self.horizon, 41)


@cache
def system(name: str, variant: str, intervention: str) -> System:
    model = load_model(name, variant)
    return System(model).given([intervention] if intervention else [])


@cache
def truth(case: Case) -> Array:
    """Return the trajectory of SciPy at rtol 1e-10, shape (n_times, n_states)."""
    model = system(case.name, case.variant, case.intervention)
    return model.run(case.times, rtol=1e-10, engine="scipy", max_steps=1_000_000)[:, :, 0]


def errors(case: Case, trajectory: Array) -> dict[str, float]:
    """Return the error of each state."""
    # A state at 0 may carry rounding noise (seen: 1e-27 of its typical size), and the 41 times may miss its peak (the
    # tone of a bout of exercise). A thousandth of the typical size is where the absolute tolerance takes over.
    program = system(case.name, case.variant, case.intervention).functions.program
    size = np.maximum(np.abs(truth(case)).max(axis=0), 1e-3 * np.array(program.typical))
    found = np.abs(trajectory - truth(case)).max(axis=0) / np.maximum(size, 1e-300)
    return dict(zip(program.states, found.tolist(), strict=True))


def parts(it: object) -> set[tuple[str, ...]]:
    """Return what the code of an arm is made of: each operator with the parts of its schedule; a drug is its own."""
    if not isinstance(it, Intervention):
        return {(getattr(it, "name", ""),)}
    shape = [item.name for item in fields(it.schedule) if getattr(it.schedule, item.name) is not None]
    return {(act.operator, "over" if act.over is not None else "at once", *shape) for act in it.acts}


def compiled_arms() -> set[tuple[str, str]]:
    """Return which arms of which models are compiled: untreated, the arm of most parts, and what has a new part."""
    seen: set[tuple[str, ...]] = set()
    chosen = set()
    for name, model in MODELS.items():
        chosen.add((name, ""))
        first = True
        for it in sorted(model.interventions, key=lambda it: -len(parts(it))):
            if first or not parts(it) <= seen:
                chosen.add((name, it.name))
                seen |= parts(it)
            first = False
    return chosen


def stepped_arms() -> set[tuple[str, str]]:
    """Return which arms of which models NumPy steps through: of those of the same parts in a model, the first.

    The others differ in their numbers and in what they act on. What they make of the right-hand side, test_reference.py
    compares with equations written by hand, to 1e-12 and for every one of them.
    """
    chosen = set()
    for name, model in MODELS.items():
        seen: set[frozenset[tuple[str, ...]]] = set()
        for it in model.interventions:
            shape = frozenset(parts(it))
            if shape not in seen:
                chosen.add((name, it.name))
                seen.add(shape)
    return chosen


STEPPED = stepped_arms()
# Compiling takes up to three seconds an arm. What an arm does to a graph is the same for all engines, and NumPy's code
# of every kind of arm is compared in every round; its numbers reach the code as parameters. So of each
# model the untreated run and the arm with most parts are compiled, and arms with an operator or a schedule that no
# model before had. All others are compiled by hand.
COMPILED = compiled_arms()


RUNS = [(*case, engine, rtol) for case in CASES for engine in ("numpy", "compiled") for rtol in (1e-4, 1e-6, 1e-8)]


def often(name: str, intervention: str, engine: str, rtol: float) -> bool:
    """Return whether a run is part of the whole round, and not only run by hand.

    NumPy's other tolerances of an intervention are run by hand: breaks are seen at 1e-6. Compiled code runs at all of
    them, once it is there.
    """
    if engine == "compiled":
        return (name, intervention) in COMPILED
    if name == "demin2013":  # 5 to 7 s a run
        return not intervention and rtol == 1e-6
    # large models take NumPy 5 to 9 s at 1e-8, delays take SciPy and NumPy 13 s
    untreated = not intervention and ((len(MODELS[name].states) <= 6 and name != "myers2021") or rtol > 1e-8)
    return untreated or (rtol == 1e-6 and (name, intervention) in STEPPED)


def quick(name: str, intervention: str, engine: str, rtol: float) -> bool:
    """Return whether a run is part of the quick round: untreated at 1e-6, compiled for small models."""
    return not intervention and rtol == 1e-6 and (engine == "numpy" or len(MODELS[name].states) <= 4)


def compared(name: str, intervention: str, engine: str, rtol: float) -> None:
    """Compare one run with SciPy's."""
    case = Case.of(name, intervention, engine)
    treated = system(name, case.variant, intervention)
    if engine == "numpy":
        found = errors(case, treated.run(case.times, rtol=rtol, engine="numpy")[:, :, 0])
        assert max(found.values()) < 10 * rtol, (intervention, found)
        return
    batch = solve(
        treated.functions, treated.values(), times=case.times, engine="compiled", rtol=rtol, max_steps=1_000_000
    )
    assert batch.status.tolist() == [0]
    found = errors(case, np.asarray(batch.y[:, :, 0]))
    if max(found.values()) >= 10 * rtol:
        method = str(batch.methods[0])
        same = treated.run(case.times, rtol=rtol, engine="numpy", method=method, max_steps=1_000_000)[:, :, 0]
        assert max(found.values()) < 1.1 * max(errors(case, same).values()), (intervention, found)


def marked(*run: Any) -> Any:
    """Return a run with its marks."""
    marks = [] if quick(*run) else [pytest.mark.slow]
    return pytest.param(*run, marks=[*marks, needs("llvmlite")] if run[2] == "compiled" else marks)


@pytest.mark.sampled
@pytest.mark.parametrize(("name", "intervention", "engine", "rtol"), [marked(*run) for run in RUNS if often(*run)])
def test_an_engine_is_within_ten_tolerances_of_scipy(name: str, intervention: str, engine: str, rtol: float) -> None:
    compared(name, intervention, engine, rtol)


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize("engine", ["numpy", pytest.param("compiled", marks=needs("llvmlite"))])
@pytest.mark.parametrize("name", MODELS)
def test_all_other_arms_and_tolerances(name: str, engine: str) -> None:
    for run in [run for run in RUNS if (run[0], run[2]) == (name, engine) and not often(*run)]:
        compared(*run)
