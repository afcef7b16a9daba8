"""Virtual populations have the distributions, correlations and ranges that were asked for."""

from __future__ import annotations

import numpy as np
import pytest

from immunode.catalogue import load_model
from immunode.errors import StudyError
from immunode.study.design.distributions import MIDDLE, lognormal, loguniform, normal, uniform
from immunode.study.populations import Population, population

MODEL = load_model("kuznetsov1994", variant="large_tumor")
N = 4000
"""Patients where a moment is estimated: its standard error is then spread/63."""


def drawn(people: Population, n: int = N, seed: int = 1) -> dict[str, np.ndarray]:
    return {name: column.to_numpy(float) for name, column in people.draw(n, seed=seed).table().items()}


def test_lognormal_has_its_median_and_spread() -> None:
    log = np.log(drawn(population(MODEL, distributions={"a": lognormal(0.18, cv=0.4)}))["a"])
    assert log.mean() == pytest.approx(np.log(0.18), abs=4 * 0.385 / np.sqrt(N))
    assert log.std() == pytest.approx(np.sqrt(np.log(1.16)), rel=4 / np.sqrt(2 * N))


def test_truncation_leaves_no_heap_at_the_ends() -> None:
    """Of a standard normal above 0 the median is the quantile 0.75 (0.6745), and no value is repeated."""
    x = drawn(population(MODEL, distributions={"a": normal(0.0, 1.0, low=0.0)}))["a"]
    assert x.min() > 0
    assert len(np.unique(x)) == N
    assert np.median(x) == pytest.approx(0.6744898, abs=0.05)


def test_uniform_and_loguniform_fill_their_range_evenly() -> None:
    given = {"a": uniform(1, 3), "n": loguniform(0.01, 100)}
    x = drawn(population(MODEL, distributions=given))
    # Kolmogorov's distance at the level 1e-4 is 2.2/sqrt(n)
    for u in ((x["a"] - 1) / 2, (np.log10(x["n"]) + 2) / 4):
        assert np.abs(np.sort(u) - (np.arange(N) + 0.5) / N).max() < 2.2 / np.sqrt(N)


def test_bounds_hold_the_middle_95_percent() -> None:
    people = population(load_model("miyano2022"), "k1")
    x = drawn(people)["k1"]
    assert np.mean((x > 0.362) & (x < 8.1)) == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / N))
    assert dict(people.marginals)["k1"].spread == pytest.approx(np.log(8.1 / 0.362) / (2 * MIDDLE))


def test_correlation_is_that_of_the_logarithms() -> None:
    given = {"a": lognormal(1, sd=0.5), "n": lognormal(2, sd=0.3), "s": lognormal(3, sd=0.1)}
    x = drawn(population(MODEL, distributions=given, correlations={("a", "n"): -0.6}))
    found = np.corrcoef([np.log(x[name]) for name in given])
    assert found[0, 1] == pytest.approx(-0.6, abs=0.05)
    assert abs(found[0, 2]) < 0.07


def test_t_copula_keeps_the_marginals_and_makes_extremes_meet() -> None:
    """Gaussian scores with correlation 0 are extreme together in 1 of 400; a t copula with 2 degrees in many more.

    The tail dependence of t with 2 degrees of freedom and correlation 0 is 2 t_3(-sqrt(3)) = 0.18.
    """
    given = {"a": normal(0, 1), "n": normal(0, 1)}
    plain, heavy = (drawn(population(MODEL, distributions=given, tail=tail)) for tail in (None, 2.0))
    both = [np.mean((x["a"] > 1.645) & (x["n"] > 1.645)) for x in (plain, heavy)]
    assert both[0] < 0.006
    assert both[1] > 0.006
    assert heavy["a"].std() == pytest.approx(1, abs=0.06)


def test_scores_are_those_of_numpy_row_by_row() -> None:
    """So that a published population that was drawn with NumPy's generator can be drawn again."""
    z = np.random.default_rng(7).standard_normal((5, 2))
    given = {"a": lognormal(2.0, sd=0.3), "n": lognormal(1.0, sd=0.1)}
    values = population(MODEL, distributions=given).draw(5, seed=7).values
    np.testing.assert_allclose(values, np.exp(np.log([2.0, 1.0]) + z * [0.3, 0.1]), rtol=1e-14)


def test_a_longer_draw_begins_with_the_shorter_one() -> None:
    people = population(MODEL, "a", "n")
    np.testing.assert_array_equal(people.draw(8, seed=3).values, people.draw(20, seed=3).values[:8])


def test_accepted_patients_show_what_was_asked_for() -> None:
    from immunode.study.sweeps import sweep

    people = population(MODEL, "a", "n", "s").accept({"final(T)": (1e7, 3e8)}, until=100)
    design = people.draw(40, seed=2)
    final = sweep(MODEL, design, until=100, endpoints="final(T)").endpoint("final(T)")
    assert ((final >= 1e7) & (final <= 3e8)).all()
    np.testing.assert_array_equal(design.values[:10], people.draw(10, seed=2).values)
    assert "drawn accepted" in design.recipe


def test_a_range_that_nobody_reaches_is_told() -> None:
    with pytest.raises(StudyError, match=r"only 0 of \d+ .*final\(T\)"):
        population(MODEL, "a").accept({"final(T)": (1e20, 1e21)}, until=10).draw(10)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: population(MODEL, distributions={"a": 3.0}), "'a' needs a distribution such as lognormal"),
        (lambda: population(MODEL, distributions={"aa": uniform(0, 1)}), "nothing is called 'aa'; did you mean 'a'"),
        (lambda: population(MODEL, "a", "n", correlations={("a", "m"): 0.2}), "correlation with 'm', which does not"),
        (
            lambda: population(MODEL, "a", "n", "s", correlations={("a", "n"): 0.9, ("n", "s"): 0.9, ("a", "s"): -0.9}),
            "no joint distribution has these correlations",
        ),
        (lambda: population(MODEL, "a").draw(0), "whole number above 0"),
        (lambda: population(MODEL, "a").accept({"final(T)": (2, 1)}), "needs a range"),
        (lambda: lognormal(-1, cv=0.3), "median must be above 0"),
        (lambda: lognormal(1), "either sd"),
        (lambda: normal(0, 0), "standard deviation must be above 0"),
        (lambda: uniform(2, 1), "range runs from 2 to 1"),
    ],
)
def test_what_can_not_be_is_said(made: object, message: str) -> None:
    assert callable(made)
    with pytest.raises(StudyError, match=message):
        made()
