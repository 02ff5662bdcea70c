"""Search: a filter text and an order in, a page out.

``find_runs`` is the seam: it takes the checked tree and answers run numbers, and whatever else can answer that
question faster may stand in its place.
"""

from __future__ import annotations

from collections.abc import Sequence

from clew.entities.experiment import Experiment
from clew.entities.model import LoggedModel
from clew.entities.page import Page
from clew.entities.run import ViewType
from clew.query.ast import PATTERN_OPS, Comparison, FieldKind, FreeText, Leaf, leaves
from clew.query.fields import EXPERIMENTS, MODELS, RUNS
from clew.query.order import model_order, read_order, refuse_repeats
from clew.query.parser import read_filter
from clew.query.settle import open_names, settle, settle_orders
from clew.query.text import write_filter
from clew.storage import indexed, keyset
from clew.storage.compile import TRUE, Binder, Compiler
from clew.storage.engine import Tx
from clew.storage.experiments import load_experiments, number_of
from clew.storage.history import history_values
from clew.storage.keys import metric_names
from clew.storage.keyset import SortColumn
from clew.storage.models import load_models
from clew.storage.paging import Source, all_true, in_view, read_page
from clew.storage.runcolumns import RunColumns
from clew.storage.runquery import RunQuery
from clew.storage.sources import ExperimentColumns, ModelColumns


def search_runs(
    tx: Tx,
    experiment_ids: Sequence[str],
    filter: str = "",  # noqa: A002 - the word that every caller knows
    order_by: Sequence[str] = (),
    view: ViewType = "ACTIVE_ONLY",
    max_results: int = 1000,
    page_token: str | None = None,
    with_total: bool = False,
) -> Page[int]:
    """The run numbers that match, in order.

    Raises:
        InvalidFilter: the filter or order cannot be read.
        InvalidValue: an experiment id is no integer, or the token belongs to another search.
    """
    return find_runs(tx, read_query(tx, experiment_ids, filter, order_by, view, max_results, page_token, with_total))


def read_query(
    tx: Tx,
    experiment_ids: Sequence[str],
    filter: str = "",  # noqa: A002 - as above
    order_by: Sequence[str] = (),
    view: ViewType = "ACTIVE_ONLY",
    limit: int = 1000,
    token: str | None = None,
    counted: bool = False,
) -> RunQuery:
    """What texts ask about runs, settled.

    Raises:
        InvalidFilter: the filter or order cannot be read.
        InvalidValue: an experiment id is no integer, or the token is damaged.
    """
    now_ms = keyset.asked_at(token, tx.place.clock())
    experiments = tuple(number_of(one) for one in experiment_ids)
    where, order = read_filter(filter, RUNS, lambda: now_ms), read_order(order_by, RUNS)
    existing = metric_names(tx, experiments, open_names(where, order))
    return RunQuery(
        experiments=experiments,
        where=settle(where, existing),
        order=settle_orders(order, existing),
        view=view,
        limit=limit,
        token=token,
        counted=counted,
        now_ms=now_ms,
    )


def find_runs(tx: Tx, query: RunQuery) -> Page[int]:
    """The run numbers that answer ``query``, by the column index or by SQL.

    Cost: with the index a few ns per run of the experiments and key that the query names; with SQL about 0.3 µs on
    SQLite, and two or three statements. And what ``history_values`` costs.

    Raises:
        InvalidValue: the query reads points of more runs than it may, or its token belongs to another search.
    """
    experiments = sorted({number for number in query.experiments if number >= 0})
    if not experiments:
        return Page(items=[], total=0 if query.counted else None)
    page = indexed.find(tx, query, experiments)
    if page is not None:
        return page
    binder = Binder(tx.dialect)
    values = history_values(tx, experiments, query.where, query.order, query.view)
    columns = RunColumns(tx, binder, experiments, values)
    columns.learn(query.where, query.order)
    where = Compiler(binder, columns).condition(query.where) if query.where is not None else TRUE
    sort = [columns.sort(order) for order in query.order]
    sort += [
        SortColumn(value="r.start_ms", kind="integer", descending=True),
        SortColumn(value="r.run_id", kind="text"),
    ]
    conditions = [where, in_view("r", query.view)]
    rows = Source(
        number="r.rn",
        source=f"{columns.tables()} AND {all_true(conditions)}",
        unsorted=f"{columns.tables(sorting=False)} AND {all_true(conditions)}",
        sort=sort,
        costly=any(_costly(leaf) for leaf in leaves(query.where)),
    )
    return read_page(tx, binder, rows, query.limit, query.token, query.fingerprint(), query.counted)


