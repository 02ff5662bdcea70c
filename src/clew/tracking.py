"""``clew.tracking``: the client class and the tracking URI under the names that scripts import."""

from __future__ import annotations

from clew.client.api import ClewClient, MlflowClient
from clew.client.fluent import get_tracking_uri, is_tracking_uri_set, set_tracking_uri

__all__ = ["ClewClient", "MlflowClient", "get_tracking_uri", "is_tracking_uri_set", "set_tracking_uri"]
