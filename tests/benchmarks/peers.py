"""The two systems written by hand for other solvers: a second opinion on the numbers, and on the speed."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models import Work

Array = NDArray[np.float64]
Run = Callable[[Array, float, float], Array]
"""(values (n_parameters, n), rtol, atol) -> (n_times, n_states, n)."""


def tumor(t: float, y: Array, dy: Array, p: Array) -> None:
    """Write dy/dt of work A."""
    s, r, eta, mu, d, a, b = p
    dy[0] = s + r * y[0] * y[1] / (eta + y[1]) - mu * y[0] * y[1] - d * y[0]
    dy[1] = a * y[1] * (1 - b * y[1]) - y[0] * y[1]


def network(t: float, y: Array, dy: Array, p: Array) -> None:
    """Write dy/dt of work B, in the order of its definition."""
    sT, aT, Tm, dT, KD, nD, sM, m0, m1, dM1, kmm, sM2, dM2, K1, n1, K3, n3, K4, n4, pT, pM, kdTNF, p6, p6T, kd6 = p[:25]
    p10, p10r, K5, n5, kd10, kDm, K6, n6, rD, rM, b0, b1, K7, n7, kdC, ka, V, ke, kcp, kpc, kon, koff, kint, eps = p[
        25:
    ]
    T, M1, M2, F, I6, I10, Dm, CR, Dep, C, Pp, Cx = y
    uT = 1 - 1 / (1 + (F / K1) ** n1)
    d10 = 1 / (1 + (I10 / K3) ** n3)
    h4 = 1 - 1 / (1 + (I10 / K4) ** n4)
    h5 = 1 - 1 / (1 + (F / K5) ** n5)
    h6 = 1 - 1 / (1 + (F / K6) ** n6)
    h7 = 1 - 1 / (1 + (I6 / K7) ** n7)
    hD = 1 - 1 / (1 + (Dm / KD) ** nD)
    bind = kon * C * F - koff * Cx
    dy[0] = sT + aT * T * (1 - T / Tm) * hD * d10 - dT * T
    dy[1] = sM * (m0 + m1 * uT) * d10 - dM1 * M1 - kmm * M1 * h4
    dy[2] = sM2 + kmm * M1 * h4 - dM2 * M2
    dy[3] = (pT * T + pM * M1) * d10 - kdTNF * F - bind
    dy[4] = p6 * M1 * uT + p6T * T - kd6 * I6
    dy[5] = p10 * M2 + p10r * M1 * h5 - kd10 * I10
    dy[6] = kDm * h6 * (1 - Dm) - (rD + rM * M2) * Dm
    dy[7] = b0 + b1 * h7 - kdC * CR
    dy[8] = -ka * Dep
    dy[9] = ka * Dep / V - (ke + kcp) * C + kpc * Pp - eps * bind
    dy[10] = kcp * C - kpc * Pp
    dy[11] = bind - kint * Cx


EQUATIONS = {"A": tumor, "B": network}


def installed(module: str) -> bool:
    """Whether a peer can be imported."""
    return importlib.util.find_spec(module) is not None


def _untyped(module: str) -> Any:
    return importlib.import_module(module)


def start(work: Work) -> Array:
    """Return the initial values, (n_states,)."""
    return np.array([float(s.initial) for s in work.model.states])


def solve_ivp(work: Work, method: Any = "LSODA") -> Run:
    """SciPy's solve_ivp in a loop, with a right-hand side on NumPy arrays as its users write it."""
    from scipy import integrate

    equations, y0 = EQUATIONS[work.key], start(work)

    def run(values: Array, rtol: float, atol: float) -> Array:
        out = np.full((len(work.times), len(y0), values.shape[1]), np.nan)
        for k, p in enumerate(values.T):
            dy = np.empty_like(y0)

            def slope(t: float, y: Array, p: Array = p, dy: Array = dy) -> Array:
                equations(t, y, dy, p)
                return dy.copy()

            found = integrate.solve_ivp(
                slope, (0.0, work.times[-1]), y0, method=method, t_eval=work.times, rtol=rtol, atol=atol
            )
            out[:, :, k] = found.y.T
        return out

    return run


def numbalsoda(work: Work) -> Run:
    """numbalsoda (LSODA in C++), right-hand side and loop compiled by Numba."""
    numba, tool = _untyped("numba"), _untyped("numbalsoda")
    lsoda = tool.lsoda
    y0, times, n_states, n_parameters = start(work), work.times, len(work.model.states), len(work.model.parameters)
    equations = numba.njit(error_model="numpy")(_unpacked(work))

    @numba.cfunc(tool.lsoda_sig)  # type: ignore[untyped-decorator]
    def slope(t: Any, y: Any, dy: Any, p: Any) -> None:
        equations(t, numba.carray(y, (n_states,)), numba.carray(dy, (n_states,)), numba.carray(p, (n_parameters,)))

    address = slope.address

    @numba.njit  # type: ignore[untyped-decorator]
    def loop(sets: Array, rtol: float, atol: float) -> Array:
        out = np.empty((len(sets), len(times), len(y0)))
        for k in range(len(sets)):
            found, good = lsoda(address, y0, times, sets[k], rtol=rtol, atol=atol)
            out[k] = found
            if not good:
                out[k] = np.nan
        return out

    def run(values: Array, rtol: float, atol: float) -> Array:
        return np.asarray(loop(np.ascontiguousarray(values.T), rtol, atol).transpose(1, 2, 0))

    return run


def cvode(work: Work) -> Run:
    """CVODE through scikit-sundae, right-hand side compiled by Numba where it is installed."""
    CVODE = _untyped("sksundae.cvode").CVODE
    y0, equations = start(work), _compiled(work)

    def slope(t: float, y: Array, dy: Array, p: list[Array]) -> None:
        equations(t, y, dy, p[0])

    def run(values: Array, rtol: float, atol: float) -> Array:
        out = np.full((len(work.times), len(y0), values.shape[1]), np.nan)
        for k, p in enumerate(np.ascontiguousarray(values.T)):
            solver = CVODE(slope, userdata=[p], rtol=rtol, atol=atol, max_num_steps=1_000_000)
            found = solver.solve(work.times, y0)
            out[: len(found.y), :, k] = found.y
        return out

    return run


def _compiled(work: Work) -> Callable[[float, Array, Array, Array], None]:
    if not installed("numba"):
        return EQUATIONS[work.key]
    return _untyped("numba").njit(error_model="numpy")(_unpacked(work))  # type: ignore[no-any-return]


def _unpacked(work: Work) -> Callable[..., None]:
    """Return the equations with arrays taken apart element by element, which Numba can compile."""
    import inspect
    import re

    source = inspect.getsource(EQUATIONS[work.key])

    def apart(match: re.Match[str]) -> str:
        indent, names, array, first = match[1], match[2], match[3], int(match[4] or 0)
        return "".join(f"{indent}{name} = {array}[{first + i}]\n" for i, name in enumerate(names.split(", ")))

    source = re.sub(r"^( +)((?:\w+, )+\w+) = ([py])(?:\[(\d*):?\d*\])?\n", apart, source, flags=re.M)
    scope: dict[str, Any] = {"Array": Any}
    exec(source.replace("from __future__", ""), scope)
    found: Callable[..., None] = scope[EQUATIONS[work.key].__name__]
    return found
