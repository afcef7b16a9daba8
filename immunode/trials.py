"""Virtual trials: responders, measurements, published trials beside the model, and weights of prevalence."""

# names only, to import and to complete; what they stand for is in analysis/trials/

from __future__ import annotations

from immunode.analysis.trials.measurement import measured
from immunode.analysis.trials.prevalence import Prevalence, prevalence_weights
from immunode.analysis.trials.responder_shares import Responders
from immunode.analysis.trials.validation import Validation
from immunode.analysis.trials.verdicts import Verdict
from immunode.study.populations import Acceptance

__all__ = [
    "Responders", "prevalence_weights", "Prevalence", "Acceptance", "measured", "Validation", "Verdict",
]  # fmt: skip
