"""Kuznetsov 1994 behaves as published and as computed independently (specification kuznetsov1994.md)."""

from __future__ import annotations

import numpy as np
import pytest
from behavior import Array, Outcome, System, thresholds

from immunode.catalogue import load_model

MODEL = load_model("kuznetsov1994")
SYSTEM = System(MODEL)
P = {p.name: p.value for p in MODEL.parameters}
END = 4000.0  # days; dormancy is approached with 0.0055 per day, so exp(-22) of the start is left


def tumors(changes: dict[str, float]) -> list[float]:
    """Return all steady T > 0: E follows from T, then roots of dE/dt in T, found on the generated equations."""
    p = {**P, **changes}
    t = np.geomspace(1e2, (1 - 1e-9) / p["b"], 40_000)
    residual = SYSTEM.rhs(np.array([p["a"] * (1 - p["b"] * t) / p["n"], t]), changes)[0]
    crossings = np.flatnonzero(residual[:-1] * residual[1:] < 0)
    found = [SYSTEM.steady([p["a"] * (1 - p["b"] * t[i]) / p["n"], t[i]], changes)[1] for i in crossings]
    return [float(x) for x in found]


def test_dimensionless_parameters_are_the_papers() -> None:
    """To the four digits printed; the paper's 1.636 and 0.3743 differ by its rounding."""
    unit, per = 1e6, P["n"] * 1e6
    got = [P["s"] / (per * unit), P["p"] / per, P["g"] / unit, P["m"] / P["n"], P["d"] / per, P["a"] / per]
    np.testing.assert_allclose(got, [0.1181, 1.131, 20.19, 0.00311, 0.3743, 1.636], rtol=8e-4)
    assert P["b"] * unit == pytest.approx(0.002)


@pytest.mark.parametrize(
    ("guess", "expected", "paper", "stable"),
    [
        ((3.155e5, 0), (0.3155, 0), None, False),
        ((1.608e6, 8.186e6), (1.608, 8.186), (1.609, 8.190), True),
        ((7.585e5, 2.68e8), (0.7585, 268.0), (0.760, 267.8), False),
        ((1.732e5, 4.47e8), (0.1732, 447.03), (0.173, 447.1), True),
    ],
)
def test_the_four_steady_states(
    guess: tuple[float, float], expected: tuple[float, float], paper: tuple[float, float] | None, stable: bool
) -> None:
    """To the digits of the specification (half a unit of the last); the paper's own rounded set gives 3 digits."""
    y = SYSTEM.steady(guess)
    np.testing.assert_allclose(y / 1e6, expected, rtol=4e-4, atol=1e-9)
    if paper:
        np.testing.assert_allclose(y / 1e6, paper, rtol=3e-3)
    assert (SYSTEM.growth(guess) < 0) == stable


def test_there_are_three_steady_states_with_a_tumor() -> None:
    np.testing.assert_allclose(tumors({}), [8.186e6, 2.680e8, 4.4703e8], rtol=3e-4)


def test_dormancy_is_a_slow_spiral() -> None:
    """The specification prints the frequency with 4 digits and the damping with 2."""
    slowest = SYSTEM.eigenvalues(SYSTEM.steady([1.608e6, 8.186e6]))[0]
    assert abs(slowest.imag) == pytest.approx(0.06342, rel=2e-4)
    assert 2 * np.pi / abs(slowest.imag) == pytest.approx(99, abs=0.5)
    assert slowest.real == pytest.approx(-0.0055, abs=5e-5)


def test_tumor_free_state_is_stable_above_a_d_over_n() -> None:
    """Analytic: growth a against killing n s/d; the specification prints 5 digits."""
    border = SYSTEM.turns("s", 5e4, 8e4, lambda s: [s / P["d"], 0])
    assert border == pytest.approx(P["a"] * P["d"] / P["n"], rel=1e-9)
    assert border == pytest.approx(6.7357e4, rel=1e-5)


