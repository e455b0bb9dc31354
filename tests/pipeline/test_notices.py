"""Messages really go over HTTP, to a receiver that the test starts."""

from __future__ import annotations

import dataclasses
import http.server
import json
import logging
import threading
from typing import TYPE_CHECKING

import pytest
from asking import GAP, NOW, make_desk, request

from callinsight import store
from callinsight.errors import InputError
from callinsight.pipeline.drafts import draft_from_gap
from callinsight.pipeline.notices import remind, send, tell
from callinsight.pipeline.requests import (
    decline,
    do_step,
    new_request,
)
from callinsight.pipeline.run import request_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LATE = "2026-11-10T09:00:00+00:00"


@dataclasses.dataclass
class Receiver:
    """What came in, and how it answers."""

    address: str
    came: list[dict[str, str]]
    status: int = 200

    @property
    def texts(self) -> list[tuple[str, str]]:
        return [(one["title"], one["message"]) for one in self.came]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            receiving.came.append(json.loads(self.rfile.read(length)))
            self.send_response(receiving.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    receiving = Receiver(f"json://ann:hush@127.0.0.1:{server.server_port}/token", [])
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield receiving
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def desk(tmp_path: Path, receiver: Receiver):
    database = make_desk(tmp_path, f'notify = ["{receiver.address}"]')
    with store.opened(database) as db:
        yield db, request_settings(db)


def with_requests(config, **changes):
    return dataclasses.replace(config, requests=dataclasses.replace(config.requests, **changes))


def ask(desk, **fields):
    db, config = desk
    return new_request(db, config, request(**fields), who="Mara", now=NOW, anyway=True)


def test_each_step_is_told_without_what_people_wrote_or_said(desk, receiver):
    db, config = desk
    draft = dataclasses.replace(draft_from_gap(db, config, GAP), claims="secret plan")
    told = new_request(db, config, draft, who="Mara", now=NOW)
    assert tell(db, config, told, "new", who="Mara", now=NOW) == []
    for step, options in (
        ("vote", {"who": "Jo"}),
        ("accept", {"who": "Lena", "note": "secret plan"}),
        ("start", {"who": "Ed"}),
        ("deliver", {"who": "Ed", "item": "A-40"}),
    ):
        told = do_step(db, config, 1, step, now=NOW, **options)
        assert tell(db, config, told, step, who=options["who"], now=NOW) == []

    title = "ROI tool: Value and return (Economic buyer at Decision)"
    assert receiver.texts == [
        (
            f"R-1 asked for: {title}",
            "Asked for by Mara. Priority P2.\nNext: acknowledge by 3 November 2026.",
        ),
        (
            f"R-1 accepted: {title}",
            (
                "Accepted by Lena. Priority P2, asked for by Mara, 1 vote.\n"
                "Next: deliver by 30 November 2026."
            ),
        ),
        (
            f"R-1 delivered: {title}",
            "Delivered by Ed. Priority P2, asked for by Mara, 1 vote.\nIt is asset A-40.",
        ),
    ]


def test_a_declined_one_says_where_the_reason_stands(desk, receiver):
    db, config = desk
    ask(desk)
    declined = decline(db, 1, who="Lena", now=NOW, note="our roadmap changes")
    assert tell(db, config, declined, "decline", who="Lena", now=NOW) == []
    assert receiver.texts == [
        (
            "R-1 declined: ROI tool",
            "Declined by Lena. Priority P2, asked for by Mara.\nWhy: 'callinsight requests show R-1'.",
        )
    ]


def test_buyers_are_quoted_only_where_that_is_allowed(desk, receiver):
    db, config = desk
    kept = new_request(db, config, draft_from_gap(db, config, GAP), who="Mara", now=NOW)

    assert tell(db, config, kept, "new", who="Mara", now=NOW) == []
    allowed = with_requests(config, quote_buyers=True)
    assert tell(db, allowed, kept, "new", who="Mara", now=NOW) == []

    silent, quoting = (text for _, text in receiver.texts)
    assert "payback" not in silent
    assert quoting == (
        f"{silent}\nA buyer said: “Show me the ∗payback∗ in ‹b›months‹/b›.”\n"
        "A buyer said: “What return did others see?”"
    )


def test_nobody_is_told_by_default(tmp_path, receiver):
    with store.opened(make_desk(tmp_path)) as db:
        config = request_settings(db)
        assert tell(db, config, ask((db, config)), "new", who="Mara", now=NOW) == []
    assert receiver.came == []


def test_no_title_calls_everybody_or_hides_a_link(desk, receiver):
    db, config = desk
    kept = ask(desk, title="<!channel> @everyone <https://evil.example|here> *x* [y](z)")
    tell(db, config, kept, "new", who="Mara", now=NOW)
    assert receiver.texts[0][0] == (
        "R-1 asked for: ‹!channel› ＠everyone ‹https://evil.example|here› ∗x∗ (y)(z)"
    )


def test_an_address_may_stand_in_the_environment(desk, receiver, monkeypatch):
    config = with_requests(desk[1], notify=("$RECEIVER", "$NOWHERE"))
    monkeypatch.setenv("RECEIVER", receiver.address)
    assert send(config, "Title", "Text") == [
        (
            f"address 2 of 'notify' under [requests] in {config.path} is empty: "
            "the environment has no $NOWHERE"
        )
    ]
    assert receiver.texts == [("Title", "Text")]


def test_a_failure_names_the_address_by_its_place_and_tells_no_secret(desk, receiver, caplog):
    db, config = desk
    where = f"of 'notify' under [requests] in {config.path}"
    receiver.status = 500
    wrong = "nosuch://hush-token@somewhere"
    config = with_requests(config, notify=(receiver.address, wrong, "hush-token"))
    caplog.set_level(logging.DEBUG, logger="apprise")

    failures = tell(db, config, ask(desk), "new", who="Mara", now=NOW)

    assert failures == [
        f"address 1 {where} (JSON) was not reached; mend it there",
        f"address 2 {where} is none that apprise knows; write it as apprise does",
        f"address 3 {where} is none that apprise knows; write it as apprise does",
    ]
    assert "hush" not in caplog.text
    assert not logging.getLogger("apprise").disabled
    assert [one.id for one in store.all_requests(db)] == [1]


def test_what_is_overdue_is_told_once_for_each_promise(desk, receiver):
    db, config = desk
    ask(desk)
    ask(desk, title="Another")
    decline(db, 2, who="Lena", now=NOW, note="no")
    acknowledge = "R-1: acknowledge was due on 3 November 2026, 5 business days ago. ROI tool"
    decide = "R-1: decide was due on 9 November 2026, 1 business day ago. ROI tool"

    assert remind(db, config, who="cron", now=NOW) == ([], [])
    assert remind(db, config, who="cron", now=LATE) == ([acknowledge, decide], [])
    assert remind(db, config, who="cron", now=LATE) == ([], [])

    assert receiver.texts == [("2 promises are overdue", f"{acknowledge}\n{decide}")]
    assert [(e.who, e.note) for e in store.all_request_events(db) if e.event == "remind"] == [
        ("cron", "acknowledge 2026-11-03"),
        ("cron", "decide 2026-11-09"),
    ]


def test_a_reminder_that_did_not_arrive_is_sent_again(desk, receiver):
    db, config = desk
    ask(desk)
    receiver.status = 503
    told, failures = remind(db, config, who="cron", now=LATE)
    assert (len(told), len(failures)) == (2, 1)
    receiver.status = 200
    assert remind(db, config, who="cron", now=LATE) == (told, [])


def test_reminders_need_somebody_to_remind(desk):
    db, config = desk
    with pytest.raises(InputError) as caught:
        remind(db, with_requests(config, notify=()), who="cron", now=LATE)
    assert str(caught.value) == (
        "nobody is named to remind; write addresses into 'notify' under [requests] in "
        f"{config.path}"
    )
