"""With a real browser: an excerpt plays at its second, keys work, and the list grows by itself."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser

from callinsight.web.app import create_app

NOW = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)


@pytest.fixture
def page(told: Path, browser: Browser, served: Callable[[FastAPI], str]) -> Iterator[object]:
    """A tab on the pages."""
    site = served(create_app(told, now=lambda: NOW))
    opened = browser.new_page(base_url=site)
    opened.set_default_timeout(20_000)
    yield opened
    opened.close()


def state(page: object) -> tuple[float, bool]:
    return tuple(
        page.evaluate(
            "() => { const a = document.querySelector('audio'); return [a.currentTime, a.paused] }"
        )
    )


def play_past(page: object, seconds: float) -> None:
    """Wait until so much is played; the page's own rules forbid Playwright to watch inside it."""
    for _ in range(200):
        if state(page)[0] > seconds:
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"played to {state(page)[0]} s only")


def test_an_objection_is_found_and_played_at_its_second(page: object) -> None:
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto("/excerpts")
    page.get_by_label("Objection").check()
    page.wait_for_url("**/excerpts?stance=objection**")
    page.get_by_placeholder("Words").fill("budget")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=budget**")

    page.locator("#x-first\\:0001 a.play").click()
    play_past(page, 3.7)

    at, paused = state(page)
    assert 3.6 < at < 9
    assert not paused
    page.get_by_label("5 seconds on").click()
    assert state(page)[0] > 8.5
    page.get_by_label("Play or pause").click()
    assert state(page)[1]
    assert problems == []


def test_keys_move_and_play(page: object) -> None:
    page.goto("/excerpts")
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.id") == "x-first:0003"

    page.keyboard.press("Space")
    play_past(page, 11.5)
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.id") == "x-first:0001"
    page.keyboard.press("?")
    assert page.locator("#help").is_visible()


def test_a_word_of_a_call_plays_from_there(page: object) -> None:
    page.goto("/calls/first")
    page.locator("[data-t]", has_text="rival").click()

    play_past(page, 17)
    page.wait_for_selector("#turn-4.is-said")
    assert state(page)[0] < 20


def test_a_turn_is_mended_in_its_place(page: object) -> None:
    page.goto("/calls/first")
    page.locator("#turn-2").hover()
    page.locator("#turn-2 .mend-turn").click()
    page.get_by_label("What was said").fill("I see that.")
    page.get_by_role("button", name="Keep").last.click()

    page.wait_for_selector("#turn-2 >> text=I see that.")
    assert page.get_by_text("“I see.” reads “I see that.”").is_visible()
