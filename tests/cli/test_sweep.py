"""`immunode sweep`: many virtual patients in every arm."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import immunode as im
from immunode.catalogue import load_model
from immunode.cli import main
from immunode.study import sobol, space, sweep
from immunode.study.run.progress import patient_interrupts
from tests.clock import PATIENCE, wait_until

Capture = pytest.CaptureFixture[str]
SWEEP = ["sweep", "kuznetsov1994", "--runs", "16", "--until", "50 days"]
ARMS = ["--arm", "control", "--arm", "cytostatic"]


def test_the_summary_is_that_of_the_same_sweep_in_python(capsys: Capture) -> None:
    assert main([*SWEEP, *ARMS, "--endpoint", "final(T)", "--seed", "3", "--json"]) == 0
    (control, cytostatic) = json.loads(capsys.readouterr().out)["summary"]
    model = load_model("kuznetsov1994")
    out = sweep(
        model,
        sobol(space(model), 16, seed=3),
        arms=["control", "cytostatic"],
        until=50,
        endpoints=["final(T)"],
    )
    for record, arm in ((control, "control"), (cytostatic, "cytostatic")):
        assert record["arm"] == arm
        assert record["median"] == np.median(out.endpoint("final(T)")[out.arm == arm])


def test_the_table_has_arms_endpoints_the_failed_share_and_how_runs_were_made(capsys: Capture) -> None:
    assert main([*SWEEP, *ARMS]) == 0
    printed = capsys.readouterr().out
    for text in (
        "control",
        "cytostatic",
        "final(T)",
        "failed runs",
        "16 Sobol points, seed 0",
        "log-uniform",
        "engine",
        "rtol 1e-06",
    ):
        assert text in printed, text


@pytest.mark.slow
def test_patients_are_those_of_the_same_sweep_in_python(tmp_path: Path, capsys: Capture) -> None:
    """The declared population, paired over arms; its covariates and random effects are columns of the table."""
    words = ["sweep", "ma2020", "--arm", "control,sarilumab_200", "--endpoint", "final(das28)"]
    assert main([*words, "--patients", "20", "--seed", "3", "-o", str(tmp_path)]) == 0
    assert "the population that ma2020 declares" in capsys.readouterr().out
    table = pd.read_csv(tmp_path / "table.csv")
    out = sweep(load_model("ma2020"), patients=20, seed=3, arms=["control", "sarilumab_200"], endpoints="final(das28)")
    for name in ("weight", "CRP", "steroid", "CL"):
        np.testing.assert_allclose(table[name], out.table()[name], rtol=1e-12)
    # the command also draws curves, and steps are as short as what is to be seen needs
    np.testing.assert_allclose(table["final(das28)"], out.table()["final(das28)"], rtol=1e-6)


@pytest.mark.slow
def test_a_model_that_declares_patients_is_swept_over_them(capsys: Capture) -> None:
    assert main(["sweep", "ma2020", "--endpoint", "at(das28, 1)", "--json"]) == 0
    recipe = json.loads(capsys.readouterr().out)["recipe"]
    assert recipe["design"].startswith("1024 virtual patients, seed 0 (the population that ma2020 declares")
    for sampled in (["--runs", "8"], ["--vary", "Kout", "--runs", "8"]):
        assert main(["sweep", "ma2020", "--endpoint", "at(das28, 1)", *sampled]) == 0
        assert "Sobol points" in capsys.readouterr().out


def test_a_setting_holds_in_every_patient(tmp_path: Path) -> None:
    words = ["sweep", "ma2020", "--patients", "8", "--endpoint", "at(das28, 1)", "--set", "weight=90"]
    assert main([*words, "--set", "weight_ref=80", "-o", str(tmp_path)]) == 0
    table = pd.read_csv(tmp_path / "table.csv")
    assert (set(table["weight"]), set(table["weight_ref"])) == ({90.0}, {80.0})
    assert table["CRP"].nunique() == 8


@pytest.mark.parametrize("other", [["--runs", "4"], ["--vary", "k*"], ["--design", "patients.csv"]])
def test_patients_exclude_what_else_says_which_runs(other: list[str], capsys: Capture) -> None:
    assert main(["sweep", "ma2020", "--patients", "9", *other]) == 2
    assert other[0] in capsys.readouterr().err


def test_a_model_without_patients_has_none_to_draw(capsys: Capture) -> None:
    assert main(["sweep", "kuznetsov1994", "--patients", "9"]) == 2
    told = capsys.readouterr().err
    assert "declares no population" in told
    assert "--runs 9" in told


def test_nothing_but_results_is_printed_where_no_terminal_is(capsys: Capture) -> None:
    assert main(SWEEP) == 0
    assert capsys.readouterr().err == ""


def test_files_hold_table_figure_and_recipe(tmp_path: Path, capsys: Capture) -> None:
    assert main([*SWEEP, *ARMS, "-o", str(tmp_path / "out")]) == 0
    names = set(os.listdir(tmp_path / "out"))
    assert names == {
        "table.csv",
        "summary.csv",
        "recipe.json",
        "figure.png",
        "figure.svg",
        "endpoints.png",
        "endpoints.svg",
    }
    table = pd.read_csv(tmp_path / "out" / "table.csv")
    assert len(table) == 32
    assert {"run", "arm", "a", "n", "status", "final(T)", "peak(T)"} <= set(table.columns)
    recipe = json.loads((tmp_path / "out" / "recipe.json").read_text())
    assert recipe["seed"] == 0
    assert recipe["command"].startswith("immunode sweep kuznetsov1994 --runs 16 --until '50 days'")
    assert "table.csv" in capsys.readouterr().err


def test_a_design_of_the_user_is_run_row_by_row(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "design.csv").write_text("a,T(0),arm\n0.1,1e5,control\n0.2,1e6,cytostatic\n")
    words = ["--until", "5", "--design", str(tmp_path / "design.csv"), "-o", str(tmp_path / "out")]
    assert main(["sweep", "kuznetsov1994", *words]) == 0
    table = pd.read_csv(tmp_path / "out" / "table.csv")
    assert table["arm"].tolist() == ["control", "cytostatic"]
    assert table["T(0)"].tolist() == [1e5, 1e6]


def test_a_failed_run_is_a_row_and_counted(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "design.csv").write_text("a\n0.1\n\nnan\n0.2\n")
    words = ["--until", "5", "--design", str(tmp_path / "design.csv"), "-o", str(tmp_path / "out")]
    assert main(["sweep", "kuznetsov1994", *words]) == 0
    assert re.search(r"failed runs +33.3 % +\(1 of 3: 1 refused\)", capsys.readouterr().out)
    assert pd.read_csv(tmp_path / "out" / "table.csv")["status"].tolist() == ["ok", "refused", "ok"]


def test_a_sweep_in_which_every_run_fails_exits_with_1_and_still_writes_its_table(
    tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "design.csv").write_text("a\nnan\n")
    words = ["--design", str(tmp_path / "design.csv"), "-o", str(tmp_path / "out")]
    assert main(["sweep", "kuznetsov1994", *words]) == 1
    assert "100 %" in capsys.readouterr().out
    assert (tmp_path / "out" / "table.csv").is_file()


def test_only_what_varies_is_sampled_and_settings_hold_in_every_run(tmp_path: Path, capsys: Capture) -> None:
    words = ["--arm", "cytostatic", "--vary", "a", "--vary", "cytostatic.strength", "--set", "n=1e-7"]
    assert main([*SWEEP, *words, "-o", str(tmp_path)]) == 0
    table = pd.read_csv(tmp_path / "table.csv")
    assert list(table.columns[2:5]) == ["a", "cytostatic.strength", "n"]
    assert table["a"].nunique() == 16
    assert set(table["n"]) == {1e-7}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--arm", "cytostatik"], "'cytostatic'"),
        (["--vary", "k_*"], "k_*"),
        (["--set", "q=1"], "'q'"),
        (["--endpoint", "peek(T)"], "'peak'"),
        (["--endpoint", "peak(U)"], "'U'"),
        (["--until", "50 kg"], "kg"),
        (["--engine", "nump"], "nump"),
        (["--rtol", "7"], "--rtol"),
        (["--design", "no_such_file.csv"], "no_such_file.csv"),
        (["--style", "slides"], "slides"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error_in_one_line(
    words: list[str], message: str, tmp_path: Path, capsys: Capture
) -> None:
    assert main(["sweep", "kuznetsov1994", *words, "-o", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert "Traceback" not in error


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("aa\n1\n", "aa"),
        ("a,a\n1,2\n", "twice"),
        ("a\nx\n", "'x'"),
        ("a\n", "no rows"),
        ("a,arm\n1,cytostatik\n", "'cytostatic'"),
    ],
)
def test_a_wrong_design_is_a_usage_error(table: str, message: str, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "design.csv").write_text(table)
    assert main(["sweep", "kuznetsov1994", "--design", str(tmp_path / "design.csv")]) == 2
    assert message in capsys.readouterr().err


def test_design_and_sampling_exclude_each_other(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "design.csv").write_text("a\n1\n")
    assert main([*SWEEP, "--design", str(tmp_path / "design.csv")]) == 2
    assert "--runs" in capsys.readouterr().err


@pytest.mark.slow
def test_an_interrupt_keeps_writes_and_tells_what_is_finished(tmp_path: Path) -> None:
    out = tmp_path / "out"
    log = tmp_path / "log"
    words = ["sweep", "kuznetsov1994", "--runs", "20000", "--engine", "scipy", "--until", "500 days", "-o", str(out)]
    words += ["--log-file", str(log)]
    code = f"import sys; from immunode.cli import main; sys.argv[1:] = {words!r}; sys.exit(main())"
    running = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        # a line is written for each block of runs
        wait_until(lambda: running.poll() is not None or (log.exists() and log.read_text()))
        running.send_signal(signal.SIGINT)
        printed, error = running.communicate(timeout=PATIENCE)
    finally:
        running.kill()
        running.communicate()
    assert running.returncode == 130, error
    assert re.search(r"interrupted: [\d,]+ of 20,000 runs are finished", error)
    assert "failed runs" in printed
    assert "Traceback" not in error
    counts = pd.read_csv(out / "table.csv")["status"].value_counts()
    assert 0 < counts["ok"] < 20000
    assert counts["ok"] + counts["not run"] == 20000


def test_an_interrupt_that_a_solver_swallows_still_ends_the_sweep() -> None:
    with patient_interrupts() as asked:
        with suppress(KeyboardInterrupt):  # as C code does that calls back into Python
            signal.raise_signal(signal.SIGINT)
        assert asked()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_model_without_parameters_is_one_run_in_each_arm(tmp_path: Path, capsys: Capture) -> None:
    """X' = -X/2 from 1, until 4: exp(-2)."""
    bare = im.Model("bare", horizon=4.0, states=[im.State("X", 1.0)], processes=[im.Process("loss", "X ->", "0.5*X")])
    file = tmp_path / "bare.json"
    file.write_text(bare.to_json())
    line = ["sweep", str(file), "--endpoint", "final(X)", "--rtol", "1e-9"]
    assert main([*line, "-o", str(tmp_path / "out")]) == 0
    assert "sampled: the model as it is: it has no parameters to sample" in capsys.readouterr().out
    assert pd.read_csv(tmp_path / "out" / "table.csv")["final(X)"].tolist() == pytest.approx([np.exp(-2)], rel=1e-7)
    assert main([*line, "--set", "X(0)=2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["summary"][0]["median"] == pytest.approx(2 * np.exp(-2), rel=1e-7)
    assert main([*line, "--plan"]) == 0
