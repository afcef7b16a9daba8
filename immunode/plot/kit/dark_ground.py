"""The dark style: a figure is laid out once, in light colors, and its colors are turned over while it is drawn.

Lightness is turned over and hue is kept (in OKLab), so what fades into the paper fades into the dark ground, color maps
included, and text that stands out from its ground still does. The artists of the figure never change.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.colors import to_hex, to_rgba, to_rgba_array

from immunode.plot.kit.arrays import Array
from immunode.plot.kit.style import OWN_COLORS, PALETTE, readable

DARK_PALETTE = ("#CACFD8", "#3D93ED", "#F33801", "#588F57", "#F88E8E", "#C06087", "#A4BFFC", "#B594B5")
"""What the colors of arms become, in order: found like `PALETTE`, each near the hue of its light one."""

GROUND, TOP, INK_LIGHTNESS, POWER = 0.2, 0.92, 0.25, 0.95
"""OKLab lightness of the ground and of ink in the dark, of ink in the light, and how mid tones are lifted."""


# Source of both matrices: Ottosson 2020, "A perceptual color space for image processing" (OKLab).
_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_FROM_LAB, _FROM_CONES = np.linalg.inv(_TO_LAB), np.linalg.inv(_TO_CONES)


def turned(rgb: Any) -> Array:
    """Return colors for a dark ground.

    rgb : array_like, shape (..., 3), sRGB from 0 to 1. The result has the same shape; chroma is reduced where the
    color would leave sRGB.
    """
    given = np.asarray(rgb, dtype=float)
    linear = np.where(given <= 0.04045, given / 12.92, ((given + 0.055) / 1.055) ** 2.4)
    lab = np.cbrt(linear @ _TO_CONES.T) @ _TO_LAB.T
    step = np.clip((1 - lab[..., 0]) / (1 - INK_LIGHTNESS), 0, 1.05)
    light = GROUND + (TOP - GROUND) * step**POWER
    low, high = np.zeros(light.shape), np.ones(light.shape)
    for _ in range(12):  # bisect the share of the chroma that fits
        middle = (low + high) / 2
        fits = _inside(_linear(light, lab, middle))
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    share = np.where(_inside(_linear(light, lab, np.ones(light.shape))), 1.0, low)
    out = np.clip(_linear(light, lab, share), 0, 1)
    return np.asarray(np.where(out <= 0.0031308, 12.92 * out, 1.055 * out ** (1 / 2.4) - 0.055))


def _linear(light: Array, lab: Array, share: Array) -> Array:
    """Return linear sRGB of a lightness with a share of the chroma of `lab`."""
    mixed = np.stack([light, share * lab[..., 1], share * lab[..., 2]], axis=-1)
    return np.asarray((mixed @ _FROM_LAB.T) ** 3 @ _FROM_CONES.T)


def _inside(linear: Array) -> Any:
    return np.all((linear >= -1e-4) & (linear <= 1 + 1e-4), axis=-1)


@lru_cache(maxsize=4096)
def dark(color: Any) -> str:
    """Return one color for a dark ground, as `#rrggbb`; colors of arms, and text in them, have their own."""
    name = to_hex(color)
    if name in _OWN:
        return _OWN[name]
    return to_hex(tuple(turned(to_rgba(name)[:3])))


_OWN = {
    to_hex(form): own for color, own in zip(PALETTE, DARK_PALETTE, strict=True) for form in (color, readable(color))
}


class DarkRenderer:
    """A renderer of matplotlib that draws everything with another one, in the colors of the dark."""

    def __init__(self, renderer: Any) -> None:
        object.__setattr__(self, "_inner", renderer)
        object.__setattr__(self, "_kept", [])

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._inner, name, value)

    def open_group(self, s: str, gid: str | None = None) -> None:
        """Begin a group of marks."""
        self._kept.append(gid == OWN_COLORS or (bool(self._kept) and self._kept[-1]))
        self._inner.open_group(s, gid)

    def close_group(self, s: str) -> None:
        """End a group of marks."""
        self._kept.pop()
        self._inner.close_group(s)

    @property
    def _turns(self) -> bool:
        """Whether what is drawn now changes its colors."""
        return not (self._kept and self._kept[-1])

    def draw_path(self, gc: Any, path: Any, transform: Any, rgbFace: Any = None) -> None:
        """Draw one path."""
        with _dark_lines(gc, self._turns):
            self._inner.draw_path(gc, path, transform, self._face(rgbFace))

    def draw_markers(
        self, gc: Any, marker_path: Any, marker_trans: Any, path: Any, trans: Any, rgbFace: Any = None
    ) -> None:
        """Draw a marker at every vertex of a path."""
        with _dark_lines(gc, self._turns):
            self._inner.draw_markers(gc, marker_path, marker_trans, path, trans, self._face(rgbFace))

    def draw_path_collection(
        self, gc: Any, master: Any, paths: Any, transforms: Any, offsets: Any, offset_trans: Any, faces: Any,
        edges: Any, *rest: Any, **more: Any,
    ) -> None:  # fmt: skip
        """Draw many paths with colors of their own."""
        with _dark_lines(gc, self._turns):
            self._inner.draw_path_collection(
                gc,
                master,
                paths,
                transforms,
                offsets,
                offset_trans,
                self._table(faces),
                self._table(edges),
                *rest,
                **more,
            )

    def draw_quad_mesh(
        self, gc: Any, master: Any, width: Any, height: Any, points: Any, offsets: Any, offset_trans: Any, faces: Any,
        antialiased: Any, edges: Any,
    ) -> None:  # fmt: skip
        """Draw the cells of a mesh."""
        with _dark_lines(gc, self._turns):
            self._inner.draw_quad_mesh(
                gc,
                master,
                width,
                height,
                points,
                offsets,
                offset_trans,
                self._table(faces),
                antialiased,
                self._table(edges),
            )

    def draw_gouraud_triangles(self, gc: Any, triangles: Any, colors: Any, transform: Any) -> None:
        """Draw triangles whose colors blend."""
        turned_over = self._table(np.asarray(colors).reshape(-1, 4)).reshape(np.shape(colors))
        self._inner.draw_gouraud_triangles(gc, triangles, turned_over, transform)

    def draw_image(self, gc: Any, x: Any, y: Any, im: Any, transform: Any = None) -> None:
        """Draw an RGBA image of bytes."""
        pixels = np.array(im, copy=True)
        if not self._turns:
            return self._draw_image(gc, x, y, pixels, transform)
        colors, where = np.unique(pixels[..., :3].reshape(-1, 3), axis=0, return_inverse=True)
        pixels[..., :3] = (
            np.round(255 * turned(colors / 255)).astype(np.uint8)[where.reshape(-1)].reshape(*pixels.shape[:2], 3)
        )
        return self._draw_image(gc, x, y, pixels, transform)

    def _draw_image(self, gc: Any, x: Any, y: Any, pixels: Any, transform: Any) -> None:
        if transform is None:
            self._inner.draw_image(gc, x, y, pixels)
        else:
            self._inner.draw_image(gc, x, y, pixels, transform)

    def draw_text(self, gc: Any, *args: Any, **options: Any) -> None:
        """Draw a text."""
        with _dark_lines(gc, self._turns):
            self._inner.draw_text(gc, *args, **options)

    def _face(self, color: Any) -> Any:
        return _face(color) if self._turns else color

    def _table(self, colors: Any) -> Any:
        return _table(colors) if self._turns else colors


@contextmanager
def _dark_lines(gc: Any, turns: bool) -> Iterator[None]:
    """Give a graphics context the dark colors of its line and hatch for the length of a `with` block."""
    line, hatch = gc._rgb, gc._hatch_color
    if turns:
        gc._rgb, gc._hatch_color = _face(line), _face(hatch)
    try:
        yield
    finally:
        gc._rgb, gc._hatch_color = line, hatch


def _face(color: Any) -> Any:
    """Return a color as RGBA for the dark, with its alpha; None stays None."""
    if color is None:
        return None
    red, green, blue, alpha = to_rgba(tuple(color) if not isinstance(color, str) else color)
    turned_over = to_rgba(dark((red, green, blue)))
    return (*turned_over[:3], alpha) if len(color) == 4 or isinstance(color, str) else turned_over[:3]


def _table(colors: Any) -> Any:
    """Return a table of RGBA colors, shape (n, 4), for the dark."""
    rows = to_rgba_array(colors)
    if not len(rows):
        return rows
    unique, where = np.unique(rows, axis=0, return_inverse=True)
    if len(unique) <= 64:
        colored = np.array([_face(tuple(row)) for row in unique.tolist()])
    else:
        colored = np.concatenate([turned(unique[:, :3]), unique[:, 3:]], axis=1)
    return colored[where.reshape(-1)]
