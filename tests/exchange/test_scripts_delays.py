"""Delays in scripts: read back, read anew, run in Octave on a stand-in for MATLAB's solver, refused in words."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import immunode as im
from immunode.errors import ModelError
from immunode.exchange.scripts.files import write_script
from immunode.exchange.scripts.julia import to_julia
from immunode.exchange.scripts.matlab import to_matlab
from immunode.exchange.scripts.reading import read_script
from immunode.exchange.scripts.rxode2 import to_rxode2
from immunode.model import Derived, Event, Model, Parameter, Process, State
from tests.clock import PATIENCE

Array = NDArray[np.float64]
OCTAVE = shutil.which("octave")
SOURCE = "assumed: a test"
DDE23 = """
function sol = dde23(f, lags, history, tspan, options)
  n = round((tspan(2) - tspan(1))/0.01); h = (tspan(2) - tspan(1))/n; y = options.InitialY;
  if isstruct(history), sol = history; else, sol = struct('past', history, 'x', [], 'y', [], 'yp', []); end
  sol.x(end + 1) = tspan(1); sol.y(:, end + 1) = y; sol.yp(:, end + 1) = f(tspan(1), y, ago(sol, tspan(1) - lags, 1));
  for i = 1:n
    t = tspan(1) + (i - 1)*h;
    k1 = sol.yp(:, end); middle = ago(sol, t + h/2 - lags, 1); last = ago(sol, t + h - lags, -1);
    k2 = f(t + h/2, y + h/2*k1, middle); k3 = f(t + h/2, y + h/2*k2, middle); k4 = f(t + h, y + h*k3, last);
    y = y + h/6*(k1 + 2*k2 + 2*k3 + k4);
    sol.x(end + 1) = t + h; sol.y(:, end + 1) = y; sol.yp(:, end + 1) = f(t + h, y, ago(sol, t + h - lags, 1));
  end
end

function Z = ago(sol, times, side)
  Z = zeros(size(sol.y, 1), numel(times));
  for j = 1:numel(times)
    s = times(j) + side*1e-10; i = find(sol.x <= s, 1, 'last');
    if isempty(i), Z(:, j) = sol.past(times(j)); continue, end
    i = min(i, numel(sol.x) - 1); h = sol.x(i + 1) - sol.x(i); a = (s - sol.x(i))/h;
    Z(:, j) = (1 + 2*a)*(1 - a)^2*sol.y(:, i) + a*(1 - a)^2*h*sol.yp(:, i) ...
      + a^2*(3 - 2*a)*sol.y(:, i + 1) + a^2*(a - 1)*h*sol.yp(:, i + 1);
  end
end
"""
"""MATLAB's solver as its documentation tells it, for lags and doses at multiples of its step: classical Runge-Kutta,
cubic polynomials between, restarts by a solution as history."""
DDESET = """
function o = ddeset(varargin)
  if isstruct(varargin{1}), o = varargin{1}; varargin(1) = []; else, o = struct(); end
  for i = 1:2:numel(varargin), o.(varargin{i}) = varargin{i + 1}; end
