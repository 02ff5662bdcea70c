"""What the R client takes from the Python package: ``R/generated.R`` and the version in ``DESCRIPTION``.

``python clients/r/generate.py`` writes both; with ``--check`` it only says whether they are fresh, by its exit status.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from clew import __version__, errors
from clew.errors import ClewError
from clew.wire import codec
from clew.wire.routes import ROUTES

HERE = Path(__file__).parent
TABLES = HERE / "R" / "generated.R"
DESCRIPTION = HERE / "DESCRIPTION"
HEAD = "# Written by generate.py from the server's table of routes and its tree of errors; do not edit.\n"


def kind(cls: type[ClewError]) -> str:
    """``invalid_value`` for ``InvalidValue``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


def parents(cls: type[ClewError]) -> list[str]:
    """The kinds above one, the nearest first."""
    return [kind(c) for c in cls.__mro__[1:] if issubclass(c, ClewError) and c is not ClewError]


def vector(texts: list[str]) -> str:
    """A character vector in R."""
    return "c(" + ", ".join(json.dumps(text) for text in texts) + ")" if texts else "character()"


def tables() -> str:
    """The text of ``R/generated.R``: of the routes those that the client's code names."""
    code = "".join(p.read_text(encoding="utf-8") for p in TABLES.parent.glob("*.R") if p != TABLES)
    used = [route for route in ROUTES.values() if f'"{route.name}"' in code]
    routes = [f"  {r.name} = {vector([r.method, r.path])}" for r in used]
    classes = [
        c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, ClewError) and c is not ClewError
    ]
    kinds = [f"  {kind(c)} = {vector(parents(c))}" for c in classes]
    known = {status: type(codec.error_from(status, b"")) for status in range(400, 600)}
    statuses = [f'  "{s}" = "{kind(c)}"' for s, c in known.items() if c is not ClewError]
    return (
        HEAD
        + "\n# Name of a call: its method and path.\nroutes <- list(\n" + ",\n".join(routes) + "\n)\n"
        + "\n# Kind of an error: the kinds above it.\nerror_parents <- list(\n" + ",\n".join(kinds) + "\n)\n"
        + "\n# HTTP status of a server that names no kind: the kind of its errors.\nerror_of_status <- c(\n"
        + ",\n".join(statuses) + "\n)\n"
    )  # fmt: skip


def description() -> str:
    """``DESCRIPTION`` with the package's version."""
    return re.sub(r"(?m)^Version: .*$", f"Version: {__version__}", DESCRIPTION.read_text(encoding="utf-8"))


def main() -> int:
    """Write, or check; 1 where a file is stale."""
    wanted = {TABLES: tables(), DESCRIPTION: description()}
    if sys.argv[1:] != ["--check"]:
        for path, text in wanted.items():
            path.write_text(text, encoding="utf-8")
        return 0
    stale = [p for p, text in wanted.items() if not p.exists() or p.read_text(encoding="utf-8") != text]
    for path in stale:
        print(f"{path.relative_to(HERE)} is stale: run python clients/r/generate.py")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
