"""Excerpts to take along: as a sheet that is safe to open, and as text to paste."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from callinsight.reports.wording import day, markdown
from callinsight.sheets import harmless

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from callinsight.web.cards import Card

COLUMNS = (
    *("call", "title", "recorded_at", "account", "deal", "stage", "outcome", "at", "speaker"),
    *("speaker_title", "role", "said", "before", "after", "tags", "link"),
)


def csv_lines(cards: Iterable[Card], site: str) -> Iterator[str]:
    """A sheet, line by line; a text that a spreadsheet takes for a formula begins with an apostrophe."""
    yield "\ufeff"  # Excel reads UTF-8 only with it
    yield _line(COLUMNS)
    for card in cards:
        yield _line(_cells(card, site))


def markdown_lines(cards: Iterable[Card], site: str, heading: str) -> Iterator[str]:
    """Quotes with who said them, when and why they are tagged."""
    yield f"# {markdown(heading)}\n"
    for card in cards:
        call = card.call
        who = ", ".join(filter(None, (card.person, card.title, call.account)))
        where = f"{call.title or call.id}, {day(call.recorded_at)}, at {card.at}"
        tags = "; ".join(_tags(card))
        yield f"\n> {markdown(card.utterance.text)}\n\n{markdown(who)}  \n{markdown(where)}  \n"
        yield f"{markdown(tags)}  \n<{site}{card.address}>\n"


def _cells(card: Card, site: str) -> tuple[str, ...]:
    call = card.call
    return (
        *(call.id, call.title, call.recorded_at, call.account, call.deal, call.stage, call.outcome),
        *(card.at, card.person, card.title, card.persona, card.utterance.text),
        _said(card.before.speaker, card.before.text) if card.before else "",
        _said(card.after.speaker, card.after.text) if card.after else "",
        "; ".join(_tags(card)),
        f"{site}{card.address}",
    )


def _tags(card: Card) -> list[str]:
    return [" ".join(filter(None, (m.name, m.stance, m.sure, m.status))) for m in card.marks]


def _said(speaker: str, text: str) -> str:
    return f"{speaker}: {text}"


def _line(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(map(harmless, cells))
    return line.getvalue()
