"""PEtab: problems of parameter estimation, read (version 1 and 2) and written (version 2)."""

from __future__ import annotations

from immunode.exchange.petab.problem import PetabProblem
from immunode.exchange.petab.reading import read_petab
from immunode.exchange.petab.writing import write_petab

__all__ = ["PetabProblem", "read_petab", "write_petab"]
