"""Which parameters matter: local and global sensitivity, screening, and the evidence behind numbers."""

# names only, to import and to complete; what they stand for is in analysis/sensitivity/

from __future__ import annotations

from immunode.analysis.sensitivity.forward import Sensitivities, sensitivities
from immunode.analysis.sensitivity.forward_batch import SensitivityBatch, sensitivity_batch
from immunode.analysis.sensitivity.from_samples import prcc, regional
from immunode.analysis.sensitivity.ledger import EvidenceLedger, evidence_ledger
from immunode.analysis.sensitivity.local import Tornado, local_sensitivity, tornado
from immunode.analysis.sensitivity.responses import Series
from immunode.analysis.sensitivity.result import Sensitivity
from immunode.analysis.sensitivity.screening import morris
from immunode.analysis.sensitivity.variance import saltelli, sobol_indices

__all__ = [
    "local_sensitivity", "sensitivities", "sensitivity_batch", "tornado", "morris", "sobol_indices", "saltelli", "prcc",
    "regional", "evidence_ledger", "Sensitivity", "Sensitivities", "SensitivityBatch", "Tornado", "EvidenceLedger",
    "Series",
]  # fmt: skip
