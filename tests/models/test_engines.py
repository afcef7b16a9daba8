"""The NumPy engine agrees with SciPy at rtol 1e-10 on every model with every intervention.

Error: the largest difference over 41 times in the horizon, in units of the largest size of that state in the run; it
must stay below 10 times the tolerance asked for.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from behavior import Array, System

from immunode.catalogue import list_models, load_model

# Waves: an error in the trough of T (1e-2 cells and less) moves the next steep wave in time, for every solver (seen: 58
# tolerances at day 1000). Compare before that trough is left.
# Near the border of rejection the tumor stays small for weeks before it escapes: a change of 1e-6 at its lowest (day 8)
# is 1e-4 at day 57 (seen with SciPy at 1e-6: 130 tolerances). Compare before the escape.
# 260 waves at rtol 1e-10 take SciPy more than the steps allowed; 20 show as much (karin2020).
HORIZON = {
    ("kirschner_panetta1998", "antigen_loss"): 150.0,
    ("kosinsky2018", "rt_1x10"): 28.5,
    ("karin2020", "circadian"): 20.0,
}
# Two stiff jumps a day: a week shows all that there is to see.
HORIZON |= {("islam2021", "fiber_by_day"): 7.0}
# Two doses a day: weeks, past day 60 when treatments change, show what a year shows.
HORIZON |= {("graft_minimal", i.name): 70.0 for i in load_model("graft_minimal").interventions}
HORIZON |= {("graft_minimal", ""): 10.0}
# A tumor that escapes late carries the errors of its lowest point: compare before.
HORIZON |= {("cartmath2021", "car_t_first_10_percent"): 150.0}
# The reference patient in the variant `diseased` starts in a steady state; there is something to see under treatment.
VARIANT = {"baker2013": "diseased"}
CASES = [
    (entry.name, intervention)
    for entry in list_models()
    for intervention in ("", *(i.name for i in load_model(entry.name).interventions))
]


@cache
def system(name: str, intervention: str) -> System:
    model = load_model(name, VARIANT.get(name, ""))
    return System(model).given([intervention] if intervention else [])


@cache
def reference(name: str, intervention: str) -> tuple[Array, Array]:
    """Return times and the trajectory of SciPy at rtol 1e-10."""
    it = system(name, intervention)
    times = np.linspace(0, HORIZON.get((name, intervention), it.model.horizon), 41)
    return times, it.run(times, rtol=1e-10, engine="scipy")[:, :, 0]


def _marks(name: str, intervention: str, rtol: float) -> tuple[pytest.MarkDecorator, ...]:
    """Return no mark for the quick round: all untreated runs, and small models with interventions at 1e-6.

    The other tolerances of an intervention are run by hand: its breaks are seen at 1e-6.
    """
    if not intervention or (rtol == 1e-6 and len(load_model(name).states) <= 5):
        return ()
    return (pytest.mark.slow,) if rtol == 1e-6 else (pytest.mark.slow, pytest.mark.soak)


@pytest.mark.parametrize(
    ("name", "intervention", "rtol"),
    [pytest.param(*case, rtol, marks=_marks(*case, rtol)) for case in CASES for rtol in (1e-4, 1e-6, 1e-8)],
)
def test_numpy_is_within_ten_tolerances_of_scipy(name: str, intervention: str, rtol: float) -> None:
    times, expected = reference(name, intervention)
    got = system(name, intervention).run(times, rtol=rtol)[:, :, 0]
    # A state at 0 may carry rounding noise (seen: 1e-27 of its typical size), and the 41 times may miss its peak (the
    # tone of a bout of exercise). A thousandth of the typical size is where the absolute tolerance takes over.
    typical = np.array(system(name, intervention).functions.program.typical)
    size = np.maximum(np.abs(expected).max(axis=0), 1e-3 * typical)
    error = np.abs(got - expected).max(axis=0) / size
    assert error.max() < 10 * rtol, dict(zip(system(name, intervention).functions.program.states, error, strict=True))
