"""Runs that begin at rest: where that is, for each run alone, and what is said where there is no rest."""

from __future__ import annotations

import numpy as np
import pytest

from immunode.errors import ModelError, SolverError
from immunode.intervention import Intervention, drug, scale, set_to
from immunode.model import Event, Model, Parameter, Process, State, Variant
from immunode.program.model_functions import functions
from immunode.solve import solve
from immunode.study import Arms, from_table, simulate, sweep

REST = "steady state"


def parameter(name: str, value: float, unit: str = "1/day") -> Parameter:
    return Parameter(name, value, unit, source="assumed: for this test")


def receptors() -> Model:
    """Two forms of a receptor with a fixed total, cells with a supply, and their running total."""
    return Model(
        name="receptors",
        time_unit="day",
        horizon=10.0,
        start=REST,
        states=[
            State("R", 3.0, "nM"),
            State("C", 1.0, "nM"),
            State("N", 100.0, "cell"),
            State("seen", 0.0, "cell*day", typical=1.0),
        ],
        parameters=[
            parameter("on", 2.0), parameter("off", 1.0), parameter("s", 5.0, "cell/day"), parameter("d", 0.1),
            parameter("dose", 7.0, "cell"), parameter("g", 0.0),
        ],
        processes=[
            Process("binding", "R -> C", "on*R"),
            Process("release", "C -> R", "off*C"),
            Process("supply", "-> N", "s"),
            Process("loss", "N ->", "(d - g)*N"),
            Process("area", "-> seen", "N"),
        ],
        events=[Event("injection", {"N": "N + dose"}, at=0)],
        interventions=[Intervention("killer", [scale("d", 2.0)])],
    )  # fmt: skip


@pytest.mark.parametrize("engine", ["scipy", "numpy", "compiled"])
def test_a_run_begins_at_the_closed_form_of_its_rest(engine: str) -> None:
    """R + C = 4 is kept, R = 4 off/(on + off), N = s/d; the event at time 0 comes on top; to rounding, not to rtol."""
    one = simulate(receptors(), interventions=["killer"], engine=engine)
    got = [one[name][0] for name in ("R", "C", "N", "seen")]
    np.testing.assert_allclose(got, [4 / 3, 8 / 3, 57.0, 0.0], rtol=1e-11)


def test_the_intervention_is_off_before_the_start_and_on_after() -> None:
    """With twice the loss N goes from 57 towards 25: N = 25 + 32 exp(-0.2 t). rtol 1e-6, worst seen 1e-6."""
    one = simulate(receptors(), interventions=["killer"], until=10, rtol=1e-8)
    np.testing.assert_allclose(one["N"], 25 + 32 * np.exp(-0.2 * one.times), rtol=1e-6)


def test_each_run_of_a_sweep_begins_at_its_own_rest() -> None:
    model = receptors().with_values(dose=0.0)
    design = from_table({"s": [5.0, 10.0, 20.0, 1.0], "on": [1.0, 2.0, 3.0, 1e-3]})
    result = sweep(model, design * Arms(control=[], killer=["killer"]), until=5, endpoints=["at(N, 0)", "final(R)"])
    table = result.table()
    np.testing.assert_allclose(table["at(N, 0)"], table["s"] / 0.1, rtol=1e-11)
    np.testing.assert_allclose(table["final(R)"], 4 / (table["on"] + 1), rtol=1e-9)


@pytest.mark.slow
def test_a_run_begins_at_the_same_place_whatever_runs_beside_it() -> None:
    model, rng = receptors(), np.random.default_rng(5)
    values = {"s": rng.uniform(1, 9, 40), "on": rng.uniform(0.1, 9, 40), "g": np.where(np.arange(40) % 7, 0.0, 0.3)}
    whole = sweep(model, from_table(values), until=5, endpoints=["at(N, 0)", "at(R, 0)"], engine="numpy")
    for i in (0, 1, 13, 39):
        alone = from_table({name: column[[i]] for name, column in values.items()})
        one = sweep(model, alone, until=5, endpoints=["at(N, 0)", "at(R, 0)"], engine="numpy")
        np.testing.assert_array_equal(one.values[0], whole.values[i])


def test_growth_without_end_is_a_row_with_a_status_and_an_error_of_one_run() -> None:
    design = from_table({"g": [0.0, 0.2]})
    result = sweep(receptors(), design, until=5, endpoints=["final(N)"])
    assert list(result.status) == ["ok", "no steady state"]
    assert np.isnan(result.values[1]).all()
    with pytest.raises(SolverError, match=r"rest.*'N' still moves"):
        simulate(receptors().with_values(g=0.2))


