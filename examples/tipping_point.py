"""A tipping point: inflammation in rheumatoid arthritis, over the strength of one cytokine's loop."""

import sys
from pathlib import Path

import immunode as im
from immunode.plot import save

model = im.load_model("baker2013")
found = im.dynamics.continuation(model, "alpha2", between=(0.5, 50))
print(found, file=sys.stderr)
figure = found.plot("p", title="Health and disease side by side")

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
print(save(figure, folder / "tipping_point.png"))
