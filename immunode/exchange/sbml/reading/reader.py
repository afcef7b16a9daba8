"""From an SBML file to a Model: every element becomes a general record of the declaration.

The order of work: `Reading` collects ids, rules and changes; `quantities`, `reactions`, `events` (and `algebraic`,
`fast`, `delay` where the file has such) turn elements into records with expressions; `initial` finds initial values in
terms of parameters; `assembly` writes the texts and makes the Model.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from immunode.exchange.sbml.reading.algebraic import match_algebraic, solve_algebraic
from immunode.exchange.sbml.reading.assembly import assemble
from immunode.exchange.sbml.reading.document import open_document
from immunode.exchange.sbml.reading.events import read_events
from immunode.exchange.sbml.reading.fast import hasten
from immunode.exchange.sbml.reading.quantities import read_quantities
from immunode.exchange.sbml.reading.reactions import read_reactions
from immunode.exchange.sbml.reading.state import Reading
from immunode.exchange.sbml.round_trip import lay_over, recall
from immunode.model import Model


def read_sbml(path_or_text: str | os.PathLike[str], name: str = "") -> Model:
    """Return the model of an SBML file, Level 1 to 3.

    Species are states, or parameters where nothing changes them; parameters of a reaction J are `J.k`. What is odd
    about the file is in `remarks`. Nothing is executed, fetched or written.

    Parameters
    ----------
    path_or_text : str | path
        the path of a file, or the XML text itself.
    name : str
        of the model; default the file's, or the id that the file gives it.

    Raises
    ------
    ModelError
        there is no such file, it is no SBML, or a part can't be honored; the message names the element.

    References
    ----------
    Hucka et al. 2019, SBML Level 3 Version 2 Core, doi:10.1515/jib-2019-0021
    """
    document, label, remarks = open_document(path_or_text)
    own = recall(document)
    if own is not None:
        return own.replace(name=name) if name else own
    reading = Reading(document, label, remarks)
    read_elements(reading)
    return lay_over(assembled(reading, name or model_name(reading.sbml, label)), document)


def read_elements(reading: Reading) -> None:
    """Turn all elements of a file into quantities, fluxes and events of its reading."""
    unknowns = match_algebraic(reading)
    read_quantities(reading)
    read_reactions(reading)
    solve_algebraic(reading, unknowns)
    read_events(reading)


def assembled(reading: Reading, name: str) -> Model:
    """Return the Model of a reading whose elements are read."""
    return hasten(assemble(reading, name), reading)


def model_name(sbml: Any, label: str) -> str:
    """Return what the model of a file is called: as the file, or as its id says."""
    stem = Path(label).stem if label != "SBML text" else ""
    return str(stem or sbml.getId() or sbml.getName() or "sbml")
