"""With a real browser: an excerpt plays at its second, keys work, and the list grows by itself."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from browsing import visit, window
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, expect

from callinsight.web.app import create_app

NOW = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
STARTS = """
window.starts = [];
document.addEventListener("playing", ({ target }) => window.starts.push(target.currentTime), true);
"""


@pytest.fixture
def page(told: Path, browser: Browser, served: Callable[[FastAPI], str]) -> Iterator[Page]:
    """A tab on the pages, which notes at which second the player starts, however slow all is."""
    site = served(create_app(told, now=lambda: NOW))
    with window(browser, base_url=site) as opened:
        opened.add_init_script(STARTS)
        yield opened


def paused(page: Page) -> bool:
    return bool(page.evaluate("document.querySelector('audio').paused"))


def played_to(page: Page) -> float:
    return float(page.evaluate("document.querySelector('audio').currentTime"))


def start_of(page: Page, number: int = 0) -> float:
    """Where it started to play; the page's own rules forbid Playwright to watch inside it."""
    for _ in range(1200):
        if len(starts := page.evaluate("window.starts")) > number:
            return float(starts[number])
        page.wait_for_timeout(50)
    raise AssertionError(f"it started {starts} only")


def play_past(page: Page, seconds: float) -> None:
    """Wait until so much is played."""
    for _ in range(1200):
        if played_to(page) > seconds:
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"played to {played_to(page)} s only")


def test_an_objection_is_found_and_played_at_its_second(page: Page) -> None:
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    visit(page, "/excerpts")
    page.get_by_label("Objection").check()
    page.wait_for_url("**/excerpts?stance=objection**")
    page.get_by_placeholder("Words").fill("budget")
    page.get_by_placeholder("Words").press("Enter")
    page.wait_for_url("**q=budget**")

    page.locator("#x-first\\:0001 a.play").click()

    assert 3.5 < start_of(page) < 4.2
    play_past(page, 4.2)
    before = played_to(page)
    page.get_by_label("5 seconds on").click()
    assert played_to(page) >= before + 5
    was_paused = paused(page)
    page.get_by_label("Play or pause").click()
    assert paused(page) != was_paused
    assert problems == []


def test_keys_move_and_play(page: Page) -> None:
    page.goto("/excerpts")  # and at once the keys, whether the scripts have run or not
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("#x-first\\:0003")).to_be_focused()

    page.keyboard.press("Space")
    assert 11.0 < start_of(page) < 11.8
    page.keyboard.press("k")
    expect(page.locator("#x-first\\:0001")).to_be_focused()
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()


def test_a_word_of_a_call_plays_from_there(page: Page) -> None:
    visit(page, "/calls/first")
    word = page.locator("[data-t]", has_text="rival")
    word.click()

    at = float(word.get_attribute("data-t") or "nan")
    assert at - 0.1 < start_of(page) < at + 0.6
    expect(page.locator("#turn-4.is-said")).to_be_visible()


def test_a_turn_is_mended_in_its_place(page: Page) -> None:
    visit(page, "/calls/first")
    page.locator("#turn-2").hover()
    page.locator("#turn-2 .mend-turn").click()
    page.get_by_label("What was said").fill("I see that.")
    page.get_by_role("button", name="Keep").last.click()

    expect(page.locator("#turn-2")).to_contain_text("I see that.")
    expect(page.get_by_text("“I see.” reads “I see that.”")).to_be_visible()


def test_sides_that_are_swapped_and_swapped_back_show_everywhere(page: Page) -> None:
    raised = page.locator("#x-first\\:0001")
    visit(page, "/excerpts?concern=price_budget&account=Acme")
    expect(raised).to_be_visible()

    visit(page, "/calls/first")
    page.get_by_role("button", name="Swap the sides").click()
    expect(page.get_by_text("are being brought up to date")).to_have_count(0, timeout=120_000)
    expect(page.locator("#turn-1")).to_have_class(re.compile("rep"))
    expect(page.locator("#turn-1 .tags")).to_have_count(0)
    visit(page, "/excerpts?concern=price_budget&account=Acme")
    expect(raised).to_have_count(0)

    visit(page, "/calls/first")
    page.get_by_role("button", name="Swap the sides").click()
    expect(page.get_by_text("are being brought up to date")).to_have_count(0, timeout=120_000)
    expect(page.locator("#turn-1")).to_have_class(re.compile("buyer"))
    expect(page.locator("#turn-1 .tags")).to_contain_text("Price and budget")
    visit(page, "/excerpts?concern=price_budget&account=Acme")
    expect(raised).to_be_visible()


def test_a_tag_is_corrected_in_place_by_keys(page: Page) -> None:
    visit(page, "/excerpts")
    card = page.locator("#x-first\\:0001")
    card.get_by_role("link", name="Correct the tags").press("Enter")
    expect(card.get_by_label("Price and budget")).to_be_checked()
    card.get_by_label("Price and budget").press("Space")
    card.get_by_label("Security and compliance").press("Space")
    card.get_by_role("button", name="Keep", exact=True).press("Enter")

    expect(card.locator(".tags")).to_contain_text("Security and compliance · objection")
    expect(card.locator(".tags")).not_to_contain_text("Price and budget")
    expect(card).to_be_focused()
    visit(page, "/calls/first")
    expect(page.locator("#turn-1 .tags")).to_contain_text("Security and compliance · objection")


def test_one_form_at_a_time_opens_under_a_turn(page: Page) -> None:
    visit(page, "/calls/first")
    turn = page.locator("#turn-4")  # nothing in it counts
    turn.get_by_role("link", name="Correct the tags").press("Enter")
    expect(turn.locator("form")).to_contain_text("Which concerns does it raise?")
    turn.get_by_role("link", name="Mend", exact=True).press("Enter")
    expect(turn.get_by_label("What was said")).to_be_focused()
    expect(turn.locator("form")).to_have_count(1)
    turn.get_by_role("link", name="Correct the tags").press("Enter")
    turn.get_by_label("Competitors").check()
    turn.get_by_label("As an objection").check()
    turn.get_by_role("button", name="Keep", exact=True).click()

    expect(page.locator("#turn-4 .tags")).to_contain_text("Competitors · objection")
