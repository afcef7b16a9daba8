"""The equations of the package's kidney graft model written by hand (specification graft_window.md)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import Change, all_of, becomes, same, times_

STATES = ("H", "I", "J", "F", "E", "T", "C", "depot", "cent", "peri", "Ce", "bela")
FLAGS = {"mmf_on": 1.0, "steroid_on": 1.0, "ind_on": 1.0}
ARMS: dict[str, Change] = {
    **{f"trough_{level}": becomes(trough=level, **FLAGS) for level in (3, 6, 12, 20, 30)},
    "no_mmf": times_("mmf_on", 0),
    "no_induction": times_("ind_on", 0),
    "no_steroid": times_("steroid_on", 0),
    "stop_all": all_of(times_("trough", 0, 120), times_("mmf_on", 0, 120), times_("steroid_on", 0, 120)),
    "stop_tacrolimus": times_("trough", 0, 120),
    "companions": becomes(**FLAGS),
    "tablets_1mg": same,
    "tablets_3mg": same,
    "tablets_6mg": same,
    "azole": times_("CL", 0.2, 60),
    "atg": same,
    "belatacept_li": same,
    "belatacept_q4w": same,
    "belatacept_mi": same,
    "belatacept_q4w_late": same,
}
# 100 doses by day 50, the lag of 0.41 h included
PUTS = {
    "tablets_1mg": ("depot", 100.0),
    "tablets_3mg": ("depot", 300.0),
    "tablets_6mg": ("depot", 600.0),
    "belatacept_li": ("bela", 4 * 700.0),
    "belatacept_mi": ("bela", 5 * 700.0),
}


def response(t: float, level: float, occupancy: float, p: Mapping[str, float]) -> float:
    """Return S, what drugs leave of the response."""
    tacrolimus = p["EC50"] ** p["h"] / (p["EC50"] ** p["h"] + level ** p["h"])
    steroid = p["st"] + p["st0"] * np.exp(-t / p["tau_st"])
    left = (1 - p["mmf"] * p["mmf_on"]) * (1 - steroid * p["steroid_on"])
    return float(tacrolimus * (1 - p["w_bela"] * occupancy) * left)


def kinetics(y: NDArray[np.float64], p: Mapping[str, float]) -> tuple[float, list[float]]:
    """Return the level in blood, and the derivatives of tacrolimus in gut, plasma, tissue and of belatacept."""
    depot, cent, peri, bela = y
    big = p["FFM"] / p["FFM_ref"]
    arrives = (1 - 0.67 * p["pred"] / (p["pred50"] + p["pred"])) * 0.82 ** p["expresser"]
    in_plasma, in_tissue = cent / (p["V1"] * big), peri / (p["V2"] * big)
    plasma = p["per_mg"] * in_plasma
    exchange = p["Q"] * big**0.75 * (in_plasma - in_tissue)
    gone = p["CL"] * big**0.75 * 1.3 ** p["expresser"] * in_plasma
    return plasma + plasma * p["bound"] * p["HCT"] / (plasma + p["Kb"]), [
        -p["ka"] * depot, arrives * p["ka"] * depot - gone - exchange, exchange, -p["CL_bela"] / p["V_bela"] * bela,
    ]  # fmt: skip


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives per day between doses."""
    whole = np.asarray(y, float)
    h, i, j, _, e, tcell, c = whole[:7]
    acting = whole[10]
    blood, (d_depot, d_cent, d_peri, d_bela) = kinetics(whole[[7, 8, 9, 11]], p)
    in_serum = whole[11] / p["V_bela"]
    occupancy = p["RO_max"] * in_serum / (p["C50_bela"] + in_serum)
    s = response(t, p["trough"] * p["reached"] + p["per_ng"] * acting / p["mean_over_trough"], occupancy, p)
    s_e = s * (1 - p["ind"] * p["ind_on"]) if t < p["t_ind"] else s
    g = p["gL"] + (p["g0"] - p["gL"]) * np.exp(-t / p["tau_g"])
    lost = 1 / (1 + (h / p["Hloss"]) ** 20)
    heal = p["kh"] * j / (1 + e / p["KEh"]) * (1 - lost)
    infected = p["b"] * i * h + p["sig"] * h
    hurt = (p["dI"] + p["kT"] * tcell) * i
    stimulus = p["r"] * s_e * g * (1 + p["kHa"]) * h / (h + p["kHa"])
    return np.array(
        [
            heal - infected - p["kE"] * e * h,
            infected - p["kE"] * e * i - hurt,
            p["kE"] * e * (h + i) + hurt - heal - p["kf"] * j,
            p["kf"] * j,
            p["sE"] * s_e * h + stimulus * e * (1 - e) - p["dE"] * e,
            p["dT"] * (s - tcell) + p["rT"] * s * i / (i + p["kI"]) * tcell * (1 - tcell / p["Tmax"]),
            (p["gen"] - (p["GFR0"] * h + p["dial"] * lost) * c) / p["Vc"],
            d_depot,
            d_cent,
            d_peri,
            p["ke"] * (blood - acting),
            d_bela,
        ]
    )
