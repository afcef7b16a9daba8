"""What treatments do: combinations, dose response, sequences, explanations, regimens."""

from __future__ import annotations
