from __future__ import annotations

import numpy as np
import pytest

import immunode as im
from tests.analysis import normal_forms


def test_the_fold_of_the_normal_form_is_at_0() -> None:
    found = im.dynamics.continuation(normal_forms.FOLD, "r", (-2.0, 2.0), bounds=normal_forms.BOX)
    (point,) = found.points
    assert point.kind == "fold"
    assert abs(point.parameter) < 1e-9
    (branch,) = found.branches
    assert np.allclose(branch.states[0] ** 2, -branch.parameter, atol=1e-9)
    assert np.array_equal(branch.stable, branch.eigenvalues[:, 0].real < 0)


def test_the_transcritical_point_is_at_0_and_both_branches_are_found() -> None:
    found = im.dynamics.continuation(normal_forms.TRANSCRITICAL, "r", (-1.0, 1.5), bounds=normal_forms.BOX)
    (point,) = found.points
    assert point.kind == "transcritical"
    assert abs(point.parameter) < 1e-6
    whole = found.table()
    assert ((whole.x.abs() < 1e-8) | ((whole.x - whole.r).abs() < 1e-8)).all()
    assert {-1.0, 1.5} <= set(whole[whole.x.abs() > 0.5].r.round(9))


def test_the_pitchfork_is_told_from_a_transcritical_point() -> None:
    found = im.dynamics.continuation(normal_forms.PITCHFORK, "r", (-1.0, 1.5), bounds=normal_forms.BOX)
    (point,) = [p for p in found.points if p.kind != "fold"]
    assert point.kind == "pitchfork"
    assert abs(point.parameter) < 1e-6
    ends = found.table().query("r > 1.4999").x.round(6).unique()
    assert sorted(ends) == pytest.approx([-np.sqrt(1.5), 0.0, np.sqrt(1.5)], abs=1e-5)


@pytest.mark.slow
def test_the_hopf_point_has_the_frequency_and_its_cycles_the_radius_of_the_normal_form() -> None:
    found = im.dynamics.continuation(
        normal_forms.HOPF, "r", (-1.0, 1.0), bounds={"x": (-2, 2), "y": (-2, 2)}, cycles=4, engine="numpy"
    )
    (point,) = found.of("Hopf")
    assert abs(point.parameter) < 1e-6
    assert point.period == pytest.approx(np.pi, rel=1e-9)
    (family,) = found.cycles
    assert len(family.parameter) == 4
    # cycles are closed to 1e-7, extremes come from parabolas through 1024 samples
    assert np.allclose(family.high, np.sqrt(family.parameter), rtol=1e-6)
    assert np.allclose(family.low, -np.sqrt(family.parameter), rtol=1e-6)
    assert np.allclose(family.period, np.pi, rtol=1e-7)
    # the radius decays with -2 r
    assert np.allclose(family.multiplier, np.exp(-2 * family.parameter * np.pi), rtol=1e-3)


@pytest.mark.parametrize("a", [0.7, 1.0, 1.8])
def test_the_brusselator_oscillates_from_one_plus_a_squared(a: float) -> None:
    found = im.dynamics.continuation(normal_forms.BRUSSELATOR.with_values(A=a), "B", (0.5, 6.0), engine="numpy")
    (point,) = found.points
    assert point.kind == "Hopf"
    assert point.parameter == pytest.approx(1 + a * a, rel=1e-8)
    assert point.period == pytest.approx(2 * np.pi / a, rel=1e-8)


def test_baker_is_bistable_between_its_published_folds() -> None:
    found = im.dynamics.continuation(im.load_model("baker2013"), "alpha2", (0.0, 50.0), engine="numpy")
    assert [round(p.parameter, 4) for p in found.of("fold")] == [7.3313, 15.6657]
    assert not found.of("Hopf")


