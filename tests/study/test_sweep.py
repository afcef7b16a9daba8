from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import immunode.study.sweeps  # noqa: F401 - its module is looked up below
from immunode.errors import EngineError, StudyError
from immunode.intervention import Intervention, during, scale, transfer
from immunode.model import Event, Model
from immunode.program.llvm.compile import available
from immunode.study import (
    Arms,
    at,
    auc,
    final,
    fraction_of_time,
    from_table,
    grid,
    peak,
    sobol,
    space,
    sweep,
    time_of_peak,
    time_to,
    trough,
)

NEAR = 1e-5
"""Ten tolerances of the default rtol: decays this short gain little error."""

ALL = [
    final("A"),
    at("A", "24 h"),
    peak("A"),
    trough("A"),
    auc("A"),
    auc("loss"),
    time_to("A < 2"),
    time_of_peak("A"),
    fraction_of_time("A > 4"),
    peak("twice"),
]


def test_endpoints_of_a_decay_are_the_closed_forms(decay: Model) -> None:
    k = np.array([0.2, 0.5, 1.0, 1.7])
    out = sweep(decay, grid(k=k), until=6, endpoints=ALL, times=np.linspace(0, 6, 2001))
    table = out.table()
    expected = {
        "final(A)": 8 * np.exp(-6 * k),
        "at(A, 24 h)": 8 * np.exp(-k),
        "peak(A)": 8 + 0 * k,
        "trough(A)": 8 * np.exp(-6 * k),
        "auc(A)": 8 / k * (1 - np.exp(-6 * k)),
        "auc(loss)": 8 * (1 - np.exp(-6 * k)),
        "peak(twice)": 16 + 0 * k,
        "time_of_peak(A)": 0 * k,
    }
    for name, values in expected.items():
        np.testing.assert_allclose(table[name], values, rtol=NEAR, atol=1e-9, err_msg=name)
    # straight lines between outputs 0.003 apart: an error of k*h**2/8 = 2e-6 days at most
    reached = np.where(np.log(4) / k < 6, np.log(4) / k, np.inf)
    np.testing.assert_allclose(table["time_to(A < 2)"], reached, rtol=NEAR, atol=2e-5)
    np.testing.assert_allclose(table["fraction_of_time(A > 4)"], np.minimum(np.log(2) / k / 6, 1), rtol=1e-4)


def test_columns_stand_in_the_promised_order(decay: Model) -> None:
    out = sweep(decay, grid({"k": [0.1, 0.2], "A(0)": [1, 2]}), arms=["control", "slow"], endpoints=[final("A")])
    assert out.table().columns.tolist() == ["run", "arm", "k", "A(0)", "status", "final(A)"]
    assert out.table()["run"].tolist() == list(range(8))
    assert out.table()["arm"].tolist() == ["control", "slow"] * 4


def test_the_peak_between_outputs_is_refined(hump: Model) -> None:
    out = sweep(hump, grid(b=[0.3, 0.5]), endpoints=[peak("B"), time_of_peak("B")], until=12)
    b = np.array([0.3, 0.5])
    when = np.log(1 / b) / (1 - b)
    # outputs are h = 0.06 days apart: the time is good to about h**2/4; without the parabola only to h/2 = 0.03
    np.testing.assert_allclose(out.table()["time_of_peak(B)"], when, rtol=0, atol=1e-3)
    np.testing.assert_allclose(out.table()["peak(B)"], b ** (b / (1 - b)), rtol=NEAR)


def test_a_peak_at_a_dose_between_outputs_is_seen(decay: Model) -> None:
    ends = [peak("A"), time_of_peak("A"), trough("A"), final("A")]
    arms = Arms(late=[Intervention("late", [transfer("A", 10.0)], during(4.013), source="assumed: a test")])
    out = sweep(decay, grid(k=[0.5, 1.0]), arms=arms, until=8, times=[0, 2, 6, 8], endpoints=ends)
    k = np.array([0.5, 1.0])
    np.testing.assert_allclose(out.table()["peak(A)"], 8 * np.exp(-4.013 * k) + 10, rtol=NEAR)
    np.testing.assert_allclose(out.table()["time_of_peak(A)"], 4.013, rtol=1e-12)
    np.testing.assert_allclose(
        out.table()["trough(A)"], np.minimum(8 * np.exp(-4.013 * k), out.table()["final(A)"]), rtol=NEAR
    )


