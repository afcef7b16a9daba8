"""What conditions, periods, noise and versions of PEtab mean, on problems with known answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import immunode as im
from immunode.errors import SolverError, StoreError, StudyError
from tests.libraries import needs

pytestmark = needs("yaml", "libsbml")

DECAY = """<species id="X" compartment="c" initialConcentration="1" hasOnlySubstanceUnits="false"
 boundaryCondition="false" constant="false"/>"""
KINETICS = """<listOfReactions><reaction id="loss" reversible="false"><listOfReactants>
 <speciesReference species="X" stoichiometry="1" constant="true"/></listOfReactants><kineticLaw>
 <math xmlns="http://www.w3.org/1998/Math/MathML"><apply><times/><ci>c</ci><ci>k</ci><ci>X</ci></apply></math>
 {local}</kineticLaw></reaction></listOfReactions>"""
START = """<listOfInitialAssignments><initialAssignment symbol="X"><math xmlns="http://www.w3.org/1998/Math/MathML">
 <ci>x0</ci></math></initialAssignment></listOfInitialAssignments>"""
MAKING = """<listOfRules><rateRule variable="X"><math xmlns="http://www.w3.org/1998/Math/MathML"><apply><minus/><ci>s</ci>
 <apply><times/><ci>k</ci><ci>X</ci></apply></apply></math></rateRule></listOfRules>"""


def sbml(body: str, parameters: dict[str, float], *, assigned: bool = False, events: str = "") -> str:
    listed = "".join(f'<parameter id="{name}" value="{value}" constant="true"/>' for name, value in parameters.items())
    return (
        '<?xml version="1.0"?><sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2">'
        '<model id="m"><listOfCompartments><compartment id="c" spatialDimensions="3" size="1" constant="true"/>'
        f"</listOfCompartments><listOfSpecies>{DECAY}</listOfSpecies><listOfParameters>{listed}</listOfParameters>"
        f"{START if assigned else ''}{body}{events}</model></sbml>"
    )


def loss(k: float = 0.5, x0: float = 1.0) -> str:
    """X' = -k X, X(0) = x0."""
    return sbml(KINETICS.format(local=""), {"k": k, "x0": x0}, assigned=True)


def making(s: float = 2.0, k: float = 0.5, events: str = "") -> str:
    """X' = s - k X, X(0) = 1."""
    return sbml(MAKING, {"k": k, "s": s}, events=events)


def rows(text: str) -> str:
    return "\n".join("\t".join(line.split()) for line in text.strip().splitlines()).replace("_none_", "") + "\n"


def version_2(folder: Path, model: str, **tables: str) -> Path:
    """Write a problem of version 2; columns stand between blanks, _none_ is an empty cell."""
    (folder / "model.xml").write_text(model)
    config: dict[str, Any] = {"format_version": "2.0.0"}
    config["model_files"] = {"m": {"location": "model.xml", "language": "sbml"}}
    tables = {
        "observable": "observableId observableFormula noiseFormula\nx X 0.5",
        "parameter": "parameterId lowerBound upperBound estimate nominalValue\nk 0.01 10 true 0.5",
    } | tables
    for name, text in tables.items():
        (folder / f"{name}.tsv").write_text(rows(text))
        config[f"{name}_files"] = [f"{name}.tsv"]
    (folder / "problem.yaml").write_text(json.dumps(config))
    return folder / "problem.yaml"


def version_1(folder: Path, model: str, **tables: str) -> Path:
    """Write a problem of version 1."""
    (folder / "model.xml").write_text(model)
    tables = {
        "condition": "conditionId\nc0",
        "observable": "observableId observableFormula noiseFormula\nx X 0.5",
        "parameter": "parameterId parameterScale lowerBound upperBound nominalValue estimate\nk log10 0.01 10 0.5 1",
    } | tables
    only: dict[str, Any] = {"sbml_files": ["model.xml"]}
    for name, text in tables.items():
        (folder / f"{name}.tsv").write_text(rows(text))
        only[f"{name}_files"] = [f"{name}.tsv"]
    config = {"format_version": 1, "parameter_file": only.pop("parameter_files")[0], "problems": [only]}
    (folder / "problem.yaml").write_text(json.dumps(config))
    return folder / "problem.yaml"


