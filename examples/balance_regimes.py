"""One immune system, eight fates: the regimes of the model `balance`, each from its own start."""

import sys
from pathlib import Path

import immunode as im
from immunode.plot import PALETTE, STYLES, save
from immunode.plot.kit.figure import make_panels
from immunode.plot.kit.style import INK, styled

ANTIGEN, DAMAGE = PALETTE[1], PALETTE[2]
REGIMES = {  # variant: days shown, what it is, what happens
    "balanced": (60, "Balanced", "infection cleared and healed"),
    "overactive": (60, "Overactive", "cleared, then inflamed for good"),
    "underactive": (60, "Underactive", "infection never cleared"),
    "tumor": (360, "Tumor escape", "slowed, not stopped"),
    "self_tolerant": (120, "Self-tolerant", "an injury heals"),
    "self_reactive": (120, "Autoimmune", "few Treg, the same injury"),
    "allergen_tolerant": (360, "Allergen-tolerant", "pollen does nothing"),
    "allergic": (360, "Allergic", "the same pollen inflames"),
}

style = STYLES["slide"]
with styled(style):
    figure, panels = make_panels(8, style, shape=(2, 4), share_x=False, title="One immune system, eight fates")
    for ax, (variant, (days, name, fate)) in zip(panels, REGIMES.items(), strict=True):
        run = im.simulate(im.load_model("balance", variant=variant), days)
        ax.fill_between(run.times, run["D"], color=DAMAGE, alpha=0.25, linewidth=0)
        ax.plot(run.times, run["Ag"] / run["Ag"].max(), color=ANTIGEN)
        ax.plot(run.times, run["D"], color=DAMAGE)
        ax.set_title(name, loc="left", fontweight="bold", pad=26)
        ax.text(0, 1.03, fate, transform=ax.transAxes, fontsize=style.least, color=INK).set_in_layout(False)
        ax.set(xlim=(0, days), ylim=(0, 1.05), xticks=[0, days // 3, 2 * days // 3, days], yticks=[0, 0.5, 1])
        if variant not in ("balanced", "self_tolerant"):
            ax.set_yticklabels([])
    panels[0].text(20, 0.80, "antigen\n(of its peak)", color=ANTIGEN, fontsize=style.least, fontweight="bold")
    panels[0].text(20, 0.30, "damage\n(of the tissue)", color=DAMAGE, fontsize=style.least, fontweight="bold")
    for ax in panels[4:]:
        ax.set_xlabel("day")

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
print(save(figure, folder / "balance_regimes.png"))
