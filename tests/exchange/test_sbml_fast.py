"""Fast reactions of SBML files, against the closed form of the limit."""

from __future__ import annotations

import numpy as np
import pytest

import immunode as im
from immunode.exchange.sbml.reading.reader import read_sbml
from immunode.model import Model
from tests.exchange.suite import FOLDER, run_case
from tests.libraries import needs

pytestmark = needs("libsbml")


def chain(law: str = "k*(A - q*B)") -> Model:
    """Return A <-> B fast, B -> C slow: A = q B at all times, so that A + B falls at the rate B."""
    import libsbml

    document = libsbml.SBMLDocument(3, 1)
    model = document.createModel()
    home = model.createCompartment()
    home.setId("home")
    home.setSize(1)
    home.setConstant(True)
    for name, value in (("A", 8.0), ("B", 0.0), ("C", 0.0)):
        species = model.createSpecies()
        species.setId(name)
        species.setCompartment("home")
        species.setInitialAmount(value)
        species.setHasOnlySubstanceUnits(True)
        species.setBoundaryCondition(False)
        species.setConstant(False)
    for name, value in (("k", 3.0), ("q", 3.0)):
        parameter = model.createParameter()
        parameter.setId(name)
        parameter.setValue(value)
        parameter.setConstant(True)
    for name, taken, made, rate, fast in (("J1", "A", "B", law, True), ("J2", "B", "C", "B", False)):
        reaction = model.createReaction()
        reaction.setId(name)
        reaction.setFast(fast)
        reaction.setReversible(False)
        for reference, who in ((reaction.createReactant(), taken), (reaction.createProduct(), made)):
            reference.setSpecies(who)
            reference.setStoichiometry(1)
            reference.setConstant(True)
        reaction.createKineticLaw().setMath(libsbml.parseL3Formula(rate))
    return read_sbml(libsbml.writeSBMLToString(document))


@pytest.mark.parametrize("engine", ["scipy", "numpy"])
def test_a_fast_equilibrium_holds_from_the_start_on(engine: str) -> None:
    """A + B = T with B = T/(1 + q), T' = -T/(1 + q) from 8; the error of the limit is 1/fast_ratio."""
    times = np.array([0.0, 1.0, 4.0])
    one = im.simulate(chain(), times=times, rtol=1e-9, engine=engine)
    total = 8 * np.exp(-times / 4)
    assert one["A"] == pytest.approx(0.75 * total, rel=3e-6)
    assert one["B"] == pytest.approx(0.25 * total, rel=3e-6)
    assert one["C"] == pytest.approx(8 - total, abs=3e-5)


def test_the_error_shrinks_with_the_ratio() -> None:
    errors = []
    for ratio in (1e3, 1e4, 1e5):
        one = im.simulate(chain().with_values(fast_ratio=ratio), times=[0, 1], rtol=1e-10)
        errors.append(abs(one["B"][-1] - 2 * np.exp(-0.25)))
    assert errors[0] / errors[1] == pytest.approx(10, rel=0.05)
    assert errors[1] / errors[2] == pytest.approx(10, rel=0.05)


def test_the_model_says_what_was_done() -> None:
    model = chain()
    assert any("fast reactions (J1) run 1e+06 times as fast" in remark for remark in model.remarks)
    assert [p.rate for p in model.processes] == ["fast_ratio*(k*(A - q*B))", "B"]


def test_a_fast_reaction_without_an_equilibrium_is_refused() -> None:
    with pytest.raises(im.ImmunodeError, match=r"fast reactions \(J1\): 'A' comes to no equilibrium"):
        chain("k")


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the SBML Test Suite is not beside the project")
@pytest.mark.parametrize("case", ["00871", "00872", "00988", "01398", "01568", "01570"])
def test_cases_of_the_suite(case: str) -> None:
    verdict = run_case(case)
    assert verdict.passed, verdict.detail
