"""Values for fields: right ones that lead deep into the server, and wild ones of every kind."""

from __future__ import annotations

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

from clew.query.fields import ENTITIES, RUNS, Fields
from clew.query.order import Order
from clew.query.text import write_filter, write_key
from filter_strategies import KEYS, filters, orders

Tree = object

# A name in such brackets is replaced when the request is sent: by something that exists at that time or by a long
# text; in the second kind by bytes that JSON's writer would not write.
REAL = "⟪{}⟫"
RAW = "⟦{}⟧"

LONG = {
    "emoji": "😀" * 50,
    "letters": "é" * 300,
    "over_key": "x" * 251,
    "over_name": "x" * 501,
    "over_param": "x" * 6001,
    "over_tag": "x" * 20_001,
    "percents": "%" * 3000,
    "pattern": "_%" * 2000,
    "slashes": "/" * 100,
    "dots": "." * 100,
    "digits": "9" * 5000,
    "zeros": "0" * 64,
    "brackets": "[" * 3000,
    "model_json": '{"artifact_path":"m","flavors":{},"utc_time_created":"x","run_id":"' + "0" * 32 + '"}',
    "long_like": "tags.a LIKE '" + "%_" * 5000 + "'",
    "open_regex": "tags.a RLIKE '" + "(" * 1000 + "'",
    "large_regex": "tags.a RLIKE '(a{1000}){1000}'",
    "open_parentheses": "(" * 5000,
    "nots": "NOT " * 3000 + "metrics.a > 1",
    "large_number": "metrics.a > " + "9" * 5000,
    "long_list": "run_id IN (" + ",".join(["'x'"] * 2000) + ")",
    "ors": " OR ".join(["metrics.a > 1"] * 500),
}
RAWS = {
    "large": b"1e400",
    "small": b"-1E-999",
    "minus": b"-0",
    "digits": b"9" * 5000,
    "negative": b"-" + b"9" * 400,
    "nested": b"[" * 40 + b"]" * 40,
    "deep": b"[" * 2000 + b"]" * 2000,
    "deeper": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
}

ODD_TEXTS = (
    *(
        "",
        " ",
        "\x00",
        "a\x00b",
        "\n",
        "\r\nx: y",
        "\t",
        "\x1b[31m",
        "\x7f",
        "\ud800",
        "a\udfff",
        "\ufeff",
        "\u202e",
        "ﷺ",
    ),
    *(REAL.format(name) for name in LONG),
    *(
        "../../etc/passwd",
        "%2e%2e%2f",
        "a//b",
        "/a",
        "a/",
        ".",
        "..",
        "a\\b",
        "C:\\x",
        "file:///etc/passwd",
        "s3://x/y",
    ),
    *(
        "'",
        '"',
        "`",
        "' OR 1=1 --",
        "'; DROP TABLE run; --",
        "{}",
        "{model_id}",
        "${x}",
        "%s",
        "%(x)s",
        ":name",
        "$1",
        "?",
        "#",
    ),
    *("null", "true", "NaN", "Infinity", "-0", "1e400", "0x1f", "1_000", "٣", "²", "0" * 32, "F" * 32),
    *("m-" + "0" * 32, "-1", "9223372036854775807", "9223372036854775808", "-9223372036854775809", "1.5", "<script>"),
    *(
        "mlflow.runName",
        "mlflow.parentRunId",
        "metrics.a",
        "params.a",
        "tags.a",
        "attributes.start_time",
        "metrics.a.min",
    ),
)
ODD_INTS = (
    0,
    1,
    -1,
    2,
    100,
    1000,
    50_000,
    50_001,
    2**31,
    2**32,
    2**53 + 1,
    2**63 - 1,
    -(2**63),
    2**63,
    -(2**64),
    10**300,
)
ODD_FLOATS = (0.0, -0.0, 0.5, 1.5, -1e308, 5e-324, float("inf"), float("-inf"), float("nan"))

