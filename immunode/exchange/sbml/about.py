"""What an SBML file says about itself: title, reference, description."""

from __future__ import annotations

from immunode.exchange.sbml.frame import Reading


def facts(reading: Reading) -> dict[str, str]:
    """Return the fields of the Model that describe it."""
    title = " ".join((reading.sbml.getName() or "").split())
    return {"title": title}
