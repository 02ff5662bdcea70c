"""Every environment variable that Clew reads; nobody else looks at ``os.environ``.

Standard library only. Values are those of the moment of each call, so that a script may set a variable
before its first use of Clew, or between two uses.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from clew.errors import InvalidValue

_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class Launch:
    """One process among those that a launcher started together.

    rank: from 0. size: how many there are. name: the same for all of them.
    local: one process of this machine started them all, which tells the launch from others of the same name.
    """

    __slots__ = ("local", "name", "rank", "size")

    def __init__(self, rank: int, size: int, name: str, *, local: bool) -> None:
        self.rank = rank
        self.size = size
        self.name = name
        self.local = local


class Settings:
    """The environment as Clew understands it, fixed at the moment of reading.

    tracking_uri: ``CLEW_TRACKING_URI``, else ``MLFLOW_TRACKING_URI``, else None (embedded ``./.clew``).
    registry_uri: ``CLEW_REGISTRY_URI``, else ``MLFLOW_REGISTRY_URI``.
    experiment_name, experiment_id: ``CLEW_EXPERIMENT_NAME`` / ``CLEW_EXPERIMENT_ID`` or MLflow's.
    run_id: run to resume, ``CLEW_RUN_ID`` or ``MLFLOW_RUN_ID``.
    run_name: ``CLEW_RUN_NAME`` or ``MLFLOW_RUN_NAME``.
    parent_run_id: ``CLEW_PARENT_RUN_ID``, the run for which this program works; see ``RunContext.environment``.
    offline: ``CLEW_OFFLINE`` is 1/true/yes/on: journal only, nothing is sent.
    spool: folder of the journals, ``CLEW_SPOOL``, else the user's state folder.
    spool_max_bytes: of a run's journal, ``CLEW_SPOOL_MAX_MB`` MiB, default 1024. spool_keep_bytes: of its file system
        stay free, ``CLEW_SPOOL_KEEP_MB`` MiB, default 500, or 5 % where that is more; 0 for none.
    spool_full: ``CLEW_SPOOL_FULL``: ``drop`` points and count them (default), ``block`` or ``raise``.
        spool_full_wait_s: seconds that ``block`` waits, ``CLEW_SPOOL_FULL_WAIT_S``, default 60.
    token: ``CLEW_TOKEN`` or ``MLFLOW_TRACKING_TOKEN``, sent as a bearer token.
    login: (``MLFLOW_TRACKING_USERNAME``, ``MLFLOW_TRACKING_PASSWORD``), for servers that ask for them; None unless set.
    console: ``CLEW_CONSOLE``: what runs print is kept with them, default false.
    snapshot: ``CLEW_SNAPSHOT``: runs keep the uncommitted changes and the list of packages, default true.
    launch: this process among those of torchrun, MPI or SLURM; None for a single one, or with ``CLEW_RANKS=0``.
    log_level: ``CLEW_LOG_LEVEL``, default ``WARNING``. server_log_level: the same, default ``INFO``.
    host_idle_s: ``CLEW_HOST_IDLE_S``, seconds without clients after which an on-demand host ends, default 30.
    heartbeat_s: ``CLEW_HEARTBEAT_S``, seconds between a run's signs of life, default 10; after 4.5 times as long a
        silence a server takes the run for dead, so set it alike for clients and servers.
    shipper: ``CLEW_SHIPPER``: ``process`` (default) or ``thread`` where no process may be started.
    user: login name, from ``LOGNAME``, ``USER``, ``LNAME`` or ``USERNAME``.
    webhook_private: whether webhooks may lead into the server's own network, ``CLEW_WEBHOOK_PRIVATE``, default no.
    notebook: path of the running notebook where Jupyter (``JPY_SESSION_NAME``) says so.
    s3_endpoint: address of an S3-compatible store, ``MLFLOW_S3_ENDPOINT_URL``, ``AWS_ENDPOINT_URL_S3`` or
        ``AWS_ENDPOINT_URL``; gcs_endpoint: ``GOOGLE_BASE_URL`` or ``STORAGE_EMULATOR_HOST``; azure_endpoint:
        ``AZURE_STORAGE_ENDPOINT`` or ``AZURE_ENDPOINT``.
    azure_key: whether the account's key is set (``AZURE_STORAGE_ACCOUNT_KEY``), with which addresses can be signed.
    s3_keys: (``AWS_ACCESS_KEY_ID``, ``AWS_SECRET_ACCESS_KEY``), or None unless both are set.
    presigned_s: seconds that a signed download is good for, ``MLFLOW_PRESIGNED_DOWNLOAD_URL_TTL_SECONDS``, default 300.
    system_metrics: ``CLEW_SYSTEM_METRICS`` or ``MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING``, default false.
    system_metrics_interval_s, system_metrics_samples, system_metrics_node: seconds between two readings, default 10,
        readings in one point, default 1, and the machine's name in the metrics' names, from
        ``CLEW_SYSTEM_METRICS_INTERVAL_S``, ``CLEW_SYSTEM_METRICS_SAMPLES``, ``CLEW_SYSTEM_METRICS_NODE`` or MLflow's.
    truncate: ``MLFLOW_TRUNCATE_LONG_VALUES``, default true: too long param and tag values are cut, not refused.
    """

    __slots__ = (
        "azure_endpoint",
        "azure_key",
        "console",
        "experiment_id",
        "experiment_name",
        "gcs_endpoint",
        "heartbeat_s",
        "host_idle_s",
        "launch",
        "log_level",
        "login",
        "notebook",
        "offline",
        "parent_run_id",
        "presigned_s",
        "registry_uri",
        "run_id",
        "run_name",
        "s3_endpoint",
        "s3_keys",
        "server_log_level",
        "shipper",
        "snapshot",
        "spool",
        "spool_full",
        "spool_full_wait_s",
        "spool_keep_bytes",
        "spool_max_bytes",
        "system_metrics",
        "system_metrics_interval_s",
        "system_metrics_node",
        "system_metrics_samples",
        "token",
        "tracking_uri",
        "truncate",
        "user",
        "webhook_private",
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
        self.parent_run_id = first("CLEW_PARENT_RUN_ID")
        self.offline = _truth(first("CLEW_OFFLINE"), False)
        self.spool = first("CLEW_SPOOL") or _default_spool(environ)
        self.spool_max_bytes = _mebibytes("CLEW_SPOOL_MAX_MB", first("CLEW_SPOOL_MAX_MB") or "1024")
        self.spool_keep_bytes = _mebibytes("CLEW_SPOOL_KEEP_MB", first("CLEW_SPOOL_KEEP_MB") or "500")
        self.spool_full = _one_of("CLEW_SPOOL_FULL", first("CLEW_SPOOL_FULL") or "drop", ("drop", "block", "raise"))
        self.spool_full_wait_s = _seconds("CLEW_SPOOL_FULL_WAIT_S", first("CLEW_SPOOL_FULL_WAIT_S") or "60")
        self.token = first("CLEW_TOKEN", "MLFLOW_TRACKING_TOKEN")
        name = first("MLFLOW_TRACKING_USERNAME")
        self.login = (name, first("MLFLOW_TRACKING_PASSWORD") or "") if name else None
        self.log_level = _one_of("CLEW_LOG_LEVEL", (first("CLEW_LOG_LEVEL") or "WARNING").upper(), _LOG_LEVELS)
        self.server_log_level = self.log_level if first("CLEW_LOG_LEVEL") else "INFO"
        self.host_idle_s = _seconds("CLEW_HOST_IDLE_S", first("CLEW_HOST_IDLE_S") or "30")
        self.heartbeat_s = _seconds("CLEW_HEARTBEAT_S", first("CLEW_HEARTBEAT_S") or "10")
        self.shipper = _one_of("CLEW_SHIPPER", first("CLEW_SHIPPER") or "process", ("process", "thread"))
        self.user = first("LOGNAME", "USER", "LNAME", "USERNAME")
        self.webhook_private = _truth(first("CLEW_WEBHOOK_PRIVATE"), False)
        self.notebook = first("JPY_SESSION_NAME")
        self.s3_endpoint = first("MLFLOW_S3_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
        self.gcs_endpoint = first("GOOGLE_BASE_URL", "STORAGE_EMULATOR_HOST")
        self.azure_endpoint = first("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT")
        self.azure_key = first("AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_ACCESS_KEY") is not None
        access_key, secret_key = first("AWS_ACCESS_KEY_ID"), first("AWS_SECRET_ACCESS_KEY")
        self.s3_keys = (access_key, secret_key) if access_key and secret_key else None
        name = "MLFLOW_PRESIGNED_DOWNLOAD_URL_TTL_SECONDS"
        self.presigned_s = int(_seconds(name, first(name) or "300"))
        self.system_metrics = _truth(first("CLEW_SYSTEM_METRICS", "MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING"), False)
        names = ("CLEW_SYSTEM_METRICS_INTERVAL_S", "MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL")
        self.system_metrics_interval_s = max(0.05, _seconds(names[0], first(*names) or "10"))
        names = ("CLEW_SYSTEM_METRICS_SAMPLES", "MLFLOW_SYSTEM_METRICS_SAMPLES_BEFORE_LOGGING")
        self.system_metrics_samples = max(1, int(_seconds(names[0], first(*names) or "1")))
        self.system_metrics_node = first("CLEW_SYSTEM_METRICS_NODE", "MLFLOW_SYSTEM_METRICS_NODE_ID")
        self.console = _truth(first("CLEW_CONSOLE"), False)
        self.snapshot = _truth(first("CLEW_SNAPSHOT"), True)
        self.launch = _launch(environ) if _truth(first("CLEW_RANKS"), True) else None
        self.truncate = _truth(first("MLFLOW_TRUNCATE_LONG_VALUES"), True)


class _Noting(dict[str, str]):
    """An environment that notes which of its variables were asked for."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        super().__init__(environ)
        self.asked = set(_HOME)

    def get(self, name: str, default: Any = None) -> Any:
        self.asked.add(name)
        return super().get(name, default)


