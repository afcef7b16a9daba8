"""Events that fire on states, in kernels and between their calls."""
