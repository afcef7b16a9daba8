"""Every test here runs in an empty folder and with each hostile text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hostile.texts import HOSTILE


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Run in an empty folder, and see that no text left the file behind that it was to make."""
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    assert not list(tmp_path.rglob("hacked"))


@pytest.fixture(params=HOSTILE)
def key(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found
