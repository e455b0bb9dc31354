"""Erasing calls and people: what would go, that it goes everywhere, and the receipt."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from logging import WARNING
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from callinsight import store
from callinsight.addresses import place_of
from callinsight.calls.forgetting import (
    FORGOTTEN,
    NOBODY,
    names_in,
    runs_of,
    without_quotes,
    words_without,
)
from callinsight.calls.mending import SIDE
from callinsight.calls.playable import COPIES
from callinsight.calls.transcripts import is_transcript, recording_beside
from callinsight.errors import StoreError
from callinsight.journal import note
from callinsight.months import day_of, month_of
from callinsight.pipeline.content import update_gaps
from callinsight.pipeline.tags import turns_of_buyers
from callinsight.progress import silent
from callinsight.records import Forgotten, Receipt
from callinsight.reports.pages import files_written
from callinsight.tagging.concerns import QUOTED, pieces
from callinsight.tagging.embed import text_hash
from callinsight.tagging.encoder import Turn
from callinsight.taxonomy import load_taxonomy

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sqlite_utils import Database

    from callinsight.config import Config
    from callinsight.progress import Progress
    from callinsight.records import Call, Mending, Topic

WORDS = {  # what rows of a table are called, one and many
    "calls": ("call", "calls"),
    "participants": ("participant", "participants"),
    "utterances": ("turn", "turns"),
    "tags": ("tag", "tags"),
    "voices": ("voice print", "voice prints"),
    "corrections": ("correction", "corrections"),
    "mendings": ("mending", "mendings"),
    "heard_turns": ("turn as it was heard", "turns as they were heard"),
    "playlist_items": ("excerpt in playlists", "excerpts in playlists"),
    "redactions": ("redaction", "redactions"),
    "embeddings": ("vector", "vectors"),
    "topics": ("topic whose words change", "topics whose words change"),
    "requests": ("request that loses evidence or words", "requests that lose evidence or words"),
    "names": ("text that loses a name", "texts that lose a name"),
    "reports": ("file of reports", "files of reports"),
    "copies": ("cached copy of sound", "cached copies of sound"),
    "recordings": ("recording", "recordings"),
}
LOGGED = (
    "what was to go is erased, but another program reads the database, so its log may still hold "
    "it; stop that program (such as 'callinsight serve'), then run 'callinsight purge --yes', "
    "which cuts the log off"
)
REQUEST_TEXTS = ("title", "competitor", "claims", "tried", "use")
CALL_TEXTS = (
    ("calls", ("title", "outcome_reason", "vocabulary")),
    ("tags", ("evidence", "why")),
    ("corrections", ("context", "text")),
    ("mendings", ("subject", "text", "before", "after")),
)


@dataclass(frozen=True, kw_only=True)
class Person:
    """A buyer as calls know them."""

    names: tuple[str, ...]  # wherever they stand
    turns: Mapping[str, tuple[str, ...]]  # their own, by call; those that may be with them
    doubtful: int = 0  # how many of these may be somebody else's
    placeholders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # for names, by call

    def names_in(self, call: str) -> tuple[str, ...]:
        """What they are called in a call."""
        return (*self.names, *self.placeholders.get(call, ()))


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to go, and what stays all the same."""

    what: str  # see Receipt
    calls: tuple[Call, ...] = ()  # go whole
    person: Person | None = None  # goes out of these calls and all words that name them
    account: str = ""  # whose name goes out of requests
    held: tuple[str, ...] = ()  # calls that stay, with the reason
    touched: tuple[Call, ...] = field(default=())  # stay without the person


def told(db: Database, config: Config, plan: Plan) -> str:
    """What would go, what stays, and what is out of reach, for people."""
    lines = ["Would erase:", *_listed(_outline(db, config, plan))]
    lines += [f"  {call.id}, {call.recorded_at[:10]}" for call in (*plan.calls, *plan.touched)]
    if plan.person and plan.person.doubtful:
        count = plan.person.doubtful
        lines.append(f"  of these turns {count} may be somebody else's: nobody knows who said them")
    return "\n".join([*lines, *_stays(config, plan), "Nothing is erased yet: add --yes."])


