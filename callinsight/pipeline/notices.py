"""Telling people of requests, by Slack, Teams or e-mail through Apprise; off unless addresses are set.

A message says which request it is about and what became of it: neither notes that people wrote nor,
unless `quote_buyers` is set, anything that was said in a call. Addresses are secrets: they are named
by their place in the list and never printed, logged or kept.
"""

from __future__ import annotations

import contextlib
import logging
import os
from typing import TYPE_CHECKING

from callinsight import store
from callinsight.content.requests import OPEN, shown
from callinsight.content.sla import day_of, running
from callinsight.errors import InputError
from callinsight.pipeline.briefs import said_in
from callinsight.pipeline.requests import clocks_of
from callinsight.records import RequestEvent
from callinsight.reports.wording import count, day

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlite_utils import Database

    from callinsight.config import Config
    from callinsight.content.sla import Clock
    from callinsight.records import ContentRequest

TOLD = {  # what is told, by the step that it comes from
    "new": "asked for",
    "accept": "accepted",
    "decline": "declined",
    "deliver": "delivered",
}
QUOTES = 2
REMIND = "remind"
MARKS = str.maketrans({"<": "‹", ">": "›", "@": "＠", "*": "∗", "`": "ˋ", "[": "(", "]": ")"})


def tell(
    db: Database, config: Config, request: ContentRequest, step: str, *, who: str, now: str
) -> list[str]:
    """Tell of a step that is kept already; why an address was not reached, none if all is well.

    May take seconds an address. Steps that nobody is told of, and settings without addresses, do
    nothing.
    """
    if step not in TOLD or not config.requests.notify:
        return []
    asker = "" if step == "new" else f", asked for by {_plain(request.requester)}"
    votes = f", {count(request.votes, 'vote')}" if request.votes else ""
    lines = [
        f"{TOLD[step].capitalize()} by {_plain(who)}. Priority {request.priority}{asker}{votes}."
    ]
    clock = _clock(db, config, request, now) if request.state in OPEN else None
    if clock is not None:
        lines.append(f"Next: {clock.promise} by {day(clock.due)}.")
    if step == "decline":
        lines.append(f"Why: 'callinsight requests show {shown(request.id)}'.")
    if step == "deliver":
        lines.append(f"It is asset {_plain(request.item)}.")
    if step == "new" and config.requests.quote_buyers:
        said = said_in(db, request.concern, request.evidence)[:QUOTES]
        lines += [f"A buyer said: “{_plain(one.utterance.text)}”" for one in said]
    title = f"{shown(request.id)} {TOLD[step]}: {_plain(request.title)}"
    return send(config, title, "\n".join(lines))


def remind(db: Database, config: Config, *, who: str, now: str) -> tuple[list[str], list[str]]:
    """Tell of promises that are broken, each once: what was told, and why an address was not reached.

    What did not reach every address is told again the next time. Raises InputError without
    addresses.
    """
    if not config.requests.notify:
        raise InputError(
            f"nobody is named to remind; write addresses into 'notify' under [requests] in {config.path}"
        )
    late = _unreminded(db, config, now)
    told = [
        f"{shown(request.id)}: {clock.promise} was due on {day(clock.due)}, "
        f"{count(clock.late_days, 'business day')} ago. {_plain(request.title)}"
        for request, clock in late
    ]
    if not told:
        return [], []
    are = "promise is" if len(late) == 1 else "promises are"
    failures = send(config, f"{len(late)} {are} overdue", "\n".join(told))
    if not failures:
        with store.transaction(db):
            for request, clock in late:
                note = f"{clock.promise} {clock.due}"
                event = RequestEvent(request=request.id, at=now, who=who, event=REMIND, note=note)
                store.add_request_event(db, event)
    return told, failures


def send(config: Config, title: str, text: str) -> list[str]:
    """Send a message to every address; why one was not reached, in words without the address."""
    import apprise

    failures = []
    with _silenced():
        for place, given in enumerate(config.requests.notify, start=1):
            address = os.environ.get(given[1:], "") if given.startswith("$") else given
            where = f"address {place} of 'notify' under [requests] in {config.path}"
            if not address:
                failures.append(f"{where} is empty: the environment has no {given}")
                continue
            service = apprise.Apprise.instantiate(address, suppress_exceptions=True)
            if service is None:
                failures.append(f"{where} is none that apprise knows; write it as apprise does")
            elif not service.notify(title=title, body=text, body_format=apprise.NotifyFormat.TEXT):
                failures.append(f"{where} ({service.service_name}) was not reached; mend it there")
    return failures


@contextlib.contextmanager
def _silenced() -> Iterator[None]:
    """No log line of Apprise, which may hold addresses."""
    logger = logging.getLogger("apprise")
    before = logger.disabled
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = before


def _unreminded(db: Database, config: Config, now: str) -> list[tuple[ContentRequest, Clock]]:
    requests = [one for one in store.all_requests(db) if one.state in OPEN]
    events = store.all_request_events(db)
    clocks = clocks_of(db, requests, events, config, day_of(now, config.zone))
    told = {(event.request, event.note) for event in events if event.event == REMIND}
    return [
        (request, clock)
        for request in requests
        for clock in clocks[request.id]
        if clock.is_overdue and (request.id, f"{clock.promise} {clock.due}") not in told
    ]


def _clock(db: Database, config: Config, request: ContentRequest, now: str) -> Clock | None:
    as_of = day_of(now, config.zone)
    clocks = clocks_of(db, [request], store.all_request_events(db), config, as_of)
    return running(clocks[request.id])


def _plain(text: str) -> str:
    """One line that no chat takes for markup, a mention of everybody or a link with another name."""
    return " ".join(text.split()).translate(MARKS)
