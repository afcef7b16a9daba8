"""Moving pictures."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from immunode.errors import StoreError, StudyError
from immunode.plot import animate, courses, data_hash

T = np.linspace(0, 10, 51)


def course() -> Figure:
    return courses(T, {"x": {"a": np.sin(T) + 2, "b": np.cos(T) + 2}}, time_unit="day")


def ink(image: Image.Image) -> float:
    return float((np.asarray(image.convert("L")) < 200).mean())


def test_time_runs_and_the_figure_is_as_before(tmp_path: Path) -> None:
    figure, told = course(), []
    before, place = data_hash(figure), [line.get_clip_on() for line in figure.axes[0].lines]
    path = animate(figure, tmp_path / "a.gif", seconds=1, rate=6, pixels=320, progress=lambda *n: told.append(n))
    with Image.open(path) as film:
        assert (film.n_frames, film.size) == (6, (320, 180))  # type: ignore[attr-defined]
        shown = []
        for i in range(6):
            film.seek(i)
            shown.append(ink(film))
    assert all(b > a for a, b in itertools.pairwise(shown))
    assert told == [(i, 6) for i in range(1, 7)]
    assert data_hash(figure) == before
    assert [line.get_clip_on() for line in figure.axes[0].lines] == place
    assert list(tmp_path.iterdir()) == [path]


def test_a_sequence_of_figures_is_shown_one_after_the_other(tmp_path: Path) -> None:
    path = animate((courses(T, {"x": T * k}) for k in (1, 2, 3)), tmp_path / "a.gif", seconds=0.3, hold=0.5, pixels=160)
    with Image.open(path) as film:
        assert film.n_frames == 3  # type: ignore[attr-defined]
        film.seek(2)
        assert film.info["duration"] == pytest.approx(600, abs=10)  # GIF counts hundredths of a second


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("a.avi", {}, r"unknown ending '\.avi'"),
        ("a.gif", {"rate": 0}, "rate=0"),
        ("a.gif", {"seconds": -1}, "seconds=-1"),
    ],
)
def test_what_can_not_be_is_refused(tmp_path: Path, name: str, options: dict[str, int], said: str) -> None:
    with pytest.raises((StoreError, StudyError), match=said):
        animate(course(), tmp_path / name, **options)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_nothing_to_show_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="no figure to show"):
        animate([], tmp_path / "a.gif")
    with pytest.raises(StudyError, match="nothing in this figure runs over time"):
        animate(Figure(), tmp_path / "a.gif")


def test_mp4_needs_ffmpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StoreError, match=r"needs the program ffmpeg, which is not here; write a \.gif"):
        animate(course(), tmp_path / "a.mp4")


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not here")
def test_ffmpeg_writes_an_mp4(tmp_path: Path) -> None:
    path = animate(course(), tmp_path / "a.mp4", seconds=1, rate=5, pixels=320)
    assert path.read_bytes()[4:8] == b"ftyp"
