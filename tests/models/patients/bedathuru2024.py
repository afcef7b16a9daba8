"""Draws and selects the virtual patients of models/arthritis/bedathuru2024_patients.csv; run it to write them anew.

The method is that of the specification: independent draws around published medians, those with active disease kept,
and of these a hundred whose shares of responders together are those of trials. The authors' patients are not used.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from immunode.catalogue import load_model
from immunode.model import Model
from immunode.study import Arms, from_table, sweep

Array = NDArray[np.float64]
SEED, DRAWS, SIZE, SWAPS = 2024, 4000, 100, 40_000
FILE = Path(__file__).parents[3] / "models" / "arthritis" / "bedathuru2024_patients.csv"
DRUGS = ("mtx15", "ada40", "tcz600")
ARMS = {"mtx": (1, 0, 0), "ada": (0, 1, 0), "tcz": (0, 0, 1), "ada+mtx": (1, 1, 0), "tcz+mtx": (1, 0, 1)}
TARGET = np.array([53, 34, 15, 70, 44, 28, 41, 62, 90, 65, 35.0])
"""Percent: ACR20, 50, 70 under methotrexate and tocilizumab (AMBITION), ACR50 under adalimumab alone and with
methotrexate (PREMIER, its year 1), DAS28 of 4.4, 5.2, 6.0 and more at the start (assumed).
"""
MEDIANS = """
kg_FLS 3.3e+05 kg_Endo 3.6e+06 kg_Macrophage 7.5e+04 kg_BCells 3.8e+04 kg_Th1 1.6e+05 kg_Treg 4.8e+05 kg_CTL 6.7e+04
kg_Th17 7.2e+02 kIn_Endo 3.5e+04 kIn_Macrophage 2.5e+04 kIn_BCells 1.9e+04 kIn_Th1 5.2e+05 kIn_Treg 7.1e+04
kIn_CTL 5.4e+03 kIn_Th17 2.5e+04 kdiff_BCells_PlasmaCells 0.00029 F_TNFa 2 F_IL1b 0.38 F_IL6 3.1 F_VEGF 0.25
F_IL17 1.7 F_IL10 1.1 F_TGFb 0.68 F_IFNg 4.2 F_AutoAb 6.8 F_GMCSF 1.3 F_MIP3 1.6 F_MCP1 0.65 F_CAM 0.39 F_BAFF 1.5
F_IL12 0.52 F_IL23 1.1 F_RANTES 0.69 FLSProlif_MaxbyTNFa 1.5 FLSProlif_MaxbyIL1b 1.6 FLSProlif_MaxbyIL17 1.6
FLSProlif_MaxbyTGFb 1.7 FLSProlif_MaxbyIL6 2.3 EndoProlif_MaxbyVEGF 1.7 EndoProlif_MaxbyIL1b 0.16
EndoProlif_MaxbyGMCSF 0.53 Endoinflux_MaxbyTNFa 3.3 Endoinflux_MaxbyVEGF 0.99 Endoinflux_MaxbyIL6 1.5
Endoinflux_MaxbyIL17 1.4 Endoinflux_MaxbyGMCSF 2.5 Endoinflux_MaxbyTGFb 0.71 EndoApop_MaxbyTNFa 1.1
EndoApop_MaxbyVEGF 0.39 MacroProlif_MaxbyGMCSF 2.4 MacroProlif_MaxbyTNFa 0.83 MacroInflux_MaxbyIL17 1.4
MacroInflux_MaxbyMCP1 1.4 MacroInflux_MaxbyRANTES 0.21 MacroInflux_MaxbyTGFb 5.6 MacroApop_MaxbyTNFa 0.96
MacroApop_MaxbyIFNg 0.93 MacroApop_MaxbyGMCSF 0.94 BCellProlif_MaxbyIL6 2 BCellProlif_MaxbyIL10 10
BCellProlif_MaxbyIFNg 0.89 BCellProlif_MaxbyTGFb 0.094 LymphoInflux_MaxbyMIP3 4.1 BCellApop_MaxbyBAFF 0.56
BCellDiff_MaxbyIL6 0.61 PlasmaCellApop_MaxbyIL6 1.1 TCellProlif_MaxbyIL6 7.6 TCellProlif_MaxbyIL10 0.75
TCellinflux_MaxbyTNFa 3.5 TCellinflux_MaxbyRANTES 11 TCellApop_MaxbyIL6 0.98 Th1Prolif_MaxbyTGFb 0.52
Th1Prolif_MaxbyIL12 4 Th1Apop_MaxbyIL12 0.33 TregProlif_MaxbyTGFb 1.8 TregProlif_MaxbyIL6 0.34 CTLProlif_MaxbyIL1b 1.2
CTLProlif_MaxbyIL12 3.9 CTLProlif_MaxbyTGFb 0.55 CTLInflux_MaxbyRANTES 0.8 CTLApop_MaxbyTGFb 0.4
Th17Prolif_MaxbyIL23 0.71 Th17Prolif_MaxbyIL1b 8.7 LeukoInflux_MaxbyCAM 0.95 TNFaSecFLS_MaxbyIL10 0.95
TNFaSecMacro_MaxbyIL17 1.1 TNFaSecMacro_MaxbyAutoAb 6.6 TNFaSecMacro_MaxbyGMCSF 2.4 TNFaSecMacro_MaxbyIL10 0.74
IL1bSecMacro_MaxbyIL17 1 IL1bSecFLS_MaxbyIL10 0.39 IL6SecFLS_MaxbyIL1b 0.81 IL6SecFLS_MaxbyIL17 5
IL6SecFLS_MaxbyIFNg 0.99 IL6SecFLS_MaxbyRANTES 0.52 IL6SecMacro_MaxbyTNFa 2.1 IL6SecMacro_MaxbyIL10 0.9
VEGFSecEndo_MaxbyTGFb 2.7 VEGFSecFLS_MaxbyIL6 0.34 VEGFSecFLS_MaxbyTNFa 0.32 VEGFSecFLS_MaxbyIL1b 1.3
VEGFSecFLS_MaxbyTGFb 12 VEGFSecFLS_MaxbyIL17 1.4 IL17SecTh17_MaxbyIL6 0.89 IL17SecTh17_MaxbyIL1b 8.9
IL17SecTh17_MaxbyIL23 0.95 IL17SecCTL_MaxbyIL23 2.2 IFNgSecCTL_MaxbyIL12 0.98 IFNgSecCTL_MaxbyIL6 0.52
IFNgSecCTL_MaxbyTGFb 1 IFNgSecMacro_MaxbyIL12 1 IFNgSecTh1_MaxbyIL10 0.62 GMCSFSecFLS_MaxbyTNFa 6.7
GMCSFSecMacro_MaxbyTNFa 1 MIP3SecFLS_MaxbyTNFa 10 MIP3SecFLS_MaxbyIL1b 8.1 MIP3SecFLS_MaxbyIL17 4.1
MCP1SecFLS_MaxbyIL1b 8.9 MCP1SecFLS_MaxbyTNFa 7.6 MCP1SecMacro_MaxbyIL1b 0.44 RANTESSecFLS_MaxbyTNFa 2.8
RANTESSecFLS_MaxbyIL1b 1.4 RANTESSecEndo_MaxbyTNFa 9.8 RANTESSecEndo_MaxbyIL1b 3.2 RANTESSecFLS_byTNFa_MaxbyIFNg 3
RANTESSecFLS_byIL1b_MaxbyIFNg 1.7 RANTESSecEndo_byTNFa_MaxbyIFNg 0.38
"""
"""Medians of the authors' 300 patients, which draws lie around."""


