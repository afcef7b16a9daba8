"""What to say where a drug of the library is named in a place that takes something else."""

from __future__ import annotations


def drug_hint(name: str) -> str:
    """Return how an arm takes a drug of the library, to end a message; "" where `name` is no drug that is known."""
    from immunode.intervention.drugs.library import ELSEWHERE, LIBRARY, drug_name  # makes the whole library

    meant = drug_name(name)
    if meant in ELSEWHERE:
        return f"; it is a drug, and none of the library: {ELSEWHERE[meant]}"
    if meant not in LIBRARY:
        return ""
    return (
        f"; it is a drug of the library, which needs an effect on a parameter and is given in Python: "
        f"arms={{'{meant}': [im.drug('{meant}').usual().inhibit('k', imax=0.9, ic50=5)]}}, for a parameter 'k'"
    )
