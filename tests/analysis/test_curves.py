from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import immunode as im


def _forms() -> ModuleType:
    spec = importlib.util.spec_from_file_location("normal_forms", Path(__file__).with_name("normal_forms.py"))
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


FORMS = _forms()


def test_the_folds_of_the_cusp_lie_on_its_curve_and_the_cusp_at_its_tip() -> None:
    found = im.continuation(FORMS.CUSP, "r", (-2.0, 2.0), bounds=FORMS.BOX).curves("s", (-1.0, 2.0))
    table = found.table()
    assert np.allclose(27 * table.r**2, 4 * table.s**3, atol=1e-6)
    ((kind, r, s),) = found.points
    assert kind == "cusp"
    assert abs(r) < 1e-5
    assert abs(s) < 1e-4


def test_the_hopf_curve_of_the_brusselator_is_the_parabola() -> None:
    first = im.continuation(FORMS.BRUSSELATOR, "B", (0.5, 6.0), engine="numpy")
    (curve,) = first.curves("A", (0.3, 2.0)).curves
    assert len(curve.x) > 10
    assert np.allclose(curve.x, 1 + curve.y**2, rtol=1e-6)
    assert np.allclose(curve.period, 2 * np.pi / curve.y, rtol=1e-6)


def test_the_first_parameter_is_no_second_one() -> None:
    first = im.continuation(FORMS.FOLD, "r", (-2.0, 2.0), bounds=FORMS.BOX)
    with pytest.raises(im.StudyError, match="first parameter already"):
        first.curves("r", (-2.0, 2.0))
