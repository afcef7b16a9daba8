"""Files of other tools: SBML, Antimony, COMBINE archives, PEtab, sheets, and pages that run a model."""

# names only, to import and to complete; what they stand for is in exchange/

from __future__ import annotations

from immunode.app.web_page import write_page
from immunode.exchange.antimony import read_antimony, write_antimony
from immunode.exchange.omex import read_omex, write_omex
from immunode.exchange.petab.priors import Prior
from immunode.exchange.petab.problem import PetabProblem
from immunode.exchange.petab.reading import read_petab
from immunode.exchange.petab.writing import write_petab
from immunode.exchange.sbml.reading.reader import read_sbml
from immunode.exchange.sbml.writing.writer import write_sbml
from immunode.exchange.scripts.files import write_script
from immunode.exchange.scripts.reading import read_script
from immunode.exchange.sheets import sheet

__all__ = [
    "read_sbml", "write_sbml", "read_antimony", "write_antimony", "read_omex", "write_omex", "read_petab",
    "write_petab", "PetabProblem", "Prior", "sheet", "write_page", "write_script",
    "read_script",
]  # fmt: skip
