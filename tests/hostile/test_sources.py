"""Source that engines and pages run holds checked names, positions and numbers; nothing else executes a text."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import immunode as im
from immunode.errors import ImmunodeError
from immunode.model import Event, Model, Parameter, Process, Requirement, State
from immunode.program import lower, numpy_source
from immunode.program.javascript import javascript_source
from tests.hostile.texts import evil

ROOT = Path(__file__).resolve().parents[2]
WORDS = re.compile(r"touch|hacked|onerror|passwd|skull|nothing|javascript")


def test_numpy_source_holds_declared_names_numbers_and_functions_of_numpy(key: str) -> None:
    """Any other name in it is a position, or a word that the writer of the source chose."""
    model = im.perturb(evil(key), "boost")
    program = lower(model)
    tree = ast.parse(numpy_source(program))
    known = {n.replace(".", "_") for n in (*program.states, *program.parameters, *program.quantities)}
    written_here = re.compile(r"(x|c|new_|break_|trigger_)\d+|y|p|c|t|out|bool|shape|dtype")
    functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    (imported,) = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert imported.module == "numpy"
    allowed = known | functions | {alias.name for alias in imported.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            assert node.id in allowed or written_here.fullmatch(node.id), node.id
        if isinstance(node, ast.Attribute):
            assert node.attr == "shape"
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            # documentation alone, which nothing reads
            assert node.value.isascii()
        if isinstance(node, ast.Call):
            assert isinstance(node.func, ast.Name)
            assert node.func.id in {alias.name for alias in imported.names}


def test_javascript_and_llvm_text_hold_no_word_of_a_model(key: str) -> None:
    pytest.importorskip("llvmlite")
    from immunode.solve.compiled.kernel import kernel_source

    program = lower(im.perturb(evil(key), "boost"))
    for source in (javascript_source(program), kernel_source(program, "rodas5p")[0]):
        assert not WORDS.search(source)
        assert "boost" not in source
        assert "kill" not in source


@pytest.mark.parametrize("engine", ["scipy", "numpy", "compiled"])
def test_names_that_sources_use_themselves_change_no_number(engine: str) -> None:
    """Locals, functions and words of the generated source as names of a model, against the same with other names."""
    names = ["new_0", "new_1", "x1", "c0", "y", "p", "c", "out", "bool", "empty", "rhs", "np", "break_0", "absolute"]
    made = []
    for given in (names, [f"a{i}_" for i in range(len(names))]):
        a, b, *rest = given
        falling = rest[:6]
        made.append(
            Model(
                name="m",
                horizon=5,
                states=[State(a, 1.0), State(b, 2.0), *(State(n, 0.5) for n in falling)],
                parameters=[Parameter(n, 0.1 * (i + 1)) for i, n in enumerate(rest[6:])],
                processes=[
                    Process("f", f"{a} -> {b}", f"{rest[6]}*{a}*exp(-{rest[7]}*{b})"),
                    *(
                        Process(f"g{i}", f"{n} ->", f"{rest[8]}*{n}*{rest[9]}/abs(1 + {a})")
                        for i, n in enumerate(falling)
                    ),
                ],
                events=[
                    Event("swap", {a: b, b: f"{a} + {rest[0]}"}, at=2),
                    *[Event("low", {a: f"{b} + 1", b: a}, when=f"{a} < 0.9")] * (engine == "scipy"),
                ],
                requirements=[Requirement(f"{rest[6]} > 0", "positive"), Requirement(f"{rest[9]} > 0", "positive")],
            )
        )
    odd, plain = (im.simulate(model, engine=engine) for model in made)
    for name, other in zip(made[0].states, made[1].states, strict=True):
        assert odd[name.name].tolist() == plain[other.name].tolist()


EXECUTED = {
    "catalogue.py": 2,  # a .py file that the user names, which is said to be executed
    "program/numpy/functions.py": 2,  # generated from checked names, positions and numbers: see above
    "program/numpy/linear.py": 2,  # generated from positions
}


def test_nothing_else_executes_a_text() -> None:
    """Calls of exec, compile and eval, module by module; and nothing that unpickles or loads code by name."""
    found: dict[str, int] = {}
    for file in (ROOT / "immunode").rglob("*.py"):
        name = file.relative_to(ROOT / "immunode").as_posix()
        for node in ast.walk(ast.parse(file.read_bytes())):
            called = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
            if called in ("exec", "compile", "eval", "__import__"):
                found[name] = found.get(name, 0) + 1
            if isinstance(node, ast.Import | ast.ImportFrom):
                modules = [alias.name for alias in node.names] + [getattr(node, "module", "") or ""]
                assert not {"pickle", "marshal", "shelve", "dill", "cloudpickle", "code", "runpy"} & set(modules), name
            if isinstance(node, ast.Attribute) and node.attr in ("load", "system", "popen"):
                assert ast.unparse(node) not in ("yaml.load", "os.system", "os.popen"), f"{name}, line {node.lineno}"
            if isinstance(node, ast.keyword) and node.arg in ("shell", "allow_pickle"):
                pytest.fail(f"{name}, line {node.value.lineno}")
    assert found == EXECUTED


@pytest.mark.parametrize("ending", [".json", ".xml", ".omex", ".ant"])
def test_a_file_that_is_python_under_another_ending_is_not_executed(ending: str) -> None:
    file = Path(f"a{ending}")
    file.write_text("open('hacked', 'w').close()\n", encoding="utf-8")
    with pytest.raises(ImmunodeError):
        im.load_model(file)
