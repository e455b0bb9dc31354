"""The schema, append-only: a migration that has been released is never edited."""

from __future__ import annotations

from typing import Any

from callinsight.imports import keep_out

keep_out("pandas", of="sqlite_utils.db")  # which would only know the type of its dates; 40 MB
from sqlite_utils import Migrations  # noqa: E402

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
def close_the_loop(db: Any) -> None:
    """Where assets come from, what people say of them, what reports said, and what is asked for."""
    db["content_items"].add_column("source", str, not_null_default="")
    db["usage_events"].add_column("source", str, not_null_default="sheet")
    db["usage_events"].add_column("utterance", str, not_null_default="")
    db["usage_events"].add_column("confidence", float, not_null_default=1.0)
    db["item_changes"].create(
        {
            "id": int,
            "item": str,
            "at": str,
            "source": str,
            "field": str,
            "before": str,
            "after": str,
        },
        pk="id",
    )
    db["item_changes"].create_index(["item"])
    db["suggestions"].create(
        {
            "item": str,
            "field": str,
            "value": str,
            "score": float,
            "why": str,
            "status": str,
            "who": str,
            "at": str,
        },
        pk=("item", "field", "value"),
    )
    db["judgements"].create(
        {
            "id": int,
            "concern": str,
            "persona": str,
            "stage": str,
            "item": str,
            "answers": int,
            "who": str,
            "at": str,
        },
        pk="id",
    )
    db["gaps"].add_column("weight", float, not_null_default=1.0)
    db["gaps"].add_column("rank_low", int, not_null_default=0)
    db["gaps"].add_column("rank_high", int, not_null_default=0)
    db["snapshots"].create(
        {
            "id": int,
            "month": str,
            "taken_at": str,
            "as_of": str,
            "digest": str,
            "definitions": str,
            "tagger": str,
            "speech": str,
            "content": str,
        },
        pk="id",
    )
    db["snapshots"].create_index(["month", "digest"])
    _create_requests(db)


def _create_requests(db: Any) -> None:
    texts = (
        *("title", "content_type", "concern", "persona", "stage", "gap", "deals", "evidence"),
        *("competitor", "claims", "tried", "use", "priority", "needed_by", "requester"),
        *("created_at", "state", "owner", "item"),
    )
    db["content_requests"].create(
        {"id": int, **dict.fromkeys(texts, str), "votes": int}, pk="id", not_null={"title"}
    )
    db["content_requests"].create_index(["state"])
    db["request_events"].create(
        {"id": int, "request": int, "at": str, "who": str, "event": str, "note": str},
        pk="id",
        foreign_keys=[("request", "content_requests", "id")],
    )
    db["request_events"].create_index(["request"])


@migrations()
def let_people_in(db: Any) -> None:
    """Who may open the pages, when they last did, and what they played, exported and changed."""
    db["users"].create({"name": str, "role": str, "password": str, "added_at": str}, pk="name")
    db["tokens"].create({"digest": str, "user": str, "made_at": str}, pk="digest")
    db["visits"].create({"who": str, "since": str, "last": str}, pk="who")
    db["audit"].create({"id": int, "at": str, "who": str, "action": str, "subject": str}, pk="id")
    db["audit"].create_index(["who", "action", "subject"])
    db.execute(
        "CREATE TRIGGER audit_stays BEFORE UPDATE ON audit "
        "BEGIN SELECT RAISE(ABORT, 'what was done is never changed: add to it'); END"
    )


@migrations()
def keep_definitions(db: Any) -> None:
    """The shared definitions, each time they came into use."""
    db["editions"].create(
        {"id": int, "version": str, "digest": str, "used_from": str, "content": str}, pk="id"
    )


@migrations()
def keep_what_happened_to_requests(db: Any) -> None:
    """What happened to a request, once written, stays as it is."""
    for change in ("UPDATE", "DELETE"):
        db.execute(
            f"CREATE TRIGGER request_events_stay_{change.lower()} BEFORE {change} ON request_events "
            "BEGIN SELECT RAISE(ABORT, 'what happened to a request is never changed: add another'); END"
        )


