"""What entities show of themselves in notebooks and terminals.

Pages of the web UI are linked where ``web.page_of`` knows them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from clew.entities import html, web
from clew.entities.html import Html

if TYPE_CHECKING:
    from clew.entities.experiment import Experiment
    from clew.entities.metric import Metric
    from clew.entities.model import LoggedModel
    from clew.entities.run import Run


_OPEN_ROWS: Final = 12
_LIST_ROWS: Final = 20
_LIST_METRICS: Final = 5
_LIST_PARAMS: Final = 5
_OURS: Final = ("mlflow.", "clew.")


def run_card(run: Run) -> str:
    """A run: its state, its last metrics, its params and tags."""
    info = run.info
    parts = [_named("Metrics", {k: html.number(v) for k, v in run.data.metrics.items()})]
    parts += [_named("Params", run.data.params), _named("Tags", _own_tags(run.data.tags))]
    spent = html.duration(info.end_time - info.start_time) if info.end_time and info.start_time else ""
    facts = [
        f"started {html.moment(info.start_time)}" if info.start_time else "",
        f"took {spent}" if spent else "",
        f"by {info.user_id}" if info.user_id else "",
        "in the trash" if info.lifecycle_stage == "deleted" else "",
    ]
    head = html.joined(
        _run_name(run),
        Html("&ensp;"),
        html.status(info.status.value),
        Html("&ensp;"),
        html.faint(", ".join(filter(None, facts))),
        Html("<br>"),
        html.faint(
            html.joined("run ", html.code(info.run_id), " of experiment ", _experiment_link(info.experiment_id))
        ),
    )
    return html.card(head, *filter(None, parts))


def experiment_card(experiment: Experiment) -> str:
    """An experiment: its name, place and tags."""
    facts = [
        f"created {html.moment(experiment.creation_time)}" if experiment.creation_time else "",
        "in the trash" if experiment.lifecycle_stage == "deleted" else "",
    ]
    head = html.joined(
        Html("<b>"),
        html.link(web.page_of(experiment.experiment_id, ""), experiment.name),
        Html("</b>&ensp;"),
        html.faint("experiment " + experiment.experiment_id),
        Html("&ensp;"),
        html.faint(", ".join(filter(None, facts))),
        Html("<br>"),
        html.faint(html.joined("files in ", html.code(experiment.artifact_location))),
    )
    return html.card(head, *filter(None, [_named("Tags", _own_tags(experiment.tags))]))


def model_card(model: LoggedModel) -> str:
    """A logged model: its state, its metrics, params and tags."""
    values = {_bound_key(m): html.number(m.value) for m in model.metrics}
    parts = [_named("Metrics", values), _named("Params", model.params), _named("Tags", _own_tags(model.tags))]
    source = html.link(web.page_of(model.experiment_id, model.source_run_id), html.code(model.source_run_id))
    head = html.joined(
        Html("<b>"),
        model.name,
        Html("</b>&ensp;"),
        html.status(model.status.name),
        Html("&ensp;"),
        html.faint(f"created {html.moment(model.creation_timestamp)}" if model.creation_timestamp else ""),
        Html("<br>"),
        html.faint(html.joined("load with ", html.code(model.model_uri))),
        html.faint(html.joined(", of run ", source)) if model.source_run_id else "",
    )
    return html.card(head, *filter(None, parts))


def runs_table(runs: Sequence[Run]) -> str:
    """Runs, one a row, with the metrics and params that most of them have."""
    shown = runs[:_LIST_ROWS]
    metrics = _frequent((r.data.metrics for r in shown), _LIST_METRICS)
    params = _frequent((r.data.params for r in shown), _LIST_PARAMS)
    rows = [
        [
            _run_name(run),
            html.status(run.info.status.value),
            html.moment(run.info.start_time) if run.info.start_time else "",
            *(html.number(run.data.metrics[k]) if k in run.data.metrics else "" for k in metrics),
            *(run.data.params.get(k, "") for k in params),
        ]
        for run in shown
    ]
    return _listed("run", len(runs), ["Run", "Status", "Started", *metrics, *params], rows)


def experiments_table(experiments: Sequence[Experiment]) -> str:
    """Experiments, one a row."""
    rows = [
        [
            html.link(web.page_of(e.experiment_id, ""), e.name),
            e.experiment_id,
            html.moment(e.last_update_time) if e.last_update_time else "",
        ]
        for e in experiments[:_LIST_ROWS]
    ]
    return _listed("experiment", len(experiments), ["Experiment", "Id", "Updated"], rows)


def models_table(models: Sequence[LoggedModel]) -> str:
    """Logged models, one a row, with the metrics that most of them have."""
    shown = models[:_LIST_ROWS]
    values = [{_bound_key(m): html.number(m.value) for m in model.metrics} for model in shown]
    metrics = _frequent(values, _LIST_METRICS)
    rows = [
        [model.name, html.status(model.status.name), html.code(model.model_id), *(of.get(k, "") for k in metrics)]
        for model, of in zip(shown, values, strict=True)
    ]
    return _listed("logged model", len(models), ["Model", "Status", "Id", *metrics], rows)


def points_card(points: Sequence[Metric]) -> str:
    """The history of a metric: its curve, its last, least and greatest value."""
    values = [p.value for p in points]
    numbers = [v for v in values if v == v]
    head = html.joined(
        Html("<b>"), points[0].key, Html("</b>&ensp;"), html.faint(_count(len(points), "point")), Html("<br>")
    )
    least = f", least {html.number(min(numbers))}, greatest {html.number(max(numbers))}" if numbers else ""
    facts = f"last {html.number(values[-1])} at step {points[-1].step}{least}"
    return html.card(html.joined(head, html.curve(values), Html("<br>"), html.faint(facts)))


def run_line(run: Run) -> str:
    """A run for a terminal, in one line."""
    info, data = run.info, run.data
    spent = f" after {html.duration(info.end_time - info.start_time)}" if info.end_time and info.start_time else ""
    parts = [f"{info.status.value}{spent}", *_first(data.metrics)]
    parts += [_count(len(found), noun) for noun, found in (("param", data.params), ("tag", data.tags)) if found]
    return f"<Run {info.run_name!r} {info.run_id} {', '.join(parts)}>"


def experiment_line(experiment: Experiment) -> str:
    """An experiment for a terminal, in one line."""
    deleted = ", in the trash" if experiment.lifecycle_stage == "deleted" else ""
    return f"<Experiment {experiment.name!r}, id {experiment.experiment_id}{deleted}>"


def model_line(model: LoggedModel) -> str:
    """A logged model for a terminal, in one line."""
    parts = [model.status.name, *_first({_bound_key(m): m.value for m in model.metrics})]
    return f"<LoggedModel {model.name!r} {model.model_id} {', '.join(parts)}>"


def _first(metrics: Mapping[str, float]) -> list[str]:
    shown = [f"{key}={html.number(value)}" for key, value in list(metrics.items())[:4]]
    return [*shown, _count(len(metrics) - 4, "more metric")] if len(metrics) > 4 else shown


def _run_name(run: Run) -> Html:
    info = run.info
    return html.joined(
        Html("<b>"), html.link(web.page_of(info.experiment_id, info.run_id), info.run_name or info.run_id), Html("</b>")
    )


def _experiment_link(experiment_id: str) -> Html:
    return html.link(web.page_of(experiment_id, ""), experiment_id or "(not known yet)")


def _named(title: str, values: Mapping[str, object]) -> Html:
    """A foldable table of names and values; empty without any."""
    if not values:
        return Html()
    rows = [[html.code(key), value] for key, value in list(values.items())[:_OPEN_ROWS]]
    if len(values) > _OPEN_ROWS:
        rows.append([html.faint(f"… {len(values) - _OPEN_ROWS} more"), ""])
    return html.section(f"{title} ({len(values)})", html.table((), rows), open_=title != "Tags")


def _listed(noun: str, count: int, header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    more = html.faint(f"… {count - len(rows)} more") if count > len(rows) else Html()
    return html.card(html.joined(html.faint(_count(count, noun)), html.table(header, rows), more))


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _own_tags(tags: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in tags.items() if not key.startswith(_OURS)}


def _bound_key(metric: Metric) -> str:
    return f"{metric.key} ({metric.dataset_name})" if metric.dataset_name else metric.key


def _frequent(of_each: Iterable[Mapping[str, object]], most: int) -> list[str]:
    """The keys that most have, up to ``most``, in order of name."""
    counts: dict[str, int] = {}
    for keys in of_each:
        for key in keys:
            counts[key] = counts.get(key, 0) + 1
    return sorted(sorted(counts, key=lambda key: (-counts[key], key))[:most])
