"""A database with a gap in it, as content is asked for from one; and the pipeline file beside it."""

from __future__ import annotations

import dataclasses
import shutil
from typing import TYPE_CHECKING

from material import ROOT

from callinsight import store
from callinsight.config import SETTINGS, load_config, settings_text
from callinsight.records import (
    Call,
    ContentItem,
    ContentRequest,
    Gap,
    RequestEvent,
    Tag,
    Utterance,
)
from callinsight.reports.requests import RequestLine

if TYPE_CHECKING:
    from pathlib import Path

GAP = "2026-10/value_roi/economic_buyer/decision"
NOW = "2026-11-02T10:00:00+00:00"  # a Monday
PIPELINE = """\
company = "Acme"
[calls]
manifest = "calls.csv"
[tagging]
taxonomy = "taxonomy.toml"
"""
SAID = {  # by deal: what its buyer said
    "D-1": "Show me the *payback* in <b>months</b>.",
    "D-2": "What return did others see?",
    "D-3": "Could you send us a savings calculator?",
}


def request(**changes: object) -> ContentRequest:
    facts = {"id": 3, "title": "ROI tool", "requester": "Mara", "created_at": NOW}
    return ContentRequest(**facts | changes)


def event(kind: str, at: str = NOW, who: str = "Lena", note: str = "") -> RequestEvent:
    return RequestEvent(request=3, at=at, who=who, event=kind, note=note)


def gap(**changes: object) -> Gap:
    facts = {
        "id": GAP,
        "month": "2026-10",
        "concern": "value_roi",
        "persona": "economic_buyer",
        "stage": "decision",
        "raising": 3,
        "eligible": 4,
        "calls": 3,
        "objections": 1,
        "questions": 2,
        "asks": 1,
        "share": 0.75,
        "share_low": 0.28,
        "share_high": 0.97,
        "unresolved": 2,
        "amount": 30_000.0,
        "p_value": 0.01,
        "supply": 0,
        "verdict": "gap",
        "score": 0.2,
        "reason": "1 stale",
        "candidates": ("A-40", "A-41"),
        "candidate_obstacles": ("stale", "for end_user"),
        "evidence": ("c1:0001", "c2:0001", "c3:0001"),
    }
    return Gap(**facts | changes)


def make_desk(folder: Path, requests: str = "") -> Path:
    """A pipeline file with these settings under [requests], and a database that it has run into."""
    shutil.copy(ROOT / "pipelines" / "taxonomy.toml", folder / "taxonomy.toml")
    pipeline = folder / "sales_calls.toml"
    pipeline.write_text(f"{PIPELINE}[requests]\n{requests}\n", encoding="utf-8")
    database = folder / "callinsight.db"
    with store.opened(database, create=True) as db:
        store.save_setting(db, SETTINGS, settings_text(load_config(pipeline)))
        for number, (deal, text) in enumerate(SAID.items(), start=1):
            add_turn(db, f"c{number}", deal, text)
        items = [
            ContentItem(id="A-40", title="Return calculator", content_type="roi_tool"),
            ContentItem(
                id="A-41", title="Savings | blog", content_type="blog", concerns=("value_roi",)
            ),
        ]
        store.replace_content(db, items, [])
        store.replace_gaps(db, "2026-10", [gap()])
    return database


def add_turn(db, call: str, deal: str, text: str) -> None:
    month = "2026-10"
    turn = Utterance(
        id=f"{call}:0001",
        call=call,
        position=1,
        start_s=61.0,
        end_s=70.0,
        channel=None,
        speaker="Ann Lee",
        side="buyer",
        side_confidence=1.0,
        persona="economic_buyer",
        text=text,
    )
    store.save_call(
        db,
        Call(
            id=call,
            file=f"{call}.vtt",
            recorded_at=f"{month}-0{call[1:]}T10:00:00+00:00",
            title=f"Proposal {call}",
            account="Globex",
            deal=deal,
            stage="decision",
            amount=10_000.0,
            currency="GBP",
        ),
        [],
        [turn],
    )
    tag = Tag(
        utterance=turn.id,
        kind="concern",
        label="value_roi",
        stance="question",
        score=0.9,
        status="sure",
        source="heads",
        evidence=text,
        call=call,
        deal=deal,
        persona="economic_buyer",
        stage="decision",
        month=month,
    )
    ask = dataclasses.replace(tag, kind="ask", label="roi_proof", stance="none")
    store.replace_tags(db, call, ("concern", "ask"), [tag, ask] if deal == "D-3" else [tag])


def request_line(id_: str, **changes: object) -> RequestLine:
    """A request as reports show it."""
    facts = {
        "id": id_,
        "title": f"Write {id_}",
        "state": "accepted",
        "priority": "P2",
        "due": "2026-11-10",
        "overdue": False,
        "age_days": 12,
        "next_step": "deliver",
        "requester": "Dana",
    }
    return RequestLine(**{**facts, **changes})
