"""How much tacrolimus? 500 patients with a kidney graft at seven troughs: who rejects it, and who gets BK virus."""

import sys
from pathlib import Path

import matplotlib.pyplot as plt

import immunode as im
from immunode.plot import PALETTE, save

model = im.load_model("transplant")
levels = [3, 4.5, 6, 8, 12, 20, 30]
others = model.intervention("companions")
arms = im.Arms({f"{x:g}": [others, im.Intervention("tacrolimus", [im.set_to("trough", x)])] for x in levels})
patients = im.population(model).draw(500, seed=0)
out = im.sweep(model, patients * arms, endpoints=["peak(rejecting)", "peak(V)"])
rejected = [100 * (out.endpoint("peak(rejecting)")[out.arm_of == i] > 0.1).mean() for i in range(len(levels))]
viremic = [100 * (out.endpoint("peak(V)")[out.arm_of == i] > 1e3).mean() for i in range(len(levels))]

figure, ax = plt.subplots(figsize=(10, 5.6), layout="constrained")
for shares, name, color in ((rejected, "rejection", PALETTE[1]), (viremic, "BK viremia", PALETTE[2])):
    ax.plot(levels, shares, "o-", color=color, linewidth=3)
    ax.annotate(
        name, (levels[-1], shares[-1]), (8, 0), textcoords="offset points", color=color, fontsize=16, va="center"
    )
ax.set_xscale("log")
ax.set_xticks(levels, [f"{x:g}" for x in levels], fontsize=14)
ax.minorticks_off()
ax.tick_params(axis="y", labelsize=14)
ax.set_xlabel("tacrolimus trough (ng/mL), with MMF, steroid and IL-2R antibody", fontsize=15)
ax.set_ylabel("% of patients in a year", fontsize=15)
ax.set_title("The window: rejection falls with the trough, BK virus rises", loc="left", fontsize=18, weight="bold")
ax.spines[["top", "right"]].set_visible(False)

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
print(save(figure, folder / "therapeutic_window.png"))
