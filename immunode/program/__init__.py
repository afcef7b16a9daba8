"""Lowering of models to programs, and the code written from them."""

from __future__ import annotations

from immunode.program.lowering import lower
from immunode.program.numpy.functions import Functions, compile_numpy
from immunode.program.numpy.source import numpy_source
from immunode.program.program import Break, Change, Delay, Program, Trigger

__all__ = ["Break", "Change", "Delay", "Functions", "Program", "Trigger", "compile_numpy", "lower", "numpy_source"]
