"""The equations of Bedathuru et al. 2024 written by hand from the specification (bedathuru2024.md)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import Change, same

CELLS = ("FLS", "Endothelial", "Macrophages", "BCells", "Th1", "Treg", "CTL", "Th17", "PlasmaCells")
MEDIATORS = (
    "TNFa", "IL1b", "IL6", "VEGF", "IL17", "IL10", "TGFb", "IFNg", "AutoAb", "GMCSF", "MIP3", "MCP1", "CAM", "BAFF",
    "IL12", "IL23", "RANTES",
)  # fmt: skip
DRUGS = ("TNFa_Ada", "mtx_gut", "mtx_c", "mtx_p", "ada_sc", "ada_c", "tcz_c", "tcz_p")
STATES = CELLS + MEDIATORS + DRUGS
ARMS: dict[str, Change] = {"mtx15": same, "ada40": same, "tcz600": same}
# by day 50: weeks 0 to 7, 0 to 6 by two, 0 and 4
PUTS = {"mtx15": ("mtx_gut", 8 * 15.0), "ada40": ("ada_sc", 4 * 40.0), "tcz600": ("tcz_c", 2 * 600 / 3.5)}


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives per day, in the order of STATES."""
    s = dict(zip(STATES, np.asarray(y, float), strict=True))
    h = {x: s[x] ** 1.5 / (p[f"K_{x}"] ** 1.5 + s[x] ** 1.5) for x in MEDIATORS}

    def m(process: str, mediator: str) -> float:
        return float(p[f"{process}_Maxby{mediator}"] * h[mediator])

    def total(process: str, *by: str) -> float:
        return sum(m(process, x) for x in by)

    def up(x: float) -> float:
        return 1 + min(10.0, x)

    def dn(x: float) -> float:
        return 1 - min(0.9, x)

    c = p["mtx_joint"] * s["mtx_c"]
    q = p["mtx_max"] * c**2 / (p["mtx_half"] ** 2 + c**2)
    left, adhesion = 1 - q, m("LeukoInflux", "CAM")
    entry = left * adhesion
    t_entry = entry * up(total("TCellinflux", "TNFa", "RANTES") + m("LymphoInflux", "MIP3"))
    e = 1.5 + m("MacroInflux", "TGFb")
    rantes = p["MacroInflux_MaxbyRANTES"] * s["RANTES"] ** e / (p["K_RANTES"] ** e + s["RANTES"] ** e)
    il6_t, brake = m("TCellProlif", "IL6"), m("TCellProlif", "IL10")
    to_plasma = p["kdiff_BCells_PlasmaCells"] * (1 + m("BCellDiff", "IL6")) * s["BCells"]
    grown = {
        "FLS": up(total("FLSProlif", "TNFa", "IL1b", "IL17", "TGFb", "IL6")),
        "Endo": up(total("EndoProlif", "VEGF", "IL1b", "GMCSF")),
        "Macrophage": up(total("MacroProlif", "GMCSF", "TNFa")),
        "BCells": up(total("BCellProlif", "IL6", "IL10")) * dn(total("BCellProlif", "IFNg", "TGFb")),
        "Th1": up(il6_t + total("Th1Prolif", "TGFb", "IL12")) * dn(brake),
        "Treg": up(m("TregProlif", "TGFb")) * dn(brake + m("TregProlif", "IL6")),
        "CTL": up(total("CTLProlif", "IL1b", "IL12") + il6_t) * dn(m("CTLProlif", "TGFb") + brake),
        "Th17": up(il6_t + total("Th17Prolif", "IL23", "IL1b")),
    }
    entered = {
        "Endo": up(total("Endoinflux", "TNFa", "VEGF", "IL6", "IL17", "GMCSF")) * dn(m("Endoinflux", "TGFb") + q),
        "Macrophage": entry * up(total("MacroInflux", "IL17", "MCP1") + rantes),
        "BCells": entry * up(m("LymphoInflux", "MIP3")),
        "Th1": t_entry,
        "Treg": t_entry,
        "CTL": entry * up(m("LymphoInflux", "MIP3") + m("CTLInflux", "RANTES")),
        "Th17": t_entry,
    }
    dying = {
        "Endo": up(m("EndoApop", "TNFa")) * dn(m("EndoApop", "VEGF")),
        "Macrophage": dn(total("MacroApop", "TNFa", "IFNg", "GMCSF")),
        "BCells": dn(m("BCellApop", "BAFF")),
        "PlasmaCells": dn(m("PlasmaCellApop", "IL6")),
        "Th1": dn(m("Th1Apop", "IL12") + m("TCellApop", "IL6")),
        "CTL": dn(m("CTLApop", "TGFb")),
    }
    short = {"Endothelial": "Endo", "Macrophages": "Macrophage"}
    change = {}
    for cell in CELLS:
        k = short.get(cell, cell)
        change[cell] = -p[f"kd_{k}"] * s[cell] * dying.get(k, 1.0)
        if k in grown:
            change[cell] += p[f"kg_{k}"] * grown[k]
        if k in entered:
            change[cell] += p[f"kIn_{k}"] * entered[k]
    change["BCells"] -= to_plasma
    change["PlasmaCells"] += to_plasma

    il1 = m("IL6SecFLS", "IL1b")
    th1_ifn = p["IFNgSecMacro_MaxbyIL12"] * s["IL17"] ** 1.5 / (p["K_IFNg_by_Th1"] ** 1.5 + s["IL17"] ** 1.5)
    vegf = m("VEGFSecFLS", "IL6") * up(m("VEGFSecFLS", "TNFa")) + total("VEGFSecFLS", "IL1b", "TGFb", "IL17")
    fls_rantes = m("RANTESSecFLS", "TNFa") * (1 + m("RANTESSecFLS_byTNFa", "IFNg"))
    fls_rantes += m("RANTESSecFLS", "IL1b") * (1 + m("RANTESSecFLS_byIL1b", "IFNg"))
    endo_rantes = m("RANTESSecEndo", "TNFa") * m("RANTESSecEndo_byTNFa", "IFNg") + m("RANTESSecEndo", "IL1b")
    made: dict[str, dict[str, float]] = {
        "TNFa": {
            "FLS": dn(m("TNFaSecFLS", "IL10")), "Th1": 1, "BCells": 1,
            "Macrophages": min(10, m("TNFaSecMacro", "IL17")) * up(total("TNFaSecMacro", "AutoAb", "GMCSF"))
            * dn(m("TNFaSecMacro", "IL10")),
        },
        "IL1b": {"Macrophages": min(10, m("IL1bSecMacro", "IL17")), "FLS": dn(m("IL1bSecFLS", "IL10")), "BCells": 1},
        "IL6": {
            "FLS": il1 * up(total("IL6SecFLS", "IL17", "IFNg", "RANTES")), "BCells": 1, "CTL": 1, "Endothelial": 1,
            "Macrophages": il1 * up(m("IL6SecMacro", "TNFa")) * dn(m("IL6SecMacro", "IL10")),
        },
        "VEGF": {"Endothelial": up(m("VEGFSecEndo", "TGFb")), "FLS": up(vegf)},
        "IL17": {
            "Th17": total("IL17SecTh17", "IL6", "IL1b") * (1 + m("IL17SecTh17", "IL23")),
            "CTL": up(m("IL17SecCTL", "IL23")),
        },
        "IL10": {"Treg": (1 + q) / left, "Macrophages": 1, "BCells": 1},
        "TGFb": {"Treg": (1 + q) / left, "Macrophages": 1},
        "IFNg": {
            "CTL": min(10, m("IFNgSecCTL", "IL12")) * dn(total("IFNgSecCTL", "IL6", "TGFb")),
            "Th1": min(10, th1_ifn) * dn(m("IFNgSecTh1", "IL10")),
        },
        "AutoAb": {"PlasmaCells": 1},
        "GMCSF": {
            "FLS": up(m("GMCSFSecFLS", "TNFa")), "Macrophages": min(10, m("GMCSFSecMacro", "TNFa")), "Th1": 1, "CTL": 1,
        },
        "MIP3": {"FLS": up(total("MIP3SecFLS", "TNFa", "IL1b", "IL17"))},
        "MCP1": {"FLS": up(total("MCP1SecFLS", "IL1b", "TNFa")), "Macrophages": up(m("MCP1SecMacro", "IL1b"))},
        "CAM": {"Endothelial": 1}, "BAFF": {"Macrophages": 1}, "IL12": {"Macrophages": 1}, "IL23": {"Macrophages": 1},
        "RANTES": {
            "FLS": min(10, fls_rantes), "Endothelial": up(endo_rantes), "Macrophages": 1, "Th1": 1, "CTL": 1, "Th17": 1,
        },
    }  # fmt: skip
    for x, by in made.items():
        rate = sum(p[f"{x}_by_{short.get(cell, cell)}"] * s[cell] * factor for cell, factor in by.items())
        change[x] = p[f"F_{x}"] * left * rate - p[f"kcl_{x}"] * s[x]
    change["IL6"] -= p["kcl_IL6"] * s["IL6"] * p["tcz_joint"] * s["tcz_c"] / p["KD_tcz"]
    on = p["koff_ada"] / p["KD_ada"] * s["TNFa"] / p["TNF_mol"] * p["ada_joint"] * s["ada_c"] / p["mAb_mol"]
    binding = on - p["koff_ada"] * s["TNFa_Ada"]
    change["TNFa"] -= p["TNF_mol"] * binding
    change["TNFa_Ada"] = binding - p["kcl_TNFa"] * s["TNFa_Ada"]
    apart = p["Q_mtx"] * (s["mtx_c"] - s["mtx_p"])
    change["mtx_gut"] = -p["ka_mtx"] * s["mtx_gut"]
    change["mtx_c"] = (p["ka_mtx"] * s["mtx_gut"] - p["CL_mtx"] * s["mtx_c"] - apart) / p["V_mtx"]
    change["mtx_p"] = apart / p["Vp_mtx"]
    change["ada_sc"] = -p["ka_ada"] * s["ada_sc"]
    change["ada_c"] = p["ka_ada"] * s["ada_sc"] / (p["V_ada"] / p["F_ada"]) - p["CL_ada"] / p["V_ada"] * s["ada_c"]
    out = p["Q_tcz"] * (s["tcz_c"] - s["tcz_p"])
    saturable = p["Vm_tcz"] * s["tcz_c"] / (p["Km_tcz"] + s["tcz_c"])
    change["tcz_c"] = (-out - p["CL_tcz"] * s["tcz_c"] - saturable) / p["V_tcz"]
    change["tcz_p"] = out / p["Vp_tcz"]
    return np.array([change[name] for name in STATES])
