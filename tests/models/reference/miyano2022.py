"""The equations of Miyano et al. 2022 written by hand, and the virtual population of the authors' code."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import Values, all_of, becomes, plus

STATES = ("s", "P", "Th1", "Th2", "Th17", "Th22", "IL4", "IL13", "IL17", "IL22", "IL31", "IFNg", "TSLP", "OX40L")
ARMS = {
    name: all_of(plus("trial", 1), becomes(**changes))
    for name, changes in {
        "placebo": Values(),
        "dupilumab": Values(r_IL4=0.99, r_IL13=0.99),
        "lebrikizumab": Values(r_IL13=0.99),
        "tralokinumab": Values(r_IL13=0.99 * 0.4396),
        "secukinumab": Values(r_IL17=0.99),
        "fezakinumab": Values(r_IL22=0.99),
        "nemolizumab": Values(r_IL31=0.99),
        "tezepelumab": Values(r_TSLP=0.99),
        "gbr830": Values(r_OX40L=0.99),
        "rifng": Values(c_IFN=210),
        "il13_il22": Values(r_IL13=0.99, r_IL22=0.99),
    }.items()
}
# Name, mu and sigma of the logarithm of each rate constant, in the order in which the authors' code draws them.
POPULATION = (
    ("k1", 0.537, 0.793),
    ("k2", -1.5, 0.39),
    ("k3", 2.95, 1.42),
    ("b1", -8.69, 0.575),
    ("b2", -3.54, 1.58),
    ("b3", -3.92, 0.349),
    ("b4", -0.595, 0.798),
    ("b5", -2.09, 0.903),
    ("d1", -1.599, 1.53),
    ("d2", -2.64, 0.567),
    ("d3", 1.25, 2.28),
    ("b6", 0.395, 0.444),
    ("d4", -1, 0.474),
    ("d5", -5.1, 0.445),
    ("d6", -5.01, 0.389),
    ("d7", -8.7, 0.62),
    ("b7", -7.99, 0.092),
    ("b8", -3.5, 0.048),
    ("d8", -1.599, 0.0357),
    ("k5", 2.95, 0.0379),
    ("k9", -3.32, 0.994),
    ("d9", -0.5482, 0.0883),
    ("b9", -2.66, 0.3),
    ("k6", 3.89, 0.00306),
    ("k10", -5.82, 0.0675),
    ("k7", 2.6, 0.0697),
    ("k8", 4.83, 0.475),
    ("k11", 5.5, 0.163),
    ("k12", 9.25, 0.506),
    ("d10", 5.908, 0.219),
    ("k13", 6.65, 0.37),
    ("k14", 8.84, 0.454),
    ("d11", 5.908, 0.111),
    ("k15", 4.01, 0.268),
    ("k16", 2.64, 0.85),
    ("d12", 3.332, 0.571),
    ("k17", 1.19, 0.206),
    ("k18", 1.46, 0.0277),
    ("d13", 3.332, 0.561),
    ("k19", 1.54, 0.187),
    ("k20", 1.99, 0.576),
    ("d14", 3.332, 0.1),
    ("k21", 0.459, 1),
    ("k22", 2.62, 0.353),
    ("d15", 2.681, 0.146),
    ("k23", 4, 0.522),
    ("k24", 4.43, 0.649),
    ("d16", 3.332, 0.204),
    ("k25", 0.421, 0.481),
    ("k26", 1.68, 0.78),
    ("d17", 0.4824, 0.236),
)


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives per week; being in more than one trial counts as one."""
    s, pathogen, th1, th2, th17, th22, il4, il13, il17, il22, il31, ifng, tslp, ox40l = np.asarray(y, float)
    i4, i13, i17 = (1 - p["r_IL4"]) * il4, (1 - p["r_IL13"]) * il13, (1 - p["r_IL17"]) * il17
    i22, i31 = (1 - p["r_IL22"]) * il22, (1 - p["r_IL31"]) * il31
    ifn = ifng + p["c_IFN"]
    brakes = (1 + p["b1"] * i4) * (1 + p["b2"] * i13) * (1 + p["b3"] * i17) * (1 + p["b4"] * i22) * (1 + p["b5"] * i31)
    repair = (1 - s) * (p["k1"] + p["k2"] * i22 + p["k3"] * min(p["trial"], 1)) / brakes
    damage = s * (p["d1"] * (1 + p["d3"] * pathogen) + p["d2"] * i31)
    killing = (1 + p["d4"] * pathogen) * (1 + p["d5"] * i17) * (1 + p["d6"] * i22) * (1 + p["d7"] * ifn)
    killing = p["c_P"] * killing / ((1 + p["b7"] * i4) * (1 + p["b8"] * i13))
    total = 4 + p["k9"] * ifn + p["k10"] * i4
    loss = p["d9"] / (1 + p["b9"] * (1 - p["r_OX40L"]) * ox40l)
    return np.array([
        repair - damage,
        p["d8"] / (1 + p["b6"] * s) - pathogen * (killing + p["d8"]),
        p["k5"] * pathogen * (1 + p["k9"] * ifn) / total - loss * th1,
        p["k6"] * pathogen * (1 + p["k10"] * i4) / total - loss * th2,
        p["k7"] * pathogen / total - loss * th17,
        p["k8"] * pathogen / total - loss * th22,
        p["k11"] * th2 + p["k12"] - p["d10"] * il4,
        p["k13"] * th2 + p["k14"] - p["d11"] * il13,
        p["k15"] * th17 + p["k16"] - p["d12"] * il17,
        p["k17"] * th22 + p["k18"] - p["d13"] * il22,
        p["k19"] * th2 + p["k20"] - p["d14"] * il31,
        p["k21"] * th1 + p["k22"] - p["d15"] * ifng,
        p["k23"] * pathogen + p["k24"] - p["d16"] * tslp,
        p["k25"] * (1 - p["r_TSLP"]) * tslp + p["k26"] - p["d17"] * ox40l,
    ])  # fmt: skip
