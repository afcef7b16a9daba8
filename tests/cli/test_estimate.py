"""`immunode estimate`: a population model from records of individuals."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import immunode as im
from immunode.catalogue import load_model
from immunode.cli import main
from immunode.distributions import lognormal, normal
from immunode.pk import OccasionVariability
from tests.analysis.test_population_bad_input import bolus, bolus_data
from tests.analysis.test_population_changes import PAIR, level, levels, two_levels, two_outputs
from tests.population_models import WANG, decay, intravenous

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    """A model and its data as files; the observations stand in a column of another name."""
    model, data = tmp_path / "decay.json", tmp_path / "data.csv"
    model.write_text(decay(additive=0.3).to_json())
    WANG.rename(columns={"DV": "conc"}).to_csv(data, index=False)
    return str(model), str(data)


def test_the_numbers_are_those_of_python(files: tuple[str, str], capsys: Capture) -> None:
    words = ["--column", "DV=conc", "--estimator", "focei", "--fix", "omega(ke)", "--json"]
    assert main(["estimate", *files, *words]) == 0
    told = json.loads(capsys.readouterr().out)
    fit = im.estimate(decay(additive=0.3), WANG, method="focei", fixed=["omega(ke)"])
    assert [row["value"] for row in told["estimates"]] == pytest.approx(list(fit.values))
    assert told["minus2ll"] == pytest.approx(fit.likelihood.minus2ll)
    assert [row["name"] for row in told["estimates"]] == ["ke", "additive(a)"]


def test_standard_errors_are_those_asked_for(files: tuple[str, str], capsys: Capture) -> None:
    words = ["--column", "DV=conc", "--estimator", "focei", "--standard-errors", "sandwich", "--json"]
    assert main(["estimate", *files, *words]) == 0
    told = json.loads(capsys.readouterr().out)
    fit = im.estimate(decay(additive=0.3), WANG, method="focei", standard_errors="sandwich")
    assert [row["se"] for row in told["estimates"]] == pytest.approx(list(fit.standard_errors))
    assert told["standard errors by"].startswith("the sandwich")
    assert main(["estimate", *files, "--column", "DV=conc", "--standard-errors", "curvature"]) != 0
    assert "do not belong to method='saem'" in capsys.readouterr().err


@pytest.mark.slow
def test_files_hold_tables_figures_and_a_model_that_runs(
    files: tuple[str, str], tmp_path: Path, capsys: Capture
) -> None:
    out = tmp_path / "out"
    assert main(["estimate", *files, "--column", "DV=conc", "--draws", "50", "-o", str(out)]) == 0
    assert "ke = " in capsys.readouterr().out
    pictures = {
        f"{n}.{e}" for n in ("convergence", "individuals", "predictive_check", "residual_plots") for e in ("png", "svg")
    }
    texts = {"estimates.csv", "individuals.csv", "residuals.csv", "summary.txt", "model.json", "recipe.json"}
    assert set(os.listdir(out)) == pictures | texts
    table = pd.read_csv(out / "estimates.csv").set_index("name")
    model = load_model(str(out / "model.json"))
    assert {p.name: p.value for p in model.parameters}["ke"] == pytest.approx(table.loc["ke", "value"])
    assert np.isfinite(im.simulate(model, until=1.0)["a"]).all()
    assert json.loads((out / "recipe.json").read_text())["command"].startswith("immunode estimate")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "no column DV"),
        (["--column", "conc"], "--column conc: write NAME=VALUE"),
        (["--column", "DV=conc", "--estimator", "sam"], "no such estimator; did you mean 'saem'"),
        (["--column", "DV=conc", "--route", "1=a,lagg=2"], "unknown 'lagg'; did you mean 'lag'"),
    ],
)
def test_what_cannot_be_meant_ends_in_one_line(
    files: tuple[str, str], words: list[str], message: str, capsys: Capture
) -> None:
    assert main(["estimate", *files, *words]) == 2
    shown = capsys.readouterr().err.strip()
    assert message in shown
    assert len(shown.splitlines()) == 1


def test_a_table_that_is_not_there_is_told(files: tuple[str, str], capsys: Capture) -> None:
    assert main(["estimate", files[0], "nowhere.csv"]) == 2
    assert "nowhere.csv: there is no such file" in capsys.readouterr().err


@pytest.mark.slow
def test_labels_of_a_strange_table_are_shown_and_never_obeyed(tmp_path: Path, capsys: Capture) -> None:
    """Escapes of a terminal, markup and formulas of spreadsheets stay texts; a figure draws them as pictures."""
    model, data = tmp_path / "decay.json", tmp_path / "data.csv"
    model.write_text(decay(additive=0.3).to_json())
    strange = {1: "=1+1", 2: "\x1b[31mred", 3: "[bold]x", 4: "$a$"}
    WANG.assign(ID=[strange.get(i, str(i)) for i in WANG.ID]).to_csv(data, index=False)
    assert main(["estimate", str(model), str(data), "--draws", "20", "-o", str(tmp_path / "out")]) == 0
    assert "\x1b" not in capsys.readouterr().out
    assert "\n=1+1" not in (tmp_path / "out" / "individuals.csv").read_text()


def test_occasions_and_covariates_that_change_are_asked_for_by_words(tmp_path: Path, capsys: Capture) -> None:
    model, data = tmp_path / "level.json", tmp_path / "data.csv"
    model.write_text(level().to_json())
    levels().to_csv(data, index=False)
    words = ["--estimator", "focei", "--occasion", "level=0.2", "--carried", "next", "--json"]
    assert main(["estimate", str(model), str(data), *words]) == 0
    told = json.loads(capsys.readouterr().out)
    fit = im.estimate(level(), levels(), method="focei", occasions=[OccasionVariability("level", sd=0.2)])
    assert [row["name"] for row in told["estimates"]] == list(fit.names)
    assert [row["value"] for row in told["estimates"]] == pytest.approx(list(fit.values), rel=1e-6)
    assert told["recipe"]["carried"] == "next"
    for wrong, message in (("level", "write NAME=VALUE"), ("level=a", "'a' is no number"), ("level=1,evry=2", "every")):
        assert main(["estimate", str(model), str(data), "--occasion", wrong]) == 2
        assert message in capsys.readouterr().err


@pytest.mark.slow
def test_correlated_occasions_are_asked_for_by_words(tmp_path: Path, capsys: Capture) -> None:
    model, data = tmp_path / "levels.json", tmp_path / "data.csv"
    model.write_text(two_levels().to_json())
    two_outputs().to_csv(data, index=False)
    words = [str(model), str(data), "--estimator", "focei", "--also", "second", "--occasion", "first=0.3", "--occasion"]
    assert main(["estimate", *words, "second=0.4,corr(first)=0.3", "--json"]) == 0
    told = {row["name"]: row["value"] for row in json.loads(capsys.readouterr().out)["estimates"]}
    fit = im.estimate(two_levels(), two_outputs(), method="focei", parameters=["second"], occasions=PAIR)
    assert told == pytest.approx(dict(zip(fit.names, fit.values, strict=True)), rel=1e-6)
    assert main(["estimate", *words, "second=0.4,corr(first)=x"]) == 2
    assert "'x' is no number" in capsys.readouterr().err


def test_priors_are_given_by_words(files: tuple[str, str], capsys: Capture) -> None:
    words = ["--column", "DV=conc", "--estimator", "focei", "--json"]
    priors = ["--prior", "ke=lognormal(0.5, 0.01)", "--prior", "omega(ke)=halfnormal(0.1)"]
    assert main(["estimate", *files, *words, *priors]) == 0
    told = json.loads(capsys.readouterr().out)
    believed = {"ke": lognormal(0.5, sd=0.01), "omega(ke)": normal(0, 0.1, low=0)}
    fit = im.estimate(decay(additive=0.3), WANG, method="focei", priors=believed)
    assert [row["value"] for row in told["estimates"]] == pytest.approx(list(fit.values), rel=1e-6)
    assert told["penalized objective"] == pytest.approx(fit.penalized)
    assert told["aic"] is None
    for wrong, message in (
        ("ke=lognorm(1, 2)", "did you mean 'lognormal'"), ("ke=normal(1)", "normal takes 2, got 1"),
        ("ke=normal(a, b)", "are no numbers"), ("ke", 'write "CL=lognormal(3, 0.2)"'),
    ):  # fmt: skip
        assert main(["estimate", *files, "--column", "DV=conc", "--prior", wrong]) == 2
        assert message in capsys.readouterr().err


def test_an_interrupted_fit_leaves_a_folder_that_says_so_and_the_next_one_clears_it(
    files: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    from immunode.cli.studies import populations

    out, words = tmp_path / "out", ["--column", "DV=conc", "--estimator", "focei", "-o", str(tmp_path / "out")]

    def interrupted(*_: object, **__: object) -> list[Path]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(populations, "picture_files", interrupted)
        assert main(["estimate", *files, *words]) == 130
    assert "immunode estimate" in (out / "UNFINISHED.txt").read_text()
    assert (out / "estimates.csv").is_file()
    (out / "residual_plots.png").write_text("old")
    (out / "mine.txt").write_text("kept")
    capsys.readouterr()
    with monkeypatch.context() as patch:
        patch.setattr(populations, "estimate", interrupted)
        assert main(["estimate", *files, *words]) == 130
    told = capsys.readouterr().err
    assert "an earlier run into it did not finish; removed: estimates.csv" in told
    assert sorted(os.listdir(out)) == ["UNFINISHED.txt", "mine.txt"]
    with monkeypatch.context() as patch:
        patch.setattr(populations, "picture_files", lambda *_: [])
        assert main(["estimate", *files, *words]) == 0
    assert not (out / "UNFINISHED.txt").exists()
    assert (out / "estimates.csv").is_file()


@pytest.mark.parametrize(("verb", "place"), [("atlas", "folds.compare"), ("validate", "agreement.compare")])
def test_other_verbs_that_compute_long_mark_their_folders_too(
    verb: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(f"immunode.cli.studies.{place}", interrupted)
    assert main([verb, "frey2013", "-o", str(tmp_path / "out")]) == 130
    assert f"immunode {verb} frey2013" in (tmp_path / "out" / "UNFINISHED.txt").read_text()


def test_a_belief_about_a_covariance_is_given_by_words(tmp_path: Path, capsys: Capture) -> None:
    model, data = tmp_path / "iv.json", tmp_path / "data.csv"
    plain = intravenous(2.0, 20.0, (0.04, 0.04), 0.1, corr=0.2)
    model.write_text(plain.to_json())
    bolus_data().to_csv(data, index=False)
    words = ["--estimator", "focei", "--json", "--prior", "omega(CL, V)=inversewishart(0.05 0.01; 0.01 0.04, 8)"]
    assert main(["estimate", str(model), str(data), *words]) == 0
    told = json.loads(capsys.readouterr().out)
    prior = {"omega(CL, V)": im.fitting.InverseWishart([[0.05, 0.01], [0.01, 0.04]], 8)}
    fit = im.estimate(plain, bolus_data(), method="focei", priors=prior)
    assert [row["value"] for row in told["estimates"]] == pytest.approx(list(fit.values), rel=1e-6)
    for wrong, message in (
        ("omega(CL, V)=inversewishart(0.05 0.01; 0.01, 8)", "rows of a square matrix"),
        ("omega(CL, V)=inversewishart(0.05 0.9; 0.9 0.04, 8)", "positive definite"),
        ("omega(CL, V)=inversewishart(0.05 0; 0 0.04, 0.5)", "degrees must be above 1"),
    ):
        assert main(["estimate", str(model), str(data), "--prior", wrong]) == 2
        assert message in capsys.readouterr().err


def test_individuals_without_observations_are_left_out_where_asked(tmp_path: Path, capsys: Capture) -> None:
    model, data = tmp_path / "iv.json", tmp_path / "data.csv"
    model.write_text(bolus().to_json())
    empty = pd.DataFrame([{"ID": "nobody", "TIME": 0.0, "EVID": 1, "AMT": 100.0}])
    pd.concat([bolus_data(), empty]).to_csv(data, index=False)
    assert main(["estimate", str(model), str(data), "--estimator", "focei"]) == 2
    told = capsys.readouterr().err.strip()
    assert "ID nobody: no observation" in told
    assert "--leave-out-empty" in told
    assert main(["estimate", str(model), str(data), "--estimator", "focei", "--leave-out-empty"]) == 0
    assert "left out, since without observations: ID nobody" in capsys.readouterr().out