def test_break_times_may_differ_from_run_to_run(decay: Model) -> None:
    starts = np.array([1.0, 2.5, 4.013])
    out = sweep(
        decay, grid({"graft.start": starts}), arms=["graft"], until=8, endpoints=[time_of_peak("A"), final("A")]
    )
    np.testing.assert_allclose(out.table()["time_of_peak(A)"], starts, rtol=1e-12)
    np.testing.assert_allclose(out.table()["final(A)"], 8 * np.exp(-4) + 10 * np.exp(-0.5 * (8 - starts)), rtol=NEAR)


def test_the_effective_value_of_a_parameter_is_an_endpoint(decay: Model) -> None:
    ends = [auc("inflow.effective"), peak("inflow.effective"), fraction_of_time("inflow.effective > 1")]
    out = sweep(decay, grid(k=[0.5]), arms=["burst"], until=10, endpoints=ends)
    row = out.table().iloc[0]
    assert row["auc(inflow.effective)"] == pytest.approx(3 * 3 * 0.5, rel=1e-9)
    assert row["peak(inflow.effective)"] == 3
    assert row["fraction_of_time(inflow.effective > 1)"] == pytest.approx(0.15, rel=1e-9)


def test_an_arm_ignores_columns_and_endpoints_that_it_lacks(decay: Model) -> None:
    design = grid({"slow.strength": [0.0, 1.0]}) * Arms.of(decay, "control", "slow")
    out = sweep(decay, design, endpoints=[final("A"), peak("k.effective")], until=10)
    table = out.table().set_index(["arm", "slow.strength"])
    assert table.loc[("control", 0.0), "final(A)"] == table.loc[("control", 1.0), "final(A)"]
    # a strength of 0 stops at the same breaks but changes nothing
    assert table.loc[("slow", 0.0), "final(A)"] == pytest.approx(table.loc[("control", 0.0), "final(A)"], rel=NEAR)
    assert table.loc[("slow", 1.0), "final(A)"] == pytest.approx(8 * np.exp(-4), rel=NEAR)
    assert np.isnan(table.loc[("control", 0.0), "peak(k.effective)"])
    assert (out.status == "ok").all()


def test_rows_appended_without_a_column_use_and_show_the_models_value(decay: Model) -> None:
    out = sweep(decay, grid(k=[1.0]) + grid({"A(0)": [4.0]}), until=2, endpoints=[final("A")])
    assert out.table()[["k", "A(0)"]].to_numpy().tolist() == [[1.0, 8.0], [0.5, 4.0]]
    np.testing.assert_allclose(out.table()["final(A)"], [8 * np.exp(-2), 4 * np.exp(-1)], rtol=NEAR)


def test_a_table_may_name_arms(decay: Model) -> None:
    frame = pd.DataFrame({"arm": ["slow", "control", "slow"], "k": [0.5, 0.5, 1.0]})
    out = sweep(decay, from_table(frame), until=10, endpoints=[final("A")])
    np.testing.assert_allclose(out.table()["final(A)"], 8 * np.exp([-4, -5, -8]), rtol=NEAR)
    assert out.table()["arm"].tolist() == ["slow", "control", "slow"]


def test_without_a_design_all_parameters_are_sampled_and_the_recipe_says_how(decay: Model) -> None:
    out = sweep(decay, n=16, seed=0)
    assert len(out) == 16
    assert out.plan.design.names == ("k", "k_second")
    assert "16 Sobol points, seed 0" in out.recipe["design"]
    assert "inside bounds" in out.recipe["design"]
    assert "log-uniform +-30 %" in out.recipe["design"]
    assert out.endpoints == ("final(A)", "peak(A)")
    assert out.recipe["seed"] == 0


