"""Sobol' indices against closed forms, SALib's own numbers, and samples that are not perfect."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from immunode.analysis.sensitivity.saltelli_scheme import indices
from immunode.analysis.sensitivity.variance import saltelli, sobol_indices
from immunode.errors import StudyError
from immunode.model import Derived, Model, Parameter, Process, State
from immunode.study import sweep

CUBE = dict.fromkeys(("a", "b", "c"), (-np.pi, np.pi))


def ishigami(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.asarray(np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0]))


def _ishigami_exact() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Ishigami & Homma 1990 with a = 7, b = 0.1."""
    a, b = 7.0, 0.1
    v1, v2 = 0.5 * (1 + b * np.pi**4 / 5) ** 2, a**2 / 8
    v13 = b**2 * np.pi**8 * 8 / 225
    whole = v1 + v2 + v13
    return np.array([v1, v2, 0]) / whole, np.array([v1 + v13, v2, v13]) / whole


def _inside(found: Any, measure: str, exact: Any) -> None:
    # 99.7 % intervals: several 95 % ones at once would miss now and then
    half = (found.high[measure][0] - found.low[measure][0]) / 2 * 3 / 1.96
    assert (np.abs(found.measures[measure][0] - exact) <= half).all(), (found.measures[measure][0], exact, half)


def test_ishigami_has_its_exact_indices_within_the_intervals() -> None:
    found = sobol_indices(ishigami, CUBE, 2048, pairs=True)
    first, total = _ishigami_exact()
    _inside(found, "S1", first)
    _inside(found, "ST", total)
    interaction = found.pairs_table().set_index(["first", "second"])
    assert interaction.loc[("a", "c"), "S2_low"] < total[2] < interaction.loc[("a", "c"), "S2_high"]
    assert interaction.loc[("a", "b"), "S2_low"] < 0 < interaction.loc[("a", "b"), "S2_high"]
    assert (found.high["ST"] - found.low["ST"]).max() < 0.2


