"""Every reader gives in a fresh process what it gives in any other: nothing depends on what was imported before."""

from __future__ import annotations

import importlib
import pickle
import pkgutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import immunode
import immunode.intervention
from immunode.model import serial
from immunode.model.serial import content_key
from tests import lent_drugs
from tests.clock import PATIENCE

CODE = lent_drugs.FILE


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model of interventions and drugs in every format that is read."""
    import immunode as im

    place = tmp_path_factory.mktemp("files")
    model = im.load_model(CODE)
    kinds = {type(one).__name__ for one in model.interventions}
    assert kinds == {"Intervention", "Drug"}
    (place / "model.json").write_text(model.to_json(), encoding="utf-8")
    (place / "model.pickle").write_bytes(pickle.dumps(model))
    return place


def fresh(code: str, *arguments: object) -> str:
    """Return what Python prints that has imported nothing before; warnings are errors there too."""
    line = [sys.executable, "-W", "error::UserWarning", "-c", code, *map(str, arguments)]
    ran = subprocess.run(line, capture_output=True, text=True, timeout=PATIENCE)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def key_of(code: str, path: Path) -> str:
    """Return the content key of what `made` is after `code`, in a fresh process; `path` is sys.argv[1] there."""
    return fresh(f"import sys\n{code}\nfrom immunode.model.serial import content_key\nprint(content_key(made))", path)


@pytest.mark.parametrize(
    "code",
    [
        "from immunode.catalogue import load_model; made = load_model(sys.argv[1])",
        "import immunode; made = immunode.load_model(sys.argv[1])",
        "from immunode.model import Model; made = Model.from_json(open(sys.argv[1], encoding='utf-8').read())",
        "from immunode.model.model import Model; made = Model.from_json(open(sys.argv[1], 'rb').read())",
        "import immunode; made = immunode.Model.from_json(open(sys.argv[1], encoding='utf-8').read())",
    ],
)
def test_a_model_of_interventions_is_read_from_json(folder: Path, code: str) -> None:
    assert key_of(code, folder / "model.json") == content_key(immunode.load_model(CODE))


def test_a_model_of_interventions_is_read_from_a_pickle(folder: Path) -> None:
    code = "import pickle; made = pickle.load(open(sys.argv[1], 'rb'))"
    assert key_of(code, folder / "model.pickle") == content_key(immunode.load_model(CODE))


@pytest.mark.parametrize("name", ["aitoudhia2012", "chatterjee2017_mixture"])
def test_patients_trials_and_a_story_are_read_from_json(name: str, tmp_path: Path) -> None:
    """Modules of records that a model may lack are loaded when a text names one."""
    model = immunode.load_model(name)
    held = {field for field in ("variability", "classes", "observed", "thresholds", "trials", "story")
            if getattr(model, field)}  # fmt: skip
    assert {"variability", "thresholds", "trials", "story"} <= held or "classes" in held
    (tmp_path / "model.json").write_text(model.to_json(), encoding="utf-8")
    code = "from immunode.model import Model; made = Model.from_json(open(sys.argv[1], encoding='utf-8').read())"
    assert key_of(code, tmp_path / "model.json") == content_key(model)


def test_a_schedule_with_a_rule_is_read_from_json(tmp_path: Path) -> None:
    schedule = immunode.at_visits("4 weeks", when="p > 0.3")
    assert schedule.rule is not None
    (tmp_path / "schedule.json").write_text(serial.to_json(schedule), encoding="utf-8")
    code = (
        "from immunode.model.serial import from_json; made = from_json(object, open(sys.argv[1]).read()); "
        "assert type(made).__name__ == 'Schedule' and type(made.rule).__name__ == 'Rule'"
    )
    assert key_of(code, tmp_path / "schedule.json") == content_key(schedule)


def test_every_record_is_known_by_its_name_in_a_fresh_process() -> None:
    """Whoever registers a record must export its name from a folder that `serial` names."""
    for found in pkgutil.walk_packages(immunode.__path__, "immunode."):
        if not found.name.startswith("immunode.models.") and not found.name.endswith("__main__"):
            importlib.import_module(found.name)
    records = {name for name, record in serial._known.items() if record.__module__.startswith("immunode.")}
    assert {"Model", "Intervention", "Drug", "Dose", "PK", "Target"} <= records
    code = f"from immunode.model import serial; print(*(n for n in {sorted(records)!r} if serial.record_named(n)))"
    assert set(fresh(code).split()) == records


def test_a_state_among_the_interventions_is_refused_in_a_fresh_process_too() -> None:
    code = """
from immunode.errors import StoreError
from immunode.model.serial import from_json
from immunode.model import Model
text = '''{"format": "immunode 1", "type": "Model", "name": "m", "interventions": [
    {"type": "State", "name": "A", "initial": 1}]}'''
try:
    from_json(Model, text)
except StoreError as error:
    print(error)
"""
    assert "Model.interventions" in fresh(code)


def test_a_plain_model_is_read_without_loading_the_interventions() -> None:
    code = """
