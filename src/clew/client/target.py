"""Tracking URIs: what they mean, and a sender to whatever stands behind them.

Standard library only: client and shipper both start here.
"""

from __future__ import annotations

import json
import os
import re
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal

from clew import settings
from clew.errors import ForeignStore, InvalidValue, NotSupported, shown

if TYPE_CHECKING:
    from clew.client.http import Answer, HttpSender

Kind = Literal["clew", "mlflow"]

DEFAULT_STORE: Final = os.path.join(".clew", "clew.db")
INFO: Final = "/api/clew/v1/info"
_VERSION: Final = re.compile(rb"^\d+\.\d[\w.+-]{0,40}\s*$")


def resolve(uri: str | None) -> str:
    """The full form of a tracking URI, equal for equal targets.

    None or "" is the embedded store ``./.clew``; a plain folder or ``file:`` path is the embedded
    store in that folder; relative SQLite paths become absolute.

    Raises:
        InvalidValue: the URI is of a kind that cannot be tracked to.
        ForeignStore: the folder is a store of MLflow's.
    """
    if not uri:
        return "sqlite:///" + os.path.abspath(DEFAULT_STORE)
    scheme, colon, rest = uri.partition(":")
    if colon and len(scheme) > 1:
        if scheme in ("http", "https"):
            if not rest.strip("/"):
                raise InvalidValue(f"The tracking URI {uri!r} names no host; expected http://host:port")
            return uri.rstrip("/")
        if scheme == "sqlite":
            if rest in ("///:memory:", "//:memory:"):
                raise InvalidValue(f"The tracking URI {uri!r} names no file, and a store lasts; name a file instead.")
            if not rest.startswith("///") or len(rest) == 3:
                raise InvalidValue(f"The tracking URI {uri!r} names no file; expected sqlite:///path/to/file.db")
            return "sqlite:///" + os.path.abspath(rest[3:])
        if scheme in ("postgresql", "postgres"):
            return "postgresql:" + rest
        if scheme == "file":
            path = rest.removeprefix("//") if rest.startswith("//") else rest
            return _folder_store(path)
        raise InvalidValue(
            f"The tracking URI {uri!r} has the unknown scheme {scheme!r}; "
            "expected http(s)://, sqlite:///, postgresql:// or a folder"
        )
    return _folder_store(uri)


def _folder_store(folder: str) -> str:
    folder = os.path.abspath(folder)
    if os.path.isfile(folder):
        raise InvalidValue(f"{folder} is a file, not a folder; a SQLite database is named as sqlite:///{folder}")
    if os.path.exists(os.path.join(folder, "0", "meta.yaml")):
        raise ForeignStore(
            f"{folder} is a file store of MLflow's, and Clew leaves it as it is. Give Clew another folder;"
            " `clew import`, which will bring MLflow's runs over, comes with a later version."
        )
    if os.path.basename(folder) != ".clew":
        folder = os.path.join(folder, ".clew")
    return "sqlite:///" + os.path.join(folder, "clew.db")


class Target:
    """Where a tracking URI leads.

    uri: in full form. embedded: the store is hosted on this machine, on demand.
    Thread-safe.
    """

    def __init__(self, uri: str, sender: HttpSender | None = None) -> None:
        self.uri = uri
        self.embedded = not uri.startswith(("http://", "https://"))
        self._kind: Kind | None = "clew" if self.embedded else None
        if sender is not None:
            self.sender = sender

    @cached_property
    def sender(self) -> HttpSender:
        """The way there; HTTP is loaded when somebody first goes it.

        Raises:
            InvalidValue: the URI has no host, or a port that is no number.
        """
        from clew.client.http import http_sender, unix_sender

        values = settings.read()
        if not self.embedded:
            return http_sender(self.uri, values.token, login=values.login)
        from clew.client.host import find_or_start

        return unix_sender(lambda: find_or_start(self.uri, values.spool), where=f"The host of {shown(self.uri)}")

    def close(self) -> None:
        """Close idle connections, if there are any."""
        if "sender" in self.__dict__:
            self.sender.close()

    @property
    def asked(self) -> bool:
        """Whether ``kind`` is known, so that reading it asks nobody."""
        return self._kind is not None

    @property
    def kind(self) -> Kind:
        """Whether Clew or MLflow answers there; asked once.

        Raises:
            Unavailable: nobody answers.
            Unauthenticated, Denied: it wants to know who asks, or does not let in whoever does.
            NotSupported: something answers that is neither.
        """
        if self._kind is None:
            self._kind = self._ask_kind()
        return self._kind

    def _ask_kind(self) -> Kind:
        from clew.client.answers import is_page, refused

        answer = self.sender.send("GET", INFO)
        if answer.status == 200 and _json(answer).get("name") == "clew":
            return "clew"
        if answer.status in (429, 502, 503, 504):
            raise refused(answer)
        version = self.sender.send("GET", "/version")
        if version.status == 200 and _VERSION.match(version.body):
            return "mlflow"
        for given in (answer, version):
            if given.status in (401, 403, 429) or given.status >= 500 or 300 <= given.status < 400:
                raise refused(given)
        page = ", with a web page; is a login page or proxy in between?" if is_page(answer) else ""
        raise NotSupported(
            f"{self.sender.where} answers, but is neither a Clew nor an MLflow server "
            f"(GET {INFO} gave {answer.status}{page})"
        )


def _json(answer: Answer) -> dict[str, object]:
    try:
        data = json.loads(answer.body)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}
