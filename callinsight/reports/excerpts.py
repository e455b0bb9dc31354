"""Which words to play and read as evidence of a gap."""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight.records import DEMAND_STANCES
from callinsight.reports.wording import ANY, TOPIC

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from callinsight.records import Call, Gap, Participant, Tag, Utterance

    Rank = tuple[bool, bool, int, float, str]  # in doubt, silent, stance, score, turn

PRESSING = ("gap", "weak")
SHOWN = (*PRESSING, "covered")
ROOM_S = 0.4  # before and after the words
SENTENCE_END = re.compile(r"[.?!]+\s+")
MOST_CANDIDATES = 200  # turns of a gap, the surest, whose sound is looked for
# from this probability on a turn is quoted before any other: of a hundred tags that counted, three of
# the 51 above it were of another concern or of none, and 29 of the 49 below it (benchmarks/README.md)
QUOTED = 0.8
SHORTEST_S, LONGEST_S = 10.0, 30.0
LEAD_S = 10.0  # before the words behind a tag, in a sentence too long to play from its start


@dataclass(frozen=True, kw_only=True)
class Excerpt:
    """Evidence to play and read; times are seconds from the call's start."""

    gap: str  # its id
    utterance: Utterance
    before: Utterance | None  # the turn before, for context
    call: Call
    person: str
    title: str
    stance: str
    score: float
    label: str
    evidence: str
    start_s: float  # what to play: from the first word, 10 to 30 s, within the call
    end_s: float
    clip: bytes | None = None  # MP3, where there is a recording and the times are known


@dataclass(frozen=True)
class Candidate:
    """A turn that could stand for a gap, in the order in which it would be taken."""

    rank: Rank
    tag: Tag
    utterance: Utterance


def pick_excerpts(
    gaps: Iterable[Gap],
    tags: Iterable[Tag],
    utterances: Mapping[str, Utterance],
    calls: Mapping[str, Call],
    participants: Iterable[Participant],
    *,
    each: int,
    playable: Callable[[Call], bool],
    before: Callable[[Utterance], Utterance | None],
    end_of: Callable[[str], float],
) -> list[Excerpt]:
    """Up to `each` excerpts for every gap, weak or covered cell and `roll_ups`, in their order.

    What is in doubt comes last. Different deals come first; then what can be played before words
    only, objections before questions, higher scores before lower ones. `utterances` are at least
    those behind the gaps, `calls` all of the month, by id; `before` gives the turn before one, and
    `end_of` when the last turn of a call ends.
    """
    sounds = functools.cache(lambda id_: playable(calls[id_]))
    titles = {(p.call, p.name): p.title for p in participants}
    concerns = _concern_tags(tags)
    excerpts = []
    for gap in _shown(list(gaps)):
        found = [
            (tag, said)
            for said in (utterances[id_] for id_ in gap.evidence)
            if (tag := concerns.get((said.id, gap.concern))) is not None
        ]
        found.sort(key=lambda pair: _rank(pair[0], sound=True))
        candidates = [
            Candidate(_rank(tag, sound=sounds(tag.call) and not said.estimated), tag, said)
            for tag, said in found[:MOST_CANDIDATES]
        ]
        for chosen in _by_turns_of_deals(candidates)[:each]:
            call = calls[chosen.tag.call]
            title = titles.get((call.id, chosen.utterance.speaker), "")
            length_s = call.duration_s or end_of(call.id)
            lead = before(chosen.utterance)
            excerpts.append(_excerpt(gap, chosen, call, title, lead, length_s))
    return excerpts


def is_doubtful(tag: Tag) -> bool:
    """Whether a tag counts, and its turn may still be of something else: deals hold, quotes mislead.

    Of a theme nobody says how likely it is.
    """
    return tag.kind == "concern" and tag.score < QUOTED


def roll_ups(gaps: Iterable[Gap]) -> list[Gap]:
    """Pressing totals over roles or stages that no pressing cell below them tells already."""
    pressing = [gap for gap in gaps if gap.verdict in PRESSING]
    totals = [gap for gap in pressing if ANY in (gap.persona, gap.stage)]
    return [gap for gap in totals if not any(_is_below(other, gap) for other in pressing)]


