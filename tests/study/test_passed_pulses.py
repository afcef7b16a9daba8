"""A pulse of a rate that a run's steps go over is told: no run gives a wrong number and says nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from immunode.cli import main
from immunode.intervention import Intervention, inhibit
from immunode.language.evaluation import evaluate
from immunode.language.expression import parse
from immunode.model import Model, Parameter, Process, State
from immunode.model.serial import to_json
from immunode.model.views.pulses import narrow_pulses, rounded_down
from immunode.program.llvm.compile import available
from immunode.study.design.design import grid
from immunode.study.design.from_tables import from_table
from immunode.study.run.passed_pulses import Passage, Passed, together, with_passed, without_passed
from immunode.study.simulations import simulate
from immunode.study.sweeps import sweep

ENGINES = ["scipy", "numpy", *(["compiled"] if available() else [])]
engines = pytest.mark.parametrize("engine", ENGINES)
RATES = {
    "a*sin(0.1*t)**2000": 1793.4,
    "a*sin(0.1*t)**20000": 567.2,
    "a*exp(-1000*(t-500)*(t-500))": 5.605,
    "a*max(0,sin(0.1*t)-0.9999)": 0.0302,
    "a*exp(-1000*abs(sin(0.01*t)))": 70.0,
    "a*exp(20*(cos(0.1*(t-3))-1)*100)": 897.0,
}
WIDEST = ("a*sin(0.1*t)**2000", "a*exp(20*(cos(0.1*(t-3))-1)*100)")
rates = pytest.mark.parametrize("rate", RATES)


def bursts(rate: str, **more: Any) -> Model:
    """Return X' = rate, to 1,000."""
    return Model(
        name="bursts",
        states=[State("X", 0.0)],
        parameters=[Parameter("a", 100.0, source="assumed: test")],
        processes=[Process("burst", "-> X", rate)],
        horizon=1000.0,
        **more,
    )


def exact(rate: str) -> float:
    """Return the integral of a rate, from 2,000,001 values of it."""
    t = np.linspace(0.0, 1000.0, 2_000_001)
    whole = float(np.trapezoid(evaluate(parse(rate), {"a": 100.0}, t), t))
    assert whole == pytest.approx(RATES[rate], rel=5e-3)
    return whole


@pytest.mark.sampled
@rates
@engines
def test_a_pulse_that_was_passed_over_is_told_in_the_recipe(engine: str, rate: str) -> None:
    """Each of these gave a wrong number, 0 as a rule, with status ok and no word."""
    one = simulate(bursts(rate), engine=engine, times=[0, 1000])
    assert one.final("X") != pytest.approx(exact(rate), rel=1e-3)
    (line,) = [remark for remark in one.recipe["remarks"] if "pulse" in remark]
    assert "process 'burst': the rate has a pulse of about" in line
    assert "may have passed over it" in line


def _steps(rate: str, engine: str) -> tuple[pytest.MarkDecorator, ...]:
    """Return the marks of a test: narrow pulses need many steps, and NumPy's take up to 14 s."""
    if rate in WIDEST:
        return ()
    long = engine == "numpy" and rate != "a*sin(0.1*t)**20000"
    return (pytest.mark.slow, pytest.mark.soak) if long else (pytest.mark.slow,)


@pytest.mark.slow
@pytest.mark.parametrize(("engine", "rate"), [pytest.param(e, r, marks=_steps(r, e)) for e in ENGINES for r in RATES])
def test_with_the_step_that_is_advised_the_number_is_right_and_nothing_is_told(engine: str, rate: str) -> None:
    longest = rounded_down(min(pulse.longest for pulse in narrow_pulses(bursts(rate))))
    one = simulate(bursts(rate, max_step=longest), engine=engine, times=[0, 1000])
    assert one.final("X") == pytest.approx(exact(rate), rel=1e-3)
    assert one.recipe["remarks"] == []


@engines
def test_where_a_solver_stops_at_the_pulse_nothing_is_told(engine: str) -> None:
    one = simulate(bursts("a*exp(-((t - 500)/0.05)**2)"), engine=engine, times=[0, 1000])
    assert one.final("X") == pytest.approx(100 * 0.05 * np.sqrt(np.pi), rel=1e-4)
    assert one.recipe["remarks"] == []


@pytest.mark.sampled
@engines
@pytest.mark.parametrize("sharp", [1e-2, 1e-3, 2e-4, 1e-5])
def test_a_pulse_that_is_not_narrow_is_told_too_where_a_step_went_over_it(engine: str, sharp: float) -> None:
    """These pulses are 1.7, 5, 12 and 53 hundredths of the run; engines pass over the first ones."""
    one = simulate(bursts(f"a*exp(-{sharp}*(t - 500)*(t - 500))"), engine=engine)
    t = np.linspace(0.0, 1000.0, 200_001)
    right = one.final("X") == pytest.approx(np.trapezoid(100 * np.exp(-sharp * (t - 500) ** 2), t), rel=1e-3)
    assert right or one.recipe["remarks"]


