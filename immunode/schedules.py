"""Schedules: when an intervention acts, and how strongly."""

# names only, to import and to complete; what they stand for is in intervention/

from __future__ import annotations

from immunode.intervention.rules import Rule
from immunode.intervention.schedule import Pulses, Rhythm, Schedule, Trip
from immunode.intervention.sequences import sequence, shifted
from immunode.intervention.shapes import at_times, bouts, cycles, daily, jet_lag, nights, seasons, to_target, weekly

__all__ = [
    "at_times", "cycles", "to_target", "daily", "weekly", "seasons", "jet_lag", "bouts", "nights", "sequence",
    "shifted", "Schedule", "Pulses", "Rhythm", "Trip", "Rule",
]  # fmt: skip
