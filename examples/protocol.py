"""Three regimens of omalizumab as they are prescribed: doses, serum level and free IgE on one time axis."""

import sys
from pathlib import Path

import immunode as im
from immunode.plot import save

model = im.load_model("hayashi2007")
runs = im.simulate(model, "24 weeks", arms=["single_dose", "q4w", "q2w"])
figure = runs.plot("omalizumab", "ige_free", timeline=True, log=["ige_free"], title="Three regimens of omalizumab")

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
print(save(figure, folder / "protocol.png"))