PRIOR = "parameterId lowerBound upperBound estimate priorDistribution priorParameters"
MEASURED = "observableId experimentId time measurement\n"


def test_a_condition_reaches_initial_values_that_depend_on_it(tmp_path: Path) -> None:
    """X(0) = x0, and conditions set x0 to 100 and to 1: in both versions, in `simulate` and in the problem."""
    (tmp_path / "two").mkdir()
    (tmp_path / "one").mkdir()
    two = version_2(
        tmp_path / "two",
        loss(),
        condition="conditionId targetId targetValue\nhigh x0 100\nlow x0 1",
        experiment="experimentId time conditionId\nhigh 0 high\nlow 0 low",
        measurement=MEASURED + "x high 0 1\nx low 0 1\nx high 2 1\nx low 2 1",
    )
    one = version_1(
        tmp_path / "one",
        loss(),
        condition="conditionId x0\nhigh 100\nlow 1",
        measurement="observableId simulationConditionId time measurement\nx high 0 1\nx low 0 1\nx high 2 1\nx low 2 1",
    )
    for path in (one, two):
        problem = im.io.read_petab(path)
        expected = np.array([100.0, 1.0, 100 * np.exp(-1.0), np.exp(-1.0)])
        np.testing.assert_allclose(problem.simulate()["simulation"], expected, rtol=1e-7)
        runs = im.simulate(problem.model, arms=problem.arms, times=[0.0, 2.0], rtol=1e-9)
        np.testing.assert_allclose([runs["high"]["X"][1], runs["low"]["X"][1]], expected[2:], rtol=1e-7)


def test_time_is_that_of_the_files_also_before_0(tmp_path: Path) -> None:
    """X' = -X from -20 on, from -10 on X' = -2 X: exp(-10 - 2 (t + 10)) until 0, where 5 is added."""
    path = version_2(
        tmp_path,
        loss(k=1.0),
        condition="conditionId targetId targetValue\nfast k 2\nmore X X+time+5",
        experiment="experimentId time conditionId\ne -20 _none_\ne -10 fast\ne 0 more",
        measurement=MEASURED + "x e -20 1\nx e -15 1\nx e -9 1\nx e 0 1",
        parameter="parameterId lowerBound upperBound estimate nominalValue\nx0 0.01 10 true 1",
    )
    found = im.io.read_petab(path).simulate(rtol=1e-10)
    np.testing.assert_allclose(found["time"], [-20, -15, -9, 0])
    np.testing.assert_allclose(found["simulation"], [1.0, np.exp(-5), np.exp(-12), np.exp(-30) + 5], rtol=1e-6)


def test_formulas_see_the_time_of_the_files_and_arms_take_interventions(tmp_path: Path) -> None:
    """An experiment from day 5 on: time is 5 at its start, in conditions, observables and noise alike."""
    path = version_2(
        tmp_path,
        loss(k=1.0),
        condition="conditionId targetId targetValue\nc X time",
        experiment="experimentId time conditionId\ne 5 c",
        observable="observableId observableFormula noiseFormula\ny X+time time/10",
        measurement=MEASURED + "y e 5 1\ny e 6 1",
        parameter="parameterId lowerBound upperBound estimate nominalValue\nx0 0.01 10 true 1",
    )
    problem = im.io.read_petab(path)
    found = problem.simulate()
    np.testing.assert_allclose(found["simulation"], [10.0, 6 + 5 * np.exp(-1.0)], rtol=1e-7)
    np.testing.assert_allclose(found["sd"], [0.5, 0.6], rtol=1e-7)
    assert problem.data["time"].to_list() == [0.0, 1.0]
    halved = im.Arms(
        {"e": problem.arms["e"], "less": [*problem.arms["e"], im.Intervention("less", im.scale("k", 0.5))]}
    )
    runs = im.simulate(problem.model, arms=halved, times=[0.0, 1.0], rtol=1e-9)
    np.testing.assert_allclose(runs["e"]["y"], found["simulation"], rtol=1e-7)
    assert runs["less"]["X"][1] == pytest.approx(5 * np.exp(-0.5), rel=1e-7)
    fitted = im.fit(problem.model, problem.data, {"k": (0.1, 10.0)}, arms=problem.arms, starts=1)
    expected = problem.log_likelihood({"k": fitted.values["k"]})
    assert fitted.minus_2_log_likelihood == pytest.approx(-2 * expected, rel=1e-6)


