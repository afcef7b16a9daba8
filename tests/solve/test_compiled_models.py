"""On every model that comes with the package, with every intervention, the compiled engine is as near to the truth as
ten tolerances, or as the NumPy engine is with the same method (waves and fronts amplify what any solver does).

Truth: SciPy at rtol 1e-10 on 21 times. Error: the largest difference, in units of the largest size of that state in the
run or a thousandth of its typical size.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from immunode.catalogue import list_models, load_model
from immunode.intervention import perturb
from immunode.program.lowering import lower
from immunode.program.numpy.functions import Functions, compile_numpy
from immunode.solve import solve
from tests.libraries import needs

pytestmark = needs("llvmlite")

Array = NDArray[np.float64]
# a rhythm of days over most of a year: three weeks show all, and SciPy's steps are not exhausted
HORIZON = {("karin2020", "circadian"): 20.0}
CASES = [
    (entry.name, intervention)
    for entry in list_models()
    for intervention in ("", *(i.name for i in load_model(entry.name).interventions))
]


@cache
def functions(name: str, intervention: str) -> tuple[Functions, Array]:
    """Return the functions of a case and its times."""
    model = load_model(name)
    given = perturb(model, model.intervention(intervention)) if intervention else model
    return compile_numpy(lower(given)), np.linspace(0, HORIZON.get((name, intervention), model.horizon), 21)


def run(name: str, intervention: str, engine: str, rtol: float, method: str = "auto") -> tuple[Array, str]:
    """Return the trajectory and the method it ended with."""
    f, times = functions(name, intervention)
    batch = solve(
        f,
        np.array(f.program.values)[:, None],
        times=times,
        engine=engine,
        method=method,
        rtol=rtol,
        max_steps=1_000_000,
    )
    assert batch.status.tolist() == [0]
    return np.asarray(batch.y[:, :, 0]), str(batch.method[0])


@cache
def truth(name: str, intervention: str) -> Array:
    return run(name, intervention, "scipy", 1e-10)[0]


def error(name: str, intervention: str, found: Array) -> float:
    expected = truth(name, intervention)
    typical = np.array(functions(name, intervention)[0].program.typical)
    size = np.maximum(np.maximum(np.abs(expected).max(axis=0), 1e-3 * typical), 1e-300)
    return float((np.abs(found - expected).max(axis=0) / size).max())


def _quick(name: str, intervention: str, rtol: float) -> bool:
    return not intervention and rtol == 1e-6 and len(load_model(name).states) <= 4


@pytest.mark.parametrize(
    ("name", "intervention", "rtol"),
    [
        pytest.param(*case, rtol, marks=() if _quick(*case, rtol) else (pytest.mark.slow,))
        for case in CASES
        for rtol in (1e-4, 1e-6, 1e-8)
    ],
)
def test_every_model_with_every_intervention(name: str, intervention: str, rtol: float) -> None:
    if functions(name, intervention)[0].program.triggers:
        pytest.skip("fires on a state: SciPy's")
    y, method = run(name, intervention, "compiled", rtol)
    found = error(name, intervention, y)
    if found >= 10 * rtol:
        assert found < 1.1 * error(name, intervention, run(name, intervention, "numpy", rtol, method)[0])
