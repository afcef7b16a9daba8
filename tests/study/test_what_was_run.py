"""Whatever a run leaves behind names the model and its variant, and holds each value that is not the file's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import immunode as im
from immunode.cli import main
from immunode.model.serial import content_key
from immunode.study.store.key import key_of

NAME, VARIANT, LABEL = "baker2013", "diseased", "baker2013, variant diseased"


def heading(figure: object) -> str:
    title = getattr(figure, "_suptitle", None)
    return "" if title is None else str(title.get_text())


def test_a_model_knows_its_variant_and_what_is_not_as_declared() -> None:
    plain, diseased = im.load_model(NAME), im.load_model(NAME, VARIANT)
    assert plain.label == NAME
    assert plain.changed == {}
    assert diseased.label == LABEL
    assert diseased.changed["alpha2"] == (1.0, 10.0)
    assert diseased.with_values(alpha2=1.0).changed.keys() == {"a(0)", "p(0)"}
    assert plain.with_values(gamma=2).with_values(gamma=3).changed["gamma"][1] == 3
    assert "alpha2 = 10 (was 1)" in repr(diseased)
    assert diseased.variant("aging").variant_name == "diseased + aging"


def test_changes_by_replace_count_and_unchanged_values_do_not() -> None:
    model = im.load_model("kuznetsov1994")
    other = model.replace(parameters=[im.Parameter(p.name, 2 * p.value, p.unit) for p in model.parameters])
    assert set(other.changed) == {p.name for p in model.parameters}
    assert model.with_values({p.name: p.value for p in model.parameters}).changed == {}


def test_provenance_survives_json_and_is_no_content() -> None:
    diseased = im.load_model(NAME, VARIANT)
    back = im.Model.from_json(diseased.to_json())
    assert (back.variant_name, back.changed) == ("diseased", diseased.changed)
    nameless = (
        im.load_model(NAME)
        .with_values(alpha2=10)
        .with_initial({n[:-3]: now for n, (_, now) in diseased.changed.items() if n.endswith("(0)")})
    )
    assert content_key(nameless) == content_key(diseased)


@pytest.mark.slow
@pytest.mark.parametrize(("variant", "label"), [("", NAME), (VARIANT, LABEL)])
def test_results_name_model_and_variant(variant: str, label: str) -> None:
    model = im.load_model(NAME, variant)
    run = im.simulate(model, arms=["control", "anti_tnf"])
    out = im.sweep(model, im.sobol(im.space(model), 8), arms=["control", "anti_tnf"], keep=["p"],
                   endpoints=["final(p)", "at(p, 0)", "time_to(p > 0.2)"])  # fmt: skip
    assert model.variant_name == variant
    for said in (
        repr(run["control"]),
        repr(out),
        repr(out.select("final(p) > 0")),
        repr(im.responders(out, "final(p) < 1")),
    ):
        assert label in said
        assert ("variant" in said) == bool(variant)
    for table in (out.table(), out.summary(), run["control"].to_frame()):
        assert table.attrs == {"model": NAME, "variant": variant}
    assert out.dataset().attrs["variant"] == run.to_dataset().attrs["variant"] == variant
    assert out.recipe["variant"] == run.recipe["control"]["model"]["variant"] == variant
    figures = [
        run.plot("p"), run.timeline(), run.plot("p", timeline=True), run["control"].diagram(), out.plot.bands("p"),
        out.plot.endpoints(), out.plot.heat("final(p)", arm="control"), out.plot.waterfall("final(p)"),
        out.plot.time_to_event("p > 0.2"), im.responders(out, "final(p) < 1").plot(),
        im.sensitivity.tornado(model).plot(),
    ]  # fmt: skip
    for figure in figures:
        assert label in heading(figure).replace("\n", " ")
    assert heading(run.plot("p", title="mine")) == "mine"
    assert heading(run.plot("p", title="")) == ""


def test_a_store_names_the_variant_and_its_key_is_that_of_the_numbers(tmp_path: Path) -> None:
    pytest.importorskip("zarr")
    model = im.load_model(NAME, VARIANT)
    im.sweep(model, im.grid(gamma=[1.0, 1.1]), endpoints="final(p)", store=tmp_path / "s.zarr")
    stored = im.open_store(tmp_path / "s.zarr")
    assert LABEL in repr(stored)
    assert stored.table().attrs == {"model": NAME, "variant": "diseased"}
    assert stored.dataset().attrs["variant"] == "diseased"
    assert stored.model.changed == model.changed
    study = stored.asked.study
    bare = {k: v for k, v in study["model"].items() if k not in ("variant_name", "file_values", "file_bounds")}
    assert key_of(study) == key_of({**study, "model": bare})


def test_the_command_prints_and_writes_what_was_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    heads = {}
    for variant in ("", VARIANT):
        asked = ["run", NAME, *(["--variant", variant] if variant else []), "--arm", "control", "--set", "gamma=1.5"]
        assert main([*asked, "-o", str(tmp_path / (variant or NAME))]) == 0
        heads[variant] = capsys.readouterr().out.splitlines()[0].strip()
    assert heads == {"": "baker2013, 0 to 100", VARIANT: "baker2013, variant diseased, 0 to 100"}
    recipe = json.loads((tmp_path / VARIANT / "recipe.json").read_text())["arms"]["control"]
    assert recipe["model"]["variant"] == "diseased"
    assert recipe["model"]["changed"]["alpha2"] == {"file": 1.0, "run": 10.0}
    assert recipe["model"]["changed"]["gamma"]["run"] == 1.5
    assert "p(0)" in recipe["model"]["changed"]


def test_a_sweep_s_recipe_holds_what_was_set_and_the_knobs_of_its_arms(tmp_path: Path) -> None:
    asked = [
        "sweep",
        NAME,
        "--variant",
        VARIANT,
        "--runs",
        "4",
        "--set",
        "gamma=1.5",
        "--arm",
        "anti_tnf",
        "-o",
        str(tmp_path),
    ]
    assert main(asked) == 0
    recipe = json.loads((tmp_path / "recipe.json").read_text())
    assert recipe["variant"] == "diseased"
    assert recipe["columns"]["gamma"] == 1.5
    assert recipe["columns"]["alpha1"]["from"] < recipe["columns"]["alpha1"]["to"]
    assert recipe["arms"]["anti_tnf"]["knobs"]["anti_tnf.strength"] == 1.0


def test_the_script_of_a_figure_and_its_title_name_the_variant(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["figure", NAME, "--variant", VARIANT, "--arm", "control", "--kind", "courses", "--code"]) == 0
    script = capsys.readouterr().out
    assert "title=model.heading" in script
    assert im.load_model(NAME, VARIANT).heading.endswith(f"({LABEL})")
    assert "baker2013_diseased_courses.png" in script
