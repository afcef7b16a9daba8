"""Acute inflammation in 500 virtual patients, with and without an antibiotic from hour 2 to 74."""

import sys
from pathlib import Path

import immunode as im
from immunode.plot import save

model = im.load_model("reynolds2006", variant="septic")
design = im.sobol(im.space(model, spread=0.2), n=500, seed=1) * im.Arms.of(model, "control", "antibiotic")
out = im.sweep(model, design, until="120 h", keep=["D"])
figure = out.plot.bands("D")

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
print(save(figure, folder / "virtual_patients.png"))
