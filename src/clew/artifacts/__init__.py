"""Files of runs and models, on disk or in an object store."""
