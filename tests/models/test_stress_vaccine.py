"""stress_vaccine is its two parts where they do not meet, and less of the second where they do."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq

from immunode.catalogue import find_model, list_models, load_model
from immunode.study import simulate
from immunode.study.result.simulation import Simulation

MODEL = load_model("stress_vaccine")
DAYS = np.array([0, 21, 56, 77, 90, 421, 730.0])


def run(*arms: str) -> Simulation:
    return simulate(MODEL, times=DAYS, interventions=arms, rtol=1e-9)


def test_at_rest_the_vaccine_is_that_of_vaccine_minimal() -> None:
    alone = simulate(load_model("vaccine_minimal"), times=DAYS, rtol=1e-9)
    whole = run()
    for name in ("A", "M", "B", "L", "H"):
        # germinal centers end: what is left of them after a year is below the tolerance of the solver
        np.testing.assert_allclose(whole[f"vaccine.{name}"], alone[name], rtol=1e-6, atol=1e-9, err_msg=name)


@pytest.mark.parametrize(
    ("arm", "theirs"), [("chronic_stress", "chronic_stress"), ("prednisolone_20mg", "prednisolone_20mg")]
)
def test_the_stress_axis_is_that_of_karin2020(arm: str, theirs: str) -> None:
    """Nothing of the vaccine acts on it."""
    alone = simulate(load_model("karin2020"), times=DAYS, interventions=theirs, rtol=1e-9)
    whole = run(arm)
    for name in ("CRH", "ACTH", "CORT", "P", "A"):
        np.testing.assert_allclose(whole[f"stress.{name}"], alone[name], rtol=1e-5, err_msg=name)


@pytest.mark.parametrize(
    ("arm", "left"),
    [
        ("chronic_stress", 0.879),
        ("prednisolone_20mg", 0.547),
        ("prednisolone_5mg", 0.979),
        ("prednisolone_5_days", 0.815),
        ("stress_later", 1.0),
        ("adjuvanted", 2.080),
    ],
)
def test_what_is_left_of_the_titer_a_year_after_the_second_dose(arm: str, left: float) -> None:
    """Its description prints these; the adjuvant doubles as it does in vaccine_minimal."""
    ratio = float(run(arm)["vaccine.A"][5] / run()["vaccine.A"][5])
    assert ratio == pytest.approx(left, abs=6e-4)


def test_a_lasting_stress_holds_back_what_the_closed_form_of_its_rest_says() -> None:
    """Glands adapt until CRH = ACTH = 1, up to their limits of 1e6, so cortisol is the root of c (1 + (c/4)^3) = u."""
    rest, stressed = (float(brentq(lambda c, u=u: c * (1 + (c / 4) ** 3) - u, 0, 3)) for u in (1.0, 2.15))
    start = {f"stress.{s.name}": s.initial for s in load_model("karin2020").variant("stressed").states}
    kept = simulate(MODEL.with_values({"stress.u": 2.15}).with_initial(start), until=100, rtol=1e-9)
    through = kept["vaccine.act"][-1] / run()["vaccine.act"][-1]
    assert through == pytest.approx((stressed / 2.15) / rest, rel=1e-5)


def test_listing_reads_title_status_and_states_of_the_parts_without_running_the_file() -> None:
    (entry,) = (one for one in list_models() if one.name == "stress_vaccine")
    assert entry.n_states == len(MODEL.states) == 16
    assert (entry.system, entry.status, entry.species) == (MODEL.system, MODEL.status, MODEL.species)
    assert entry.title == MODEL.title
    assert find_model("stress_vaccine")[0].name == "stress_vaccine.py"
