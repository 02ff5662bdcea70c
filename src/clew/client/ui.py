"""``clew.ui()``: the web UI of what is tracked here, as a link or inside the notebook."""

from __future__ import annotations

import re
from html import escape
from typing import Final

from clew.client.experiments import client
from clew.client.http import http_sender
from clew.client.link import Link
from clew.client.notice import say
from clew.client.session import session
from clew.client.shells import find_shell
from clew.client.uihost import serve_ui
from clew.client.weblinks import page_address
from clew.entities import html
from clew.entities.experiment import Experiment
from clew.entities.run import Run
from clew.errors import NotFound

_RUN_ID: Final = re.compile(r"[0-9a-f]{32}")


class WebPage:
    """A page of the web UI, as a notebook shows it: a link, or the page itself in a frame.

    height: of the frame in pixels; None is a link.
    """

    def __init__(self, address: str, height: int | None = None) -> None:
        self.address = address
        self.height = height

    def __repr__(self) -> str:
        return self.address

    def _repr_html_(self) -> str:
        line = html.joined("Clew: ", html.link(self.address, self.address))
        if self.height is None:
            return f"<div>{line}</div>"
        return (
            f'<div>{line}</div><iframe src="{escape(self.address)}" width="100%" height="{self.height}" '
            'style="border:1px solid rgba(128,128,128,.35);border-radius:6px" loading="lazy"></iframe>'
        )


def ui(what: Run | Experiment | str | None = None, *, height: int = 640, inline: bool = False) -> None:
    """Show where the web UI is: a link in a notebook, a line elsewhere.

    An embedded store has no server of its own; its UI is served from here until this process ends, at port 5000 or
    the next free one of this machine.

    what: a run or experiment, a run id, or an experiment's name; default the active run, else the experiment in use.
    inline: show the page itself in the notebook, ``height`` pixels high, where the server lets notebooks frame it: a
        server by ``--frame-ancestors``; a UI that is served from here lets this machine's.

    Raises:
        NotFound: there is no such run or experiment. Unavailable: the server is away, or no UI can be served.
    """
    link = session.link
    experiment_id, run_id = _place_of(what)
    base = serve_ui(link, framed=inline)
    page = WebPage(page_address(link, base, experiment_id, run_id))
    if inline and find_shell() is not None:
        if _may_frame(link, base):
            page.height = height
        else:
            say(f"{base} does not let notebooks frame its pages; its administrator can, with --frame-ancestors.")
    _show(page)


def _place_of(what: Run | Experiment | str | None) -> tuple[str, str]:
    """(experiment id, run id or "") of what is to be seen."""
    if what is None:
        stack = session.stack()
        if stack:
            return stack[-1].log.experiment_id, stack[-1].log.run_id
        return session.experiment_id or "", ""
    if isinstance(what, Run):
        return what.info.experiment_id, what.info.run_id
    if isinstance(what, Experiment):
        return what.experiment_id, ""
    if _RUN_ID.fullmatch(what):
        run = client().get_run(what)
        return run.info.experiment_id, run.info.run_id
    found = client().get_experiment_by_name(what)
    if found is None:
        raise NotFound(f"There is neither a run nor an experiment {what!r}.")
    return found.experiment_id, ""


def _show(page: WebPage) -> None:
    found = find_shell()
    if found is None:
        say(repr(page))
        return
    data = {"text/plain": repr(page), "text/html": page._repr_html_()}
    found.display_pub.publish(data)


def _may_frame(link: Link, base: str) -> bool:
    """Whether the pages may stand in frames of other pages at all; the browser decides of which."""
    sender = http_sender(base) if link.target.embedded else link.target.sender
    rules = sender.send("GET", "/").headers.get("content-security-policy", "")
    if link.target.embedded:
        sender.close()
    found = [rule.split()[1:] for rule in rules.split(";") if rule.split()[:1] == ["frame-ancestors"]]
    return not found or found[0] not in (["'none'"], ["'self'"])
