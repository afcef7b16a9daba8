"""bindellini2024 behaves as computed in its specification: the day of ACTH and cortisol, disease, tablets."""

from __future__ import annotations

import numpy as np
import pytest
from behavior import QUICKEST, Array, System

from immunode.catalogue import load_model
from immunode.study.populations import population

MODEL = load_model("bindellini2024")
SYSTEM = System(MODEL)
NAMES = SYSTEM.functions.program.quantities
HOURS = np.linspace(0, 24, 4801)
# what each arm sets; one row of the table in the specification each
ROWS: dict[str, dict[str, float]] = {
    "healthy": {},
    "dexamethasone": {"dex": 1},
    "mild": {"act": 0.35},
    "classic": {"act": 0.02},
    "late": {"act": 0.02, "mg1": 10, "mg2": 5, "mg3": 5},
    "early": {"act": 0.02, "mg1": 10, "mg2": 5, "mg3": 5, "h1": 4, "h2": 12, "h3": 20},
    "20 at 7": {"mg1": 20, "h1": 55, "days": 1},
    "20 at 22": {"mg1": 20, "h1": 46, "days": 1},
    "dex + 20 at 8": {"dex": 1, "mg1": 20, "h1": 56, "days": 1},
}


@pytest.fixture(scope="module")
def third_day() -> dict[str, dict[str, Array]]:
    """Return all quantities of the third day by arm and name."""
    value = {p.name: p.value for p in MODEL.parameters}
    names = {name for row in ROWS.values() for name in row}
    changes = {name: [row.get(name, value[name]) for row in ROWS.values()] for name in names}
    y = SYSTEM.run(48 + HOURS, changes, rtol=1e-9, engine=QUICKEST)
    p = SYSTEM.functions.parameters(SYSTEM.values(changes))
    seen = np.array([SYSTEM.functions.observe(48 + h, y[i], p) for i, h in enumerate(HOURS)])
    everything = np.concatenate([y, seen], axis=1)
    return {arm: dict(zip(NAMES, everything[:, :, k].T, strict=True)) for k, arm in enumerate(ROWS)}


def last_digit(printed: float) -> float:
    """Return 0.6 of the last digit of a printed number."""
    return float(0.6 * 10.0 ** -len(str(float(printed)).partition(".")[2]))


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("arm", "acth", "total", "free", "clock", "made"),
    [
        ("healthy", (5.875, 6.3, 1.538, 3.115), (366.6, 6.8, 41.3, 176.7), (17.45, 6.020), (296.0, 46.59), 5.55),
        ("dexamethasone", (1.29, None, 1.29, 1.29), (19.60, None, 19.59, 19.6), (0.41, 0.41), (19.6, 19.6), 0.38),
        ("mild", (12.67, 6.4, 1.567, 4.717), (320.0, 7.0, 18.2, 151.4), (13.5, 4.98), (295.6, 23.4), 4.59),
        ("classic", (1039.2, 6.9, 1.778, 137.8), (46.0, None, 2.5, 30.4), (1.02, 0.66), (42.0, 6.1), 0.61),
        ("late", (1039.2, 6.9, 1.560, 122.3), (605.4, 7.9, 12.8, 180.8), (47.98, 8.06), (602.3, 67.6), 0.55),
        ("early", (67.2, 12.3, 1.530, 13.18), (600.9, 4.9, 18.6, 182.4), (47.29, 7.93), (185.6, 107.0), 0.43),
        ("20 at 7", (5.875, 6.3, 1.538, 2.872), (899.6, 8.0, 41.3, 230.8), (98.5, 12.5), (899.3, 46.6), 4.67),
        ("20 at 22", (5.864, 6.3, 1.333, 2.989), (618.3, 0.0, 46.6, 218.3), (50.0, 8.37), (295.9, 618.3), 5.23),
        ("dex + 20 at 8", (1.29, None, 1.29, 1.29), (836.3, 9.0, 19.6, 126.8), (87.1, 7.87), (19.6, 19.6), 0.38),
    ],
)
def test_the_third_day(
    third_day: dict[str, dict[str, Array]],
    arm: str,
    acth: tuple[float, float | None, float, float],
    total: tuple[float, float | None, float, float],
    free: tuple[float, float],
    clock: tuple[float, float],
    made: float,
) -> None:
    """ACTH and total cortisol: most, its hour, least, mean; free: most, mean; at 8 and 0 h; made in mg: as printed."""
    run = third_day[arm]

    def mean(name: str) -> float:
        return float(np.trapezoid(run[name], HOURS) / 24)

    for name, (most, hour, least, average) in (("ACTH", acth), ("total", total)):
        for got, printed in ((run[name].max(), most), (run[name].min(), least), (mean(name), average)):
            assert got == pytest.approx(printed, abs=last_digit(printed))
        if hour is not None:
            assert HOURS[run[name].argmax()] == pytest.approx(hour, abs=0.06)
    for got, printed in zip(
        [run["free"].max(), mean("free"), run["total"][1600], run["total"][0], mean("made")],
        [*free, *clock, made],
        strict=True,
    ):
        assert got == pytest.approx(printed, abs=last_digit(printed))
    assert (run["free"] < run["total"]).all()


