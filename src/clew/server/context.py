"""What one server holds: its store, its artifacts, its ways to end. Passed around, never global."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from clew.artifacts import uri as uris
from clew.artifacts.roots import locate
from clew.artifacts.store import ArtifactStore
from clew.errors import Denied
from clew.server.ingest import NamesCache
from clew.server.outbound import Outbound
from clew.storage.store import Store


class Site:
    """One server's possessions.

    store: the database. artifacts: the files that the server keeps (``mlflow-artifacts:/``).
    truncate: whether too long param and tag values are cut instead of refused.
    local_roots: folders whose ``file:`` locations are served, or None for all; a server that other
    machines reach serves its own folders only, else anyone could name ``file:///etc`` as a location.
    urls: http addresses, known once the sockets are bound. on_demand: ends when nobody needs it.
    retire: asks an on-demand host to end; None if it cannot.
    private_webhooks: whether webhooks may lead into the server's own network.
    """

    def __init__(
        self,
        store: Store,
        artifacts: ArtifactStore,
        *,
        truncate: bool = True,
        local_roots: Sequence[str] | None = None,
        on_demand: bool = False,
        retire: Callable[[], None] | None = None,
        private_webhooks: bool = False,
    ) -> None:
        self.store = store
        self.artifacts = artifacts
        self.truncate = truncate
        self.local_roots = None if local_roots is None else tuple(os.path.realpath(r) for r in local_roots)
        self.on_demand = on_demand
        self.retire = retire
        self.urls: list[str] = []
        self.journal_names = NamesCache()
        self.outbound = Outbound(private=private_webhooks)

    def artifact_place(self, uri: str) -> tuple[ArtifactStore, str]:
        """Where the files of ``uri`` lie: a store, and the path in it.

        Raises:
            NotSupported: a scheme that this server cannot read.
            Denied: a local folder that this server does not serve.
        """
        proxied = uris.proxied_path(uri)
        if proxied is not None:
            return self.artifacts, proxied
        folder = uris.local_path(uri)
        if folder is not None and self.local_roots is not None:
            real = os.path.realpath(folder)
            if not any(real == root or real.startswith(root.rstrip("/") + "/") for root in self.local_roots):
                raise Denied(
                    f"Artifact location {uri!r} lies outside the folders that this server serves; "
                    "use mlflow-artifacts:/ locations, or start the server with that folder as --default-artifact-root."
                )
        return locate(uri)
