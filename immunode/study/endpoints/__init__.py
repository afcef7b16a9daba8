"""Endpoints: one number a run, named as it is written. One file a kind; `endpoint` says what a kind has to know."""

from __future__ import annotations

from immunode.study.endpoints.area import auc
from immunode.study.endpoints.conditional import check_condition
from immunode.study.endpoints.endpoint import Endpoint
from immunode.study.endpoints.final_value import final
from immunode.study.endpoints.first_time import time_to
from immunode.study.endpoints.held_share import fraction_of_time
from immunode.study.endpoints.peak_time import time_of_peak
from immunode.study.endpoints.peak_value import peak
from immunode.study.endpoints.reading import KINDS, as_endpoints, check_endpoints, endpoint
from immunode.study.endpoints.start_change import change, percent_change
from immunode.study.endpoints.trough_value import trough
from immunode.study.endpoints.value_at import at

__all__ = [
    "KINDS",
    "Endpoint",
    "as_endpoints",
    "at",
    "auc",
    "change",
    "check_condition",
    "check_endpoints",
    "endpoint",
    "final",
    "fraction_of_time",
    "peak",
    "percent_change",
    "time_of_peak",
    "time_to",
    "trough",
]
