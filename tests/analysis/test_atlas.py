"""The atlas: every intervention against control, on models with closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from immunode.analysis.treatment.intervention_atlas import atlas, fold_text
from immunode.errors import ModelError, SolverError, StudyError
from immunode.intervention import Intervention, add, during, pulses, scale, set_to, transfer
from immunode.model import Derived, Model, Parameter, Process, State, Variant
from immunode.study import Arms

# numbers of `simulate` at rtol 1e-6; the trapezoid over 401 points errs by (k dt)^2/12 = 1e-4 at the fastest decay
CLOSE = 5e-4


def _average(k: float, end: float = 10.0) -> float:
    return 8 * (1 - math.exp(-k * end)) / (k * end)


def _model(*interventions: Intervention) -> Model:
    """Return A' = -k*A from 8, with a B that nothing makes and a difference that is negative in control."""
    return Model(
        name="decay",
        time_unit="day",
        horizon=10.0,
        states=[State("A", 8.0, "cell", typical=1.0), State("B", 0.0, "cell", typical=1.0)],
        parameters=[
            Parameter("k", 0.5, "1/day"),
            Parameter("supply", 0.0, "cell/day"),
            Parameter("base", -1.0, "cell"),
        ],
        processes=[Process("loss", "A ->", "k*A"), Process("making", "-> B", "supply")],
        derived=[Derived("level", "base", "cell", "an offset")],
        interventions=interventions,
        readouts=["A", "B", "level"],
    )


QUICK = Intervention("quick", [scale("k", 3.0)], kind="drug")
MAKING = Intervention("making_b", [add("supply", 2.0)], kind="gene")
FLIP = Intervention("flip", [set_to("base", 4.0)], kind="drug")


def test_the_time_average_is_compared_unless_another_measure_is_asked_for() -> None:
    model = _model(QUICK)
    found = atlas(model)
    assert found.measure == "mean"
    assert found["quick", "A"] == pytest.approx(math.log2(_average(1.5) / _average(0.5)), abs=CLOSE)
    assert atlas(model, measure="final", until=4)["quick", "A"] == pytest.approx(-4 / math.log(2), abs=CLOSE)
    assert atlas(model, measure="peak")["quick", "A"] == pytest.approx(0.0, abs=CLOSE)


def test_the_average_counts_both_sides_of_a_jump() -> None:
    graft = Intervention("graft", [transfer("A", 10.0)], during(4))
    found = atlas(_model(graft), readouts="A")
    gained = 10 * (1 - math.exp(-0.5 * 6)) / 5  # what 10 cells at day 4 add to the average
    assert found.values[0, 0] == pytest.approx(_average(0.5) + gained, rel=2e-4)


def test_zeros_and_signs_are_told_and_never_infinite() -> None:
    found = atlas(_model(QUICK, MAKING, FLIP))
    assert found.interventions == ("quick", "flip", "making_b")  # kinds together, in the declared order
    assert found.kinds == ("drug", "drug", "gene")
    assert found.change == (("fold", "zero", "fold"), ("fold", "zero", "sign"), ("fold", "new", "fold"))
    assert not np.isinf(found.fold).any()
    assert found.texts[1:] == (("0", "", "sign"), ("0", "new", "0"))
    reverse = atlas(_model(QUICK, MAKING), Arms(control=["making_b"], nothing=[]))
    assert reverse.change == (("fold", "gone", "fold"),)


def test_a_value_below_what_the_solver_resolves_counts_as_gone() -> None:
    # exp(-0.5*30*10) of 8 cells is 5e-65: a fold change of 2**-200 would tell of the tolerance, not of the model
    clearance = Intervention("clearance", [scale("k", 30.0)])
    assert atlas(_model(clearance), readouts=["A"], measure="final").change == (("gone",),)


def test_rounding_errors_beside_a_large_value_are_no_change_of_sign() -> None:
    off, on = (Intervention(name, [set_to("base", value)]) for name, value in (("off", 1e-20), ("on", 50.0)))
    model = _model(off, on).with_values(base=-1e-20)
    assert atlas(model, readouts="level").change == (("zero",), ("new",))


def test_what_fails_is_a_row_with_its_reason() -> None:
    wrong = Intervention("wrong", [scale("q", 2.0)])
    model = Model(
        name="runaway",
        time_unit="day",
        horizon=5.0,
        states=[State("X", 1.0, "cell")],
        parameters=[Parameter("r", 0.1, "1/(cell*day)")],
        processes=[Process("growth", "-> X", "r*X**2")],
    )
    faster, slower = Intervention("faster", [scale("r", 9.0)]), Intervention("slower", [scale("r", 0.5)])
    found = atlas(model, [faster, slower, wrong])
    assert found.change == (("failed",), ("fold",), ("failed",))
    assert set(found.failures) == {"faster", "wrong"}
    assert found.failures["wrong"].startswith("unknown parameter 'q'")
    assert not any(reason.startswith("runaway") for reason in found.failures.values())
    assert "faster failed: " in repr(found)
    table = found.table().set_index("intervention")
    assert table.loc["wrong", "reason"] == found.failures["wrong"]
    assert table["log2_fold"].isna().tolist() == [True, False, True]
    with pytest.raises(SolverError, match="runaway"):
        atlas(model.with_values(r=0.9), [slower])


