"""Lines of equal effect and of additivity."""

from __future__ import annotations

import numpy as np
import pytest

from immunode.errors import StudyError
from immunode.plot.charts.analysis.isobole import isoboles

D = np.linspace(0, 1, 6)
LABELS = {"x_label": "a.dose", "y_label": "b.strength", "x_unit": "mg"}


@pytest.mark.parametrize("style", ["slide", "paper"])
def test_lines_of_additivity_join_the_doses_alone(style: str) -> None:
    effect = (D[:, None] + D[None]) / 2.5
    lines = {0.2: (0.5, 0.5), 0.3: (np.inf, 0.75), 0.4: (1.0, np.inf), 0.9: (np.inf, np.inf)}
    figure = isoboles(D, D, effect, additive=lines, style=style, **LABELS)
    figure.canvas.draw()
    drawn = [line.get_xydata() for line in figure.axes[0].lines if line.get_gid() == "additive"]
    np.testing.assert_allclose(drawn[0], [[0.5, 0], [0, 0.5]])
    np.testing.assert_allclose(drawn[1], [[0, 0.75], [1, 0.75]])
    np.testing.assert_allclose(drawn[2], [[1, 0], [1, 1]])
    assert len(drawn) == 3
    assert figure.get_supxlabel().replace("\n", " ").endswith("not reached: 90 %")


def test_a_surface_without_any_effect_has_no_line_and_says_so() -> None:
    figure = isoboles(D, D, np.zeros((6, 6)), additive={0.5: (np.inf, np.inf)}, **LABELS)
    figure.canvas.draw()
    assert not figure.axes[0].lines
    assert figure.get_supxlabel().replace("\n", " ").endswith("not reached: 50 %")


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(StudyError, match=r"they need \(n_y, n_x\)"):
        isoboles(D, D[:3], np.zeros((6, 6)), additive={}, **LABELS)
