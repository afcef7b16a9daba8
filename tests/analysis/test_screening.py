"""Elementary effects against closed forms and SALib's own numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from immunode.analysis.sensitivity.screening import morris
from immunode.analysis.sensitivity.variance import sobol_indices
from immunode.errors import StudyError

SPACE = {"a": (0.0, 2.0), "b": (-1.0, 1.0), "c": (0.0, 1.0)}


def test_effects_of_a_sum_are_its_slopes_times_the_ranges() -> None:
    found = morris(lambda x: 3 * x[:, 0] - 5 * x[:, 1] + 0 * x[:, 2], SPACE, 20)
    np.testing.assert_allclose(found.measures["mu"][0], [6, -10, 0], atol=1e-12)
    np.testing.assert_allclose(found.measures["mu_star"][0], [6, 10, 0], atol=1e-12)
    np.testing.assert_allclose(found.measures["sigma"][0], 0, atol=1e-12)
    assert found.ranking().index.tolist() == ["b", "a", "c"]


def test_interactions_show_in_the_spread() -> None:
    found = morris(lambda x: x[:, 0] * x[:, 1] + x[:, 2], SPACE, 50)
    sigma = dict(zip(found.columns, found.measures["sigma"][0], strict=True))
    assert sigma["a"] > 0.5
    assert sigma["c"] < 1e-12


@pytest.mark.parametrize("levels", [2, 4, 6])
def test_numbers_are_those_of_salib(levels: int) -> None:
    sample = pytest.importorskip("SALib.sample.morris")
    analyze = pytest.importorskip("SALib.analyze.morris")
    problem = {"num_vars": 3, "names": list("abc"), "bounds": [list(v) for v in SPACE.values()]}
    points = sample.sample(problem, 30, num_levels=levels, seed=2)

    def f(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return np.asarray(np.exp(x[:, 0]) * x[:, 1] + x[:, 2])

    theirs = analyze.analyze(problem, points, f(points), num_levels=levels, num_resamples=200, seed=2)
    ours = morris(f, SPACE, 30, levels=levels, seed=2)
    for measure in ("mu", "mu_star", "sigma"):
        np.testing.assert_allclose(ours.measures[measure][0], np.asarray(theirs[measure], float), rtol=1e-10)
    half = np.asarray(theirs["mu_star_conf"], float)
    np.testing.assert_allclose(ours.high["mu_star"][0], ours.measures["mu_star"][0] + half, rtol=1e-10)
    np.testing.assert_allclose(ours.low["mu_star"][0], ours.measures["mu_star"][0] - half, rtol=1e-10)
    given = morris((dict(zip("abc", points.T, strict=True)), f(points)), levels=levels)
    np.testing.assert_allclose(given.measures["mu"][0], ours.measures["mu"][0], rtol=1e-10)


def test_trajectories_with_a_failed_run_are_left_out_and_counted() -> None:
    def holes(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        y = 3 * x[:, 0] - 5 * x[:, 1]
        y[[0, 9]] = np.nan
        return np.asarray(y)

    found = morris(holes, SPACE, 20)
    assert found.used.tolist() == [18]
    assert "2 of 20 trajectories left out" in repr(found)
    np.testing.assert_allclose(found.measures["mu"][0], [6, -10, 0], atol=1e-12)


def test_what_can_not_be_is_one_line() -> None:
    with pytest.raises(StudyError, match="levels must be even, got 5"):
        morris(lambda x: x[:, 0], SPACE, 10, levels=5)
    with pytest.raises(StudyError, match="needs trajectories of 2 rows"):
        morris(({"a": [1, 2, 3]}, [1, 2, 3]))


@pytest.mark.parametrize("kind", ["bars", "heat", "plane", "convergence"])
def test_its_figures_can_be_drawn(kind: str) -> None:
    figure = morris(lambda x: x[:, 0] * x[:, 1] + x[:, 2], SPACE, 20).plot(kind)
    figure.canvas.draw()
    assert any(t.get_text() == "a" for ax in figure.axes for t in [*ax.get_yticklabels(), *ax.texts])


def test_a_seed_fixes_every_number_and_0_is_one() -> None:
    def f(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return np.asarray(np.sin(x[:, 0]) * x[:, 1] + x[:, 2])

    for verb in (morris, sobol_indices):
        first, again, other = (verb(f, SPACE, 16, seed=seed) for seed in (0, 0, 1))
        for measure, low in first.low.items():
            np.testing.assert_array_equal(first.measures[measure], again.measures[measure])
            np.testing.assert_array_equal(low, again.low[measure])
        assert not np.array_equal(first.measures[first.main], other.measures[other.main])
