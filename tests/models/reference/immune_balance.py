"""The equations of immune_balance written by hand from its specification, not from the model file."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import Change, all_of, becomes, plus, same, times_

STATES = (
    *("Ag", "D", "M1", "M2", "TNF", "IL10", "CH", "E_t"),
    *("APC", "N", "E_l", "R", "Mem", "B", "P"),
    *("E_b", "Ab", "IL6"),
)
ARMS: dict[str, Change] = {
    "anti_tnf": times_("c_tnf", 5),
    "il6_block": all_of(times_("e_il6", 0.1), times_("c_il6", 0.5)),
    "glucocorticoid": plus("gc", 0.5),
    "antiproliferative": all_of(times_("p_E", 0.7), times_("p_B", 0.5)),
    "calcineurin_inhibitor": all_of(times_("k_p", 0.3), times_("k_rec", 0.3), times_("a_il2", 0.2), times_("p_E", 0.6)),
    "b_cell_depletion": plus("k_dep", 0.5),
    "checkpoint_blockade": times_("ck", 0.1),
    "il2_low": plus("u_il2", 0.1),
    "il2_high": plus("u_il2", 5),
    "chemokine_block": all_of(times_("h1", 0.1), times_("b_CH", 0.1)),
    "car_t": all_of(times_("ck", 0.1), becomes(p_t=1), times_("k_ct", 3)),
    "vaccine": same,
    "vitamin_d_low": all_of(times_("v_loc", 0.64), times_("x_R", 0.82), times_("k_p", 1.38)),
    "vitamin_d_high": all_of(times_("v_loc", 1.125), times_("x_R", 1.06), times_("k_p", 0.87)),
    "zinc_deficiency": all_of(times_("x_N", 0.48), times_("a_il2", 0.44), times_("x_tnf", 1.5), times_("p_E", 0.9)),
    "fiber": times_("x_R", 1.23),
    "dysbiosis": all_of(times_("x_R", 0.85), times_("v_loc", 0.9)),
    "exercise": all_of(times_("v_loc", 1.1), times_("x_il10", 1.2), times_("k_tnf", 0.9)),
    "chronic_stress": all_of(plus("gc", 0.05), times_("v_loc", 0.9), times_("x_il6", 1.2)),
    "chronic_stress_resistant": all_of(plus("gc", -0.05), times_("v_loc", 0.9), times_("x_il6", 1.2)),
    "sleep_loss": all_of(times_("v_loc", 0.73), times_("x_il6", 1.5), times_("p_B", 0.9)),
}
PUTS = {"car_t": ("E_b", 2e4), "vaccine": ("APC", 2 * 3e4)}


def season(t: float) -> float:
    """Return 1 on days 0 to 30, 180 to 210 and 360 to 390, else 0."""
    return float(any(start <= t < start + 30 for start in (0, 180, 360)))


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives of the 18 states per day."""
    ag, d, m1, m2, tnf, il10, ch, e_t, apc, n, e_l, r, mem, b, plasma, e_b, ab, il6 = np.asarray(y, float)
    hag = ag / (p["K_ag"] + ag)
    rel = r / p["R0"]
    i10 = (p["K_10"] + p["IL10_0"]) / (p["K_10"] + il10)
    gcf = 1 / (1 + p["gc"])
    gct = 1 / (1 + p["w_gc"] * p["gc"])
    hch = ch / (p["K_ch"] + ch)
    htnf = tnf / (p["K_T"] + tnf)
    h6 = p["e_il6"] * il6 / (p["K_6"] + il6)
    il2 = p["a_il2"] * gcf * e_l / (p["K_E2"] + e_l) + p["u_il2"]
    sup = 1 / (1 + p["w_R"] * rel / (1 + p["b_6R"] * h6))
    fck = 1 / (1 + p["ck"] * e_t / (p["K_ck"] + e_t))
    acte = fck * hag * e_t / (p["K_Et"] + e_t)
    hab = ab / (p["K_ab"] + ab)
    danger = p["adj"] + p["w_D"] * d / (p["K_D"] + d)
    sat_n = apc / (p["K_apc"] + apc)
    sat_t = apc / (p["K_apc"] + apc + p["c_E"] * e_l)
    sat_b = apc / (p["K_apc"] + apc + p["c_B"] * b)
    help_b = sat_b * e_l / (p["K_h"] + e_l) * (1 + p["b6"] * h6)
    stim = p["a_A"] * p["adj"] * hag + p["a_D"] * d / (p["K_Dm"] + d) + p["a_E"] * acte + p["a_ic"] * hab * hag

    d_ag = (
        p["u_ag"] * season(t) + p["s_ag"] * (1 + p["w_sD"] * d) + p["r_ag"] * ag * (1 - ag / p["K_cap"])
        - p["d_ag"] * ag - p["v_loc"] * ag / (p["K_loc"] + ag) - p["k_ph"] * m1 * ag * (1 + p["b_op"] * hab)
        - p["k_ct"] * fck * e_t * ag - p["k_nt"] * ab * ag
    )  # fmt: skip
    burn = p["k_dM"] * m1**2 / (p["K_dM"] ** 2 + m1**2) * (1 + p["b_DT"] * htnf + p["b_D6"] * h6)
    repair = p["k_rep"] * 2 * m2 / (p["M2_0"] + m2)
    d_d = (1 - d) * (burn + p["k_dE"] * acte + p["k_dA"] * p["adj"] * hag) - repair * d

    switch = p["k_sw"] * il10 / (p["K_sw"] + il10) * m1
    activation = p["k_M"] * stim * (1 + p["b_T"] * htnf) * (1 + p["b_CH"] * hch) * i10 * gcf
    d_m1 = activation - switch - p["d_M1"] * m1
    d_m2 = p["d_M2"] * p["M2_0"] + switch - p["d_M2"] * m2

    d_tnf = p["x_tnf"] * p["d_tnf"] * p["TNF0"] + (p["k_tnf"] * m1 + p["k_tnfE"] * acte) * i10 * gcf
    d_tnf -= p["c_tnf"] * p["d_tnf"] * tnf
    d_il6 = p["x_il6"] * p["d_il6"] * p["IL6_0"] - p["c_il6"] * p["d_il6"] * il6
    d_il6 += p["k_il6"] * m1 * (p["w_c"] + htnf) * i10 * gcf * p["V_t"] / p["V_pl"]
    rest = 1 - p["f10_M2"] - p["f10_R"]
    made = p["x_il10"] * rest + p["f10_M2"] * m2 / p["M2_0"] + p["f10_R"] * rel
    d_il10 = p["d_il10"] * p["IL10_0"] * made + p["k10_1"] * m1 - p["d_il10"] * il10
    d_ch = p["x_ch"] * p["d_ch"] * p["CH0"] + p["k_ch"] * m1 * (p["w_c"] + htnf) * i10 * gcf - p["d_ch"] * ch

    arrival = p["k_apc"] * hag * danger * gcf * i10 * (1 + p["w_RA"]) / (1 + p["w_RA"] * rel)
    d_apc = arrival - p["d_apc"] * apc
    priming = p["k_p"] * n * sat_n * sup
    recall = p["k_rec"] * mem * sat_n * sup
    d_n = p["x_N"] * p["d_N"] * p["N0"] - p["d_N"] * n - priming
    boost = 1 + p["b_il2"] * il2 / (p["K_hi"] + il2)
    d_e_l = priming + recall + p["p_E"] * gct * sup * sat_t * boost * e_l - (p["e_E"] + p["d_El"] + p["r_M"]) * e_l
    homing = (p["h0"] + p["h1"] * hch) * e_b
    die = p["d_E"] * (1 + p["gc"])
    d_e_b = p["e_E"] * e_l * p["V_l"] / p["V_b"] - homing - die * e_b - p["r_M"] * e_b
    d_e_t = homing * p["V_b"] / p["V_t"] + p["p_t"] * fck * hag * e_t - die * e_t
    d_mem = p["r_M"] * e_l + p["r_M"] * e_b * p["V_b"] / p["V_l"] - p["f_c"] * recall - p["d_M"] * mem

    d_r = p["x_R"] * p["d_R"] * p["R0"] + p["p_R"] * il2 / (p["K_lo"] + il2) * r - p["d_R"] * r * (1 + rel) / 2
    d_r += p["k_iR"] * apc * il10 / (p["K_10"] + il10) / (1 + h6)
    differentiation = p["k_d"] * help_b * b
    d_b = p["x_B"] * p["d_B"] * p["B0"] + p["p_B"] * gct * help_b * b - differentiation - (p["d_B"] + p["k_dep"]) * b
    d_p = differentiation - p["d_S"] * plasma**2 / (p["K_n"] + plasma) - p["d_L"] * plasma
    d_ab = p["mL_per_L"] * p["theta"] * plasma * p["V_l"] / p["V_pl"] - p["d_ab"] * ab
    return np.array(
        [d_ag, d_d, d_m1, d_m2, d_tnf, d_il10, d_ch, d_e_t, d_apc, d_n, d_e_l, d_r, d_mem, d_b, d_p, d_e_b, d_ab, d_il6]
    )
