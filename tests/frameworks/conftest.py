"""Tests of what works with the ML frameworks: run by ``make test-frameworks``, in the environment that holds them."""

from __future__ import annotations

import importlib.util
import os

from integrations.conftest import experiment, runs, store_uri
from interop.conftest import clew_server_sqlite, peer_python

__all__ = ["clew_server_sqlite", "experiment", "peer_python", "runs", "store_uri"]

os.environ.setdefault("KERAS_BACKEND", "torch")  # Keras asks when it is imported
os.environ.setdefault("HF_HUB_OFFLINE", "1")

collect_ignore_glob = [] if importlib.util.find_spec("torch") else ["*"]
