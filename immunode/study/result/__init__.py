"""What a study gave: tables, labelled arrays, differences, selections."""

from __future__ import annotations
