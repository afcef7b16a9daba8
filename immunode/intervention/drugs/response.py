"""Indirect response: a drug that acts on the making or the loss of what is measured.

    R' = kin - kout R, R(0) = kin/kout; the drug inhibits kin (I), inhibits kout (II), stimulates kin (III) or
    stimulates kout (IV), through Emax/Hill.

Source: Dayneka, Garg & Jusko 1993, doi:10.1007/BF01061691.
"""

from __future__ import annotations

from immunode.errors import DoseError, did_you_mean
from immunode.intervention.drugs.drug import Drug
from immunode.intervention.numbers import finite
from immunode.model import Model, Parameter, Process, State

KINDS = {"I": ("inhibit", "kin"), "II": ("inhibit", "kout"), "III": ("stimulate", "kin"), "IV": ("stimulate", "kout")}
_SOURCE = "assumed: chosen by the caller"


def turnover(
    kin: float, kout: float, *, unit: str = "", time_unit: str = "day", name: str = "turnover", source: str = ""
) -> Model:
    """Return the model R' = kin - kout R at its steady state.

    Parameters
    ----------
    kin : float
        unit/time.
    kout : float
        1/time.

    Raises
    ------
    DoseError
        kout is not above 0.
    """
    if finite(kout) is None or kout <= 0:
        raise DoseError(f"turnover: kout must be above 0, got {kout!r}; there is no steady state without loss")
    authority, evidence = source or _SOURCE, "" if source else "assumed"
    return Model(
        name=name,
        title="Turnover of one quantity",
        time_unit=time_unit,
        states=[State("R", "kin/kout", unit, "response", "signal", source="steady state")],
        parameters=[
            Parameter("kin", kin, f"{unit or '1'}/{time_unit}", "production", authority, evidence),
            Parameter("kout", kout, f"1/{time_unit}", "fractional loss", authority, evidence),
        ],
        processes=[Process("production", "-> R", "kin", "made"), Process("loss", "R ->", "kout*R", "lost")],
        readouts=["R"],
    )


def indirect_response(
    drug: Drug,
    kind: str,
    size: float,
    half: float | str,
    hill: float = 1.0,
    *,
    kin: str = "kin",
    kout: str = "kout",
    source: str = "",
) -> Drug:
    """Return the drug with an indirect response of `kind` "I", "II", "III" or "IV".

    Parameters
    ----------
    size : float
        imax in [0, 1] for I and II, emax for III and IV.
    half : float | str
        ic50 or ec50 in the drug's concentration.
    kin, kout : str
        names of the parameters of production and loss in the model that it will meet.

    Raises
    ------
    DoseError
        the kind is none of the four.
    """
    if kind not in KINDS:
        raise DoseError(f"unknown indirect response '{kind}'{did_you_mean(kind, KINDS) or '; known: I, II, III, IV'}")
    verb, place = KINDS[kind]
    target = kin if place == "kin" else kout
    if verb == "inhibit":
        return drug.inhibit(target, size, half, hill, source=source)
    return drug.stimulate(target, size, half, hill, source=source)