def test_bounds_that_are_no_range_can_not_be_searched(tmp_path: Path) -> None:
    path = version_2(
        tmp_path,
        loss(),
        measurement=MEASURED + "x _none_ 1 1\nx _none_ 2 1\nx _none_ 3 1",
        parameter="parameterId lowerBound upperBound estimate nominalValue\nk 0 inf true 1",
    )
    with pytest.raises(StudyError, match="'k' needs finite ends, got 0 to inf"):
        im.fit(im.io.read_petab(path), starts=1)


def test_every_kind_of_noise_has_its_density(tmp_path: Path) -> None:
    """Densities by SciPy, whose log-Laplace and log-normal are written with other parameters."""
    from scipy import stats

    kinds = ["normal", "log-normal", "laplace", "log-laplace"]
    observed = "\n".join(f"y{i} X a+b*y{i} {kind}" for i, kind in enumerate(kinds))
    path = version_2(
        tmp_path,
        loss(),
        observable=f"observableId observableFormula noiseFormula noiseDistribution\n{observed}",
        parameter="parameterId lowerBound upperBound estimate nominalValue\na 0 1 true 0.1\nb 0 1 true 0.2",
        measurement=MEASURED + "\n".join(f"y{i} _none_ 1 0.7" for i in range(4)),
    )
    y, size = np.exp(-0.5), 0.1 + 0.2 * np.exp(-0.5)
    expected = [
        stats.norm(y, size).logpdf(0.7),
        stats.lognorm(size, scale=y).logpdf(0.7),
        stats.laplace(y, size).logpdf(0.7),
        stats.loglaplace(1 / size, scale=y).logpdf(0.7),
    ]
    found = im.io.read_petab(path).simulate()
    np.testing.assert_allclose(found["sd"], size, rtol=1e-7)
    np.testing.assert_allclose(found["log_likelihood"], expected, rtol=1e-6)


def test_decimal_logarithms_of_version_1_have_their_own_density(tmp_path: Path) -> None:
    """log10 of 0.7 is normal around log10 of the simulation: the density of the value carries 1/(m ln 10)."""
    path = version_1(
        tmp_path,
        loss(),
        observable="observableId observableFormula noiseFormula observableTransformation\n"
        "x observableParameter1_x*X noiseParameter1_x log10",
        measurement="observableId simulationConditionId time measurement observableParameters noiseParameters\n"
        "x c0 1 0.7 2 0.1\nx c0 2 0.7 scale 0.2",
        parameter="parameterId parameterScale lowerBound upperBound nominalValue estimate\nscale lin 0 10 3 1",
    )
    y, s = np.array([2 * np.exp(-0.5), 3 * np.exp(-1.0)]), np.array([0.1, 0.2])
    z = (np.log10(0.7) - np.log10(y)) / s
    expected = -0.5 * z**2 - np.log(np.sqrt(2 * np.pi) * s * 0.7 * np.log(10))
    problem = im.io.read_petab(path)
    np.testing.assert_allclose(problem.simulate()["log_likelihood"], expected, rtol=1e-6)
    assert problem.simulate({"scale": 1.0})["simulation"][1] == pytest.approx(np.exp(-1.0), rel=1e-7)


