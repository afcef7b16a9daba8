"""The site of one version stays when that of the next is added."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
AUTHOR = {f"GIT_{who}_{what}": "nobody" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


def test_two_versions_lie_beside_each_other_on_a_branch(tmp_path: Path) -> None:
    """The configuration is that of the site, with one page; mike writes both into a repository without a remote."""
    pytest.importorskip("mike", reason="in the extra docs")
    pytest.importorskip("material", reason="in the extra docs")
    # mike calls mkdocs by its name
    surroundings = {
        **os.environ,
        **AUTHOR,
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
    }
    frame = (Path(__file__).parents[2] / "docs" / "mkdocs.yml").read_text(encoding="utf-8")
    (tmp_path / "mkdocs.yml").write_text(frame.partition("\nnav:\n")[0] + "\nnav:\n  - Home: index.md\n")
    for folder in ("docs", "docs/stylesheets"):
        (tmp_path / folder).mkdir()
    (tmp_path / "docs" / "stylesheets" / "extra.css").write_text("")

    def call(*words: str) -> str:
        told = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, env=surroundings)
        assert told.returncode == 0, told.stderr
        return told.stdout

    call("git", "init", "-q", "-b", "main")
    call("git", "commit", "-q", "--allow-empty", "-m", "first")
    mike = (sys.executable, "-c", "from mike.driver import main; main()")
    for version in ("0.1", "0.2"):
        (tmp_path / "docs" / "index.md").write_text(f"# Version {version}\n")
        call(*mike, "deploy", "-b", "pages", "--update-aliases", version, "latest")
    listed = {one["version"]: one["aliases"] for one in json.loads(call("git", "show", "pages:versions.json"))}
    assert listed == {"0.2": ["latest"], "0.1": []}
    for version in ("0.1", "0.2"):
        page = call("git", "show", f"pages:{version}/index.html")
        assert f"Version {version}" in page
        assert '"provider": "mike"' in page.replace("'", '"')
