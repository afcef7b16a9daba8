"""The equations of Demin et al. 2013 (asthma) written by hand, as concentrations per minute in their volumes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import becomes, same

PATHWAY = ("AA", "HPETE", "HETE", "LTA4", "LTC4")
OUTSIDE = ("LTCo", "LTD", "LTE")
CELLS = ("EO", "EOi", "EOa")
STATES = (
    *(f"{name}_{x}" for name in (*PATHWAY, *OUTSIDE, "Hn") for x in "ba"),
    "EO_m",
    *(f"{name}_{x}" for name in CELLS for x in "ba"),
    "IL_b",
    "IL_m",
    "IL_a",
    "zg",
    "zb",
    "za",
    "mg",
    "mb",
)
# the day of the last of them is day 90; by t = 50 minutes only the first is given
PUTS = {
    "zileuton_400": ("zg", 0.082 * 400 * 1000 / 236),
    "zileuton_600": ("zg", 0.082 * 600 * 1000 / 236),
    "montelukast_10": ("mg", 0.660688 * 10 * 1e9 / 586.18),
}
ARMS = {**dict.fromkeys(PUTS, same), "anti_il5": becomes(eps_il5=0.9)}
Values = Mapping[str, float]


def pathway(x: str, s: Values, zf: float, p: Values) -> dict[str, float]:
    """Return the derivatives of the 5-LO pathway at site `x`, umol/L per minute. `zf`: free zileuton."""
    aa, hp, he, la, lc = (s[f"{name}_{x}"] for name in PATHWAY)
    gsh, nadp, looh = (p[f"{name}_{x}"] for name in ("GSH", "NADP", "LOOH"))
    ca, ca3 = p["Ca"], 1 + p["Ca"] / p["KC3"]
    r1 = p["r1_0"] + p["r1_Ca"] * ca / p["KC2"]
    r2 = p["r2_0"] + p["r2_Ca"] * ca / p["KC2"]
    redox = r2 / p["Ke_red"] + r1 * he / p["Ke_ox"] + p["ki"] * zf / p["KdZ"] * ca3
    redox /= r2 + r1 * (hp + looh)
    held = 1 + aa / p["Ki_AA"]
    rel = (p["k_lo"] * aa / p["K_AA"] + p["k3"] * hp * held) / (p["k_lta"] + p["k_3"] * held)
    forms = 1 + redox * (1 + ca / p["KC2"]) / ca3 + aa / p["K_AA"] * held
    forms += aa / p["Ki_AA"] * (1 + he / p["Ki_HE"]) + rel * held + he / p["Ki_HE"] + zf / p["KdZ"]
    f3 = p["FLO"] / (ca3 * forms)
    f2, f3t = f3 * redox, f3 * ca3
    f5 = f3t * rel
    gssg, nadph = (p["GSH_all"] - gsh) / 2, p["NADP_all"] - nadp
    c = hp * gsh**2 / (p["K_px"] * p["K_GSH"] ** 2)
    gpx = (gsh / p["K_GSH"]) ** 2 * (1 + gssg / p["K_GSSG"]) + hp / p["K_px"] * (1 + he / p["K_HE"]) + c
    gpx = p["Px"] * p["k_px"] * c / gpx
    pla2 = p["PL"] * (ca / p["K_Ca"]) / (1 + ca / p["K_Ca"]) * p["lipid"] / (p["K_lipid"] + p["lipid"])
    pla2 -= p["back"] * aa / (p["K_back"] + aa)
    lox1 = p["k_lo"] * aa * f3t / p["K_AA"]
    lox2 = (p["k_3"] * f5 - p["k3"] * f3t * hp) * held
    perox = r1 * (hp * f2 - he * f3 / p["Ke_ox"]) + gpx
    kl, kg, klg, kc = p["KL"], p["KG"], p["KLG"], p["KC"]
    ltcs = kc * p["C4_f"] * la * gsh - p["C4_r"] * klg * kg * lc
    ltcs /= klg * kg * kc * (1 + la / kl + gsh / kg + la * gsh / (kl * klg) + lc / kc)
    kh, kn, kp = p["Kh"], p["Kn"], p["Kp"]
    a = (1 + nadp / kn) * (p["k_hd"] * he / kh + p["k_hd_r"] * nadph / kp)
    a += (1 + he / kh + nadph / kp) * p["k_hd_n"] * nadp / kn
    hedh = p["HD"] * p["k_hd"] * p["k_hd_n"] * he * nadp / (kh * kn) / a
    lta = p["k_lta"] * f5
    values = (pla2 - lox1, lox2 - perox, perox - hedh, lta - ltcs - p["k_LTA"] * la, ltcs - p["k_out"] * lc)
    return {f"{name}_{x}": value for name, value in zip(PATHWAY, values, strict=True)}


def bound(x: float, k: float, inhibitor: float) -> float:
    """Return the part of a receptor that is bound beside a competing inhibitor (over its own constant)."""
    return (x / k) / (1 + x / k + inhibitor)


def rhs(t: float, y: ArrayLike, p: Values) -> NDArray[np.float64]:
    """Return the derivatives per minute between doses."""
    s = dict(zip(STATES, np.asarray(y, float), strict=True))
    d = dict.fromkeys(STATES, 0.0)
    d |= pathway("b", s, p["fz"] * s["zb"], p) | pathway("a", s, s["za"], p)
    m = p["fm"] * s["mb"] / p["Ki_m"]
    ca, free_il5 = p["ca"], 1 - p["eps_il5"]
    volumes = {"b": (p["VB"], p["VL"], p["fu"]), "a": (p["VA"], p["VLa"], 1.0)}
    for x, (volume, v_lt, fu) in volumes.items():
        c, ltd, lte = (fu * s[f"{name}_{x}"] for name in OUTSIDE)
        d[f"LTCo_{x}"] += p["k_out"] * s[f"LTC4_{x}"] * s[f"EOa_{x}"] * p["cell"] * volume * p["pmol"] / v_lt
        d[f"LTCo_{x}"] -= (p["k_ggt"] + p["k_lt"]) * c
        d[f"LTD_{x}"] += p["k_ggt"] * c - (p["k_dp"] + p["k_lt"]) * ltd
        d[f"LTE_{x}"] += p["k_dp"] * ltd - p["k_lte"] * lte
        o = 0.39 * bound(ltd, p["K_d"], m) + 0.61 * bound(c + ltd, p["K_cd"], 0)
        activation = ca * p["k_act"] * s[f"EO_{x}"] * o**3 / (p["K_act"] ** 3 + o**3)
        completion = ca * p["k_com"] * s[f"EOi_{x}"]
        back = ca * p["k_dea"] * s[f"EOa_{x}"]
        d[f"EO_{x}"] += back - activation - p["k_die"] * s[f"EO_{x}"]
        d[f"EOi_{x}"] += activation - completion
        d[f"EOa_{x}"] += completion - back - p["k_diea"] * s[f"EOa_{x}"]
    for name in OUTSIDE:
        flow = p["flow"] * p["p_lt"] * (s[f"{name}_a"] * 1.4 / 0.22 - s[f"{name}_b"])
        d[f"{name}_a"] -= flow / p["VLa"]
        d[f"{name}_b"] += flow / p["VL"]
    out = ca * p["k_rel"] * s["EO_m"]
    il_m, il_b = free_il5 * s["IL_m"], free_il5 * s["IL_b"]
    d["EO_m"] += p["m_il"] * il_m / (p["K_m"] + il_m) + p["m_0"] - out
    d["EO_b"] += out * p["VM"] / p["VB"]
    lte_b = p["fu"] * s["LTE_b"]
    r = 0.3 * lte_b / (p["K_lte"] + lte_b) + 0.7 * il_b / (p["K_ilm"] + il_b)
    migration = p["k_mig"] * r**3 / (p["K_mig"] ** 3 + r**3)
    for name in CELLS:
        d[f"{name}_b"] -= migration * s[f"{name}_b"]
        d[f"{name}_a"] += migration * s[f"{name}_b"] * p["VB"] / p["VA"]
    blood, airway = (sum(s[f"{name}_{x}"] for name in CELLS) for x in "ba")
    flow = p["flow"] * p["p_hn"] * (s["Hn_a"] * 5130 / 3950 - s["Hn_b"])
    d["Hn_b"] = (p["VB"] * p["s_hn"] * blood + flow) / p["VH"] - p["k_hn"] * p["fu_hn"] * s["Hn_b"]
    d["Hn_a"] = (p["VA"] * p["s_hn"] * airway - flow) / p["VHa"] - p["k_hn"] * s["Hn_a"]
    to_blood = p["q_il"] * (s["IL_a"] - s["IL_b"]) + p["l_il"] * s["IL_a"]
    to_marrow = p["q_ilm"] * (s["IL_b"] - s["IL_m"]) - p["l_ilm"] * s["IL_m"]
    d["IL_b"] = (p["VB"] * p["s_il"] * s["EOa_b"] + to_blood - to_marrow) / p["VIL"] - p["k_il"] * s["IL_b"]
    d["IL_a"] = p["s_il"] * s["EOa_a"] - p["k_il"] * s["IL_a"] - to_blood / p["VA"]
    d["IL_m"] = to_marrow / p["VM"]
    flow = p["flow"] * p["p_z"] * (s["zb"] - s["za"] * 2.96 / 0.204)
    d["zg"] = -p["ka_z"] * s["zg"]
    d["zb"] = (p["ka_z"] * s["zg"] - flow) / p["VZ"] - p["ke_z"] * s["zb"]
    d["za"] = flow / p["VZa"]
    d["mg"] = -p["ka_m"] * s["mg"]
    d["mb"] = p["ka_m"] * s["mg"] / p["VML"] - p["ke_m"] * s["mb"]
    return np.array([d[name] for name in STATES])
