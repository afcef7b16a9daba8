"""What a population fit holds, says, and draws."""

from __future__ import annotations
