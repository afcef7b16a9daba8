"""Ctrl-C after the last run: what was computed is not lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from immunode.cli import main
from immunode.study import SweepResult


def test_an_interrupt_while_tables_are_written_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    save, calls = SweepResult.save, []

    def interrupted_once(self: SweepResult, folder: Path, **options: Any) -> list[Path]:
        calls.append(folder)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return save(self, folder, **options)

    monkeypatch.setattr(SweepResult, "save", interrupted_once)
    main(["sweep", "kuznetsov1994", "--runs", "16", "--until", "5", "-o", str(tmp_path)])
    assert len((tmp_path / "table.csv").read_text().splitlines()) == 17
    assert "the tables are written" in capsys.readouterr().err


def test_an_interrupt_while_figures_are_drawn_keeps_the_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("immunode.plot.save", interrupted)
    main(["sweep", "kuznetsov1994", "--runs", "16", "--until", "5", "-o", str(tmp_path)])
    assert (tmp_path / "table.csv").is_file()
    assert "not all figures are drawn" in capsys.readouterr().err
