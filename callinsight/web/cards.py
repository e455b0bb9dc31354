"""An excerpt as every page shows it: the words and those around them, who, when, why, and its sound."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.exceptions import HTTPException

from callinsight import store
from callinsight.addresses import place_of
from callinsight.calls.transcripts import is_transcript, recording_beside
from callinsight.records import UNKNOWN
from callinsight.reports.excerpts import find_words, span_of
from callinsight.reports.wording import clock, day, percent, readable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from sqlite_utils import Database

    from callinsight.config import Config
    from callinsight.records import Call, Participant, Tag, Utterance
    from callinsight.reports.wording import Names

KINDS = ("concern", "ask", "competitor", "topic")
SURE = "sure"
TAG_STATUS = {"unsure": "not sure", "uncertain_speaker": "uncertain who speaks"}


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Words that are alike in what is marked in them."""

    text: str
    evidence: bool  # they are why the turn is tagged
    hit: bool  # a search found them


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A tag in words."""

    kind: str
    label: str  # its id
    name: str
    stance: str
    sure: str  # percent
    status: str  # empty if it is sure
    why: str


@dataclass(frozen=True, kw_only=True)
class Card:
    """One excerpt; addresses are paths of this site."""

    call: Call
    utterance: Utterance
    before: Utterance | None
    after: Utterance | None
    pieces: tuple[Piece, ...]
    person: str
    title: str
    persona: str
    tags: tuple[Tag, ...]  # the sure ones first
    marks: tuple[Mark, ...]  # the same in words
    audio: str  # empty without a recording
    start_s: float  # what to play
    end_s: float
    at: str

    @property
    def id(self) -> str:
        """The utterance's."""
        return self.utterance.id

    @property
    def anchor(self) -> str:
        """Its id on a page of its call."""
        return f"turn-{self.utterance.position}"

    @property
    def call_address(self) -> str:
        """Its place in its call."""
        return f"{call_address(self.call.id)}#{self.anchor}"

    @property
    def address(self) -> str:
        """A page of its own: the link to copy."""
        return f"/excerpts/{utterance_address(self.id)}"

    @property
    def clip(self) -> str:
        """Its sound, to take along; empty where there is none, or nobody knows when it was said."""
        return (
            f"/clips/{utterance_address(self.id)}"
            if self.audio and not self.utterance.estimated
            else ""
        )

    @property
    def citation(self) -> str:
        """The words with who said them, in which call, when: to paste."""
        who = [self.person, self.title, self.call.account]
        where = [self.call.title or self.call.id, day(self.call.recorded_at), f"at {self.at}"]
        said_by = ", ".join(part for part in who if part)
        return f"“{self.utterance.text}”\n{said_by} ({', '.join(where)})"


def said_as(db: Database, utterance: str) -> Utterance:
    """What was said; raises HTTPException where it is not there (any more), or nobody may read it."""
    said = store.utterances_by_id(db, [utterance]).get(utterance)
    call = store.get_call(db, said.call) if said else None
    if said is None or call is None or call.is_closed:
        raise HTTPException(404, f"There is no excerpt '{utterance}'.")
    return said


def call_address(call: str) -> str:
    """The page of a call."""
    return f"/calls/{quote(call, safe='')}"


def utterance_address(utterance: str) -> str:
    """An utterance's id as a part of an address."""
    return quote(utterance, safe="")


def audio_address(db: Database, config: Config, call: Call) -> str:
    """Where to play a call; empty if it has no recording or nobody may listen to it."""
    return playable(db, config, [call]).get(call.id, "")


def playable(db: Database, config: Config, calls: Collection[Call]) -> dict[str, str]:
    """Where to play those of the calls that can be played, by id."""
    closed = store.redacted_somewhere(db, [call.id for call in calls])
    found = {call.id: _sound_of(config, call) for call in calls if call.id not in closed}
    return {id_: address for id_, address in found.items() if address}


def _sound_of(config: Config, call: Call) -> str:
    if call.is_closed:
        return ""
    place = place_of(config.calls.files, call.file)
    if isinstance(place, str):
        has_sound = bool(call.channels)
    else:
        beside = not call.channels and is_transcript(place)
        has_sound = not beside or recording_beside(place) is not None
    return f"/audio/{quote(call.id, safe='')}" if has_sound else ""