def search_experiments(
    tx: Tx,
    *,
    filter: str = "",  # noqa: A002 - as above
    order_by: Sequence[str] = (),
    view: ViewType = "ACTIVE_ONLY",
    max_results: int = 1000,
    page_token: str | None = None,
    with_total: bool = False,
) -> Page[Experiment]:
    """The experiments that match, in order; newest first without one.

    Raises:
        InvalidFilter: the filter or order cannot be read.
        InvalidValue: the token belongs to another search.
    """
    now_ms = keyset.asked_at(page_token, tx.place.clock())
    where, order = read_filter(filter, EXPERIMENTS, lambda: now_ms), read_order(order_by, EXPERIMENTS)
    binder = Binder(tx.dialect)
    columns = ExperimentColumns(tx, binder)
    conditions = [
        Compiler(binder, columns).condition(where) if where is not None else TRUE,
        in_view("e", view),
    ]
    sort = [columns.sort(one) for one in order]
    if not order:
        sort.append(SortColumn(value="e.created_ms", kind="integer", descending=True))
    # MLflow breaks ties by ascending id in its default order and by descending id in any other.
    sort.append(SortColumn(value="e.id", kind="integer", descending=bool(order)))
    mark = keyset.fingerprint(now_ms, "experiments", write_filter(where, EXPERIMENTS), order, view)
    rows = f"experiment e WHERE {all_true(conditions)}"
    source = Source(number="e.id", source=rows, unsorted=rows, sort=sort)
    page = read_page(tx, binder, source, max_results, page_token, mark, with_total)
    return Page(items=load_experiments(tx, page.items), token=page.token, total=page.total)


def search_models(
    tx: Tx,
    experiment_ids: Sequence[str],
    *,
    filter: str = "",  # noqa: A002 - as above
    datasets: Sequence[tuple[str, str | None]] = (),
    order_by: Sequence[tuple[str, bool, str | None, str | None]] = (),
    max_results: int = 100,
    page_token: str | None = None,
    with_total: bool = False,
) -> Page[LoggedModel]:
    """The logged models that match, in order; newest first without one.

    datasets: (name, digest or None); metric comparisons look only at values measured on one of them.
    order_by: (field name, whether ascending, dataset name, dataset digest).

    Raises:
        InvalidFilter: the filter or order cannot be read.
        InvalidValue: an experiment id is no integer, or the token belongs to another search.
    """
    now_ms = keyset.asked_at(page_token, tx.place.clock())
    where = read_filter(filter, MODELS, lambda: now_ms)
    order = tuple(
        model_order(name, ascending=up, dataset_name=dataset, dataset_digest=digest)
        for name, up, dataset, digest in order_by
    )
    refuse_repeats(order)
    experiments = sorted({number_of(one) for one in experiment_ids})
    binder = Binder(tx.dialect)
    columns = ModelColumns(tx, binder, datasets)
    conditions = [
        binder.any_of("l.experiment_id", experiments),
        "l.deleted_ms IS NULL",
        Compiler(binder, columns).condition(where) if where is not None else TRUE,
    ]
    sort = [columns.sort(one) for one in order]
    sort += [
        SortColumn(value="l.created_ms", kind="integer", descending=True),
        SortColumn(value="l.model_id", kind="text"),
    ]
    bound = sorted(datasets, key=repr)
    mark = keyset.fingerprint(now_ms, "models", experiments, write_filter(where, MODELS), order, bound)
    rows = f"logged_model l WHERE {all_true(conditions)}"
    source = Source(number="l.mn", source=rows, unsorted=rows, sort=sort)
    page = read_page(tx, binder, source, max_results, page_token, mark, with_total)
    return Page(items=load_models(tx, page.items), token=page.token, total=page.total)


def _costly(leaf: Leaf) -> bool:
    """Whether a leaf reads more than the row of the run itself."""
    if isinstance(leaf, FreeText):
        return True
    if isinstance(leaf, Comparison) and leaf.op in PATTERN_OPS:
        return True
    return leaf.field.kind is not FieldKind.ATTRIBUTE