odd_text = st.sampled_from(ODD_TEXTS) | st.text(max_size=30)
odd_int = st.sampled_from(ODD_INTS) | st.integers(-3, 30)
odd_float = st.sampled_from(ODD_FLOATS) | st.floats()
odd_leaf = st.one_of(
    st.none(), st.booleans(), odd_int, odd_float, odd_text, st.sampled_from([RAW.format(name) for name in RAWS])
)
anything: st.SearchStrategy[Tree] = st.recursive(
    odd_leaf,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(odd_text, inner, max_size=3),
    max_leaves=4,
)


@st.composite
def mostly(draw: st.DrawFn, right: st.SearchStrategy[Tree], *others: st.SearchStrategy[Tree]) -> Tree:
    """Eight times in nine, or so, what is right; ``one_of`` would count a strategy that is repeated once."""
    turn = draw(st.integers(0, 8 * len(others) + len(others) - 1))
    return draw(others[turn] if turn < len(others) else right)


def real(kind: str) -> st.SearchStrategy[str]:
    """The place of something that exists when the request is sent."""
    return st.just(REAL.format(kind))


def chosen(*texts: str) -> st.SearchStrategy[str]:
    return st.sampled_from(texts)


@st.composite
def cut(draw: st.DrawFn, whole: st.SearchStrategy[str]) -> str:
    """A text of the filter language, often with a piece lost or put in the wrong place."""
    text = draw(whole)
    if not text or draw(st.integers(0, 2)):
        return text
    at = draw(st.integers(0, len(text)))
    return (
        text[:at]
        + draw(st.sampled_from(("", "'", "(", ")", " AND ", " OR NOT ", ".", "`", "\x00", "%", " IN (")))
        + (text[at + draw(st.integers(0, 3)) :])
    )


def spelled(fields: Fields) -> st.SearchStrategy[str]:
    return filters(fields).map(lambda tree: write_filter(tree, fields))


FILTERS = cut(st.one_of([spelled(fields) for fields in ENTITIES.values()])) | chosen(
    "metrics.loss > 0",
    "metrics.loss.at(3) > 0",
    "metrics.loss.last(2) < 1 OR params.lr RLIKE '(a*)*b'",
    "start_time > -7d",
    *map(
        REAL.format,
        ("long_like", "open_regex", "large_regex", "open_parentheses", "nots", "large_number", "long_list", "ors"),
    ),
)


def _orders_text(found: tuple[Order, ...]) -> list[str]:
    return [write_key(one.field, RUNS) + (" DESC" if one.descending else "") for one in found]


ORDERS = orders(RUNS).map(_orders_text) | st.lists(odd_text, max_size=2)
COLUMN = chosen(
    *(f"{kind}.{key}" for kind in ("metrics", "params", "tags") for key in (*KEYS, "loss", "lr")),
    *("attributes.start_time", "attributes.status", "attributes.duration", "metrics.loss.min", "metrics.loss.at(1)"),
)
ID32 = st.sampled_from([f"{n:032x}" for n in range(4)])
HASH = chosen(REAL.format("zeros"), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "x")
KEY = st.sampled_from(("loss", "acc", "lr", *KEYS))
PATH = chosen("", "a.txt", "d", "d/b.bin", "new/x.txt", "ünï.txt", "a b+%41.txt", ".clew-incoming/x")
RUN, EXPERIMENT, MODEL = real("run_id"), real("experiment_id"), real("model_id")

