"""From an address such as ``s3://bucket/prefix`` to an object store.

Credentials and further options come from the environment variables of each cloud, which obstore
reads itself; docs/artifacts.md lists them.
"""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import unquote, urlsplit

from obstore.store import AzureStore, GCSStore, S3Store

from clew import settings
from clew.artifacts.faults import translated
from clew.artifacts.objects import ObjectStore
from clew.artifacts.uri import BUCKETS, check_path
from clew.errors import InvalidValue

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

_RETRY: Final[RetryConfig] = {"max_retries": 3, "retry_timeout": timedelta(seconds=20)}


def split_bucket(uri: str) -> tuple[str, str]:
    """(address of the bucket itself, path in it) of ``s3://bucket/path`` and its like.

    Raises:
        InvalidValue: it names no bucket, has credentials, a query or a fragment, or the path is not safe.
    """
    parts = urlsplit(uri)
    name, at, host = parts.netloc.partition("@")
    azure = BUCKETS[parts.scheme.lower()] == "azure"
    if not name or ":" in parts.netloc or (at and not azure) or "@" in host or parts.query or parts.fragment:
        raise InvalidValue(
            f"An artifact location in an object store is {parts.scheme}://bucket/prefix, without credentials, query "
            "and fragment; credentials come from the environment."
        )
    return f"{parts.scheme}://{parts.netloc}", check_path(unquote(parts.path).lstrip("/"))


def open_bucket(uri: str) -> ObjectStore:
    """The object store at ``uri``; nothing is asked of it yet.

    ``s3://bucket/prefix``, ``gs://bucket/prefix``, ``az://container/prefix``, and with the account in the address
    ``wasbs://container@account.blob.core.windows.net/prefix`` or ``abfss://…@account.dfs.core.windows.net/…``.

    Raises:
        InvalidValue: see ``split_bucket``. Unavailable: a setting is missing.
    """
    bucket, prefix = split_bucket(uri)
    shown = f"{bucket}/{prefix}" if prefix else bucket
    with translated(shown, prefix):
        return ObjectStore(_client(bucket, prefix or None), shown)


@lru_cache(maxsize=64)
def whole_bucket(bucket: str) -> ObjectStore:
    """The store of a whole bucket, kept because a client keeps connections and tokens."""
    return open_bucket(bucket)


def _client(bucket: str, prefix: str | None) -> S3Store | GCSStore | AzureStore:
    parts, values = urlsplit(bucket), settings.read()
    name, _, host = parts.netloc.partition("@")
    kind: Literal["s3", "gcs", "azure"] = BUCKETS[parts.scheme.lower()]
    endpoint = {"s3": values.s3_endpoint, "gcs": values.gcs_endpoint, "azure": values.azure_endpoint}[kind]
    # ``timeout`` is of a whole transfer, which may be long; the other two notice a store that is away.
    client: ClientConfig = {"connect_timeout": "5s", "read_timeout": "60s", "timeout": "1d"}
    if endpoint and endpoint.startswith("http://"):
        client["allow_http"] = True
    if kind == "s3":
        return S3Store(
            name,
            prefix=prefix,
            config={"endpoint": endpoint} if endpoint else {},
            client_options=client,
            retry_config=_RETRY,
        )
    if kind == "gcs":
        return GCSStore(
            name,
            prefix=prefix,
            config={"base_url": endpoint} if endpoint else {},
            client_options=client,
            retry_config=_RETRY,
        )
    account = host.partition(".")[0]
    return AzureStore(
        name,
        prefix=prefix,
        config={
            **({"endpoint": endpoint} if endpoint else {}),
            **({"account_name": account} if account else {}),
        },
        client_options=client,
        retry_config=_RETRY,
    )
