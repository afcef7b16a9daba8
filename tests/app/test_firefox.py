"""The page in Firefox, driven through WebDriver BiDi, which Firefox speaks by itself."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from immunode.app.web_page import page
from tests.app.labs import load_lab

SIZES = {"phone": (390, 844), "laptop": (1366, 768)}
SECONDS = 120
"""Seconds after which a Firefox that does not answer fails a test."""


class Firefox:
    """One page of a headless Firefox with a profile of its own; notes errors that the console shows."""

    def __init__(self, path: str, profile: Path) -> None:
        websocket = pytest.importorskip("websocket", reason="websocket-client is not there")
        self.socket: Any = None
        self.late: type[Exception] = websocket.WebSocketTimeoutException
        command = [path, "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        assert self.process.stderr is not None
        waiting = threading.Timer(SECONDS, self.process.kill)
        waiting.start()
        said = (re.search(r"WebDriver BiDi listening on (ws://\S+)", line) for line in self.process.stderr)
        address = next((found[1] for found in said if found), "")
        waiting.cancel()
        if not address:
            self.close()
            pytest.skip("this Firefox does not speak WebDriver BiDi")
        self.socket = websocket.create_connection(f"{address}/session", timeout=SECONDS, suppress_origin=True)
        self.numbers = itertools.count(1)
        self.troubles: list[str] = []
        self.ask("session.new", capabilities={})
        self.ask("session.subscribe", events=["log.entryAdded"])
        self.context = self.ask("browsingContext.getTree")["contexts"][0]["context"]

    def ask(self, method: str, **params: Any) -> Any:
        """Return what Firefox answers to a command."""
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            try:
                answer = json.loads(self.socket.recv())
            except self.late:
                pytest.fail(f"Firefox did not answer {method} in {SECONDS} s: {str(params)[:200]}")
            if answer.get("method") == "log.entryAdded" and answer["params"]["level"] in ("error", "warn"):
                self.troubles.append(answer["params"]["text"])
            if answer.get("id") == number:
                assert answer["type"] == "success", answer
                return answer["result"]

    def open(self, file: Path, size: tuple[int, int]) -> None:
        """Load a file at a size of the window's inside."""
        viewport = {"width": size[0], "height": size[1]}
        self.ask("browsingContext.setViewport", context=self.context, viewport=viewport)
        self.ask("browsingContext.navigate", context=self.context, url=file.as_uri(), wait="complete")

    def value(self, script: str) -> Any:
        """Return the value of an expression, which must be JSON."""
        expression = f"Promise.resolve({script}).then((v) => JSON.stringify(v ?? null))"
        target = {"context": self.context}
        found = self.ask("script.evaluate", expression=expression, target=target, awaitPromise=True)
        assert found["type"] == "success", found
        return json.loads(found["result"]["value"])

    def close(self) -> None:
        """End this Firefox."""
        if self.socket is not None:
            self.socket.close()
        self.process.terminate()
        if self.process.stderr is not None:
            self.process.stderr.close()
        self.process.wait(SECONDS)


@pytest.fixture(scope="module")
def firefox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    path = shutil.which("firefox-esr") or shutil.which("firefox")
    if path is None:
        pytest.skip("no Firefox is there")
    one = Firefox(path, tmp_path_factory.mktemp("profile"))
    yield one
    one.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "lab.html"
    path.write_text(page([load_lab("ma2020", with_story=True)]), "utf-8")
    return path


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES.keys())
def test_the_page_works_in_firefox(firefox: Firefox, file: Path, size: tuple[int, int]) -> None:
    firefox.open(file, size)
    assert firefox.value("window.immunodeLab.treated.status") == "ok"
    assert firefox.value("document.documentElement.scrollWidth") <= size[0]
    # the drawing: every state in sight, and time changes how full they are
    assert firefox.value("document.querySelectorAll('.node').length") == 5
    level = "document.querySelector('[data-state=central] .level').getAttribute('transform')"
    before = firefox.value(level)
    firefox.value("window.immunodeLab.setTime(200)")
    assert firefox.value(level) != before
    # lanes and curves share their time axis
    ends = "['.u-over', '.track'].map((q) => document.querySelector(q).getBoundingClientRect())"
    left, right = firefox.value(f"{ends}.map((b) => [b.left, b.right])")
    assert left == pytest.approx(right, abs=1.5)
    # a key on a handle, a press on a shape and on an arrow, the class
    press = "document.querySelector('.handle.top').dispatchEvent(new KeyboardEvent('keydown', { key: 'PageDown' }))"
    assert firefox.value(press)
    assert firefox.value("window.immunodeLab.state.on.get('sarilumab_150').get('sarilumab_150.strength')") == 0.75
    firefox.value("document.querySelector('[data-process~=das28_loss]').dispatchEvent(new MouseEvent('click'))")
    assert "turnover*das28" in firefox.value("document.querySelector('.equation').textContent")
    firefox.value("(document.getElementById('tab-class').click(), document.getElementById('class-run').click())")
    dots = "document.querySelectorAll('.patients button').length"
    done = f"new Promise((ok) => {{ const look = () => ({dots} ? ok({dots}) : setTimeout(look, 50)); look(); }})"
    assert firefox.value(done) == 200
    assert firefox.troubles == []
