"""Sleep loss acts on NK activity, IL-6, debt and antibody as computed in the specification (sleep_immune.md)."""

from __future__ import annotations

import math

import numpy as np
import pytest
from behavior import Array, System

from immunode.catalogue import load_model
from immunode.intervention import Intervention, during, nights, perturb, set_to
from immunode.model import Model

MODEL = load_model("sleep_minimal")
S, S_HAB, DEBT, NK, IL6, AG, PC, AB = range(8)


def course(times: Array, *names: str | Intervention) -> Array:
    """Return the states over clock hours, (n_times, 8)."""
    given = [MODEL.intervention(name) if isinstance(name, str) else name for name in names]
    model: Model = perturb(MODEL, *given) if given else MODEL
    return System(model).run(times, rtol=1e-9, engine="scipy")[:, :, 0]


def day(k: int) -> Array:
    """Return the clock hours from 00:15 to 24:00 of day k."""
    return np.linspace(24 * k + 0.25, 24 * k + 24, 1901)


def mean(times: Array, values: Array) -> float:
    return float(np.trapezoid(values, times) / (times[-1] - times[0]))


def test_habit_leaves_everything_as_it_is() -> None:
    """Exactly, for 16 days; S follows its periodic schedule, 0.0927945 at 07:00 and 0.6233757 at 23:00."""
    y = course(np.array([7.0, 23.0, 199.0, 384.0]))
    np.testing.assert_array_equal(y[:, DEBT], 0)
    np.testing.assert_allclose(y[:, [NK, IL6]], 1, atol=1e-12)
    assert y[0, S] == pytest.approx(0.0927945, abs=6e-8)
    assert y[1, S] == pytest.approx(0.6233757, abs=6e-8)
    assert y[2, S] == pytest.approx(0.0927945, abs=6e-8)


def test_rates_are_the_half_lives_of_the_specification() -> None:
    """To the 7 digits printed."""
    value = {p.name: p.value for p in MODEL.parameters}
    for name, hours in {"k_I": 3, "k_A": 36, "d_PC": 120, "d_Ab": 504}.items():
        assert value[name] == pytest.approx(math.log(2) / hours, rel=3e-7)


def test_a_late_night_costs_nk_activity_for_a_day() -> None:
    """08:00: 0.72 (calibrated), 0.9526 after one night of recovery."""
    y = course(np.array([8.0, 32.0, 56.0]), "late_night")[:, NK]
    assert y[0] == 1
    assert y[1] == pytest.approx(0.72, abs=1e-5)
    assert y[2] == pytest.approx(0.9526, abs=6e-5)


@pytest.mark.parametrize(("name", "n", "nk", "il6"), [("sleep_6h", 8, 0.870, 1.507), ("sleep_4h", 6, 0.731, 1.778)])
def test_a_week_of_short_nights(name: str, n: int, nk: float, il6: float) -> None:
    """Means of the clock day that holds the last short sleep."""
    y = course(day(n), name)
    assert mean(day(n), y[:, NK]) == pytest.approx(nk, abs=6e-4)
    assert mean(day(n), y[:, IL6]) == pytest.approx(il6, abs=6e-4)


def test_six_nights_repair_most() -> None:
    y = course(day(14), "sleep_6h")
    assert mean(day(14), y[:, NK]) == pytest.approx(1.000, abs=6e-4)
    assert mean(day(14), y[:, IL6]) == pytest.approx(1.051, abs=6e-4)


def test_il6_is_calibrated_to_half_more() -> None:
    """6 h for 8 nights: mean 1.5 from 00:15 of day 8 to 07:00 of day 9."""
    times = np.linspace(24 * 8 + 0.25, 24 * 9 + 7, 2461)
    assert mean(times, course(times, "sleep_6h")[:, IL6]) == pytest.approx(1.5, abs=1e-4)


def test_a_night_without_sleep() -> None:
    times = np.linspace(24, 72, 4801)
    assert course(times, "no_sleep")[:, NK].min() == pytest.approx(0.476, abs=6e-4)
    assert mean(day(1), course(day(1), "no_sleep")[:, IL6]) == pytest.approx(1.399, abs=6e-4)


def titer(days: list[float], *names: str | Intervention) -> Array:
    times = 105 + 24 * np.array(days)
    return course(times, "vaccination", *names)[:, AB] / course(times, "vaccination")[:, AB]


def test_short_nights_around_a_vaccine_halve_the_titer() -> None:
    """4 h for 6 nights, vaccine on day 4: days 7, 10 (calibrated) and 28."""
    got = titer([7, 10, 28], "sleep_4h")
    np.testing.assert_allclose(got, [0.484, 0.500, 0.526], atol=6e-4)


def test_one_night_lost_after_a_vaccine() -> None:
    lost = Intervention("lost", [set_to("flip", 1)], nights([4]))
    assert titer([10], lost)[0] == pytest.approx(0.736, abs=6e-4)


def test_ten_nights_of_six_hours_and_a_vaccine() -> None:
    short = Intervention("short", [set_to("flip", 1)], nights(10, lasting="2 h"))
    assert titer([10], short)[0] == pytest.approx(0.661, abs=6e-4)


def test_less_sleep_is_worse() -> None:
    debts = [course(np.array([192.0]), name)[0, DEBT] for name in ("sleep_7h", "sleep_6h", "sleep_5h")]
    assert 0 < debts[0] < debts[1] < debts[2]


def test_shift_work_leaves_a_debt_for_good() -> None:
    y = course(day(40), "shift_work")
    assert y[:, DEBT].min() > 0.05
    assert mean(day(40), y[:, NK]) < 0.95
    assert y[:, IL6].min() > 1.1


def test_a_nap_lowers_the_debt_of_a_short_night() -> None:
    at = np.array([47.0])
    assert course(at, "late_night", "nap")[0, DEBT] < 0.9 * course(at, "late_night")[0, DEBT]
    assert course(at, "late_night", "nap")[0, IL6] < course(at, "late_night")[0, IL6]


def test_sixty_short_nights_reach_a_level() -> None:
    """Chronic restriction: debt and IL-6 settle, they do not climb for ever."""
    short = Intervention("short", [set_to("flip", 1)], nights(60, lasting="2 h"))
    early, late = course(day(30), short), course(day(59), short)
    assert mean(day(59), late[:, IL6]) == pytest.approx(mean(day(30), early[:, IL6]), rel=1e-3)


def test_hours_of_waking_are_met_exactly() -> None:
    """A window of minutes within ten days is not stepped over."""
    short = Intervention("short", [set_to("flip", 1)], during(239.0, 239.1))
    s = course(np.array([239.1]), short)[0]
    assert s[S] > s[S_HAB]
