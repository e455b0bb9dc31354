"""The pages in a real browser: keys, times, small screens, and nothing that assistive programs miss."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from time import monotonic

import pytest
from browsing import visit, window
from fastapi import FastAPI
from heard import fill
from playwright.sync_api import Browser, Page, Route, expect

from callinsight import store
from callinsight.pipeline.users import hash_password
from callinsight.records import User
from callinsight.web.access import rules
from callinsight.web.app import create_app
from callinsight.web.review import GONE, UNTICKED

NOW = datetime.fromisoformat("2026-11-03T09:00:00+00:00")
AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text(encoding="utf-8")
PASSWORD = "correct horse battery"
PARTS = ("/review/effect", "/requests/similar")  # of pages, put in by htmx
FILES = (".csv", ".md", ".m3u", ".zip", ".ics", ".json", ".xlsx")
GAP = "2026-10/price_budget/economic_buyer/decision"
NAMED = (  # pages of a thing
    "/calls/2026-10-0",
    f"/gaps/{GAP}",
    f"/requests/new?gap={GAP}",
    "/requests/calls?rep=Dana",
)
Serve = Callable[[FastAPI], str]


@pytest.fixture
def app(database: Path) -> FastAPI:
    fill(database)
    return create_app(database, now=lambda: NOW)


@pytest.fixture
def address(app: FastAPI, served: Serve) -> str:
    return served(app)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A window that fails the test if anything is said on its console."""
    with window(browser, viewport={"width": 1280, "height": 900}) as opened:
        said: list[str] = []
        opened.on("console", lambda message: said.append(message.text))
        opened.on("pageerror", lambda error: said.append(str(error)))
        yield opened
        assert said == []


def held_back(page: Page, routes: list[Route]) -> Route:
    """The first request that the test keeps from its answer: told a moment after the page has sent it."""
    deadline = monotonic() + 30
    while not routes and monotonic() < deadline:
        page.wait_for_timeout(10)
    return routes[0]


def pages_of(app: FastAPI) -> list[str]:
    """The address of each page that needs no name of a thing."""
    routes = (at.split() for at in rules(app))
    return [
        path
        for method, path in routes
        if method == "GET" and not path.startswith("/api/") and "{" not in path
        if path not in PARTS and not path.endswith(FILES)
    ]


def corrections(app: FastAPI) -> list[str]:
    with store.opened(app.state.database) as db:
        return [made.action for made in store.all_corrections(db)]


def violations(page: Page) -> list[str]:
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']}: {node['html'][:120]}" for one in found["violations"] for node in one["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_no_page_shuts_anybody_out(
    browser: Browser, app: FastAPI, address: str, width: int, scheme: str
) -> None:
    options = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
    with window(browser, **options, bypass_csp=True) as page:
        for path in [*pages_of(app), *NAMED, "/gasp"]:
            visit(page, f"{address}{path}")
            assert violations(page) == [], path
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_the_menu_and_all_choices_of_a_change_shut_nobody_out(
    browser: Browser, address: str
) -> None:
    options = {"viewport": {"width": 390, "height": 844}}
    with window(browser, **options, bypass_csp=True) as page:
        visit(page, f"{address}/review")
        page.get_by_text("Menu", exact=True).click()
        page.get_by_text("Change what it says").click()
        expect(page.get_by_role("link", name="Definitions")).to_be_visible()
        assert violations(page) == []


def test_signing_in_and_out(page: Page, browser: Browser, app: FastAPI, address: str) -> None:
    with store.opened(app.state.database) as db:
        password = hash_password(PASSWORD)
        store.save_user(db, User(name="ann", role="viewer", password=password, added_at=""))
        db.conn.commit()
    visit(page, f"{address}/runs")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    with window(browser, bypass_csp=True) as form:
        visit(form, f"{address}/sign-in")
        assert violations(form) == []
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.type("ann")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    assert page.url == f"{address}/runs"
    expect(page.get_by_role("link", name="Review")).to_have_count(0)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_the_review_by_keys_alone(page: Page, app: FastAPI, address: str) -> None:
    page.goto(f"{address}/review")  # and at once the keys, whether the scripts have run or not
    said = page.locator(".asked-words")
    first = said.inner_text()

    page.keyboard.press("1")
    page.keyboard.press("a")
    expect(page.get_by_text("1 of 16 answered")).to_be_visible()
    expect(said).not_to_have_text(first)
    page.keyboard.press("r")
    expect(page.get_by_text("2 of 16 answered")).to_be_visible()
    third = said.inner_text()
    page.keyboard.press("s")
    expect(said).not_to_have_text(third)
    page.keyboard.press("u")
    expect(page.get_by_text("1 of 16 answered")).to_be_visible()
    page.keyboard.press("c")
    expect(page.get_by_label("Price and budget")).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("a")  # no answer while choosing
    page.get_by_label("As an objection").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Save the change").press("Enter")
    expect(page.get_by_text("2 of 16 answered")).to_be_visible()

    assert corrections(app) == ["accept", "reject", "undo", "change"]
    assert page.evaluate("performance.getEntriesByType('navigation').length") == 1


