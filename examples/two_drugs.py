"""Two drugs together: where is the sum more than its parts? Doses with the same effect, against Loewe."""

import sys
from pathlib import Path

import numpy as np

import immunode as im
from immunode.plot import save

model = im.load_model("nelson2000")
strengths = np.linspace(0, 0.95, 20)
doses = {"protease_inhibitor.strength": strengths, "rt_inhibitor.strength": strengths}
figure = im.treatments.combination(model, doses, "auc(virus)").plot(title="Two inhibitors of HIV")

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
print(save(figure, folder / "two_drugs.png"))
