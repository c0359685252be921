"""The page of an experiment in a real browser: quiet, alone, and readable on a phone."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright
from tests.flows.experiment_report.matrices import ContinuedRuns, made_up_matrix

from scorewright.adapters.charts import VegaRenderer
from scorewright.adapters.reports import HtmlReports
from scorewright.core.project import Settings
from scorewright.flows.events import Event
from scorewright.flows.experiment_report import ReportTools, experiment_report

CHROMIUM = Path("/usr/bin/chromium")
CHARTS = 7


@pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}")
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_every_chart_is_live_and_nothing_sticks_out(
    tmp_path: Path, width: int, scheme: str
) -> None:
    # Given the page of a matrix with out-of-time figures
    index, charts = made_up_matrix(rows=800, out_of_time=True), VegaRenderer()
    settings = Settings.model_validate(
        {
            "project": {"name": "demo"},
            "tables": {"loans": {"files": "loans.csv"}},
            "data": {"table": "loans", "target": "bad"},
            "validation": {"bootstrap": 20},
        }
    )
    events: list[Event] = []
    tools = ReportTools(index, ContinuedRuns(index), charts, HtmlReports(charts), events.append)
    report = experiment_report(settings, tools)
    page = tmp_path / "report.html"
    page.write_bytes(report.files["report.html"])
    complaints: list[str] = []
    requests: list[str] = []

    # When it is opened
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        tab = browser.new_page(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        tab.on("console", lambda message: complaints.append(message.text))
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("request", lambda request: requests.append(request.url))
        tab.goto(page.as_uri())
        tab.wait_for_selector("html[data-charts]", timeout=60_000)
        live = tab.locator("figure.is-live svg").count()
        drawn = tab.evaluate("document.documentElement.dataset.charts")
        wide = tab.evaluate("document.documentElement.scrollWidth")
        browser.close()

    # Then all charts are drawn in the reader's colours, without a complaint or a request
    assert (live, drawn, complaints) == (CHARTS, scheme, [])
    assert wide <= width
    assert [url for url in requests if not url.startswith("data:")] == [page.as_uri()]
    assert all(content.startswith(b"\x89PNG") for name, content in report.files.items()
               if name.endswith(".png"))  # fmt: skip
