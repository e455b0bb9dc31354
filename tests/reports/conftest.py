"""A month of calls in an invented company, made of real records and counted by the real code."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from callinsight.content.gaps import Deal, Presence, Raised, Rules, find_gaps
from callinsight.content.remedies import remedy_of
from callinsight.content.unused import find_unused
from callinsight.records import (
    Call,
    ContentItem,
    Gap,
    Participant,
    Problem,
    Tag,
    UsageEvent,
    Utterance,
)
from callinsight.reports.basis import Heard
from callinsight.reports.monthly import (
    Excerpt,
    Material,
    MonthlyReport,
    build_report,
    pick_excerpts,
)
from callinsight.reports.wording import Names
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callinsight.reports.themes import Spoken

TAXONOMY = load_taxonomy(DEFAULT_TAXONOMY)
AS_OF = date(2026, 10, 31)
RULES = Rules(min_deals=5, min_share=0.2, false_discovery_rate=0.05, target_supply=2, oversupply=5)
PERSONS = {
    "security_compliance": ("Ingrid Halvorsen", "CISO"),
    "economic_buyer": ("Owen Castell", "CFO"),
    "technical_evaluator": ("Priya Nair", "IT Director"),
    "champion": ("Bo Berg", "Head of Finance Operations"),
    "unknown": ("Sam Moss", ""),
}


@dataclass
class Month:
    """Calls of October 2026; a test adds what it needs and asks for the report."""

    calls: list[Call] = field(default_factory=list)
    participants: list[Participant] = field(default_factory=list)
    utterances: dict[str, Utterance] = field(default_factory=dict)
    tags: list[Tag] = field(default_factory=list)
    items: list[ContentItem] = field(default_factory=list)
    events: list[UsageEvent] = field(default_factory=list)
    topics: list[Spoken] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    sounds: dict[str, bytes] = field(default_factory=dict)  # of calls with a recording

    def call(
        self,
        id_: str,
        persona: str = "security_compliance",
        stage: str = "decision",
        *turns: tuple[str, str, str],
        side: str = "buyer",
        evidence: str = "",
        **changes: Any,
    ) -> Call:
        """A call in which a rep asks and a buyer answers each turn (concern, stance, words)."""
        name, title = PERSONS[persona]
        facts = {
            "id": id_,
            "file": f"files/{id_}.vtt",
            "recorded_at": "2026-10-06T10:00:00+01:00",
            "account": f"Account {id_}",
            "deal": f"D-{id_}",
            "stage": stage,
            "amount": 10_000.0,
            "currency": "GBP",
            "duration_s": 600.0,
        }
        call = Call(**{**facts, **changes})
        self.calls.append(call)
        self.participants.append(
            Participant(call=id_, name=name, side="buyer", title=title, persona=persona)
        )
        for index, (concern, stance, text) in enumerate(turns or (("", "none", "Good morning."),)):
            self._say(call, 2 * index, "Dana Whitfield", "rep", "And what about that?")
            said = self._say(call, 2 * index + 1, name, side, text, persona=persona)
            if concern:
                self._tag(call, said, concern, stance, evidence or text)
        return call

    def _say(
        self, call: Call, position: int, speaker: str, side: str, text: str, persona: str = ""
    ) -> Utterance:
        said = Utterance(
            id=f"{call.id}:{position:04d}",
            call=call.id,
            position=position,
            start_s=60.0 + 10 * position,
            end_s=66.0 + 10 * position,
            channel=None,
            speaker=speaker,
            side=side,
            side_confidence=1.0,
            persona=persona or "unknown",
            text=text,
        )
        self.utterances[said.id] = said
        return said

    def _tag(self, call: Call, said: Utterance, concern: str, stance: str, evidence: str) -> None:
        self.tags.append(
            Tag(
                utterance=said.id,
                kind="concern",
                label=concern,
                stance=stance,
                score=0.9,
                status="sure",
                source="test",
                evidence=evidence,
                call=call.id,
                deal=call.deal or call.id,
                persona=said.persona,
                stage=call.stage,
                month="2026-10",
            )
        )

    def item(self, id_: str, concern: str = "", **changes: Any) -> ContentItem:
        """A live, fresh asset for everybody."""
        facts = {
            "id": id_,
            "title": f"Asset {id_}",
            "content_type": "case_study",
            "url": f"https://content.example/{id_}",
            "concerns": (concern,) if concern else (),
            "owner": "Mara",
            "published_on": "2026-09-01",
            "review_period_days": 365,
            "cost": 100.0,
        }
        self.items.append(ContentItem(**{**facts, **changes}))
        return self.items[-1]

    def demand(
        self,
        raising: int,
        eligible: int,
        concern: str,
        persona: str,
        stage: str,
        words: Sequence[str] = ("We worry about that.",),
        stance: str = "objection",
        **changes: Any,
    ) -> None:
        """Deals in which a persona speaks at a stage; the first of them raise the concern."""
        for number in range(eligible):
            id_ = f"{concern[:3]}-{persona[:3]}-{stage[:3]}-{number:02d}"
            turns = [(concern, stance, words[number % len(words)])] if number < raising else []
            self.call(id_, persona, stage, *turns, **changes)

    def before(self, said: Utterance) -> Utterance | None:
        """The turn before one in its call."""
        theirs = (u for u in self.utterances.values() if u.call == said.call)
        earlier = [u for u in theirs if u.position < said.position]
        return max(earlier, key=lambda u: u.position, default=None)

    def end_of(self, call: str) -> float:
        """When the last turn of a call ends."""
        return max(u.end_s for u in self.utterances.values() if u.call == call)

    def heard(self) -> list[Heard]:
        """How much each role says in each call, as the store counts it."""
        ends: dict[tuple[str, str, str], list[float]] = {}
        for said in self.utterances.values():
            ends.setdefault((said.call, said.side, said.persona), []).append(said.end_s)
        return [Heard(*key, len(times), max(times)) for key, times in sorted(ends.items())]

    def gaps(self) -> list[Gap]:
        """Counted as the pipeline counts them."""
        heard = [c for c in self.calls if c.status in ("done", "partial")]
        said = list(self.utterances.values())
        calls = {call.id: call for call in heard}
        return find_gaps(
            "2026-10",
            [
                Raised(t.label, t.persona, t.stage, t.deal, t.call, t.utterance, t.stance)
                for t in self.tags
            ],
            [
                Presence(calls[u.call].deal or u.call, u.persona, calls[u.call].stage)
                for u in said
                if u.side == "buyer" and u.call in calls
            ],
            self.items,
            {c.deal or c.id: Deal(c.amount or 0.0, c.outcome) for c in heard},
            concerns=[*TAXONOMY.concerns, *(f"topic:{one.topic.id}" for one in self.topics)],
            rules=RULES,
            as_of=AS_OF,
        )

    def excerpts(self, each: int = 3) -> list[Excerpt]:
        """With sound where the call has some."""
        picked = pick_excerpts(
            self.gaps(),
            self.tags,
            self.utterances,
            {call.id: call for call in self.calls},
            self.participants,
            each=each,
            playable=lambda call: call.id in self.sounds,
            before=self.before,
            end_of=self.end_of,
        )
        return [dataclasses.replace(e, clip=self.sounds.get(e.call.id)) for e in picked]

    def report(self, **changes: Any) -> MonthlyReport:
        gaps = self.gaps()
        unused = find_unused(
            self.items, self.events, gaps, grace_days=90, window_days=180, as_of=AS_OF
        )
        facts = {
            "company": "Tallybrook",
            "month": "2026-10",
            "as_of": AS_OF,
            "calls": self.calls,
            "participants": self.participants,
            "heard": self.heard(),
            "utterances": self.utterances,
            "gaps": gaps,
            "remedies": {gap.id: remedy_of(gap) for gap in gaps},
            "unused": unused,
            "items": self.items,
            "excerpts": self.excerpts(),
            "topics": self.topics,
            "problems": self.problems,
            "names": Names(TAXONOMY),
            "versions": {"definitions": "2026-11", "tagger": "abc"},
        }
        return build_report(Material(**{**facts, **changes}))


@pytest.fixture
def empty() -> Month:
    return Month()


@pytest.fixture
def autumn() -> Month:
    """One gap, one weak, one covered cell, one with too few calls."""
    month = Month()
    month.demand(8, 10, "security_compliance", "security_compliance", "decision", amount=20_000.0)
    month.demand(8, 10, "technical_integration", "technical_evaluator", "consideration")
    month.demand(8, 12, "price_budget", "economic_buyer", "decision", stance="question")
    month.demand(2, 4, "timing_priority", "champion", "awareness")
    month.item("A-1", "technical_integration")
    month.item("A-2", "price_budget")
    month.item("A-3", "price_budget", personas=("economic_buyer",), stages=("decision",))
    month.item("A-4", "security_compliance", status="archived")
    month.item("A-5", "security_compliance", personas=("champion",), stages=("awareness",))
    return month