def medians() -> dict[str, float]:
    words = MEDIANS.split()
    return {name: float(value) for name, value in zip(words[::2], words[1::2], strict=True)}


def fold(name: str) -> float:
    """Return by which factor a parameter is at most larger or smaller than its median."""
    if name in ("kg_Endo", "kg_FLS", "kg_Macrophage"):
        return 5.0
    return {"kg": 10.0, "kIn": 25.0, "kdiff": 25.0, "F": 12.0}.get(name.partition("_")[0], 3.0)


def drawn(n: int = DRAWS, seed: int = SEED) -> dict[str, Array]:
    """Return parameter -> values of n draws, log-uniform and independent, to five digits."""
    center = medians()
    spread = np.log([fold(name) for name in center])
    scores = np.random.default_rng(seed).uniform(-1, 1, (n, len(center)))
    values = np.array(list(center.values())) * np.exp(spread * scores)
    return {name: np.array([float(f"{v:.5g}") for v in values[:, i]]) for i, name in enumerate(center)}


def starts(model: Model) -> dict[str, str]:
    """Return state -> the parameter that it starts at."""
    return {s.name: str(s.initial) for s in model.states if str(s.initial).startswith("start_")}


def with_starts(model: Model, table: dict[str, Array]) -> tuple[dict[str, Array], Array]:
    """Return patients with their state after 200 days from an empty joint, to six digits, and DAS28 on day 199."""
    names = starts(model)
    empty = model.with_values(**dict.fromkeys(names.values(), 0.0))
    asked = ["at(DAS28, 199)", *(f"at({state}, 200)" for state in names)]
    out = sweep(empty, from_table(table), until=200, endpoints=asked, rtol=1e-8)
    assert out.ok.all()
    found = {p: [float(f"{v:.6g}") for v in out.endpoint(f"at({s}, 200)")] for s, p in names.items()}
    return table | {p: np.array(values) for p, values in found.items()}, out.endpoint("at(DAS28, 199)")