def test_folds_in_influx_and_recruitment() -> None:
    """Escape disappears at s = 2.1290e4, dormancy at p = 0.06933 (5 and 4 digits)."""
    assert SYSTEM.fold("s", 2.1e4, [4e5, 3.8e8])[0] == pytest.approx(2.1290e4, rel=3e-5)
    assert SYSTEM.fold("p", 0.07, [1.5e6, 4e7])[0] == pytest.approx(0.06933, rel=1e-4)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"s": 2.0}, [5.60e6]),
        ({"s": 3.0}, [3.50e6]),
        ({"s": 6.0}, []),
        ({"s": 0.5}, [9.72e6, 2.37e8, None]),
        ({"p": 0.5}, [4.72e8]),
        ({"p": 1.5}, [4.62e6]),
        ({"m": 0.1}, [7.40e6]),
        ({"n": 2.0}, [5.60e6]),
        ({"a": 0.5}, [5.60e6]),
    ],
)
def test_steady_tumors_under_interventions(changes: dict[str, float], expected: list[float | None]) -> None:
    """All of them, to the 3 digits printed."""
    found = tumors({name: P[name] * factor for name, factor in changes.items()})
    assert len(found) == len(expected)
    for got, wanted in zip(found, expected, strict=True):
        assert wanted is None or got == pytest.approx(wanted, rel=2e-3)


def test_sixfold_influx_makes_the_tumor_free_state_a_stable_node() -> None:
    eigenvalues = SYSTEM.eigenvalues([6 * P["s"] / P["d"], 0], {"s": 6 * P["s"]})
    assert np.all(eigenvalues.real < 0)
    assert np.all(eigenvalues.imag == 0)


@pytest.mark.slow
def test_interventions_of_the_file_are_those_of_the_table() -> None:
    """Composition gives the same steady tumor as the changed parameter."""
    guess = {"adoptive_transfer": 3.50e6, "checkpoint_blockade": 7.40e6, "killing_boost": 5.60e6, "cytostatic": 5.60e6,
             "recruitment_boost": 4.62e6, "immunosuppression": 9.72e6, "recruitment_block": 4.72e8}  # fmt: skip
    for name, tumor in guess.items():
        given = SYSTEM.given([name])
        y = given.run(END)[0, :, 0]
        assert y[1] == pytest.approx(tumor, rel=2e-3), name


def test_dormancy_or_escape_depends_on_the_start() -> None:
    """Largest tumor still held, for three numbers of effector cells; computed, 3 digits."""
    effectors = np.array([[1e5], [3.2e5], [1e6]])

    def escaped(tumor: Array) -> Outcome:
        start = np.broadcast_to(effectors, tumor.shape).ravel()
        end = SYSTEM.run(END, initial={"E": start, "T": tumor.ravel()}, rtol=1e-8)[0, 1]
        return np.asarray(end > 1e8).reshape(tumor.shape)

    found = thresholds(escaped, [5e6] * 3, [4.9e8] * 3, 1e-4, points=40)
    np.testing.assert_allclose(found, [1.02e7, 6.56e7, 4.13e8], rtol=5e-3)  # half of the last digit of 1.02e7


def test_default_runs_end_as_published() -> None:
    end = SYSTEM.run(END, initial={"E": [3.2e5, 3.2e5, 1e4], "T": [5e5, 5e6, 1e8]})[0]
    np.testing.assert_allclose(end[1], [8.186e6, 8.186e6, 4.4703e8], rtol=1e-3)


def test_effectors_that_rescue_a_large_tumor() -> None:
    """At least 9.21e4 of them, from (3.2e5, 1e8); 3 digits."""
    system = System(MODEL.variant("large_tumor")).given(["adoptive_transfer_bolus"])

    def rescued(dose: Array) -> Outcome:
        end = system.run(END, {"adoptive_transfer_bolus.transfer": dose.ravel()}, rtol=1e-8)[0, 1]
        return np.asarray(end < 1e8).reshape(dose.shape)

    assert thresholds(rescued, 1e4, 3e5, 1e-4, points=60)[0] == pytest.approx(9.21e4, rel=1e-3)
