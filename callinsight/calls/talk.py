"""How a call was shared: who talked how long, the longest monologue, how many questions."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight.records import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callinsight.records import Utterance

QUESTION = re.compile(r"\?+(?=\W*(?:\s|$))")
PAUSE_S = 10.0  # a longer silence ends a monologue


@dataclass(frozen=True, kw_only=True)
class Talk:
    """What one side did in a call."""

    side: str  # rep | buyer | unknown
    seconds: float
    share: float  # of all talk
    turns: int
    questions: int
    longest_s: float  # its longest monologue
    longest_from: int  # position of the turn that begins it


def talk_of(said: Sequence[Utterance]) -> list[Talk]:
    """What each side did, reps first; a side that said nothing is left out.

    Seconds are those of its turns, pauses inside them included. A monologue is what one speaker
    says while nobody else has a turn.
    """
    total_s = sum(turn.end_s - turn.start_s for turn in said) or 1.0
    longest: dict[str, tuple[float, int]] = {}
    for run in _monologues(said):
        side, length_s = run[0].side, run[-1].end_s - run[0].start_s
        if length_s > longest.get(side, (-1.0, 0))[0]:
            longest[side] = length_s, run[0].position
    talks = []
    for side in ("rep", "buyer", UNKNOWN):
        own = [turn for turn in said if turn.side == side]
        if own:
            seconds = sum(turn.end_s - turn.start_s for turn in own)
            talks.append(
                Talk(
                    side=side,
                    seconds=seconds,
                    share=seconds / total_s,
                    turns=len(own),
                    questions=sum(len(QUESTION.findall(turn.text)) for turn in own),
                    longest_s=longest[side][0],
                    longest_from=longest[side][1],
                )
            )
    return talks


def _monologues(said: Sequence[Utterance]) -> list[list[Utterance]]:
    runs: list[list[Utterance]] = []
    for _, group in itertools.groupby(said, key=lambda turn: (turn.speaker, turn.side)):
        run: list[Utterance] = []
        for turn in group:
            if run and turn.start_s - run[-1].end_s > PAUSE_S:
                runs.append(run)
                run = []
            run.append(turn)
        runs.append(run)
    return runs
