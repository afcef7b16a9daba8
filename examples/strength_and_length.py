"""Rheumatoid arthritis: how strong must a treatment be, and for how long, to end inflammation for good?

The extra loss of the pro-inflammatory cytokine is assumed; no drug's dosing is reproduced here.
"""

import sys
from pathlib import Path

import numpy as np

import immunode as im
from immunode.plot import save

model = im.load_model("baker2013", variant="diseased")
treatment = im.Intervention("treatment", [im.set_to("D", 1.0)], im.during(0, 1))
design = im.grid({"treatment.set_to": np.linspace(0.1, 3, 60), "treatment.stop": np.linspace(0.1, 4, 60)})
out = im.sweep(model, design, arms={"treatment": [treatment]}, until=150, endpoints=[im.auc("p")])
figure = out.plot.heat("auc(p)", contours=False, title="Inflammation by strength and length of treatment")

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
print(save(figure, folder / "strength_and_length.png"))
