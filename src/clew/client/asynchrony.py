"""MLflow's switches of asynchronous logging: Clew always logs behind the call, so they only wait, or do nothing."""

from __future__ import annotations

from clew.client.address import flush


def enable_async_logging(enable: bool = True) -> None:
    """Accepted for MLflow's sake: a log call never waits for the server, whatever this says."""
    del enable


def flush_async_logging() -> None:
    """Wait until the server has what this process logged."""
    flush()


def flush_artifact_async_logging() -> None:
    """Wait until the server has the images that travel behind their calls, and everything else."""
    flush()
