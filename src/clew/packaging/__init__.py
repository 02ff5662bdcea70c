"""Models on disk: the MLmodel directory, signatures, flavors."""