@pytest.mark.slow
def test_baker_at_alpha4_7_has_two_hopf_points_and_the_cycle_of_the_specification() -> None:
    """10.804 and 20.843 are asked for; by its eigenvalues the field gives 10.8021 and 20.8332: see the model's page."""
    model = im.load_model("baker2013").with_values(alpha4=7.0)
    found = im.dynamics.continuation(model, "alpha2", (5.0, 25.0), engine="numpy")
    got = [p.parameter for p in found.of("Hopf")]
    assert got == pytest.approx([10.8021, 20.8332], abs=5e-5)
    for point in found.of("Hopf"):
        at = im.dynamics.steady_states(model, {"alpha2": [point.parameter]}, engine="numpy", verified=False)
        lead = min((abs(s.eigenvalues[0].real), s.eigenvalues[0].imag) for s in at.found)
        assert lead[0] < 1e-6
        assert 2 * np.pi / abs(lead[1]) == pytest.approx(point.period, rel=1e-5)


@pytest.mark.slow
def test_baker_has_the_published_cycle_at_alpha2_16() -> None:
    """Period 5.561 and p in [0.1259, 0.5111], as printed."""
    model = im.load_model("baker2013").with_values(alpha4=7.0)
    found = im.dynamics.continuation(model, "alpha2", (11.0, 21.0), cycles=12, engine="numpy")
    (family,) = found.cycles
    i = found.states.index("p")
    at = [float(np.interp(16.0, family.parameter, v)) for v in (family.period, family.low[i], family.high[i])]
    assert at == pytest.approx([5.561, 0.1259, 0.5111], rel=1e-2)  # linear between cycles 1.2 apart


def test_kuznetsov_loses_the_large_tumor_in_a_fold_and_the_small_one_at_s_critical() -> None:
    found = im.dynamics.continuation(im.load_model("kuznetsov1994"), "s", (1e3, 1e5), engine="numpy")
    (fold,), (crossing,) = found.of("fold"), found.of("transcritical")
    assert fold.parameter == pytest.approx(2.1290e4, rel=5e-5)
    # a d/n
    assert crossing.parameter == pytest.approx(0.18 * 0.0412 / 1.101e-7, rel=1e-6)


@pytest.mark.slow
def test_kirschner_and_panetta_have_their_fold_and_hopf_point() -> None:
    found = im.dynamics.continuation(im.load_model("kirschner_panetta1998"), "c", (1e-5, 0.05), engine="numpy")
    assert [p.parameter for p in found.of("fold")] == pytest.approx([8.5520e-5], rel=1e-4)
    assert [p.parameter for p in found.of("Hopf")] == pytest.approx([0.032464], rel=2e-5)


@pytest.mark.slow
def test_reynolds_has_its_three_thresholds() -> None:
    found = im.dynamics.continuation(im.load_model("reynolds2006"), "k_pg", (0.05, 2.4), engine="numpy")
    assert min(p.parameter for p in found.of("fold")) == pytest.approx(0.513716, abs=1e-6)
    crossings = [p.parameter for p in found.of("transcritical")]
    assert crossings[0] == pytest.approx(1.5, rel=1e-6)
    assert crossings[-1] == pytest.approx(1.754737, abs=1e-6)


def test_alexander_turns_sick_where_r0_is_1() -> None:
    found = im.dynamics.continuation(im.load_model("alexander2010"), "f", (5e-5, 3e-4), engine="numpy")
    (point,) = found.points
    assert point.kind == "transcritical"
    assert point.parameter == pytest.approx(1e-4 / 0.7996002, rel=1e-6)


def test_a_mistake_is_one_clear_line() -> None:
    model = im.load_model("kuznetsov1994")
    with pytest.raises(im.errors.StudyError, match="no parameter 'q'"):
        im.dynamics.continuation(model, "q", (0, 1))
    with pytest.raises(im.errors.StudyError, match="must rise"):
        im.dynamics.continuation(model, "s", (2.0, 1.0))
    with pytest.raises(im.errors.StudyError, match="p has no bounds; give between"):
        im.dynamics.continuation(model, "p")
