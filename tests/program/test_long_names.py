"""Generated code does not depend on how long the names of a model are."""

from __future__ import annotations

import numpy as np
import pytest

import immunode as im
from immunode.intervention import Intervention, set_to
from immunode.model import Derived, Event, Model, Parameter, Process, State, Switch, Variant
from immunode.program.cache import cached_program
from immunode.program.javascript import javascript_source

LENGTHS = (1, 85, 86, 90, 300, 2000)


def _model(length: int) -> Model:
    x, y, k, q, d, e, loss, gain, dose, on, s, variant, drug = (letter * length for letter in "XYkqDELGefsvw")
    return Model(
        "long",
        horizon=10.0,
        states=[State(x, 1.0, kind="cell"), State(y, 2.0)],
        parameters=[Parameter(k, 0.5, source="assumed: a test"), Parameter(q, 0.1, source="assumed: a test")],
        processes=[Process(loss, f"{x} -> {y}", f"{k}*{x}*{e}"), Process(gain, f"{y} ->", f"{q}*{y}*(1 + {s})")],
        derived=[Derived(d, f"{x} + {y}*t"), Derived(e, f"1/(1 + {x})")],
        switches=[Switch(s)],
        events=[Event(dose, {x: f"{x} + 1"}, at=2.0, every=3.0, count=2), Event(on, {s: "1"}, at=1.5)],
        variants=[Variant(variant, {k: 0.7})],
        interventions=[Intervention(drug, [set_to(k, 0.2)])],
    )


@pytest.mark.sampled
@pytest.mark.parametrize("engine", ["scipy", "numpy", "compiled"])
@pytest.mark.parametrize("length", LENGTHS[1:])
def test_long_names_give_the_numbers_of_short_ones(length: int, engine: str) -> None:
    """To the bit: the same operations in the same order."""
    short, long = _model(1), _model(length)
    for change in (lambda m: m, lambda m: m.variant(m.variants[0].name), lambda m: im.perturb(m, *m.interventions)):
        first, second = (list(im.simulate(change(m), engine=engine).values.values()) for m in (short, long))
        assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    sweeps = [im.sweep(m, im.sobol(im.space(m), n=16, seed=3), engine=engine).values for m in (short, long)]
    assert np.array_equal(*sweeps)


def test_a_long_name_alone_on_its_line_is_one_row() -> None:
    name = "A" * 90
    model = Model("alone", states=[State(name, 1.0)], events=[Event("e", {name: f"{name} + 1"}, at=1.0)])
    assert im.simulate(model, 2.0).final(name) == 2.0


@pytest.mark.slow
def test_the_figure_of_a_model_with_a_long_name_has_a_name_that_a_file_can_have(tmp_path, monkeypatch) -> None:
    from immunode.cli import main

    monkeypatch.chdir(tmp_path)
    model = _model(1).replace(name="M" * 300)
    (tmp_path / "model.json").write_text(model.to_json())
    assert main(["figure", "model.json", "--kind", "courses"]) == 0
    assert [p.name for p in tmp_path.glob("*.png")] == ["M" * 200 + "_courses.png"]


@pytest.mark.parametrize("length", LENGTHS)
def test_long_names_pass_through_files_and_the_page(length: int, tmp_path) -> None:
    model = _model(length)
    compile(im.source(model), "source", "exec")
    assert javascript_source(cached_program(model)) == javascript_source(cached_program(_model(1)))
    x, y = (s.name for s in model.states)
    expected = im.simulate(model)
    im.io.write_sbml(model, tmp_path / "long.xml")
    read = im.simulate(im.io.read_sbml(tmp_path / "long.xml"))
    assert np.allclose(read[x], expected[x], rtol=1e-5)
    assert im.simulate(im.Model.from_json(model.to_json()))[y] == pytest.approx(expected[y], rel=0)
    im.io.write_antimony(model, tmp_path / "long.ant")
    im.io.write_omex(model, tmp_path / "long.omex")
    assert x in im.io.sheet(model)
