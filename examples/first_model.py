"""A student's first model: two kinds of cells, written from scratch, in two arms."""

import sys
from pathlib import Path

import immunode as im
from immunode.plot import save

model = im.Model(
    name="two_cells",
    time_unit="day",
    states=[im.State("E", 1e5, "cell", "effector cells"), im.State("T", 1e6, "cell", "tumor cells")],
    parameters=[
        im.Parameter("s", 1.3e4, "cell/day", "influx of effector cells", source="assumed: for this page"),
        im.Parameter("d", 0.04, "1/day", "death of effector cells", source="assumed: for this page"),
        im.Parameter("a", 0.18, "1/day", "growth of the tumor", source="assumed: for this page"),
        im.Parameter("n", 1.1e-6, "1/(cell*day)", "killing", source="assumed: for this page"),
    ],
    processes=[
        im.Process("influx", "-> E", "s"),
        im.Process("death", "E ->", "d*E"),
        im.Process("growth", "-> T", "a*T"),
        im.Process("killing", "T ->", "n*E*T"),
    ],
)
boost = im.Intervention("boost", [im.scale("s", 3)], im.during("10 days", "40 days"))
runs = im.simulate(model, "60 days", arms=im.Arms(control=[], boost=[boost]))
figure = runs.plot("T", "E", title="Two kinds of cells")

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
print(save(figure, folder / "first_model.png"))
