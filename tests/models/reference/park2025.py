"""The equations of Park et al. 2025 written by hand from the specification (park2025.md), per B cell where it binds.

States of CAR-T cells: subset (naive, central memory, effector memory, effector) of a kind (CD8, CD4) in a space (blood,
marrow). Antibody stands at what B cells make, the limit of its published turnover within a second.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import Change, same

SUBSETS = ("tn", "cm", "em", "ef")
STATES = (
    *(f"{x}8p" for x in SUBSETS), *(f"{x}4p" for x in SUBSETS), *(f"{x}8m" for x in SUBSETS),
    *(f"{x}4m" for x in SUBSETS), "r8p", "r4p", "r8m", "r4m", "Bp", "Bnew", "Bm", "ldc", "pre4", "t4", "pre8", "t8",
    "n0", "n1", "n2", "n3", "nt", "ifn", "dsDNA", "c3", "ptu",
)  # fmt: skip
ARMS: dict[str, Change] = {"lymphodepletion": same, "cart": same, "cart_1": same}
# the cells go into eight states: see test_park2025
PUTS = {"lymphodepletion": ("ldc", 1935.0)}


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives per day, in the order of STATES."""
    y = np.asarray(y, float)
    cells = {"8p": y[0:4], "4p": y[4:8], "8m": y[8:12], "4m": y[12:16]}
    bound = dict(zip(("8p", "4p", "8m", "4m"), y[16:20], strict=True))
    b = {"p": y[20], "m": y[22]}
    naive, ldc, pre4, t4, pre8, t8 = y[21], y[23], y[24], y[25], y[26], y[27]
    ifn, antibody, c3, ptu = y[33], y[34], y[35], y[36]
    blood, marrow = p["weight"] * p["per_kg"], p["weight"] * p["per_kg_m"]
    kill = {}
    for space in "pm":
        r = bound["8" + space] + bound["4" + space]
        kill[space] = p["kk"] * r / (p["kc50"] + r)
    growth, binding = {}, {}
    for kind, fastest in (("8", p["kx"]), ("4", p["kx"] / p["x48"])):
        for space in "pm":
            key = kind + space
            total = cells[key].sum()
            seen = bound[key] * b[space] / total if total > 0 else 0.0
            tn, cm, em, _ = cells[key]
            move = np.array([p["rm1"] * tn, p["rm2"] * cm, p["rm3"] * em])
            growth[key] = fastest * seen / (p["ec50x"] + seen) * np.array([tn, cm, em, 0.0])
            growth[key] += np.array([-move[0], move[0] - move[1], move[1] - move[2], move[2]])
            free_car = max(p["CAR"] * total - bound[key] * b[space], 0.0)
            free_antigen = max(p["CD19"] - bound["8" + space] - bound["4" + space], 0.0)
            binding[key] = p["kon"] * free_car * free_antigen - bound[key] * (p["koff"] + p["kg"] - kill[space])
        to_marrow = p["k12"] * cells[kind + "p"] - p["k21"] * marrow / blood * cells[kind + "m"]
        death = np.array([p["kel_m"]] * 3 + [p["kel_e"]])
        growth[kind + "p"] = growth[kind + "p"] - to_marrow - death * cells[kind + "p"]
        growth[kind + "m"] = growth[kind + "m"] + to_marrow * blood / marrow
    few = (cells["8p"].sum() + cells["4p"].sum()) * 1e-6 < p["ttor"]
    returned = p["k0rev"] * max(1 - (b["p"] + naive) / p["Bmax"], 0.0) if few else 0.0
    c = ldc / blood
    from4 = p["kp4"] * pre4 * (1 - p["Emax4"] * c / (p["EC4"] + c))
    from8 = p["kp8"] * pre8 * (1 - p["Emax8"] * c / (p["EC8"] + c))
    h4, h8, hn = t4 * p["kout4"] / p["k04"], t8 * p["kout8"] / p["k08"], y[32] / p["nt0"]
    steps = 4 / p["mtt"] * y[28:33]
    made = steps[0] * (1 - p["EmaxN"] * c / (p["ECN"] + c)) * hn ** -p["gn"]
    a, i = antibody / p["dsDNA0"], ifn / p["ifn0"]
    ifn_change = p["kifn"] * (p["ifn0"] * a * hn - ifn)
    target = p["dsDNA0"] * b["p"] / p["Bp0"] * h4 * i ** p["gi4"]
    relative = p["kg"] - kill["p"] + (from4 - p["kout4"] * t4) / t4 + p["gi4"] * ifn_change / ifn
    antibody_change = target * relative + p["k_ab"] * (target - antibody) if b["p"] * 1e-6 > p["B_off"] else 0.0
    leak = (p["c30"] / c3) ** p["gptu"] * i ** p["gi8"] * np.exp(min(h8 + hn, 200))
    return np.array(
        [
            *(rate for key in ("8p", "4p", "8m", "4m") for rate in growth[key]),
            *(binding[key] for key in ("8p", "4p", "8m", "4m")),
            (p["kg"] - kill["p"]) * b["p"],
            returned,
            (p["kg"] - kill["m"]) * b["m"],
            -p["kel_ldc"] * ldc,
            p["k04"] - from4,
            from4 - p["kout4"] * t4,
            p["k08"] - from8,
            from8 - p["kout8"] * t8,
            made - steps[0],
            *(steps[:-1] - steps[1:]),
            ifn_change,
            antibody_change,
            p["kc3"] / p["per_kg"] * (1 - c3 / p["c30"] * a ** p["gc3"]),
            p["kptu"] / (p["urine"] * p["weight"]) * (leak - ptu / p["ptu0"]),
        ]
    )
