"""``clew openapi``: the API's description as a file."""

from __future__ import annotations

import click

from clew import __version__


@click.command()
def openapi() -> None:
    """Print the OpenAPI document of the REST API.

    JSON of OpenAPI 3.1. It needs no server; a running one answers the same at /api/clew/v1/openapi.json.
    """
    import msgspec

    from clew.wire.openapi import document

    click.echo(msgspec.json.format(msgspec.json.encode(document(__version__)), indent=2).decode())
