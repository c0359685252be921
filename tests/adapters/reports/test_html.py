"""The report file: one piece, nothing from elsewhere, everything escaped, in order."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest

from scorewright.adapters.charts import VegaRenderer
from scorewright.adapters.reports import HtmlReports
from scorewright.core.report import Figure, ReportContent, Section
from scorewright.flows.ports import ReportRenderer


class Page(HTMLParser):
    """What a page is made of, in document order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.scripts: list[tuple[str, str]] = []
        self.text: list[str] = []
        self._kind: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {k: v or "" for k, v in attrs}
        self.tags.append((tag, given))
        if tag == "script":
            self.scripts.append((given.get("type", ""), ""))
        self._kind = tag

    def handle_endtag(self, tag: str) -> None:
        self._kind = None

    def handle_data(self, data: str) -> None:
        if self._kind == "script":
            kind, text = self.scripts[-1]
            self.scripts[-1] = (kind, text + data)
        elif self._kind != "style":
            self.text.append(data)

    def all(self, *names: str) -> list[dict[str, str]]:
        return [attrs for tag, attrs in self.tags if tag in names]


@pytest.fixture(scope="module")
def parsed(page: str) -> Page:
    return Page(page)


@pytest.fixture(scope="module")
def reports() -> ReportRenderer:
    return HtmlReports(VegaRenderer())


def test_nothing_is_fetched_from_elsewhere(parsed: Page, page: str) -> None:
    # Given every attribute that makes a browser fetch or go somewhere
    places = [
        value
        for _, attrs in parsed.tags
        for name, value in attrs.items()
        if name in {"src", "href", "srcset", "action", "poster", "data", "xlink:href"}
    ]

    # Then each is in the page itself
    assert places
    assert all(place.startswith(("data:", "#")) for place in places)
    style = page[page.index("<style>") : page.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style


def test_the_policy_names_its_scripts_and_nothing_else(parsed: Page) -> None:
    # Given the policy and the scripts as a browser sees them
    policy = next(a["content"] for a in parsed.all("meta") if "http-equiv" in a)
    code = [text for kind, text in parsed.scripts if kind == ""]
    digests = [
        base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode() for text in code
    ]

    # Then the digests are those of the scripts
    assert len(code) == 2
    assert re.findall(r"'sha256-([^']+)'", policy) == digests
    assert "default-src 'none'" in policy
    assert "http" not in policy


def test_the_page_can_be_read_by_everybody(parsed: Page) -> None:
    # Given the structure of the page
    levels = [int(tag[1]) for tag, _ in parsed.tags if re.fullmatch("h[1-6]", tag)]

    # Then it has a language, one main landmark, one h1, and no level is skipped
    assert parsed.all("html")[0]["lang"] == "en"
    assert len(parsed.all("main")) == 1
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert set(levels) == {1, 2}
    assert all(len(attrs["alt"]) > 20 for attrs in parsed.all("img"))
    ids = [attrs["id"] for _, attrs in parsed.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    linked = {attrs["href"].removeprefix("#") for attrs in parsed.all("a")}
    assert linked <= set(ids)


def test_every_figure_and_section_is_there(parsed: Page, content: ReportContent) -> None:
    text = parsed.text

    for figure in content.verdict:
        assert figure.label in text
        assert figure.value in text
        assert figure.note in text
    order = [attrs["id"] for attrs in parsed.all("section")]
    assert order == [section.id for section in content.sections]
    assert order[0] == "threshold"
    assert [v for v in content.footer.values() if v in text] == list(content.footer.values())
    assert any("look at this" in part for part in text)


def test_charts_arrive_as_they_were_made(parsed: Page, content: ReportContent) -> None:
    # Given the specifications inside the page
    specs = [json.loads(text) for kind, text in parsed.scripts if kind == "application/json"]
    charts = [section.chart for section in content.sections if section.chart]

    # Then their data are what the chart layer made; the last one is the table of dark colours
    assert [spec["datasets"] for spec in specs[:-1]] == [chart["datasets"] for chart in charts]
    assert specs[-1]["#ffffff"] != "#ffffff"


def test_the_same_content_gives_the_same_page(
    reports: ReportRenderer, content: ReportContent, page: str
) -> None:
    assert reports.render(content) == page
    assert len(page) < 3_000_000


def test_text_is_shown_and_never_run(reports: ReportRenderer) -> None:
    # Given a hostile text in every place
    hostile = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
    chart = {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "datasets": {"t": [{"a": hostile}]},
        "data": {"name": "t"},
        "mark": "point",
        "encoding": {"x": {"field": "a", "type": "nominal"}},
        "title": {"text": hostile, "subtitle": hostile},
        "description": hostile,
    }
    content = ReportContent(
        hostile,
        hostile,
        (Figure(hostile, hostile, hostile),),
        (Section("one", hostile, hostile, chart=chart),),
        {hostile: hostile},
    )

    # When it is rendered
    page = Page(reports.render(content))

    # Then the page has its own scripts and its own picture only
    assert [kind for kind, _ in page.scripts] == ["application/json", "application/json", "", ""]
    assert len(page.all("img")) == 1
    assert not [attrs for _, attrs in page.tags if "onerror" in attrs]
    assert json.loads(page.scripts[0][1])["datasets"]["t"][0]["a"] == hostile


def test_a_report_without_charts_carries_no_script(reports: ReportRenderer) -> None:
    text = reports.render(ReportContent("t", "s", (), (Section("one", "One", "prose"),), {}))

    assert len(text) < 20_000
    policies = [attrs["content"] for attrs in Page(text).all("meta") if "http-equiv" in attrs]
    assert "script-src 'none'" in policies[0]
    assert [kind for kind, _ in Page(text).scripts if kind == ""] == []
