"""A small published model to work on, made anew with other parts by `make(...)`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from immunode.model import Derived, Model, Parameter, Process, State, Variant


def _kuznetsov(**changes: Any) -> Model:
    parts: dict[str, Any] = {
        "name": "kuznetsov1994",
        "title": "Effector cells against an immunogenic tumor",
        "time_unit": "day",
        "reference": "doi:10.1007/BF02460644",
        "states": [
            State("E", 3.2e5, "cell", "effector cells", kind="cell"),
            State("T", 5e5, "cell", "tumor cells", kind="cell"),
        ],
        "parameters": [
            Parameter("s", 1.3e4, "cell/day", "influx of effector cells", "Table 1", "fitted", (0, 1e5)),
            Parameter("p", 0.1245, "1/day", "recruitment", "Table 1", "fitted"),
            Parameter("g", 2.019e7, "cell", "half-saturation", "Table 1", "fitted"),
            Parameter("m", 3.422e-10, "1/(cell day)", "inactivation", "Table 1", "fitted"),
            Parameter("d", 0.0412, "1/day", "death of effectors", "Table 1", "fitted"),
            Parameter("a", 0.18, "1/day", "growth", "Table 1", "fitted"),
            Parameter("b", 2.0e-9, "1/cell", "inverse of the capacity", "Table 1", "fitted"),
            Parameter("n", 1.101e-7, "1/(cell day)", "killing", "Table 1", "fitted"),
        ],
        "processes": [
            Process("influx", "-> E", "s"),
            Process("recruitment", "-> E", "p*E*T/(g + T)"),
            Process("inactivation", "E ->", "m*E*T"),
            Process("effector_death", "E ->", "d*E"),
            Process("tumor_growth", "-> T", "a*T*(1 - b*T)"),
            Process("killing", "T ->", "n*E*T"),
        ],
        "derived": [Derived("burden", "T/(g + T)", "", "share of the half-saturation")],
        "readouts": ["T", "burden"],
        "variants": [Variant("escaping", values={"p": 0.1}, initial={"T": 1e8})],
    }
    return Model(**{**parts, **changes})


@pytest.fixture(scope="session")
def make() -> Callable[..., Model]:
    """Return the function that makes the model, with the parts given put for its own."""
    return _kuznetsov


@pytest.fixture(scope="session")
def model() -> Model:
    return _kuznetsov()


@pytest.fixture(scope="session")
def killing(make: Callable[..., Model]) -> Callable[..., Model]:
    """Return the function that makes the model with another process 'killing'."""

    def changed(rate: str, arrow: str = "T ->", **changes: Any) -> Model:
        others = make().processes[:5]
        return make(processes=[*others, Process("killing", arrow, rate)], **changes)

    return changed
