"""What the tests of the page share: the page's functions in node, and pages in Chromium, where these are."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from immunode.app.lab import Lab
from immunode.app.web_page import ENGINE
from immunode.solve.tableaus import RODAS5P
from tests.clock import PATIENCE


class Node:
    """Runs scripts in node that may use the functions of the page which need no document."""

    def __init__(self, path: str) -> None:
        self.path = path

    def run(self, script: str) -> Any:
        """Return what a script printed as JSON."""
        static = files("immunode.app").joinpath("static")
        modules = [static.joinpath(name).read_text("utf-8") for name in (*ENGINE, "levels.js", "marks.js")]
        text = "\n".join([*modules, f"const TABLEAU = {json.dumps(asdict(RODAS5P))};", script])
        done = subprocess.run([self.path, "-"], input=text, capture_output=True, text=True, timeout=PATIENCE)
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(done.stdout)

    def in_lab(self, lab: Lab, script: str) -> Any:
        """Return what a script printed in which `lab` is open."""
        data = f"const data = {json.dumps(lab.data)}; const program = {lab.program}; const restProgram = {lab.rest};"
        opened = "const lab = openLab(data, program, restProgram && { ...data.restRows, program: restProgram });"
        return self.run(f"{data}\n{opened}\n{script}")

    def runs(self, lab: Lab, settings: Sequence[Mapping[str, float]]) -> list[dict[str, Any]]:
        """Return for each mapping of parameters: status, failed requirement, steps, and all states at 101 times."""
        found = self.in_lab(
            lab,
            f"""
const found = {json.dumps([dict(s) for s in settings])}.map((changed) => {{
  const values = valuesOf(lab, freshState(lab));
  Object.entries(changed).forEach(([name, v]) => {{ values[lab.row.get(name)] = v; }});
  const run = simulate(lab, values, {{ points: 101 }});
  return {{ status: run.status, failed: run.failed, steps: run.steps, y: run.y.map((y) => Array.from(y)) }};
}});
console.log(JSON.stringify(found));""",
        )
        assert isinstance(found, list)
        return found


@pytest.fixture(scope="session")
def node() -> Node:
    path = shutil.which("node")
    if path is None:
        pytest.skip("node is not there")
    return Node(path)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not there")
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium is there")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def open_page(browser: Any) -> Iterator[Callable[..., Watched]]:
    opened: list[Watched] = []

    def make(*arguments: Any, **options: Any) -> Watched:
        opened.append(Watched(browser, *arguments, **options))
        return opened[-1]

    yield make
    for one in opened:
        one.context.close()


class Watched:
    """A page that notes what must not happen: errors, console messages of errors, requests that leave it."""

    def __init__(
        self, browser: Any, path: Path, size: tuple[int, int], link: str = "", script: str = "", **options: Any
    ) -> None:
        self.context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, locale="en-US", offline=True, **options
        )
        if script:
            self.context.add_init_script(script)
        self.page = self.context.new_page()
        self.troubles: list[str] = []
        self.page.on("pageerror", lambda error: self.troubles.append(f"error: {error}"))
        self.page.on("console", lambda m: self.troubles.append(m.text) if m.type in ("error", "warning") else None)
        self.page.on("request", self._request)
        self.page.goto(f"{path.as_uri()}{'#' + link if link else ''}")

    def _request(self, request: Any) -> None:
        if not request.url.startswith(("file:", "data:", "blob:")):
            self.troubles.append(f"request: {request.url}")

    def lab(self, script: str) -> Any:
        """Return the value of an expression in which `lab` is what the page works with."""
        return self.page.evaluate(f"(() => {{ const ctx = window.immunodeLab; return {script}; }})()")
