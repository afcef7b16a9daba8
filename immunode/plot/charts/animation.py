"""Moving pictures: a figure whose time runs, or any sequence of figures; GIF with Pillow, MP4 where ffmpeg is there."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from immunode.errors import StoreError, StudyError, did_you_mean

Told = Callable[[int, int], None]
ENDINGS = (".gif", ".mp4")
Pixels = np.ndarray[Any, np.dtype[np.uint8]]


def animate(
    figure: Figure | Iterable[Figure],
    path: str | os.PathLike[str],
    *,
    seconds: float = 6.0,
    rate: int = 12,
    hold: float = 1.5,
    pixels: int = 960,
    progress: Told | None = None,
) -> Path:
    """Write a moving picture and return its path.

    Of one figure, time runs: what stands in its panels appears from left to right, names last. A sequence of figures,
    such as diagrams at many times, is shown one after the other.

    Parameters
    ----------
    seconds, hold : float
        length until all is there, and how long the end stays.
    rate : int
        pictures per second, 1 to 50.
    pixels : int
        width.
    progress : Told | None
        called with how many pictures are done, and of how many (0: not known).

    Raises
    ------
    StudyError
        no figure, or numbers that can't be.
    StoreError
        an ending other than .gif and .mp4, MP4 without ffmpeg, or a place that can't be written.
    """
    target = Path(path)
    ending = target.suffix.lower()
    if ending not in ENDINGS:
        raise StoreError(f"animate: unknown ending '{ending}' of '{target.name}'{did_you_mean(ending, ENDINGS)}")
    if not (seconds > 0 and hold >= 0 and 1 <= rate <= 50 and 16 <= pixels <= 8000):
        raise StudyError(
            f"animate: seconds={seconds}, hold={hold}, rate={rate}, pixels={pixels}; give seconds above 0, "
            "hold from 0, rate 1 to 50 and pixels 16 to 8000"
        )
    if ending == ".mp4" and shutil.which("ffmpeg") is None:
        raise StoreError(f"animate: '{target.name}' needs the program ffmpeg, which is not here; write a .gif")
    total = max(2, round(seconds * rate)) if isinstance(figure, Figure) else 0
    source = _revealed(figure, total, pixels) if isinstance(figure, Figure) else (_picture(f, pixels) for f in figure)
    frames = []
    for frame in source:
        frames.append(frame)
        if progress is not None:
            progress(len(frames), total)
    if not frames:
        raise StudyError("animate: no figure to show")
    if any(frame.shape != frames[0].shape for frame in frames):
        raise StudyError("animate: figures of different shapes; make them in one style")
    step = 1 / rate if isinstance(figure, Figure) else seconds / len(frames)
    _write(target, frames, step, hold)
    return target


def _picture(figure: Figure, pixels: int) -> Pixels:
    """Return what a figure looks like, shape (height, width, 3), both even."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    before = figure.dpi
    figure.set_dpi(pixels / figure.get_figwidth())
    try:
        canvas = FigureCanvasAgg(figure)
        canvas.draw()  # type: ignore[no-untyped-call]
        image = np.asarray(canvas.buffer_rgba())[..., :3]  # type: ignore[no-untyped-call]
    finally:
        figure.set_dpi(before)
    return np.array(image[: image.shape[0] // 2 * 2, : image.shape[1] // 2 * 2])


def _revealed(figure: Figure, total: int, pixels: int) -> Iterator[Pixels]:
    """Yield pictures of a figure with more and more of its time; the figure is as before at the end."""
    engine = figure.get_layout_engine()
    last = _picture(figure, pixels)  # finds the layout, which then stays
    marks = [(ax, mark) for ax in figure.axes for mark in _timed(ax)]
    if not marks:
        raise StudyError("animate: nothing in this figure runs over time from left to right; give several figures")
    named = [text for ax in figure.axes for text in ax.texts if text.get_gid() == "end-label"]
    clips = [(mark, mark.get_clip_path(), mark.get_clip_box(), mark.get_clip_on()) for _, mark in marks]
    shown = [(text, text.get_visible()) for text in named]
    figure.set_layout_engine("none")
    try:
        for text in named:
            text.set_visible(False)
        for i in range(1, total):
            for ax, mark in marks:
                _cut(ax, mark, i / total)
            yield _picture(figure, pixels)
    finally:
        for mark, path, box, on in clips:
            mark.set_clip_path(path)
            mark.set_clip_box(box)
            mark.set_clip_on(on)
        for text, visible in shown:
            text.set_visible(visible)
        figure.set_layout_engine(engine)
    yield last


def _timed(ax: Axes) -> list[Artist]:
    """Return the marks of a panel that stand in data coordinates across: lines, bands, doses, windows."""
    marks: list[Artist] = [*ax.lines, *ax.collections, *ax.patches]
    return [mark for mark in marks if mark.get_transform().contains_branch_seperately(ax.transData)[0]]


def _cut(ax: Axes, mark: Artist, share: float) -> None:
    """Let only the left part of a mark be seen, up to a share of the width of its panel, whatever stands above it."""
    from matplotlib.patches import Rectangle

    cut = Rectangle((-0.02, -9), share + 0.02, 19, transform=ax.transAxes)
    mark.set_clip_on(True)
    mark.set_clip_path(cut)


def _write(target: Path, frames: list[Pixels], step: float, hold: float) -> None:
    """Write all pictures; the file is there whole or not at all."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{target.stem}-", suffix=target.suffix, dir=target.parent)
        os.close(handle)
    except OSError as error:
        raise StoreError(f"animate: can't write '{target}': {error.strerror}") from error
    try:
        (_gif if target.suffix.lower() == ".gif" else _mp4)(Path(name), frames, step, hold)
        os.chmod(name, 0o644)
        os.replace(name, target)
    except OSError as error:
        raise StoreError(f"animate: can't write '{target}': {error.strerror or error}") from error
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name)


def _gif(path: Path, frames: list[Pixels], step: float, hold: float) -> None:
    """Write a GIF that repeats; all pictures share the colors of the last, which has all there are."""
    from PIL import Image

    base = Image.fromarray(frames[-1]).quantize(256, dither=Image.Dither.NONE)
    images = [Image.fromarray(frame).quantize(palette=base, dither=Image.Dither.NONE) for frame in frames]
    times = [max(20, round(1000 * step))] * (len(images) - 1) + [max(20, round(1000 * (step + hold)))]
    images[0].save(path, save_all=True, append_images=images[1:], duration=times, loop=0, optimize=False)


def _mp4(path: Path, frames: list[Pixels], step: float, hold: float) -> None:
    """Write an MP4 (H.264) with ffmpeg."""
    height, width = frames[0].shape[:2]
    rest = [frames[-1]] * round(hold / step)
    command = [
        "ffmpeg", "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}",
        "-r", f"{1 / step:g}", "-i", "-", "-c:v", "libx264", "-pix_fmt", "yuv420p", str(path),
    ]  # fmt: skip
    done = subprocess.run(command, input=b"".join(f.tobytes() for f in [*frames, *rest]), capture_output=True)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise StoreError(f"animate: ffmpeg failed: {said[-1] if said else f'exit code {done.returncode}'}")
