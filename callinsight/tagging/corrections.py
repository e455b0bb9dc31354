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
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from callinsight.tagging.encoder import Turn
    from callinsight.taxonomy import Taxonomy

CORRECTED = ("concern", "ask")  # kinds of tags that a correction says all of
UNDO = "undo"
ASK = "ask"  # stands for all asks where doubts are spread
UNCERTAIN_SPEAKER = "uncertain_speaker"
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


def most_doubtful(
    tags: Iterable[Tag], thresholds: Mapping[str, float], *, concern: str = ""
) -> Iterator[str]:
    """Utterances to ask about, the one whose answer tells most first.

    A doubt is the larger the nearer the score is to the threshold (of each concern, and of ASK),
    and the more numbers hang on it. Concerns and calls that were asked about come later again.
    """
    doubts = _doubts([t for t in tags if t.status != UNCERTAIN_SPEAKER], thresholds, concern)
    asked: Counter[str] = Counter()

    def value(doubt: float, tag: Tag) -> float:
        return doubt / (1 + asked[_about(tag)]) / (1 + asked[f"call {tag.call}"])

    waiting = [(-doubt, tag.utterance) for doubt, tag in doubts.values()]
    heapq.heapify(waiting)
    while waiting:
        _, utterance = heapq.heappop(waiting)
        now = -value(*doubts[utterance])
        if waiting and (now, utterance) > waiting[0]:  # values only fall, so look at it again later
            heapq.heappush(waiting, (now, utterance))
            continue
        tag = doubts[utterance][1]
        asked.update([_about(tag), f"call {tag.call}"])
        yield utterance


def _doubts(
    tags: Sequence[Tag], thresholds: Mapping[str, float], concern: str
) -> dict[str, tuple[float, Tag]]:
    """The largest doubt of each utterance, with its tag."""
    counting: dict[tuple[str, str], set[str]] = defaultdict(set)
    for tag in tags:
        if tag.kind == "concern" and tag.status == "sure" and tag.stance in DEMAND_STANCES:
            counting[tag.deal, tag.label].add(tag.utterance)
    doubts: dict[str, tuple[float, Tag]] = {}
    for tag in tags:
        if _about(tag) in thresholds and (not concern or tag.label == concern):
            near = _nearness(tag.score, thresholds[_about(tag)])
            others = counting[tag.deal, tag.label] - {tag.utterance}
            doubt = near * _matters(tag, others)
            largest = tag.utterance not in doubts or doubt > doubts[tag.utterance][0]
            if near >= LEAST and largest:
                doubts[tag.utterance] = doubt, tag
    return doubts


def _nearness(score: float, threshold: float) -> float:
    """1 at the threshold, 0 where nothing could be surer."""
    room = threshold if score < threshold else 1 - threshold
    return 1 - abs(score - threshold) / max(room, 1e-6)


def _matters(tag: Tag, others: Collection[str]) -> float:
    """`others` are turns of the deal that count for the same concern whatever this one says."""
    if tag.kind == "concern" and tag.stance not in DEMAND_STANCES:
        return COUNTS_NOT
    return COUNTS_ANYWAY if others or tag.kind == "ask" else COUNTS


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
