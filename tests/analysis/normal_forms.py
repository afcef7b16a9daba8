"""Small systems whose steady states, bifurcations and cycles are known in closed form."""

from __future__ import annotations

import immunode as im


def form(name: str, states: dict[str, float], parameters: dict[str, float], rates: dict[str, str]) -> im.Model:
    """Return the model dx/dt = rate for each state; values are dimensionless."""
    return im.Model(
        name=name,
        time_unit="",
        horizon=10.0,
        status="ours",
        states=[im.State(n, v, "", n) for n, v in states.items()],
        parameters=[im.Parameter(n, v, "", n, source="assumed: a normal form") for n, v in parameters.items()],
        processes=[im.Process(f"change_{n}", f"-> {n}", rate) for n, rate in rates.items()],
    )


FOLD = form("fold_form", {"x": 0.5}, {"r": -1.0}, {"x": "r + x**2"})
TRANSCRITICAL = form("transcritical_form", {"x": 0.5}, {"r": 0.5}, {"x": "r*x - x**2"})
PITCHFORK = form("pitchfork_form", {"x": 0.5}, {"r": 0.5}, {"x": "r*x - x**3"})
# a cycle of radius sqrt(r) and period 2 pi/w
HOPF = form(
    "hopf_form",
    {"x": 0.1, "y": 0.0},
    {"r": 0.5, "w": 2.0},
    {"x": "r*x - w*y - x*(x**2 + y**2)", "y": "w*x + r*y - y*(x**2 + y**2)"},
)
# steady state (A, B/A), Hopf point at B = 1 + A^2 with frequency A
BRUSSELATOR = form(
    "brusselator", {"X": 1.0, "Y": 1.0}, {"A": 1.0, "B": 1.5}, {"X": "A + X**2*Y - (B + 1)*X", "Y": "B*X - X**2*Y"}
)
# x' = r + s x - x^3: folds at 27 r^2 = 4 s^3, cusp at r = s = 0
CUSP = form("cusp_form", {"x": 1.0}, {"r": 0.0, "s": 1.0}, {"x": "r + s*x - x**3"})
# x' = y, y' = r + s x + x^2 - x y: folds at 4 r = s^2, Hopf points at r = 0 with s < 0 and frequency sqrt(-s),
# both end where r = s = 0. Source: Kuznetsov 2004, section 8.4, doi:10.1007/978-1-4757-3978-7
BOGDANOV_TAKENS = form(
    "bogdanov_takens_form", {"x": -0.5, "y": 0.0}, {"r": -0.5, "s": -1.0}, {"x": "y", "y": "r + s*x + x**2 - x*y"}
)
BOX = {"x": (-3.0, 3.0)}
