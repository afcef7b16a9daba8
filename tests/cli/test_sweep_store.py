"""`immunode sweep` with --store, --plan, --part, --log-file and --cluster."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from immunode.cli import main
from immunode.study import open_store
from tests.clock import PATIENCE, wait_until
from tests.libraries import needs

pytestmark = needs("zarr")
Capture = pytest.CaptureFixture[str]
SWEEP = ["sweep", "kuznetsov1994", "--runs", "16", "--until", "20 days"]


def test_the_same_line_is_answered_from_the_store(tmp_path: Path, capsys: Capture) -> None:
    line = [*SWEEP, "--store", str(tmp_path / "a.zarr"), "--json"]
    assert main(line) == 0
    first = json.loads(capsys.readouterr().out)
    assert main(line) == 0
    again = json.loads(capsys.readouterr().out)
    assert again["summary"] == first["summary"]
    assert again["recipe"]["store"]["runs found there"] == 16
    # figures may be asked for later
    assert main([*line, "-o", str(tmp_path / "out")]) == 0
    assert {"table.csv", "figure.png", "recipe.json"} <= {p.name for p in (tmp_path / "out").iterdir()}


def test_another_line_is_refused_in_words(tmp_path: Path, capsys: Capture) -> None:
    main([*SWEEP, "--store", str(tmp_path / "a.zarr")])
    assert main([*SWEEP, "--rtol", "1e-5", "--store", str(tmp_path / "a.zarr")]) == 2
    assert "rtol is 1e-06 there, 1e-05 here" in capsys.readouterr().err


def test_a_damaged_block_is_told_in_one_line(tmp_path: Path, capsys: Capture) -> None:
    line = [*SWEEP, "--store", str(tmp_path / "a.zarr")]
    main(line)
    (tmp_path / "a.zarr/endpoints/c/0/0").write_bytes(b"nonsense")
    capsys.readouterr()
    assert main(line) == 0
    told = capsys.readouterr().err
    assert re.search(r"^immunode: .*a\.zarr: block 0 did not hold what was written", told, re.MULTILINE)
    assert "Warning" not in told


def test_the_plan_runs_nothing_of_the_store(tmp_path: Path, capsys: Capture) -> None:
    store = tmp_path / "a.zarr"
    line = ["sweep", "kuznetsov1994", "--runs", "100000", "--until", "20 days", "--plan", "--store", str(store)]
    assert main(line) == 0
    told = capsys.readouterr().out
    assert re.search(r"100,000 runs in 1 arm and [\d,]+ blocks: .* here \(.* runs/s, measured on .* of disk", told)
    assert not store.exists()
    assert main([*line, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["runs"] == 100_000


def test_parts_and_the_log_are_written(tmp_path: Path, capsys: Capture) -> None:
    line = [*SWEEP, "--store", str(tmp_path / "a.zarr"), "--log-file", str(tmp_path / "log"), "--engine", "scipy"]
    assert main([*line, "--runs", "80", "--part", "2/3"]) == 0
    assert "only a part was asked for: 32 of 80 runs are finished" in capsys.readouterr().err
    assert open_store(tmp_path / "a.zarr").counts() == {"not run": 48, "ok": 32}
    assert "32 of 80 runs" in (tmp_path / "log").read_text()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--part", "2/3"], "--part needs --store"),
        (["--part", "2", "--store", "x"], "write it as 2/8"),
        (["--part", "5/3", "--store", "x"], r"write \(2, 8\) for the second of eight"),
        (["--store", ""], "--store: the folder or URL is missing"),
        (["--cluster", "nowhere"], "no Dask scheduler answers at nowhere"),
    ],
)
def test_nonsense_is_one_line_and_code_2(
    options: list[str], says: str, capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "--cluster" in options:
        pytest.importorskip("distributed")
    monkeypatch.chdir(tmp_path)
    assert main([*SWEEP, *options]) == 2
    told = capsys.readouterr().err.strip()
    assert re.search(says, told)
    assert len(told.splitlines()) == 1


@pytest.mark.slow
def test_ctrl_c_finishes_the_block_and_the_same_line_goes_on(tmp_path: Path, capsys: Capture) -> None:
    store = tmp_path / "a.zarr"
    line = ["sweep", "kuznetsov1994", "--runs", "40000", "--engine", "scipy", "--until", "50", "--store", str(store)]
    running = subprocess.Popen([sys.executable, "-m", "immunode.cli", *line], stderr=subprocess.PIPE, text=True)
    wait_until(lambda: running.poll() is not None or list(store.glob("status/c/*")))
    running.send_signal(signal.SIGINT)
    told = running.communicate(timeout=PATIENCE)[1]
    assert running.returncode == 130
    assert "finishing the blocks in hand; press Ctrl-C again to stop at once" in told
    assert "the same call resumes it" in told
    assert "Traceback" not in told
    assert open_store(store).verify() == []
    assert 0 < open_store(store).counts()["ok"] < 40000
