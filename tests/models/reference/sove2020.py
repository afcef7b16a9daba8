"""The equations of QSP-IO's example 1 written by hand (specification sove2020.md), in amounts of substance per day."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import Change, becomes, same

STATES = (
    *("nT1_C", "T1_C", "nT0_C", "T0_C", "nT1_P", "T1_P", "nT0_P", "T0_P"),
    *("C1", "Cx", "Texh", "T1", "T0", "APC_T", "mAPC_T", "c", "Ag0", "Ag1"),
    *("nT1_L", "aT1", "T1_L", "IL2", "nT0_L", "aT0", "T0_L", "APC_L", "mAPC_L"),
    *("Ag0_e", "pep0", "Ag1_e", "pep1", "MHCe", "e0", "e1", "MHCs", "s0", "s1"),
    *("PD1", "PDL1", "PDL2", "L1", "L2", "A", "AA", "Cd", "Pd", "Td", "Ld"),
)
REGIMENS = ("nivolumab", "nivolumab_01", "nivolumab_03", "nivolumab_1", "nivolumab_10", "flat_240_q2w", "flat_480_q4w",
            "four_doses", "single_dose")  # fmt: skip
ARMS: dict[str, Change] = {
    **dict.fromkeys(REGIMENS, same),
    "cold_tumor": becomes(k_C_T1=5),
    "few_clones": becomes(n1=10),
    "fast_growth": becomes(k_g=0.03),
    "no_neoantigen": becomes(release1=0),
    "strong_brake": becomes(PD1_50=5),
}
MG_PER_KG = 70 / 1.436e8 / 5
# doses on days 0, 14, 28, 42; every four weeks on days 0, 28
PUTS = {
    "nivolumab": ("Cd", 4 * 3 * MG_PER_KG),
    "nivolumab_01": ("Cd", 4 * 0.1 * MG_PER_KG),
    "nivolumab_10": ("Cd", 4 * 10 * MG_PER_KG),
    "flat_240_q2w": ("Cd", 4 * 240 / 1.436e8 / 5),
    "flat_480_q4w": ("Cd", 2 * 480 / 1.436e8 / 5),
    "four_doses": ("Cd", 4 * 3 * MG_PER_KG),
    "single_dose": ("Cd", 3 * MG_PER_KG),
}
Values = Mapping[str, float]


def tumor_volume(y: Values, p: Values) -> float:
    """Return the volume in uL."""
    return p["V_Tmin"] + p["v_c"] * (y["C1"] + y["Cx"]) + p["v_T"] * (y["Texh"] + y["T1"] + y["T0"])


def brake(y: Values, p: Values) -> float:
    """Return H."""
    x = ((y["L1"] + y["L2"]) / p["PD1_50"]) ** p["n"]
    return float(x / (1 + x))


def occupied(m: float, n: float, p: Values) -> float:
    """Return the receptors that peptides of one clone bind: the smaller root of a quadratic equation."""
    x = m / n
    b = x + p["TCR"] + p["K_TCR"]
    return float(x * p["TCR"] / (b / 2 + np.sqrt(b**2 / 4 - x * p["TCR"])))


def t_cells(y: Values, p: Values, volume: float, exhausted: float) -> dict[str, float]:
    """Return the derivatives of all T cells."""
    out: dict[str, float] = {}
    signal = {1: occupied(y["s1"], p["n1"], p) / (1 + p["phi"]) / 2**10, 0: occupied(y["s0"], p["n0"], p)}
    cells = {1: y["mAPC_L"], 0: y["APC_L"]}
    divisions = p["N0"] + p["N_IL2"] * y["IL2"] / (p["IL2_50"] + y["IL2"])
    for j in (1, 0):
        blood, tissue, node = y[f"nT{j}_C"], y[f"nT{j}_P"], y[f"nT{j}_L"]
        clones = p[f"div{j}"]

        def made(x: float, clones: float = clones) -> float:
            return p["k_np"] / clones * x / (p["K_np"] / clones + x)

        met = p["APC_T1"] * cells[j] / (p["APC_T1"] * cells[j] + y["T1_L"] + p["cell"])
        act = p["k_act"] * met * signal[j] / (signal[j] + p["p50"]) * node
        leave = p["k_nd"] + p["qP_in"] + p["LNin"]
        back, out_of_node, death = p[f"qP_out{j}"], p["q_Lout" if j else "q_Lout0"], p["k_d" if j else "k_d0"]
        out[f"nT{j}_C"] = p[f"Q{j}"] / clones + made(blood) - leave * blood + back * tissue + out_of_node * node
        out[f"nT{j}_P"] = made(tissue) - p["k_nd"] * tissue + p["qP_in"] * blood - back * tissue
        out[f"nT{j}_L"] = p["LNin"] * blood - out_of_node * node - act
        out[f"aT{j}"] = act * p[f"n{j}"] - p["k_pro"] * y[f"aT{j}"]
        c, t, n = y[f"T{j}_C"], y[f"T{j}_P"], y[f"T{j}_L"]
        enter = p["q_T"] * volume * c
        out[f"T{j}_L"] = p["k_pro"] * 2**divisions * y[f"aT{j}"] - (death + out_of_node) * n
        out[f"T{j}_C"] = -(death + p["qP_in"]) * c + back * t - enter + out_of_node * n
        out[f"T{j}_P"] = -death * t + p["qP_in"] * c - back * t
        out[f"T{j}"] = enter - death * y[f"T{j}"] - (exhausted if j else 0)
    out["Texh"] = p["k_d"] * y["T1"] + p["k_d0"] * y["T0"] + exhausted - p["k_clear"] * y["Texh"]
    return out


def antigens(y: Values, p: Values, dead: float) -> dict[str, float]:
    """Return the derivatives of antigens, peptides and MHC."""
    out: dict[str, float] = {}
    bound = freed = 0.0
    a_e, a_s = p["A_e"], p["A_s"]
    for i in (0, 1):
        protein, taken, peptide, e, s = (y[x] for x in (f"Ag{i}", f"Ag{i}_e", f"pep{i}", f"e{i}", f"s{i}"))
        net = p["k_on"] * a_e * (peptide * y["MHCe"] - p[f"Kd_{i}"] * e)
        off = p[f"Kd_{i}"] * p["k_on"] * s * a_s
        bound, freed = bound + net, freed + off
        out[f"Ag{i}"] = p[f"n{i}"] * p[f"release{i}"] * dead - (p["k_xP"] + p["k_up"] * y["mAPC_L"]) * protein
        out[f"Ag{i}_e"] = p["k_up"] * p["cell"] * protein - p["k_Pd"] * taken
        out[f"pep{i}"] = p["k_Pd"] * taken - p["k_pd"] * peptide - net / (p["V_e"] * p["N_A"])
        out[f"e{i}"] = net / a_e - p["k_out"] * e
        out[f"s{i}"] = (p["k_out"] * e * a_e - off) / a_s
    out["MHCe"] = -bound / a_e - p["k_out"] * y["MHCe"] + p["k_in"] * y["MHCs"] * a_s / a_e
    out["MHCs"] = freed / a_s + p["k_out"] * y["MHCe"] * a_e / a_s - p["k_in"] * y["MHCs"]
    return out


def rhs(t: float, y: ArrayLike, p: Values) -> NDArray[np.float64]:
    """Return the derivatives per day between doses."""
    v = dict(zip(STATES, np.asarray(y, float), strict=True))
    volume = tumor_volume(v, p)
    liters, node = volume * p["liter"], p["V_LN"] * p["liter"]
    cells = v["C1"] + v["T1"] + v["T0"] + p["cell"]
    h = brake(v, p)
    kill = p["k_C_T1"] * v["T1"] * v["C1"] / cells * (1 - h)
    dead = p["k_C_death"] * v["C1"] + kill
    exhausted = (p["k_Treg"] * v["T0"] + p["k_T1"] * v["C1"] * h) / cells * v["T1"]
    out = t_cells(v, p, volume, exhausted) | antigens(v, p, dead)
    out["C1"] = p["k_g"] * v["C1"] * (1 - v["C1"] / p["C_max"]) - dead
    out["Cx"] = dead - p["k_clear"] * v["Cx"]
    il2 = v["IL2"]
    taken = v["T1_L"] * il2 / (p["IL2_50"] + il2) + v["T0_L"] * il2 / (p["IL2_50T"] + il2)
    out["IL2"] = (p["k_IL2s"] * v["aT1"] - p["k_IL2c"] * taken) / node - p["k_IL2d"] * il2
    mature = p["k_mat"] * v["c"] / (v["c"] + p["c50"]) * v["APC_T"]
    out["APC_T"] = p["k_Ad"] * (p["APC0_T"] * volume - v["APC_T"]) - mature
    out["mAPC_T"] = mature - (p["k_mig"] + p["k_mAd"]) * v["mAPC_T"]
    out["APC_L"] = p["k_Ad"] * (p["APC0_L"] * p["V_LN"] - v["APC_L"])
    out["mAPC_L"] = p["k_mig"] * v["mAPC_T"] - p["k_mAd"] * v["mAPC_L"]
    out["c"] = p["k_c"] * (p["c0"] - v["c"]) + kill * p["DAMP"] / liters
    l1 = p["kL1"] * v["PD1"] * v["PDL1"] - p["oL1"] * v["L1"]
    l2 = p["kL2"] * v["PD1"] * v["PDL2"] - p["oL2"] * v["L2"]
    one = 2 * p["kA"] * v["PD1"] * v["Td"] / p["gC"] - p["oA"] * v["A"]
    two = p["kAA"] * v["PD1"] * v["A"] - 2 * p["oA"] * v["AA"]
    out |= {"PD1": -l1 - l2 - one - two, "PDL1": -l1, "PDL2": -l2, "L1": l1, "L2": l2, "A": one - two, "AA": two}
    blood = v["Cd"] / p["gC"] * p["V_C"]
    to_p = p["qP"] * (blood - v["Pd"] / p["gP"] * p["V_C"])
    to_t = p["qT"] * (blood - v["Td"] / p["gT"] * p["V_C"])
    to_l = p["qL"] * (blood - v["Ld"] / p["gL"] * p["V_C"])
    lymph_t, lymph_l = p["qD"] * v["Td"] / p["gT"] * liters, p["qD"] * v["Ld"] / p["gL"] * node
    out["Cd"] = (lymph_l - to_p - to_t - to_l) / p["V_C"] - p["k_cl"] * v["Cd"]
    out["Pd"] = to_p / p["V_P"]
    out["Td"] = (to_t - lymph_t) / liters
    out["Ld"] = (to_l + lymph_t - lymph_l) / node
    return np.array([out[name] for name in STATES])
