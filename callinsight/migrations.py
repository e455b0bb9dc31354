"""The schema, append-only: a migration that has been released is never edited."""

from __future__ import annotations

from typing import Any

from sqlite_utils import Migrations

migrations = Migrations("callinsight")


@migrations()
def create_tables(db: Any) -> None:
    """Tables of the flow, from calls to gaps."""
    db["settings"].create({"name": str, "value": str}, pk="name")
    db["calls"].create(
        {
            "id": str,
            "file": str,
            "recorded_at": str,
            "title": str,
            "account": str,
            "deal": str,
            "deal_stage": str,
            "stage": str,
            "amount": float,
            "currency": str,
            "outcome": str,
            "outcome_reason": str,
            "language": str,
            "consent": str,
            "consent_ref": str,
            "rep_channel": int,
            "retention_until": str,
            "legal_hold": int,
            "vocabulary": str,
            "fingerprint": str,
            "channels": int,
            "duration_s": float,
            "missing_s": float,
            "status": str,
            "reason": str,
        },
        pk="id",
        not_null={"file", "recorded_at", "status"},
    )
    db["participants"].create(
        {
            "call": str,
            "name": str,
            "person": str,
            "side": str,
            "title": str,
            "persona": str,
            "persona_source": str,
            "channel": int,
        },
        pk=("call", "name"),
        foreign_keys=[("call", "calls", "id")],
    )
    db["utterances"].create(
        {
            "id": str,
            "call": str,
            "position": int,
            "start_s": float,
            "end_s": float,
            "channel": int,
            "speaker": str,
            "side": str,
            "side_confidence": float,
            "persona": str,
            "text": str,
        },
        pk="id",
        foreign_keys=[("call", "calls", "id")],
    )
    db["utterances"].create_index(["call", "position"], unique=True)
    db["topics"].create(
        {"id": int, "label": str, "terms": str, "centroid": bytes, "size": int}, pk="id"
    )
    db["tags"].create(
        {
            "utterance": str,
            "kind": str,
            "label": str,
            "stance": str,
            "score": float,
            "status": str,
            "source": str,
            "evidence": str,
            "call": str,
            "deal": str,
            "persona": str,
            "stage": str,
            "month": str,
        },
        pk=("utterance", "kind", "label"),
        foreign_keys=[("utterance", "utterances", "id"), ("call", "calls", "id")],
    )
    db["tags"].create_index(["month", "kind", "label", "persona", "stage", "deal"])
    db["tags"].create_index(["call"])
    db["embeddings"].create(
        {"text_hash": str, "model": str, "vector": bytes}, pk=("text_hash", "model")
    )


@migrations()
def create_content(db: Any) -> None:
    """The content inventory and what became of it."""
    db["content_items"].create(
        {
            "id": str,
            "title": str,
            "content_type": str,
            "url": str,
            "summary": str,
            "concerns": str,
            "personas": str,
            "stages": str,
            "topics": str,
            "product_specific": int,
            "owner": str,
            "status": str,
            "audience": str,
            "published_on": str,
            "updated_on": str,
            "expires_on": str,
            "review_period_days": int,
            "language": str,
            "cost": float,
        },
        pk="id",
    )
    db["usage_events"].create(
        {
            "id": str,
            "item": str,
            "occurred_at": str,
            "event": str,
            "actor": str,
            "deal": str,
            "call": str,
            "channel": str,
        },
        pk="id",
        foreign_keys=[("item", "content_items", "id")],
    )
    db["usage_events"].create_index(["item", "occurred_at"])


@migrations()
def create_gaps(db: Any) -> None:
    """Gaps of a month, and the log of what was run with which settings."""
    db["gaps"].create(
        {
            "id": str,
            "month": str,
            "concern": str,
            "persona": str,
            "stage": str,
            "raising": int,
            "eligible": int,
            "calls": int,
            "objections": int,
            "questions": int,
            "asks": int,
            "share": float,
            "share_low": float,
            "share_high": float,
            "unresolved": float,
            "amount": float,
            "p_value": float,
            "supply": int,
            "verdict": str,
            "score": float,
            "reason": str,
            "candidates": str,
            "candidate_obstacles": str,
            "evidence": str,
        },
        pk="id",
    )
    db["gaps"].create_index(["month", "verdict"])
    db["runs"].create(
        {"stage": str, "subject": str, "settings_hash": str, "finished_at": str, "error": str},
        pk=("stage", "subject"),
    )


@migrations()
def search_utterances(db: Any) -> None:
    """Full-text search over what was said, kept in step by triggers."""
    db["utterances"].enable_fts(["text"], create_triggers=True, tokenize="porter unicode61")


@migrations()
def keep_words_and_voices(db: Any) -> None:
    """When each word was said, what told the speakers apart, and how sure that is."""
    utterances = db["utterances"]
    for column, kind, default in (
        ("estimated", int, 0),
        ("voice", str, ""),
        ("voice_confidence", float, 1.0),
        ("overlaps", int, 0),
        ("side_source", str, "unknown"),
        ("words", str, ""),
    ):
        utterances.add_column(column, kind, not_null_default=default)
    db["voices"].create(
        {"call": str, "voice": str, "vector": bytes, "seconds": float, "model": str},
        pk=("call", "voice"),
        foreign_keys=[("call", "calls", "id")],
    )


@migrations()
def let_topics_last(db: Any) -> None:
    """Whose word a topic's label is, whether it still counts, and what became of it."""
    for column, default in (
        ("label_source", "found"),
        ("status", "active"),
        ("first_seen", ""),
        ("defined_as", ""),
    ):
        db["topics"].add_column(column, str, not_null_default=default)
    db["topic_changes"].create(
        {"rebuild": int, "topic": int, "became": int, "cosine": float}, pk=("rebuild", "topic")
    )


@migrations()
def tell_where_stages_come_from(db: Any) -> None:
    """Whether a call's stage is the CRM's or inferred, and how sure that is."""
    db["calls"].add_column("stage_source", str, not_null_default="unknown")
    db["calls"].add_column("stage_probability", float, not_null_default=0.0)
    db.execute(
        "UPDATE calls SET stage_source = 'crm', stage_probability = 1.0 WHERE stage <> 'unknown'"
    )


@migrations()
def explain_tags(db: Any) -> None:
    """Why a turn has a tag, and by which version of the definitions."""
    for column in ("why", "taxonomy"):
        db["tags"].add_column(column, str, not_null_default="")


@migrations()
def keep_corrections(db: Any) -> None:
    """What people say of turns; a row, once written, stays as it is."""
    db["corrections"].create(
        {
            "id": int,
            "call": str,
            "utterance": str,
            "context": str,
            "text": str,
            "at": str,
            "who": str,
            "action": str,
            "undoes": int,
            "before": str,
            "after": str,
        },
        pk="id",
        not_null={"call", "text", "at", "who", "action"},
        foreign_keys=[("call", "calls", "id")],
    )
    db["corrections"].create_index(["call"])
    db.execute(
        "CREATE TRIGGER corrections_stay BEFORE UPDATE ON corrections "
        "BEGIN SELECT RAISE(ABORT, 'a correction is never changed: add another'); END"
    )


@migrations()
def keep_redactions(db: Any) -> None:
    """Where personal data was taken out of what was said, and of which kind; not what it was."""
    db["redactions"].create(
        {
            "call": str,
            "utterance": str,
            "position": int,
            "kind": str,
            "placeholder": str,
            "start_s": float,
            "end_s": float,
        },
        pk=("utterance", "position"),
        foreign_keys=[("call", "calls", "id")],
    )
    db["redactions"].create_index(["call"])
