"""What people say of turns: which turns to ask them about, and what becomes of their answers."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight.records import DEMAND_STANCES, UNKNOWN, Correction, Tag, Utterance
from callinsight.tagging.labelled import LabelledTurn, Labels
from callinsight.tagging.patterns import words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from callinsight.tagging.encoder import Turn
    from callinsight.taxonomy import Taxonomy

CORRECTED = ("concern", "ask")  # kinds of tags that a correction says all of
UNDO = "undo"
ASK = "ask"  # stands for all asks where doubts are spread
UNCERTAIN_SPEAKER = "uncertain_speaker"
STANCES = (*DEMAND_STANCES, "mention", "none")
LEAST = 0.1  # a doubt that is smaller is none: where 0.3 is the threshold, scores from 0.93 up
COUNTS, COUNTS_ANYWAY, COUNTS_NOT = 1.0, 0.5, 0.25  # how much a doubt matters to the numbers


@dataclass(frozen=True)
class Labelling:
    """What a turn says: concerns with their one stance, and what is asked for."""

    concerns: tuple[str, ...] = ()  # in alphabetical order
    stance: str = "none"  # none only without a concern
    asks: tuple[str, ...] = ()  # of the taxonomy, or `other`, in alphabetical order

    @property
    def text(self) -> str:
        """As corrections keep it."""
        return f"{';'.join(self.concerns)}/{self.stance}/{';'.join(self.asks)}"


NOTHING = Labelling()


def labelling_of(text: str) -> Labelling:
    """What `Labelling.text` wrote."""
    concerns, stance, asks = text.split("/")
    return Labelling(
        tuple(concerns.split(";")) if concerns else (),
        stance,
        tuple(asks.split(";")) if asks else (),
    )


def labelling_of_tags(tags: Sequence[Tag]) -> Labelling:
    """What the tags of one turn say, those that are not sure with them."""
    raised = [tag for tag in tags if tag.kind == "concern"]
    return Labelling(
        concerns=tuple(sorted(tag.label for tag in raised)),
        stance=raised[0].stance if raised else "none",
        asks=tuple(sorted(tag.label for tag in tags if tag.kind == "ask")),
    )


def defined(said: Labelling, taxonomy: Taxonomy) -> Labelling | None:
    """As far as the definitions still have it; None if nothing is left of what was said."""
    concerns = tuple(concern for concern in said.concerns if concern in taxonomy.concerns)
    asks = {ask if ask in taxonomy.asks else "other" for ask in said.asks}
    if said.concerns and not concerns:
        return None
    return Labelling(concerns, said.stance, tuple(sorted(asks)))


# Which turns to ask about


@dataclass(frozen=True)
class Source:
    """Tags of one kind, label and stance on one side of the threshold, the nearest to it first."""

    about: str  # the concern, or ASK
    most: float  # how much a doubt of them may matter
    tags: Iterator[tuple[float, str]]  # score and utterance


def sources_of(
    thresholds: Mapping[str, float],
    asks: Iterable[str],
    read: Callable[[str, str, str, float, bool], Iterator[tuple[float, str]]],
    *,
    concern: str = "",
) -> list[Source]:
    """What `most_doubtful` reads from, as far as it has to.

    `read` gives tags of a kind, label and stance from a score on, upwards (True) or downwards.
    """
    labels = [("concern", label) for label in thresholds if label != ASK]
    labels += [("ask", ask) for ask in asks]
    return [
        Source(
            about := ASK if kind == "ask" else label,
            _most(kind, stance),
            read(kind, label, stance, thresholds[about], upwards),
        )
        for kind, label in labels
        if concern in ("", label)
        for stance in STANCES
        for upwards in (True, False)
    ]


def most_doubtful(
    sources: Iterable[Source],
    thresholds: Mapping[str, float],
    *,
    tags_of: Callable[[str], Sequence[Tag]],
    counts_anyway: Callable[[Tag], bool],
    concern: str = "",
    without: Collection[str] = (),
) -> Iterator[str]:
    """Utterances to ask about, the one whose answer tells most first.

    A doubt is the larger the nearer the score is to the threshold (of each concern, and of ASK),
    and the more numbers hang on it: less if a tag's deal `counts_anyway`, whatever this turn says.
    Concerns and calls that were asked about come later again. Of the sources only so much is read
    as could come before what is known; `tags_of` gives all tags of an utterance.
    """
    asked: Counter[str] = Counter()
    doubts: dict[str, tuple[float, Tag]] = {}
    seen = set(without)
    ahead = [one for source in sources if (one := _Ahead.of(source, thresholds))]
    bounds = [(-one.bound(asked), place) for place, one in enumerate(ahead)]
    heapq.heapify(bounds)
    waiting: list[tuple[float, str]] = []

    def value(utterance: str) -> float:
        doubt, tag = doubts[utterance]
        return doubt / (1 + asked[_about(tag)]) / (1 + asked[f"call {tag.call}"])

    while waiting or bounds:
        if bounds and (not waiting or bounds[0][0] <= waiting[0][0]):
            bound, place = heapq.heappop(bounds)
            here = ahead[place]
            if -here.bound(asked) == bound:  # else it fell, as all of them only do
                utterance = here.utterance
                largest = None
                if utterance not in seen:
                    seen.add(utterance)
                    largest = _largest(tags_of(utterance), thresholds, counts_anyway, concern)
                if largest:
                    doubts[utterance] = largest
                    heapq.heappush(waiting, (-value(utterance), utterance))
                if not here.go_on(thresholds):
                    continue
            heapq.heappush(bounds, (-here.bound(asked), place))
            continue
        then, utterance = heapq.heappop(waiting)
        if -value(utterance) != then:
            heapq.heappush(waiting, (-value(utterance), utterance))
            continue
        tag = doubts[utterance][1]
        asked.update([_about(tag), f"call {tag.call}"])
        yield utterance


class _Ahead:
    """The next tag of a source."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._near = 0.0
        self.utterance = ""

    @classmethod
    def of(cls, source: Source, thresholds: Mapping[str, float]) -> _Ahead | None:
        made = cls(source)
        return made if made.go_on(thresholds) else None

    def go_on(self, thresholds: Mapping[str, float]) -> bool:
        """Whether there is another tag that may be doubted."""
        score, self.utterance = next(self._source.tags, (-1.0, ""))
        self._near = _nearness(score, thresholds[self._source.about])
        return bool(self.utterance) and self._near >= LEAST

    def bound(self, asked: Mapping[str, int]) -> float:
        """The value that no tag of the source from here on exceeds."""
        return self._near * self._source.most / (1 + asked.get(self._source.about, 0))