def carry_out(
    db: Database,
    config: Config,
    plan: Plan,
    *,
    who: str,
    at: str,
    progress: Progress = silent,
) -> Receipt:
    """Erase it; the receipt. Raises StoreError where the file's log cannot be cut off.

    Use it inside `store.claimed`: no run may work on the calls meanwhile.
    """
    taxonomy = load_taxonomy(config.tagging.taxonomy)
    gone = Counter(reports=_remove(report_files(config, plan)), copies=_remove(copies()))
    months, topics = _months_of(db, config, plan), _names_of_topics(db)
    with store.transaction(db), store.unguarded(db):
        gone += drop_calls(db, plan.calls, names=[plan.account] if plan.account else [])
        if plan.person:
            gone += _drop_person(db, plan.person, plan.touched)
        gone["embeddings"] = store.remove_vectors(db, _unused_keys(db, progress))
        store.remember_forgotten(db, _remembered(plan, at))
    only = months if topics == _names_of_topics(db) else None
    update_gaps(db, config, taxonomy, progress=progress, only=only)
    receipt = _receipt(plan, gone, who, at)
    with store.transaction(db):
        receipt = store.add_receipt(db, receipt)
    with progress("Pack file", 1) as advance:
        whole = store.scrub(db)
        advance(0.0)
    if not whole:
        raise StoreError(LOGGED)
    return receipt


def shown(receipt: Receipt, *, shape: str) -> str:
    """A receipt for people, or as the JSON that is kept."""
    if shape == "json":
        return json.dumps({"id": receipt.id, **json.loads(receipt.content)}, ensure_ascii=False)
    return f"Receipt {receipt.id}. {receipt.text}" if receipt.id else receipt.text


def drop_quietly(db: Database, config: Config, calls: Sequence[Call]) -> None:
    """Erase calls in the middle of a run, which counts gaps and writes the last report anew itself."""
    if not calls:
        return
    _remove([*report_files(config, Plan(what="list", calls=tuple(calls))), *copies()])
    with store.transaction(db), store.unguarded(db):
        drop_calls(db, calls)
        store.remove_vectors(db, _unused_keys(db, silent))
    if not store.scrub(db):
        note("the log of the database is being read; it is cut off when that ends", level=WARNING)


def drop_calls(db: Database, calls: Sequence[Call], *, names: Iterable[str] = ()) -> Counter[str]:
    """Take calls out of every table, with what others quote of them; how much of each kind.

    Use it inside a transaction and `unguarded`.
    """
    ids = [call.id for call in calls]
    if not ids:
        return Counter()
    gone = Counter(store.rows_of_calls(db, ids))
    said = [u.text for id_ in ids for u in store.utterances_of(db, id_)]
    said += [turn.text for id_ in ids for turn in store.heard_of(db, id_)]
    learnt = [c.text for c in store.all_corrections(db) if c.call in ids]
    people = store.people_only_in(db, ids)
    topics = store.topics_in_calls(db, ids)
    store.erase_calls(db, ids)
    gone["requests"] = _clear_requests(db, set(ids), said, [*people, *names])
    _clear_reasons(db, learnt)
    gone["topics"] = _clear_topics(db, topics)
    return gone


def report_files(config: Config, plan: Plan) -> list[Path]:
    """What the pipeline wrote of the months whose calls change."""
    months = {month_of(c.recorded_at, config.zone) for c in (*plan.calls, *plan.touched)}
    return reports_of(config, months)


def reports_of(config: Config, months: Iterable[str]) -> list[Path]:
    """What the pipeline wrote of some months into its folder of reports."""
    folders = [
        config.report.folder / f"{m}{end}" for m in sorted(months) for end in ("", "-playlist")
    ]
    return [file for folder in folders for file in files_written(folder)]


def copies() -> list[Path]:
    """Sound that servers keep for browsers; they make it anew when it is asked for."""
    return sorted(Path(tempfile.gettempdir()).glob(f"{COPIES}*/*.mp3"))


def _remove(files: Iterable[Path]) -> int:
    """Remove files, and folders that are empty then; how many files."""
    removed = 0
    for file in files:
        try:
            file.unlink()
        except OSError:
            continue
        removed += 1
        for folder in (file.parent, file.parent.parent):
            if not folder.name.startswith(COPIES) and folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
    return removed


