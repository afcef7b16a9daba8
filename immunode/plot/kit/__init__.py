"""What all figures share: style, text, labels, saving, provenance."""

from __future__ import annotations
