"""What the documentation shows works as it is written there, and its links lead somewhere."""

from __future__ import annotations

import importlib.util
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

from immunode.catalogue import list_models, load_model
from immunode.cli import main

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(page for page in DOCS.rglob("*.md") if page.parent.name != "paper")
FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
ELSEWHERE = ('title="on a cluster"', 'title="lesson.py, in a browser"')
"""Mark a block that needs machines or a page of the reader's; it is only compiled."""

LONG = {"demin2013": pytest.mark.slow}
"""Four doses a day for weeks: its runs take seconds."""


def blocks(page: Path) -> list[tuple[str, str, str]]:
    return FENCE.findall(page.read_text(encoding="utf-8"))


def name(page: Path) -> str:
    return page.relative_to(DOCS).as_posix()


SHOWN = [page for page in PAGES if any(language in ("python", "sh") for language, _, _ in blocks(page))]


@pytest.mark.slow
@pytest.mark.parametrize("page", SHOWN, ids=name)
def test_blocks_run_one_after_the_other(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one namespace and an empty folder; a million runs are made two hundred."""
    monkeypatch.chdir(tmp_path)
    matplotlib.use("Agg")
    space: dict[str, object] = {"__name__": "docs"}
    for language, options, text in blocks(page):
        if language == "python":
            code = compile(text, name(page), "exec")
            if options.strip() not in ELSEWHERE:
                exec(code, space)
        elif language == "sh" and options.strip() not in ELSEWHERE:
            for line in text.splitlines():
                if line.startswith("immunode "):
                    assert main(shlex.split(line.replace("1000000", "200"))[1:]) == 0, line
    plt.close("all")


def test_only_recipes_for_clusters_and_browsers_are_left_unrun() -> None:
    unrun = {(name(page), options.strip()) for page in PAGES for _, options, _ in blocks(page) if options.strip()}
    assert {(page, title) for page, title in unrun if title in ELSEWHERE} == {
        ("howto/cluster.md", ELSEWHERE[0]),
        ("howto/course.md", ELSEWHERE[1]),
    }


def test_every_block_says_its_language() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert text.count("\n```") == 2 * len(blocks(page)), name(page)


@cache
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def site() -> dict[str, str]:
    """Return path -> Markdown of all pages, those made from the code too."""
    made: dict[str, str] = generator().pages()
    return made | {name(page): page.read_text(encoding="utf-8") for page in PAGES}


def anchors(markdown: str) -> set[str]:
    found = set(re.findall(r"\{ #([\w.-]+) \}", markdown))
    for heading in re.findall(r"^#+ (.*)$", markdown, re.MULTILINE):
        plain = re.sub(r"[^\w\s-]", "", re.sub(r"\[(.*?)\]\(.*?\)", r"\1", heading)).strip().lower()
        found.add(re.sub(r"[-\s]+", "-", plain))
    return found


@pytest.mark.slow
def test_links_between_pages_lead_to_a_page_and_a_heading() -> None:
    for path, markdown in site().items():
        for target in re.findall(r"\]\((?!https?:|mailto:)([^)\s]+)\)", re.sub(FENCE, "", markdown)):
            page, _, anchor = target.partition("#")
            place = (DOCS / path).parent / page if page else DOCS / path
            key = Path(*place.parts).resolve().relative_to(DOCS.resolve()).as_posix()
            if key.startswith(("models/figures/", "drugs/figures/", "gallery/figures/")) or (ROOT / key).is_file():
                continue  # drawn at the build, or taken from the project's images
            assert key in site() or place.is_file(), f"{path}: {target}"
            if anchor:
                assert anchor in anchors(site()[key]), f"{path}: {target}"


def test_links_to_other_sites_are_whole() -> None:
    for path, markdown in site().items():
        for target in re.findall(r"\]\((https?:[^)]*)\)", re.sub(FENCE, "", markdown)):
            assert re.fullmatch(r"https://[\w.-]+(/[^\s<>\\]*)?", target), f"{path}: {target}"


def test_paths_that_contributors_are_sent_to_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    paths = [
        path
        for path in re.findall(r"`((?:immunode|tests|docs|examples|models)/[\w/.]*)`", text)
        if "name_year" not in path
    ]
    assert len(paths) > 20
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_the_navigation_has_every_page() -> None:
    listed = set(re.findall(r": ([\w/]+\.md)$", (DOCS / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE))
    assert listed == {name(page) for page in PAGES}
    told = set(re.findall(r" ([^ ]+\.md)$", generator().configuration(), re.MULTILINE))
    assert told == set(site())


def test_every_model_and_every_public_name_has_its_place() -> None:
    import immunode

    assert {f"models/{entry.name}.md" for entry in immunode.list_models()} <= set(site())
    groups = generator().reference.groups()
    parts = {title.removeprefix("im.") for title, _ in groups if title.startswith("im.")}
    root = {public for _, names in groups for public in names if "." not in public}
    assert root | parts | {"__version__"} == set(immunode.__all__)


def test_every_drug_has_a_page_with_its_numbers_and_warnings() -> None:
    for name, chosen in generator().drugs.library().items():
        page = site()[f"drugs/{name}.md"].replace("\\", "").replace("&lt;", "<").replace("&amp;", "&")
        assert f"[`{name}`]({name}.md)" in site()["drugs/index.md"]
        assert chosen.source in page
        for text in (*chosen.profile.warnings, *(v.parameter for v in chosen.variability)):
            assert text in page, name


@pytest.mark.parametrize("name", ["infliximab", "siponimod", "alemtuzumab"])
def test_a_drug_has_a_figure_of_its_concentration(name: str) -> None:
    figure = generator().drugs.drug_figure(generator().drugs.library()[name], patients=40)
    (axes, *_) = figure.axes
    levels = np.concatenate([line.get_ydata() for line in axes.lines if len(line.get_ydata()) > 100])
    assert levels.max() > {"infliximab": 80.0, "siponimod": 25.0, "alemtuzumab": 1.0}[name]
    plt.close("all")


def test_a_page_of_a_model_tells_its_numbers_and_their_sources() -> None:
    for entry in list_models():
        page = site()[f"models/{entry.name}.md"].replace("\\", "")
        model = load_model(entry.name, "")
        for parameter in model.parameters:
            source = " ".join(parameter.source.split()).replace("\\", "")
            assert parameter.name in page, entry.name
            assert source in page, f"{entry.name}: {parameter.name}"
        assert "## What it is, and what differs from the paper" in page


@pytest.mark.slow
@pytest.mark.parametrize("entry", [pytest.param(e, id=e.name, marks=LONG.get(e.name, ())) for e in list_models()])
def test_a_model_can_be_tried_as_its_page_says(entry: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Python block of every page of a model runs without a warning and draws; the shell block names the same."""
    monkeypatch.chdir(tmp_path)
    matplotlib.use("Agg")
    shown = generator().models.model_page(entry).partition("## Try it")[2]
    (shell, *_), (python, *_) = (re.findall(rf"```{kind}\n(.*?)```", shown, re.DOTALL) for kind in ("sh", "python"))
    space: dict[str, Any] = {"__name__": "docs"}
    exec(compile(python, entry.name, "exec"), space)
    runs = space["runs"]
    story = load_model(entry.name, "").story
    assert story is not None
    assert list(runs) == list(dict(story.arms))
    assert f'load_model("{shlex.split(shell)[2]}", "")' in python
    assert all(run[name].shape == run.times.shape for run in runs.values() for name in run.model.readouts)
    plt.close("all")


@pytest.mark.slow
def test_every_equation_can_be_set() -> None:
    pytest.importorskip("latex2mathml", reason="in the extra docs")
    for entry in list_models():
        for line in load_model(entry.name, "").equations("latex", fluxes=True).splitlines():
            assert generator().mathml(line).startswith('<div class="equation"><math')


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("source")
    generator().write_site(folder)
    return folder


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize(("builder", "module"), [("mkdocs", "material"), ("zensical", "zensical")])
def test_the_site_builds_without_a_warning_and_fetches_nothing(source: Path, builder: str, module: str) -> None:
    pytest.importorskip(module, reason="in the extra docs")
    built = subprocess.run(
        [sys.executable, "-m", builder, "build", "--strict", "-f", "mkdocs.yml"],
        cwd=source,
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    made = list((source / "site").rglob("*.html"))
    assert len(made) >= len(site())
    for page in made:
        text = page.read_text(encoding="utf-8")
        assert not re.findall(
            r'(?:<script[^>]*src|<link rel="stylesheet"[^>]*href|<img[^>]*src)="(https?:[^"]*)"', text
        )


def test_the_text_for_assistants_names_every_page_model_and_public_name() -> None:
    site = generator()
    assistants, pages = site.assistants, site.written()
    index, whole = assistants.index(pages), assistants.whole(pages)
    assert index.startswith("# immunode\n\n> ")
    by_hand = [path for path in pages if path.startswith(("start/", "concepts/", "howto/"))]
    assert all(f"({path}): " in index for path in by_hand)
    assert not [line for line in index.splitlines() if line.startswith("- [](") or line.endswith("): ")]
    for entry in list_models():
        assert f"models/{entry.name}.md" in index
        assert f"- {entry.name}: " in whole
    assert "`simulate(" in whole
    assert re.search(r'`join\(.*name: str = ""\)', whole)  # a default text keeps its quotation marks
    assert "![" not in whole
    assert len(whole) < 300_000
