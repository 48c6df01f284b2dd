"""The ten tasks on the page, by mouse and by keyboard, in headless Chromium, which reaches this machine alone."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from browser import require_chromium
from explorer.conftest import Site
from explorer.page_tasks import LIVE_TASKS, Keyboard, Mouse, Task, ask, open_page, read_export, text, wait
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from seq2seq.explorer.export import export

NO_NETWORK = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
SECONDS = 30  # on a busy machine
both_hands = pytest.mark.parametrize("hand", [Mouse, Keyboard])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = require_chromium()
    expect.set_options(timeout=1000 * SECONDS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", NO_NETWORK])
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, allowed: str) -> Iterator[Page]:
    """Give a page. It must write no error to the console, and ask for nothing but what begins with `allowed`."""
    problems: list[str] = []
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    context.set_default_timeout(1000 * SECONDS)
    context.on("console", lambda line: problems.append(line.text) if line.type in ("error", "warning") else None)
    context.on("weberror", lambda error: problems.append(str(error.error)))
    own = (allowed, "data:", "blob:")
    context.on("request", lambda request: None if request.url.startswith(own) else problems.append(request.url))
    yield context.new_page()
    context.close()
    assert problems == []


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    with opened(browser, address(site)) as page:
        yield page


def address(site: Site) -> str:
    return f"http://127.0.0.1:{site.port}/"


@both_hands
@pytest.mark.parametrize("task", LIVE_TASKS, ids=lambda task: task.__name__)
def test_the_page_can_be_used(task: Task, hand: type[Mouse] | type[Keyboard], page: Page, site: Site) -> None:
    task(hand(page), address(site))


@both_hands
def test_an_export_can_be_read(
    hand: type[Mouse] | type[Keyboard], browser: Browser, site: Site, tmp_path: Path
) -> None:
    path = tmp_path / "page.html"
    export(path, site.runs, ["der Hund sieht die Katze", "wir lesen ein Buch"])
    with opened(browser, path.as_uri()) as page:
        read_export(hand(page), path.as_uri())


def test_an_export_shows_what_the_live_page_shows(browser: Browser, page: Page, site: Site, tmp_path: Path) -> None:
    sentence = "die Katze schläft im Haus"
    path = tmp_path / "page.html"
    export(path, site.runs[:1], [sentence])
    open_page(page, f"{address(site)}#run=untrained&text={sentence}")
    with opened(browser, path.as_uri()) as still:
        open_page(still, path.as_uri())
        for panel in ("input", "alignment", "next", "beam", "gates"):
            assert table_of(still, panel) == table_of(page, panel), panel


def table_of(page: Page, panel: str) -> list[list[str]]:
    """Return the cells of a panel's tables without those of single units: an export has others."""
    page.locator(f"#{panel} summary").click()
    rows = page.locator(f"#{panel} .tables tr")
    rows.first.wait_for()
    cells = rows.evaluate_all("(rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent))")
    return [row for row in cells if ", unit " not in row[0]]


def test_forced_tokens_are_those_of_a_prefix(page: Page, site: Site) -> None:
    body = {"run": "untrained", "text": "der Hund", "prefix": "the cat"}
    search = ask(page, address(site), "inspect", body)["sentences"][0]["search"]
    given = sum(step["is_forced"] for step in search["steps"][:-1])
    forced = ",".join(str(token) for token in search["finished"][0]["token_ids"][:given])
    open_page(page, f"{address(site)}#run=untrained&text=der+Hund&forced={forced}")
    expect(page.locator(".chip.given")).to_have_count(given)
    assert text(page) == ask(page, address(site), "translate", body)["text"]
    assert text(page).startswith("the cat")


def test_weights_that_were_not_changed_change_nothing(page: Page, site: Site) -> None:
    open_page(page, address(site))
    before = text(page)
    page.locator('[data-key="Target tokens 1"]').click()
    page.locator('[data-key="apply weights"]').click()
    expect(page.locator("#weights figure")).to_have_count(2)
    wait(page)
    assert text(page) == before
    bars = [figure.locator(".bar").evaluate_all(LABELS) for figure in page.locator("#weights figure").all()]
    assert bars[0] == bars[1]


LABELS = "(bars) => bars.map((bar) => bar.getAttribute('aria-label'))"


def test_markup_in_a_sentence_is_text(page: Page, site: Site) -> None:
    open_page(page, address(site))
    page.locator("#text").fill("<script>alert(1)</script><img src=x onerror=alert(1)>")
    page.locator("[data-key=translate]").click()
    expect(page.locator('[role=toolbar][aria-label="Source tokens"]')).to_contain_text("<")
    wait(page)
    assert page.locator("main script, main img").count() == 0


def test_the_page_is_usable_before_the_examples_are_read(browser: Browser, site: Site) -> None:
    with opened(browser, address(site)) as page:
        held: list[Route] = []

        def answer(route: Route) -> None:
            if not route.request.url.endswith("examples=false"):
                return held.append(route)
            response = route.fetch()
            route.fulfill(response=response, json=response.json() | {"examples": []})

        page.route(re.compile("/api/runs"), answer)
        page.goto(address(site))
        expect(page.locator("#input form")).to_contain_text("Reading the test set")
        page.locator("#text").fill("der Hund")
        page.locator("#text").press("Enter")
        page.locator("#translation").wait_for()
        page.locator("#text").fill("die Katze")
        assert len(held) == 1
        held.pop().continue_()
        expect(page.locator('[data-key="choice Test set"]')).to_have_count(1)
        assert page.locator("#text").input_value() == "die Katze"
