"""Every example draws its figure, or prints its table."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import immunode as im

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
TABLE = ROOT / "examples" / "scenarios.py"
QUICK = ("first_model", "dormancy_or_escape")
"""Examples of the quick round; each of the others starts a process for seconds."""


def run(script: Path, argument: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run an example in `folder`; it must end well and without warnings."""
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    ran = subprocess.run(
        [sys.executable, "-W", "error", str(script), argument],
        env={**os.environ, "PYTHONPATH": path},
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    return ran


@pytest.mark.sampled
@pytest.mark.parametrize(
    "script",
    [
        pytest.param(path, id=path.stem, marks=() if path.stem in QUICK else (pytest.mark.slow,))
        for path in EXAMPLES
        if path != TABLE
    ],
)
def test_example_writes_one_figure(script: Path, tmp_path: Path) -> None:
    ran = run(script, str(tmp_path), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [f"{script.stem}.png"]
    assert ran.stdout.strip() == str(tmp_path / f"{script.stem}.png")


@pytest.mark.slow
def test_example_prints_one_table(tmp_path: Path) -> None:
    """Of one model, which takes a second; its rows are those of the model."""
    printed = run(TABLE, "zinc_minimal", tmp_path).stdout
    assert printed.count("zinc_minimal: ") == TABLE.read_text(encoding="utf-8").count('"zinc_minimal"')
    assert not list(tmp_path.iterdir())


def test_the_list_of_examples_is_complete() -> None:
    listed = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
    assert all(f"`{script.name}`" in listed for script in EXAMPLES)


PERTURBED = re.findall(
    r"^\| [^|]+ \| `(\w+)`[^|]*? (up|down)\b[^|]*\| `(\w+)` \| `(\w+)` \|$",
    (ROOT / "examples" / "README.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)


def test_the_table_of_perturbed_processes_is_read() -> None:
    text = (ROOT / "examples" / "README.md").read_text(encoding="utf-8").partition("## Which intervention")[2]
    assert len(PERTURBED) == text.count("\n| ") - 1 > 20


@pytest.mark.parametrize(("process", "way", "model", "intervention"), PERTURBED, ids=lambda text: text)
def test_an_intervention_perturbs_the_process_that_the_table_names(
    process: str, way: str, model: str, intervention: str
) -> None:
    """Where the flux first differs by 1 % of its largest size, it differs that way."""
    loaded = im.load_model(model, "diseased") if model == "baker2013" else im.load_model(model)
    assert process in {p.name for p in loaded.processes}
    times = np.linspace(0, loaded.horizon, 2001)[1:]
    runs = im.simulate(loaded, times=times, arms=im.Arms(without=[], given=[intervention]))
    without, given = (np.interp(times, runs[arm].times, runs[arm][process]) for arm in ("without", "given"))
    change = given - without
    seen = np.flatnonzero(np.abs(change) > 0.01 * max(np.abs(given).max(), np.abs(without).max()))
    assert seen.size
    assert ("up" if change[seen[0]] > 0 else "down") == way