def test_dexamethasone_leaves_the_basal_rates(third_day: dict[str, dict[str, Array]]) -> None:
    """ACTH is BASE exactly; cortisol from act Emax BASE^gE/(EC50^gE + BASE^gE) = CL cu."""
    run = third_day["dexamethasone"]
    np.testing.assert_array_equal(run["ACTH"], 1.29)
    made = 5400 * 1.29**2.94 / (6.63**2.94 + 1.29**2.94)
    assert run["free"][-1] == pytest.approx(made / 106, rel=1e-5)


@pytest.mark.slow
def test_the_rhythm_and_the_known_ranges(third_day: dict[str, dict[str, Array]]) -> None:
    """Period of a day from the second on; reference ranges from memory: 140 to 690 nmol/L and 2 to 11 pmol/L at 8 h."""
    y = SYSTEM.run([36.0, 60.0], rtol=1e-9)[:, :, 0]
    np.testing.assert_allclose(y[0], y[1], rtol=1e-4, atol=1e-6)
    healthy = third_day["healthy"]
    assert 140 < healthy["total"][1600] < 690
    assert 2 < healthy["ACTH"][1600] < 11
    assert third_day["classic"]["ACTH"][1600] == pytest.approx(645, abs=1)


def test_a_tablet_is_absorbed_to_its_bioavailability() -> None:
    """Gamma(N + 1) to 1e-11, at every N that patients have; the input of 20 mg adds up to F times the dose."""
    import math

    p = SYSTEM.functions.parameters(SYSTEM.values({"N": [0.6, 2.12, 8.0]}))
    seen = SYSTEM.functions.observe(0.0, np.ones((4, 3)), p)
    gamma = seen[NAMES.index("gamma_N") - 4]
    np.testing.assert_allclose(gamma, [math.gamma(n + 1) for n in (0.6, 2.12, 8.0)], rtol=1e-11)
    p = SYSTEM.functions.parameters(SYSTEM.values({"mg1": 20.0, "h1": 8.0, "days": 1.0}))
    times = np.linspace(8, 30, 4001)
    rate = [SYSTEM.functions.observe(t, np.ones((4, 1)), p)[NAMES.index("transit") - 4, 0] for t in times]
    assert np.trapezoid(rate, times) == pytest.approx(0.344 * 20 / 362.46e-6, rel=1e-5)


@pytest.mark.slow
def test_without_an_adrenal_cortisol_goes_to_nothing() -> None:
    y = SYSTEM.run([72.0, 240.0], {"act": 0.0})[:, :, 0]
    assert -1e-6 < y[1, 2] < 0.02 * y[0, 2] + 1e-6


@pytest.mark.slow
def test_healthy_patients() -> None:
    """Third day: percentiles 5, 50, 95 told of 100 patients lie within those of 400 groups of 100; medians to 5 %.

    Over all 2,000: 267/371/514 and 195/302/463 nmol/L, 3.9/6.0/9.1 pmol/L, 184 +- 43: a little wider than both samples
    told, by up to 2.6 standard errors (the most cortisol at its 95th percentile: 473).
    """
    patients = population(MODEL).draw(2000, seed=2)
    changes = {name: patients.values[:, i] for i, name in enumerate(patients.names)}
    y = SYSTEM.run(np.linspace(48, 72, 241), changes, rtol=1e-5, engine=QUICKEST)
    acth, cortisol = y[:, 1], y[:, 2] / 2.15
    groups_of = np.random.default_rng(6).integers(0, 2000, (400, 100))
    told = {
        "most cortisol": (cortisol.max(0), (278, 369, 473)),
        "cortisol at 8 h": (cortisol[80], (210, 303, 415)),
        "cortisol at 0 h": (cortisol[-1], (26, 50, 104)),
        "most ACTH": (acth.max(0), (4.0, 6.1, 8.3)),
    }
    for name, (values, percentiles) in told.items():
        groups = np.quantile(values[groups_of], [0.05, 0.5, 0.95], axis=1)
        assert (groups.min(axis=1) <= percentiles).all(), name
        assert (percentiles <= groups.max(axis=1)).all(), name
        assert np.median(values) == pytest.approx(percentiles[1], rel=0.05)
    daily = np.trapezoid(cortisol, dx=0.1, axis=0) / 24
    spreads = daily[groups_of].std(axis=1)
    assert daily.mean() == pytest.approx(184, rel=0.03)
    assert spreads.min() < 38 < spreads.max()
