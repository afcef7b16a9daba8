"""Who responds? Tumor volume of 300 virtual mice under PD-L1 blockade and radiotherapy, one bar a mouse."""

import sys
from pathlib import Path

import immunode as im
from immunode.plot import save

model = im.load_model("checkpoint_blockade")
mice = im.population(model, "r", "e", "kLN", "kapo", "K_D", spread=0.15).draw(300, seed=3)
out = im.sweep(model, mice * im.Arms.of(model, "control", "anti_pdl1", "rt_5x2"), endpoints=["final(TVtot)"])
figure = out.plot.waterfall(
    "final(TVtot)", baseline="control", title="Tumor at the end, against the same mouse untreated"
)

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
print(save(figure, folder / "who_responds.png"))
