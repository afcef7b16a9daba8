"""Rules at visits, against closed forms: x' = s - k*x with k = 0.5 between visits."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from immunode.errors import DoseError, ModelError
from immunode.intervention import (
    Drug,
    Intervention,
    Rule,
    Schedule,
    at_visits,
    during,
    one_compartment,
    perturb,
    scale,
    set_to,
    to_target,
    transfer,
)
from immunode.model import Model
from immunode.program.lowering import lower
from immunode.program.numpy.functions import compile_numpy
from immunode.solve import solve

TIMES = np.arange(0.0, 41.0)
K = 0.5


def by_hand(decide: Callable[[float, float], float], s: float = 1.0, every: int = 4) -> list[float]:
    """Return x at every whole time; `decide(x, factor)` gives the factor on s after a visit."""
    x, factor, found = 1.0, decide(1.0, math.nan), [1.0]
    for t in range(1, 41):
        level = s * factor / K
        x = level + (x - level) * math.exp(-K)
        if t % every == 0:
            factor = decide(x, factor)
        found.append(x)
    return found


def quantities(model: Model, engine: str, **values: float) -> dict[str, Any]:
    changed = model.with_values({k.replace("__", "."): v for k, v in values.items()})
    functions = compile_numpy(lower(changed))
    given = np.array(functions.program.values)[:, None]
    batch = solve(functions, given, times=TIMES, engine=engine, rtol=1e-9)
    assert batch.status.tolist() == [0]
    return dict(zip(functions.program.states, batch.y[:, :, 0].T, strict=True))


@pytest.mark.parametrize("engine", ["scipy", "numpy"])
def test_a_rescue_starts_and_stops_at_visits(toy: Callable[..., Model], engine: str) -> None:
    rule = at_visits(4, when="x < 1.9", stop_when="x > 5")
    composed = perturb(toy(), Intervention("rescue", scale("s", 4), rule))

    def decide(x: float, factor: float) -> float:
        on = factor == 4
        return 1.0 if on and x > 5 else 4.0 if on or x < 1.9 else 1.0

    # solver error at rtol 1e-9 over ten restarts
    assert quantities(composed, engine)["x"] == pytest.approx(by_hand(decide), rel=1e-6)


@pytest.mark.parametrize("engine", ["scipy", "numpy"])
def test_thresholds_are_knobs(toy: Callable[..., Model], engine: str) -> None:
    rule = at_visits("4 days", when="x < 1.9", stop_when="x > 5")
    composed = perturb(toy(), Intervention("rescue", scale("s", 4), rule))
    knobs = {p.name: (p.value, p.unit) for p in composed.parameters}
    assert knobs["rescue.threshold"] == (1.9, "cell")
    assert knobs["rescue.stop_threshold"] == (5.0, "cell")

    def never(x: float, factor: float) -> float:
        return 1.0

    found = quantities(composed, engine, rescue__threshold=0.1)["x"]
    assert found == pytest.approx(by_hand(never), rel=1e-6)


def test_without_a_way_to_stop_it_stays_on(toy: Callable[..., Model], run: Callable[..., Any]) -> None:
    found = run(perturb(toy(), Intervention("r", scale("s", 4), at_visits(4, start=8, when="x > 1.5"))), TIMES)
    assert (found["r.on"] == (TIMES >= 8)).all()
    assert set(found["r.since"]) == {0.0, 8.0}
    assert found["r.changes"][-1] == 1


def test_without_a_start_it_is_on_from_the_beginning(toy: Callable[..., Model], run: Callable[..., Any]) -> None:
    found = run(perturb(toy(), Intervention("r", scale("s", 4), at_visits(4, stop_when="x > 5"))), TIMES)
    # x = 8 - 7 exp(-t/2) passes 5 at 1.7; the next visit is at 4
    assert (found["r.on"] == (TIMES < 4)).all()


def test_visits_end_after_their_number(toy: Callable[..., Model], run: Callable[..., Any]) -> None:
    found = run(perturb(toy(), Intervention("r", scale("s", 4), at_visits(4, when="x > 1.9", n=1))), TIMES)
    assert (found["r.on"] == 0).all()


def test_a_window_cuts_what_a_rule_has_on(toy: Callable[..., Model], run: Callable[..., Any]) -> None:
    rule = at_visits(4, when="x > 0") * during(6, 10)
    found = run(perturb(toy(), Intervention("r", scale("s", 4), rule)), TIMES)
    assert (found["r.signal"] == ((TIMES >= 6) & (TIMES < 10))).all()


@pytest.mark.parametrize("engine", ["scipy", "numpy"])
def test_a_dose_is_treated_to_target_within_its_bounds(toy: Callable[..., Model], engine: str) -> None:
    rule = to_target(4, raise_when="x < 3", lower_when="x > 4", step=2, low=0.125, high=1, level=0.125)
    composed = perturb(toy(), Intervention("t", scale("s", 4), rule))

    def decide(x: float, factor: float) -> float:
        level = 0.125 if math.isnan(factor) else math.log(factor, 4)
        return float(4 ** min(max(level / 2 if x > 4 else level * 2 if x < 3 else level, 0.125), 1.0))

    assert quantities(composed, engine)["x"] == pytest.approx(by_hand(decide), rel=1e-6)


def test_a_transfer_is_given_at_each_visit_at_which_the_condition_holds(
    toy: Callable[..., Model], run: Callable[..., Any]
) -> None:
    composed = perturb(toy().with_values(s=0), Intervention("boost", transfer("x", 3), at_visits(1, when="x < 1")))
    found = run(composed, TIMES)["x"]
    x, expected = 1.0, []
    for _ in TIMES:
        x += 3 * (x < 1)
        expected.append(x)
        x *= math.exp(-K)
    assert found == pytest.approx(expected, rel=1e-9)


def test_a_slow_transfer_by_a_rule_gives_as_much(toy: Callable[..., Model], run: Callable[..., Any]) -> None:
    still = toy().with_values(s=0, k=0)
    composed = perturb(still, Intervention("boost", transfer("x", 3, over=0.5), at_visits(1, when="x < 9")))
    # 1, then 3 a visit until the visit that finds 10
    assert run(composed, TIMES)["x"] == pytest.approx(np.minimum(1 + 3 * TIMES, 10), rel=1e-9)


def test_a_drug_follows_a_rule(toy: Callable[..., Model], run: Callable[..., Any]) -> None:
    drug = Drug("d", one_compartment(CL=1.0, V1=1.0), "8 mg iv q2d x 20").inhibit("k", 0.1, 5)
    ruled = drug.when(to_target(8, lower_when="d.C > 1", step=2, low=0.25, high=1))
    found = run(perturb(toy(), ruled), TIMES)
    # trough of an 8 mg dose after 2 days: 8/(e^2 - 1) = 1.25 at steady state, half of it below 1
    assert found["d.level"][[0, 4, 8, 40]] == pytest.approx([1, 1, 0.5, 0.5])
    stopped = run(perturb(toy(), drug.when(at_visits(8, stop_when="d.C > 1"))), TIMES)
    assert stopped["d.central"][40] == pytest.approx(stopped["d.central"][8] * math.exp(-32), rel=1e-6)


def test_a_drug_takes_rules_only(toy: Callable[..., Model]) -> None:
    drug = Drug("d", one_compartment(CL=1.0, V1=1.0), "8 mg iv q2d x 20")
    with pytest.raises(DoseError, match=r"when\(\.\.\.\) takes at_visits"):
        drug.when(during(0, 5))


def test_a_visit_sees_the_trough(toy: Callable[..., Model], run: Callable[..., Any]) -> None:
    still = toy().with_values(s=0, k=0)
    dose = Intervention("a_dose", transfer("x", 9), Schedule(start=4))
    rescue = Intervention("b_rescue", scale("m", 2), at_visits(4, when="x > 5"))
    found = run(perturb(still, dose, rescue), TIMES)
    assert (found["b_rescue.on"] == (TIMES >= 8)).all()


def test_runs_of_one_batch_decide_each_for_itself(toy: Callable[..., Model]) -> None:
    composed = perturb(toy(), Intervention("r", scale("s", 4), at_visits(4, when="x > 1.5", stop_when="x > 7")))
    functions = compile_numpy(lower(composed))
    values = np.repeat(np.array(functions.program.values)[:, None], 5, axis=1)
    rows = list(functions.program.parameters)
    values[rows.index("r.threshold")] = [0.5, 1.5, 1.9, 1.99, 5]
    values[rows.index("r.visit_every")] = [4, 3, 2, 1, 1.5]
    batch = solve(functions, values, times=TIMES, engine="numpy", rtol=1e-9)
    for lane in range(5):
        alone = solve(functions, values[:, [lane]], times=TIMES, engine="scipy", rtol=1e-9)
        assert batch.y[:, :, lane] == pytest.approx(alone.y[:, :, 0], rel=1e-6)


def test_a_rule_on_an_unknown_quantity_is_refused(toy: Callable[..., Model]) -> None:
    rescue = Intervention("rescue", scale("s", 4), at_visits(4, when="totl > 3"))
    with pytest.raises(ModelError, match=r"'rescue'.*'totl'.*did you mean 'total'\?"):
        perturb(toy(), rescue)
    flux = Intervention("rescue", scale("s", 4), at_visits(4, when="made > 3"))
    with pytest.raises(ModelError, match=r"'made'.* it is a flux: declare it as a derived quantity"):
        perturb(toy(), flux)


def test_a_rule_may_look_at_another_drug(toy: Callable[..., Model], run: Callable[..., Any]) -> None:
    drug = Drug("zzz", one_compartment(CL=1.0, V1=1.0), "8 mg iv at day 5").inhibit("k", 0.1, 5)
    composed = perturb(toy(), Intervention("r", scale("s", 2), at_visits(2, when="zzz.C > 2")), drug)
    assert {p.name: p.unit for p in composed.parameters}["r.threshold"] == "mg/L"
    assert (run(composed, TIMES)["r.on"] == (TIMES >= 6)).all()


def test_a_threshold_takes_the_unit_of_what_it_bounds(toy: Callable[..., Model]) -> None:
    composed = perturb(toy(), Intervention("r", scale("s", 2), at_visits(2, when="k*x + s > 3 or 0.2 > x/y")))
    units = {p.name: p.unit for p in composed.parameters if p.name.startswith("r.threshold")}
    assert list(units) == ["r.threshold", "r.threshold_2"]


def test_values_set_by_rules_count_as_set_at_any_time(toy: Callable[..., Model]) -> None:
    first = Intervention("first", set_to("k", 1), at_visits(4, when="x > 1"))
    with pytest.raises(ModelError, match="'first' and 'second' both set 'k'"):
        perturb(toy(), first, Intervention("second", set_to("k", 2), during(0, 5)))


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: at_visits(4), DoseError, "needs something to decide on, such as when='p > 0.3'"),
        (lambda: at_visits(0, when="x > 1"), DoseError, "every must be above 0"),
        (lambda: at_visits(4, when="x + 1"), ModelError, r"when, 'x \+ 1', must be a condition"),
        (lambda: at_visits(4, when="x >"), ModelError, "x >"),
        (lambda: at_visits(4, when="x > 1", n=0), DoseError, "n must be a whole number above 0"),
        (lambda: to_target(4, raise_when="x > 1", step=0.5), DoseError, "step must be above 1, got 0.5"),
        (lambda: to_target(4, raise_when="x > 1", low=2, high=1), DoseError, "must lie within its bounds"),
        (lambda: at_visits(4, when="x > 1") * at_visits(4, when="x > 1"), DoseError, "holds one rule"),
        (
            lambda: Intervention("a", scale("k", 2), to_target(4, raise_when="x > 1", high=2)),
            DoseError,
            "only a drug's dose goes above",
        ),
        (
            lambda: Intervention("a", transfer("x", 2), at_visits(4, when="x > 1") * during(0, 3)),
            DoseError,
            "happens at its visits",
        ),
    ],
)
def test_mistakes_get_one_clear_line(make: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message) as told:
        make()
    assert "\n" not in str(told.value)


def test_a_rule_says_what_it_does() -> None:
    rule = Rule("4 weeks", "8 weeks", when="p > 0.3", stop_when="p < 0.1")
    assert str(Schedule(rule=rule)) == "at visits every 4 weeks from week 8: on when p > 0.3, off when p < 0.1"


def test_models_with_rules_go_through_json(toy: Callable[..., Model]) -> None:
    rescue = Intervention("rescue", scale("s", 4), at_visits("4 days", when="x > 1"))
    declared = toy(interventions=[rescue])
    assert Model.from_json(declared.to_json()) == declared


def test_the_order_of_interventions_with_rules_does_not_matter(toy: Callable[..., Model]) -> None:
    rescue = Intervention("rescue", scale("s", 4), at_visits(4, when="x > 1", stop_when="d.C > 2"))
    drug = Drug("d", one_compartment(CL=1.0, V1=1.0), "8 mg iv q2d x 20").when(to_target(8, lower_when="x > 3"))
    assert perturb(toy(), rescue, drug) == perturb(perturb(toy(), drug), [rescue])
