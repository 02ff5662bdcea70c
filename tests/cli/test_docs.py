"""docs/cli.md has a section for every command and a line for every option."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from clew.cli.main import cli

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")


def leaves(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            assert found is not None
            yield from leaves(found, f"{name} {child}")
    else:
        yield name, command


COMMANDS = dict(leaves(cli, "clew"))


def section(name: str) -> str:
    found = re.search(rf"^## `{name}`$(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, f"docs/cli.md has no section `{name}`"
    return found[1]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_an_example(name: str) -> None:
    assert re.search(rf"```bash\n(.*\n)*?{name}", section(name))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_has_a_line(name: str) -> None:
    text = section(name)
    for parameter in COMMANDS[name].params:
        if isinstance(parameter, click.Option):
            longest = max(parameter.opts, key=len)
            assert re.search(rf"^\| .*`{longest}`", text, re.MULTILINE), f"{name} {longest}"


@pytest.mark.parametrize("name", COMMANDS)
def test_no_option_is_documented_that_does_not_exist(name: str) -> None:
    known = {opt for p in COMMANDS[name].params for opt in (*p.opts, *p.secondary_opts)}
    rows = re.findall(r"^\| (`-.*?) \|", section(name), re.MULTILINE)
    assert {opt for row in rows for opt in re.findall(r"`(-[-\w]+)`", row)} <= known


def test_every_section_is_a_command() -> None:
    assert set(re.findall(r"^## `(clew .*)`$", PAGE, re.MULTILINE)) == set(COMMANDS)
