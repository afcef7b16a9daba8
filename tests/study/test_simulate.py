from __future__ import annotations

import numpy as np
import pytest

from immunode.errors import SolverError, StudyError, UnitError
from immunode.intervention import Intervention, during, set_to
from immunode.model import Event, Model, Parameter
from immunode.study import Arms, simulate

TIGHT = {"rtol": 1e-9}
# global error stays within about 100 tolerances on decays this short
NEAR = 1e-7


@pytest.mark.parametrize("engine", ["scipy", "numpy"])
def test_a_decay_is_the_exponential(decay: Model, engine: str) -> None:
    run = simulate(decay, 6, engine=engine, **TIGHT)
    np.testing.assert_allclose(run["A"], 8 * np.exp(-0.5 * run.times), rtol=NEAR)
    np.testing.assert_allclose(run.flux("loss"), 0.5 * run["A"], rtol=1e-14)
    np.testing.assert_allclose(run["twice"], 2 * run["A"], rtol=1e-14)
    assert run.final("A") == run["A"][-1]


def test_until_takes_words_numbers_and_the_horizon(decay: Model) -> None:
    assert simulate(decay).times[-1] == 10
    assert simulate(decay, until="2 weeks").times[-1] == 14
    assert simulate(decay, until="48 h").times[-1] == pytest.approx(2)


def test_output_times_are_the_ones_asked_for(decay: Model) -> None:
    assert simulate(decay, times=[0, 1, 5]).times.tolist() == [0, 1, 5]
    assert simulate(decay, times=["12 h", "1 day"]).times.tolist() == [0.5, 1]
    assert simulate(decay, until=7, times=[0, 5]).times.tolist() == [0, 5, 7]


def test_an_intervention_acts_in_its_window_only(decay: Model) -> None:
    run = simulate(decay, 10, times=[2, 6, 10], interventions=["slow"], **TIGHT)
    expected = 8 * np.exp([-0.5 * 2, -0.5 * 2 - 0.25 * 4, -0.5 * 6 - 0.25 * 4])
    np.testing.assert_allclose(run["A"], expected, rtol=NEAR)
    assert set(run.breaks) == {2.0, 6.0}
    assert run.doses == {}
    assert run.windows == {"slow": ((2.0, 6.0),)}


def test_the_effective_value_of_a_parameter_is_on_the_output_grid(decay: Model) -> None:
    run = simulate(decay, times=[0, 1.9, 2, 5.9, 6, 9], interventions=["slow"])
    assert run["k.effective"].tolist() == [0.5, 0.5, 0.25, 0.25, 0.5, 0.5]


def test_both_sides_of_a_dose_are_on_the_path(decay: Model) -> None:
    run = simulate(decay, 8, times=[0, 8], interventions=["graft"], **TIGHT)
    at_dose = run.path["A"][run.path_times == 4]
    np.testing.assert_allclose(at_dose, [8 * np.exp(-2), 8 * np.exp(-2) + 10], rtol=NEAR)
    assert run.doses == {"graft": (4.0,)}


def test_a_dose_of_the_model_of_no_size_is_not_given(decay: Model) -> None:
    """Doses that an intervention gives a size: none are marked without it; what came before the outputs counts."""
    events = [
        Event("first", {"A": "A + dose"}, at=0),
        Event("weekly", {"A": "A + dose"}, at=3, every=3, count=2),
        Event("nothing", {"A": "A"}, at=4),
    ]
    parameters = [*decay.parameters, Parameter("dose", 0.0, "cell", source="assumed: none")]
    model = decay.replace(events=events, parameters=parameters)
    assert simulate(model, 8).doses == {}
    assert simulate(model.with_values(dose=2.0), 8).doses == {"first": (0.0,), "weekly": (3.0, 6.0)}
    assert simulate(model, times=[5, 8]).doses == {}
    assert simulate(model.with_values(dose=2.0), times=[5, 8]).doses == {"first": (0.0,), "weekly": (3.0, 6.0)}
    assert simulate(model.with_values(dose=2.0), 2, initial={"A": 5.0}).doses == {"first": (0.0,)}


def test_a_dose_at_an_output_time_shows_the_value_after_it(decay: Model) -> None:
    run = simulate(decay, times=[0, 4], interventions=["graft"], **TIGHT)
    assert run["A"][-1] == pytest.approx(8 * np.exp(-2) + 10, rel=NEAR)


def test_a_jump_on_a_state_is_on_the_path(decay: Model) -> None:
    refill = Event("refill", {"A": "2*A"}, when="A < least")
    least = Parameter("least", 2.0, "cell", source="assumed: a test")
    run = simulate(decay.replace(events=(refill,), parameters=(*decay.parameters, least)), 4, times=[0, 4], **TIGHT)
    when = np.log(4) / 0.5
    assert run.breaks == (pytest.approx(when, rel=NEAR),)
    np.testing.assert_allclose(run.path["A"][1:3], [2, 4], rtol=NEAR)
    assert run.final("A") == pytest.approx(4 * np.exp(-0.5 * (4 - when)), rel=NEAR)


