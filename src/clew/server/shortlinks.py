"""``/l/<id>``: from a short link to the page that it stands for."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from clew.errors import NotFound
from clew.server.context import Site
from clew.server.replies import Reply, text
from clew.storage import links

PREFIX: Final = "/l/"


class ShortLinks:
    """Redirects of one site. prefix: path under which the site lies."""

    def __init__(self, site: Site, pool: ThreadPoolExecutor, prefix: str) -> None:
        self._site = site
        self._pool = pool
        self._prefix = prefix

    async def answer(self, path: str) -> Reply | None:
        """The redirect for ``path``, or None where it is no short link."""
        link_id = path[len(PREFIX) :]
        if not path.startswith(PREFIX) or len(link_id) != links.ID_LENGTH:
            return None
        try:
            found = await asyncio.get_running_loop().run_in_executor(self._pool, self._read, link_id)
        except NotFound as error:
            return text(404, error.message)
        headers = [(b"location", (self._prefix + found).encode()), (b"cache-control", b"no-cache")]
        return Reply(302, b"", headers)

    def _read(self, link_id: str) -> str:
        return self._site.store.read(lambda tx: links.get_link(tx, link_id))
