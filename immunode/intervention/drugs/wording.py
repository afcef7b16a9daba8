"""Pharmacokinetics in words, for cards and tables."""

from __future__ import annotations

from immunode.intervention.pharmacokinetics.compartments import PK
from immunode.intervention.pharmacokinetics.covariates import Covariate
from immunode.intervention.pharmacokinetics.occasions import OccasionVariability
from immunode.intervention.times import SHORT

_FORMS = {
    "": "({x}/{ref})^{k}",
    "slope": "1 + {k} ({x} - {ref})",
    "two slopes": "1 + {k} ({x} - {ref}), above {ref} 1 + {above} ({x} - {ref})",
    "power of x + 1": "(({x} + 1)/({ref} + 1))^{k}",
    "power of logarithms": "(ln {x}/ln {ref})^{k}",
    "slope of logarithms": "1 + {k} ln({x}/{ref})",
    "exponential": "exp({k} ({x} - {ref}))",
}


def kinetics_words(pk: PK) -> str:
    """Return pharmacokinetics in one line: "2 compartments, half-life 16.3 d"."""
    words = f"{pk.compartments} compartment{'s' if pk.compartments > 1 else ''}"
    words += f", half-life {pk.half_life:.3g} {SHORT[pk.time]}" if pk.CL else ""
    words += " (linear part)" if pk.CL and (pk.Vmax or pk.target) else ""
    words += ", a target that binds it" if pk.target else ""
    words += ", effect compartment" if pk.ke0 is not None else ""
    words += f"; becomes {', '.join(one.name for one in pk.products)}" if pk.products else ""
    return words + (", C has a baseline that acts on nothing" if pk.C0 is not None else "")


def dose_words(regimen: object, weight: float | None, area: float | None) -> str:
    """Return doses with the patient's size: "5 mg/kg iv q8w at 70 kg"; "" without a regimen."""
    if regimen is None:
        return ""
    sizes = [f"{size:g} {unit}" for size, unit in ((weight, "kg"), (area, "m2")) if size is not None]
    return f"{regimen} at {', '.join(sizes)}" if sizes else str(regimen)


def covariate_words(one: Covariate) -> str:
    """Return what a covariate multiplies, such as "CL (albumin/41)^-1.54" or "CL x1.471, V1 x0.863"."""
    if one.reference is None:
        return ", ".join(f"{target} x{size:.4g}" for target, size in one.on)
    above = dict(one.above)
    said = {"x": one.name, "ref": f"{one.reference:g}"}
    return ", ".join(
        f"{target} " + _FORMS[one.form].format(**said, k=f"{size:g}", above=f"{above.get(target, 0.0):g}")
        for target, size in one.on
    )


def occasion_words(one: OccasionVariability) -> str:
    """Return a random effect of occasions in words: "log scale, SD 0.22 (CV 22.1 %)"."""
    return f"log scale, SD {one.spread:.4g}" + (f" (CV {100 * one.cv:g} %)" if one.cv else "")
