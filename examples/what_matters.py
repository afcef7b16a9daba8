"""What matters for the harm of influenza? One parameter at a time, +-30 % each."""

import sys
from pathlib import Path

import immunode as im
from immunode.plot import save

model = im.load_model("hancioglu2007")
ranking = im.sensitivity.tornado(model, endpoints="auc(D)")
figure = ranking.plot(top=8, title="Which numbers decide on the damage of influenza")

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
print(save(figure, folder / "what_matters.png"))
