"""The report in a real browser: quiet, alone, and its slider works."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from scorewright.core.report import ReportContent

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = pytest.mark.skipif(
    not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM} (apt-get install chromium)"
)

READOUT = "#threshold .live svg text"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def file(page: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(page, encoding="utf-8")
    return path


@pytest.fixture
def tab(browser: Browser, file: Path) -> Iterator[Page]:
    """The report, drawn; afterwards neither a complaint nor a request may have been seen."""
    complaints: list[str] = []
    requests: list[str] = []
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("request", lambda request: requests.append(request.url))
    opened.goto(file.as_uri())
    opened.wait_for_selector("html[data-charts]", timeout=60_000)
    yield opened
    opened.close()
    assert complaints == []
    assert [url for url in requests if not url.startswith("data:")] == [file.as_uri()]


def test_every_chart_is_live(tab: Page, content: ReportContent) -> None:
    charts = [section for section in content.sections if section.chart]

    assert tab.locator("figure.is-live svg").count() == len(charts)
    assert not tab.locator("figure img").first.is_visible()
    assert tab.locator("figure .live svg").first.is_visible()


def test_the_slider_changes_what_is_read_off(tab: Page, content: ReportContent) -> None:
    # Given the readout at the best threshold, and the row of another one
    chart = content.sections[0].chart
    assert chart is not None
    before = tab.locator(READOUT).all_text_contents()
    row = next(r for r in chart["datasets"]["curve"] if r["threshold"] == 0.2)

    # When the slider is moved there
    slider = tab.locator("#threshold input[type=range]")
    slider.fill("0.2")
    tab.wait_for_function(
        "([css, text]) => [...document.querySelectorAll(css)].some(e => e.textContent === text)",
        arg=[READOUT, "0.2000"],
    )

    # Then every figure is that of the row, and those of the best threshold stay beside them
    after = tab.locator(READOUT).all_text_contents()
    assert before[6:12] != after[6:12]
    assert after[6:12] == [
        "0.2000",
        f"{row['cost']:,.0f}",
        f"{100 * row['approval_rate']:.1f} %",
        f"{100 * row['default_rate_approved']:.2f} %",
        f"{row['fn']:,.0f}",
        f"{row['fp']:,.0f}",
    ]
    assert before[12:18] == after[12:18] == [f"best: {text}" for text in before[6:12]]


def test_the_slider_works_by_keyboard(tab: Page) -> None:
    # Given the slider in focus
    slider = tab.locator("#threshold input[type=range]")
    slider.focus()
    before = float(slider.input_value())

    # When an arrow key is pressed
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("ArrowRight")

    # Then it has moved by two stops, and so has the readout
    after = float(slider.input_value())
    assert after == pytest.approx(before + 2 * float(slider.get_attribute("step") or 0))
    tab.wait_for_function(
        "([css, text]) => [...document.querySelectorAll(css)].some(e => e.textContent === text)",
        arg=[READOUT, f"{after:.4f}"],
    )


def test_dark_paper_gets_dark_charts_and_keeps_the_slider(tab: Page) -> None:
    # Given a slider that was moved
    tab.locator("#threshold input[type=range]").fill("0.15")

    # When the reader's scheme turns dark
    tab.emulate_media(color_scheme="dark")
    tab.wait_for_selector("html[data-charts=dark]", timeout=60_000)

    # Then the charts are drawn on dark paper, and the slider stands where it was
    paper = tab.locator("#roc .live svg").evaluate("svg => getComputedStyle(svg).backgroundColor")
    assert paper == "rgb(23, 29, 38)"
    assert "0.1500" in tab.locator(READOUT).all_text_contents()


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_sticks_out_of_the_page(tab: Page, width: int) -> None:
    tab.set_viewport_size({"width": width, "height": 900})

    assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_texts_of_a_chart_do_not_overlap(tab: Page) -> None:
    # Given the boxes of all texts of each chart
    overlaps = tab.evaluate(
        """() => [...document.querySelectorAll("figure .live svg")].flatMap((svg) => {
          const boxes = [...svg.querySelectorAll("text")]
            .filter((t) => t.textContent && getComputedStyle(t).opacity !== "0")
            .map((t) => [t.textContent, t.getBoundingClientRect()]);
          const edge = svg.getBoundingClientRect();
          const out = boxes.filter(([, b]) => b.left < edge.left - 1 || b.right > edge.right + 1)
            .map(([text]) => `outside: ${text}`);
          const met = boxes.flatMap(([s, a], i) => boxes.slice(i + 1)
            .filter(([, b]) => a.left < b.right - 1 && b.left < a.right - 1
              && a.top < b.bottom - 4 && b.top < a.bottom - 4)
            .map(([t]) => `${s} / ${t}`));
          return [...out, ...met];
        })"""
    )

    assert overlaps == []


def test_without_scripts_the_still_charts_are_shown(
    browser: Browser, file: Path, content: ReportContent
) -> None:
    # Given a reader without JavaScript
    context = browser.new_context(java_script_enabled=False)
    opened = context.new_page()
    opened.goto(file.as_uri())

    # Then every chart is a picture that loaded
    pictures = opened.locator("figure img")
    assert pictures.count() == sum(1 for section in content.sections if section.chart)
    assert all((box := p.bounding_box()) and box["height"] > 100 for p in pictures.all())
    context.close()


def test_print_shows_the_still_charts(tab: Page) -> None:
    tab.emulate_media(media="print", color_scheme="dark")

    assert tab.locator("#roc img").is_visible()
    assert not tab.locator("#roc .live").is_visible()
