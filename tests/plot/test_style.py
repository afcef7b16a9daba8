"""Colors that everybody can tell apart, and styles."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from immunode.errors import StudyError
from immunode.plot.kit.style import PALETTE, STYLES, arm_colors, arm_dashes, contrast, find_style, readable

# Machado, Oliveira & Fernandes 2009, doi:10.1109/TVCG.2009.113, severity 1.0, on linear RGB.
EYES = {
    "all cones": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def lab(color: str, eye: str = "all cones") -> np.ndarray:
    """Return CIE L*a*b* (D65) of a color as an eye sees it."""
    rgb = np.array(to_rgb(color))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.asarray(EYES[eye]) @ linear, 0, 1)
    t = TO_XYZ @ seen / TO_XYZ.sum(1)
    f = np.where(t > 216 / 24389, np.cbrt(t), (24389 / 27 * t + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def distance(one: np.ndarray, two: np.ndarray) -> float:
    """Return CIEDE2000. Source: Sharma, Wu & Dalal 2005, doi:10.1002/col.20070."""
    (l1, a1, b1), (l2, a2, b2) = one, two
    c = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    g = 0.5 * (1 - np.sqrt(c**7 / (c**7 + 25**7)))
    a1, a2 = (1 + g) * a1, (1 + g) * a2
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.degrees(np.arctan2(b1, a1)) % 360, np.degrees(np.arctan2(b2, a2)) % 360
    turn = (h2 - h1 + 180) % 360 - 180 if c1 * c2 else 0.0
    d_h = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn) / 2)
    l_mean, c_mean = (l1 + l2) / 2, (c1 + c2) / 2
    h = h1 + h2 if c1 * c2 == 0 else (h1 + turn / 2) % 360
    t = (1 - 0.17 * np.cos(np.radians(h - 30)) + 0.24 * np.cos(np.radians(2 * h)) + 0.32 * np.cos(np.radians(3 * h + 6))
         - 0.20 * np.cos(np.radians(4 * h - 63)))  # fmt: skip
    rotate = -2 * np.sqrt(c_mean**7 / (c_mean**7 + 25**7)) * np.sin(np.radians(60 * np.exp(-(((h - 275) / 25) ** 2))))
    s_l = 1 + 0.015 * (l_mean - 50) ** 2 / np.sqrt(20 + (l_mean - 50) ** 2)
    s_c, s_h = 1 + 0.045 * c_mean, 1 + 0.015 * c_mean * t
    x, y, z = (l2 - l1) / s_l, (c2 - c1) / s_c, d_h / s_h
    return float(np.sqrt(x**2 + y**2 + z**2 + rotate * y * z))


@pytest.mark.parametrize(
    ("one", "two", "published"),
    [((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425), ((50, 2.5, 0), (73, 25, -18), 27.1492),
     ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082)],
)  # fmt: skip
def test_the_distance_is_the_published_one(one: tuple[float, ...], two: tuple[float, ...], published: float) -> None:
    """Pairs 1, 17 and 34 of Sharma et al. 2005, table 1, printed with four decimals."""
    assert distance(np.array(one), np.array(two)) == pytest.approx(published, abs=6e-5)


@pytest.mark.parametrize("eye", EYES)
def test_any_two_arms_can_be_told_apart(eye: str) -> None:
    """12 is five times the just noticeable difference (2.3); the palette of Okabe and Ito reaches 10.9 this way."""
    seen = [lab(color, eye) for color in PALETTE]
    closest = min(distance(a, b) for i, a in enumerate(seen) for b in seen[:i])
    assert closest >= (20 if eye == "all cones" else 12)


def test_lines_stand_out_and_labels_can_be_read() -> None:
    """WCAG 2.2 asks for 3 of graphics and 4.5 of text."""
    assert min(contrast(color) for color in PALETTE) >= 3
    assert min(contrast(readable(color)) for color in PALETTE) >= 4.5
    assert readable("#30343B") == "#30343b"


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("black") == pytest.approx(21)
    assert contrast("#777777") == pytest.approx(4.48, abs=0.005)  # WebAIM's checker, two decimals


@pytest.mark.parametrize("control", [None, "", "arm3"])
def test_no_color_comes_twice_and_shades_have_dashes_besides(control: str | None) -> None:
    arms = [f"arm{i}" for i in range(34)]
    colors, dashes = arm_colors(arms, control), arm_dashes(arms, control)
    assert len(set(colors.values())) == 34
    assert min(contrast(color) for color in colors.values()) >= 3
    first = arms[0] if control != "arm0" else arms[1]
    again = next(arm for arm in arms[1:] if dashes[arm] != dashes[first] and arms.index(arm) > len(PALETTE))
    assert dashes[again] != dashes[first]


def test_the_color_of_the_control_belongs_to_nobody_else() -> None:
    assert arm_colors(["drug", "control"])["control"] == PALETTE[0]
    assert arm_colors(["usual care", "drug"], "usual care")["usual care"] == PALETTE[0]
    assert PALETTE[0] not in arm_colors(["adalimumab", "tocilizumab"]).values()
    assert PALETTE[0] not in arm_colors(["control", "drug"], "").values()
    assert arm_colors(["control", "a", "b"])["b"] == arm_colors(["a", "b"])["b"]


def test_a_lone_arm_is_colored() -> None:
    assert arm_colors(["control"]) == {"control": PALETTE[1]}


def test_an_unknown_style_names_the_known() -> None:
    with pytest.raises(StudyError, match="unknown style 'slides'; did you mean 'slide'"):
        find_style("slides")
    assert find_style(STYLES["paper"]) is STYLES["paper"]