def test_a_run_begins_at_rest_under_the_condition_before(tmp_path: Path) -> None:
    """Version 1: rest at s/k = 2/0.25, then X' = 4 - 0.5 X; what only the condition before sets goes back."""
    path = version_1(
        tmp_path,
        making(),
        condition="conditionId k s\nrest 0.25 _none_\nrun _none_ 4",
        measurement="observableId preequilibrationConditionId simulationConditionId time measurement\n"
        "x rest run 0 1\nx rest run 2 1\nx _none_ run 2 1",
        parameter="parameterId parameterScale lowerBound upperBound nominalValue estimate\nunused lin 0 10 3 0",
    )
    problem = im.io.read_petab(path)
    assert list(problem.arms) == ["rest__run", "run"]
    expected = [8.0, 8.0, 8 - 7 * np.exp(-1.0)]
    np.testing.assert_allclose(problem.simulate()["simulation"], expected, rtol=1e-6)


def test_data_at_rest_are_compared_with_the_rest(tmp_path: Path) -> None:
    path = version_2(tmp_path, making(), measurement=MEASURED + "x _none_ inf 3.5\nx _none_ 0 1")
    np.testing.assert_allclose(im.io.read_petab(path).simulate()["simulation"], [4.0, 1.0], rtol=1e-6)
    grows = version_2(tmp_path, making(k=-0.01), measurement=MEASURED + "x _none_ inf 3.5",
                      parameter="parameterId lowerBound upperBound estimate nominalValue\ns 0 9 true 2")  # fmt: skip
    with pytest.raises(SolverError, match="arm 'control'"):
        im.io.read_petab(grows).simulate()


def test_parameters_of_reactions_are_reached_through_the_mapping_table(tmp_path: Path) -> None:
    local = '<listOfLocalParameters><localParameter id="k" value="0.1"/></listOfLocalParameters>'
    path = version_2(
        tmp_path,
        sbml(KINETICS.format(local=local), {"x0": 1.0}, assigned=True),
        mapping="petabEntityId modelEntityId\nloss_rate loss.k",
        condition="conditionId targetId targetValue\nfast loss_rate 3",
        experiment="experimentId time conditionId\ne 0 fast",
        parameter="parameterId lowerBound upperBound estimate nominalValue\nx0 0 9 true 2",
        measurement=MEASURED + "x e 1 1\nx _none_ 1 1",
    )
    found = im.io.read_petab(path).simulate()["simulation"]
    np.testing.assert_allclose(found, [2 * np.exp(-3.0), 2 * np.exp(-0.1)], rtol=1e-7)


def test_events_of_the_model_happen_before_the_start_and_once(tmp_path: Path) -> None:
    """X' = 2 - 0.5 X rises to 4 and is set to 1 when it passes 3, once: at rest at 4; then s = 6 leads to 12."""
    event = """<listOfEvents><event id="e" useValuesFromTriggerTime="true"><trigger initialValue="false"
     persistent="true"><math xmlns="http://www.w3.org/1998/Math/MathML"><apply><and/><apply><gt/><ci>X</ci><cn>3</cn>
     </apply><apply><lt/><ci>n</ci><cn>1</cn></apply></apply></math></trigger><listOfEventAssignments><eventAssignment
     variable="X"><math xmlns="http://www.w3.org/1998/Math/MathML"><cn>1</cn></math></eventAssignment><eventAssignment
     variable="n"><math xmlns="http://www.w3.org/1998/Math/MathML"><apply><plus/><ci>n</ci><cn>1</cn></apply></math>
     </eventAssignment></listOfEventAssignments></event></listOfEvents>"""
    model = making(events=event).replace(
        "</listOfParameters>", '<parameter id="n" value="0" constant="false"/></listOfParameters>'
    )
    path = version_2(
        tmp_path,
        model,
        condition="conditionId targetId targetValue\nmore s 6",
        experiment="experimentId time conditionId\ne -inf _none_\ne 0 more",
        observable="observableId observableFormula noiseFormula\nx X 0.5\nn n 0.5",
        measurement=MEASURED + "x e 0 1\nn e 0 1\nx e 2 1\nn e 2 1",
    )
    problem = im.io.read_petab(path)
    np.testing.assert_allclose(problem.simulate()["simulation"], [4.0, 1.0, 12 - 8 * np.exp(-1.0), 1.0], rtol=1e-5)
    assert any("rest with events" in remark for remark in problem.remarks)


