"""Tests of what works with the ML frameworks: run by ``make test-frameworks``, in the environment that holds them."""

from __future__ import annotations

import importlib.util

from integrations.conftest import experiment, runs, store_uri
from interop.conftest import clew_server_sqlite, peer_python

__all__ = ["clew_server_sqlite", "experiment", "peer_python", "runs", "store_uri"]

collect_ignore_glob = [] if importlib.util.find_spec("torch") else ["*"]
