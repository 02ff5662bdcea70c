"""Which pages of the web UI the cards of entities link to."""

from __future__ import annotations

from clew.client.link import known_links
from clew.client.session import session
from clew.client.weblinks import page_address, ui_address


def page_of(experiment_id: str, run_id: str) -> str:
    """The page of an entity, asking no server; "" where it is not certain which one the entity is of.

    It is certain for a run that is active here, and while this process has one tracking URI only.
    """
    active = session.open.get(run_id)
    links = [active.link] if active is not None else known_links()
    if len(links) != 1 or not (experiment_id or run_id) or not links[0].target.asked:
        return ""
    base = ui_address(links[0])
    return page_address(links[0], base, experiment_id, run_id) if base else ""