def test_a_model_without_narrow_pulses_has_nothing_to_tell() -> None:
    assert simulate(bursts("a*sin(0.1*t)**2"), times=[0, 1000]).recipe["remarks"] == []
    assert "passed over" not in sweep(bursts("a + t"), n=4, endpoints="final(X)").recipe["arms"]["control"]


def test_pulses_lie_where_the_parameters_of_the_run_put_them() -> None:
    model = bursts("100*exp(-a*(t - 500)*(t - 500))")
    assert "pulse of about 0.053" in simulate(model.with_values({"a": 1e3}), times=[0, 1000]).recipe["remarks"][0]
    assert "pulse of about 0.017" in simulate(model.with_values({"a": 1e4}), times=[0, 1000]).recipe["remarks"][0]
    assert simulate(model.with_values({"a": 1e-5}), times=[0, 1000]).recipe["remarks"] == []


@engines
def test_a_sweep_says_in_how_many_runs(engine: str) -> None:
    """Two of the pulses are narrow; the model's own is not."""
    model = bursts("100*exp(-a*(t - 500)*(t - 500))").with_values({"a": 1e-5})
    out = sweep(model, grid(a=[1e-6, 1e-5, 1e3, 1e4]), endpoints="final(X)", engine=engine)
    (line,) = out.recipe["remarks"]
    assert "pulse of about 0.017 at t = 500" in line
    assert "in 2 of 4 runs;" in line
    assert out.recipe["arms"]["control"]["passed over"]["processes"]["burst"]["runs"] == 2


def test_of_many_parameter_sets_the_first_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("immunode.study.run.execution.LOOKED_AT", 12)
    out = sweep(bursts("a*exp(-1000*(t - 500)*(t - 500))"), n=32, endpoints="final(X)", block=8)
    assert "in 12 of 12 runs that were looked at;" in out.recipe["remarks"][0]


def test_runs_that_have_the_pulses_in_common_are_all_looked_at() -> None:
    model = Model(
        name="bursts",
        states=[State("X", 0.0)],
        parameters=[Parameter("k", 0.01, source="assumed: test")],
        processes=[Process("burst", "-> X", "sin(0.1*t)**20000"), Process("lose", "X ->", "k*X")],
        horizon=1000.0,
    )
    out = sweep(model, n=256, endpoints="final(X)", block=100)
    assert "in 256 of 256 runs;" in out.recipe["remarks"][0]


def test_each_arm_tells_of_its_own() -> None:
    model = bursts("a*sin(0.1*t)**20000", interventions=[Intervention("off", inhibit("a", 1))])
    out = sweep(model, grid(a=[100.0]), arms={"control": [], "off": ["off"]}, endpoints="final(X)")
    assert ["arm 'control'" in line for line in out.recipe["remarks"]] == [True]


def test_a_store_keeps_what_its_blocks_passed_over(tmp_path: Path) -> None:
    pytest.importorskip("zarr")
    model, design = bursts("a*sin(0.1*t)**2000"), grid(a=[50.0, 100.0, 150.0, 200.0])
    given = {"endpoints": "final(X)", "store": tmp_path / "runs.zarr", "block": 2}
    first = sweep(model, design, **given, part=(1, 2))  # type: ignore[arg-type]
    assert "in 2 of 2 runs;" in first.recipe["remarks"][0]
    whole = sweep(model, design, **given)  # type: ignore[arg-type]
    again = sweep(model, design, **given)  # type: ignore[arg-type]
    assert "in 4 of 4 runs;" in whole.recipe["remarks"][0]
    assert again.recipe["remarks"] == whole.recipe["remarks"]
    assert "\n" not in again.recipe["arms"]["control"]["reason"]


def test_parts_are_put_together_by_the_narrowest_pulse() -> None:
    one, other = (Passed(8, {"p": Passage(runs, 5.0, width, 2.0)}) for runs, width in ((3, 0.2), (4, 0.1)))
    assert together([one, other]) == Passed(16, {"p": Passage(7, 5.0, 0.1, 2.0)})
    assert together([]) is None
    assert without_passed(with_passed("why", one)) == ("why", one)
    assert without_passed(with_passed("why", None)) == ("why", None)


def test_failed_runs_are_not_counted() -> None:
    out = sweep(bursts("a*sin(0.1*t)**2000"), from_table({"a": [100.0, float("nan")]}), endpoints="final(X)")
    assert len(out.recipe["remarks"]) == 1
    assert out.recipe["arms"]["control"]["passed over"]["looked at"] == 1


def test_the_shell_says_it_on_the_error_stream(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bursts.json"
    path.write_text(to_json(bursts("a*sin(0.1*t)**2000")))
    assert main(["run", str(path)]) == 0
    told = capsys.readouterr()
    assert "immunode: bursts, process 'burst': the rate has a pulse of about 0.53" in told.err
    assert "may have passed over it" not in told.out
    assert main(["sweep", str(path), "--runs", "4"]) == 0
    assert "may have passed over it in 4 of 4 runs;" in capsys.readouterr().err
