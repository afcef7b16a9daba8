"""`immunode atlas`: interventions against control."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path

import pandas as pd
import pytest

from immunode.analysis.treatment.intervention_atlas import atlas
from immunode.catalogue import load_model
from immunode.cli import main
from immunode.plot import read_metadata

Capture = pytest.CaptureFixture[str]
ATLAS = ["atlas", "kuznetsov1994", "--until", "20 days"]


@pytest.mark.slow
def test_the_files_hold_what_atlas_gives(tmp_path: Path, capsys: Capture) -> None:
    words = [*ATLAS, "-o", str(tmp_path)]
    assert main(words) == 0
    printed = capsys.readouterr()
    assert sorted(os.listdir(tmp_path)) == ["atlas.csv", "atlas.png", "atlas.svg"]
    assert read_metadata(tmp_path / "atlas.png")["recipe"] == shlex.join(["immunode", *words])
    table = pd.read_csv(tmp_path / "atlas.csv", keep_default_na=False)
    found = atlas(load_model("kuznetsov1994"), until=20)
    assert list(table["intervention"].unique()) == list(found.interventions)
    assert table["log2_fold"].astype(float).tolist() == found.fold.ravel().tolist()
    assert "time average, from the start to day 20" in printed.out
    assert "cytostatic" in printed.out
    assert "atlas.png" in printed.err


def test_variant_measure_and_readouts_are_heard(capsys: Capture) -> None:
    assert main(["atlas", "baker2013", "--variant", "diseased", "--measure", "peak", "--show", "p", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    found = atlas(load_model("baker2013", variant="diseased"), readouts=["p"], measure="peak")
    assert [row["log2_fold"] for row in told["rows"]] == found.fold.ravel().tolist()
    assert told["measure"] == "peak"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--measure", "average"], "'mean', 'final', 'peak'"),
        (["--variant", "curatd"], "'curated'"),
        (["--show", "TT"], "'T'"),
        (["--until", "-3"], "until"),
        (["--style", "slid"], "'slide'"),
    ],
)
def test_what_can_not_be_meant_is_a_usage_error(words: list[str], message: str, capsys: Capture) -> None:
    assert main(["atlas", "kuznetsov1994", *words]) == 2
    assert message in capsys.readouterr().err


def test_a_run_that_fails_is_told_and_the_exit_code_says_so(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "runaway.py"
    file.write_text(
        "import immunode as im\n"
        "MODEL = im.Model(name='runaway', time_unit='day', horizon=5.0, states=[im.State('X', 1.0, 'cell')],\n"
        "    parameters=[im.Parameter('r', 0.1, '1/(cell*day)')],\n"
        "    processes=[im.Process('growth', '-> X', 'r*X**2')],\n"
        "    interventions=[im.Intervention('faster', [im.scale('r', 9.0)])])\n"
    )
    assert main(["atlas", str(file)]) == 1
    assert "faster failed: " in capsys.readouterr().out