def find_words(evidence: str, text: str) -> list[tuple[int, int]]:
    """Where the phrases behind a tag stand in the text, as merged character spans in its order."""
    if evidence == text:
        return []
    spans = []
    for phrase in evidence.split("; "):
        words = [re.escape(word).replace("'", "['’‘]") for word in re.findall(r"[\w'&+.]+", phrase)]
        if words:
            found = re.search(r"(?<!\w)" + r"\W+".join(words) + r"(?!\w)", text, re.IGNORECASE)
            spans += [found.span()] if found else []
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _shown(gaps: list[Gap]) -> list[Gap]:
    totals = {gap.id for gap in roll_ups(gaps)}
    return [
        gap
        for gap in gaps
        if gap.id in totals or (gap.verdict in SHOWN and ANY not in (gap.persona, gap.stage))
    ]


def _is_below(gap: Gap, total: Gap) -> bool:
    within = total.persona in (ANY, gap.persona) and total.stage in (ANY, gap.stage)
    narrower = (gap.persona, gap.stage) != (total.persona, total.stage)
    return gap.concern == total.concern and within and narrower


def _concern_tags(tags: Iterable[Tag]) -> dict[tuple[str, str], Tag]:
    """The best tag of each utterance and concern or theme."""
    best: dict[tuple[str, str], Tag] = {}
    for tag in tags:
        label = f"{TOPIC}{tag.label}" if tag.kind == "topic" else tag.label
        key = (tag.utterance, label)
        known = tag.kind in ("concern", "topic")
        if known and (key not in best or tag.score > best[key].score):
            best[key] = tag
    return best


def _rank(tag: Tag, *, sound: bool) -> Rank:
    stances = [*DEMAND_STANCES, tag.stance]
    return is_doubtful(tag), not sound, stances.index(tag.stance), -tag.score, tag.utterance


def _by_turns_of_deals(candidates: list[Candidate]) -> list[Candidate]:
    """The best of every deal, then the second of every deal, and so on; what is in doubt after all."""
    taken: dict[str, int] = defaultdict(int)
    rounds = []
    for candidate in sorted(candidates, key=lambda c: c.rank):
        doubtful, *_ = candidate.rank
        rounds.append((doubtful, taken[candidate.tag.deal], candidate.rank, candidate))
        taken[candidate.tag.deal] += 1
    return [candidate for *_, candidate in sorted(rounds, key=lambda r: r[:3])]


def _excerpt(
    gap: Gap,
    chosen: Candidate,
    call: Call,
    title: str,
    before: Utterance | None,
    length_s: float,
) -> Excerpt:
    utterance, tag = chosen.utterance, chosen.tag
    start_s, end_s = span_of(utterance, tag.evidence, length_s)
    return Excerpt(
        gap=gap.id,
        utterance=utterance,
        before=before,
        call=call,
        person=utterance.speaker,
        title=title,
        stance=tag.stance,
        score=tag.score,
        label=tag.label,
        evidence=tag.evidence,
        start_s=start_s,
        end_s=end_s,
    )


def span_of(utterance: Utterance, evidence: str, length_s: float) -> tuple[float, float]:
    """What to play: from the first word, or in a turn that is too long from where its evidence is."""
    first_s, last_s = utterance.start_s, utterance.end_s
    if last_s - first_s + 2 * ROOM_S > LONGEST_S:
        spans = find_words(evidence, utterance.text)
        first_s = _evidence_start_s(utterance, *(spans[0] if spans else (0, 0)))
    start_s = max(0.0, first_s - ROOM_S)
    wanted_s = min(max(last_s + ROOM_S - start_s, SHORTEST_S), LONGEST_S)
    return round(start_s, 2), round(min(start_s + wanted_s, length_s), 2)


def _evidence_start_s(utterance: Utterance, start: int, end: int) -> float:
    """When the sentence begins that holds the words from start to end, as characters of the text.

    A sentence that is too long to play as far as these words begins some seconds before them.
    """
    ends = SENTENCE_END.finditer(utterance.text, 0, start)
    first_s = _time_s(utterance, max((found.end() for found in ends), default=0))
    if _time_s(utterance, end) - first_s <= LONGEST_S - 2 * ROOM_S:
        return first_s
    earliest_s = _time_s(utterance, start) - LEAD_S
    return next((w.start_s for w in utterance.words if w.start_s >= earliest_s), earliest_s)


def _time_s(utterance: Utterance, position: int) -> float:
    """When the word at a character of the text begins; a guess where words have no times."""
    text = ""
    for word in utterance.words:
        text = " ".join(f"{text}{word.text}".split())
        if len(text) > position:
            return word.start_s
    share = position / max(1, len(utterance.text))
    return utterance.start_s + share * (utterance.end_s - utterance.start_s)
