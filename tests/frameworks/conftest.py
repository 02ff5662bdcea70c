"""Tests of what works with the ML frameworks: run by ``make test-frameworks``, in the environment that holds them."""

from __future__ import annotations

import importlib.util

collect_ignore_glob = [] if importlib.util.find_spec("torch") else ["*"]
