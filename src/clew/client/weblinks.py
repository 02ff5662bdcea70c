"""Addresses of pages of the web UI: of a Clew server, of an embedded store's own UI, of an MLflow server."""

from __future__ import annotations

from urllib.parse import quote

from clew import settings
from clew.client.link import Link
from clew.errors import shown
from clew.server.places import answers, places, read_info


def ui_address(link: Link) -> str:
    """Where a browser finds the UI of a tracking URI; "" while an embedded store has none running."""
    if not link.target.embedded:
        return shown(link.uri)
    info = read_info(places(link.uri, settings.read().spool).info)
    return info.urls[0] if info is not None and info.urls and answers(info.socket) else ""


def page_address(link: Link, base: str, experiment_id: str, run_id: str = "") -> str:
    """The page of a run, or of an experiment, in the UI at ``base``; its first page without either."""
    if link.kind == "mlflow":
        place = f"#/experiments/{quote(experiment_id)}" + (f"/runs/{quote(run_id)}" if run_id else "")
        return f"{base}/{place if experiment_id else ''}"
    if run_id:
        return f"{base}/runs/{quote(run_id)}"
    return f"{base}/experiments/{quote(experiment_id)}" if experiment_id else f"{base}/"
