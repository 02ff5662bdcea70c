"""Entities in notebooks and terminals: readable, escaped, with nothing from elsewhere."""

from __future__ import annotations

import math
import re
from html.parser import HTMLParser

import pytest

import clew
from clew.client.pages import PagedList
from clew.entities import web
from clew.entities.experiment import Experiment
from clew.entities.metric import Metric
from clew.entities.model import LoggedModel, LoggedModelStatus
from clew.entities.run import Run, RunData, RunInfo, RunStatus

EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>"
ALLOWED = {
    *("a", "b", "br", "code", "details", "div", "polyline", "span", "summary", "svg"),
    *("table", "tbody", "td", "th", "thead", "tr"),
}


class Tags(HTMLParser):
    """Collects tags with their attributes, and the text between them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag != "br":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def run_of(text: str, **metrics: float) -> Run:
    return Run(
        info=RunInfo(
            run_id=text,
            experiment_id=text,
            run_name=text,
            user_id=text,
            status=RunStatus.FINISHED,
            start_time=1_700_000_000_000,
            end_time=1_700_000_100_000,
        ),
        data=RunData(metrics={text: 0.5, **metrics}, params={text: text}, tags={text: text, "mlflow.user": "hidden"}),
    )


def model_of(text: str) -> LoggedModel:
    return LoggedModel(
        model_id=text,
        experiment_id=text,
        name=text,
        artifact_location=text,
        source_run_id=text,
        status=LoggedModelStatus.READY,
        tags={text: text},
        params={text: text},
        metrics=(Metric(text, 1.5, 1, 0, dataset_name=text),),
    )


def experiment_of(text: str) -> Experiment:
    return Experiment(experiment_id=text, name=text, artifact_location=text, creation_time=1, tags={text: text})


@pytest.fixture
def linked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "page_of", lambda experiment, run: f"http://127.0.0.1:5000/runs/{run}{experiment}")


@pytest.mark.usefixtures("linked")
@pytest.mark.parametrize(
    "shown",
    [
        run_of(EVIL),
        experiment_of(EVIL),
        model_of(EVIL),
        PagedList([run_of(EVIL), run_of("b")]),
        PagedList([experiment_of(EVIL)]),
        PagedList([model_of(EVIL)]),
        PagedList([Metric(EVIL, 1.0, 1), Metric(EVIL, 2.0, 2)]),
    ],
)
def test_hostile_texts_stay_texts(shown: object) -> None:
    page = Tags(shown._repr_html_())
    assert not page.open
    assert set(page.tags) <= ALLOWED
    assert {name for name, _ in page.attributes}.isdisjoint({"onerror", "onclick", "src"})
    assert all(str(value).startswith("http://127.0.0.1:5000/") for name, value in page.attributes if name == "href")
    assert EVIL in page.text


def test_a_link_leads_to_the_web_only() -> None:
    run = run_of("a")
    for address, links in (("javascript:alert(1)", 0), ("https://h/r", 2)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(web, "page_of", lambda experiment, run, address=address: address)
            assert run._repr_html_().count("<a ") == links


def test_a_run_shows_what_matters_and_leaves_out_what_does_not() -> None:
    page = Tags(run_of("brave", **{f"m{i:03}": float(i) for i in range(40)})._repr_html_())
    for text in ("brave", "Finished", "1 min 40 s", "Metrics (41)", "… 29 more", "Params (1)", "Tags (1)"):
        assert text in page.text
    assert "hidden" not in page.text
    assert "m039" not in page.text


@pytest.mark.usefixtures("linked")
def test_colours_suit_light_and_dark_themes() -> None:
    page = PagedList([run_of("a")])._repr_html_()
    assert "<style" not in page
    # Texts and links have the notebook's colour, the dot of a status its own.
    assert set(re.findall(r"(?<![-\w])color:([^;\"]+)", page)) == {"inherit", "#22a06b"}
    assert "background" not in page


def test_a_list_shows_the_keys_that_most_runs_have() -> None:
    runs = [run_of(f"r{i}", loss=1.0, **{f"only{i}": 2.0}) for i in range(30)]
    page = Tags(PagedList(runs)._repr_html_())
    assert "30 runs" in page.text
    assert "… 10 more" in page.text
    assert "loss" in page.text
    assert page.tags.count("th") == 3 + 5 + 5


def test_a_history_has_a_curve() -> None:
    values = [*range(1000), math.nan, math.inf, -5.0]
    page = PagedList([Metric("loss", float(v), i, i) for i, v in enumerate(values)])._repr_html_()
    assert "1,003 points" in page
    assert "last -5 at step 1002, least -5, greatest inf" in page
    points = re.search(r'points="([^"]+)"', page)
    assert points is not None
    pairs = [tuple(map(float, pair.split(","))) for pair in points.group(1).split()]
    assert 100 <= len(pairs) <= 202
    assert all(0 <= x <= 220 and 0 <= y <= 36 for x, y in pairs)
    assert pairs[-1] == (220.0, 34.0)


@pytest.mark.parametrize("values", [[1.0], [math.nan, math.nan], [1.7e308, -1.7e308, 0.0], [2.0, 2.0]])
def test_odd_histories_are_shown_too(values: list[float]) -> None:
    page = PagedList([Metric("m", v, i) for i, v in enumerate(values)])._repr_html_()
    assert page is not None
    assert "nan" not in page.partition("<svg")[2].partition("</svg>")[0]


def test_lists_of_other_things_are_left_to_the_notebook() -> None:
    assert PagedList([1, 2])._repr_html_() is None
    assert PagedList([])._repr_html_() is None
    assert PagedList([run_of("a"), 1])._repr_html_() is None


def test_terminals_get_one_line() -> None:
    assert repr(run_of("r", a=1.0, b=2.0, c=3.0, d=4.0)) == (
        "<Run 'r' r FINISHED after 1 min 40 s, r=0.5, a=1, b=2, c=3, 1 more metric, 1 param, 2 tags>"
    )
    assert repr(experiment_of("e")) == "<Experiment 'e', id e>"
    assert repr(model_of("m")) == "<LoggedModel 'm' m READY, m (m)=1.5>"


def test_what_searches_return_shows_itself(store: str) -> None:
    with clew.start_run(run_name="brave") as run:
        clew.log_metric("loss", 0.25)
        clew.log_metric("loss", 0.5, 1)
        assert "brave" in run._repr_html_()
    for found in (
        clew.search_runs(output_format="list"),
        clew.search_experiments(),
        clew.MlflowClient().get_metric_history(run.info.run_id, "loss"),
        clew.MlflowClient().search_runs(["0"]),
    ):
        assert isinstance(found, list)
        assert "<table" in found._repr_html_() or "<svg" in found._repr_html_()
    assert "0.5" in clew.get_run(run.info.run_id)._repr_html_()
