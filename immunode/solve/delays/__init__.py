"""Delay equations: where their solutions are not smooth, common to the engines that solve them."""

from __future__ import annotations
