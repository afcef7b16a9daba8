"""The compiled engine reaches the published end values of the classic stiff problems.

Values: Mazzia & Magherini 2008, Test Set for IVP Solvers 2.4; Hairer & Wanner 1996, IV.10.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from immunode.program.numpy.functions import Functions
from immunode.solve import Status, solve
from tests.libraries import needs

pytestmark = needs("llvmlite")

Array = NDArray[np.float64]
Build = Callable[..., Functions]
Problem = tuple[dict[str, float], dict[str, str], float, list[float]]


def robertson() -> Problem:
    rates = {
        "a": "-0.04*a + 1e4*b*c",
        "b": "0.04*a - 1e4*b*c - 3e7*b**2",
        "c": "3e7*b**2",
    }
    end = [0.2083340149701255e-7, 0.8333360770334713e-13, 0.9999999791665050]
    return {"a": 1.0, "b": 0.0, "c": 0.0}, rates, 1e11, end


def hires() -> Problem:
    rates = {
        "y1": "-1.71*y1 + 0.43*y2 + 8.32*y3 + 0.0007",
        "y2": "1.71*y1 - 8.75*y2",
        "y3": "-10.03*y3 + 0.43*y4 + 0.035*y5",
        "y4": "8.32*y2 + 1.71*y3 - 1.12*y4",
        "y5": "-1.745*y5 + 0.43*y6 + 0.43*y7",
        "y6": "-280*y6*y8 + 0.69*y4 + 1.71*y5 - 0.43*y6 + 0.69*y7",
        "y7": "280*y6*y8 - 1.81*y7",
        "y8": "1.81*y7 - 280*y6*y8",
    }
    end = [
        0.7371312573325668e-3, 0.1442485726316185e-3, 0.5888729740967575e-4, 0.1175651343283149e-2,
        0.2386356198831331e-2, 0.6238968252742796e-2, 0.2849998395185769e-2, 0.2850001604814231e-2,
    ]  # fmt: skip
    return {"y1": 1.0, **{f"y{i}": 0.0 for i in range(2, 8)}, "y8": 0.0057}, rates, 321.8122, end


def oregonator() -> Problem:
    rates = {
        "a": "77.27*(b + a*(1 - 8.375e-6*a - b))",
        "b": "(c - (1 + a)*b)/77.27",
        "c": "0.161*(a - c)",
    }
    end = [0.1000814870318523e1, 0.1228178521549917e4, 0.1320554942846706e3]
    return {"a": 1.0, "b": 2.0, "c": 3.0}, rates, 360.0, end


def van_der_pol() -> Problem:
    rates = {"x": "v", "v": "1000*(1 - x**2)*v - x"}
    return {"x": 2.0, "v": 0.0}, rates, 2000.0, [0.1706167732170469e1, -0.8928097010248125e-3]


def pollution() -> Problem:
    constants = [
        0.35, 26.6, 12.3e3, 0.86e-3, 0.82e-3, 15e3, 0.13e-3, 24e3, 16.5e3, 9e3, 0.022, 12e3, 1.88, 16.3e3, 4.8e6,
        0.35e-3, 0.0175, 1e8, 0.444e12, 1.24e3, 2.1, 5.78, 0.0474, 1.78e3, 3.12,
    ]  # fmt: skip
    factors = [
        "1", "2 4", "5 2", "7", "7", "7 6", "9", "9 6", "11 2", "11 1", "13", "10 2", "14", "1 6", "3", "4", "4", "16",
        "16", "17 6", "19", "19", "1 4", "19 1", "20",
    ]  # fmt: skip
    r = {
        k + 1: "*".join([repr(c), *(f"y{i}" for i in part.split())])
        for k, (c, part) in enumerate(zip(constants, factors, strict=True))
    }
    balance = {
        1: "-1 -10 -14 -23 -24 2 3 9 11 12 22 25", 2: "-2 -3 -9 -12 1 21", 3: "-15 1 17 19 22", 4: "-2 -16 -17 -23 15",
        5: "-3 4 4 6 7 13 20", 6: "-6 -8 -14 -20 3 18 18", 7: "-4 -5 -6 13", 8: "4 5 6 7", 9: "-7 -8", 10: "-12 7 9",
        11: "-9 -10 8 11", 12: "9", 13: "-11 10", 14: "-13 12", 15: "14", 16: "-18 -19 16", 17: "-20", 18: "20",
        19: "-21 -22 -24 23 25", 20: "-25 24",
    }  # fmt: skip
    rates = {
        f"y{i}": " ".join(f"{'-' if k.startswith('-') else '+'} {r[abs(int(k))]}" for k in text.split()).lstrip("+ ")
        for i, text in balance.items()
    }
    start = {f"y{i}": 0.0 for i in range(1, 21)}
    start |= {"y2": 0.2, "y4": 0.04, "y7": 0.1, "y8": 0.3, "y9": 0.01, "y17": 0.007}
    end = [
        0.5646255480022769e-1, 0.1342484130422339, 0.4139734331099427e-8, 0.5523140207484359e-2, 0.2018977262302196e-6,
        0.1464541863493966e-6, 0.7784249118997964e-1, 0.3245075353396018, 0.7494013383880406e-2, 0.1622293157301561e-7,
        0.1135863833257075e-7, 0.2230505975721359e-2, 0.2087162882798630e-3, 0.1396921016840158e-4,
        0.8964884856898295e-2, 0.4352846369330103e-17, 0.6899219696263405e-2, 0.1007803037365946e-3,
        0.1772146513969984e-5, 0.5682943292316392e-4,
    ]  # fmt: skip
    return start, rates, 60.0, end


PROBLEMS = [robertson, hires, oregonator, van_der_pol, pollution]


@pytest.mark.slow
@pytest.mark.sampled
@pytest.mark.parametrize("method", ["auto", "rodas5p"])
@pytest.mark.parametrize("rtol", [1e-4, 1e-6, 1e-9])
@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda p: p.__name__)
def test_published_end_values(build: Build, problem: Callable[[], Problem], rtol: float, method: str) -> None:
    start, rates, t_end, end = problem()
    functions = build(start, {"unused": 1.0}, rates, name=problem.__name__)
    # absolute tolerances below every end value, so that the relative one counts
    atol = 1e-3 * rtol * np.maximum(np.abs(end), 1e-18)
    batch = solve(functions, np.ones((1, 3)), times=[t_end], engine="compiled", method=method, rtol=rtol, atol=atol)
    assert batch.status.tolist() == [Status.OK] * 3
    assert set(batch.methods) == {"rodas5p"}
    error = np.abs(batch.y[0, :, 0] / end - 1.0)
    # many waves and fronts add up: a hundred tolerances at the end
    assert error.max() < 100 * rtol, error
