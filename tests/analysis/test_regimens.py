"""A search over regimens finds the one that arithmetic finds."""

from __future__ import annotations

import numpy as np
import pytest

from immunode.analysis.treatment.regimen_searches import regimen_search
from immunode.errors import StudyError
from immunode.intervention import Intervention, add
from immunode.model import Derived, Model, Parameter, State
from immunode.study.arms import Arms
from immunode.study.design.from_tables import from_table

MODEL = Model(
    name="dose",
    time_unit="day",
    states=[State("x", 0.0, "")],
    parameters=[Parameter("d", 0.0, "", source="assumed: a test"), Parameter("k", 1.0, "", source="assumed: a test")],
    derived=[Derived("effect", "d*k"), Derived("harm", "d*d*k")],
)
DRUG = Intervention("drug", [add("d", 1.0)])
PATIENTS = from_table({"k": np.linspace(0.5, 1.5, 101)})
RULES = {"responder": "final(effect) > 2", "toxic": "final(harm) > 12", "until": 1}


def test_the_smallest_dose_that_is_enough() -> None:
    """Dose a helps where k > 2/a, harms where k > 12/a^2; k is uniform on 0.5 to 1.5 in steps of 0.01."""
    doses = np.arange(1.0, 5.01, 0.25)
    found = regimen_search(MODEL, DRUG, {"drug.add": doses}, patients=PATIENTS, **RULES)
    k = np.linspace(0.5, 1.5, 101)
    np.testing.assert_allclose(found.responders, [np.mean(a * k > 2) for a in doses])
    np.testing.assert_allclose(found.toxic, [np.mean(a * a * k > 12) for a in doses])
    # 2/a <= 0.7 from a = 3 on (80 %); 12/a^2 = 1.33 there: 17 % are harmed, so nothing is between
    assert found.best is None
    assert "no regimen meets both limits" in repr(found)
    looser = regimen_search(MODEL, DRUG, {"drug.add": doses}, patients=PATIENTS, at_most=0.2, **RULES)
    assert looser.best == {"drug.add": 3.0}


def test_what_is_preferred_large() -> None:
    doses = np.array([3.0, 3.05, 3.1])
    found = regimen_search(
        MODEL, DRUG, {"drug.add": doses}, patients=PATIENTS, at_most=0.3, prefer="-drug.add", **RULES
    )
    assert found.best == {"drug.add": 3.1}


def test_the_front_holds_what_nothing_beats() -> None:
    found = regimen_search(MODEL, DRUG, {"drug.add": [0.5, 1.0, 2.0, 4.5, 8.0]}, patients=PATIENTS, **RULES)
    # 0.5 and 1 help nobody and harm nobody: the dearer of them is beaten; from 4.5 on all respond, 8 only harms more
    assert found.front.tolist() == [True, False, True, True, False]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"at_least": 80}, "at_least is a share"),
        ({"prefer": "drug.dos"}, "is no knob that varies"),
        ({"patients": PATIENTS * Arms(control=[])}, "has arms"),
        ({"responder": "final(effct) > 2"}, "unknown quantity 'effct'; did you mean 'effect'"),
    ],
)
def test_what_can_not_be_is_said(options: dict[str, object], message: str) -> None:
    with pytest.raises(StudyError, match=message):
        regimen_search(MODEL, DRUG, {"drug.add": [1.0]}, **({"patients": PATIENTS, **RULES} | options))  # type: ignore[arg-type]


def test_a_misspelt_option_is_named() -> None:
    with pytest.raises(TypeError, match="engin"):
        regimen_search(MODEL, DRUG, {"drug.add": [1.0]}, patients=PATIENTS, engin="numpy", **RULES)  # type: ignore[call-arg]
