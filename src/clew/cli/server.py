"""``clew server`` and ``clew ui``: the same host of a store, for a team or for oneself."""

from __future__ import annotations

import os
import re

import click

from clew.cli.ports import check_port, next_free_port
from clew.errors import ForeignStore, InvalidValue

DEFAULT_PORT = 5000
_DRIVER = re.compile(r"^(?:postgres|postgresql)(?:\+\w+)?://")

host_option = click.option(
    "--host", "-h", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 for all."
)


@click.command(context_settings={"help_option_names": ["--help"]})
@host_option
@click.option(
    "--port", "-p", type=int, default=DEFAULT_PORT, show_default=True, help="First port to try; the next free is taken."
)
@click.option("--store", default="", metavar="FOLDER|URI", help="Store to open. Default: ./.clew.")
@click.option("--open/--no-open", "browse", default=False, show_default=True, help="Open it in the web browser.")
def ui(host: str, port: int, store: str, browse: bool) -> None:
    """Open the web UI of the store in this folder."""
    from clew.client.target import resolve
    from clew.server.host import serve

    url = resolve(store)
    if url.startswith(("http://", "https://")):
        raise InvalidValue(f"{store} is a server, which has its own web UI: open that address in a browser.")
    serve(url, host=host, port=next_free_port(host, port))


@click.command(context_settings={"help_option_names": ["--help"]})
@host_option
@click.option("--port", "-p", type=int, default=DEFAULT_PORT, show_default=True, help="Port to listen on.")
@click.option(
    "--backend-store-uri",
    default="",
    metavar="URI",
    help="Where runs are kept: sqlite:///file.db, postgresql://user@host/name or a folder. Default: ./.clew.",
)
@click.option(
    "--default-artifact-root",
    default="mlflow-artifacts:/",
    show_default=True,
    metavar="URI",
    help="Prefix of new experiments' artifact locations.",
)
@click.option(
    "--artifacts-destination",
    default=None,
    metavar="URI",
    help="Where the server keeps artifacts that clients send it. Default: beside the store; "
    "./mlartifacts with PostgreSQL.",
)
@click.option("--static-prefix", default="", metavar="PATH", help="Path under which everything is served, e.g. /clew.")
@click.option("--workers", "-w", type=click.IntRange(min=1), default=1, show_default=True, help="Server processes.")
@click.option(
    "--allowed-hosts",
    default="",
    metavar="NAMES",
    help="Host names that clients may use, with commas; * as a wildcard. Loopback and private addresses always may.",
)
def server(
    host: str,
    port: int,
    backend_store_uri: str,
    default_artifact_root: str,
    artifacts_destination: str | None,
    static_prefix: str,
    workers: int,
    allowed_hosts: str,
) -> None:
    """Serve a store to a team: API and web UI. The options have MLflow's names and meanings."""