def test_table_and_text_hold_what_was_found() -> None:
    found = atlas(_model(QUICK, MAKING))
    table = found.table()
    assert list(table.columns) == [
        "intervention", "kind", "beside", "readout", "unit", "control", "value", "log2_fold", "change", "reason",
    ]  # fmt: skip
    row = table[(table.intervention == "making_b") & (table.readout == "B")].iloc[0]
    assert (row.control, row.unit, row.change) == (0.0, "cell", "new")
    assert row.value == pytest.approx(10.0)  # the average of 2 t over 10 days
    assert repr(found).splitlines()[0] == (
        "Atlas of decay: log2 fold change against control (time average, from the start to day 10)"
    )
    assert len(repr(found).splitlines()) == 4


def test_interventions_may_be_named_joined_or_given() -> None:
    model = _model(QUICK, MAKING)
    found = atlas(model, ["quick+making_b", FLIP], ["A"])
    assert found.interventions == ("quick+making_b", "flip")
    assert found["quick+making_b", "A"] == pytest.approx(atlas(model, "quick")["quick", "A"], abs=CLOSE)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"measure": "average"}, "'mean', 'final' or 'peak'"),
        ({"readouts": ["AA"]}, "did you mean 'A'"),
        ({"interventions": ["quik"]}, "did you mean 'quick'"),
        ({"interventions": ["quick", "quick"]}, "twice"),
        ({"interventions": []}, "no intervention to compare"),
        ({"until": -1}, "until"),
    ],
)
def test_what_can_not_be_meant_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(StudyError, match=message):
        atlas(_model(QUICK), **options)  # type: ignore[arg-type]


def test_a_wrong_key_names_the_nearest() -> None:
    with pytest.raises(StudyError, match="did you mean 'quick'"):
        atlas(_model(QUICK))["quck", "A"]


@pytest.mark.parametrize(
    ("value", "text"), [(0.0049, "0"), (-0.35, "-0.35"), (0.996, "+1.0"), (-9.96, "-10"), (12.4, "+12")]
)
def test_a_cell_says_two_digits(value: float, text: str) -> None:
    assert fold_text(value) == text


def test_what_acts_beside_another_one_is_compared_with_that_one_alone() -> None:
    """Half of a supply that only `making_b` switches on: log2(1/2) beside it, and nothing alone."""
    half = Intervention("half", [scale("supply", 0.5)], beside="making_b")
    making = Intervention("making_b", [set_to("supply", 2.0)])
    found = atlas(_model(QUICK, making, half), readouts="B")
    assert found["half", "B"] == pytest.approx(-1.0, abs=1e-9)
    assert found.labels == ("quick", "making_b", "half beside making_b")
    assert found.control[:, 0] == pytest.approx([0.0, 0.0, 10.0])
    assert found.table().set_index("intervention").loc["half", "beside"] == "making_b"
    alone = Intervention("half", [scale("supply", 0.5)])
    assert atlas(_model(making, alone), readouts="B").change == (("new",), ("zero",))
    rich = _model().replace(
        interventions=[Intervention("half", [scale("supply", 0.5)], beside="rich")],
        variants=[Variant("rich", values={"supply": 4.0})],
    )
    assert atlas(rich, readouts="B")["half", "B"] == pytest.approx(-1.0, abs=1e-9)


def test_company_that_is_not_there_is_named() -> None:
    with pytest.raises(ModelError, match=r"acts beside 'making'.*'making_b'"):
        _model(MAKING, Intervention("half", [scale("supply", 0.5)], beside="making"))
    with pytest.raises(StudyError, match=r"'half'.*'making_b'.*no intervention"):
        atlas(_model(QUICK), [Intervention("half", [scale("supply", 0.5)], beside="making_b")])


@pytest.mark.slow
def test_an_arm_of_many_steps_is_compiled_with_the_same_numbers() -> None:
    """A dose every hour for 60 days is 1440 restarts; SciPy and the compiled engine agree to the tolerance."""
    hourly = Intervention("hourly", [transfer("A", 1.0)], pulses(every=0.05, width=0, n=1200))
    model = _model(QUICK).replace(horizon=60.0, interventions=[QUICK])
    arms = Arms(control=[hourly], both=[hourly, QUICK])
    quick, slow = atlas(model, arms, readouts="A"), atlas(model, arms, readouts="A", engine="scipy")
    np.testing.assert_allclose(quick.values, slow.values, rtol=1e-5)
    np.testing.assert_allclose(quick.control, slow.control, rtol=1e-5)
