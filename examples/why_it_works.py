"""Why does a treatment work? The difference of two runs, split into the fluxes that made it."""

import sys
from pathlib import Path

import immunode as im
from immunode.plot import save

model = im.load_model("kuznetsov1994", variant="large_tumor")
runs = im.simulate(model, "200 days", arms=["control", "killing_boost"])
found = im.treatments.explain(runs["control"], runs["killing_boost"], "E", at="100 days")
print(found, file=sys.stderr)
figure = found.plot(title="Effector cells on day 100: boosted killing minus control")

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
print(save(figure, folder / "why_it_works.png"))