end
"""


def delayed(**more: Any) -> Model:
    """Return a model that looks back at a formula with time and a delay in it, at two lags and before its start."""
    parts: dict[str, Any] = {
        "states": [State("x", 1.0, history="0.5 + 0.1*k*t"), State("z", 0.2)],
        "parameters": [Parameter("k", 0.8, "1/day", source=SOURCE), Parameter("tau", 1.3, "day", source=SOURCE)],
        "derived": [
            Derived("s", "x*x + z"),
            Derived("late", "delay(s*exp(-k*t/5) + delay(x, tau), 2*tau)"),
        ],
        "processes": [Process("loss", "x ->", "k*delay(x, tau)*x"), Process("gain", "-> z", "k*late/(1 + z)")],
    }
    return Model(name="delayed", title="a test", time_unit="day", horizon=9.0, **(parts | more))


DOSED = delayed(events=[Event("dose", {"x": "x + 1"}, at=2.0, every=1.5, count=3)])


@pytest.mark.skipif(OCTAVE is None, reason="Octave is not here")
def test_the_function_of_matlab_gives_the_same_run(tmp_path: Path) -> None:
    """Octave has no dde23; with one that does what the documentation says, the text runs to the same numbers."""
    (tmp_path / "dde23.m").write_text(DDE23.strip(), encoding="utf-8")
    (tmp_path / "ddeset.m").write_text(DDESET.strip(), encoding="utf-8")
    file = write_script(DOSED, tmp_path, "matlab")
    order = (
        f"[t, y] = {file.stem}(); printf('%.17g ', y(end, :)); printf('%.17g ', y(round(end/2), :), t(round(end/2)));"
    )
    command = [str(OCTAVE), "--no-gui", "--quiet", "--eval", order]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False)
    x, z, x_between, z_between, between = (float(word) for word in done.stdout.split())
    run = im.simulate(DOSED, times=[between, 9.0], rtol=1e-9)
    assert [x_between, z_between] == pytest.approx([run["x"][0], run["z"][0]], rel=1e-6)
    # the stand-in errs by 4e-6 behind kinks, a quarter of that with half its step
    assert [x, z] == pytest.approx([run["x"][1], run["z"][1]], rel=1e-5)


def test_a_text_of_rxode2_reads_back_with_its_delays_and_pasts() -> None:
    again = read_script(to_rxode2(delayed()))
    times = np.linspace(0, 9, 19)
    one, two = (im.simulate(model, times=times, rtol=1e-10) for model in (delayed(), again))
    for name in ("x", "z", "late"):
        assert np.allclose(two[name], one[name], rtol=1e-8)
    assert "x_ago_3 = delay(x, tau);" in to_rxode2(delayed())
    assert "past(x, tau) = 0.5 + 0.1*k*t;" in to_rxode2(delayed())
    with pytest.raises(ModelError, match="is another past of 'x', and a state has one"):
        read_script("k = 1\nd/dt(x) = -k*delay(x, 1)\npast(x, 1) = 2\npast(x, 2) = 3\n")


def test_the_published_model_with_delays_can_be_written() -> None:
    model = im.load_model("myers2021")
    assert "E_ago = delay(E, tau_M);" in to_rxode2(model)
    assert "I2_ago = Z(3, 1);" in to_matlab(model)
    assert "  found = [p.tau_E, p.tau_M];" in to_matlab(model)


@pytest.mark.parametrize(
    ("write", "begin"), [(to_julia, "function rates(du, u, h, p, t)"), (to_matlab, "dy = rates(t, y, Z, p)")]
)
def test_rates_of_a_text_are_those_of_the_model_at_any_past(write: Callable[[Model], str], begin: str) -> None:
    """The lines of the function are read anew, with a past that is a polynomial in time."""
    text = write(DOSED)
    lines = [line.partition("%")[0].partition(" #")[0].strip(" ;") for line in text.partition(begin)[2].splitlines()]
    k, tau, t, u = 0.8, 1.3, 4.1, np.array([0.7, 0.4])

    def ago(lag: float) -> Array:
        return np.array([1.0, 0.3]) + np.array([0.2, 0.5]) * (t - lag) ** 2

    known: dict[str, Any] = {"exp": np.exp, "t": t, "p": SimpleNamespace(k=k, k_2=k, tau=tau)}
    lags = re.search(r"(?:constant_lags|found) = \[(.*)\]", text)
    assert lags is not None
    numbers = [float(eval(lag, {}, known)) for lag in lags[1].split(", ")]
    found = {}
    for line in lines[: lines.index("end")]:
        left, _, right = line.partition(" = ")
        right = re.sub(r"\by\((\d)\)|\bu\[(\d)\]", lambda m: str(u[int(m[1] or m[2]) - 1]), right)
        right = re.sub(r"Z\((\d), (\d)\)", lambda m: str(ago(numbers[int(m[2]) - 1])[int(m[1]) - 1]), right)
        right = re.sub(
            r"h\(p, t - (.*); idxs = (\d)\)", lambda m: str(ago(float(eval(m[1], {}, known)))[int(m[2]) - 1]), right
        )
        rate = re.fullmatch(r"d[yu][(\[](\d)[)\]]", left)
        if rate:
            found[int(rate[1])] = float(eval(right, {}, known))
        elif right and "zeros" not in right:
            known[left] = float(eval(right, {}, known))
    x, z = ago(2 * tau)
    late = (x * x + z) * np.exp(-k * (t - 2 * tau) / 5) + ago(3 * tau)[0]
    assert found == pytest.approx({1: -k * ago(tau)[0] * u[0], 2: k * late / (1 + u[1])}, rel=1e-12)
    assert sorted(numbers) == pytest.approx([tau, 2 * tau, 3 * tau])


def test_doses_and_pasts_of_a_script_of_julia() -> None:
    text = to_julia(DOSED)
    assert "moments = Float64[2.0, 3.5, 5.0]" in text
    assert text.count("u -> (u[1] += 1.0)") == 3
    assert "u[1] = 0.5 + 0.1*p.k*t" in text.partition("function past")[2].partition("end")[0]
    assert "DDEProblem(rates, start(p), past, (0.0, 9.0), p; constant_lags)" in text
    assert "DelayDiffEq" not in to_julia(im.load_model("kuznetsov1994"))


@pytest.mark.parametrize(
    ("language", "why"), [("mrgsolve", "mrgsolve keeps no past"), ("nonmem", "ADVAN13 keeps no past")]
)
def test_a_language_without_a_past_says_so_and_which_have_one(language: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=rf"delay equation, and {why} of states; MATLAB, Julia, rxode2, SBML and"):
        write_script(delayed(), tmp_path, language)


def test_what_delays_can_not_be_in_a_script_is_refused() -> None:
    with pytest.raises(ModelError, match=r"lag of delay\(x, 2\*tau\) is not above 0"):
        to_matlab(delayed().with_values({"tau": 0.0}))
    back = delayed(events=[Event("copy", {"x": "delay(x, tau)"}, at=2.0)])
    with pytest.raises(ModelError, match="event 'copy' looks back in time"):
        to_rxode2(back)
