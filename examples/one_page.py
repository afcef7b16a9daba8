"""One page on a tumor: figures of different kinds in the panels of one figure."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

import immunode as im
from immunode.plot import STYLES, panels, save

model = im.load_model("kuznetsov1994")
small = replace(STYLES["slide"], text=12, small=11, least=10, line=2.2)  # four figures on the page of one
figure, (course, plane, dose, patients) = panels(4, title="A tumor in the spleen of a mouse, on one page", style=small)
arms = ["control", "adoptive_transfer"]
im.simulate(model, arms=arms).plot("T", style=small, axes=course)
im.dynamics.phase_plane(model, {"E": (0, 3e6), "T": (1e4, 6e8)}, log=()).plot(
    title="Two fates", style=small, axes=plane
)
levels = np.linspace(0, 1, 11)
response = im.treatments.dose_response(model, "adoptive_transfer.strength", levels, endpoints="auc(T)")
response.plot(title="Dose", style=small, axes=dose)
design = im.sobol(im.space(model), n=200, seed=1) * im.Arms.of(model, *arms)
out = im.sweep(model, design, endpoints=[im.time_to("T > 5e7")])
out.plot.time_to_event("T > 5e7", event="a large tumor", style=small, axes=patients)

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
print(save(figure, folder / "one_page.png"))