@migrations()
def say_more_of_gaps(db: Any) -> None:
    """How evidence counts, why demand stands unresolved, which roll-up speaks; who spoke, quickly."""
    for column in ("evidence_as", "rolled_up"):
        db["gaps"].add_column(column, str, not_null_default="")
    for column in ("lost", "stalled", "returned"):
        db["gaps"].add_column(column, int, not_null_default=0)
    db["utterances"].create_index(["call", "side", "persona"])


@migrations()
def browse_and_mend(db: Any) -> None:
    """What people mend in calls and collect; which calls changed, and words of tagged turns, for pages."""
    db["mendings"].create(
        {
            "id": int,
            "call": str,
            "at": str,
            "who": str,
            "what": str,
            "subject": str,
            "text": str,
            "before": str,
            "after": str,
            "undoes": int,
        },
        pk="id",
        not_null={"call", "at", "who", "what"},
        foreign_keys=[("call", "calls", "id")],
    )
    db["mendings"].create_index(["call"])
    db.execute(
        "CREATE TRIGGER mendings_stay BEFORE UPDATE ON mendings "
        "BEGIN SELECT RAISE(ABORT, 'a mending is never changed: add another'); END"
    )
    db["heard_turns"].create(
        {"utterance": str, "call": str, "text": str, "words": str},
        pk="utterance",
        foreign_keys=[("call", "calls", "id")],
    )
    db["heard_turns"].create_index(["call"])
    db["playlists"].create({"id": int, "name": str, "who": str, "created_at": str}, pk="id")
    db["playlist_items"].create(
        {"playlist": int, "utterance": str, "call": str, "who": str, "at": str},
        pk=("playlist", "utterance"),
        foreign_keys=[("playlist", "playlists", "id")],
    )
    db["playlist_items"].create_index(["call"])
    db["calls"].create_index(["status"])
    db["calls"].create_index(["deal"])
    _note_changed_calls(db)
    _search_tagged_turns(db)


def _note_changed_calls(db: Any) -> None:
    """Pages keep counts in memory; this tells them which calls to read again."""
    db["changed_calls"].create({"call": str, "number": int}, pk="call")
    db["changed_calls"].create_index(["number"])
    facts = "recorded_at, title, account, deal, outcome, file, channels, status"
    for table, call, update in (
        ("tags", "call", "UPDATE"),
        ("participants", "call", "UPDATE"),
        ("calls", "id", f"UPDATE OF {facts}"),
    ):
        for event, row in (("INSERT", "new"), (update, "new"), ("DELETE", "old")):
            name = f"{table}_{event.split()[0].lower()}_noted"
            db.execute(
                f"CREATE TRIGGER {name} AFTER {event} ON {table} BEGIN "  # noqa: S608 - fixed names
                f"INSERT INTO changed_calls (call, number) VALUES ({row}.{call}, "
                "(SELECT coalesce(max(number), 0) + 1 FROM changed_calls)) "
                "ON CONFLICT (call) DO UPDATE SET number = excluded.number; END"
            )
    # nothing is to be left of a call that is gone, its id included
    db.execute("DROP TRIGGER calls_delete_noted")
    db.execute(
        "CREATE TRIGGER calls_delete_noted AFTER DELETE ON calls BEGIN "
        "INSERT INTO changed_calls (call, number) VALUES ('', "
        "(SELECT coalesce(max(number), 0) + 1 FROM changed_calls)) "
        "ON CONFLICT (call) DO UPDATE SET number = excluded.number; "
        "DELETE FROM changed_calls WHERE call = old.id; END"
    )


