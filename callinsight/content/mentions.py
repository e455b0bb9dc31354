"""Assets that are spoken of in calls: use that no platform sees.

What a sentence says of an asset is weighed: words of its title, the rarer in the inventory the more;
a word for its type; its address or another name it goes by; and whether it is said as of something
that is sent, read or seen. What is only asked for, denied, or somebody else's, is hardly one.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from callinsight.content.cues import (
    ASKED,
    BETWEEN,
    BID,
    DENIED,
    EVERYDAY_STEMS,
    GIVEN,
    LOOSE_STEMS,
    NOUNS,
    OTHERS,
    SHORT,
    TAKEN,
)
from callinsight.content.stems import STOP, WORD, stem, stems_of, telling
from callinsight.records import UsageEvent

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from callinsight.records import Call, ContentItem, Utterance

CALL, MENTION = "call", "call_mention"
CONFIDENT = 0.6  # from here a mention counts as use, unless the pipeline file says otherwise
LEAST = 0.2  # below this it is not worth keeping
WINDOW = 14  # words in which those of a title must stand together
SENTENCE = re.compile(r"(?<=[.!?;])\s+(?=\S)")
HEAD = re.compile(r"\s*(?:[:(?!,]|\s[-–—]\s)\s*")  # what follows in a title is its subtitle


@dataclass(frozen=True)
class Mention:
    """An asset that is spoken of, how sure that is, and by which words."""

    item: str
    confidence: float
    words: str


@dataclass(frozen=True)
class Context:
    """What is known of the call beside its words."""

    day: str = ""  # of the call: what was published later is not meant
    shared: Collection[str] = ()  # assets that were used in the deal before
    fitting: Collection[str] = ()  # assets for the personas and stage of the call


@dataclass(frozen=True)
class _Entry:
    """An asset, ready to be looked for."""

    item: ContentItem
    names: tuple[tuple[str, ...], ...]  # title and head, as the stems of their telling words
    nouns: tuple[tuple[str, ...], ...]  # of its type, the longest first
    address: str


@dataclass(frozen=True)
class MentionIndex:
    """An inventory in which mentions can be looked up."""

    entries: dict[str, _Entry]
    weights: dict[str, float]  # of stems, by how rare they are in titles
    by_stem: dict[str, tuple[str, ...]]  # ids of assets with the stem in their title
    by_noun: dict[tuple[str, ...], tuple[str, ...]]  # ids of assets of which a noun is said
    aliases: dict[tuple[str, ...], str]
    live: dict[str, int] = field(default_factory=dict)  # live assets by content type


class _Found(NamedTuple):
    item: str
    score: float
    places: frozenset[int]  # of the words of its title, else of the noun for its type
    noun: frozenset[int] = frozenset()  # of the noun beside them


def index_of(
    items: Iterable[ContentItem], *, company: str = "", aliases: Mapping[str, str] | None = None
) -> MentionIndex:
    """Prepare an inventory; `aliases` are further names of assets, with their ids."""
    items = sorted(items, key=lambda item: item.id)
    own = {stem(word) for word in WORD.findall(company.casefold())}
    entries = {item.id: _entry(item, own) for item in items}
    counted = Counter(s for entry in entries.values() for s in {s for n in entry.names for s in n})
    by_stem: dict[str, list[str]] = defaultdict(list)
    by_noun: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for id_, entry in entries.items():
        for one in dict.fromkeys(s for name in entry.names for s in name):
            by_stem[one].append(id_)
        for noun in entry.nouns:
            by_noun[noun].append(id_)
    return MentionIndex(
        entries=entries,
        weights={s: math.log((len(items) + 1) / (n + 0.5)) + 0.1 for s, n in counted.items()},
        by_stem={s: tuple(ids) for s, ids in by_stem.items()},
        by_noun={noun: tuple(ids) for noun, ids in by_noun.items()},
        aliases={stems_of(name): id_ for name, id_ in (aliases or {}).items() if id_ in entries},
        live=dict(Counter(item.content_type for item in items if item.status == "live")),
    )


def find_mentions(
    index: MentionIndex, text: str, *, side: str, context: Context | None = None
) -> list[Mention]:
    """The assets that a turn speaks of, each once, the surest first; pure, whatever the order of items."""
    found: dict[str, Mention] = {}
    asked = False
    for sentence in SENTENCE.split(text):
        plain = sentence.casefold().replace("’", "'")
        asked = _asks(plain, side) or (asked and not (GIVEN.search(plain) or TAKEN.search(plain)))
        for mention in _in_sentence(index, plain, side, asked, context or Context()):
            if mention.item not in found or found[mention.item].confidence < mention.confidence:
                found[mention.item] = mention
    return sorted(found.values(), key=lambda m: (-m.confidence, m.item))


def call_mentions(
    said: Iterable[Utterance],
    index: MentionIndex,
    *,
    day: str = "",
    shared: Collection[str] = (),
    fitting: Collection[str] = (),
) -> list[tuple[Utterance, Mention]]:
    """The assets that a call speaks of, each where it is surest; `shared` were used in its deal before."""
    context = Context(day, shared, fitting)
    best: dict[str, tuple[Utterance, Mention]] = {}
    for turn in said:
        for mention in find_mentions(index, turn.text, side=turn.side, context=context):
            if mention.item not in best or best[mention.item][1].confidence < mention.confidence:
                best[mention.item] = (turn, mention)
    return [best[item] for item in sorted(best)]


def mention_event(mention: Mention, call: Call, turn: Utterance, day: str) -> UsageEvent:
    """A mention as a use of the asset on the day of the call."""
    told = "\x1f".join((CALL, call.id, mention.item))
    return UsageEvent(
        id=hashlib.sha256(told.encode()).hexdigest()[:16],
        item=mention.item,
        occurred_at=day,
        event=MENTION,
        actor=turn.speaker if turn.side == "rep" else turn.side,
        deal=call.deal,
        call=call.id,
        channel=CALL,
        source=CALL,
        utterance=turn.id,
        confidence=mention.confidence,
    )


def _entry(item: ContentItem, own: set[str]) -> _Entry:
    title = item.title.replace("’", "'")
    head = HEAD.split(title, maxsplit=1)[0]
    names = [tuple(s for s in telling(part) if s not in own) for part in (title, head)]
    nouns = [stems_of(noun) for noun in NOUNS.get(item.content_type, ())]
    address = re.sub(r"^https?://(?:www\.)?", "", item.url.casefold()).rstrip("/")
    return _Entry(
        item=item,
        names=tuple(dict.fromkeys(name for name in names if name)),
        nouns=tuple(sorted(dict.fromkeys(nouns), key=len, reverse=True)),
        address=address if "/" in address else "",
    )


def _in_sentence(
    index: MentionIndex, plain: str, side: str, asked: bool, context: Context
) -> list[Mention]:
    words = WORD.findall(plain.replace("-", " "))
    stems = [stem(word) for word in words]
    candidates = _candidates(index, stems, plain)
    if not candidates:
        return []
    nouns = _nouns(index, stems)
    framed = bool(GIVEN.search(plain) or TAKEN.search(plain))
    bias = (0.35 if DENIED.search(plain) else 1.0) * (0.5 if asked else 1.0)
    bias *= 0.4 if OTHERS.search(plain) else 1.0
    scored = []
    for id_ in candidates:
        entry = index.entries[id_]
        if context.day and entry.item.published_on > context.day:
            continue
        one = _score(index, entry, stems, nouns, plain, framed, context)
        if one is not None:
            whose = _whose(entry, words, one, side)
            scored.append(one._replace(score=min(0.98, one.score * whose * bias)))
    return [
        Mention(
            one.item,
            round(one.score, 2),
            " ".join(words[at] for at in sorted(one.places | one.noun)),
        )
        for one in _apart(scored)
        if one.score >= LEAST
    ]


def _candidates(index: MentionIndex, stems: Sequence[str], plain: str) -> list[str]:
    """Assets that may be meant: by two words of the title, a noun of the type, a name, the address."""
    counted = Counter(id_ for one in set(stems) for id_ in index.by_stem.get(one, ()))
    found: dict[str, None] = dict.fromkeys(id_ for id_, words in counted.items() if words > 1)
    for noun in _nouns(index, stems):
        found |= dict.fromkeys(index.by_noun[noun])
    for name, id_ in index.aliases.items():
        if _runs(stems, name):
            found[id_] = None
    if "/" in plain:
        found |= dict.fromkeys(
            i for i, e in index.entries.items() if e.address and e.address in plain
        )
    return sorted(found)


def _nouns(index: MentionIndex, stems: Sequence[str]) -> dict[tuple[str, ...], list[int]]:
    """The nouns of types that the sentence has, with the places where they begin."""
    found: dict[tuple[str, ...], list[int]] = {}
    for size in (3, 2, 1):
        for at in range(len(stems) - size + 1):
            noun = tuple(stems[at : at + size])
            if noun in index.by_noun:
                found.setdefault(noun, []).append(at)
    return found


def _score(
    index: MentionIndex,
    entry: _Entry,
    stems: Sequence[str],
    nouns: Mapping[tuple[str, ...], list[int]],
    plain: str,
    framed: bool,
    context: Context,
) -> _Found | None:
    """How much a sentence speaks of an asset, before it is asked whose and how."""
    id_ = entry.item.id
    if entry.address and re.search(re.escape(entry.address) + r"(?![\w/-])", plain):
        return _Found(id_, 0.97, frozenset(range(len(stems))))
    for name, meant in index.aliases.items():
        if meant == id_ and (at := _runs(stems, name)):
            return _Found(id_, 0.9, frozenset(range(at[0], at[0] + len(name))))
    noun = next((n for n in entry.nouns if n in nouns), ())
    there = frozenset(range(nouns[noun][0], nouns[noun][0] + len(noun))) if noun else frozenset()
    best = _Found(id_, 0.0, frozenset())
    for name in entry.names:
        score, places = _by_title(index, name, stems, noun, framed=framed)
        if score > best.score:
            best = _Found(id_, score, places, there)
    if noun:
        alone = _by_type(index, entry, noun, plain, context) * _plainly(entry, noun, nouns, stems)
        alone *= 1.0 if framed else 0.6
        if alone > best.score:
            best = _Found(id_, alone, there)
    if entry.item.status != "live":
        best = best._replace(score=best.score * 0.6)
    return best if best.score else None


def _by_title(
    index: MentionIndex,
    name: tuple[str, ...],
    stems: Sequence[str],
    noun: tuple[str, ...],
    *,
    framed: bool,
) -> tuple[float, frozenset[int]]:
    """What the words of a title say: how much of it is there, close together, and how it is said."""
    places = _together(name, stems)
    there = {stems[at] for at in places}
    if not there:
        return 0.0, frozenset()
    covered = sum(index.weights[s] for s in there) / sum(index.weights[s] for s in set(name))
    telling = [s for s in there if s not in EVERYDAY_STEMS and s not in noun]
    beyond = there - set(noun)
    if len(there) >= 2 and covered >= 0.95:
        score = 0.7 if telling and len(there) >= 3 else 0.5
    elif len(there) >= 3 and covered >= 0.5:
        score = 0.45
    elif (len(there) >= 2 and (telling or noun) and covered >= 0.35) or (telling and noun):
        score = 0.35
    elif beyond and noun and covered >= 0.4:
        score = 0.25
    else:
        return 0.0, frozenset()
    if noun and beyond:
        score += 0.18 if " ".join(noun) in LOOSE_STEMS else 0.24
    return score + (0.2 if framed else 0.0), frozenset(places)


def _by_type(
    index: MentionIndex, entry: _Entry, noun: tuple[str, ...], plain: str, context: Context
) -> float:
    """What a mere word for its type says: little, unless only one asset can be meant."""
    loose = " ".join(noun) in LOOSE_STEMS
    definite = re.search(r"\b(?:the|that|this|your|our|those|these)\b", plain) is not None
    rivals = [i for i in index.by_noun[noun] if index.entries[i].item.status == "live"]
    if entry.item.id in context.shared:
        known = [i for i in rivals if i in context.shared]
        return (0.75 if definite else 0.4) / max(1, len(known)) * (0.6 if loose else 1.0)
    if len(rivals) == 1 and rivals[0] == entry.item.id and not loose:
        return 0.72 if definite else 0.45
    fitting = [i for i in rivals if i in context.fitting]
    if fitting == [entry.item.id] and not loose:
        return 0.62 if definite else 0.4
    return (0.5 if definite else 0.3) / max(1, len(rivals)) * (0.5 if loose else 1.0)


def _together(name: tuple[str, ...], stems: Sequence[str]) -> list[int]:
    """The places of a title's words in the stretch of the sentence that has most of them."""
    wanted = set(name)
    places = [at for at, one in enumerate(stems) if one in wanted]
    best: list[int] = []
    for first in range(len(places)):
        taken: dict[str, int] = {}
        for at in places[first:]:
            if at - places[first] > WINDOW:
                break
            taken.setdefault(stems[at], at)
        if len(taken) > len(best):
            best = sorted(taken.values())
    return best