def test_the_engine_is_chosen_without_a_look_at_the_number_of_runs(decay: Model) -> None:
    few, many = sweep(decay, n=1), sweep(decay, n=64)
    assert few.recipe["engine"] == many.recipe["engine"] == ("compiled" if available() else "numpy")
    assert "side by side" in few.recipe["arms"]["control"]["reason"]
    watched = decay.replace(events=(Event("cut", {"A": "A/2"}, when="A < inflow/k"),))
    assert sweep(watched, n=2).recipe["engine"] == many.recipe["engine"]
    with pytest.raises(EngineError, match="unknown engine 'numpi'; did you mean 'numpy'"):
        sweep(decay, n=2, engine="numpi")
    with pytest.raises(EngineError, match="did you mean 'tsit5'"):
        sweep(decay, n=2, engine="numpy", method="tsit")


def test_failed_runs_are_rows_with_a_status_and_a_reason(runaway: Model) -> None:
    design = grid({"r": [0.01, 1.0, np.nan], "X(0)": [1.0]}) + from_table({"r": [0.01], "X(0)": [np.nan]})
    out = sweep(runaway, design, until=5, endpoints=[final("X"), auc("X")])
    assert out.status.iloc[0] == "ok"
    assert out.status.iloc[1] not in ("ok", "refused")
    assert out.status.tolist()[2:] == ["refused", "refused"]
    assert out.table()[["final(X)", "auc(X)"]].isna().all(axis=1).tolist() == [False, True, True, True]
    assert out.reasons.index.tolist() == [1, 2, 3]
    assert "t = " in out.reasons[1]
    assert out.reasons[2] == "refused: r is nan"
    assert out.reasons[3] == "refused: X(0) is nan"


def test_a_requirement_that_fails_refuses_the_run_and_says_why(decay: Model) -> None:
    from immunode.model import Requirement

    model = decay.replace(requirements=(Requirement("k > 0.1*k_second", "the loss must be above 0.2"),))
    out = sweep(model, grid(k=[0.1, 0.5]), endpoints=[final("A")])
    assert out.status.tolist() == ["refused", "ok"]
    assert out.reasons[0] == "refused: the loss must be above 0.2"


def test_ctrl_c_keeps_what_is_finished(decay: Model) -> None:
    seen: list[tuple[int, int]] = []

    def progress(done: int, total: int) -> None:
        seen.append((done, total))
        if done >= 20:
            raise KeyboardInterrupt

    with pytest.warns(UserWarning, match="interrupted: 20 of 40 runs are finished"):
        out = sweep(decay, sobol(space(decay), 40), block=10, progress=progress, endpoints=[final("A")])
    assert seen == [(10, 40), (20, 40)]
    assert out.status.tolist() == ["ok"] * 20 + ["not run"] * 20
    assert out.table()["final(A)"].notna().tolist() == [True] * 20 + [False] * 20
    assert "not run" in out.message
    assert out.summary()["failed"].tolist() == [0.0]
    whole = sweep(decay, sobol(space(decay), 40), endpoints=[final("A")]).table()
    assert np.array_equal(out.table()["final(A)"][:20], whole["final(A)"][:20])


def test_progress_ends_with_all_runs(decay: Model) -> None:
    seen: list[tuple[int, int]] = []
    sweep(decay, sobol(space(decay), 30), arms=["control", "slow"], block=8, progress=lambda *now: seen.append(now))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1] == (60, 60)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"design": grid(kk=[1])}, "column 'kk' is no parameter, knob or initial value; did you mean 'k'"),
        ({"design": grid(A=[1])}, r"for an initial value write 'A\(0\)'"),
        (
            {"design": grid({"slow.strength": [1]})},
            "the intervention 'slow' is in no arm that runs: give it with arms=",
        ),
        ({"design": grid({"slow.strenth": [1]}), "arms": ["slow"]}, "did you mean 'slow.strength'"),
        ({"design": grid(k=[1]) * Arms(x=[]), "arms": ["slow"]}, "has arms already"),
        ({"design": from_table({"k": [1.0]}), "n": 5}, "n counts only without a design"),
        ({"design": {"k": [1.0]}}, "dict is not a design; give a DataFrame"),
        ({"endpoints": [peak("twise")]}, "did you mean 'twice'"),
        ({"endpoints": [at("A", 99)]}, r"at\(A, 99\) lies outside the runs, which go from 0 to 10"),
        ({"endpoints": [3]}, "3 is not an endpoint"),
        ({"keep": ["twise"]}, "keep: unknown quantity 'twise'; did you mean 'twice'"),
        ({"keep": "trajectory"}, "did you mean 'trajectories'"),
        ({"block": 0}, "block must be a whole number above 0"),
        ({"arms": ["slwo"]}, "did you mean 'slow'"),
        ({"times": [0, 5, 3]}, "times go backwards"),
    ],
)
def test_bad_input_is_one_clear_line_before_anything_runs(decay: Model, options, says: str, monkeypatch) -> None:
    monkeypatch.setattr("immunode.study.run.execution.inputs", None)  # whatever ran would fail otherwise
    with pytest.raises(StudyError, match=says) as caught:
        sweep(decay, **options)
    assert "\n" not in str(caught.value)


