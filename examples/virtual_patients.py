"""Acute inflammation in 500 virtual patients: what spread of parameters does to the damage after an infection."""

import sys
from pathlib import Path

import immunode as im
from immunode.plot import save

model = im.load_model("kuznetsov1994", variant="large_tumor")
arms = im.Arms(control=[], boost=[model.intervention("killing_boost")])
design = im.sobol(im.space(model), n=500, seed=1) * arms
out = im.sweep(model, design, until="600 days", keep=["T"])
figure = out.plot.bands("T")

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
print(save(figure, folder / "virtual_patients.png"))
