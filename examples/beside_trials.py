"""Sarilumab in rheumatoid arthritis: what two trials reported, over what a model gives for such trials."""

import sys
from pathlib import Path

import immunode as im
from immunode.plot import save

model = im.load_model("ma2020")
beside = im.validate(model, ["MOBILITY", "KAKEHASI"])
figure = beside.plot(title="Sarilumab: the fall of DAS28-CRP fits, remissions are too few")

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
print(save(figure, folder / "beside_trials.png"))
