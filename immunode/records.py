"""Records of a model beyond the common ones, and functions that make many records at once."""

# names only, to import and to complete; what they stand for is in model/

from __future__ import annotations

from immunode.catalogue import Entry
from immunode.intervention.expand.contribution import Draft
from immunode.model.declaration import Act, Contribution, Declaration
from immunode.model.records import Effect, Requirement
from immunode.model.serial import register
from immunode.model.sources import parameter_table, sourced
from immunode.model.transit_chains import Chain, transit_chain
from immunode.model.views.report import Finding, Report

__all__ = [
    "transit_chain", "Chain", "sourced", "parameter_table", "Declaration", "Contribution", "Act", "Draft", "register",
    "Effect", "Requirement", "Report", "Finding", "Entry",
]  # fmt: skip
