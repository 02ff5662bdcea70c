"""``ClewClient``: every call by run id, with the names and signatures of MLflow's client.

Log calls go through the journal; reads wait until what this process logged has arrived.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from clew.client.approvalcalls import ApprovalCalls
from clew.client.cardlinks import page_of
from clew.client.link import Link, link_to
from clew.client.modelcalls import ModelCalls
from clew.client.pages import PagedList
from clew.client.registrycalls import RegistryCalls
from clew.client.runlog import RunLog
from clew.client.seriescalls import SeriesCalls
from clew.client.session import current_uri, session
from clew.client.source import NOTE, PARENT, RUN_NAME, user_name
from clew.client.tablecalls import TableCalls
from clew.client.trashcalls import TrashCalls
from clew.client.values import dataset_fields, order_of, pairs_of, status_of, texts_of, view_of
from clew.client.webhookcalls import WebhookCalls
from clew.entities import web
from clew.entities.experiment import Experiment
from clew.entities.run import ModelOutput, Run, RunInfo, RunStatus
from clew.errors import ClewError, NotFound
from clew.ids import new_id, now_ms
from clew.settings import read as read_settings
from clew.wire import convert, mlflow, native


class ClewClient(SeriesCalls, ModelCalls, RegistryCalls, ApprovalCalls, WebhookCalls, TableCalls, TrashCalls):
    """A client of one store or server.

    tracking_uri: default ``CLEW_TRACKING_URI``, ``MLFLOW_TRACKING_URI``, else the embedded store ``./.clew``.
    registry_uri: where registered models are; default ``CLEW_REGISTRY_URI``, else where the runs are.
    Thread-safe. Every method raises ``Unavailable`` when it must ask the server and that is away;
    logging does not.
    """

    def __init__(self, tracking_uri: str | None = None, registry_uri: str | None = None) -> None:
        self.registry_uri = registry_uri or session.registry_uri or read_settings().registry_uri
        self._link: Link = link_to(tracking_uri or current_uri())
        self._registry: Link = link_to(self.registry_uri) if self.registry_uri else self._link

    @property
    def tracking_uri(self) -> str:
        """The tracking URI in full form."""
        return self._link.uri

    # -- experiments ------------------------------------------------------------------------

    def create_experiment(
        self, name: str, artifact_location: str | None = None, tags: Mapping[str, Any] | None = None
    ) -> str:
        """The id of a new experiment.

        Raises:
            AlreadyExists: the name is taken, also by an experiment in the trash.
        """
        request = mlflow.CreateExperiment(
            name=name,
            artifact_location=None if artifact_location is None else str(artifact_location),
            tags=convert.key_values({k: str(v) for k, v in (tags or {}).items()}),
        )
        return str(self._link.call("create_experiment", request).experiment_id)

    def get_experiment(self, experiment_id: str) -> Experiment:
        """An experiment by id, also from the trash.

        Raises:
            NotFound: there is none.
        """
        response = self._link.read("get_experiment", mlflow.ExperimentById(experiment_id=str(experiment_id)))
        return convert.experiment_entity(response.experiment)

    def get_experiment_by_name(self, name: str) -> Experiment | None:
        """An experiment by name, also from the trash; None where there is none."""
        try:
            response = self._link.read("get_experiment_by_name", mlflow.ExperimentByName(experiment_name=name))
        except NotFound:
            return None
        return convert.experiment_entity(response.experiment)

    def search_experiments(
        self,
        view_type: object = 1,
        max_results: int | None = 1000,
        filter_string: str | None = None,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[Experiment]:
        """A page of experiments that match."""
        request = mlflow.SearchExperiments(
            max_results=max_results,
            page_token=page_token,
            filter=filter_string or None,
            order_by=order_of(order_by),
            view_type=view_of(view_type),
        )
        response = self._link.read("search_experiments", request)
        return PagedList((convert.experiment_entity(e) for e in response.experiments), response.next_page_token)

    def rename_experiment(self, experiment_id: str, new_name: str) -> None:
        """Give an experiment another name."""
        self._link.call("update_experiment", mlflow.UpdateExperiment(experiment_id=experiment_id, new_name=new_name))

    def delete_experiment(self, experiment_id: str) -> None:
        """Put an experiment and its runs into the trash."""
        self._link.read("delete_experiment", mlflow.ExperimentById(experiment_id=str(experiment_id)))

    def restore_experiment(self, experiment_id: str) -> None:
        """Take an experiment and its runs out of the trash."""
        self._link.call("restore_experiment", mlflow.ExperimentById(experiment_id=str(experiment_id)))

    def set_experiment_tag(self, experiment_id: str, key: str, value: Any) -> None:
        """Set a tag of an experiment."""
        request = mlflow.SetExperimentTag(experiment_id=str(experiment_id), key=key, value=str(value))
        self._link.call("set_experiment_tag", request)

    def delete_experiment_tag(self, experiment_id: str, key: str) -> None:
        """Delete a tag of an experiment.

        Raises:
            NotFound: there is no such experiment or tag.
        """
        request = mlflow.DeleteExperimentTag(experiment_id=str(experiment_id), key=key)
        self._link.call("delete_experiment_tag", request)

    # -- runs -------------------------------------------------------------------------------

    def create_run(
        self,
        experiment_id: str,
        start_time: int | None = None,
        tags: Mapping[str, Any] | None = None,
        run_name: str | None = None,
    ) -> Run:
        """A new run, RUNNING until ``set_terminated``.

        Raises:
            NotFound: there is no such experiment. Conflict: it is deleted.
        """
        texts = {k: str(v) for k, v in (tags or {}).items()}
        user = texts.get("mlflow.user") or user_name()
        start = now_ms() if start_time is None else start_time
        name = run_name or texts.get(RUN_NAME)
        if self._link.target.kind == "clew":
            run_id = new_id()
            request = native.StartRun(
                run_id=run_id,
                experiment_id=str(experiment_id),
                run_name=name,
                user_id=user,
                start_time=start,
                tags=convert.key_values(texts),
            )
            return convert.run_entity(self._link.call("start_run", request).run)
        created = mlflow.CreateRun(
            experiment_id=str(experiment_id),
            user_id=user,
            run_name=name,
            start_time=start,
            tags=convert.key_values(texts),
        )
        return convert.run_entity(self._link.call("create_run", created).run)

    def get_run(self, run_id: str) -> Run:
        """A run with all that is known of it.

        Raises:
            NotFound: there is none.
        """
        return convert.run_entity(self._link.read("get_run", mlflow.GetRun(run_id=run_id)).run)

    def get_parent_run(self, run_id: str) -> Run | None:
        """The run inside which this one was started, or None."""
        parent = self.get_run(run_id).data.tags.get(PARENT)
        return self.get_run(parent) if parent else None

    def update_run(self, run_id: str, status: str | None = None, name: str | None = None) -> RunInfo:
        """Change a run's status or name.

        Raises:
            NotFound: there is no such run. Conflict: it is deleted. InvalidValue: no such status.
        """
        request = mlflow.UpdateRun(
            run_id=run_id, status=None if status is None else status_of(status), run_name=name or None
        )
        return convert.run_info_entity(self._link.read("update_run", request).run_info)

    def set_terminated(self, run_id: str, status: str | None = None, end_time: int | None = None) -> None:
        """End a run; ``status`` defaults to FINISHED, ``end_time`` (ms) to now."""
        log = self._link.run(run_id)
        wanted = RunStatus.FINISHED if status is None else status_of(status)
        folder = log.journal.writer_folder
        receipt = log.end(wanted.value, now_ms() if end_time is None else end_time)
        self._link.runs.pop(run_id, None)
        if receipt is not None and self._link.wait([receipt, *log.waiting_files()]):
            self._link.tell_conflicts(log, receipt, folder)

    def delete_run(self, run_id: str) -> None:
        """Put a run into the trash."""
        self._link.read("delete_run", mlflow.RunById(run_id=run_id))

    def restore_run(self, run_id: str) -> None:
        """Take a run out of the trash."""
        self._link.call("restore_run", mlflow.RunById(run_id=run_id))

    def search_runs(
        self,
        experiment_ids: Sequence[str] | str,
        filter_string: str = "",
        run_view_type: object = 1,
        max_results: int = 1000,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[Run]:
        """A page of runs that match.

        Raises:
            InvalidFilter: the filter cannot be read; the text has the place.
        """
        request = mlflow.SearchRuns(
            experiment_ids=texts_of(experiment_ids),
            filter=filter_string or None,
            run_view_type=view_of(run_view_type),
            max_results=max_results,
            order_by=order_of(order_by),
            page_token=page_token,
        )
        response = self._link.read("search_runs", request)
        return PagedList((convert.run_entity(r) for r in response.runs), response.next_page_token)

    # -- logging ----------------------------------------------------------------------------

    def log_metric(
        self,
        run_id: str,
        key: str,
        value: float,
        timestamp: int | None = None,
        step: int | None = None,
        synchronous: bool | None = None,
        dataset_name: str | None = None,
        dataset_digest: str | None = None,
        model_id: str | None = None,
    ) -> None:
        """Log one point of a metric.

        timestamp: milliseconds since 1970, default now. step: default 0.
        synchronous: True waits until the server has it.

        Raises:
            NotFound: there is no such run. InvalidValue: key, value, step or time breaks a rule.
        """
        model_id = model_id or session.model_id()
        context = (model_id or "", dataset_name or "", dataset_digest or "") if model_id or dataset_name else None
        self._run(run_id).log_points({key: value}, step, timestamp, context)
        self._settle(synchronous)

    def log_param(self, run_id: str, key: str, value: Any, synchronous: bool | None = None) -> Any:
        """Log a param; the value as given.

        Raises:
            Conflict: the run has another value for it. InvalidValue: the key breaks a rule.
        """
        self._run(run_id).log_params({key: value})
        self._settle(synchronous)
        return value

    def set_tag(self, run_id: str, key: str, value: Any, synchronous: bool | None = None) -> None:
        """Set a tag.

        Raises:
            InvalidValue: the key breaks a rule.
        """
        self._run(run_id).set_tags({key: value})
        self._settle(synchronous)

    def delete_tag(self, run_id: str, key: str) -> None:
        """Delete a tag.

        Raises:
            NotFound: there is no such run or tag.
        """
        try:
            self._link.read("delete_tag", mlflow.DeleteTag(run_id=run_id, key=key))
        except ClewError as error:
            self._link.put_up_with(error)
            self._run(run_id).delete_tag(key)

    def log_batch(
        self,
        run_id: str,
        metrics: Iterable[Any] = (),
        params: Iterable[Any] | Mapping[str, Any] = (),
        tags: Iterable[Any] | Mapping[str, Any] = (),
        synchronous: bool | None = None,
    ) -> None:
        """Log metrics, params and tags; any number of them.

        metrics: objects with key, value, timestamp (ms) and step.
        params, tags: mappings, or objects with key and value.

        Raises:
            Conflict: a param has another value. InvalidValue: a key or value breaks a rule.
        """
        log = self._run(run_id)
        log.log_params(pairs_of(params))
        for metric in metrics:
            where = (getattr(metric, "model_id", None) or session.model_id(), getattr(metric, "dataset_name", None))
            digest = getattr(metric, "dataset_digest", None)
            context = (where[0] or "", where[1] or "", digest or "") if any(where) else None
            log.log_points({metric.key: metric.value}, metric.step, metric.timestamp, context)
        log.set_tags(pairs_of(tags))
        self._settle(synchronous)

    def log_inputs(
        self, run_id: str, datasets: Iterable[Any] | None = None, models: Iterable[Any] | None = None
    ) -> None:
        """Log datasets (objects with ``dataset`` and ``tags``) and models that the run reads."""
        log = self._run(run_id)
        for item in datasets or ():
            tags = {k: str(v) for k, v in pairs_of(item.tags).items()}
            log.log_input(dataset_fields(item.dataset), tags, None)
        for model in models or ():
            log.log_input(None, {}, model if isinstance(model, str) else model.model_id)

    def log_outputs(self, run_id: str, models: Iterable[ModelOutput]) -> None:
        """Log models that the run produced."""
        log = self._run(run_id)
        for model in models:
            log.log_output(model.model_id, model.step)

    def set_note(self, run_id: str, text: str) -> None:
        """Set the run's description."""
        self.set_tag(run_id, NOTE, text)

    def flush(self) -> bool:
        """Wait until the server has what this process logged; False when it has not within the time."""
        return self._link.flush()

    def _run(self, run_id: str) -> RunLog:
        return self._link.run(run_id)

    def _settle(self, synchronous: bool | None) -> None:
        if synchronous:
            self._link.flush()


MlflowClient = ClewClient

web.page_of = page_of
