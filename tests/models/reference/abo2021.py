"""The equations of Abo and Layton 2021 written by hand from the package's specification."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import all_of, becomes, times_

STATES = (
    "Per_m", "Cry_m", "Rev_m", "Ror_m", "Bmal_m", "PER", "CRY", "REV", "ROR", "BMAL", "PERCRY", "CLOCKBMAL",
    "P", "N", "D", "IL6", "TNF", "IL10", "YIL10", "CA",
)  # fmt: skip
ARMS = {
    "shift_work_male": becomes(v_per=2.6, v_rev=1.9),
    "shift_work_female": becomes(v_per=3.54, v_cry=1.6, v_rev=0.25, v_bmal=0.52),
    "lps_3": becomes(lps_dose=3),
    "lps_6": becomes(lps_dose=6),
    "lps_12": becomes(lps_dose=12),
    "rev_erb_agonist": times_("kp_rev", 2),
    "rev_knockout": becomes(vmax_rev=0),
    "cry_knockout": becomes(vmax_cry=0),
    "ror_knockout": becomes(vmax_ror=0),
    "glucocorticoid": all_of(times_("kIL6", 0.5, 0, 24), times_("kTNF", 0.5, 0, 24)),
    "il10_therapy": times_("sIL10", 2, 0, 24),
}
GENES = ("per", "cry", "rev", "ror", "bmal")


def up(x: float, k: float, h: float = 1) -> float:
    """Return a rising Hill function."""
    return x**h / (k**h + x**h)


def dn(x: float, k: float, h: float = 1) -> float:
    """Return a falling Hill function."""
    return k**h / (k**h + x**h)


def clock(t: float, y: NDArray[np.float64], p: Mapping[str, float]) -> list[float]:
    """Return the derivatives of the five mRNA, five proteins and two complexes, in nM per hour."""
    mrna, protein, percry, clockbmal = y[:5], y[5:10], y[10], y[11]
    v = {"per": p["v_per"], "cry": p["v_cry"], "rev": p["v_rev"], "ror": 1.0, "bmal": p["v_bmal"]}
    running = p["t_lps"] <= t < p["t_lps"] + p["lps_lasts"]
    lps = p["lps_dose"] * (1 - (t - p["t_lps"]) / p["lps_lasts"]) if running else 0.0
    made = []
    for gene in GENES[:4]:
        r = (clockbmal / p[f"ka_{gene}_cb"]) ** p[f"h_{gene}_cb"]
        blocked = (percry / p[f"ki_{gene}_pc"]) ** p[f"h_{gene}_pc"]
        made.append(v[gene] * p[f"vmax_{gene}"] * (1 + p[f"fold_{gene}"] * r) / (1 + r * (1 + blocked)))
    rev = {gene: (protein[2] / (p["v_rev"] * p[f"ki_{gene}_rev"])) ** p[f"h_{gene}_rev"] for gene in ("cry", "bmal")}
    made[1] /= 1 + rev["cry"]
    r = (protein[3] / p["ka_bmal_ror"]) ** p["h_bmal_ror"]
    made.append(v["bmal"] * p["vmax_bmal"] * (1 + p["fold_bmal"] * r) / (1 + rev["bmal"] + r) * dn(lps, p["xP"]))
    w = p["v_per"] * p["v_cry"]
    pc = p["kass_pc"] / w * protein[0] * protein[1] - w * p["kdiss_pc"] * percry
    cb = p["kass_cb"] / p["v_bmal"] * protein[4] - p["v_bmal"] * p["kdiss_cb"] * clockbmal
    taken = (pc, pc, 0.0, 0.0, cb)
    d_mrna = [made[i] - p[f"dm_{gene}"] * mrna[i] for i, gene in enumerate(GENES)]
    d_protein = [p[f"kp_{gene}"] * mrna[i] - p[f"dp_{gene}"] * protein[i] - taken[i] for i, gene in enumerate(GENES)]
    return [*d_mrna, *d_protein, pc - p["d_pc"] * percry, cb - p["d_cb"] * clockbmal]


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives per hour of the clock, LPS, phagocytes, damage and cytokines."""
    y = np.asarray(y, float)
    cry, rev, ror = y[6], y[7], y[8]
    lps, n, d, il6, tnf, il10, slow, ca = y[12:]
    signal = (p["kNP"] * lps + p["kND"] * d) * (1 + p["kNTNF"] * up(tnf, p["xNTNF"]))
    signal *= (1 + p["kNIL6"] * up(il6, p["xNIL6"])) * dn(ca, p["xNCA"]) * dn(il10, p["xNIL10"])
    make_6 = p["kIL6"] * up(n, p["xIL6"], 4)
    make_6 *= 1 + p["kIL6TNF"] * up(tnf, p["xIL6TNF"]) + p["kIL6IL6"] * up(il6, p["xIL6IL6"])
    make_6 *= dn(il10, p["xIL6IL10"]) * dn(ca, p["xIL6CA"]) * dn(rev, p["xIL6REV"])
    make_tnf = p["kTNF"] * n**1.5 * (1 + p["kTNFTNF"] * up(tnf, p["xTNFTNF"])) * dn(ca, p["xTNFCA"], 6)
    make_tnf *= dn(il10, p["xTNFIL10"]) * dn(il6, p["xTNFIL6"]) * dn(ror, p["xTNFROR"]) * dn(cry, p["xTNFCRY"])
    make_10 = p["kIL10"] * up(n, p["xIL10"], 3)
    make_10 *= 1 + p["kIL10IL6"] * up(il6, p["xIL10IL6"], 4) + p["kIL10TNF"] * up(tnf, p["xIL10TNF"])
    make_10 *= dn(rev, p["xIL10REV"])
    return np.array(
        [
            *clock(t, y, p),
            -p["dp"] * lps,
            p["kN"] * signal / (p["xN"] + signal) - p["dN"] * n,
            p["kD"] * up(il6, p["xD"], 4) + p["kP"] * up(lps, p["xP"]) - p["dD"] * d,
            make_6 - p["dIL6"] * il6,
            make_tnf - p["dTNF"] * tnf,
            make_10 + slow + p["sIL10"] - p["dIL10"] * p["xIL10d"] / (p["xIL10d"] + il10) * il10,
            p["kIL102"] * up(d, p["xIL102"], 4) - p["dIL102"] * slow,
            p["kCA"] * n + p["sCA"] - p["dCA"] * ca,
        ]
    )