def test_keys_wait_for_scripts_that_are_late(page: Page, app: FastAPI, address: str) -> None:
    late: list[Route] = []
    page.route("**/static/app.js", lambda route: late.append(route))
    page.goto(f"{address}/review", wait_until="commit")
    expect(page.locator(".asked-words")).to_be_visible()
    page.keyboard.press("1")
    page.keyboard.press("a")
    assert corrections(app) == []
    held_back(page, late).continue_()
    expect(page.get_by_text("1 of 16 answered")).to_be_visible()

    assert corrections(app) == ["accept"]


def test_a_key_answers_only_what_was_read(page: Page, app: FastAPI, address: str) -> None:
    visit(page, f"{address}/review")
    slow: list[Route] = []
    page.route("**/review/turns/*", lambda route: slow.append(route))
    page.keyboard.press("r")
    expect(page.locator("#review[aria-busy=true]")).to_be_visible()
    page.keyboard.press("r")  # for words that are not there yet
    page.keyboard.press("u")  # for the answer that is on its way
    held_back(page, slow).continue_()
    page.wait_for_url("**/review?turn=*")
    expect(page.get_by_text("0 of 16 answered")).to_be_visible()

    assert len(slow) == 1
    assert corrections(app) == ["reject", "undo"]


def test_an_answer_that_is_refused_is_told(browser: Browser, app: FastAPI, address: str) -> None:
    with window(browser) as page:
        visit(page, f"{address}/review")
        page.keyboard.press("a")  # though nothing is ticked
        expect(page.get_by_role("alert")).to_have_text(UNTICKED)
        with store.opened(app.state.database) as db:
            db.execute("DELETE FROM tags WHERE status = 'unsure'")
            db.execute("UPDATE runs SET finished_at = '2030-01-01T00:00:00Z' WHERE stage = 'tags'")
            db.conn.commit()
        page.keyboard.press("r")
        expect(page.get_by_text(GONE)).to_be_visible()

    assert corrections(app) == []


def test_the_review_without_script(browser: Browser, app: FastAPI, address: str) -> None:
    with window(browser, java_script_enabled=False) as page:
        page.goto(f"{address}/review")
        page.get_by_role("button", name="None of it").click()
        expect(page.get_by_text("1 of 16 answered")).to_be_visible()
        page.get_by_role("button", name="Take it back").click()
        expect(page.get_by_text("0 of 16 answered")).to_be_visible()

    assert corrections(app) == ["reject", "undo"]


def test_times_are_the_readers(browser: Browser, app: FastAPI, address: str) -> None:
    with store.opened(app.state.database) as db:
        db.execute("UPDATE runs SET finished_at = '2026-11-03T02:30:00Z'")
        db.conn.commit()
    with window(browser, timezone_id="America/New_York") as page:
        visit(page, f"{address}/runs")
        expect(page.locator(".lead time")).to_have_text("2 November 2026 at 21:30")


def test_the_first_thing_that_tab_reaches_leads_past_the_menu(page: Page, address: str) -> None:
    visit(page, f"{address}/runs")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_a_printed_page_has_no_menu(page: Page, address: str) -> None:
    visit(page, f"{address}/")
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation")).to_be_hidden()
    expect(page.get_by_role("heading", name="October 2026")).to_be_visible()


def test_printed_excerpts_are_words_across_the_page_and_nothing_to_press(
    page: Page, address: str
) -> None:
    page.set_viewport_size({"width": 760, "height": 1075})  # A4 between its margins
    visit(page, f"{address}/excerpts")
    page.emulate_media(media="print")
    said = page.locator(".excerpt blockquote").first
    box = said.bounding_box()
    assert box
    assert box["width"] > 600
    for pressed in ("button", ".button", ".play", ".doing", "select", "input"):
        expect(page.locator(f"main {pressed}:visible")).to_have_count(0)


def test_a_filter_that_is_set_by_key_keeps_the_focus(page: Page, address: str) -> None:
    visit(page, f"{address}/excerpts")
    box = page.locator("#filters input[name=stance]").first
    box.focus()
    page.keyboard.press("Space")
    page.wait_for_url("**/excerpts?stance=*")
    expect(page.locator("#filters input[name=stance]:checked")).to_be_focused()


def test_content_is_asked_for_from_an_excerpt(page: Page, address: str) -> None:
    visit(page, f"{address}/excerpts")
    first = page.locator(".excerpt").first
    words = first.locator("blockquote").inner_text()
    first.get_by_role("link", name="Ask for content").click()
    expect(
        page.get_by_text("Filled in from what the buyer said; change what you like.")
    ).to_be_visible()
    expect(page.locator(".cell-side blockquote").first).to_contain_text(words[:40])
