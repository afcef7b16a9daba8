"""What steps must be so that whole runs are as exact as asked for."""

from __future__ import annotations
