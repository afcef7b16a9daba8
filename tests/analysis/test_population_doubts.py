"""Fits that deserve doubt say why, one line each."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import immunode as im
from immunode.analysis.mixed_effects.results.population_fit import PopulationFit
from immunode.model import Observed, Parameter
from tests.analysis.test_population_bad_input import bolus, bolus_data
from tests.population_models import WHY, oral, oral_curve


def said(fit: PopulationFit, *parts: str) -> bool:
    """Return whether one note has all parts."""
    return any(all(part in note for part in parts) for note in fit.notes)


def test_a_good_fit_has_no_doubts() -> None:
    fit = im.estimate(bolus(), bolus_data(30), method="focei")
    assert not fit.notes


def test_an_additive_error_that_the_data_do_not_show_is_told() -> None:
    model = bolus().replace(observed=[Observed("cp", proportional=0.1, additive=0.05)])
    fit = im.estimate(model, bolus_data(30), method="focei")
    assert fit["additive(cp)"] < 0.01
    assert said(fit, "additive(cp) is near 0", "means nothing")
    assert not said(fit, "proportional(cp) is near 0")


def test_a_number_beyond_its_bounds_or_at_the_end_of_its_scale_is_told() -> None:
    """Bounds declare what is plausible; a log scale does not stop there."""
    model = bolus()
    parameters = [
        Parameter("V", 15.0, "L", source=WHY, bounds=(1.0, 16.0)) if p.name == "V" else p for p in model.parameters
    ]
    fit = im.estimate(model.replace(parameters=parameters), bolus_data(30), method="focei", fixed=["omega(V)"])
    assert fit["V"] > 18
    assert said(fit, f"V is {fit['V']:.4g}, outside its bounds 1 to 16")


@pytest.mark.slow
def test_data_in_another_unit_are_told_by_the_size_of_numbers() -> None:
    table = bolus_data(8)
    table.loc[table.EVID == 0, "DV"] *= 10_000
    fit = im.estimate(bolus(), table, method="focei")
    assert said(fit, "CL is", "times its initial value")
    held = im.estimate(bolus(), table, method="focei", fixed=["V", "CL", "omega(V)", "omega(CL)"])
    assert said(held, "individual predictions of cp are off by", "decades")


@pytest.mark.slow
def test_absorption_that_nobody_sees_has_errors_and_shrinkage_that_are_told() -> None:
    """All samples are late, when the dose has long been absorbed: ka and its random effect are not in the data."""
    rng = np.random.default_rng(3)
    t = np.array([12.0, 18.0, 24.0, 36.0])
    rows = []
    for i in range(20):
        cl, v = np.array([2.75, 31.8]) * np.exp(0.2 * rng.standard_normal(2))
        rows.append({"ID": i, "TIME": 0.0, "EVID": 1, "AMT": 320.0})
        y = oral_curve(1.5, cl, v, 320.0, t) * (1 + 0.1 * rng.standard_normal(4))
        rows += [{"ID": i, "TIME": time, "EVID": 0, "DV": value} for time, value in zip(t, y, strict=True)]
    model = oral(proportional=0.1, additive=0.0)
    fit = im.estimate(model, im.individual_data(pd.DataFrame(rows), routes="depot"), method="focei")
    assert said(fit, "shrinkage of ka is", "tell nothing") or said(fit, "omega(ka) is near 0")
    # where the search stops on the flat is chance, and so is by which of its signs the flat is seen
    signs = ("the data do not fix", "relative standard error of 100 % or more", "the information matrix is singular")
    assert any(said(fit, sign, "ka") for sign in signs)
