"""Assignments that grade a student's model by its properties."""

from __future__ import annotations
