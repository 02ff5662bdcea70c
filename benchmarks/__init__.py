"""Benchmarks: ``python -m benchmarks [name …] [--json] [--full]``; each script says what it measures."""
