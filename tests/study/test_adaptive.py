"""Points added where an endpoint changes fast."""

from __future__ import annotations

import numpy as np
import pytest

from immunode.errors import StudyError
from immunode.model import Model, Parameter, Process, State
from immunode.study import SweepResult, adaptive, sweep


def threshold() -> Model:
    """Return X' = X*(X - a)*(1 - X) from X(0) = x: X ends at 0 below a, at 1 above it; the front is x = a."""
    return Model(
        name="threshold",
        horizon=200.0,
        states=[State("X", 0.5)],
        parameters=[Parameter("a", 0.4, source="assumed: a test", bounds=(0.1, 0.9))],
        processes=[Process("growth", "-> X", "X*(X - a)*(1 - X)")],
    )


def run(n: int, columns: dict[str, tuple[float, float]], **options: object) -> SweepResult:
    return adaptive(threshold(), columns, n=n, endpoints="final(X)", engine="numpy", **options)


def test_a_front_on_a_line_is_halved_until_it_is_sharp() -> None:
    out = run(60, {"X(0)": (0.0, 1.0)})
    x = np.sort(out.plan.design.values[:, 0])
    below, above = x[x < 0.4].max(), x[x > 0.4].min()
    # 60 equal steps would leave 0.017; a quarter of the points halving alone gives less than 1/2**8
    assert above - below < 2**-8
    assert len(x) == len(np.unique(x)) == 60


def test_points_gather_at_a_front_in_a_plane_and_leave_no_hole() -> None:
    out = run(400, {"X(0)": (0.0, 1.0), "a": (0.1, 0.9)})
    x, a = out.plan.design.values.T
    near = np.abs(x - a) < 0.05
    # the strip is 10 % of the plane
    assert near.mean() > 0.3
    counts, _, _ = np.histogram2d(x, a, bins=4, range=[[0, 1], [0.1, 0.9]])
    assert counts.min() >= 3


def test_the_runs_are_those_of_a_sweep_of_the_same_design() -> None:
    out = run(40, {"X(0)": (0.0, 1.0)})
    again = sweep(threshold(), out.plan.design, endpoints="final(X)", engine="numpy")
    assert out.table().equals(again.table())
    assert out.recipe["design"] == ("40 adaptive points, 10 of them Sobol points and corners, seed 0 (X(0): given)")


def test_the_same_seed_gives_the_same_points(decay: Model) -> None:
    first, again = (adaptive(decay, {"k": (0.1, 2)}, n=20, arms=["control", "slow"], engine="numpy") for _ in range(2))
    assert first.table().equals(again.table())
    assert first.table()["arm"].tolist() == ["control", "slow"] * 20


def test_the_border_of_failing_runs_is_a_front(runaway: Model) -> None:
    out = adaptive(runaway, {"r": (0.1, 0.4)}, n=40, endpoints="final(X)", engine="numpy")
    # X reaches infinity at 1/r: before the end at 5 where r > 0.2
    r, bad = out.plan.design.values[:, 0], ~out.ok
    assert r[bad].min() - r[~bad].max() < 0.3 * 2**-8


def test_many_columns_do_not_need_a_mesh(decay: Model) -> None:
    columns = {f"{name}": (0.1, 2.0) for name in ("k", "inflow", "k_second")} | {"A(0)": (1.0, 2.0)}
    five = adaptive(threshold(), {"a": (0.1, 0.9)}, n=12, endpoints="final(X)", engine="numpy")
    assert len(five) == 12
    assert len(adaptive(decay, columns, n=40, engine="numpy")) == 40


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"n": 1}, "make no sense"),
        ({"watch": "final(Y)"}, r"unknown endpoint 'final\(Y\)'"),
        ({"store": "x.zarr"}, r"store= is of no use here; sweep the design of the result: out\.plan\.design"),
    ],
)
def test_nonsense_is_refused(options: dict[str, object], says: str) -> None:
    with pytest.raises(StudyError, match=says):
        run(**{"n": 20, "columns": {"a": (0.1, 0.9)}, **options})  # type: ignore[arg-type]