def test_a_table_that_names_an_unknown_arm_is_refused(decay: Model) -> None:
    design = from_table(pd.DataFrame({"arm": ["slw"], "k": [1.0]}))
    with pytest.raises(StudyError, match="did you mean 'slow'"):
        sweep(decay, design)
    with pytest.raises(StudyError, match="names an unknown arm 'slw'"):
        sweep(decay, design, arms={"other": []})


def published() -> tuple[Model, list]:
    from immunode.catalogue import load_model

    model = load_model("kuznetsov1994")
    ends = [final("T"), peak("E"), time_of_peak("E"), auc("T"), auc("tumor_kill"), time_to("T > 1e6")]
    return model, [*ends, fraction_of_time("T**1.5 > 1e10"), at("E", 33.3), trough("tumor_kill")]


def bits(model: Model, ends: list, frame: pd.DataFrame, arms: Arms, **options) -> np.ndarray:
    """Return the bits of all endpoints, shape (n_rows, n_arms, n_endpoints)."""
    out = sweep(model, from_table(frame.reset_index(drop=True)) * arms, until=60, endpoints=ends, **options)
    return out.values.view(np.int64).reshape(len(frame), len(arms), len(ends))


@pytest.mark.parametrize("engine", ["auto", "scipy"])
def test_a_run_has_the_same_bits_alone_in_any_block_and_at_any_place(engine: str) -> None:
    model, ends = published()
    doses = Intervention("cells", [transfer("E", 1e5)], during(10.0), source="assumed: a test")
    arms = Arms(
        control=[], both=[Intervention("slow", [scale("a", 0.7)], during(5, 20), source="assumed: a test"), doses]
    )
    frame = sobol(space(model), 43 if engine == "auto" else 9, seed=3).table()
    whole = bits(model, ends, frame, arms, engine=engine)
    last = len(frame) - 1
    for alone in (0, 3, last):
        assert np.array_equal(bits(model, ends, frame.iloc[[alone]], arms, engine=engine), whole[[alone]])
    assert np.array_equal(bits(model, ends, frame, arms, engine=engine, block=7), whole)
    order = np.random.default_rng(0).permutation(len(frame))
    assert np.array_equal(bits(model, ends, frame.iloc[order], arms, engine=engine, block=11), whole[order])


def test_one_percent_of_absurd_sets_change_no_other_row() -> None:
    model, ends = published()
    sound = sobol(space(model), 300, seed=8).table()
    mixed = sound.copy()
    where = [7, 150, 299]
    mixed.loc[7, "a"] = np.nan
    mixed.loc[150, :] = -mixed.loc[150, :]
    mixed.loc[299, "a"] *= 1e12
    arms = Arms(control=[])
    others = np.setdiff1d(np.arange(300), where)
    out = sweep(model, from_table(mixed), until=60, endpoints=ends)
    assert np.array_equal(out.values[others].view(np.int64), bits(model, ends, sound, arms)[others, 0])
    assert len(out) == 300
    assert out.status[7] == "refused"
    bad = (out.status != "ok").to_numpy()
    assert set(np.flatnonzero(bad)) <= set(where)
    assert np.isnan(out.values[bad]).all()
    assert np.isfinite(out.values[~bad][:, 0]).all()
