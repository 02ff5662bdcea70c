"""The fluent functions on experiments, and which one new runs go to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from clew.client import births
from clew.client.session import session
from clew.entities.experiment import Experiment
from clew.entities.names import legible
from clew.errors import Conflict, InvalidValue

if TYPE_CHECKING:
    from clew.client.api import ClewClient

_SEARCH_PAGE = 1000


def client() -> ClewClient:
    """A client of the tracking URI in use."""
    from clew.client.api import ClewClient  # with tables, media and models, which a log call does not need

    return ClewClient()


def set_experiment(
    experiment_name: str | None = None, experiment_id: str | None = None, trace_location: object = None
) -> Experiment:
    """The experiment for the runs that begin from now on, created if there is none of that name.

    While the server is away the ``experiment_id`` of one that was named is empty, and runs name it instead; one that
    was chosen by id is taken on trust, and its name is empty.

    Raises:
        InvalidValue: not exactly one of name and id. NotFound: no experiment has this id.
        Conflict: it is in the trash.
    """
    del trace_location  # traces are not recorded
    if (experiment_name is None) == (experiment_id is None):
        raise InvalidValue("Give either experiment_name or experiment_id to set_experiment, and not both.")
    if experiment_id is not None:
        found = births.find(session.link, str(experiment_id))
        if found.lifecycle_stage != "active":
            raise Conflict(f"Experiment {experiment_id} is in the trash; restore it with restore_experiment first.")
    else:
        found = births.find_or_create(session.link, legible(str(experiment_name)))
    session.experiment_id, session.experiment_name = found.experiment_id, found.name or None
    return found


def create_experiment(
    name: str,
    artifact_location: str | None = None,
    tags: Mapping[str, Any] | None = None,
    trace_location: object = None,
) -> str:
    """The id of a new experiment.

    Raises:
        AlreadyExists: the name is taken.
    """
    del trace_location
    return client().create_experiment(name, artifact_location, tags)


def get_experiment(experiment_id: str) -> Experiment:
    """An experiment by id.

    Raises:
        NotFound: there is none.
    """
    return client().get_experiment(experiment_id)


def get_experiment_by_name(name: str) -> Experiment | None:
    """An experiment by name, or None."""
    return client().get_experiment_by_name(name)


def search_experiments(
    view_type: object = 1,
    max_results: int | None = None,
    filter_string: str | None = None,
    order_by: Sequence[str] | None = None,
) -> list[Experiment]:
    """Every experiment that matches, up to ``max_results``."""
    it = client()
    from clew.client.pages import all_pages

    return all_pages(
        lambda count, token: it.search_experiments(view_type, count, filter_string, order_by, token),
        max_results,
        _SEARCH_PAGE,
    )


def delete_experiment(experiment_id: str) -> None:
    """Put an experiment and its runs into the trash."""
    client().delete_experiment(experiment_id)


def restore_experiment(experiment_id: str) -> None:
    """Take an experiment and its runs out of the trash."""
    client().restore_experiment(experiment_id)


def set_experiment_tag(key: str, value: Any) -> None:
    """Set a tag of the experiment in use."""
    client().set_experiment_tag(experiment_in_use(), key, value)


def set_experiment_tags(tags: Mapping[str, Any]) -> None:
    """Set tags of the experiment in use."""
    for key, value in tags.items():
        set_experiment_tag(key, value)


def delete_experiment_tag(key: str) -> None:
    """Delete a tag of the experiment in use."""
    client().delete_experiment_tag(experiment_in_use(), key)


def experiment_in_use() -> str:
    """The id of the experiment that new runs go to."""
    chosen, name = births.choose_experiment(session.link)
    if not chosen and name:
        chosen = births.find_or_create(session.link, name).experiment_id
    return chosen or births.DEFAULT_ID
