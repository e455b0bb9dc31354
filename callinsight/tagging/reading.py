"""What the tagger says of a turn."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scored:
    """Something that a turn raises or names, with its probability and what shows it."""

    label: str
    score: float
    status: str  # sure | unsure
    evidence: str  # the sentence of the turn that carries it
    why: str  # for people: the phrase in it, else the most similar turn that the tagger learnt from


@dataclass(frozen=True)
class Reading:
    """What one turn says."""

    concerns: tuple[Scored, ...]
    stance: str
    stance_score: float
    asks: bool  # surely
    ask_kinds: tuple[
        str, ...
    ]  # asks of the taxonomy or `other`, the likeliest first; unsure ones too
    ask_score: float
    ask_evidence: str = ""
    rivals: tuple[Scored, ...] = ()  # those that are named; a label is an id, or a name on no list
    raised: str = "none"  # the stance if what is unsure is so after all

    @property
    def ask_kind(self) -> str:
        """What is surely asked for, the likeliest of several; empty for nothing."""
        return self.ask_kinds[0] if self.asks else ""

    @property
    def ask_status(self) -> str:
        """Whether it is sure that something is asked for, or that nothing is."""
        return "sure" if self.asks or not self.ask_kinds else "unsure"


NOTHING = Reading((), "none", 1.0, False, (), 0.0)
