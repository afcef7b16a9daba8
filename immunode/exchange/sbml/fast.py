"""Fast reactions: in equilibrium at all times."""

from __future__ import annotations

from immunode.exchange.sbml.frame import Reading


def resolve_fast(reading: Reading) -> None:
    """Replace fast reactions (`flux.fast`) among `reading.fluxes`; called when all quantities and fluxes are there."""
    for flux in reading.fluxes.values():
        if flux.fast:
            raise reading.error(f"reaction '{flux.name}'", "fast reactions are not read here")
