from __future__ import annotations

import numpy as np
import pytest

import immunode as im

MODEL = im.load_model("kuznetsov1994")
BOX = {"E": (0.0, 3e6), "T": (1e4, 6e8)}


def test_the_border_at_3_2e5_effector_cells_is_where_the_model_page_says() -> None:
    """The largest tumor that is held has 6.56e7 cells."""
    found = im.dynamics.basins(MODEL, {"T": (6.0e7, 7.0e7)}, n=201, engine="numpy")
    held = [k for k, s in enumerate(found.ends) if s.kind == "stable spiral"]
    largest = found.axes[0][found.where == held[0]].max()
    # one step of the grid is 5e4 cells
    assert largest == pytest.approx(6.56e7, abs=1e5)


@pytest.mark.slow
def test_starts_on_both_sides_of_the_separatrix_end_apart() -> None:
    plane = im.dynamics.phase_plane(MODEL, BOX, engine="numpy")
    border = [b for b in plane.borders if b[1].max() > 1e8]
    x, y = (np.concatenate([b[k] for b in border]) for k in (0, 1))
    # a tumor 3 % smaller or larger than the border, at four places along it
    picked = [int(np.argmin(np.abs(x - at))) for at in (1e5, 3e5, 6e5, 1e6)]
    for k in picked:
        one = im.dynamics.basins(
            MODEL.with_initial(E=float(x[k])), {"T": (0.97 * y[k], 1.03 * y[k])}, n=2, engine="numpy"
        )
        ends = [one.ends[int(i)].kind for i in one.where]
        assert ends == ["stable spiral", "stable node"]


def test_a_state_in_a_conserved_total_is_refused_with_the_reason() -> None:
    pool = im.Model(
        name="pool", time_unit="",
        states=[im.State("A", 1.0, "", "resting"), im.State("B", 0.0, "", "active")],
        parameters=[im.Parameter("k", 1.0, "", "rate", source="assumed: a test")],
        processes=[im.Process("on", "A -> B", "k*A"), im.Process("off", "B -> A", "k*B")],
    )  # fmt: skip
    with pytest.raises(im.errors.StudyError, match="'A' is in a conserved total"):
        im.dynamics.basins(pool, {"A": (0.0, 1.0)})
