"""Datasets as objects: what a run read, described by name, digest, schema, profile and source."""
