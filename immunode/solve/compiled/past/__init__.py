"""The past of lanes in kernels: a ring of steps for each, and the breaking points ahead."""
