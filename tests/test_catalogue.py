"""The catalogue lists without running, loads by name, alias or path, and copies without overwriting."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import immunode.models
from immunode.catalogue import UnknownModelError, copy_model, find_model, list_models, load_model
from immunode.errors import ModelError, StoreError, UnitError

SMALL = """
from immunode.model import Model, Parameter, Process, State

MODEL = Model(
    name="decay",
    time_unit="day",
    states=[State("A", 1.0)],
    parameters=[Parameter("k", 0.5, "1/day", source="assumed: a test")],
    processes=[Process("loss", "A ->", "k*A")],
)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose files belong to the catalogue for one test."""
    made = tmp_path / "more_models"
    made.mkdir()
    monkeypatch.setattr(immunode.models, "__path__", [*immunode.models.__path__, str(made)])
    return made


def file(folder: Path, text: str, name: str = "mine.py") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


# Listing


def test_a_model_without_drugs_builds_none() -> None:
    code = "import sys; from immunode.catalogue import load_model; load_model('kuznetsov1994'); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "immunode.models.cancer.kuznetsov1994" in loaded
    assert not [name for name in loaded if name.startswith("immunode.intervention.drugs.published.")]


def test_entries_say_what_the_loaded_models_say() -> None:
    entries = list_models()
    assert [entry.name for entry in entries] == sorted(entry.name for entry in entries)
    for entry in entries:
        model = load_model(entry.name)
        assert (entry.name, entry.title, entry.system, entry.status) == (
            model.name,
            model.title,
            model.system,
            model.status,
        )
        assert entry.n_states == len(model.states)
        assert entry.aliases == model.aliases


def test_listing_executes_nothing(folder: Path) -> None:
    file(folder, "open('/nowhere/at/all')\nMODEL = Model(title='a trap', states=[State('A', 1)])", "trap_model.py")
    assert [(e.title, e.n_states) for e in list_models() if e.name == "trap_model"] == [("a trap", 1)]


def test_states_are_counted_through_names_sums_and_unpacked_lists(folder: Path) -> None:
    file(folder, "A = [1, 2]\nB: list = [3]\nMODEL = Model(states=[*A, *(B + A), 6])", "counted.py")
    assert [e.n_states for e in list_models() if e.name == "counted"] == [6]


def test_a_list_that_names_itself_does_not_hang(folder: Path) -> None:
    file(folder, "A = A\nMODEL = Model(states=A)", "circular.py")
    assert [e.n_states for e in list_models() if e.name == "circular"] == [0]


def test_a_file_that_cannot_be_read_is_listed_as_broken_with_its_line(folder: Path) -> None:
    file(folder, "x = 1\nMODEL = Model(((", "wrong.py")
    (entry,) = (e for e in list_models() if e.name == "wrong")
    assert entry.status == "broken"
    assert "line 2" in entry.title


def test_a_file_without_a_model_is_not_listed(folder: Path) -> None:
    file(folder, "x = 1", "no_model.py")
    assert "no_model" not in [e.name for e in list_models()]


# Loading by name


def test_an_alias_stands_for_a_model_and_a_variant() -> None:
    path, variant = find_model("exercise")
    assert (path.stem, variant) == ("exercise_minimal", "cycling")
    assert load_model("exercise") == load_model("exercise_minimal", variant=variant)


def test_the_alias_of_a_disease_is_a_model_of_patients_who_are_measured() -> None:
    model = load_model("rheumatoid_arthritis")
    assert model.name == "ma2020"
    assert model.species == "human"
    assert model.variability
    assert model.trials
    assert not load_model("baker2013").aliases


def test_an_alias_without_its_variant_is_the_model_as_declared() -> None:
    assert load_model("exercise", variant="") == load_model("exercise_minimal")


def test_a_given_variant_is_applied() -> None:
    model = load_model("kuznetsov1994", variant="large_tumor")
    assert {state.name: state.initial for state in model.states}["T"] == 1e8


@pytest.mark.parametrize("wrong", ["kuznetsov", "kuznetzov1994", "Kuznetsov1994"])
def test_an_unknown_name_is_answered_with_the_nearest(wrong: str) -> None:
    with pytest.raises(UnknownModelError, match=rf"'{wrong}'; did you mean .*'kuznetsov1994'"):
        load_model(wrong)


def test_a_name_like_none_points_to_the_list() -> None:
    with pytest.raises(UnknownModelError, match="immunode list"):
        load_model("qqqqqqqqqqqq")


def test_a_name_without_the_ending_of_a_file_that_is_there_points_to_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file(tmp_path, SMALL)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnknownModelError, match=r"'mine\.py'"):
        load_model("mine")


def test_a_name_never_runs_a_file_of_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file(tmp_path, "raise SystemExit('executed')", "kuznetsov1994.py")
    monkeypatch.chdir(tmp_path)
    assert load_model("kuznetsov1994").name == "kuznetsov1994"


def test_an_unknown_variant_names_those_there_are() -> None:
    with pytest.raises(ModelError, match="large_tumor"):
        load_model("kuznetsov1994", variant="large_tumour")


def test_a_broken_file_of_the_package_is_one_clear_error(folder: Path) -> None:
    file(folder, "x = 1\nMODEL = Modle(1)", "broken_one.py")
    with pytest.raises(ModelError, match=r"broken_one\.py: line 2: NameError"):
        load_model("broken_one")


# Loading by path


def test_a_python_file_is_loaded_by_its_path(tmp_path: Path) -> None:
    path = file(tmp_path, SMALL)
    assert load_model(path) == load_model(str(path))
    assert load_model(path).name == "decay"


def test_a_loaded_model_can_be_pickled(tmp_path: Path) -> None:
    model = load_model(file(tmp_path, SMALL))
    assert pickle.loads(pickle.dumps(model)) == model


def test_json_gives_the_same_model_back(tmp_path: Path) -> None:
    model = load_model(file(tmp_path, SMALL))
    assert load_model(file(tmp_path, model.to_json(), "mine.json")) == model


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\n", r"mine\.py: no MODEL in it"),
        ("MODEL = 3\n", r"mine\.py: MODEL is a int, not a Model"),
        (SMALL.replace("MODEL =", "model ="), r"no MODEL in it; 'model' would be one"),
        ("x = 1\n\nMODEL = Model(((\n", r"mine\.py: line 3: "),
        (SMALL.replace("State(", "Sate("), r"mine\.py: line 7: NameError: name 'Sate' is not defined.*'State'"),
        ("raise SystemExit(3)", r"mine\.py: line 1: SystemExit"),
        ("1/0", r"mine\.py: line 1: ZeroDivisionError"),
        ("x = " + "(" * 50_000, r"mine\.py: "),
        ("x = " + "-" * 200_000 + "1", r"mine\.py: "),
        ("import no_such_library", r"line 1: ModuleNotFoundError: No module named 'no_such_library'"),
    ],
)
def test_a_wrong_python_file_is_one_clear_error(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=message):
        load_model(file(tmp_path, text))


def test_an_error_of_the_declaration_keeps_its_kind_and_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(UnitError, match=r"mine\.py: decay"):
        load_model(file(tmp_path, SMALL.replace('"1/day"', '"kg"')))
    with pytest.raises(ModelError, match=r"mine\.py: decay.*'q'"):
        load_model(file(tmp_path, SMALL.replace("k*A", "q*A")))


@pytest.mark.parametrize("name", ["mine.py", "mine.json"])
@pytest.mark.parametrize("content", [b"\x00\x01\x02", b"\xff\xfe\xfa", b"\x89PNG\r\n\x1a\n\x00"])
def test_a_binary_file_is_no_model_file(content: bytes, name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ModelError, match=rf"{name}"):
        load_model(path)


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"name": "x"}', '{"__class__": "os.system"}'])
def test_broken_json_is_one_clear_error(text: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"mine\.json"):
        load_model(file(tmp_path, text, "mine.json"))


def test_a_missing_file_is_answered_with_the_nearest_name(tmp_path: Path) -> None:
    file(tmp_path, SMALL)
    with pytest.raises(UnknownModelError, match=r"there is no file .*; did you mean 'mine\.py'"):
        load_model(tmp_path / "mime.py")


def test_a_folder_or_another_ending_is_no_model_file(tmp_path: Path) -> None:
    (tmp_path / "a.py").mkdir()
    with pytest.raises(ModelError, match="can't be read"):
        load_model(tmp_path / "a.py")
    with pytest.raises(ModelError, match=r"must end in \.py or \.json"):
        load_model(file(tmp_path, "", "mine.txt"))


# Copying


def test_a_copy_loads_as_the_same_model(tmp_path: Path) -> None:
    assert load_model(copy_model("kuznetsov1994", tmp_path / "mine.py")) == load_model("kuznetsov1994")


def test_a_copy_into_a_folder_keeps_the_name(tmp_path: Path) -> None:
    assert copy_model("rheumatoid_arthritis", tmp_path) == tmp_path / "ma2020.py"


def test_a_copy_never_overwrites(tmp_path: Path) -> None:
    path = file(tmp_path, "mine")
    with pytest.raises(StoreError, match="exists already"):
        copy_model("kuznetsov1994", path)
    assert path.read_text() == "mine"


def test_a_copy_of_nothing_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(UnknownModelError):
        copy_model("kuznetsow1994", tmp_path / "mine.py")
    with pytest.raises(StoreError, match="can't be written"):
        copy_model("kuznetsov1994", tmp_path / "missing" / "mine.py")
    with pytest.raises(StoreError, match=r"ends in \.py"):
        copy_model("kuznetsov1994", tmp_path / "mine.txt")
    assert list(tmp_path.iterdir()) == []


def test_states_are_counted_where_they_share_a_source(folder: Path) -> None:
    file(folder, "MODEL = Model(states=[1, *sourced('code', 2, 3), 4])", "shared.py")
    assert [e.n_states for e in list_models() if e.name == "shared"] == [4]


def test_loading_a_model_builds_no_drug_and_enters_few_files() -> None:
    load = "import sys, immunode; immunode.load_model('kuznetsov1994'); "
    code = load + "print(*(name for name in sys.modules if name.startswith('immunode')))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    entered = ran.stdout.split()
    assert len(entered) <= 34  # the folder of its system among them
    # it has a story and interventions, and neither patients, trials nor rules
    for absent in ("model.patients", "model.published_trials", "model.checks.patients", "intervention.rules"):
        assert f"immunode.{absent}" not in entered
    assert not [name for name in entered if ".drugs" in name or ".pharmacokinetics" in name or ".regimens" in name]
    assert "immunode.intervention.expand.signal" not in entered
