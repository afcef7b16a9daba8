"""Rheumatoid arthritis: how strong must a treatment be, and for how long, to end inflammation for good?

The extra loss of the pro-inflammatory cytokine is assumed; no drug's dosing is reproduced here.
"""

import sys
from pathlib import Path

import numpy as np

import immunode as im
from immunode.plot import save

model = im.load_model("rheumatoid_arthritis")
washout = im.Intervention("washout", [im.set_to("D", 1.0)], im.during(0, 1))
design = im.grid({"washout.set_to": np.linspace(0.2, 3, 25), "washout.stop": np.linspace(0.1, 4, 25)})
out = im.sweep(model, design, arms={"washout": [washout]}, until=300, endpoints=[im.final("p")])
figure = out.plot.heat("final(p)", title="Inflammation 300 days after the start of treatment")

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
print(save(figure, folder / "time_and_dose.png"))
