"""``clew server`` and ``clew ui``: the same host of a store, for a team or for oneself."""

from __future__ import annotations

import re
from typing import Literal

import click

from clew.cli.options import Age
from clew.errors import InvalidValue

DEFAULT_PORT = 5000
POSTGRES_ARTIFACTS = "./mlartifacts"
# SQLAlchemy's form of the address, which start scripts for MLflow have.
_DRIVER = re.compile(r"^(postgres(?:ql)?|sqlite)\+\w+(?=:)")

_help_only_long = {"help_option_names": ["--help"]}
host_option = click.option(
    "--host", "-h", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 for all."
)
port_type = click.IntRange(0, 65_535)
frames_option = click.option(
    "--frame-ancestors",
    multiple=True,
    metavar="ORIGIN",
    help="Whose pages may show the UI in a frame, e.g. https://notebooks.example. Default: nobody's.",
)


@click.command(context_settings=_help_only_long)
@host_option
@click.option(
    "--port",
    "-p",
    type=port_type,
    default=DEFAULT_PORT,
    show_default=True,
    help="Port; the next free one if it is taken.",
)
@click.option("--store", default="", metavar="FOLDER|URI", help="Store to open. Default: ./.clew.")
@click.option("--open/--no-open", "browse", default=False, show_default=True, help="Open it in the web browser.")
@frames_option
def ui(host: str, port: int, store: str, browse: bool, frame_ancestors: tuple[str, ...]) -> None:
    """Open the web UI of the store in this folder."""
    from clew.server.host import serve

    url = store_url(store)

    def announce(urls: list[str]) -> None:
        _say(url, urls)
        if browse:
            click.launch(urls[0])

    serve(
        url,
        host=host,
        port=port,
        next_free_port=True,
        artifacts_destination=_artifacts(url),
        frame_ancestors=frame_ancestors,
        announce=announce,
    )


@click.command(context_settings=_help_only_long)
@host_option
@click.option("--port", "-p", type=port_type, default=DEFAULT_PORT, show_default=True, help="Port to listen on.")
@click.option(
    "--backend-store-uri",
    default="",
    metavar="URI",
    help="Where runs are kept: sqlite:///file.db, postgresql://user@host/name or a folder. Default: ./.clew.",
)
@click.option(
    "--default-artifact-root",
    metavar="URI",
    help="Prefix of new experiments' artifact locations. Default: mlflow-artifacts:/, the server keeps the files.",
)
@click.option(
    "--artifacts-destination",
    metavar="URI",
    help="Where the server keeps the files: folder, s3://, gs://, az://. Default: beside the store, or ./mlartifacts.",
)
@click.option("--static-prefix", default="", metavar="PATH", help="Path under which everything is served, e.g. /clew.")
@click.option(
    "--workers",
    "-w",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="As in MLflow's scripts; one process serves all.",
)
@click.option(
    "--allowed-hosts",
    default="",
    metavar="NAMES",
    help="Host names that clients may use, with commas; * as a wildcard. Loopback and private addresses always may.",
)
@frames_option
@click.option("--access-log/--no-access-log", default=True, show_default=True, help="Write a line per request.")
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Form of the log on standard error: lines for people, or a JSON object per line.",
)
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"], case_sensitive=False),
    help="Least level that is written. Default: CLEW_LOG_LEVEL, else info.",
)
@click.option(
    "--max-body-mb",
    type=click.IntRange(min=1),
    default=64,
    show_default=True,
    help="Largest request in MiB; artifacts may be larger.",
)
@click.option(
    "--max-event-streams",
    type=click.IntRange(min=0),
    default=1000,
    show_default=True,
    help="Most open event streams, about one per open page.",
)
@click.option(
    "--max-waiting-queries",
    type=click.IntRange(min=1),
    default=256,
    show_default=True,
    help="Most reads that run or wait; more are asked to come back.",
)
@click.option(
    "--query-timeout",
    type=click.FloatRange(min=0),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="Time after which a read is given up; 0 for never.",
)
@click.option(
    "--index-memory-mb",
    type=click.IntRange(min=0),
    default=1024,
    show_default=True,
    help="Memory in MiB for searching many runs fast; 0 leaves all to the database.",
)
@click.option(
    "--gc-every", type=Age(), metavar="AGE", help="Apply the experiments' retention rules so often, e.g. 24h."
)
def server(
    host: str,
    port: int,
    backend_store_uri: str,
    default_artifact_root: str | None,
    artifacts_destination: str | None,
    static_prefix: str,
    workers: int,
    allowed_hosts: str,
    frame_ancestors: tuple[str, ...],
    access_log: bool,
    log_format: Literal["text", "json"],
    log_level: str | None,
    max_body_mb: int,
    max_event_streams: int,
    max_waiting_queries: int,
    query_timeout: float,
    index_memory_mb: int,
    gc_every: int | None,
) -> None:
    """Serve a store to a team: API and web UI.

    The options have MLflow's names and meanings.
    """
    from clew import settings
    from clew.server import logs
    from clew.server.host import serve
    from clew.server.limits import Limits

    logs.configure(log_format, (log_level or settings.read().server_log_level).upper())
    url = store_url(backend_store_uri)
    serve(
        url,
        host=host,
        port=port,
        artifact_root=default_artifact_root,
        artifacts_destination=artifacts_destination or _artifacts(url),
        static_prefix=static_prefix,
        allowed_hosts=[name.strip() for name in allowed_hosts.split(",") if name.strip()],
        frame_ancestors=frame_ancestors,
        workers=workers,
        access_log=access_log,
        log_format=log_format,
        limits=Limits(
            body_bytes=max_body_mb << 20,
            event_streams=max_event_streams,
            waiting_queries=max_waiting_queries,
            query_s=query_timeout,
            index_bytes=index_memory_mb << 20,
        ),
        gc_every_s=None if gc_every is None else max(1.0, gc_every / 1000),
        announce=lambda urls: _say(url, urls) if log_format == "text" else _log(url, urls),
    )


def store_url(text: str) -> str:
    """The store that an option names: ``sqlite:///…`` with an absolute path, or ``postgresql://…``.

    Raises:
        InvalidValue: it is no store, or one that Clew cannot keep.
        ForeignStore: it is a folder of MLflow's.
    """
    from clew.client.target import resolve

    text = _DRIVER.sub(r"\1", text)
    url = resolve(text)
    if url.startswith(("http://", "https://")):
        raise InvalidValue(f"{text} is a server, not a store: point clients and browsers at that address.")
    return url


def _artifacts(url: str) -> str | None:
    return POSTGRES_ARTIFACTS if url.startswith("postgresql:") else None


def _log(url: str, addresses: list[str]) -> None:
    import logging

    logging.getLogger("clew.server").info("Clew serves %s at %s.", _shown(url), ", ".join(addresses))


def _shown(url: str) -> str:
    return re.sub(r"//[^/@]*@", "//", url)


def _say(url: str, addresses: list[str]) -> None:
    shown = _shown(url)
    for address in addresses:
        click.echo(f"Clew serves {shown} at {address} - Ctrl-C ends it.")
