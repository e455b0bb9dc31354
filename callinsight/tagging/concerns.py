"""Concern, stance and ask of buyers' turns, each with its probability and what shows it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from callinsight.errors import ConfigError
from callinsight.records import STANCES
from callinsight.tagging.asks import Ask, ask_kind, ask_matcher
from callinsight.tagging.backchannels import is_backchannel
from callinsight.tagging.encoder import SIZE, Turn, means
from callinsight.tagging.heads import LEAST, Heads, logistic, softmax
from callinsight.tagging.names import NameFinder
from callinsight.tagging.patterns import PhraseMatcher, words_of
from callinsight.tagging.reading import NOTHING, Reading, Scored
from callinsight.tagging.sentences import pieces_of, sentences_of
from callinsight.taxonomy import COMPETITOR

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from callinsight.tagging.training import Example
    from callinsight.tagging.user_concerns import UserConcerns
    from callinsight.taxonomy import Taxonomy

QUOTED = 30  # words of a similar turn, to explain a tag
CUE = "cue "


@dataclass(frozen=True)
class _Piece:
    """A part of a turn that was read at once, with all that heads say of it."""

    text: str
    found: dict[str, list[str]]
    sentences: NDArray[np.float32]  # [sentences, SIZE]
    concerns: dict[str, float]
    stances: NDArray[np.float32]
    ask: float


class Tagger:
    """Reads buyers' turns with the user's taxonomy."""

    def __init__(
        self,
        taxonomy: Taxonomy,
        heads: Heads,
        *,
        encoder: str,
        examples: Sequence[Example] = (),
        precision: float = 0.0,
        names: NameFinder | None = None,
        own: UserConcerns | None = None,
    ) -> None:
        """`encoder` is the fingerprint of the model that made the vectors.

        `examples` explain a tag; `precision` is what sure tags must have by them, 0 for the best F1;
        `names` finds rivals, else those of the taxonomy are known; `own` finds the concerns that
        the heads have not learnt. Raises ConfigError.
        """
        if encoder != heads.encoder:
            raise ConfigError(
                "the tagger was trained on another encoder; run 'make tagger' to train it on this one"
            )
        self._heads = heads
        self._taxonomy = taxonomy
        self._known = _Known(examples, heads)
        self._thresholds = dict(
            zip(heads.concerns, map(float, heads.thresholds_for(precision)), strict=True)
        )
        self._matcher = PhraseMatcher(phrase_groups(taxonomy))
        self._names = names or NameFinder(taxonomy.rivals())
        self._own = own
        self._asks = ask_matcher(taxonomy)

    def read(
        self,
        turns: Sequence[Turn],
        vectors: Mapping[str, NDArray[np.float16]],
        *,
        people: Sequence[str] = (),
    ) -> list[Reading]:
        """What each turn says; `vectors` has those of all `pieces` of the turns, by their keys.

        `people` are the names of persons and firms of the call, who are no rivals.
        """
        parts = [pieces(turn) for turn in turns]
        read = iter(self._read([piece for part in parts for piece in part], vectors))
        return [
            self._reading(turn, [next(read) for _ in part], people) if part else NOTHING
            for turn, part in zip(turns, parts, strict=True)
        ]

    def _read(
        self, parts: Sequence[Turn], vectors: Mapping[str, NDArray[np.float16]]
    ) -> list[_Piece]:
        texts = [piece.text for piece in parts]
        found = [self._matcher.find(text) for text in texts]
        own = [vectors[piece.key] for piece in parts]
        inputs = self._heads.features(means(own), texts, found)
        concerns = logistic(inputs @ self._heads.concern_weights.T)
        stances = softmax(inputs @ self._heads.stance_weights.T)
        asks = logistic(inputs @ self._heads.ask_weights.T)[:, 0]
        return [
            _Piece(
                text=text,
                found=words,
                sentences=sentences[:, :SIZE].astype(np.float32),
                concerns=dict(zip(self._heads.concerns, map(float, scores), strict=True)),
                stances=stance,
                ask=float(ask),
            )
            for text, words, sentences, scores, stance, ask in zip(
                texts, found, own, concerns, stances, asks, strict=True
            )
        ]

    def _reading(self, turn: Turn, parts: Sequence[_Piece], people: Sequence[str]) -> Reading:
        scored = [best for concern in self._heads.concerns if (best := self._best(concern, parts))]
        rivals = self._rivals(turn, scored, people)
        concerns = self._joined(scored, rivals, turn.text)
        stances, threshold = self._about(parts, concerns).stances, self._heads.objection_threshold
        sure = any(concern.status == "sure" for concern in concerns)
        raised, raised_score = _stance(stances, threshold, has_concern=bool(concerns))
        stance, stance_score = raised, raised_score
        if raised != "objection":  # what it objects to may be unsure while the objection is not
            stance, stance_score = _stance(stances, threshold, has_concern=sure)
        asking = max(parts, key=lambda part: part.ask)
        ask = self._ask(asking, turn.context)
        return Reading(
            concerns=tuple(concerns),
            stance=stance,
            stance_score=stance_score,
            asks=asking.ask >= self._heads.ask_threshold,
            ask_kinds=(ask.kind, *ask.more) if ask else (),
            ask_score=round(asking.ask, 4),
            ask_evidence=ask.sentence if ask else "",
            rivals=tuple(rivals),
            raised=raised,
        )

    def _ask(self, part: _Piece, context: str) -> Ask | None:
        """What a part of the turn asks for, if it may be asking; None if not."""
        if part.ask < LEAST:
            return None
        sentence = self._sentence(part, self._heads.ask_weights[0])
        return ask_kind(part.text, self._asks, asking=sentence, context=context)

    def _rivals(self, turn: Turn, scored: Sequence[Scored], people: Sequence[str]) -> list[Scored]:
        competing = any(s.label == COMPETITOR and s.status == "sure" for s in scored)
        return self._names.find(turn.text, known=people, competing=competing)

    def _joined(
        self, scored: Sequence[Scored], rivals: Sequence[Scored], text: str
    ) -> list[Scored]:
        """What the heads, the names of rivals and the user's own concerns say, as the taxonomy has it."""
        found = {one.label: one for one in scored}
        listed = max(
            (rival for rival in rivals if rival.status == "sure"),
            key=lambda rival: rival.score,
            default=None,
        )
        heard = found.get(COMPETITOR)
        if listed and not (heard and heard.status == "sure" and heard.score >= listed.score):
            found[COMPETITOR] = replace(listed, label=COMPETITOR)
        for own in self._own.find(text) if self._own else ():
            found.setdefault(own.label, own)
        return [found[concern] for concern in self._taxonomy.concerns if concern in found]

    def _best(self, concern: str, parts: Sequence[_Piece]) -> Scored | None:
        """The concern as the part of the turn has it that raises it most; None if none does."""
        part = max(parts, key=lambda part: part.concerns[concern])
        score, threshold = part.concerns[concern], self._thresholds[concern]
        if score < LEAST:
            return None
        words = part.found.get(concern, [])
        weights = self._heads.concern_weights[self._at(concern)]
        evidence = self._sentence(part, weights, saying=words)
        inside = [phrase for phrase in words if phrase in " ".join(words_of(evidence))]
        return Scored(
            label=concern,
            score=round(score, 4),
            status="sure" if score >= threshold else "unsure",
            evidence=evidence,
            why=_phrases(inside or words) or self._known.like(part.sentences, concern),
        )

    def _about(self, parts: Sequence[_Piece], concerns: Sequence[Scored]) -> _Piece:
        """The part of the turn whose stance is the turn's: the one with its likeliest concern."""
        if not concerns:
            return parts[0]
        likeliest = max(concerns, key=lambda concern: concern.score)
        there = [part for part in parts if likeliest.evidence in part.text] or parts
        return max(there, key=lambda part: part.concerns.get(likeliest.label, 0.0))

    def _sentence(
        self, part: _Piece, weights: NDArray[np.float32], *, saying: Sequence[str] = ()
    ) -> str:
        """The sentence that adds most to the score: a head is linear, so a turn's is their mean.

        Where one has a phrase of the concern, one of those does.
        """
        sentences = [
            part.text[start:end].strip()
            for start, end in sentences_of(part.text)[: len(part.sentences)]
        ]
        if len(sentences) < 2:
            return part.text.strip()
        adds = (part.sentences - self._heads.center) / self._heads.spread @ weights[:SIZE]
        plain = [" ".join(words_of(sentence)) for sentence in sentences]
        rows = [i for i, text in enumerate(plain) if any(phrase in text for phrase in saying)]
        return sentences[max(rows or range(len(sentences)), key=lambda i: float(adds[i]))]

    def _at(self, concern: str) -> int:
        return self._heads.concerns.index(concern)


