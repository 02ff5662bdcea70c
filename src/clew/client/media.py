"""The fluent functions on histograms, sounds, films and alerts: the client's calls, on the active run."""

from __future__ import annotations

from clew.client.api import ClewClient
from clew.client.files import on_active_run

log_histogram = on_active_run(ClewClient.log_histogram)
log_audio = on_active_run(ClewClient.log_audio)
log_video = on_active_run(ClewClient.log_video)
alert = on_active_run(ClewClient.alert)
