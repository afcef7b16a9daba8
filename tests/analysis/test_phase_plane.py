from __future__ import annotations

import numpy as np
import pytest

import immunode as im

MODEL = im.load_model("kuznetsov1994")


@pytest.mark.slow
def test_rates_on_the_grid_are_the_equations_written_by_hand() -> None:
    plane = im.dynamics.phase_plane(MODEL, {"E": (1e4, 3e6), "T": (1e4, 6e8)}, n=5, engine="numpy")
    e, t = np.meshgrid(plane.x, plane.y)
    de = 1.3e4 + 0.1245 * e * t / (2.019e7 + t) - 3.422e-10 * e * t - 0.0412 * e
    dt = 0.18 * t * (1 - 2e-9 * t) - 1.101e-7 * e * t
    assert np.allclose(plane.rates[0], de, rtol=1e-12)
    assert np.allclose(plane.rates[1], dt, rtol=1e-12)


@pytest.mark.slow
def test_the_plane_holds_the_states_inside_its_ranges_only() -> None:
    plane = im.dynamics.phase_plane(MODEL, {"E": (0.0, 3e6), "T": (1.0, 3e8)}, engine="numpy")
    assert sorted(s.kind for s in plane.fixed) == ["saddle", "stable spiral"]


def test_a_state_that_stays_where_it_is_lets_the_plane_show_steady_states() -> None:
    """The absent drug of baker2013 stays absent; fixed points solve the two equations of the specification by hand."""
    model = im.load_model("baker2013").with_values(alpha2=12.0)
    plane = im.dynamics.phase_plane(model, {"p": (0.0, 0.5), "a": (0.0, 1.0)}, engine="numpy")
    assert sorted(s.kind for s in plane.fixed) == ["saddle", "stable node"]
    saddle = next(s for s in plane.fixed if s.kind == "saddle")
    assert len(plane.borders) == 2
    for x, y in plane.borders:
        assert (x[0], y[0]) == (saddle.values["p"], saddle.values["a"])


@pytest.mark.slow
def test_an_edge_of_the_plane_is_no_border_between_basins() -> None:
    """The tumor-free saddle of kuznetsov1994 draws in what lies on T = 0, beyond which nothing can start."""
    plane = im.dynamics.phase_plane(MODEL, {"E": (0.0, 3e6), "T": (0.0, 6e8)}, engine="numpy")
    assert plane.borders
    assert all(y.max() > 1e6 for _, y in plane.borders)


def test_one_state_is_no_plane() -> None:
    with pytest.raises(im.errors.StudyError, match="needs two states"):
        im.dynamics.phase_plane(MODEL, {"E": (0.0, 3e6)})