class _Known:
    """Turns that the tagger learnt from, to explain a tag by the most similar one."""

    def __init__(self, examples: Sequence[Example], heads: Heads) -> None:
        self._heads = heads
        self._turns = [example.turn for example in examples]
        self._vectors = self._unit(np.array([e.vector for e in examples]).reshape(-1, SIZE))
        self._raising = {
            concern: [i for i, turn in enumerate(self._turns) if turn.concern_share(concern) == 1]
            for concern in heads.concerns
        }

    def like(self, sentences: NDArray[np.float32], concern: str) -> str:
        """The turn with this concern that is most like one of the sentences, in words."""
        rows = self._raising[concern]
        if not rows or not len(sentences):
            return ""
        likeness = self._vectors[rows] @ self._unit(sentences).T
        nearest = self._turns[rows[int(likeness.max(axis=1).argmax())]]
        words = nearest.text.split()
        quote = " ".join(words[:QUOTED]) + (" …" if len(words) > QUOTED else "")
        return f"like “{quote}” ({nearest.id})"

    def _unit(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        scaled = (vectors - self._heads.center) / self._heads.spread
        return np.asarray(scaled / np.linalg.norm(scaled, axis=1, keepdims=True), np.float32)


def pieces(turn: Turn) -> list[Turn]:
    """The parts of a turn that are read at once; none where it only keeps the talk going."""
    if is_backchannel(turn.text):
        return []
    return [turn._replace(text=text) for text in pieces_of(turn.text)]


def phrase_groups(taxonomy: Taxonomy) -> dict[str, tuple[str, ...]]:
    """All phrases of the taxonomy that features are made of, by group."""
    groups = {concern.id: concern.patterns for concern in taxonomy.concerns.values()}
    return groups | {CUE + name: phrases for name, phrases in taxonomy.cues.items()}


def _phrases(words: Sequence[str]) -> str:
    return "says “" + "”, “".join(words) + "”" if words else ""


def _stance(
    scores: NDArray[np.float32], threshold: float, *, has_concern: bool
) -> tuple[str, float]:
    """The stance and its probability; `none` only without a concern, and nothing else without one."""
    raised = dict(zip(STANCES, map(float, scores), strict=True))
    if not has_concern:
        return "none", round(raised["none"], 4)
    if raised["objection"] >= threshold:
        return "objection", round(raised["objection"], 4)
    # `none` and `mention` both deny demand: with a concern present they are one answer
    if raised["question"] >= raised["mention"] + raised["none"]:
        return "question", round(raised["question"], 4)
    return "mention", round(raised["mention"] + raised["none"], 4)