def treated(model: Model, table: dict[str, Array]) -> dict[str, Array]:
    """Return arm -> DAS28 at weeks 12 and 24, shape (2, n); before a dose of these days."""
    n = len(next(iter(table.values())))
    asked = [f"at(DAS28, {day})" for day in (83.999999, 167.999999)]
    scores = {}
    for arm, on in ARMS.items():
        columns = table | {f"{drug}.strength": np.full(n, float(s)) for drug, s in zip(DRUGS, on, strict=True)}
        out = sweep(model, from_table(columns) * Arms({"all": list(DRUGS)}), until=168, endpoints=asked, rtol=1e-6)
        assert out.ok.all()
        scores[arm] = np.stack([out.endpoint(name) for name in asked])
    return scores


def shares(base: Array, scores: dict[str, Array]) -> Array:
    """Return what is selected for, 0 or 100 for each patient, shape (n, 11)."""
    fall = {arm: 100 * (1 - score[1] / base) for arm, score in scores.items()}
    columns = [fall[arm] >= least for arm in ("mtx", "tcz") for least in (20, 50, 70)]
    columns += [fall["ada"] >= 50, fall["ada+mtx"] >= 50, *(base >= least for least in (4.4, 5.2, 6.0))]
    return 100 * np.stack(columns, axis=1).astype(float)


def selected(each: Array, size: int = SIZE, seed: int = SEED) -> NDArray[np.intp]:
    """Return the rows of a subset whose mean comes near to the target, found by swaps that never make it worse."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(each))
    inside, outside = order[:size].copy(), order[size:].copy()
    total = each[inside].sum(axis=0)
    best = float(((total / size - TARGET) ** 2).sum())
    for _ in range(SWAPS):
        i, j = rng.integers(size), rng.integers(len(outside))
        swapped = total - each[inside[i]] + each[outside[j]]
        off = float(((swapped / size - TARGET) ** 2).sum())
        if off <= best:
            inside[i], outside[j], total, best = outside[j], inside[i], swapped, off
    return np.sort(inside)


def main(file: Path) -> None:
    model = load_model("bedathuru2024")
    everyone, base = with_starts(model, drawn())
    plausible = np.flatnonzero((base >= 3.2) & (base <= 8))
    table = {name: values[plausible] for name, values in everyone.items()}
    scores = treated(model, table)
    rows = selected(shares(base[plausible], scores))
    table["MTX_fails"] = (100 * (1 - scores["mtx"][0] / base[plausible]) < 50).astype(float)
    with file.open("w", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["patient", *table])
        for row in rows:
            writer.writerow([f"draw {plausible[row] + 1}", *(f"{values[row]:.6g}" for values in table.values())])
    print(len(plausible), "plausible;", shares(base[plausible], scores)[rows].mean(axis=0))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FILE)
