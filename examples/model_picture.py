"""A lecturer's slide: a model of influenza as a picture, with its fluxes on day 5 of an infection."""

import sys
from pathlib import Path

import immunode as im
from immunode.plot import save

run = im.simulate(im.load_model("hancioglu2007"))
figure = run.diagram("5 days", title="Influenza on day 5: who moves what, and who acts on it")

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
print(save(figure, folder / "model_picture.png"))