def test_arms_are_compared(decay: Model) -> None:
    both = simulate(decay, 5, arms=["control", "quick"], **TIGHT)
    assert both["quick"].final("A") == pytest.approx(8 * np.exp(-7.5), rel=NEAR)
    frame = both.to_frame()
    assert frame.index.names == ["arm", "time"]
    assert frame.loc["control"]["A"].iloc[-1] == pytest.approx(8 * np.exp(-2.5), rel=NEAR)
    assert both.to_dataset()["A"].dims == ("arm", "time")
    assert list(simulate(decay, arms=Arms(one=[], two=["slow"]))) == ["one", "two"]


def test_initial_values_can_be_set(decay: Model) -> None:
    assert simulate(decay, initial={"A": 3.0})["A"][0] == 3
    assert simulate(decay, initial={"A(0)": 4.0})["A"][0] == 4


def test_a_simulation_has_units_and_says_how_it_was_made(decay: Model) -> None:
    run = simulate(decay, interventions=["slow"])
    assert (run.units["A"], run.units["loss"], run.units["k.effective"]) == ("cell", "cell/day", "1/day")
    assert run.recipe["rtol"] == 1e-6
    assert run.recipe["model"]["interventions"] == ["slow"]
    assert {"numpy", "scipy", "immunode"} <= set(run.recipe["versions"])
    dataset = run.to_dataset()
    assert dataset["A"].attrs["units"] == "cell"
    assert dataset["time"].attrs["units"] == "day"
    assert run.to_frame().columns.tolist() == ["A", "twice", "slow.signal", "k.effective", "loss", "supply"]
    assert list(run.states) == ["A"]
    assert list(run.fluxes) == ["loss", "supply"]
    assert list(run.derived) == ["twice", "slow.signal", "k.effective"]


def test_a_failed_run_says_when_where_what_grew_and_what_to_try(runaway: Model) -> None:
    with pytest.raises(SolverError) as caught:
        simulate(runaway, until=20)
    text = str(caught.value)
    assert text.startswith("runaway: ")
    for part in ("t = ", "'X'", "the flux that grew most: 'growth'"):
        assert part in text
    assert any(word in text for word in ("try", "check", "relax", "raise"))
    assert "\n" not in text


def test_a_failed_arm_is_named(runaway: Model) -> None:
    with pytest.raises(SolverError, match="runaway, arm 'control'"):
        simulate(runaway, until=20, arms={"control": []})


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"times": [0, 5, 3]}, StudyError, r"times go backwards: times\[2\] is 3 after times\[1\], 5"),
        ({"times": [0, 5, 5]}, StudyError, r"times repeat: times\[2\]"),
        ({"times": [0, float("nan")]}, StudyError, r"times\[1\] is nan"),
        ({"times": [-1, 2]}, StudyError, "before the start"),
        ({"times": []}, StudyError, "times is empty"),
        ({"times": ["soon"]}, UnitError, "soon"),
        ({"times": [0, 5], "until": 3}, StudyError, "after until"),
        ({"until": -5}, StudyError, "after the start at 0, got -5"),
        ({"until": float("nan")}, StudyError, "finite"),
        ({"until": "5 wekks"}, UnitError, "wekks"),
        ({"until": [3]}, StudyError, "until is"),
        ({"initial": {"AA": 1}}, StudyError, "unknown state 'AA'; did you mean 'A'"),
        ({"arms": ["slwo"]}, StudyError, "did you mean 'slow'"),
        ({"interventions": ["slwo"]}, StudyError, "did you mean 'slow'"),
        ({"interventions": ["slow"], "arms": ["slow"]}, StudyError, "interventions or arms, not both"),
    ],
)
def test_bad_input_is_one_clear_line(decay: Model, options, error, says: str) -> None:
    with pytest.raises(error, match=says) as caught:
        simulate(decay, **options)
    assert "\n" not in str(caught.value)


def test_an_unknown_quantity_names_the_nearest(decay: Model) -> None:
    run = simulate(decay)
    with pytest.raises(StudyError, match="did you mean 'twice'"):
        run["twise"]
    with pytest.raises(StudyError, match="unknown process 'lose'; did you mean 'loss'"):
        run.flux("lose")
    with pytest.raises(StudyError, match="did you mean 'twice'"):
        run.plot("twise")


def test_a_dose_of_nothing_is_no_dose(decay: Model) -> None:
    """Of the model's own doses only those are told that change something, as its interventions have it then."""
    daily = Event("daily", {"A": "A + size"}, at=0, every=1, count=9)
    size = Parameter("size", 0.0, "cell", source="test")
    on = Intervention("on", [set_to("size", 2.0)], during(2, 5))
    fed = decay.replace(events=[daily], parameters=[*decay.parameters, size], interventions=[on])
    assert simulate(fed, 8).doses == {}
    assert simulate(fed, 8, interventions=["on"]).doses == {"daily": (2.0, 3.0, 4.0)}
    assert simulate(fed.with_values(size=1.0), 3).doses == {"daily": (0.0, 1.0, 2.0, 3.0)}