def _search_tagged_turns(db: Any) -> None:
    """Full-text search over tagged turns only: common words would take too long over all."""
    db.execute(
        "CREATE VIRTUAL TABLE tagged_fts USING fts5"
        "(text, content='utterances', tokenize='porter unicode61')"
    )
    db.execute(
        "INSERT INTO tagged_fts (rowid, text) SELECT rowid, text FROM utterances "
        "WHERE id IN (SELECT utterance FROM tags)"
    )
    tags_of = "(SELECT count(*) FROM tags WHERE utterance = {}.utterance)"
    drop = "INSERT INTO tagged_fts (tagged_fts, rowid, text) VALUES ('delete', old.rowid, old.text)"
    db.execute(
        "CREATE TRIGGER tags_found AFTER INSERT ON tags BEGIN "  # noqa: S608 - fixed names
        "INSERT INTO tagged_fts (rowid, text) SELECT rowid, text FROM utterances "
        f"WHERE id = new.utterance AND {tags_of.format('new')} = 1; END"
    )
    db.execute(
        "CREATE TRIGGER tags_lost AFTER DELETE ON tags BEGIN "  # noqa: S608 - fixed names
        "INSERT INTO tagged_fts (tagged_fts, rowid, text) SELECT 'delete', rowid, text "
        f"FROM utterances WHERE id = old.utterance AND {tags_of.format('old')} = 0; END"
    )
    db.execute(
        "CREATE TRIGGER tagged_words_mended AFTER UPDATE OF text ON utterances "  # noqa: S608 - fixed
        "WHEN old.text <> new.text AND EXISTS (SELECT 1 FROM tags WHERE utterance = old.id) "
        f"BEGIN {drop}; INSERT INTO tagged_fts (rowid, text) VALUES (new.rowid, new.text); END"
    )


