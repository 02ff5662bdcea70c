"""``clew.tracking``: the client class and the tracking URI under the names that scripts import."""

from __future__ import annotations

import sys

from clew.client.address import get_tracking_uri, is_tracking_uri_set, set_tracking_uri
from clew.client.api import ClewClient, MlflowClient

__all__ = ["ClewClient", "MlflowClient", "get_tracking_uri", "is_tracking_uri_set", "set_tracking_uri"]

# Scripts also write: from clew.tracking.client import MlflowClient.
sys.modules[f"{__name__}.client"] = sys.modules[__name__]
