"""From a plan to its results: checked, cut into blocks, computed, collected."""

from __future__ import annotations