import sys
from immunode.model.serial import from_json
from immunode.model import Model
from_json(Model, '{"format": "immunode 1", "type": "Model", "name": "m", "states": [{"type": "State", "name": "A", \
"initial": 1}]}')
print("immunode.intervention" in sys.modules)
"""
    assert fresh(code) == "False"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("model.xml", "from immunode.exchange.sbml.reading.reader import read_sbml as read"),
        ("model.ant", "from immunode.exchange.antimony import read_antimony as read"),
        ("model.omex", "from immunode.exchange.omex import read_omex as read"),
        ("model.xml", "from immunode.catalogue import load_model as read"),
        ("model.ant", "from immunode.catalogue import load_model as read"),
        ("model.omex", "from immunode.catalogue import load_model as read"),
    ],
)
def test_a_model_is_read_from_the_formats_of_other_tools(folder: Path, name: str, read: str) -> None:
    pytest.importorskip("libsbml")
    if name.endswith("ant"):
        pytest.importorskip("antimony")
    import immunode as im

    path = folder / name
    if not path.exists():
        {"xml": im.io.write_sbml, "ant": im.io.write_antimony, "omex": im.io.write_omex}[path.suffix[1:]](
            im.load_model(CODE), path
        )
    here = im.load_model(path)
    assert key_of(f"{read}; made = read(sys.argv[1])", path) == content_key(here)
    if not name.endswith("ant"):  # Antimony knows no interventions
        assert here.interventions == im.load_model(CODE).interventions


@pytest.mark.slow
def test_a_petab_problem_is_read(folder: Path) -> None:
    pytest.importorskip("libsbml")
    pytest.importorskip("yaml")
    import immunode as im

    model = im.load_model(CODE)
    data = pd.DataFrame({"arm": ["tnf"] * 3, "observable": ["a"] * 3, "time": [1.0, 2.0, 3.0], "value": [1.0] * 3})
    made = im.io.write_petab(model, folder / "petab", arms=im.Arms(tnf=["anti_tnf"]), data=data)
    path = made if made.suffix else next(folder.glob("petab/*.y*ml"))
    here = im.io.read_petab(path)
    code = "from immunode.exchange.petab import read_petab; made = read_petab(sys.argv[1]).model"
    assert key_of(code, path) == content_key(here.model)


@pytest.mark.slow
def test_a_store_tells_its_model_and_its_rows(folder: Path) -> None:
    pytest.importorskip("zarr", minversion="3")
    import immunode as im

    model = im.load_model(CODE)
    out = im.sweep(
        model, arms=["control", "infliximab"], until=3, endpoints="final(a)", engine="scipy", store=folder / "a.zarr"
    )
    code = "from immunode.study.stores import open_store; found = open_store(sys.argv[1]); made = found.model"
    assert key_of(code, folder / "a.zarr") == content_key(model)
    text = fresh(f"import sys\n{code}\nprint(found.table().to_csv(index=False))", folder / "a.zarr")
    assert text == out.table().to_csv(index=False).strip()


def test_a_figure_tells_its_recipe(folder: Path) -> None:
    import immunode as im
    from immunode.plot.kit.saving import save

    done = im.simulate(im.load_model(CODE), arms=["control", "infliximab"], until=3)
    path = save(done.plot(), folder / "figure.png")
    code = "import sys\nfrom immunode.plot.kit.saving import read_metadata\nprint(read_metadata(sys.argv[1])['recipe'])"
    assert '"infliximab"' in fresh(code, path)


def test_a_result_is_read_from_a_pickle(folder: Path) -> None:
    import immunode as im

    model = im.load_model(CODE)
    out = im.sweep(
        model, im.sobol(im.space(model), 4), arms=["control", "anti_tnf"], until=3, endpoints="final(a)", engine="scipy"
    )
    (folder / "result.pickle").write_bytes(pickle.dumps(out))
    code = "import pickle, sys\nprint(pickle.load(open(sys.argv[1], 'rb')).values.ravel().tolist())"
    told = np.array(fresh(code, folder / "result.pickle").strip("[]").split(","), float)
    assert np.array_equal(told, out.values.ravel(), equal_nan=True)


VERBS = {
    "show": [],
    "check": [],
    "run": ["--until", "3", "--arm", "infliximab"],
    "sweep": ["--runs", "4", "--until", "3", "--arm", "infliximab"],
    "atlas": ["--until", "3"],
    "figure": ["--kind", "diagram"],
    "gallery": [],
    "export": ["--to", "sbml"],
}


@pytest.mark.slow
@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_of_the_command_takes_a_model_of_interventions_from_json(folder: Path, verb: str) -> None:
    out = {"figure": ["-o", "drawn.png"], "gallery": ["-o", "pages"], "export": ["-o", "written.xml"]}.get(verb, [])
    line = [sys.executable, "-m", "immunode", verb, "model.json", *VERBS[verb], *out]
    ran = subprocess.run(line, cwd=folder, capture_output=True, text=True, timeout=PATIENCE)
    assert ran.returncode in ((0, 1) if verb == "check" else (0,)), ran.stderr
    assert "unknown type" not in ran.stdout + ran.stderr