_HOME: Final = ("HOME", "USERPROFILE", "HOMEDRIVE", "HOMEPATH")
"""What the user's folder depends on."""


class _Reading(NamedTuple):
    """What was read last. keys: the variables that decided about it, as ``data`` has them. values: what they were."""

    data: Any
    keys: tuple[Any, ...]
    values: tuple[Any, ...]
    settings: Settings


_last: _Reading | None = None


def read(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings as the environment has them now.

    Asked for often, so the last ones are remembered as long as every variable that was looked at for them is the same.

    Raises:
        InvalidValue: a variable has a value that it cannot have.
    """
    global _last
    if environ is not None:
        return Settings(environ)
    # The dict behind os.environ: to ask os.environ itself for a variable that is not set takes twenty times as long.
    data: Any = getattr(os.environ, "_data", os.environ)
    last = _last
    if last is not None and last.data is data and tuple(map(data.get, last.keys)) == last.values:
        return last.settings
    noting = _Noting(os.environ)
    settings = Settings(noting)
    code, encode = getattr(os.environ, "encodekey", str), getattr(os.environ, "encodevalue", str)
    keys = tuple(code(name) for name in noting.asked)
    values = tuple(encode(noting[name]) if name in noting else None for name in noting.asked)
    _last = _Reading(data, keys, values, settings)
    return settings


def take_run_id() -> str | None:
    """The run to resume, which only the first run of a process is, and none of the programs that it starts."""
    run_id = read().run_id
    for name in ("CLEW_RUN_ID", "MLFLOW_RUN_ID"):
        os.environ.pop(name, None)
    return run_id


def variables(*prefixes: str) -> dict[str, str]:
    """The environment variables whose names begin with one of ``prefixes``."""
    return {name: value for name, value in os.environ.items() if name.startswith(prefixes or "")}


def _launch(environ: Mapping[str, str]) -> Launch | None:
    def whole(name: str) -> int | None:
        text = environ.get(name, "")
        return int(text) if text.isdigit() else None

    def found(kind: str, rank: str, size: str, *names: str, local: bool) -> Launch | None:
        number, count = whole(rank), whole(size)
        if number is None or count is None or number >= count:
            return None
        return Launch(number, count, "|".join([kind, *(environ.get(n, "") for n in names)]), local=local)

    here = environ.get("MASTER_ADDR", "") in ("", "localhost", "127.0.0.1", "::1")
    mpi = environ.get("PMIX_NAMESPACE") or environ.get("OMPI_MCA_ess_base_jobid")
    return (
        found(
            *("torch", "RANK", "WORLD_SIZE", "TORCHELASTIC_RUN_ID", "MASTER_ADDR", "MASTER_PORT"),
            local=here or whole("LOCAL_WORLD_SIZE") == whole("WORLD_SIZE"),
        )
        or found(
            *("mpi", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "PMIX_NAMESPACE", "OMPI_MCA_ess_base_jobid"),
            local=not mpi,
        )
        or found("slurm", "SLURM_PROCID", "SLURM_NTASKS", "SLURM_JOB_ID", "SLURM_STEP_ID", local=False)
        or found("pmi", "PMI_RANK", "PMI_SIZE", local=True)
    )


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


def _mebibytes(name: str, text: str) -> int:
    """The bytes that so many MiB are."""
    if not text.isdigit():
        raise InvalidValue(f"The environment variable {name} is {text!r}; expected a whole number of MiB, such as 500.")
    return int(text) << 20


def _default_spool(environ: Mapping[str, str]) -> str:
    state = environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    return os.path.join(state, "clew", "spool")
