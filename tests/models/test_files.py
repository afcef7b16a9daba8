"""Every model file is data that an immunologist can read and a student can copy."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from immunode.catalogue import list_models, load_model

FOLDER = Path(__file__).parents[2] / "models"
FILES = sorted(FOLDER.glob("*/*.py"))
EVIDENCE = {"measured", "fitted", "published", "memory", "assumed", "derived"}
LONG = {"abo2021": 280, "hancioglu2007": 175, "windoloski2024": 175, "vaccine_minimal": 190}
# 120 parameters and 58 processes, one a line; the published axis and endotoxin model in one.
LONG |= {"immune_balance": 415, "stress_cytokine_minimal": 200}
LONG |= {"karin2020": 195}  # handles of Milo 2025, stress and drugs: 16 arms
LONG |= {"bindellini2024": 220, "gc_immune": 280}  # 45 parameters, one a line, and four tablets a day
LONG |= {"demin2013": 420}  # a pathway at two sites: 120 parameters and 68 processes, one a line
LONG |= {"miyano2022": 280}  # 60 parameters, 28 processes and 51 spreads
LONG |= {"kosinsky2018": 175}  # patients and a story beside the published model
LONG |= {"graft_window": 360}  # twelve states, 27 interventions, patients and trials
LONG |= {"sove2020": 470}  # 48 states, 94 parameters and 90 processes, one a line, and patients
LONG |= {"leil2021": 380}  # seven drugs of eight numbers each, and their 32 published ones, one a line
LONG |= {"mandema2011": 370}  # nine drugs of four numbers each, and 70 published responses, one a line
LONG |= {"goteti2024": 350}  # 34 arms and 8 trials of 16 drugs
LONG |= {"yu2022_crohns": 370}  # 27 arms of 22 drugs and 7 trials
LONG |= {"checchio2017": 310}  # 18 arms of 13 drugs and 6 trials
LONG |= {"park2025": 390}  # 37 states, 60 parameters and 82 processes, one a line
LONG |= {"bedathuru2024": 600}  # 34 states, a network of 94 effects, a second patient of 153 values
USUAL = 165  # some lines of it are labels for people
CLINICAL = 270  # patients, story and trials are declared beside the model
TIMELESS = ("baker2013",)  # a theory in units of its own, which keeps no calendar
PROGRAMMING = (ast.For, ast.While, ast.Lambda, ast.FunctionDef, ast.ClassDef, ast.If, ast.IfExp, ast.ListComp,
               ast.DictComp, ast.SetComp, ast.GeneratorExp, ast.Try, ast.With, ast.JoinedStr)  # fmt: skip


def test_every_file_lies_in_the_folder_of_its_system_and_no_name_is_twice() -> None:
    assert not list(FOLDER.glob("*.py"))
    assert len(FILES) > 30
    assert len({path.stem for path in FILES}) == len(FILES)
    folders = {path.parent.name: 0 for path in FILES}
    assert all(len(list((FOLDER / name).glob("*.py"))) <= 16 for name in folders)


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def file(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def test_a_file_is_a_docstring_two_imports_and_one_model(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    assert len(ast.get_docstring(tree) or "") > 400
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    others = {"immunode.catalogue"} if _is_joined(_model(tree)) else set()
    assert {node.module for node in imports} <= {"immunode.model", "immunode.intervention"} | others
    rest = [node for node in tree.body[1:] if node not in imports and not _is_chain(node)]
    assert len(rest) == 1
    assert isinstance(rest[0], ast.Assign)
    assert ast.unparse(rest[0].targets[0]) == "MODEL"
    assert not [node for node in ast.walk(tree) if isinstance(node, PROGRAMMING)]


def _model(tree: ast.Module) -> ast.Call:
    """Return what MODEL is."""
    call = next(n.value for n in tree.body if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "MODEL")
    assert isinstance(call, ast.Call)
    return call


def _is_joined(model: ast.Call) -> bool:
    """Whether a model is `join(...).replace(...)`, of models of the catalogue under other names, by literals only."""
    if not ast.unparse(model.func).startswith("join("):
        return False
    assert isinstance(model.func, ast.Attribute)
    assert isinstance(model.func.value, ast.Call)
    assert model.func.attr == "replace"
    parts = [ast.unparse(part) for part in model.func.value.args]
    assert all(re.fullmatch(r"load_model\('\w+'\)\.replace\(name='\w+'\)", part) for part in parts), parts
    (connect,) = model.func.value.keywords
    assert all(isinstance(text, str) for pair in ast.literal_eval(connect.value).items() for text in pair)
    return True


def _is_chain(node: ast.stmt) -> bool:
    """Whether a statement is `NAME = transit_chain(...)`, which the model below it unpacks."""
    return isinstance(node, ast.Assign) and ast.unparse(node.value).startswith("transit_chain(")


def test_a_file_is_short_and_in_us_spelling(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    usual = CLINICAL if "    trials=[" in text else USUAL
    assert len(text.splitlines()) < LONG.get(file.stem, usual)
    assert not [word for word in ("tumour", "fibre", "behaviour", "ageing", "neutralis", "internalis") if word in text]


def test_the_listing_needs_no_execution(file: Path) -> None:
    """`immunode list` reads these fields with ast, so they are literals."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    call = _model(tree)
    given = {k.arg: k.value for k in call.keywords}
    for name in ("name", "title", "system", "status", "reference", "horizon"):
        assert ast.literal_eval(given[name])
    assert ast.literal_eval(given["name"]) == file.stem
    assert _is_joined(call) or isinstance(given["states"], ast.List)


def test_the_listing_counts_states_without_execution() -> None:
    assert {one.name: one.n_states for one in list_models()} == {
        path.stem: len(load_model(path.stem, "").states) for path in FILES
    }


def test_every_number_has_its_authority(file: Path) -> None:
    model = load_model(file.stem)
    for parameter in model.parameters:
        assert parameter.meaning, parameter.name
        assert parameter.source, parameter.name
        assert parameter.evidence in EVIDENCE, parameter.name
        assert (parameter.evidence == "assumed") == parameter.source.startswith("assumed"), parameter.name
    for state in model.states:
        assert state.meaning, state.name
        assert state.source, state.name
    for process in model.processes:
        assert process.meaning, process.name
    for intervention in model.interventions:
        assert intervention.source, intervention.name
        assert intervention.expects, intervention.name
        assert intervention.acts_on, intervention.name


def test_the_package_finds_nothing_wrong(file: Path) -> None:
    """Totals that stay constant are no fault: cells that only change place, a drug that is bound and released."""
    report = load_model(file.stem).check()
    known = {"conserved total"} | ({"time_unit"} if file.stem in TIMELESS else set())
    assert not [finding for finding in report.findings if finding.where not in known], report