def predators() -> Model:
    """Lotka and Volterra: closed orbits around (d/c, a/b)."""
    return Model(
        name="predators",
        time_unit="day",
        horizon=20.0,
        start=REST,
        states=[State("x", 2.0, "1"), State("y", 1.0, "1")],
        parameters=[parameter(name, 1.0) for name in "abcd"],
        processes=[
            Process("birth", "-> x", "a*x"),
            Process("meals", "x ->", "b*x*y"),
            Process("growth", "-> y", "c*x*y"),
            Process("death", "y ->", "d*y"),
        ],
    )


@pytest.mark.slow
def test_a_cycle_is_no_rest() -> None:
    with pytest.raises(SolverError, match="does not come to rest"):
        simulate(predators(), engine="numpy")


def test_a_start_on_the_rest_itself_stays_there() -> None:
    one = simulate(predators().with_initial(x=1.0, y=1.0))
    np.testing.assert_allclose(one["x"], 1.0, rtol=1e-9)


def test_two_rests_are_told_apart_by_the_initial_values() -> None:
    """Allee: x' = x (x - 0.2) (1 - x) rests at 0 from below 0.2 and at 1 from above, and 0 is exactly 0."""
    model = Model(
        name="allee",
        time_unit="day",
        horizon=10.0,
        start=REST,
        states=[State("x", 0.19, "1", typical=1.0)],
        parameters=[parameter("r", 1.0), parameter("low", 0.2, "1")],
        processes=[Process("growth", "-> x", "r*x*(x - low)*(1 - x)")],
        variants=[Variant("many", initial={"x": 0.21}), Variant("as_given", start="initial values")],
    )
    assert simulate(model)["x"][0] == pytest.approx(0.0, abs=1e-12)
    assert simulate(model)["x"].min() >= 0
    assert simulate(model.variant("many"))["x"][0] == pytest.approx(1.0, rel=1e-12)
    assert simulate(model.variant("as_given"))["x"][0] == 0.19


def test_given_initial_values_stand_and_the_others_rest() -> None:
    one = simulate(receptors().with_values(dose=0.0), initial={"N": 3.0})
    assert one["N"][0] == 3.0
    assert one["R"][0] == pytest.approx(4 / 3, rel=1e-11)


def test_a_drug_brings_its_states_along() -> None:
    model = receptors().with_values(dose=0.0)
    treatment = drug("adalimumab").dose("40 mg sc q2w x 2").inhibit("s", imax=0.5, ic50=1.0, source="assumed: test")
    one = simulate(model, interventions=[treatment])
    assert one["N"][0] == pytest.approx(50.0, rel=1e-11)
    assert one["N"][-1] < 45


def test_a_wrong_start_is_told() -> None:
    with pytest.raises(ModelError, match="start='steady'; did you mean 'steady state'"):
        receptors().replace(start="steady")
    with pytest.raises(ModelError, match="variant 'v': start='rest'"):
        receptors().replace(variants=[Variant("v", start="rest")])


def test_the_start_is_kept_in_files() -> None:
    model = receptors().replace(variants=[Variant("v", start="initial values")])
    assert Model.from_json(model.to_json()) == model


def test_parameters_without_a_rest_do_not_change_the_start_of_others() -> None:
    """A knob can be swept: the rest is that of the untreated model for every strength."""
    model = receptors().with_values(dose=0.0).replace(interventions=[Intervention("more", [set_to("s", 9.0)])])
    design = from_table({"more.strength": [0.0, 0.5, 1.0]})
    result = sweep(model, design * Arms(more=["more"]), until=5, endpoints=["at(N, 0)"])
    np.testing.assert_allclose(result.values[:, 0], 50.0, rtol=1e-11)


@pytest.mark.parametrize("engine", ["numpy", "compiled"])
def test_a_run_of_no_length_shows_its_start(engine: str) -> None:
    """An event at time 0 is over by then."""
    result = sweep(receptors(), from_table({"s": [5.0]}), times=[0.0, 1e-9], endpoints=["at(N, 0)"], engine=engine)
    assert result.values[0, 0] == pytest.approx(57.0, rel=1e-11)
    made = functions(receptors())
    batch = solve(made, np.array(made.program.values)[:, None], times=[0.0], engine=engine)
    assert batch.y[0, 2, 0] == pytest.approx(57.0, rel=1e-11)