@pytest.mark.slow
def test_parameters_of_observables_conditions_and_noise_are_estimated(tmp_path: Path) -> None:
    """Three parameters that the model does not know, from exact data and from noise of a known size."""
    times, rng = np.linspace(0.2, 6, 30), np.random.default_rng(3)
    data = []
    for name, k in (("slow", 0.3), ("fast", 0.9)):
        y = 7.0 * np.exp(-k * times)
        data += [
            f"x {name} {t} {v * (1 + 0.05 * z)}" for t, v, z in zip(times, y, rng.standard_normal(30), strict=True)
        ]
    path = version_2(
        tmp_path,
        loss(),
        condition="conditionId targetId targetValue\nslow k k_slow\nfast k 3*k_slow",
        experiment="experimentId time conditionId\nslow 0 slow\nfast 0 fast",
        observable="observableId observableFormula noiseFormula\nx scale*X relative*x",
        parameter="parameterId lowerBound upperBound estimate nominalValue priorDistribution priorParameters\n"
        "scale 0.1 100 true 3 _none_ _none_\nk_slow 0.01 10 true 1 log-normal -1.2;1\n"
        "relative 0.001 1 true 0.2 _none_ _none_",
        measurement=MEASURED + "\n".join(data),
    )
    problem = im.io.read_petab(path)
    assert problem.estimated["name"].to_list() == ["scale", "k_slow", "relative"]
    found = im.fit(problem, starts=3)
    assert found.values == pytest.approx({"scale": 7.0, "k_slow": 0.3, "relative": 0.05}, rel=0.3)
    at_best = problem.log_likelihood(found.values)
    assert found.minus_2_log_likelihood == pytest.approx(-2 * at_best, rel=1e-6)
    # the mode of the posterior: nothing near it is higher
    height = problem.log_posterior(found.values)
    for name, value in found.values.items():
        for factor in (0.99, 1.01):
            assert problem.log_posterior({**found.values, name: value * factor}) < height


def test_an_experiment_is_of_its_own_model_only(tmp_path: Path) -> None:
    path = version_2(
        tmp_path,
        loss(),
        condition="conditionId targetId targetValue\nfast k 3",
        experiment="experimentId time conditionId\ne 0 fast",
        measurement=MEASURED + "x e 1 1",
    )
    problem = im.io.read_petab(path)
    with pytest.raises(StudyError, match="belongs to the model of its PEtab problem"):
        im.simulate(im.load_model("kuznetsov1994"), arms=problem.arms, until=1)


