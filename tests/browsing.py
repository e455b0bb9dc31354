"""A real browser's window, as patient as a slow machine needs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page, expect

PATIENCE_MS = 60_000  # nothing passes sooner for it; what is wrong fails later
expect.set_options(timeout=PATIENCE_MS)


@contextmanager
def window(browser: Browser, **options: Any) -> Iterator[Page]:
    """A window of its own: no cookies, nothing kept; it closes at the end."""
    with browser.new_context(**options) as context:
        context.set_default_timeout(PATIENCE_MS)
        yield context.new_page()


def visit(page: Page, address: str) -> None:
    """Open a page and wait until its scripts have run, as the page itself says."""
    page.goto(address)
    ready(page)


def ready(page: Page) -> None:
    """Wait until the scripts of the page that is shown have run."""
    page.locator("html[data-ready]").wait_for(state="attached")
