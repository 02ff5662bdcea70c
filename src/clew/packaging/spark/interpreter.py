"""Whether the Python of Spark's workers can run a model, asked on the driver where it can be."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
from typing import Any, Final

from clew.errors import InvalidValue

_CURE: Final = (
    "Set PYSPARK_PYTHON to an interpreter that has clew, pandas and pyarrow (os.environ['PYSPARK_PYTHON'] = "
    "sys.executable) before the Spark session is made."
)
_NEEDED: Final = ("clew", "pandas", "pyarrow")
_TIMEOUT_S: Final = 60
_QUESTION: Final = """
import importlib.util, json, sys
missing = [name for name in sys.argv[1:] if importlib.util.find_spec(name) is None]
print(json.dumps([list(sys.version_info[:2]), missing]))
"""


def check_workers(spark: Any) -> None:
    """Refuse a session whose workers could not run a model; only a local one shows its interpreter to the driver.

    Raises:
        InvalidValue: the workers' interpreter is missing, of another version, or lacks a package.
    """
    if not spark.sparkContext.master.startswith("local"):
        return
    named = spark.sparkContext.pythonExec
    path = shutil.which(named)
    if path is None:
        raise InvalidValue(f"Spark starts its Python workers by {named!r}, which is not on this machine. {_CURE}")
    if os.path.abspath(path) != os.path.abspath(sys.executable):
        fault = _ask(path, os.environ.get("PYTHONPATH", ""))
        if fault:
            raise InvalidValue(f"Spark starts its Python workers by {path}, which {fault}. {_CURE}")


@functools.cache
def _ask(path: str, search_path: str) -> str:
    """What is wrong with an interpreter, or ""; search_path: the PYTHONPATH that it is started with."""
    del search_path
    try:
        done = subprocess.run(
            [path, "-c", _QUESTION, *_NEEDED], capture_output=True, text=True, timeout=_TIMEOUT_S, check=True
        )
        version, missing = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        return f"does not run ({type(error).__name__})"
    if tuple(version) != sys.version_info[:2]:
        return f"is Python {version[0]}.{version[1]}, while this is {sys.version_info[0]}.{sys.version_info[1]}"
    return f"lacks {' and '.join(missing)}" if missing else ""