# One person


def _drop_person(db: Database, person: Person, calls: Sequence[Call]) -> Counter[str]:
    """Empty a person's own turns, and put a placeholder where others or the sheets name them."""
    ids = {call.id for call in calls}
    own = {turn for turns in person.turns.values() for turn in turns}
    gone: Counter[str] = Counter(utterances=len(own))
    texts = [u.text for id_ in person.turns for u in store.utterances_of(db, id_) if u.id in own]
    learnt = [c.text for c in store.all_corrections(db) if c.utterance in own or c.text in texts]
    topics = store.topics_in_calls(db, ids)
    gone.update(store.erase_turns(db, own))
    gone["corrections"] += _drop_corrections(db, set(texts))
    gone["mendings"] += _drop_mendings(db, own, set(texts), person)
    for id_ in sorted(ids):
        took_part = id_ in person.turns
        called = person.names_in(id_)
        names = names_in(called, parts=took_part)
        _empty_turns(db, id_, own, names)
        gone["names"] += _clear_call(db, id_, names)
        if took_part:
            gone["participants"] += _hide(db, id_, called)
    gone["requests"] = _clear_requests(db, set(), texts, person.names, own)
    gone["names"] += store.rewrite(
        db, "usage_events", ("actor",), _replacer(names_in(person.names, parts=False))
    )
    _clear_reasons(db, learnt)
    gone["topics"] = _clear_topics(db, topics)
    return +gone


def _empty_turns(db: Database, call: str, own: set[str], names: re.Pattern[str]) -> None:
    """A turn of the person keeps its place and time, so that others keep theirs; no word stays."""
    changed = []
    for said in store.utterances_of(db, call):
        speaker, voice = names.sub(FORGOTTEN, said.speaker), names.sub(FORGOTTEN, said.voice)
        if said.id in own:
            new = dataclasses.replace(
                said, text=FORGOTTEN, words=(), speaker=FORGOTTEN, voice=voice, persona="unknown"
            )
        else:
            new = dataclasses.replace(
                said,
                text=names.sub(FORGOTTEN, said.text),
                words=words_without(said.words, names),
                speaker=speaker,
                voice=voice,
            )
        if new != said:
            changed.append(new)
    store.save_utterances(db, changed)
    heard = [
        dataclasses.replace(
            turn, text=names.sub(FORGOTTEN, turn.text), words=words_without(turn.words, names)
        )
        for turn in store.heard_of(db, call)
    ]
    store.replace_heard(db, call, heard)


def _clear_call(db: Database, call: str, names: re.Pattern[str]) -> int:
    """Take names out of what the sheets and people say of a call; how many texts change."""
    change = _replacer(names)
    return sum(store.rewrite(db, table, columns, change, call) for table, columns in CALL_TEXTS)


def _hide(db: Database, call: str, names: Iterable[str]) -> int:
    """Keep that somebody took part, and nothing of who it was; how many people."""
    taken = {person.name for person in store.participants_of(db, call)}
    aliases = (FORGOTTEN, *(f"[forgotten {number}]" for number in range(2, len(taken) + 3)))
    free = iter([alias for alias in aliases if alias not in taken])
    return sum(store.hide_participant(db, call, n, next(free)) for n in names if n in taken)


def _drop_corrections(db: Database, texts: set[str]) -> int:
    return store.drop_corrections(db, [c.id for c in store.all_corrections(db) if c.text in texts])


def _drop_mendings(db: Database, own: set[str], texts: set[str], person: Person) -> int:
    """Drop what people mended of the person or of their turns; of a voice only its side stays."""
    gone = [
        mending.id
        for mending in store.all_mendings(db)
        if mending.what != SIDE
        and (mending.subject in own or mending.text in texts or _is_about(mending, person))
    ]
    return store.drop_mendings(db, gone)


def _is_about(mending: Mending, person: Person) -> bool:
    return mending.call in person.turns and mending.subject in person.names_in(mending.call)


# What others quote