@migrations()
def count_for_the_first_page(db: Any) -> None:
    """What each look at the first page asks: the last calls, the last runs, deals that object."""
    db["calls"].create_index(["recorded_at", "id", "deal", "status", "language"])
    db["runs"].create_index(["stage", "finished_at"], if_not_exists=True)
    db.execute(
        "CREATE INDEX tags_that_object ON tags (month, deal) "
        "WHERE kind = 'concern' AND status = 'sure' AND stance = 'objection'"
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


@migrations()
def count_unresolved_deals(db: Any) -> None:
    """How many deals stand unresolved, not their share with half a deal on each side."""
    db.execute(
        "UPDATE gaps SET unresolved = CASE WHEN raising > 0 "
        "THEN round(unresolved * (raising + 1) - 0.5) ELSE 0 END"
    )
    db["gaps"].transform(types={"unresolved": int})


@migrations()
def keep_where_assets_were_imported(db: Any) -> None:
    """The file and row that an import took an asset from, for whoever mends it there."""
    db["content_items"].add_column("listed_at", str, not_null_default="")


@migrations()
def doubt_in_order(db: Any) -> None:
    """Tags by score, so that the most doubtful are found without looking at all."""
    db.execute(
        "CREATE INDEX tags_by_score ON tags (kind, label, stance, score, utterance) "
        "WHERE status <> 'uncertain_speaker'"
    )


@migrations()
def remember_what_was_forgotten(db: Any) -> None:
    """Which calls are not read again, and receipts of what was erased; nothing of what it was."""
    columns = ("id", "what", "fingerprint", "file_hash", "at")
    db["forgotten"].create(dict.fromkeys(columns, str), pk="id", not_null={"what", "at"})
    texts = ("at", "who", "what", "content", "text")
    db["receipts"].create({"id": int, **dict.fromkeys(texts, str)}, pk="id")
    db.execute(
        "CREATE TRIGGER receipts_stay BEFORE UPDATE ON receipts "
        "BEGIN SELECT RAISE(ABORT, 'a receipt is never changed: add another'); END"
    )


@migrations()
def look_up_for_pages(db: Any) -> None:
    """Who sells, what sums are in, and a number that grows when assets or demands change."""
    db["participants"].create_index(["name", "side", "call"])
    db.execute("CREATE INDEX calls_by_currency ON calls (currency, amount)")
    db["content_edition"].insert({"number": 0})
    for table in ("content_items", "usage_events", "gaps", "judgements", "topics"):
        for event in ("INSERT", "UPDATE", "DELETE"):
            db.execute(
                f"CREATE TRIGGER {table}_{event.lower()}_counted AFTER {event} ON {table} BEGIN "  # noqa: S608 - fixed names
                "UPDATE content_edition SET number = number + 1; END"
            )


@migrations()
def shut_people_out(db: Any) -> None:
    """Whether a user is kept but let in no more."""
    db["users"].add_column("disabled", int, not_null_default=0)


@migrations()
def keep_playlists_of_months(db: Any) -> None:
    """Of which month a playlist is that a run picked; empty for those that people made."""
    db["playlists"].add_column("month", str, not_null_default="")


@migrations()
def tell_open_money_from_lost(db: Any) -> None:
    """Of a gap: what the raising deals were worth that are lost, and how many were disqualified."""
    db["gaps"].add_column("amount_lost", float, not_null_default=0.0)
    db["gaps"].add_column("disqualified", int, not_null_default=0)


@migrations()
def count_open_money_anew(db: Any) -> None:
    """What gaps were worth was that of all raising deals; the next run counts those that are open."""
    db.execute("UPDATE gaps SET amount = 0")


@migrations()
def leave_unsaid_what_nobody_said(db: Any) -> None:
    """An asset that did not say whether it is about the product was stored as one that is not.

    Which of them said no cannot be told any more: sheets say it again at the next run, imports when
    they are imported again.
    """
    db.execute("UPDATE content_items SET product_specific = NULL WHERE product_specific = 0")


@migrations()
def tell_that_nothing_changed(db: Any) -> None:
    """A write to anything that a run reads or makes takes away the note that nothing has changed."""
    for table in (
        *("calls", "participants", "utterances", "tags", "topics", "voices", "runs", "redactions"),
        *("corrections", "mendings", "heard_turns", "forgotten", "gaps", "judgements"),
        *("content_items", "usage_events", "suggestions"),
    ):
        for event in ("INSERT", "UPDATE", "DELETE"):
            db.execute(
                f"CREATE TRIGGER {table}_{event.lower()}_changes AFTER {event} ON {table} "  # noqa: S608 - fixed names
                "WHEN EXISTS (SELECT 1 FROM settings WHERE name = 'unchanged') "
                "BEGIN DELETE FROM settings WHERE name = 'unchanged'; END"
            )


@migrations()
def tell_supply_in_doubt(db: Any) -> None:
    """Which tags were accepted among many, and of each gap how much of its supply is in doubt.

    Before, nothing said it of a tag; one command on an asset gives one moment, so that what several
    assets got at the same moment came of `accept --all`. Gaps are counted anew by the next run.
    """
    db["suggestions"].add_column("in_bulk", int, not_null_default=0)
    db.execute(
        "UPDATE suggestions SET in_bulk = 1 WHERE status = 'accepted' AND (who, at) IN ("
        "SELECT who, at FROM suggestions WHERE status = 'accepted' "
        "GROUP BY who, at HAVING COUNT(DISTINCT item) > 1)"
    )
    for column in ("unvouched", "undated", "bulk_tagged", "unowned"):
        db["gaps"].add_column(column, int, not_null_default=0)
    db.execute("DELETE FROM settings WHERE name = 'unchanged'")  # so that the next run counts


@migrations()
def tell_themes_from_concerns(db: Any) -> None:
    """Which concern a theme is another word for; the next run says it."""
    db["topics"].add_column("named_by", str, not_null_default="")
    db.execute("DELETE FROM settings WHERE name = 'unchanged'")


@migrations()
def remember_where_reports_lie(db: Any) -> None:
    """Where commands wrote reports, briefs, exports and backups, so that an erasure finds them.

    Nothing is known of those that were written before, but for the pipeline's own folder.
    """
    db["outputs"].create(
        {"path": str, "what": str, "month": str}, pk="path", not_null={"what", "month"}
    )


@migrations()
def date_calls_as_rows_may(db: Any) -> None:
    """Calls of years that no row may name any more count in the next that one may.

    Such a year stopped every run; its row is told of by the next.
    """
    first, last = "1990-01-01T00:00:00+00:00", "2199-12-31T00:00:00+00:00"
    db.execute("UPDATE calls SET recorded_at = ? WHERE recorded_at < '1990'", [first])
    db.execute("UPDATE calls SET recorded_at = ? WHERE recorded_at >= '2200'", [last])
