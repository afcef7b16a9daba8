"""Endpoints against closed forms, for any output times: within ten tolerances in every engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar

import immunode as im
from immunode.intervention import Intervention, add, during
from immunode.model import Derived, Event, Model, Parameter, Process, State
from immunode.program.llvm import compile as llvm_compile

ENGINES = [
    "scipy",
    "numpy",
    pytest.param("compiled", marks=pytest.mark.skipif(not llvm_compile.available(), reason="needs llvmlite")),
]
TIMES = [None, [100.0], [0.0, 37.0, 100.0], np.linspace(0.0, 100.0, 1001)]


@dataclass(frozen=True)
class Case:
    """A model, its horizon, and what its endpoints are exactly; `scale` is what a relative error is relative to."""

    model: Model
    until: float
    exact: dict[str, float]
    scale: dict[str, float]
    rtols: tuple[float, ...] = (1e-4, 1e-6, 1e-8)


def numbers(**values: float) -> list[Parameter]:
    """Return parameters of a test."""
    return [Parameter(name, value, "", source="assumed: a test") for name, value in values.items()]


def bateman() -> Case:
    ka, ke, end, level = 50.0, 0.1, 100.0, 0.4938

    def c(t: float) -> float:
        return float(ka / (ka - ke) * (np.exp(-ke * t) - np.exp(-ka * t)))

    top = float(np.log(ka / ke) / (ka - ke))
    on, off = brentq(lambda t: c(t) - level, 0, top, xtol=1e-16), brentq(lambda t: c(t) - level, top, end, xtol=1e-14)
    model = Model(
        name="bateman",
        time_unit="",
        horizon=end,
        states=[State("D", 1.0), State("C", 0.0)],
        parameters=numbers(ka=ka, ke=ke),
        processes=[Process("absorption", "D -> C", "ka*D"), Process("loss", "C ->", "ke*C")],
        derived=[Derived("twice", "2*C"), Derived("effect", "C**4/(0.5**4 + C**4)"), Derived("below", "-C")],
        readouts=["C"],
    )
    peak = c(top)
    exact = {
        "peak(C)": peak,
        "time_of_peak(C)": top,
        "peak(twice)": 2 * peak,
        "trough(below)": -peak,
        "peak(effect)": peak**4 / (0.5**4 + peak**4),
        "time_of_peak(effect)": top,
        "trough(D)": 0.0,
        "final(C)": c(end),
        "at(C, 37)": c(37.0),
        f"time_to(C > {level})": on,
        f"time_to(C > 0.1 and C < {level})": brentq(lambda t: c(t) - 0.1, 0, top, xtol=1e-16),
        f"time_to(twice/2 >= {level} and D < 0.1)": max(on, np.log(10) / ka),
        f"fraction_of_time(C > {level})": (off - on) / end,
        f"fraction_of_time(not twice <= 2*{level})": (off - on) / end,
        f"fraction_of_time({level} > C)": 1 - (off - on) / end,
        "time_to(C > 0.99)": np.inf,
        "auc(C)": ka / (ka - ke) * ((1 - np.exp(-ke * end)) / ke - (1 - np.exp(-ka * end)) / ka),
        "auc(loss)": ke * ka / (ka - ke) * ((1 - np.exp(-ke * end)) / ke - (1 - np.exp(-ka * end)) / ka),
    }
    return Case(model, end, exact, {"trough(D)": 1.0, "final(C)": peak, "at(C, 37)": peak})


def oscillator() -> Case:
    w, z, end = 1.0, 0.1, 100.0
    wd = w * np.sqrt(1 - z * z)
    half = np.pi / wd
    swing = float(np.exp(-z * w * half))
    model = Model(
        name="oscillator",
        time_unit="",
        horizon=end,
        states=[State("x", 1.0), State("v", 0.0)],
        parameters=numbers(w=w, z=z),
        processes=[Process("move", "-> x", "v"), Process("pull", "-> v", "-w**2*x - 2*z*w*v")],
        derived=[Derived("square", "x**2"), Derived("late", "x**2*(1 - exp(-t))")],
        readouts=["x"],
    )

    def late(t: float) -> float:
        x = np.exp(-z * w * t) * (np.cos(wd * t) + z * w / wd * np.sin(wd * t))
        return float(x**2 * (1 - np.exp(-t)))

    best = minimize_scalar(lambda t: -late(t), bounds=(2.5, 4.0), method="bounded", options={"xatol": 1e-12})
    # x = 0 where tan(wd t) = -wd/(z w): once in every half turn
    zeros = (np.pi - np.arctan(wd / (z * w)) + np.pi * np.arange(40)) / wd
    edges = np.concatenate([[0.0], zeros[zeros < end], [end]])
    held = float(np.sum(np.diff(edges)[::2]))
    exact = {
        "trough(x)": -swing,
        "peak(x)": 1.0,
        "time_of_peak(x)": 0.0,
        "peak(square)": 1.0,
        "peak(late)": -float(best.fun),
        "time_to(x < 0)": zeros[0],
        "time_to(v > 0)": half,
        "fraction_of_time(x > 0)": held / end,
        "time_to(square < 1e-3*t)": brentq(lambda t: late(t) / (1 - np.exp(-t)) - 1e-3 * t, 1.0, zeros[0], xtol=1e-15),
    }
    return Case(model, end, exact, {"time_of_peak(x)": 1.0})


def logistic() -> Case:
    r, k, n0, end = 0.3, 1e6, 10.0, 50.0
    growth = np.log((k - n0) / n0)
    model = Model(
        name="logistic",
        time_unit="",
        horizon=end,
        states=[State("N", n0, typical=1.0)],
        parameters=numbers(r=r, K=k),
        processes=[Process("growth", "-> N", "r*N*(1 - N/K)")],
        derived=[Derived("doubled", "log(N)/log(2)")],
        readouts=["N"],
    )
    final = k / (1 + np.exp(growth - r * end))
    exact = {
        "peak(N)": final,
        "trough(N)": n0,
        "time_of_peak(N)": end,
        "time_to(N > K/2)": growth / r,
        "time_to(N >= 2*K)": np.inf,
        "time_to(doubled > 10)": (np.log(1024 / (k - 1024)) + growth) / r,
        "fraction_of_time(N > K/2)": 1 - growth / r / end,
        "auc(N)": k / r * np.log((np.exp(r * end) + np.exp(growth)) / (1 + np.exp(growth))),
        "peak(growth)": r * k / 4,
        "time_of_peak(growth)": growth / r,
    }
    return Case(model, end, exact, {})


def pulses() -> Case:
    k, strength, starts, width, end = 0.7, 3.0, np.array([1.013, 13.57, 14.001, 60.3]), 0.02, 100.0
    edges = np.sort(np.concatenate([starts, starts + width]))
    model = Model(
        name="pulsed",
        time_unit="",
        horizon=end,
        states=[State("A", 0.0)],
        parameters=numbers(k=k, inflow=0.0),
        processes=[Process("supply", "-> A", "inflow"), Process("loss", "A ->", "k*A")],
        readouts=["A"],
        interventions=[
            Intervention(f"feed{i}", [add("inflow", strength / width)], during(s, s + width), source="assumed: a test")
            for i, s in enumerate(starts.tolist())
        ],
    )
    a, t, values = 0.0, 0.0, []
    for i, edge in enumerate(edges):
        inflow = strength / width if i % 2 else 0.0
        a = a * np.exp(-k * (edge - t)) + inflow / k * (1 - np.exp(-k * (edge - t)))
        t = edge
        values.append(a)
    exact = {
        "peak(A)": max(values),
        "time_of_peak(A)": edges[int(np.argmax(values))],
        "auc(inflow.effective)": strength * len(starts),
        "peak(inflow.effective)": strength / width,
        "fraction_of_time(inflow.effective > 1)": width * len(starts) / end,
        "auc(A)": (strength * len(starts) - values[-1] * np.exp(-k * (end - t))) / k,
        "time_to(A > 1)": starts[0] + -np.log(1 - k * 1.0 / (strength / width)) / k,
    }
    return Case(im.perturb(model, *(f"feed{i}" for i in range(len(starts)))), end, exact, {})


def twice_daily(name: str, days: int) -> Case:
    ka, ke, every, n, dose, end = 24.0, 1.3, 0.5, 2 * days, 1.0, float(days)
    model = Model(
        name=name,
        time_unit="",
        horizon=end,
        states=[State("depot", 0.0, typical=1.0), State("C", 0.0, typical=1.0)],
        parameters=numbers(ka=ka, ke=ke),
        processes=[Process("absorption", "depot -> C", "ka*depot"), Process("loss", "C ->", "ke*C")],
        events=[Event("tablet", {"depot": f"depot + {dose}"}, at=0.0, every=every, count=n)],
        readouts=["C"],
    )

    def interval(i: int, x: float) -> float:
        """C at the time x after the dose i (from 0), by superposition."""
        a, b = np.exp(-ke * every), np.exp(-ka * every)
        parts = (1 - a ** (i + 1)) / (1 - a) * np.exp(-ke * x) - (1 - b ** (i + 1)) / (1 - b) * np.exp(-ka * x)
        return float(dose * ka / (ka - ke) * parts)

    a, b = np.exp(-ke * every), np.exp(-ka * every)
    x = float(np.log(ka / ke * (1 - a) / (1 - b)) / (ka - ke))
    level = 0.9 * interval(n - 1, x)
    first = next(i for i in range(n) if max(interval(i, s) for s in np.linspace(0, every, 400)) > level)
    on = first * every + brentq(lambda s: interval(first, s) - level, 0, x, xtol=1e-15)
    exact = {
        "peak(C)": interval(n - 1, x),
        f"time_to(C > {level!r})": on,
        "final(C)": interval(n - 1, every),
        "auc(C)": (dose * n - interval(n - 1, every) - dose * b * (1 - b**n) / (1 - b)) / ke,
        "peak(depot)": dose * (1 - b**n) / (1 - b),
    }
    return Case(model, end, exact, {})


CASES = {case.model.name: case for case in (bateman(), oscillator(), logistic(), pulses())}
CASES |= {name: twice_daily(name, days) for name, days in (("tablets", 28), ("tablets of a year", 365))}


def _case(name: str, rtol: float, engine: Any) -> Any:
    """Return the parameters of a test.

    A year of doses takes up to half a minute in engines other than the compiled one; four weeks show as much.
    """
    compiled = engine is ENGINES[-1]
    long = [pytest.mark.slow] if compiled else [pytest.mark.slow, pytest.mark.soak]
    marks = long if name == "tablets of a year" else [pytest.mark.slow] * (engine == "numpy" and rtol < 1e-6)
    given, own = (engine.values[0], engine.marks) if compiled else (engine, ())
    return pytest.param(name, rtol, given, marks=[*marks, *own])


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("name", "rtol", "engine"),
    [_case(name, rtol, engine) for name in CASES for rtol in (1e-4, 1e-6, 1e-8) for engine in ENGINES],
)
def test_endpoints_lie_within_ten_tolerances_of_the_closed_form(name: str, rtol: float, engine: str) -> None:
    case = CASES[name]
    only = im.from_table({case.model.parameters[0].name: [case.model.parameters[0].value]})
    out = im.sweep(case.model, only, until=case.until, endpoints=list(case.exact), engine=engine, rtol=rtol)
    row = out.table().iloc[0]
    assert row["status"] == "ok"
    wrong = {}
    for end, exact in case.exact.items():
        error = 0.0 if row[end] == exact else abs(row[end] - exact) / case.scale.get(end, abs(exact)) / rtol
        if not error <= 10:
            wrong[end] = (row[end], exact, error)
    assert not wrong


@pytest.mark.parametrize("engine", ENGINES)
def test_output_times_change_no_endpoint(engine: str) -> None:
    case = CASES["bateman"]
    tables = [
        im.sweep(
            case.model, im.grid(ka=[50.0, 3.0]), until=100, times=times, endpoints=list(case.exact), engine=engine
        ).values
        for times in TIMES
    ]
    for table in tables[1:]:
        np.testing.assert_array_equal(table, tables[0])
    kept = im.sweep(case.model, im.grid(ka=[50.0, 3.0]), until=100, endpoints=list(case.exact), engine=engine, keep="C")
    np.testing.assert_array_equal(kept.values, tables[0])
