"""The models that a scoring server answers for, by the names in their addresses."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from clew.client import models
from clew.client.api import ClewClient
from clew.client.modelplaces import locate
from clew.errors import InvalidValue
from clew.packaging.flavor import Trust
from clew.packaging.pyfunc import PyFuncModel


class Served(NamedTuple):
    """A model that is loaded.

    name: in addresses. uri: as it was given. versions: what may stand for its version in an address.
    """

    name: str
    uri: str
    model: PyFuncModel
    versions: tuple[str, ...] = ()


def load_served(given: Sequence[str], trust: Trust | None, folder: str) -> list[Served]:
    """Load models; the first is the one that answers where no name is given.

    given: URIs, or ``name=URI``; a registered model's name is its own, any other is ``model``.
    folder: an existing one, for the files that are fetched.

    Raises:
        InvalidValue: two have one name. And what ``load_pyfunc`` raises.
    """
    served: list[Served] = []
    for text in given:
        named, name, uri = _parts(text)
        versions: tuple[str, ...] = ()
        if uri.startswith("models:/") and not uri.startswith("models:/m-"):
            version = locate(ClewClient(), uri).version
            if version is not None:
                # What the URI says, and what it meant when it was loaded.
                versions = (version.version, uri.rpartition("/")[2].rpartition("@")[2])
                name = name if named else version.name
        if any(one.name == name for one in served):
            raise InvalidValue(f"Two models are called {name!r}; name them: -m first={served[0].uri} -m second={uri}.")
        goal = os.path.join(folder, str(len(served)))
        os.mkdir(goal)
        served.append(Served(name, uri, models.load_pyfunc(uri, dst_path=goal, trust=trust), versions))
    return served


def _parts(text: str) -> tuple[bool, str, str]:
    """(whether a name is given, the name, the URI)."""
    name, equals, uri = text.partition("=")
    if equals and name and not any(letter in name for letter in "/:@"):
        return True, name, uri
    return False, "model", text
