"""Every environment variable that Clew reads; nobody else looks at ``os.environ``.

Standard library only. Values are read at each call, so that a script may set a variable
before its first use of Clew.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from clew.errors import InvalidValue

_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class Settings:
    """The environment as Clew understands it, fixed at the moment of reading.

    tracking_uri: ``CLEW_TRACKING_URI``, else ``MLFLOW_TRACKING_URI``, else None (embedded ``./.clew``).
    registry_uri: ``CLEW_REGISTRY_URI``, else ``MLFLOW_REGISTRY_URI``.
    experiment_name, experiment_id: ``CLEW_EXPERIMENT_NAME`` / ``CLEW_EXPERIMENT_ID`` or MLflow's.
    run_id: run to resume, ``CLEW_RUN_ID`` or ``MLFLOW_RUN_ID``.
    run_name: ``CLEW_RUN_NAME`` or ``MLFLOW_RUN_NAME``.
    offline: ``CLEW_OFFLINE`` is 1/true/yes/on: journal only, nothing is sent.
    spool: folder of the journals, ``CLEW_SPOOL``, else the user's state folder.
    token: ``CLEW_TOKEN`` or ``MLFLOW_TRACKING_TOKEN``, sent as a bearer token.
    log_level: ``CLEW_LOG_LEVEL``, default ``WARNING``. server_log_level: the same, default ``INFO``.
    host_idle_s: ``CLEW_HOST_IDLE_S``, seconds without clients after which an on-demand host ends, default 30.
    heartbeat_s: ``CLEW_HEARTBEAT_S``, seconds between a run's signs of life, default 10; after 4.5 times as long a
        silence a server takes the run for dead, so set it alike for clients and servers.
    shipper: ``CLEW_SHIPPER``: ``process`` (default) or ``thread`` where no process may be started.
    user: login name, from ``LOGNAME``, ``USER``, ``LNAME`` or ``USERNAME``.
    notebook: path of the running notebook where Jupyter (``JPY_SESSION_NAME``) says so.
    s3_endpoint: address of an S3-compatible store, ``MLFLOW_S3_ENDPOINT_URL``, ``AWS_ENDPOINT_URL_S3`` or
        ``AWS_ENDPOINT_URL``; gcs_endpoint: ``GOOGLE_BASE_URL`` or ``STORAGE_EMULATOR_HOST``; azure_endpoint:
        ``AZURE_STORAGE_ENDPOINT`` or ``AZURE_ENDPOINT``.
    azure_key: whether the account's key is set (``AZURE_STORAGE_ACCOUNT_KEY``), with which addresses can be signed.
    s3_keys: (``AWS_ACCESS_KEY_ID``, ``AWS_SECRET_ACCESS_KEY``), or None unless both are set.
    presigned_s: seconds that a signed download is good for, ``MLFLOW_PRESIGNED_DOWNLOAD_URL_TTL_SECONDS``, default 300.
    truncate: ``MLFLOW_TRUNCATE_LONG_VALUES``, default true: too long param and tag values are cut, not refused.
    """

    __slots__ = (
        "azure_endpoint",
        "azure_key",
        "experiment_id",
        "experiment_name",
        "gcs_endpoint",
        "heartbeat_s",
        "host_idle_s",
        "log_level",
        "notebook",
        "offline",
        "presigned_s",
        "registry_uri",
        "run_id",
        "run_name",
        "s3_endpoint",
        "s3_keys",
        "server_log_level",
        "shipper",
        "spool",
        "token",
        "tracking_uri",
        "truncate",
        "user",
    )

    def __init__(self, environ: Mapping[str, str]) -> None:
        def first(*names: str) -> str | None:
            return next((environ[n] for n in names if environ.get(n)), None)

        self.tracking_uri = first("CLEW_TRACKING_URI", "MLFLOW_TRACKING_URI")
        self.registry_uri = first("CLEW_REGISTRY_URI", "MLFLOW_REGISTRY_URI")
        self.experiment_name = first("CLEW_EXPERIMENT_NAME", "MLFLOW_EXPERIMENT_NAME")
        self.experiment_id = first("CLEW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_ID")
        self.run_id = first("CLEW_RUN_ID", "MLFLOW_RUN_ID")
        self.run_name = first("CLEW_RUN_NAME", "MLFLOW_RUN_NAME")
        self.offline = _truth(first("CLEW_OFFLINE"), False)
        self.spool = first("CLEW_SPOOL") or _default_spool(environ)
        self.token = first("CLEW_TOKEN", "MLFLOW_TRACKING_TOKEN")
        self.log_level = _one_of("CLEW_LOG_LEVEL", (first("CLEW_LOG_LEVEL") or "WARNING").upper(), _LOG_LEVELS)
        self.server_log_level = self.log_level if first("CLEW_LOG_LEVEL") else "INFO"
        self.host_idle_s = _seconds("CLEW_HOST_IDLE_S", first("CLEW_HOST_IDLE_S") or "30")
        self.heartbeat_s = _seconds("CLEW_HEARTBEAT_S", first("CLEW_HEARTBEAT_S") or "10")
        self.shipper = _one_of("CLEW_SHIPPER", first("CLEW_SHIPPER") or "process", ("process", "thread"))
        self.user = first("LOGNAME", "USER", "LNAME", "USERNAME")
        self.notebook = first("JPY_SESSION_NAME")
        self.s3_endpoint = first("MLFLOW_S3_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
        self.gcs_endpoint = first("GOOGLE_BASE_URL", "STORAGE_EMULATOR_HOST")
        self.azure_endpoint = first("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT")
        self.azure_key = first("AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_ACCESS_KEY") is not None
        access_key, secret_key = first("AWS_ACCESS_KEY_ID"), first("AWS_SECRET_ACCESS_KEY")
        self.s3_keys = (access_key, secret_key) if access_key and secret_key else None
        name = "MLFLOW_PRESIGNED_DOWNLOAD_URL_TTL_SECONDS"
        self.presigned_s = int(_seconds(name, first(name) or "300"))
        self.truncate = _truth(first("MLFLOW_TRUNCATE_LONG_VALUES"), True)


def read(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings as the environment has them now.

    Raises:
        InvalidValue: a variable has a value that it cannot have.
    """
    return Settings(os.environ if environ is None else environ)


def _truth(text: str | None, default: bool) -> bool:
    return default if text is None else text.strip().lower() in ("1", "true", "yes", "on")


def _one_of(name: str, text: str, words: Sequence[str]) -> str:
    if text not in words:
        raise InvalidValue(f"The environment variable {name} is {text!r}; expected one of {', '.join(words)}.")
    return text


def _seconds(name: str, text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not seconds >= 0:
        raise InvalidValue(f"The environment variable {name} is {text!r}; expected a number of seconds, such as 30.")
    return seconds


def _default_spool(environ: Mapping[str, str]) -> str:
    state = environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    return os.path.join(state, "clew", "spool")
