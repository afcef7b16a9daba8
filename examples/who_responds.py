"""Who responds? Tumor size of 500 patients with melanoma at week 24 of pembrolizumab, one bar a patient."""

import sys
from pathlib import Path

import immunode as im
from immunode.plot import save

model = im.load_model("checkpoint_blockade")
naive = im.Intervention("naive", [im.set_to("prior_ipi", 0)])
arms = im.Arms(
    {"10 mg/kg, never had ipilimumab": [model.intervention("q3w_10"), naive],
     "2 mg/kg, after ipilimumab": [model.intervention("ipi_experienced")]}
)  # fmt: skip
patients = im.population(model).draw(500, seed=0)
out = im.sweep(model, patients * arms, endpoints=["at(SLD_change, 168)"], until=168)
figure = im.plot.waterfall(
    {arm: out.endpoint("at(SLD_change, 168)")[out.arm_of == i] for i, arm in enumerate(out.arms)},
    label="change of tumor size at week 24 (%)",
    title="The same drug: the patients differ more than the arms do",
    lines={"partial response": -30, "20 % more": 20},
)

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
print(save(figure, folder / "who_responds.png"))