def _largest(
    tags: Iterable[Tag],
    thresholds: Mapping[str, float],
    counts_anyway: Callable[[Tag], bool],
    concern: str,
) -> tuple[float, Tag] | None:
    """The largest doubt of an utterance, with its tag."""
    largest = None
    for tag in tags:
        known = (
            tag.status != UNCERTAIN_SPEAKER and tag.kind in CORRECTED and _about(tag) in thresholds
        )
        if known and concern in ("", tag.label):
            near = _nearness(tag.score, thresholds[_about(tag)])
            if near >= LEAST:
                most = _most(tag.kind, tag.stance)
                doubt = near * (min(most, COUNTS_ANYWAY) if counts_anyway(tag) else most)
                if largest is None or doubt > largest[0]:
                    largest = doubt, tag
    return largest


def _most(kind: str, stance: str) -> float:
    """How much a doubt of such a tag matters to the numbers, at most."""
    if kind == "concern" and stance not in DEMAND_STANCES:
        return COUNTS_NOT
    return COUNTS_ANYWAY if kind == "ask" else COUNTS


def _nearness(score: float, threshold: float) -> float:
    """1 at the threshold, 0 where nothing could be surer."""
    room = threshold if score < threshold else 1 - threshold
    return 1 - abs(score - threshold) / max(room, 1e-6)


def _about(tag: Tag) -> str:
    return ASK if tag.kind == "ask" else tag.label


# What becomes of the answers


def holding(corrections: Iterable[Correction]) -> list[Correction]:
    """What holds: the last correction of each turn, but for what was taken back."""
    made = sorted(corrections, key=lambda correction: correction.id)
    undone = {correction.undoes for correction in made if correction.action == UNDO}
    last = {
        (correction.call, correction.utterance, _words(correction.text)): correction
        for correction in made
        if correction.action != UNDO and correction.id not in undone
    }
    return list(last.values())


def placed(
    corrections: Iterable[Correction], turns: Sequence[tuple[Utterance, Turn]]
) -> dict[str, Correction]:
    """The correction of each utterance that has one, from those of its call that hold.

    `turns` are the buyers' turns of the call as they are now. A correction has no place any more if
    its words are not among them, because they were heard otherwise, or are not the buyer's.
    """
    by_words: dict[str, list[tuple[Utterance, Turn]]] = defaultdict(list)
    for utterance, turn in turns:
        by_words[_words(turn.text)].append((utterance, turn))
    found = {}
    for correction in sorted(corrections, key=lambda correction: correction.id):
        if same := by_words[_words(correction.text)]:
            utterance, _ = min(same, key=lambda pair: _distance(correction, *pair))
            found[utterance.id] = correction
    return found


def tags_of(
    correction: Correction, said: Labelling, utterance: Utterance, facts: Mapping[str, str]
) -> list[Tag]:
    """A person's word as tags, as sure as it is who speaks; `facts` are the rest of a Tag."""
    shared = {
        **facts,
        "utterance": utterance.id,
        "stance": said.stance,
        "status": UNCERTAIN_SPEAKER if utterance.side == UNKNOWN else "sure",
        "source": f"correction by {correction.who}",
        "evidence": utterance.text,
        "why": f"{correction.who} said so on {correction.at[:10]}",
    }
    labels = [("concern", label) for label in said.concerns]
    labels += [("ask", label) for label in said.asks]
    return [Tag(kind=kind, label=label, score=1.0, **shared) for kind, label in labels]


def labelled(correction: Correction) -> LabelledTurn:
    """A correction as a turn to learn from."""
    said = labelling_of(correction.after)
    return LabelledTurn(
        id=f"correction {correction.id}",
        source="corrections",
        context=correction.context,
        text=correction.text,
        labels=(Labels(said.concerns, said.stance, bool(said.asks)),),
    )


def _distance(correction: Correction, utterance: Utterance, turn: Turn) -> tuple[bool, bool, int]:
    """How far a turn with the same words is from the one that was corrected."""
    position = int(correction.utterance.rpartition(":")[2])
    return (
        utterance.id != correction.utterance,
        _words(turn.context) != _words(correction.context),
        abs(utterance.position - position),
    )


def _words(text: str) -> str:
    return " ".join(words_of(text)) or text.strip()