def test_a_problem_is_a_design_of_sweeps(tmp_path: Path) -> None:
    path = version_2(
        tmp_path,
        loss(),
        condition="conditionId targetId targetValue\nhigh X 100",
        experiment="experimentId time conditionId\nhigh 0 high\nrest -inf _none_",
        measurement=MEASURED + "x high 1 1\nx rest 1 1",
    )
    problem = im.io.read_petab(path)
    swept = im.sweep(problem.model, im.sobol({"k": (0.1, 1.0)}, n=4, seed=1), arms=problem.arms, until=2,
                     endpoints="final(X)", rtol=1e-9)  # fmt: skip
    table = swept.table()
    high = table[table["arm"] == "high"]
    np.testing.assert_allclose(high["final(X)"], 100 * np.exp(-2 * high["k"]), rtol=1e-6)


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"condition": "conditionId targetId targetValue\nc loss 3"}, "'loss' is a reaction and can't be set"),
        ({"condition": "conditionId targetId targetValue\nc X X+1"}, "sets 'X' by 'X', which it sets too"),
        ({"condition": "conditionId targetId targetValue\nc k 3\nc k 4"}, "condition 'c': 'k' is set twice"),
        ({"condition": "conditionId targetId targetValue\nc k kk*2"}, "unknown name 'kk'"),
        ({"measurement": MEASURED + "x other 1 1"}, "measurement 1: unknown experiment 'other'"),
        ({"measurement": MEASURED + "x e -1 1"}, "measurement 1: time -1 is before its experiment begins"),
        ({"measurement": MEASURED + "x e 1 nan"}, "measurement 1, measurement: a finite number was expected"),
        ({"observable": "observableId observableFormula noiseFormula\nx X 0"}, "measurement 1: its noise is 0"),
        ({"observable": "observableId observableFormula noiseFormula noiseDistribution\nx X 1 cauchy"},
         "the noise 'cauchy' is not read here"),
        ({"observable": "observableId observableFormula noiseFormula\nx f(X) 1"}, "unknown function 'f'"),
        ({"observable": "observableId observableFormula noiseFormula\nx x+1 1"}, "it is defined by itself"),
        ({"observable": "observableId observableFormula noiseFormula noisePlaceholders\nx X n n"},
         "'x' has 1 noise parameters, 0 are given"),
        ({"parameter": "parameterId lowerBound upperBound estimate nominalValue\nX 0 1 true 1"},
         "parameter 'X': it is a species of the model"),
        ({"parameter": f"{PRIOR}\nk 0 1 true normal 1"},
         "the prior 'normal' takes 2 numbers, got 1"),
        ({"parameter": f"{PRIOR}\nk 0 1 true beta 1"},
         "the prior 'beta' is not read here"),
        ({"mapping": "petabEntityId modelEntityId\na other"}, "mapping of 'a': the model has no 'other'|unknown"),
    ],
)  # fmt: skip
def test_what_can_not_be_honored_is_named(tables: dict[str, str], message: str, tmp_path: Path) -> None:
    usual = {
        "condition": "conditionId targetId targetValue\nc k 3",
        "experiment": "experimentId time conditionId\ne 0 c",
        "measurement": MEASURED + "x e 1 1",
    }
    if "mapping" in tables:
        usual["condition"] = "conditionId targetId targetValue\nc a 3"
    with pytest.raises((StudyError, StoreError), match=message) as told:
        im.io.read_petab(version_2(tmp_path, loss(), **(usual | tables)))
    assert "\n" not in str(told.value)


def test_a_missing_nominal_value_is_asked_for(tmp_path: Path) -> None:
    path = version_2(
        tmp_path,
        loss(),
        observable="observableId observableFormula noiseFormula\nx scale*X 0.5",
        parameter="parameterId lowerBound upperBound estimate\nscale 1 4 true",
        measurement=MEASURED + "x _none_ 0 1",
    )
    problem = im.io.read_petab(path)
    with pytest.raises(StudyError, match="'scale' has no nominal value"):
        problem.log_likelihood()
    assert problem.simulate({"scale": 3.0})["simulation"][0] == pytest.approx(3.0)
    with pytest.raises(StudyError, match="no parameter 'scle'; did you mean 'scale'"):
        problem.simulate({"scle": 1.0})


def test_version_1_priors_count_on_the_scale_of_the_parameter(tmp_path: Path) -> None:
    from scipy import stats

    path = version_1(
        tmp_path,
        loss(),
        parameter="parameterId parameterScale lowerBound upperBound nominalValue estimate objectivePriorType "
        "objectivePriorParameters\nk log10 0.01 10 0.5 1 parameterScaleNormal 0;2\nx0 log 0.1 9 2 1 logNormal 0.5;1",
        measurement="observableId simulationConditionId time measurement\nx c0 1 1",
    )
    problem = im.io.read_petab(path)
    expected = stats.norm(0, 2).logpdf(np.log10(0.5)) + stats.lognorm(1, scale=np.exp(0.5)).logpdf(2)
    assert problem.log_prior() == pytest.approx(expected, rel=1e-12)
    assert isinstance(problem.data, pd.DataFrame)
    assert problem.version == 1
