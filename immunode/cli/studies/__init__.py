"""What verbs do once the line was read: runs, samples, tables and files. These modules load SciPy; verbs do so late."""
