"""The zinc model behaves as computed (specifications vitd_zinc.md, part 2, and zinc_amend.md)."""

from __future__ import annotations

import numpy as np
import pytest
from behavior import System

from immunode.catalogue import load_model
from immunode.intervention import Intervention, perturb, set_to
from immunode.study import Arms, sweep
from immunode.study.populations import population

MODEL = load_model("zinc_minimal")
SYSTEM = System(MODEL)
PER_MG = 15.295


def rates(system: System) -> np.ndarray:
    p = system.functions.parameters(system.values())
    return system.functions.rhs(0.0, system.functions.initial(p), system.functions.prepare(p))[:, 0]


def test_reference_intake_is_exactly_steady() -> None:
    """The right-hand side is 0 to the last bit."""
    p = SYSTEM.functions.parameters(SYSTEM.values())
    y = SYSTEM.functions.initial(p)
    np.testing.assert_array_equal(y[:, 0], [2400, 1, 1, 1, 1])
    np.testing.assert_array_equal(rates(SYSTEM), 0)
    seen = [*y[:, 0], *SYSTEM.functions.observe(0.0, y, p)[:, 0]]
    observed = dict(zip(SYSTEM.functions.program.quantities, seen, strict=True))
    assert observed["pool_mg"] == pytest.approx(157, abs=0.1)


def test_absorption_meets_both_points_of_the_reference_intakes() -> None:
    """IOM 2001: 9.4 mg eaten, 3.84 absorbed; 6.8 and 3.30: the two points that give Amax and K."""
    value = {p.name: p.value for p in MODEL.parameters}
    for eaten, absorbed in ((9.4, 3.84), (6.8, 3.30)):
        umol = eaten * PER_MG
        assert value["Amax"] * umol / (value["K"] + umol) / PER_MG == pytest.approx(absorbed, abs=6e-3)


def test_loss_balances_the_reference_diet() -> None:
    share = 102.6 * 150 / (107.5 + 150) / 2400
    assert share == pytest.approx(0.02490291, abs=6e-9)
    assert rates(System(perturb(MODEL, Intervention("none", [set_to("intake", 0.0)]))))[0] == pytest.approx(
        -0.02490291 * 2400, rel=1e-6
    )


@pytest.mark.parametrize(
    ("arm", "wanted"),
    [
        ("mild_deficiency", [(0.7715, 0.9227, 0.9736, 0.9530, 1.2465), (0.6012, 0.6447, 0.7914, 0.7088, 1.4544),
                             (0.5519, 0.4846, 0.5605, 0.4486, 1.5048), (0.5450, 0.4577, 0.4605, 0.3369, 1.5113)]),
        ("severe_deficiency", [(0.6331, 0.8414, 0.9470, 0.9057, 1.4143), (0.3595, 0.2553, 0.5553, 0.4472, 1.6265),
                               (0.2804, 0.0614, 0.1705, 0.1262, 1.6466), (0.2694, 0.0441, 0.0470, 0.0256, 1.6484)]),
        ("high_intake", [(1.1965, 1.0339, 1.0123, 1.0217, 0.8644), (1.3432, 1.0793, 1.0531, 1.0811, 0.8004),
                         (1.3855, 1.0905, 1.0825, 1.1264, 0.7865), (1.3914, 1.0918, 1.0916, 1.1416, 0.7847)]),
        ("phytate", [(0.7992, 0.9353, 0.9778, 0.9605, 1.2128), (0.6494, 0.7146, 0.8315, 0.7607, 1.4000),
                     (0.6061, 0.5871, 0.6477, 0.5416, 1.4497), (0.6000, 0.5650, 0.5673, 0.4450, 1.4563)]),
    ],
)  # fmt: skip
def test_a_year_of_a_diet(arm: str, wanted: list[tuple[float, ...]]) -> None:
    """Pool over reference, Thymus, N, M, TNF on days 28, 84, 168, 365."""
    y = SYSTEM.given([arm]).run([28.0, 84.0, 168.0, 365.0], rtol=1e-10)[:, :, 0]
    np.testing.assert_allclose(y / [2400, 1, 1, 1, 1], wanted, atol=6e-5)


def test_depletion_and_repletion() -> None:
    y = SYSTEM.given(["depletion", "repletion"]).run([196.0, 224.0, 252.0], rtol=1e-10)[:, :, 0]
    wanted = [
        (0.9989, 0.7807, 0.6371, 0.5319, 1.0060),
        (1.2215, 0.9820, 0.7823, 0.6925, 0.8518),
        (1.3323, 1.0553, 0.8985, 0.8421, 0.8044),
    ]
    np.testing.assert_allclose(y / [2400, 1, 1, 1, 1], wanted, atol=6e-5)


@pytest.mark.parametrize(
    ("eaten", "pool"), [(3.3, 86.1), (5, 112.0), (6.8, 132.5), (9.4, 154.1), (15, 183.4), (30, 218.2), (45, 233.0)]
)
def test_steady_pools(eaten: float, pool: float) -> None:
    """In mg, all inside the measured 75 to 280."""
    diet = Intervention("diet", [set_to("intake", eaten * PER_MG)])
    y = System(perturb(MODEL, diet)).run([3650.0], rtol=1e-10)[0, 0, 0] / PER_MG
    assert y == pytest.approx(pool, abs=0.06)
    assert 75 < y < 280


def test_the_elderly_rest_on_their_diet_and_gain_by_a_supplement() -> None:
    """Start 1985.6 umol, at rest; a year of 45 mg a day lowers TNF and raises the Th1 capacity (signs only)."""
    model = load_model("zinc_minimal", "elderly")
    elderly = System(model)
    p = elderly.functions.parameters(elderly.values())
    start = elderly.functions.initial(p)[:, 0]
    assert start[0] == pytest.approx(1985.6, abs=0.06)
    np.testing.assert_allclose(rates(elderly), 0, atol=1e-13)
    end = elderly.given(["elderly_supplement"]).run([365.0])[0, :, 0]
    assert end[0] > start[0]
    assert end[3] > start[3]
    assert end[4] < start[4]


def test_patients_rest_on_the_reference_diet() -> None:
    """Whatever their pool and absorption; 95 % of the pools lie between 92 and 267 mg (spread of 0.27)."""
    out = sweep(MODEL, population(MODEL).draw(2000, seed=1) * Arms({"none": []}), until=100,
                endpoints=["change(Zpool, 100)", "final(pool_mg)", "final(N)"])  # fmt: skip
    table = out.table()
    np.testing.assert_allclose(table["change(Zpool, 100)"], 0, atol=1e-8)
    np.testing.assert_allclose(table["final(N)"], 1, atol=1e-9)
    np.testing.assert_allclose(np.quantile(table["final(pool_mg)"], [0.025, 0.975]), [92, 267], rtol=0.05)