# What a field of this name means, wherever it stands.
BY_NAME: dict[str, st.SearchStrategy[Tree]] = {
    "run_id": RUN,
    "run_uuid": RUN,
    "run_ids": st.lists(RUN | real("old_run_id"), max_size=3),
    "source_run_id": RUN,
    "id": RUN | EXPERIMENT | MODEL,
    "writer": ID32,
    "experiment_id": EXPERIMENT | st.just("0"),
    "target_experiment_id": EXPERIMENT | st.just("0"),
    "experiment_ids": st.lists(EXPERIMENT | st.just("0"), max_size=3),
    "experiment_name": chosen("Default", "fuzz", "new"),
    "model_id": MODEL,
    "upload_id": real("upload_id"),
    "view_id": real("view_id"),
    "link_id": real("link_id"),
    "page_token": real("page_token"),
    "filter": FILTERS,
    "order_by": ORDERS,
    "column": COLUMN,
    "columns": st.lists(COLUMN, max_size=4),
    "metric": COLUMN,
    "sort": chosen("runs", "key", "metrics.loss mean", "metrics.loss nonsense"),
    "key": KEY,
    "keys": st.lists(KEY, max_size=3),
    "metric_key": KEY,
    "tag_key": KEY,
    "q": chosen("", "l", "loss", "%"),
    "field_name": chosen("metrics.loss", "params.lr", "tags.a", "creation_timestamp_ms", "name"),
    "path": PATH,
    "artifact_path": PATH,
    "artifact_directory_path": PATH,
    "sha256": HASH,
    "size": st.integers(0, 40),
    "since": chosen("0", "1", "99999999"),
    "artifact_location": chosen("mlflow-artifacts:/elsewhere", "file:///tmp/nowhere-of-fuzz", "s3://bucket/x", "/etc"),
    "model_json": chosen(REAL.format("model_json"), REAL.format("brackets"), "{}", "[1]", '"x"'),
    "dataset_name": chosen("data", "other"),
    "dataset_digest": chosen("d1", "d2"),
    "timestamp": st.integers(0, 2_000_000),
    "max_results": st.integers(1, 30),
    "limit": st.integers(1, 30),
    "bins": st.integers(2, 30),
    "max_points": st.integers(1, 30),
    "template": chosen("{name}-{index}", "{params.lr}", "{", "{nonsense}"),
}


def of_type(kind: inspect.Type, name: str, depth: int = 0) -> st.SearchStrategy[Tree]:
    """Mostly what the field means, at times any value of its type, at times anything."""
    right = BY_NAME[name] if name in BY_NAME else _typed(kind, depth)
    return mostly(right, _typed(kind, depth), anything) if depth < 3 else right


def _typed(kind: inspect.Type, depth: int) -> st.SearchStrategy[Tree]:
    if isinstance(kind, inspect.UnionType):
        kind = next(t for t in kind.types if not isinstance(t, inspect.NoneType))
    if isinstance(kind, inspect.StructType):
        return message(kind.cls, depth + 1)
    if isinstance(kind, inspect.ListType):
        return st.lists(of_type(kind.item_type, "", depth + 1), max_size=3)
    if isinstance(kind, inspect.DictType):
        return st.dictionaries(odd_text, of_type(kind.value_type, "", depth + 1), max_size=3)
    if isinstance(kind, inspect.IntType):
        return odd_int | odd_int.map(str)
    if isinstance(kind, inspect.FloatType):
        return odd_float | chosen("NaN", "Infinity", "-Infinity", "1.5")
    if isinstance(kind, inspect.BoolType):
        return st.booleans()
    if isinstance(kind, inspect.EnumType):
        return st.sampled_from([member.value for member in kind.cls]) | st.integers(0, 6)
    if isinstance(kind, inspect.LiteralType):
        return st.sampled_from(list(kind.values))
    return odd_text if isinstance(kind, inspect.StrType) else anything


def message(cls: type[msgspec.Struct], depth: int = 0) -> st.SearchStrategy[Tree]:
    """The fields of a message; required ones are rarely left out."""
    info = inspect.type_info(cls)
    assert isinstance(info, inspect.StructType)
    needed = {f.name: of_type(f.type, f.name, depth) for f in info.fields if f.required}
    further = {f.name: of_type(f.type, f.name, depth) for f in info.fields if not f.required}
    whole = st.fixed_dictionaries(needed, optional=further)
    return mostly(whole, _less(whole)) if needed else whole


@st.composite
def _less(draw: st.DrawFn, whole: st.SearchStrategy[dict[str, Tree]]) -> Tree:
    tree = dict(draw(whole))
    if tree:
        tree.pop(draw(st.sampled_from(sorted(tree))))
    return tree
