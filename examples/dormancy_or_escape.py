"""One tumor, found late, in four arms: which treatments bring it back under control?"""

import sys
from pathlib import Path

import immunode as im
from immunode.plot import save

model = im.load_model("kuznetsov1994", variant="large_tumor")
arms = ["control", "adoptive_transfer_bolus", "killing_boost", "immunosuppression"]
figure = im.simulate(model, "1000 days", arms=arms).plot(
    "T", log=["T"], title="A large tumor, found late: two of four arms bring it back under control"
)

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
print(save(figure, folder / "dormancy_or_escape.png"))