def _clear_requests(
    db: Database,
    calls: set[str],
    said: Sequence[str],
    names: Iterable[str],
    turns: Iterable[str] = (),
) -> int:
    """Take evidence, quotes and names out of requests and what happened to them; how many change."""
    erased, runs = set(turns), runs_of(said)
    whole = names_in(names, parts=False)

    def clear(text: str) -> str:
        return whole.sub(FORGOTTEN, without_quotes(text, runs))

    changed = set()
    for request in store.all_requests(db):
        kept = tuple(
            e for e in request.evidence if e not in erased and e.rpartition(":")[0] not in calls
        )
        texts: dict[str, Any] = {name: clear(getattr(request, name)) for name in REQUEST_TEXTS}
        new = dataclasses.replace(request, evidence=kept, **texts)
        if new != request:
            store.save_request(db, new)
            changed.add(request.id)
    for event in store.all_request_events(db):
        if clear(event.note) != event.note:
            changed.add(event.request)
    store.rewrite(db, "request_events", ("note",), clear)
    store.rewrite(db, "playlists", ("name",), clear)
    store.rewrite(db, "audit", ("subject",), _replacer(whole))
    return len(changed)


def _clear_reasons(db: Database, learnt: Iterable[str]) -> None:
    """Tags that are explained by a turn that is gone keep no reason."""
    for text in set(learnt):
        store.clear_reasons(db, " ".join(text.split()[:QUOTED]))


def _clear_topics(db: Database, ids: Sequence[int]) -> int:
    """A topic keeps the terms that remaining turns say; one without turns ends. How many change."""
    changed = []
    for topic in store.all_topics(db):
        if topic.id in ids and not topic.defined_as:
            new = _restated(topic, [text.casefold() for text in store.turns_of_topic(db, topic.id)])
            if new != topic:
                changed.append(new)
    store.save_topics(db, changed)
    return len(changed)


def _restated(topic: Topic, texts: Sequence[str]) -> Topic:
    def is_said(term: str) -> bool:
        return all(any(w[:-1] in text for text in texts) for w in term.casefold().split())

    terms = [term for term in topic.terms.split(";") if texts and is_said(term)]
    label = topic.label
    if topic.label_source == "found":
        kept = [part for part in label.split(", ") if texts and is_said(part)]
        label = ", ".join(kept or terms[:2]) or FORGOTTEN
    if not texts:
        nowhere = bytes(len(topic.centroid))
        return dataclasses.replace(
            topic, label=FORGOTTEN, terms="", centroid=nowhere, size=0, status="ended"
        )
    return dataclasses.replace(topic, label=label, terms=";".join(terms), size=len(texts))


# What is counted and kept of words


def _months_of(db: Database, config: Config, plan: Plan) -> set[str]:
    """The months whose gaps may differ without these calls: those of their deals' calls.

    Where they speak of assets also those in which that counts as use.
    """
    calls = {call.id: call for call in (*plan.calls, *plan.touched)}
    of_deals = store.calls_of_deals(db, {call.deal or call.id for call in calls.values()})
    months = {month_of(c.recorded_at, config.zone) for c in (*of_deals, *calls.values())}
    for id_ in store.calls_mentioning_assets(db, calls):
        day = date.fromisoformat(day_of(calls[id_].recorded_at, config.zone))
        until = day + timedelta(days=config.unused.window_days)
        while day <= until:
            months.add(day.isoformat()[:7])
            day += timedelta(days=28)
        months.add(until.isoformat()[:7])
    return months


def _names_of_topics(db: Database) -> list[tuple[int, str, str, str]]:
    """By what assets name topics: where that changes, the supply of any month may."""
    return [(t.id, t.status, t.label, t.terms) for t in store.all_topics(db)]


def _unused_keys(db: Database, progress: Progress) -> set[str]:
    """What vectors are found by of which the words are said nowhere any more.

    That takes a look at all words: older words of a call that was heard again may have left some.
    """
    unused = store.vector_keys(db)
    calls = store.count_calls_with_words(db) if unused else 0
    with progress("Find vectors", calls) as advance:
        said = itertools.groupby(store.all_words(db), key=itemgetter(0)) if unused else ()
        for _, turns in said:
            unused.difference_update(_keys_of(turns))
            advance(0.0)
    for one in store.all_corrections(db):
        unused.difference_update(p.key for p in pieces(Turn(one.context, one.text)))
    return unused


