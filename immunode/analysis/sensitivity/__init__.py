"""What matters: local, screening, variance and sample-based sensitivity; the evidence ledger."""

from __future__ import annotations
