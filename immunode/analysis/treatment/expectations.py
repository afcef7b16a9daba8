"""Whether interventions do what they are expected to do, over sampled parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.treatment.comparator import company
from immunode.errors import StudyError
from immunode.study.arms import CONTROL, Arms
from immunode.study.design.design import Design, sobol
from immunode.study.design.from_tables import from_table
from immunode.study.design.ranges import space
from immunode.study.endpoints import auc, final
from immunode.study.result.notebook import Tabled
from immunode.study.sweeps import sweep

if TYPE_CHECKING:
    import pandas as pd

    from immunode.intervention import Perturbation
    from immunode.model import Model
    from immunode.study.result.sweep_result import SweepResult

Array = NDArray[np.float64]
OVER = ("final", "mean")
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class CounterExample:
    """Parameters at which an expectation does not hold.

    distance : to the declared values, the root of the sum of squared logarithms of ratios; 0 is the model as it is.
    values : parameter -> value, those sampled.   control, treated : the quantity without and with the intervention.
    factors : parameter -> value over declared value, the largest first.
    """

    distance: float
    values: Mapping[str, float]
    control: float
    treated: float
    factors: Mapping[str, float]

    def __str__(self) -> str:
        if not self.distance:
            return "the declared values themselves"
        moved = [f"{name} x {factor:.3g}" for name, factor in list(self.factors.items())[:_SHOWN]]
        more = f" and {len(self.factors) - _SHOWN} more" if len(self.factors) > _SHOWN else ""
        return f"at distance {self.distance:.3g}: {', '.join(moved)}{more}"


@dataclass(frozen=True, slots=True)
class Expectation:
    """One expectation and how often it holds.

    beside : what it acts beside, another intervention or a variant, which control has too; "" for nothing.
    over : "final" (at the end) or "mean" (over time).   share : of the pairs, 0 to 1.   pairs : runs that both ended.
    counter_example : the one nearest to the declared values, or None.
    """

    intervention: str
    quantity: str
    sign: str
    over: str
    share: float
    pairs: int
    counter_example: CounterExample | None
    beside: str = ""

    def __str__(self) -> str:
        held = f"{100 * self.share:.4g} % of {self.pairs}" if self.pairs else "no run ended"
        name = self.intervention + (f" beside {self.beside}" if self.beside else "")
        text = f"{name}: {self.quantity} {self.sign} ({self.over}): {held}"
        return text + (f"; nearest counter-example {self.counter_example}" if self.counter_example else "")


@dataclass(frozen=True, slots=True, repr=False)
class Expectations(Tabled):
    """What `check_expectations` found, one item for each intervention, quantity and way to compare.

    tolerance : differences below this part of the larger value are none.
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
        """Return one row an item: intervention, beside, quantity, sign, over, share, pairs, distance, control, treated.

        distance, control, treated : of the nearest counter-example, NaN where there is none.
        """
        import pandas as pd

        rows = []
        for item in self.items:
            against = item.counter_example
            counter = (against.distance, against.control, against.treated) if against else (np.nan,) * 3
            named = (item.intervention, item.beside, item.quantity, item.sign, item.over)
            rows.append((*named, item.share, item.pairs, *counter))
        columns = [
            "intervention",
            "beside",
            "quantity",
            "sign",
            "over",
            "share",
            "pairs",
            "distance",
            "control",
            "treated",
        ]
        return pd.DataFrame(rows, columns=columns)


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
    compared: "final", at the end of the run, and "mean", its time average over the whole run. Which of the two an
    expectation means is for its author to say; both are reported unless `over` picks one. What is declared to act
    `beside` another intervention or in a variant is given there, and compared with that one alone.

    interventions : one or several, or names; None is all that the model declares with expectations.
    n, seed : number of Sobol points, over all parameters inside their bounds (else +-30 %); the declared values are
        run as well, as a possible counter-example, but do not count in the share.
    until : end of the runs; default `model.horizon`.   design : parameter sets of your own, without arms.
    tolerance : a difference counts as a change from this part of the larger of the two values on, dimensionless.

    Raises
    ------
    StudyError : nothing is expected, an unknown `over`, or a design with arms.
    """
    ways = (over,) if isinstance(over, str) else tuple(over)
    for way in ways:
        if way not in OVER:
            raise StudyError(f"check_expectations: over is 'final' or 'mean', got {way!r}")
    chosen = _chosen(model, interventions)
    given = design if design is not None else sobol(space(model), n, seed=seed)
    if given.labels:
        raise StudyError(f"{model.name}: check_expectations makes its own arms; give a design without")
    quantities = dict.fromkeys(quantity for it in chosen for quantity, _ in it.expects)
    ends = [make(q) for q in quantities for make in ([final] * ("final" in ways) + [auc] * ("mean" in ways))]
    items: dict[tuple[str, str, str], Expectation] = {}
    for variant, group in _by_variant(model, chosen).items():
        where = model.variant(variant) if variant else model
        rows = given if design is not None or not variant else sobol(space(where), n, seed=seed)
        declared = {p.name: float(p.value) for p in where.parameters}
        result = sweep(where, _with_declared(rows, declared) * _arms(group), until=until, endpoints=ends, engine=engine)
        for it, (_, others) in group:
            beside = variant or "+".join(other.name for other in others)
            names = it.name, _control(others)
            for quantity, sign in it.expects:
                for way in ways:
                    item = _item(result, names, str(quantity), str(sign), way, declared, tolerance)
                    items[it.name, str(quantity), way] = replace(item, beside=beside)
    order = [(it.name, str(quantity), way) for it in chosen for quantity, _ in it.expects for way in ways]
    return Expectations(model.label, tuple(items[key] for key in order), given.recipe, tolerance)


def _by_variant(model: Model, chosen: Sequence[Any]) -> dict[str, list[tuple[Any, Any]]]:
    """Return variant -> the interventions that are looked at in it, each with its company."""
    groups: dict[str, list[tuple[Any, Any]]] = {}
    for it in chosen:
        beside = company(model, it)
        groups.setdefault(beside[0], []).append((it, beside))
    return groups


def _arms(group: Sequence[tuple[Any, Any]]) -> Arms:
    """Return control, every intervention with what it acts beside, and that alone."""
    arms: dict[str, tuple[Any, ...]] = {CONTROL: ()}
    for it, (_, others) in group:
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


def _with_declared(design: Design, declared: Mapping[str, float]) -> Design:
    """Return the design with the declared values as a first row."""
    import pandas as pd

    names = [name for name in design.names if name in declared]
    if not names:
        raise StudyError("check_expectations: the design samples no parameter of the model")
    return from_table(pd.DataFrame({name: [declared[name]] for name in names})) + design


def _item(
    result: SweepResult,
    names: tuple[str, str],
    quantity: str,
    sign: str,
    over: str,
    declared: Mapping[str, float],
    tolerance: float,
) -> Expectation:
    endpoint = f"final({quantity})" if over == "final" else f"auc({quantity})"
    column = result.endpoint(endpoint) / (float(result.times[-1]) if over == "mean" else 1.0)
    draws = result.plan.design.draw
    order = np.argsort(draws, kind="stable")
    name, against_it = names
    arm = result.arm[order]
    control, treated = column[order][arm == against_it], column[order][arm == name]
    paired = np.isfinite(control) & np.isfinite(treated)
    small = tolerance * np.maximum(np.abs(control), np.abs(treated))
    change = treated - control
    with np.errstate(invalid="ignore"):
        held = {"up": change > small, "down": change < -small, "unchanged": np.abs(change) <= small}[sign]
    inputs = result.inputs()[order][arm == against_it]
    against = np.flatnonzero(paired & ~held)
    sampled = paired.copy()
    sampled[0] = False
    share = float(held[sampled].mean()) if sampled.any() else float("nan")
    counter = None
    if against.size:
        sampled_names = result.plan.design.names
        distances = _distances(inputs, sampled_names, declared)
        nearest = int(against[np.argmin(distances[against])])
        counter = _counter(
            inputs[nearest], sampled_names, declared, float(distances[nearest]), control, treated, nearest
        )
    return Expectation(
        intervention=name,
        quantity=quantity,
        sign=sign,
        over=over,
        share=share,
        pairs=int(sampled.sum()),
        counter_example=counter,
    )


def _counter(
    row: Array,
    names: Sequence[str],
    declared: Mapping[str, float],
    distance: float,
    control: Array,
    treated: Array,
    place: int,
) -> CounterExample:
    values = dict(zip(names, row.tolist(), strict=True))
    factors = {n: v / declared[n] for n, v in values.items() if declared.get(n) and v / declared[n] != 1}
    ranked = sorted(factors, key=lambda n: -abs(np.log(abs(factors[n]) or 1e-300)))
    return CounterExample(
        distance, values, float(control[place]), float(treated[place]), {n: factors[n] for n in ranked}
    )


def _distances(inputs: Array, names: Sequence[str], declared: Mapping[str, float]) -> Array:
    """Return the distance of each row to the declared values: log ratios, where there is no ratio shares of the range.

    inputs : shape (n_rows, n_names).
    """
    total = np.zeros(len(inputs))
    for j, name in enumerate(names):
        value, column = declared.get(name, np.nan), inputs[:, j]
        if value and (column / value > 0).all():
            total += np.log(column / value) ** 2
        elif np.isfinite(value):
            total += ((column - value) / (np.ptp(column) or 1.0)) ** 2
    return np.sqrt(total)
