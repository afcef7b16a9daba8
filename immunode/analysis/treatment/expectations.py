"""Whether interventions do what they are expected to do, over sampled parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.treatment.comparator import company
from immunode.analysis.treatment.counter_examples import CounterExample, counter_example, distances_to
from immunode.analysis.treatment.sampled_sets import held_parameters, samples, with_declared
from immunode.errors import StudyError
from immunode.intervention.expected_changes import SIGNS, Expected, expected
from immunode.model.records import pairs
from immunode.study.arms import CONTROL, Arms
from immunode.study.design.design import Design
from immunode.study.endpoints import Endpoint, at, auc, final, peak, trough
from immunode.study.result.notebook import Tabled
from immunode.study.sweeps import sweep

if TYPE_CHECKING:
    import pandas as pd

    from immunode.intervention import Perturbation
    from immunode.model import Model
    from immunode.study.result.sweep_result import SweepResult

Array = NDArray[np.float64]
OVER = ("final", "mean")
"""How an expectation is judged that does not say when."""
_ENDPOINTS = {"final": final, "mean": auc, "peak": peak, "trough": trough}


@dataclass(frozen=True, slots=True)
class Expectation:
    """One expectation and how often it holds.

    Attributes
    ----------
    sign : str
        what is expected, "up", "down" or "unchanged".
    over : str
        what is compared: "final" (at the end), "mean" (over time), "peak", "trough", or a time, "at 24 weeks".
    up, down, unchanged : float
        shares of the pairs in which the quantity goes there, 0 to 1; together 1.
    pairs : int
        runs that both ended.
    counter_example : CounterExample | None
        the one nearest to the declared values, or None.
    beside : str
        what it acts beside, another intervention or a variant, which control has too; "" for nothing.
    """

    intervention: str
    quantity: str
    sign: str
    over: str
    up: float
    down: float
    unchanged: float
    pairs: int
    counter_example: CounterExample | None
    beside: str = ""

    @property
    def share(self) -> float:
        """The share of the pairs in which it holds, 0 to 1."""
        return {"up": self.up, "down": self.down, "unchanged": self.unchanged}[self.sign]

    def __str__(self) -> str:
        held = f"{100 * self.share:.4g} % of {self.pairs}" if self.pairs else "no run ended"
        if self.share < 1:
            shares = zip(SIGNS, (self.up, self.down, self.unchanged), strict=True)
            held += f" ({', '.join(f'{sign} {100 * share:.4g} %' for sign, share in shares)})"
        name = self.intervention + (f" beside {self.beside}" if self.beside else "")
        text = f"{name}: {self.quantity} {self.sign} ({self.over}): {held}"
        return text + (f"; nearest counter-example {self.counter_example}" if self.counter_example else "")


@dataclass(frozen=True, slots=True, repr=False)
class Expectations(Tabled):
    """What `check_expectations` found, one item for each intervention, quantity and way to compare.

    Attributes
    ----------
    tolerance : float
        differences below this part of the larger value are none.
    """

    model: str
    items: tuple[Expectation, ...]
    recipe: str
    tolerance: float

    @property
    def hold(self) -> bool:
        """True if all expectations hold in all pairs, and each has pairs."""
        return all(item.pairs and item.share == 1 for item in self.items)

    def __getitem__(self, key: tuple[str, str, str]) -> Expectation:
        """Return the item of (intervention, quantity, over)."""
        for item in self.items:
            if (item.intervention, item.quantity, item.over) == key:
                return item
        raise StudyError(f"{self.model}: no expectation {key}; there are {len(self.items)}, see .table()")

    def __repr__(self) -> str:
        head = f"{self.model}: expectations over {self.recipe}; a change is more than {self.tolerance:g} of the value"
        return "\n".join([head, *(f"  {item}" for item in self.items)])

    def table(self) -> pd.DataFrame:
        """Return one row an item.

        Returns
        -------
        share
            of the pairs in which it holds.
        up, down, unchanged
            of those that go there.
        distance, control, treated
            of the nearest counter-example, NaN where there is none.
        """
        import pandas as pd

        rows = []
        for item in self.items:
            against = item.counter_example
            counter = (against.distance, against.control, against.treated) if against else (np.nan,) * 3
            named = (item.intervention, item.beside, item.quantity, item.sign, item.over)
            shares = (item.share, item.up, item.down, item.unchanged)
            rows.append((*named, *shares, item.pairs, *counter))
        columns = "intervention beside quantity sign over share up down unchanged pairs distance control treated"
        return pd.DataFrame(rows, columns=columns.split())


def check_expectations(
    model: Model,
    interventions: Perturbation | str | Sequence[Perturbation | str] | None = None,
    n: int = 256,
    *,
    over: Sequence[str] | str = OVER,
    until: float | str | None = None,
    design: Design | None = None,
    seed: int = 0,
    tolerance: float = 1e-3,
    engine: str = "auto",
) -> Expectations:
    """Return how often each intervention moves quantities as it `expects`, over sampled parameters of the model.

    Each sampled parameter set runs with and without the intervention (paired), and two values of a quantity are
    compared. An expectation that says when, such as "down at its peak" or "down at 24 weeks", is judged then. A plain
    one is judged "final", at the end of the run, and "mean", by its time average over the whole run; both are reported
    unless `over` picks one. What is declared to act `beside` another intervention or in a variant is given there, and
    compared with that one alone.

    Parameters
    ----------
    interventions : Perturbation | str | Sequence[Perturbation | str] | None
        one or several, or names; None is all that the model declares with expectations.
    n, seed : int
        number of patients of the population that the model declares, with what drugs add to it; without one, of Sobol
        points over all parameters inside their bounds (else +-30 %). Of these points, a parameter that the intervention
        sets (`set_to`) keeps its declared value, as does one that is 0 until an intervention sets it. The declared
        values are run as well, as a possible counter-example, but do not count in the shares.
    over : Sequence[str] | str
        "final", "mean" or both.
    until : float | str | None
        end of the runs; default `model.horizon`.
    design : Design | None
        parameter sets of your own, without arms.
    tolerance : float
        a difference counts as a change from this part of the larger of the two values on, dimensionless.

    Raises
    ------
    StudyError
        nothing is expected, something is expected after the end of the runs, an unknown `over`, or a design with arms.
    """
    ways = (over,) if isinstance(over, str) else tuple(over)
    for way in ways:
        if way not in OVER:
            raise StudyError(f"check_expectations: over is 'final' or 'mean', got {way!r}")
    chosen = _chosen(model, interventions)
    if design is not None and design.labels:
        raise StudyError(f"{model.name}: check_expectations makes its own arms; give a design without")
    items: dict[tuple[str, str, str], Expectation] = {}
    recipes: dict[str, None] = {}
    groups = _groups(model, chosen, design)
    for (variant, held), group in groups.items():
        where = model.variant(variant) if variant else model
        arms = _arms(group)
        if design is None:
            rows, declared = samples(where, arms, n, seed, held)
        else:
            rows, declared = design, {p.name: float(p.value) for p in where.parameters}
        recipes[rows.recipe] = None
        asked = [(it, others, *one) for it, others in group for one in _asked(it, ways)]
        ends = dict.fromkeys(_endpoint(quantity, one) for *_, quantity, one in asked)
        runs = with_declared(rows, declared, where) * arms
        result = sweep(where, runs, until=until, endpoints=tuple(ends), engine=engine)
        for it, others, quantity, one in asked:
            item = _item(
                result,
                names=(it.name, _control(others)),
                beside=variant or "+".join(other.name for other in others),
                quantity=quantity,
                asked=one,
                declared=declared,
                tolerance=tolerance,
            )
            items[it.name, quantity, item.over] = item
    order = [(it.name, quantity, _over(one)) for it in chosen for quantity, one in _asked(it, ways)]
    recipe = "; or ".join(recipes)
    fixed = dict.fromkeys(name for _, held in groups for name in sorted(held))
    if fixed:
        recipe += f"; not sampled where an intervention sets them: {', '.join(fixed)}"
    return Expectations(model.label, tuple(items[key] for key in order), recipe, tolerance)


def _groups(
    model: Model, chosen: Sequence[Any], design: Design | None
) -> dict[tuple[str, frozenset[str]], list[tuple[Any, Any]]]:
    """Return the interventions that can be looked at in one sweep, each with what it acts beside.

    A group shares a variant ("" for none) and the parameters that keep their declared values.
    """
    groups: dict[tuple[str, frozenset[str]], list[tuple[Any, Any]]] = {}
    for it in chosen:
        variant, others = company(model, it)
        held = held_parameters(model, (it, *others)) if design is None else frozenset[str]()
        groups.setdefault((variant, held), []).append((it, others))
    return groups


def _asked(it: Perturbation, ways: Sequence[str]) -> list[tuple[str, Expected]]:
    """Return quantity and expectation, each with a moment: its own, or one of the `ways` to judge a plain one."""
    asked = []
    for quantity, text in pairs(it.expects):
        one = expected(text)
        asked += [(str(quantity), one)] if one.moment else [(str(quantity), Expected(one.sign, way)) for way in ways]
    return asked


def _endpoint(quantity: str, asked: Expected) -> Endpoint:
    return at(quantity, asked.time) if asked.moment == "time" else _ENDPOINTS[asked.moment](quantity)


def _over(asked: Expected) -> str:
    return asked.when if asked.moment == "time" else asked.moment


def _arms(group: Sequence[tuple[Any, Any]]) -> Arms:
    """Return control, every intervention with what it acts beside, and that alone."""
    arms: dict[str, tuple[Any, ...]] = {CONTROL: ()}
    for it, others in group:
        arms[_control(others)] = tuple(others)
        arms[it.name] = (it, *others)
    return Arms(arms)


def _control(others: Sequence[Any]) -> str:
    return f"{'+'.join(other.name for other in others)} alone" if others else CONTROL


def _chosen(model: Model, given: Any) -> list[Any]:
    """Return the interventions to check, each with something that it expects."""
    if given is None:
        chosen: list[Any] = [it for it in model.interventions if it.expects]
    else:
        listed = [given] if isinstance(given, str) or hasattr(given, "name") else list(given)
        chosen = [model.intervention(it) if isinstance(it, str) else it for it in listed]
    if not chosen:
        raise StudyError(f"{model.name}: no intervention expects anything; give expects={{'tnf': 'down'}}")
    for it in chosen:
        if not it.expects:
            raise StudyError(f"{model.name}: '{it.name}' expects nothing; give it expects={{'tnf': 'down'}}")
    return chosen


def _item(
    result: SweepResult,
    *,
    names: tuple[str, str],
    beside: str,
    quantity: str,
    asked: Expected,
    declared: Mapping[str, float],
    tolerance: float,
) -> Expectation:
    """Return how often one expectation holds. names : of the arm and of the one that it is compared with."""
    column = result.endpoint(_endpoint(quantity, asked).name)
    if asked.moment == "mean":
        column = column / float(result.times[-1])
    order = np.argsort(result.plan.design.draw, kind="stable")
    name, against_it = names
    arm = result.arm[order]
    control, treated = column[order][arm == against_it], column[order][arm == name]
    paired = np.isfinite(control) & np.isfinite(treated)
    small = tolerance * np.maximum(np.abs(control), np.abs(treated))
    change = treated - control
    with np.errstate(invalid="ignore"):
        went = {"up": change > small, "down": change < -small, "unchanged": np.abs(change) <= small}
    against = np.flatnonzero(paired & ~went[asked.sign])
    sampled = paired.copy()
    sampled[0] = False  # the declared values
    shares = {sign: float(there[sampled].mean()) if sampled.any() else float("nan") for sign, there in went.items()}
    counter = None
    if against.size:
        inputs = result.inputs()[order][arm == against_it]
        sampled_names = result.plan.design.names
        distances = distances_to(inputs, sampled_names, declared)
        nearest = int(against[np.argmin(distances[against])])
        counter = counter_example(
            inputs[nearest], sampled_names, declared, float(distances[nearest]), control, treated, nearest
        )
    return Expectation(
        intervention=name,
        quantity=quantity,
        sign=asked.sign,
        over=_over(asked),
        **shares,
        pairs=int(sampled.sum()),
        counter_example=counter,
        beside=beside,
    )
