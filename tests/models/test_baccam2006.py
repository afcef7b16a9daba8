"""Baccam 2006 behaves as published and as computed (specification viral_tcl_hiv.md)."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from behavior import System

from immunode.catalogue import load_model
from immunode.model import Model

MODEL = load_model("baccam2006")
SYSTEM = System(MODEL)
DAYS = np.arange(0, 12.001, 0.01)


def r0(model: Model) -> float:
    p = {q.name: q.value for q in model.parameters}
    return p["beta"] * p["p"] * p["T_0"] / (p["c"] * p["delta"])


def test_reproduction_number() -> None:
    """21.8 with eclipse (published about 22) and 10.8 without; 3 digits printed."""
    assert r0(MODEL) == pytest.approx(21.8, abs=0.05)
    assert r0(MODEL) == pytest.approx(22, abs=0.5)
    assert r0(MODEL.variant("no_eclipse")) == pytest.approx(10.8, abs=0.05)


def test_times_that_the_abstract_prints() -> None:
    """Eclipse 6 h, life of producing cells about 5 h, half-life of virus about 3 h."""
    p = {q.name: q.value for q in MODEL.parameters}
    assert 24 / p["k"] == pytest.approx(6, abs=1e-9)
    assert 24 / p["delta"] == pytest.approx(5, abs=0.5)
    assert 24 * np.log(2) / p["c"] == pytest.approx(3, abs=0.5)


def test_course_of_an_infection() -> None:
    """Peak 7.73e5 on day 2.33; above 1 until day 6.33; 3 digits printed."""
    virus = SYSTEM.run(DAYS)[:, 3, 0]
    assert virus.max() == pytest.approx(7.73e5, abs=600)
    assert DAYS[virus.argmax()] == pytest.approx(2.33, abs=0.011)
    assert DAYS[virus > 1][-1] == pytest.approx(6.33, abs=0.011)


def test_critical_efficacy() -> None:
    """1 - 1/R0 = 0.954: the border between growth and decay of a few virus among fresh cells."""
    critical = 1 - 1 / r0(MODEL)
    assert critical == pytest.approx(0.954, abs=5e-4)
    for efficacy, grows in ((critical - 1e-3, True), (critical + 1e-3, False)):
        block = SYSTEM.jacobian([4e8, 0, 0, 0], {"eps_p": efficacy})[1:, 1:]
        assert (np.linalg.eigvals(block).real.max() > 0) == grows


def test_when_a_drug_helps() -> None:
    """0.97 from day 1 on: virus only falls from then on; from day 3: the same peak."""
    early = SYSTEM.given(["neuraminidase_inhibitor"]).run(DAYS)[:, 3, 0]
    after = early[DAYS >= 1]
    assert np.all(np.diff(after) < 0)
    late = SYSTEM.given(["neuraminidase_inhibitor_day_3"]).run(DAYS)[:, 3, 0]
    untreated = SYSTEM.run(DAYS)[:, 3, 0]
    assert late.max() == pytest.approx(untreated.max(), rel=1e-6)


def test_earlier_and_stronger_is_better() -> None:
    """Area under virus over the twelve default arms."""
    cases = list(itertools.product((0.5, 0.9, 0.97), (0.0, 1.0, 2.0, 3.0)))
    efficacy, start = np.array(cases).T
    knobs = {"neuraminidase_inhibitor.set_to": efficacy, "neuraminidase_inhibitor.start": start}
    y = SYSTEM.given(["neuraminidase_inhibitor"]).run(DAYS, knobs)[:, 3]
    area = np.trapezoid(y, DAYS, axis=0).reshape(3, 4)
    assert np.all(np.diff(area[:, 1:], axis=0) < 0)
    assert np.all(np.diff(area[1:], axis=1) > 0)


def test_without_eclipse_no_cell_is_in_eclipse() -> None:
    y = System(MODEL.variant("no_eclipse")).run(DAYS)[:, :, 0]
    assert not y[:, 1].any()
    assert y[0, 3] == 9.3e-2
    assert y[:, 3].max() > 1e4