def _keys_of(turns: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    """What the vectors of a call are found by."""
    said = [(side, text) for _, side, text in turns]
    yield from (text_hash(text) for _, text in said)
    for turn in turns_of_buyers(said):
        yield from (piece.key for piece in pieces(turn))


# What is said of it


def _outline(db: Database, config: Config, plan: Plan) -> Counter[str]:
    """How many of each kind would go, as far as that can be counted before."""
    counted = Counter(store.rows_of_calls(db, [call.id for call in plan.calls]))
    if plan.person:
        counted["utterances"] += sum(map(len, plan.person.turns.values()))
        counted["participants"] += len(plan.person.turns)
    counted["reports"] = len(report_files(config, plan))
    counted["copies"] = len(copies())
    return +counted


def _listed(counted: Mapping[str, int]) -> list[str]:
    lines = [
        f"  {counted[kind]} {words[counted[kind] != 1]}"
        for kind, words in WORDS.items()
        if counted.get(kind)
    ]
    return lines or ["  nothing"]


def _stays(config: Config, plan: Plan) -> list[str]:
    """What is kept by legal hold, and what lies where this program does not reach."""
    lines = ["Kept:", *(f"  {reason}" for reason in plan.held)] if plan.held else []
    files = [str(path) for path in sources(config, (*plan.calls, *plan.touched))]
    names = plan.person.names if plan.person else (plan.account,) if plan.account else ()
    files += [f"{path}, which names them" for path in sheets_naming(config, names)]
    if files:
        lines += ["Left for you to remove:", *(f"  {path}" for path in files)]
    return [*lines, "Backups, exports and reports in other folders are not reached."]


def sources(config: Config, calls: Iterable[Call]) -> list[Path | str]:
    """The recordings and transcripts of calls that are there; a store is not asked for its own."""
    found: list[Path | str] = []
    for call in calls:
        path = place_of(config.calls.files, call.file)
        if isinstance(path, str):
            found.append(path)
            continue
        beside = recording_beside(path) if is_transcript(path) else None
        found += [p for p in (path, beside) if p is not None and p.is_file()]
    return found


def sheets_naming(config: Config, names: Iterable[str]) -> list[Path]:
    """The files of the pipeline in which one of these names stands."""
    pattern = names_in(names, parts=False)
    files = [config.path, config.tagging.taxonomy, config.calls.manifest, config.calls.participants]
    found = []
    for path in (*files, *config.content.items, *config.content.usage):
        try:
            text = path.read_text(encoding="utf-8", errors="replace") if path else ""
        except OSError:
            continue
        if path and pattern is not NOBODY and pattern.search(text):
            found.append(path)
    return found


def _receipt(plan: Plan, gone: Counter[str], who: str, at: str) -> Receipt:
    counted = {kind: gone[kind] for kind in WORDS if gone[kind]}
    held = len(plan.held)
    lines = [f"Erased on {at} by {who} ({plan.what}):", *_listed(counted)]
    if held:
        lines.append(f"Kept by legal hold: {held} {WORDS['calls'][held != 1]}")
    table = {"at": at, "who": who, "what": plan.what, "erased": counted, "held": held}
    content = json.dumps(table, ensure_ascii=False)
    return Receipt(at=at, who=who, what=plan.what, content=content, text="\n".join(lines))


def _remembered(plan: Plan, at: str) -> list[Forgotten]:
    return [
        Forgotten(
            id=call.id,
            what="call" if call in plan.calls else "words",
            fingerprint=call.fingerprint,
            file_hash=file_hash(call.file),
            at=at,
        )
        for call in (*plan.calls, *plan.touched)
    ]


def file_hash(file: str) -> str:
    """What a call is known by once its file is gone."""
    return hashlib.sha256(file.encode()).hexdigest()


def _replacer(names: re.Pattern[str]) -> Callable[[str], str]:
    return lambda text: names.sub(FORGOTTEN, text)
