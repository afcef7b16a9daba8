"""PEtab: what is written is accepted by its own linter and read back with equal curves; faults are told."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import immunode as im
from immunode.errors import ModelError, StoreError, StudyError
from tests import lent_drugs
from tests.libraries import needs

pytestmark = needs("yaml", "libsbml")
TIMES = np.linspace(0, 20, 5)


def arms_of(model: im.Model) -> im.Arms:
    return im.Arms(
        control=[],
        tnf=["anti_tnf"],
        both=["anti_tnf", "il10_supplement"],
        half=[model.intervention("anti_tnf").at(0.5)],
        drug=["infliximab"],
    )


@pytest.fixture(scope="module")
def model() -> im.Model:
    return lent_drugs.MODEL


@pytest.fixture(scope="module")
def curves(model: im.Model) -> Any:
    return im.simulate(model, arms=arms_of(model), times=TIMES, rtol=1e-9)


@pytest.fixture(scope="module")
def data(curves: Any) -> pd.DataFrame:
    rows = [
        (arm, name, t, value * (1 + 0.01 * i), 0.001)
        for arm in ("control", "tnf", "both", "half", "drug")
        for name in ("a", "p")
        for i, (t, value) in enumerate(zip(TIMES, curves[arm][name], strict=True))
    ]
    return pd.DataFrame(rows, columns=["arm", "observable", "time", "value", "sd"])


def complaints(path: Path) -> list[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own use of pandas
        lint = pytest.importorskip("petab.v2.lint")
        return [str(issue) for issue in lint.lint_problem(path)]


@pytest.mark.slow
@pytest.mark.parametrize("columns", [["sd"], []])
def test_petabs_linter_finds_nothing(model: im.Model, data: pd.DataFrame, columns: list[str], tmp_path: Path) -> None:
    kept = data[["arm", "observable", "time", "value", *columns]]
    path = im.io.write_petab(model, tmp_path / "problem", kept, arms=arms_of(model))
    assert complaints(path) == []


def test_arms_data_and_curves_come_back(model: im.Model, data: pd.DataFrame, curves: Any, tmp_path: Path) -> None:
    path = im.io.write_petab(model, tmp_path, data, arms=arms_of(model), estimate=["alpha2", "gamma"])
    back = im.io.read_petab(path)
    assert list(back.arms) == list(arms_of(model))
    pd.testing.assert_frame_equal(back.data, data.reset_index(drop=True), check_dtype=False)
    assert back.estimated["name"].to_list() == ["alpha2", "gamma"]
    assert back.estimated["value"].to_list() == [1.0, 1.25]
    again = im.simulate(back.model, arms=back.arms, times=TIMES, rtol=1e-9)
    for arm in back.arms:
        for name in ("a", "p", "damage"):
            # the same equations with knobs at another strength; only rounding may differ
            np.testing.assert_allclose(again[arm][name], curves[arm][name], rtol=1e-7, atol=1e-12, err_msg=arm)


def test_the_noise_of_data_comes_back(tmp_path: Path) -> None:
    model = im.load_model("kuznetsov1994")
    rows = [("T", 1.0, 5e5, 0.1, "lognormal"), ("E", 1.0, 3e5, 1e4, "laplace"), ("T", 2.0, 6e5, 0.1, "lognormal")]
    data = pd.DataFrame(rows, columns=["observable", "time", "value", "sd", "noise"]).assign(arm="control")
    back = im.io.read_petab(im.io.write_petab(model, tmp_path, data))
    pd.testing.assert_frame_equal(back.data[data.columns], data, check_dtype=False)
    assert complaints(tmp_path / "problem.yaml") == []
    with pytest.raises(StudyError, match="the noise of 'T' must be one of normal"):
        im.io.write_petab(model, tmp_path, data.assign(noise=["lognormal", "laplace", "normal"]))


def test_a_model_of_one_arm_without_interventions(tmp_path: Path) -> None:
    model = im.load_model("kuznetsov1994")
    data = pd.DataFrame({"arm": "control", "observable": "T", "time": [0.0, 10.0], "value": [5e5, 1e6]})
    back = im.io.read_petab(im.io.write_petab(model, tmp_path, data))
    assert back.model == model
    assert back.arms == im.Arms(control=[])
    assert complaints(tmp_path / "problem.yaml") == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"arm": "cntrol"}, "unknown arm 'cntrol' in the data; did you mean 'control'"),
        ({"observable": "TT"}, "unknown observable 'TT' in the data; did you mean 'T'"),
        ({"value": "much"}, "the column 'value' of the data must hold numbers"),
    ],
)
def test_wrong_data_is_said(change: dict[str, Any], message: str, tmp_path: Path) -> None:
    data = pd.DataFrame({"arm": ["control"], "observable": ["T"], "time": [1.0], "value": [2.0]}).assign(**change)
    with pytest.raises(StudyError, match=message):
        im.io.write_petab(im.load_model("kuznetsov1994"), tmp_path, data)


def test_a_missing_column_and_no_data_are_said(tmp_path: Path) -> None:
    model = im.load_model("kuznetsov1994")
    with pytest.raises(StudyError, match="need a column 'observable'; did you mean 'observables'"):
        im.io.write_petab(
            model, tmp_path, pd.DataFrame({"arm": ["control"], "observables": ["T"], "time": 1, "value": 2})
        )
    with pytest.raises(StudyError, match="there are no measurements"):
        im.io.write_petab(model, tmp_path, pd.DataFrame())


def test_two_interventions_of_one_name_are_refused(tmp_path: Path) -> None:
    model = im.load_model("kuznetsov1994")
    arms = im.Arms(a=["cytostatic"], b=[im.Intervention("cytostatic", [im.scale("a", 0.1)])])
    data = pd.DataFrame({"arm": ["a"], "observable": ["T"], "time": [1.0], "value": [2.0]})
    with pytest.raises(StudyError, match="arm 'b': 'cytostatic' is another intervention"):
        im.io.write_petab(model, tmp_path, data, arms=arms)


# Problems of others ---------------------------------------------------------------------------------------------------


def foreign(folder: Path, **tables: str) -> Path:
    """Write a problem on decay of A by hand; `tables` replace files."""
    im.io.write_sbml(
        im.Model(
            name="decay",
            time_unit="day",
            states=[im.State("A", 10.0), im.State("B", 0.0)],
            parameters=[im.Parameter("k", 0.5, "1/day")],
            processes=[im.Process("loss", "A -> B", "k*A")],
        ),
        folder / "model.xml",
    )
    files = {
        "conditions": "conditionId\ttargetId\ttargetValue\nfast\tk\t1\nslow\tk\tk_slow/2\nfull\tA\t20\n",
        "experiments": "experimentId\ttime\tconditionId\ne1\t0\tfull\ne1\t2\tfast\ne1\t4\tslow\n",
        "observables": "observableId\tobservableFormula\tnoiseFormula\nsum\tA^2 + scaling*B\t0.3\n",
        "measurements": "observableId\texperimentId\tmeasurement\ttime\nsum\te1\t7\t1.5\n",
        "parameters": "parameterId\tlowerBound\tupperBound\testimate\tnominalValue\n"
        "scaling\t0.1\t10\ttrue\t2\nk_slow\t0.01\t1\ttrue\t0.2\n",
    } | tables
    config: dict[str, Any] = {"format_version": "2.0.0"}
    config["model_files"] = {"m": {"location": "model.xml", "language": "sbml"}}
    for name, text in files.items():
        (folder / f"{name}.tsv").write_text(text)
        config[f"{name.removesuffix('s')}_files"] = [f"{name}.tsv"]
    (folder / "problem.yaml").write_text(json.dumps(config))
    return folder / "problem.yaml"


def test_conditions_periods_and_formulas_of_others_are_understood(tmp_path: Path) -> None:
    back = im.io.read_petab(foreign(tmp_path))
    run = im.simulate(back.model, arms=back.arms, times=[0.0, 2.0, 4.0, 6.0], rtol=1e-10)["e1"]
    # by hand: A begins at 20, decays at 0.5, from day 2 at 1, from day 4 at 0.1
    expected = 20 * np.exp([0.0, -1.0, -3.0, -3.2])
    np.testing.assert_allclose(run["A"], expected, rtol=1e-7)
    np.testing.assert_allclose(run["sum"], expected**2 + 2.0 * run["B"], rtol=1e-7)
    assert back.data.to_dict("records") == [{"arm": "e1", "observable": "sum", "time": 1.5, "value": 7.0, "sd": 0.3}]
    assert back.nominal == {"scaling": 2.0, "k_slow": 0.2}
    slower = im.simulate(back.model.with_values(k_slow=0.4), arms=back.arms, times=[0.0, 6.0], rtol=1e-10)["e1"]
    np.testing.assert_allclose(slower["A"][1], 20 * np.exp(-3.4), rtol=1e-7)


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        (
            {"conditions": "conditionId\ttargetId\ttargetValue\nfull\tkk\t1\nfast\tk\t1\nslow\tk\t1\n"},
            "the model has no 'kk'; did you mean 'k'",
        ),
        (
            {"conditions": "conditionId\ttargetID\ttargetValue\n"},
            "column 'targetId' is missing; did you mean 'targetID'",
        ),
        (
            {"experiments": "experimentId\ttime\tconditionId\ne1\t0\tfst\n"},
            "unknown condition 'fst'; did you mean 'fast'",
        ),
        (
            {"observables": "observableId\tobservableFormula\tnoiseFormula\nsum\t__import__('os')\t1\n"},
            "observable 'sum'",
        ),
        (
            {"observables": "observableId\tobservableFormula\tnoiseFormula\nsum\tA + scling\t1\n"},
            "unknown name 'scling'",
        ),
        ({"measurements": "observableId\texperimentId\tmeasurement\ttime\nsm\te1\t7\t1\n"}, "unknown observable 'sm'"),
        (
            {"measurements": "observableId\texperimentId\tmeasurement\ttime\nsum\te1\tx\t1\n"},
            "measurement 1, measurement",
        ),
        ({"measurements": "\x00\x01"}, "is missing|no table"),
        (
            {
                "observables": "observableId\tobservableFormula\tnoiseFormula\tobservableTransformation\n"
                "sum\tscaling*A\t1\tlog10\n"
            },
            "the column 'observableTransformation' belongs to another version of PEtab, and says nothing",
        ),
        (
            {"measurements": "observableId\texperimentId\tmeasurement\ttime\ttime\nsum\te1\t7\t1\t2\n"},
            "the column 'time' is there twice",
        ),
        (
            {"observables": "observableId\tobservableFormula\tnoiseFormula\nsum\tA\t1\n"},
            "parameter 'scaling': it is to be estimated, but occurs nowhere else",
        ),
    ],
)
def test_wrong_tables_are_said_in_one_line(tables: dict[str, str], message: str, tmp_path: Path) -> None:
    with pytest.raises((StudyError, StoreError, ModelError), match=message) as told:
        im.io.read_petab(foreign(tmp_path, **tables))
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("format_version: 3", "versions 1 and 2 are read here"),
        ("format_version: 1", "one problem in the file is read here, but 0 are named"),
        ("format_version: 2.0.0\nextensions: {x: {version: 1}}", "needs extensions of PEtab"),
        (
            "format_version: 2.0.0\nmeasurment_files: []",
            "unknown key 'measurment_files'; did you mean 'measurement_files'",
        ),
        ("format_version: 1\nproblems: [{sbml_file: [m]}]", "unknown key 'sbml_file'; did you mean 'sbml_files'"),
        ("a: [", "no YAML"),
        ("- 1", "no PEtab problem"),
        ("a: &x [1]\nb: [*x, *x]", "anchors"),
        ("!!python/object/apply:os.system ['touch hacked']", "no YAML"),
        ("format_version: 2.0.0\nmodel_files: {m: {location: ../../etc/passwd, language: sbml}}", "outside the folder"),
        ("format_version: 2.0.0\nmodel_files: {m: {location: 'https://x.org/m.xml', language: sbml}}", "outside"),
        ("format_version: 2.0.0\nmodel_files: {m: {location: m.bngl, language: bngl}}", "SBML is read here"),
        ("format_version: 2.0.0\nmodel_files: {m: {location: missing.xml, language: sbml}}", "can't be read"),
        ("format_version: 2.0.0", "one model is needed"),
    ],
)
def test_a_wrong_problem_file_is_said_in_one_line(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "problem.yaml").write_text(text)
    with pytest.raises((StudyError, StoreError), match=message) as told:
        im.io.read_petab(tmp_path / "problem.yaml")
    assert "\n" not in str(told.value)
    assert [file.name for file in tmp_path.iterdir()] == ["problem.yaml"]
