"""Fitting: growth and killing of a tumor from noisy measurements, and how surely they are known.

The measurements are made here from the model itself, so that the answer is known."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

import immunode as im
from immunode.plot import save

model = im.load_model("kuznetsov1994")
truth = im.simulate(model, "100 days").to_frame()["T"].iloc[20::20]
noise = np.random.default_rng(5).normal(1, 0.1, len(truth))
data = pd.DataFrame({"time": truth.index, "observable": "T", "value": truth * noise, "sd": 0.1 * truth})
found = im.fit(model.with_values(a=0.15, p=0.15), data, ["a", "p"], starts=6, seed=1)
print(found, file=sys.stderr)
figure = found.plot(title="Two parameters of a tumor from 20 measurements")

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
print(save(figure, folder / "fit_to_data.png"))
