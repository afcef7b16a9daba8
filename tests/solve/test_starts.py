"""A run that would begin below nothing, or not finite, is refused and says which state, and how it would begin."""

from __future__ import annotations

import numpy as np
import pytest

import immunode as im
from immunode.errors import SolverError, StudyError
from immunode.intervention import Intervention, transfer
from immunode.model import Event, Model, Parameter, Process, State, Variant

ENGINES = ("scipy", "numpy", "compiled")
A = Parameter("a", 0.5, source="assumed: a test")


def _model(kind: str = "cell", initial: float | str = "1 - a", **more) -> Model:
    return Model(
        "begun", horizon=10.0, states=[State("X", initial, kind=kind)], parameters=[A],
        processes=[Process("loss", "X ->", "0.1*X")], **more,
    )  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", ["cell", "signal", "pathogen", "drug"])
def test_a_negative_start_is_refused_as_the_status_of_its_row(kind: str, engine: str) -> None:
    out = im.sweep(_model(kind), im.from_table({"a": [0.5, 3.0, 0.75]}), engine=engine)
    assert list(out.status) == ["ok", "refused", "ok"]
    assert out.reasons[1].startswith(f"refused: X would start at -2, and a {kind} can't be below 0")
    assert np.isnan(out.values[1]).all()
    with pytest.raises(SolverError, match=rf"X would start at -2, and a {kind} can't be below 0"):
        im.simulate(_model(kind).with_values(a=3), engine=engine)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", ["", "damage"])
def test_other_kinds_may_be_negative(kind: str, engine: str) -> None:
    assert im.simulate(_model(kind).with_values(a=3), engine=engine)["X"][0] == -2


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "model",
    [
        _model(variants=[Variant("ill", {"a": 3.0})]).variant("ill"),
        _model(variants=[Variant("ill", initial={"X": -2.0})]).variant("ill"),
        _model().with_initial(X=-2.0),
        _model(initial=1.0, events=[Event("bled", {"X": "X - 3"}, at=0.0)]),
    ],
    ids=["values of a variant", "start of a variant", "with_initial", "event at the start"],
)
def test_a_negative_start_is_refused_wherever_it_comes_from(model: Model, engine: str) -> None:
    with pytest.raises(SolverError, match="X would start at -2"):
        im.simulate(model, engine=engine)


def test_a_negative_start_is_refused_under_an_intervention() -> None:
    model = _model().with_values(a=3.0)
    with pytest.raises(SolverError, match="X would start at -2"):
        im.simulate(model, interventions=[Intervention("later", [transfer("X", 9.0)], im.schedules.at_times(1.0))])


def test_a_state_event_at_the_start_counts() -> None:
    model = _model(initial=1.0, events=[Event("bled", {"X": "X - 3"}, when="X > 0.5", initially=False)])
    with pytest.raises(SolverError, match="X would start at -2"):
        im.simulate(model)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_rest_below_nothing_is_refused(engine: str) -> None:
    """dX/dt = a - X comes to rest at a."""
    model = Model(
        "rest", horizon=10.0, start="steady state", states=[State("X", 1.0, kind="signal")], parameters=[A],
        processes=[Process("made", "-> X", "a"), Process("lost", "X ->", "X")],
    )  # fmt: skip
    assert im.simulate(model, engine=engine)["X"][0] == pytest.approx(0.5, rel=1e-9)
    out = im.sweep(model, im.from_table({"a": [0.5, -2.0]}), engine=engine)
    assert list(out.status) == ["ok", "refused"]
    assert "X would start at -2, and a signal can't be below 0" in out.reasons[1]


@pytest.mark.parametrize("engine", ENGINES)
def test_an_infinite_start_is_refused(engine: str) -> None:
    with pytest.raises(SolverError, match="the initial value of X is inf"):
        im.simulate(_model("", "1/(a - 0.5)"), engine=engine)
    with pytest.raises(SolverError, match="the initial value of X is inf"):
        im.simulate(_model(""), initial={"X": np.inf}, engine=engine)


def test_an_initial_value_that_is_nan_is_not_taken_for_none() -> None:
    with pytest.raises(StudyError, match="initial: X is nan"):
        im.simulate(_model(), initial={"X": np.nan})


@pytest.mark.parametrize("engine", ENGINES)
def test_rounding_is_no_negative_start(engine: str) -> None:
    """0.3 - 3 * 0.1 is -5.6e-17."""
    model = _model(initial="0.3 - 3*a").with_values(a=0.1)
    assert im.simulate(model, engine=engine)["X"][0] == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize("engine", ENGINES)
def test_nelson2000_begins_in_the_balance_of_any_virus(engine: str) -> None:
    """T = c/(N k), I = c V0/(N delta): flat, also far from the default."""
    model = im.load_model("nelson2000")
    for virus in (128825.37049562682, 1e3, 1e6):
        run = im.simulate(model.with_values(V0=virus), engine=engine)
        balance = {"T": 3 / (480 * 3.43e-8), "I": 3 * virus / (480 * 0.5), "V_I": virus}
        for name, value in balance.items():
            assert run[name][0] == pytest.approx(value, rel=1e-12)
            assert run[name][-1] == pytest.approx(value, rel=1e-6)


def test_no_sampled_set_of_nelson2000_is_refused() -> None:
    """With the source of target cells as the parameter, 23 % began with less than no virus."""
    model = im.load_model("nelson2000")
    design = im.sobol(im.space(model), n=512, seed=0)
    assert (im.sweep(model, design, until=1.0).data.status == 1).mean() == 0
