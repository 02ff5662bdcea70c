"""``clew models``: serve models over HTTP, score files with them, approve their moves."""

from __future__ import annotations

import os
import signal
import tempfile

import click

from clew import __version__
from clew.cli import approvals
from clew.errors import InvalidValue

TOKEN = "CLEW_SCORING_TOKEN"

_trust = click.option(
    "--trust",
    type=click.Choice(["safe", "pickle"]),
    help="pickle lets the model run code while it loads, safe never; default: only your own store's unchanged models.",
)
_ignored_env = click.option("--env-manager", default="local", help="As in MLflow's scripts; the model runs right here.")


@click.group()
def models() -> None:
    """Serve models, score files, approve moves."""


for _command in approvals.COMMANDS:
    models.add_command(_command)


@models.command(context_settings={"help_option_names": ["--help"]})
@click.option(
    "-m",
    "--model-uri",
    "uris",
    multiple=True,
    required=True,
    metavar="[NAME=]URI",
    help="Model to serve: models:/name@alias, runs:/<run id>/<name>, a path, …; several answer at /models/NAME/.",
)
@click.option("--host", "-h", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 for all.")
@click.option(
    "--port", "-p", type=click.IntRange(0, 65_535), default=5001, show_default=True, help="Port to listen on."
)
@click.option(
    "--timeout",
    "-t",
    type=click.FloatRange(min=0.1),
    default=60.0,
    show_default=True,
    help="Seconds that a prediction may take.",
)
@click.option(
    "--max-body-mb", type=click.IntRange(min=1), default=64, show_default=True, help="Largest request in MiB."
)
@click.option(
    "--max-rows", type=click.IntRange(min=1), default=1_000_000, show_default=True, help="Most rows of a request."
)
@click.option(
    "--threads", type=click.IntRange(min=1), default=2, show_default=True, help="Predictions at the same time."
)
@click.option("--workers", "-w", type=int, default=1, help="As in MLflow's scripts; one process serves all.")
@_ignored_env
@_trust
def serve(
    uris: tuple[str, ...],
    host: str,
    port: int,
    timeout: float,
    max_body_mb: int,
    max_rows: int,
    threads: int,
    workers: int,
    env_manager: str,
    trust: str | None,
) -> None:
    """Answer POST /invocations as MLflow's scoring server does.

    CLEW_SCORING_TOKEN sets a token that callers must send as "Authorization: Bearer ...".
    """
    from clew.serving.app import Limits
    from clew.serving.models import load_served
    from clew.serving.run import serve as run

    _local(env_manager)
    del workers
    limits = Limits(body_bytes=max_body_mb << 20, rows=max_rows, predict_s=timeout, threads=threads)
    with tempfile.TemporaryDirectory(prefix="clew-", ignore_cleanup_errors=True) as folder:
        served = load_served(uris, trust, folder)  # type: ignore[arg-type]

        def announce(address: str) -> None:
            for one in served:
                click.echo(f"{one.uri} answers at {address}/models/{one.name}/invocations")
            click.echo(f"Clew serves {served[0].name} at {address}/invocations. Ctrl-C ends it.")

        token = os.environ.get(TOKEN, "")
        number = run(served, host=host, port=port, token=token, limits=limits, announce=announce)
    signal.raise_signal(number)  # whoever sent it sees the process end by it


@models.command()
@click.option("-m", "--model-uri", required=True, metavar="URI", help="Model to score with.")
@click.option(
    "-i",
    "--input-path",
    required=True,
    type=click.Path(exists=True, dir_okay=False),
    help="CSV, Parquet, JSON or JSON lines file.",
)
@click.option(
    "-o",
    "--output-path",
    required=True,
    type=click.Path(dir_okay=False),
    help="CSV, Parquet or JSON lines file to write, by its suffix.",
)
@click.option(
    "--content-type",
    "-t",
    type=click.Choice(["csv", "json", "jsonl", "parquet"]),
    help="What the input is; default: by its suffix.",
)
@click.option("--keep", multiple=True, metavar="COLUMN", help="Column of the input that the output has too; * for all.")
@click.option(
    "--batch",
    type=click.IntRange(min=1),
    default=65_536,
    show_default=True,
    help="Rows at a time; memory grows with it.",
)
@click.option("--overwrite", is_flag=True, help="Replace the output file if there is one.")
@_ignored_env
@_trust
def predict(
    model_uri: str,
    input_path: str,
    output_path: str,
    content_type: str | None,
    keep: tuple[str, ...],
    batch: int,
    overwrite: bool,
    env_manager: str,
    trust: str | None,
) -> None:
    """Score a file that may be larger than memory, batch by batch."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from clew.client.models import load_pyfunc
    from clew.serving.files import Job, score_file

    _local(env_manager)
    if os.path.exists(output_path) and not overwrite:
        raise InvalidValue(f"{output_path} exists; give another name, or --overwrite.")
    model = load_pyfunc(model_uri, trust=trust)  # type: ignore[arg-type]
    job = Job(input_path, output_path, kind=content_type or "", keep=keep, batch=batch)
    columns = (TextColumn("Scoring"), BarColumn(), MofNCompleteColumn(), TextColumn("rows"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("rows", total=None)
        rows = score_file(model, job, lambda done, total: progress.update(task, completed=done, total=total))
    click.echo(f"{rows:,} rows scored: {output_path}")


@models.command("build-docker")
@click.option("-m", "--model-uri", required=True, metavar="URI", help="Model that the image serves.")
@click.option(
    "-d",
    "--output-dir",
    default="clew-image",
    show_default=True,
    type=click.Path(file_okay=False),
    help="New or empty folder to write into.",
)
@click.option("-n", "--name", default="clew-model", show_default=True, help="Name of the image, for what is printed.")
@click.option("--base-image", help="Image to start from. Default: Python's own, in the model's version.")
@click.option("--port", "-p", type=click.IntRange(1, 65_535), default=8080, show_default=True, help="Port inside.")
@_trust
def build_docker(
    model_uri: str, output_dir: str, name: str, base_image: str | None, port: int, trust: str | None
) -> None:
    """Write what `docker build` needs for an image that serves a model."""
    from clew.serving.image import write_context

    image = write_context(model_uri, output_dir, trust=trust, base=base_image, port=port)  # type: ignore[arg-type]
    click.echo(f"{output_dir} holds the Dockerfile, the model and Clew {__version__}; from {image.base}.")
    if image.trusted:
        click.echo("The model may run code while it loads: this store trusts it, or you said so.")
    click.echo(f"docker build -t {name} {output_dir} && docker run -p {port}:{port} -e CLEW_SCORING_TOKEN=... {name}")


def _local(env_manager: str) -> None:
    if env_manager != "local":
        raise InvalidValue(
            f"--env-manager {env_manager} is not supported: install the model's requirements.txt here, and use local."
        )