def cards_of(
    db: Database,
    config: Config,
    names: Names,
    turns: Iterable[tuple[str, int]],
    *,
    unsure: bool = False,
    hits: Mapping[str, str] | None = None,
) -> list[Card]:
    """The excerpts at these calls and positions, without those that are gone.

    `hits` are the words of a turn with what a search found between `store.MARKS`.
    """
    calls: dict[str, Call | None] = {}
    cards = []
    for call_id, position in turns:
        if call_id not in calls:
            calls[call_id] = store.get_call(db, call_id)
        call = calls[call_id]
        near = {turn.position: turn for turn in store.turns_near(db, call_id, position)}
        if call is None or call.is_closed or position not in near:
            continue
        said = near[position]
        tags = [tag for tag in store.tags_of_turn(db, said.id) if unsure or tag.status == SURE]
        cards.append(
            _card(
                call,
                near,
                said,
                tags,
                person=store.participant(db, call_id, said.speaker),
                names=names,
                audio=audio_address(db, config, call),
                hit=(hits or {}).get(said.id, ""),
            )
        )
    return cards


def _card(
    call: Call,
    near: Mapping[int, Utterance],
    said: Utterance,
    tags: list[Tag],
    *,
    person: Participant | None,
    names: Names,
    audio: str,
    hit: str,
) -> Card:
    evidence = [tag.evidence for tag in tags if tag.evidence]
    length_s = call.duration_s or said.end_s
    ranked = tuple(sorted(tags, key=_order))
    start_s, end_s = span_of(said, evidence[0] if evidence else "", length_s)
    return Card(
        call=call,
        utterance=said,
        before=near.get(said.position - 1),
        after=near.get(said.position + 1),
        pieces=pieces_of(said.text, evidence, hit),
        person=said.speaker,
        title=person.title if person else "",
        persona=names.persona(said.persona) if said.persona != UNKNOWN else "",
        tags=ranked,
        marks=tuple(mark_of(tag, names) for tag in ranked),
        audio=audio,
        start_s=start_s,
        end_s=end_s,
        at=clock(said.start_s, estimated=said.estimated),
    )


def mark_of(tag: Tag, names: Names) -> Mark:
    """A tag in words."""
    return Mark(
        kind=tag.kind,
        label=tag.label,
        name=tag_name(tag.kind, tag.label, names),
        stance=tag.stance if tag.kind == "concern" else "",
        sure=percent(tag.score),
        status=TAG_STATUS.get(tag.status, ""),
        why=tag.why,
    )


def tag_name(kind: str, label: str, names: Names) -> str:
    """What a tag is called."""
    if kind == "concern":
        return names.concern(label)
    if kind == "topic":
        return names.topics.get(label, f"Topic {label}")
    if kind == "ask":
        known = names.taxonomy.asks.get(label)
        return known.label if known else readable(label)
    return label


def pieces_of(text: str, evidence: Iterable[str], hit: str) -> tuple[Piece, ...]:
    """The text in pieces, with the words behind its tags and those that a search found.

    Evidence that is the whole text marks nothing, for then nothing in it stands out.
    """
    spans = [(start, end) for phrase in evidence for start, end in find_words(phrase, text)]
    found = _hits(hit) if _unmarked(hit) == text else []
    cuts = sorted({0, len(text), *(edge for span in (*spans, *found) for edge in span)})
    return tuple(
        Piece(text=text[start:end], evidence=_inside(spans, start), hit=_inside(found, start))
        for start, end in itertools.pairwise(cuts)
    )


def _inside(spans: Iterable[tuple[int, int]], position: int) -> bool:
    return any(start <= position < end for start, end in spans)


def _hits(marked: str) -> list[tuple[int, int]]:
    spans, gone = [], 0
    for found in re.finditer(f"{store.MARKS[0]}(.*?){store.MARKS[1]}", marked, re.DOTALL):
        start = found.start() - gone
        spans.append((start, start + len(found[1])))
        gone += 2
    return spans


def _unmarked(marked: str) -> str:
    return marked.replace(store.MARKS[0], "").replace(store.MARKS[1], "")


def _order(tag: Tag) -> tuple[bool, int, float]:
    return tag.status != SURE, KINDS.index(tag.kind), -tag.score
