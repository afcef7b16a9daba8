from __future__ import annotations

import numpy as np
import pytest

import immunode as im
from tests.analysis import normal_forms

COMPLEX = im.Model(
    name="binding",
    time_unit="",
    states=[im.State("A", 3.0, "", "ligand"), im.State("B", 2.0, "", "receptor"), im.State("AB", 0.0, "", "complex")],
    parameters=[
        im.Parameter("k", 2.0, "", "binding", source="assumed: a test"),
        im.Parameter("u", 1.0, "", "release", source="assumed: a test"),
    ],
    processes=[im.Process("bind", "A + B -> AB", "k*A*B"), im.Process("release", "AB -> A + B", "u*AB")],
)


def test_kuznetsov_has_its_four_states_in_the_published_numbers() -> None:
    """Kuznetsov 1994 as quoted in the specification, to the digits printed there."""
    found = im.dynamics.steady_states(im.load_model("kuznetsov1994"), engine="numpy")
    expected = {
        "saddle": [(0.3155, 0.0), (0.7585, 268.0)],
        "stable spiral": [(1.608, 8.186)],
        "stable node": [(0.1732, 447.03)],
    }
    assert len(found) == 4
    for kind, points in expected.items():
        got = sorted((s.values["E"] / 1e6, s.values["T"] / 1e6) for s in found.found if s.kind == kind)
        assert np.allclose(got, sorted(points), rtol=3e-4, atol=1e-9)
    assert all(s.verified for s in found.found)


def test_conserved_totals_are_kept_and_bound_complex_is_the_root_of_the_quadratic() -> None:
    found = im.dynamics.steady_states(COMPLEX)
    (state,) = found.found
    # k (3 - c)(2 - c) = u c
    c = float(min(np.roots([2.0, -11.0, 12.0]).real))
    assert state.values["AB"] == pytest.approx(c, rel=1e-10)
    assert state.values["A"] == pytest.approx(3 - c, rel=1e-10)
    assert state.kind == "stable node"
    assert state.verified
    assert state.eigenvalues[0].real == pytest.approx(-(2 * (5 - 2 * c) + 1), rel=1e-9)
    assert len(found.totals) == 2


def test_initial_values_in_a_design_set_the_totals() -> None:
    found = im.dynamics.steady_states(COMPLEX, {"A(0)": [1.0, 3.0, 10.0]})
    for state, total in zip(found.found, (1.0, 3.0, 10.0), strict=True):
        c = float(min(np.roots([2.0, -(2 * (total + 2) + 1), 4 * total]).real))
        assert state.values["AB"] == pytest.approx(c, rel=1e-9)


def test_a_set_of_parameters_is_solved_in_one_batch_and_says_how_many_states_each_has() -> None:
    """Four states below the fold of C and D at s = 2.129e4, two up to 6.7357e4, one beyond."""
    s = np.array([1e4, 2.12e4, 2.14e4, 6.7e4, 6.8e4])
    found = im.dynamics.steady_states(im.load_model("kuznetsov1994"), {"s": s}, engine="numpy")
    assert found.counts()["found"].tolist() == [4, 4, 2, 2, 1]
    assert found.counts()["stable"].tolist() == [2, 2, 1, 1, 1]


@pytest.mark.parametrize(
    ("r", "w", "kind"),
    [
        (-0.5, 2.0, "stable spiral"),
        (0.5, 2.0, "unstable spiral"),
        (-0.5, 0.0, "stable node"),
        (0.5, 0.0, "unstable node"),
    ],
)
def test_names_follow_the_eigenvalues(r: float, w: float, kind: str) -> None:
    found = im.dynamics.steady_states(normal_forms.HOPF.with_values(r=r, w=w), bounds={"x": (-2, 2), "y": (-2, 2)})
    origin = next(s for s in found.found if abs(s.values["x"]) + abs(s.values["y"]) < 1e-9)
    assert origin.kind == kind
    assert origin.verified


def test_a_center_is_called_one_and_is_not_called_verified() -> None:
    swing = normal_forms.form("swing", {"x": 1.0, "y": 0.0}, {"w": 2.0}, {"x": "-w*y", "y": "w*x"})
    (state,) = im.dynamics.steady_states(swing, bounds={"x": (-2, 2), "y": (-2, 2)}).found
    assert state.kind == "center"
    assert not state.verified
    assert abs(state.eigenvalues[0].imag) == pytest.approx(2.0, rel=1e-12)


@pytest.mark.slow
def test_a_line_of_steady_states_is_told_and_not_listed() -> None:
    found = im.dynamics.steady_states(im.load_model("smith2011"), engine="numpy")
    assert sum(s.kind == "not hyperbolic" for s in found.found) == 1
    assert "fill a line along EU" in repr(found)


@pytest.mark.parametrize(
    ("point", "kind"),
    [
        ((0, 0, 0), "saddle"),
        ((0, 0, 7.122e11), "stable node"),
        ((1.52052e4, 263.37, 1.442520e6), "saddle"),
        ((1.52052e4, 1.97519e5, 1.0912e3), "stable node"),
    ],
)
def test_car_t_has_the_published_states(point: tuple[float, ...], kind: str) -> None:
    found = im.dynamics.steady_states(im.load_model("cartmath2021"), engine="numpy")
    near = [s for s in found.found if np.allclose(list(s.values.values()), point, rtol=2e-4, atol=1e-9)]
    assert [s.kind for s in near] == [kind]


def test_interventions_move_states() -> None:
    model = im.load_model("kuznetsov1994")
    found = im.dynamics.steady_states(model, interventions="adoptive_transfer", engine="numpy")
    (dormant,) = found.stable
    assert dormant.values["T"] == pytest.approx(3.50e6, rel=2e-3)


def test_steady_states_are_a_sequence_and_those_of_one_set_can_be_asked_for() -> None:
    found = im.dynamics.steady_states(normal_forms.FOLD, {"r": [-1.0, -4.0]}, bounds=normal_forms.BOX)
    assert [round(state.values["x"], 9) for state in found] == [-1.0, 1.0, -2.0, 2.0]
    assert [state.values["x"] for state in found.of(1)] == pytest.approx([-2.0, 2.0])
    assert found[0] in found
    with pytest.raises(im.errors.StudyError, match="no run 2; runs go from 0 to 1"):
        found.of(2)


def test_a_run_that_grows_without_bound_hides_no_steady_state() -> None:
    """From its start this normal form grows to 1e35; its rests are x = (1 -+ sqrt(3))/2."""
    found = im.dynamics.steady_states(normal_forms.BOGDANOV_TAKENS, bounds={"x": (-3, 3), "y": (-3, 3)}, engine="numpy")
    assert [s.values["x"] for s in found] == pytest.approx([(1 - 3**0.5) / 2, (1 + 3**0.5) / 2], rel=1e-10)
    assert [s.kind for s in found] == ["unstable spiral", "saddle"]


def test_what_is_not_found_is_said() -> None:
    found = im.dynamics.steady_states(normal_forms.FOLD, {"r": [-1.0, 1.0]}, bounds=normal_forms.BOX)
    assert found.missing == (1,)
    assert "none found in 1 sets: run 1" in repr(found)


def test_a_wrong_name_is_one_clear_line() -> None:
    model = im.load_model("kuznetsov1994")
    with pytest.raises(im.errors.StudyError, match="kuznetsov1994: there is no parameter 'ss'"):
        im.dynamics.steady_states(model, {"ss": [1.0]})
    with pytest.raises(im.errors.StudyError, match="no state 'tumor'; did you mean 'E' or 'T'"):
        im.dynamics.steady_states(model, bounds={"tumor": (0, 1)})
