"""Programs as LLVM vector code, and its machine code."""

from __future__ import annotations
