"""The mildest regimen that is enough: strength and length of a treatment, in 100 virtual patients."""

import sys
from pathlib import Path

import numpy as np

import immunode as im
from immunode.plot import save

model = im.load_model("baker2013", variant="diseased")
treatment = im.Intervention("treatment", [im.set_to("D", 1.0)], im.during(0, 1))
found = im.treatments.regimen_search(
    model,
    treatment,
    {"treatment.set_to": np.linspace(0.5, 3, 6), "treatment.stop": np.linspace(0.5, 4, 8)},
    patients=im.population(model, spread=0.1).draw(100, seed=2),
    responder="final(p) < 0.5*at(p, 0)",
    until=150,
)
print(found, file=sys.stderr)
figure = found.plot(title="Which regimens are enough for 80 % of patients")

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
print(save(figure, folder / "mildest_regimen.png"))
