"""Short models and data for tests of population estimation, and where the reference data lie."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from immunode.model import (
    Correlation,
    Derived,
    Model,
    Observed,
    Parameter,
    Process,
    State,
    Variability,
)

SHARED = Path(os.environ.get("IMMUNODE_NLME", Path(__file__).resolve().parents[2] / "shared" / "nlme"))
needs_shared = pytest.mark.skipif(not SHARED.exists(), reason="the reference data are not here")
WHY = "assumed: a test"
WANG = pd.DataFrame(
    {
        "ID": np.repeat(np.arange(1, 11), 2),
        "TIME": np.tile([0.0, 1.0], 10),
        "DV": [
            10.68, 3.6837, 10.402, 6.454, 9.8814, 5.8565, 9.3408, 5.6209, 10.082, 6.7583,
            9.8938, 6.5049, 9.8908, 6.9557, 10.234, 6.4488, 9.9882, 6.7112, 9.6736, 6.6402,
        ],
    }
)  # fmt: skip
"""Source: Wang 2007, doi:10.1007/s10928-007-9060-6, as in the test of nlmixr2est."""


def parameters(*rows: tuple[str, float, str]) -> list[Parameter]:
    return [Parameter(name, value, unit, source=WHY) for name, value, unit in rows]


def decay(**error: float) -> Model:
    """The model of Wang 2007: exponential decay of 10 with one random effect on its rate."""
    return Model(
        name="decay",
        time_unit="h",
        states=[State("a", 10.0, "mg")],
        parameters=parameters(("ke", 0.5, "1/h")),
        processes=[Process("elimination", "a ->", "ke*a")],
        variability=[Variability("ke", sd=0.2)],
        observed=[Observed("a", **error)],
    )


def oral(
    ka: float = 1.5,
    cl: float = 2.75,
    v: float = 31.8,
    omega2: tuple[float, float, float] = (0.4, 0.07, 0.02),
    additive: float = 0.7,
    proportional: float = 0.0,
    combined: str = "variances",
    correlations: tuple[Correlation, ...] = (),
) -> Model:
    """One compartment with first-order absorption."""
    return Model(
        name="oral",
        time_unit="h",
        states=[State("depot", 0.0, "mg"), State("central", 0.0, "mg")],
        parameters=parameters(("ka", ka, "1/h"), ("CL", cl, "L/h"), ("V", v, "L")),
        processes=[
            Process("absorption", "depot -> central", "ka*depot"),
            Process("elimination", "central ->", "CL/V*central"),
        ],
        derived=[Derived("cp", "central/V", "mg/L")],
        variability=[Variability(n, sd=w**0.5) for n, w in zip(("ka", "CL", "V"), omega2, strict=True)],
        correlations=correlations,
        observed=[Observed("cp", additive=additive, proportional=proportional, combined=combined)],
    )


def oral_curve(ka: float, cl: float, v: float, dose: float, t: np.ndarray) -> np.ndarray:
    """The closed form of `oral`; 0 before the dose. Source: Gibaldi and Perrier 1982, Pharmacokinetics, chapter 1."""
    k, t = cl / v, np.asarray(t, float)
    late = np.maximum(t, 0.0)
    return np.where(t >= 0, dose * ka / (v * (ka - k)) * (np.exp(-k * late) - np.exp(-ka * late)), 0.0)


def intravenous(
    cl: float,
    v: float,
    omega2: tuple[float, float],
    proportional: float = 0.0,
    additive: float = 0.0,
    corr: float = 0.0,
) -> Model:
    """One compartment."""
    return Model(
        name="intravenous",
        time_unit="h",
        states=[State("A", 0.0, "mg")],
        parameters=parameters(("CL", cl, "L/h"), ("V", v, "L")),
        processes=[Process("elimination", "A ->", "CL/V*A")],
        derived=[Derived("cp", "A/V", "mg/L")],
        variability=[Variability(n, sd=w**0.5) for n, w in zip(("CL", "V"), omega2, strict=True)],
        correlations=[Correlation("CL", "V", corr)] if corr else [],
        observed=[Observed("cp", proportional=proportional, additive=additive)],
    )


def theophylline(
    fixed: tuple[float, float, float, float], omega: np.ndarray, additive: float, proportional: float = 0.0
) -> Model:
    """The model of NONMEM's runs 2 to 6 on theophylline: additive random effects, clearance along weight, ka by sex.

    fixed : ka of sex 0, k, slope of clearance, ka of sex 1.   omega : covariance of the effects on ka, (k,) CL.
    additive, proportional : variances.
    """
    effects = [("eta_ka", "1/h"), ("eta_k", "1/h"), ("eta_cl", "L/h")]
    if len(omega) == 2:
        effects.pop(1)
    sd = np.sqrt(np.diag(omega))
    named = [name for name, _ in effects]
    pairs = [(i, j) for i in range(len(sd)) for j in range(i) if omega[i, j]]
    return Model(
        name="theophylline",
        time_unit="h",
        states=[State("depot", 0.0, "mg"), State("central", 0.0, "mg")],
        parameters=parameters(
            ("ka0", fixed[0], "1/h"), ("k", fixed[1], "1/h"), ("slope", fixed[2], "L/h/kg"), ("ka1", fixed[3], "1/h"),
            ("SEX", 0.0, ""), ("WT", 70.0, "kg"), *((name, 0.0, unit) for name, unit in effects),
        ),
        derived=[
            Derived("KA", "piecewise(ka0, SEX < 0.5, ka1) + eta_ka", "1/h"),
            Derived("K", "k + eta_k" if len(omega) == 3 else "k", "1/h"),
            Derived("CL", "slope*WT + eta_cl", "L/h"),
            Derived("cp", "central/(CL/K)", "mg/L"),
        ],
        processes=[
            Process("absorption", "depot -> central", "KA*depot"),
            Process("elimination", "central ->", "K*central"),
        ],
        variability=[Variability(name, sd=float(s), scale="linear") for name, s in zip(named, sd, strict=True)],
        correlations=[Correlation(named[i], named[j], float(omega[i, j] / sd[i] / sd[j])) for i, j in pairs],
        observed=[Observed("cp", additive=additive**0.5, proportional=proportional**0.5)],
    )  # fmt: skip


def antibody() -> Model:
    """Quasi-steady-state target-mediated disposition, as the reference data were simulated."""
    values = {"CL": 0.2, "V": 3.2, "Q": 0.4, "Vp": 2.6, "R0": 2.0, "kdeg": 0.8, "kint": 0.12, "Kss": 0.8}
    units = {"CL": "L/day", "V": "L", "Q": "L/day", "Vp": "L", "R0": "nmol/L", "kdeg": "1/day", "kint": "1/day"}
    return Model(
        name="antibody",
        time_unit="day",
        states=[State("Ct", 0.0, "nmol/L"), State("Ap", 0.0, "nmol"), State("Rt", "R0", "nmol/L")],
        parameters=parameters(*((n, v, units.get(n, "nmol/L")) for n, v in values.items())),
        derived=[
            Derived("C", "((Ct - Rt - Kss) + sqrt((Ct - Rt - Kss)**2 + 4*Kss*Ct))/2", "nmol/L"),
            Derived("bound", "Rt*C/(Kss + C)", "nmol/L"),
        ],
        processes=[
            Process("loss_free", "Ct ->", "(CL + Q)/V*C"), Process("back", "-> Ct", "Q/Vp*Ap/V"),
            Process("internalized", "Ct ->", "kint*bound"), Process("away", "-> Ap", "Q*C"),
            Process("returned", "Ap ->", "Q/Vp*Ap"), Process("made", "-> Rt", "kdeg*R0"),
            Process("lost", "Rt ->", "kdeg*Rt"), Process("changed", "Rt ->", "(kint - kdeg)*bound"),
        ],
        variability=[Variability("CL", sd=0.3), Variability("V", sd=0.2), Variability("R0", sd=0.4)],
        correlations=[Correlation("CL", "V", 0.4)],
        observed=[Observed("C", additive=0.05, proportional=0.15)],
    )  # fmt: skip


def warfarin_turnover() -> Model:
    """Warfarin in plasma and prothrombin activity, with the initial values of nlmixr2's article on several endpoints.

    Absorption through a transit compartment; the drug lowers the production of the response.
    """
    values = {"ktr": 1.0, "ka": 1.0, "CL": 0.1, "V": 10.0, "emax": 0.8, "ec50": 0.5, "kout": 0.05, "e0": 100.0}
    units = {"ktr": "1/h", "ka": "1/h", "CL": "L/h", "V": "L", "ec50": "mg/L", "kout": "1/h"}
    omega2 = {"ktr": 1.0, "ka": 1.0, "CL": 2.0, "V": 1.0}
    return Model(
        name="warfarin",
        time_unit="h",
        states=[
            State("depot", 0.0, "mg"), State("gut", 0.0, "mg"), State("central", 0.0, "mg"), State("pca", "e0", ""),
        ],
        parameters=parameters(*((n, v, units.get(n, "")) for n, v in values.items())),
        derived=[Derived("cp", "central/V", "mg/L")],
        processes=[
            Process("release", "depot -> gut", "ktr*depot"), Process("absorption", "gut -> central", "ka*gut"),
            Process("elimination", "central ->", "CL/V*central"),
            Process("production", "-> pca", "kout*e0*(1 - emax*cp/(ec50 + cp))"), Process("loss", "pca ->", "kout*pca"),
        ],
        variability=[
            Variability(n, sd=omega2.get(n, 0.5) ** 0.5, scale="logit" if n == "emax" else "log") for n in values
        ],
        observed=[Observed("cp", additive=0.1, proportional=0.1), Observed("pca", additive=10.0)],
    )  # fmt: skip


def lines(slope: bool = True) -> Model:
    """y = level_i + slope*t, a level for each individual: estimates have closed forms."""
    return Model(
        name="lines",
        time_unit="h",
        states=[State("x", "level", "")],
        parameters=parameters(("level", 3.0, ""), ("slope", 0.2 if slope else 0.0, "1/h")),
        processes=[Process("growth", "-> x", "slope")],
        variability=[Variability("level", sd=0.5, scale="linear")],
        observed=[Observed("x", additive=1.0)],
    )


def line_data(n: int = 30, sd: float = 1.2, noise: float = 0.4) -> pd.DataFrame:
    """Return five observations of each of `n` individuals on lines of slope 0.7."""
    rng = np.random.default_rng(4)
    t = np.arange(1.0, 6.0)
    y = 5 + sd * rng.standard_normal((n, 1)) + 0.7 * t + noise * rng.standard_normal((n, 5))
    return pd.DataFrame({"ID": np.repeat(np.arange(n), 5), "TIME": np.tile(t, n), "DV": y.ravel()})
