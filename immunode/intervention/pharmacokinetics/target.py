"""A target that binds a drug: full target-mediated disposition, and its quasi-steady-state form.

Full (Mager & Jusko 2001, doi:10.1023/A:1014414520282), with C = central/V1 and R = target/V1:

    central' = ... - CL C - kon C target + koff complex
    target' = ksyn V1 - kdeg target - kon C target + koff complex
    complex' = kon C target - (koff + kint) complex

Quasi-steady state (Gibiansky 2008, doi:10.1007/s10928-008-9102-8): binding is in balance at all times, with
KSS = (koff + kint)/kon; `central` and `target_total` are what is there in all, free and bound. The complex is the
stable root 2 Ctot Rtot/(Ctot + Rtot + KSS + sqrt((Ctot - Rtot)^2 + KSS (KSS + 2 Ctot + 2 Rtot))), free C = Ctot - RC.
"""

from __future__ import annotations

from dataclasses import dataclass

from immunode.errors import DoseError
from immunode.intervention.numbers import finite
from immunode.model.serial import register

TARGET_UNITS = {
    "ksyn": ("mass/volume/time", "production of the target"),
    "kdeg": ("1/time", "loss of free target"),
    "kint": ("1/time", "loss of the complex"),
    "kon": ("volume/mass/time", "binding"),
    "koff": ("1/time", "unbinding"),
    "KSS": ("mass/volume", "quasi-steady-state constant of binding"),
}


@register
@dataclass(frozen=True, slots=True)
class Target:
    """A target in the central compartment, in the drug's units (`mass` best in mol); made by `tmdd` and `qss`.

    The full form has kon and koff, the quasi-steady-state form KSS.

    Parameters
    ----------
    ksyn : float
        mass/volume/time.
    kdeg, kint, koff
        1/time.
    kon : float | None
        volume/mass/time.
    KSS : float | None
        mass/volume.

    Raises
    ------
    DoseError
        a number is missing or out of range.
    """

    ksyn: float
    kdeg: float
    kint: float
    kon: float | None = None
    koff: float | None = None
    KSS: float | None = None
    source: str = ""
    evidence: str = ""

    def __post_init__(self) -> None:
        full = self.kon is not None and self.koff is not None
        if full == (self.KSS is not None) or (self.kon is None) != (self.koff is None):
            raise DoseError("a target has kon and koff (full binding), or KSS (quasi-steady state)")
        for name in TARGET_UNITS:
            value = getattr(self, name)
            if value is None:
                continue
            number = finite(value)
            if number is None or number < 0 or (number == 0 and name in ("kdeg", "KSS")):
                low = "above 0" if name in ("kdeg", "KSS") else "0 or above"
                raise DoseError(f"target: {name} must be a number {low}, got {value!r}")
            object.__setattr__(self, name, number)

    @property
    def full(self) -> bool:
        """True for full binding, False for the quasi-steady state."""
        return self.KSS is None

    @property
    def baseline(self) -> float:
        """Concentration of the target without drug, ksyn/kdeg."""
        return self.ksyn / self.kdeg

    def quasi_steady(self) -> Target:
        """Return the quasi-steady-state form, with KSS = (koff + kint)/kon.

        Raises
        ------
        DoseError
            nothing binds (kon is 0), so that there is none.
        """
        if self.KSS is not None or self.kon is None or self.koff is None:
            return self
        if not self.kon:
            raise DoseError("target: without binding (kon = 0) there is no quasi-steady state")
        kss = (self.koff + self.kint) / self.kon
        return Target(self.ksyn, self.kdeg, self.kint, KSS=kss, source=self.source, evidence=self.evidence)


def tmdd(
    *, kon: float, koff: float, kint: float, ksyn: float, kdeg: float, source: str = "", evidence: str = ""
) -> Target:
    """Return a target with full binding; units as in `Target`."""
    return Target(ksyn, kdeg, kint, kon, koff, source=source, evidence=evidence)


def qss(*, KSS: float, kint: float, ksyn: float, kdeg: float, source: str = "", evidence: str = "") -> Target:
    """Return a target whose binding is in quasi-steady state; units as in `Target`."""
    return Target(ksyn, kdeg, kint, KSS=KSS, source=source, evidence=evidence)