def _plainly(
    entry: _Entry,
    noun: tuple[str, ...],
    nouns: Mapping[tuple[str, ...], list[int]],
    stems: Sequence[str],
) -> float:
    """Less where another word stands before the noun: a pen test report is no report of ours."""
    at = nouns[noun][0]
    before = stems[at - 1] if at else "the"
    known = {s for name in entry.names for s in name}
    return 1.0 if before in BETWEEN or before in known or before in STOP else 0.5


def _whose(entry: _Entry, words: Sequence[str], found: _Found, side: str) -> float:
    """Less where it is somebody else's; more where it is the seller's."""
    first = min(found.places)
    known = {s for name in entry.names for s in name}
    for word in reversed(words[max(0, first - 3) : first]):
        if word in ("your", "yours"):
            return 0.4 if side == "rep" else 1.2
        if word in ("our", "my", "we"):
            return 1.2 if side == "rep" else 0.35
        if word in ("their", "theirs", "his", "her"):
            return 0.4
        if (
            word.endswith("'s")
            and stem(word) not in known
            and word not in STOP
            and word[:-2] not in SHORT
        ):
            return 0.4
    return 1.0


def _asks(plain: str, side: str) -> bool:
    """Whether it is asked for rather than spoken of."""
    if "you sent" in plain:
        return False
    if side == "rep":
        return re.search(r"\b(?:would an?|is there)\b", plain) is not None
    return bool(ASKED.search(plain) or BID.search(plain))


def _apart(scored: Iterable[_Found]) -> list[_Found]:
    """The best of those that rest on the same words; where several are as good, none is sure."""
    left = sorted(scored, key=lambda found: (-found.score, found.item))
    kept: list[_Found] = []
    while left:
        best, *rest = left
        same = [one for one in rest if _rests_on(one, best)]
        ties = [one for one in same if best.score - one.score < 0.05]
        kept.append(best._replace(score=best.score / (1 + len(ties))))
        left = [one for one in rest if one not in same]
    return kept


def _rests_on(one: _Found, other: _Found) -> bool:
    """Whether the words of one are those of the other; a noun may serve several titles."""
    return bool(one.places & (other.places if one.noun else other.places | other.noun))


def _runs(stems: Sequence[str], name: tuple[str, ...]) -> list[int]:
    """Where a name stands, word after word."""
    size = len(name)
    return [at for at in range(len(stems) - size + 1) if tuple(stems[at : at + size]) == name]
