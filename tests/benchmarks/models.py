"""The two systems of the sweep benchmark, declared as immunode models, and their parameter sets.

A : Kuznetsov et al. 1994 (doi:10.1007/BF02460644), dimensionless; two states, not stiff.
B : a cytokine network with a drug that binds fast; twelve states, stiff. Made for benchmarking, not published.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from immunode.model import Derived, Model, Parameter, Process, State

Array = NDArray[np.float64]

_A = {"s": 0.1181, "r": 1.131, "eta": 20.19, "mu": 0.00311, "d": 0.3743, "a": 1.636, "b": 0.002}

_B = """
sT .05, aT .9, Tm 4, dT .12, KD .25, nD 2.3, sM .25, m0 .2, m1 3, dM1 .4, kmm .5, sM2 .05, dM2 .25, K1 .9, n1
1.7, K3 1.2, n3 1.4, K4 1.5, n4 1.6, pT 4, pM 9, kdTNF 10, p6 30, p6T 2, kd6 12, p10 5, p10r 3, K5 1.4, n5
2.2, kd10 8, kDm .3, K6 .8, n6 2.4, rD .1, rM .12, b0 .5, b1 20, K7 1.5, n7 1.3, kdC .8, ka .35, V 3.5, ke
.055, kcp .3, kpc .22, kon 120, koff 2.5, kint .8, eps .02
"""


@dataclass(frozen=True, slots=True)
class Work:
    """A model, the times of its output, and the method that peers are compared with."""

    key: str
    model: Model
    times: Array

    def values(self, n: int) -> Array:
        """Return the first `n` of 10,000 parameter sets, log-uniform +-30 %, (n_parameters, n)."""
        p0 = np.array([p.value for p in self.model.parameters])
        u = np.random.default_rng(12345).uniform(size=(10_000, len(p0)))
        return np.ascontiguousarray((p0 * np.exp(np.log(0.7) + u * np.log(1.3 / 0.7))).T[:, :n])


def _parameters(values: dict[str, float]) -> list[Parameter]:
    return [Parameter(name, value, source="assumed: benchmark") for name, value in values.items()]


def tumor() -> Work:
    """Return work A."""
    model = Model(
        name="kuznetsov_dimensionless",
        states=[State("x", 0.76), State("y", 50.0)],
        parameters=_parameters(_A),
        processes=[
            Process("influx", "-> x", "s"),
            Process("recruitment", "-> x", "r*x*y/(eta + y)"),
            Process("inactivation", "x ->", "mu*x*y"),
            Process("death", "x ->", "d*x"),
            Process("growth", "-> y", "a*y*(1 - b*y)"),
            Process("killing", "y ->", "x*y"),
        ],
    )
    return Work("A", model, np.linspace(0.0, 100.0, 101))


def network() -> Work:
    """Return work B."""
    values = {name: float(value) for name, value in (pair.split() for pair in _B.split(","))}
    initial = {"T": 1.5, "M1": 0.6, "M2": 0.5, "F": 1.0, "I6": 1.5, "I10": 0.6, "Dm": 0.5, "CR": 10.0, "Dep": 500.0}
    model = Model(
        name="cytokine_network",
        states=[*(State(n, v) for n, v in initial.items()), *(State(n, 0.0) for n in ("C", "Pp", "Cx"))],
        parameters=_parameters(values),
        derived=[Derived("uT", "hill(F, K1, n1)"), Derived("d10", "1 - hill(I10, K3, n3)")],
        processes=[
            Process("T_source", "-> T", "sT"),
            Process("T_growth", "-> T", "aT*T*(1 - T/Tm)*hill(Dm, KD, nD)*d10"),
            Process("T_death", "T ->", "dT*T"),
            Process("M1_source", "-> M1", "sM*(m0 + m1*uT)*d10"),
            Process("M1_death", "M1 ->", "dM1*M1"),
            Process("switching", "M1 -> M2", "kmm*M1*hill(I10, K4, n4)"),
            Process("M2_source", "-> M2", "sM2"),
            Process("M2_death", "M2 ->", "dM2*M2"),
            Process("F_production", "-> F", "(pT*T + pM*M1)*d10"),
            Process("F_decay", "F ->", "kdTNF*F"),
            Process("F_binding", "F -> Cx", "kon*C*F - koff*Cx"),
            Process("I6_production", "-> I6", "p6*M1*uT + p6T*T"),
            Process("I6_decay", "I6 ->", "kd6*I6"),
            Process("I10_production", "-> I10", "p10*M2 + p10r*M1*hill(F, K5, n5)"),
            Process("I10_decay", "I10 ->", "kd10*I10"),
            Process("damage", "-> Dm", "kDm*hill(F, K6, n6)*(1 - Dm)"),
            Process("repair", "Dm ->", "(rD + rM*M2)*Dm"),
            Process("CR_production", "-> CR", "b0 + b1*hill(I6, K7, n7)"),
            Process("CR_decay", "CR ->", "kdC*CR"),
            Process("release", "Dep ->", "ka*Dep"),
            Process("absorption", "-> C", "ka*Dep/V"),
            Process("elimination", "C ->", "ke*C"),
            Process("distribution", "C -> Pp", "kcp*C - kpc*Pp"),
            Process("C_binding", "C ->", "eps*(kon*C*F - koff*Cx)"),
            Process("internalization", "Cx ->", "kint*Cx"),
        ],
    )
    return Work("B", model, np.linspace(0.0, 200.0, 201))


WORKS = {"A": tumor, "B": network}