def test_the_g_function_has_its_exact_indices_within_the_intervals() -> None:
    a = np.array([0.0, 0.5, 3.0, 9.0, 99.0])  # Saltelli & Sobol' 1995

    def g(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return np.asarray(np.prod((np.abs(4 * x - 2) + a) / (1 + a), axis=1))

    found = sobol_indices(g, {f"x{i}": (0, 1) for i in range(5)}, 2048)
    v = 1 / 3 / (1 + a) ** 2
    whole = np.prod(1 + v) - 1
    others = np.array([np.prod(np.delete(1 + v, i)) for i in range(5)])
    _inside(found, "S1", v / whole)
    _inside(found, "ST", v * others / whole)


def test_a_sum_has_its_shares_and_no_interactions() -> None:
    weights = np.array([1.0, 2.0, 3.0])
    found = sobol_indices(lambda x: x @ weights, {"a": (0, 1), "b": (0, 1), "c": (0, 1)}, 1024)
    exact = weights**2 / np.sum(weights**2)
    # the total estimator of a sum is a mean of squared differences: its error is that of the sample's variance
    np.testing.assert_allclose(found.measures["ST"][0], exact, atol=0.01)
    _inside(found, "S1", exact)


@pytest.mark.parametrize("pairs", [False, True])
@pytest.mark.parametrize("n", [64, 256])
def test_numbers_are_those_of_salib(n: int, pairs: bool) -> None:
    sample = pytest.importorskip("SALib.sample.sobol")
    analyze = pytest.importorskip("SALib.analyze.sobol")
    problem = {"num_vars": 3, "names": ["a", "b", "c"], "bounds": [[-np.pi, np.pi]] * 3}
    points = sample.sample(problem, n, calc_second_order=pairs, seed=3)
    np.testing.assert_allclose(saltelli(CUBE, n, pairs=pairs, seed=3).values, points, rtol=1e-12, atol=1e-12)
    theirs = analyze.analyze(problem, ishigami(points), calc_second_order=pairs, num_resamples=50, seed=4)
    ours = sobol_indices(ishigami, CUBE, n, pairs=pairs, resamples=50, seed=3)
    for measure in ("S1", "ST"):
        np.testing.assert_allclose(ours.measures[measure][0], theirs[measure], rtol=1e-12)
        np.testing.assert_allclose(ours.high[measure] - ours.measures[measure], [theirs[f"{measure}_conf"]], rtol=1e-10)
        np.testing.assert_allclose(ours.measures[measure] - ours.low[measure], [theirs[f"{measure}_conf"]], rtol=1e-10)
    if pairs:
        np.testing.assert_allclose(ours.pairs[0], theirs["S2"], rtol=1e-11)
        np.testing.assert_allclose(ours.pairs_half[0], theirs["S2_conf"], rtol=1e-10)


@pytest.mark.filterwarnings("ignore:Constant values:UserWarning")  # of SALib
def test_indices_where_resamples_hardly_vary_are_those_of_salib() -> None:
    """Nearly all outputs are 0: some resamples hold nothing else, and have no variance to share out."""
    analyze = pytest.importorskip("SALib.analyze.sobol")
    y = np.zeros((12, 5))
    y[7] = [1.0, 0.5, 1.0, 0.2, 0.0]
    problem = {"num_vars": 3, "names": ["a", "b", "c"], "bounds": [[0.0, 1.0]] * 3}
    theirs = analyze.analyze(problem, y.ravel(), calc_second_order=False, num_resamples=40, seed=1)
    ours = indices(y, 3, resamples=40, seed=1)
    np.testing.assert_allclose(ours.total, theirs["ST"], rtol=1e-12)
    np.testing.assert_allclose(ours.first_half, theirs["S1_conf"], rtol=1e-12)
    np.testing.assert_allclose(ours.total_half, theirs["ST_conf"], rtol=1e-12)


def _model() -> Model:
    """A model whose derived quantity is the Ishigami function of its parameters."""
    return Model(
        name="ishigami",
        states=[State("x", 1.0)],
        parameters=[Parameter(n, 1.0, source="assumed: a test", bounds=(-np.pi, np.pi)) for n in ("a", "b", "c")],
        processes=[Process("rest", "x ->", "0*x")],
        derived=[Derived("y", "sin(a) + 7*sin(b)**2 + 0.1*c**4*sin(a)"), Derived("twice", "2*a"), Derived("one", "1")],
        horizon=1.0,
    )


def test_a_model_a_function_a_sweep_and_given_numbers_have_the_same_indices() -> None:
    model = _model()
    by_function = sobol_indices(ishigami, CUBE, 128)
    by_model = sobol_indices(model, None, 128, endpoints=["final(y)", "final(twice)", "final(one)"])
    design = saltelli(CUBE, 128)
    by_sweep = sobol_indices(sweep(model, design, endpoints=["final(y)"]))
    inputs = dict(zip(design.names, np.asarray(design.values).T, strict=True))
    by_numbers = sobol_indices((inputs, ishigami(np.asarray(design.values))))
    for other in (by_model, by_sweep, by_numbers):
        np.testing.assert_allclose(other.measures["ST"][0], by_function.measures["ST"][0], rtol=1e-9)
        np.testing.assert_allclose(other.measures["S1"][0], by_function.measures["S1"][0], rtol=1e-9, atol=1e-12)
    assert by_model.ranking("final(twice)").index[0] == "a"
    assert np.isnan(by_model.measures["ST"][2]).all()  # it does not vary
    assert "does not vary" in repr(by_model)


def test_a_shorter_design_is_the_beginning_of_a_longer_one() -> None:
    short, long = (np.asarray(saltelli(CUBE, n).values) for n in (24, 64))
    np.testing.assert_array_equal(short, long[: len(short)])


def test_convergence_ends_at_the_indices_themselves() -> None:
    found = sobol_indices(ishigami, CUBE, 256)
    assert found.sizes.tolist() == [32, 64, 128, 256]
    np.testing.assert_allclose(found.stages[-1], found.measures["ST"])
    error = np.abs(found.stages[:, 0] - _ishigami_exact()[1]).max(axis=1)
    assert error[-1] < error[0]


def test_base_points_with_a_failed_run_are_left_out_and_counted() -> None:
    def holes(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        y = ishigami(x)
        y[[3, 17, 18]] = np.nan, np.inf, np.nan  # rows of the base points 0 and 3
        return y

    found = sobol_indices(holes, CUBE, 64)
    assert found.used.tolist() == [62]
    assert "2 of 64 base points left out" in repr(found)
    whole = saltelli(CUBE, 64)
    keep = [i for i in range(64) if i not in (0, 3)]
    rows = np.asarray(whole.values).reshape(64, 5, 3)[keep].reshape(-1, 3)
    without = sobol_indices((dict(zip("abc", rows.T, strict=True)), ishigami(rows)))
    np.testing.assert_allclose(found.measures["ST"], without.measures["ST"])


def test_ranks_hold_where_a_few_runs_blow_up() -> None:
    def blows(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return np.asarray(np.exp(40 * (x[:, 0] > 0.98)) + x[:, 1])

    space = {"a": (0, 1), "b": (0, 1)}
    assert sobol_indices(blows, space, 256).ranking().index[0] == "a"
    ranked = sobol_indices(blows, space, 256, scale="rank")
    assert ranked.value("b", "ST") > 0.9


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_the_logarithm_of_a_product_is_a_sum(scale: str) -> None:
    found = sobol_indices(lambda x: x[:, 0] * x[:, 1] ** 2, {"a": (1, 10), "b": (1, 10)}, 512, scale=scale)
    interaction = found.measures["ST"][0] - found.measures["S1"][0]
    if scale == "log":  # uniform in the logarithm, for the ranges reach a factor of 10
        np.testing.assert_allclose(found.measures["ST"][0], [0.2, 0.8], atol=0.01)
    else:
        assert interaction.min() > 0.02


def test_any_other_sample_is_refused() -> None:
    rng = np.random.default_rng(0)
    points = rng.uniform(size=(40, 2))
    with pytest.raises(StudyError, match=r"need the points of saltelli.*use prcc or regional"):
        sobol_indices(({"a": points[:, 0], "b": points[:, 1]}, points.sum(axis=1)))


def test_what_can_not_be_is_one_line() -> None:
    with pytest.raises(StudyError, match="n must be a whole number of at least 2"):
        sobol_indices(ishigami, CUBE, 1)
    with pytest.raises(StudyError, match="a function has no ranges"):
        sobol_indices(ishigami)
    with pytest.raises(StudyError, match="unknown scale 'logs'; did you mean 'log'"):
        sobol_indices(ishigami, CUBE, 8, scale="logs")
    with pytest.raises(StudyError, match="expected a model or a function of an array"):
        sobol_indices(None, ["a"])  # type: ignore[arg-type]
    with pytest.raises(StudyError, match="expected a model or a function"):
        sobol_indices("ishigami", CUBE)  # type: ignore[arg-type]
    with pytest.raises(StudyError, match=r"the shape \(3,\); 40 inputs need"):
        sobol_indices(lambda x: np.ones(3), CUBE, 8)
    with pytest.raises(StudyError, match="unknown endpoint 'z'"):
        sobol_indices(ishigami, CUBE, 8).ranking("z")
    with pytest.raises(StudyError, match="no pairs were computed"):
        sobol_indices(ishigami, CUBE, 8).pairs_table()


@pytest.mark.parametrize("style", ["slide", "paper"])
@pytest.mark.parametrize("kind", ["bars", "heat", "convergence"])
def test_its_figures_name_the_inputs(kind: str, style: str) -> None:
    figure = sobol_indices(ishigami, CUBE, 64).plot(kind, style=style)
    figure.canvas.draw()
    texts = [t.get_text() for ax in figure.axes for t in [*ax.get_yticklabels(), *ax.texts]]
    assert {"a", "b", "c"} <= set(texts)
    with pytest.raises(StudyError, match="sobol has no plot 'plane'"):
        sobol_indices(ishigami, CUBE, 64).plot("plane")
