"""Rep or buyer, from what is said alone: `make sides` fits the head from the dialogues."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Hashable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

HEAD = Path(__file__).parent / "sides.npz"
LONGEST = 3  # words of a phrase
UNDECIDED = 0.5
FEWEST_WORDS = 20  # of a call; fewer tell less than the calls that the head was calibrated on
SUREST = 10.0  # log-odds beyond which a product over many voices is too large
NUMBER = "#"
# `oh` is left out: it is a zero in a number, and far more often it is not
NUMBERS = re.compile(
    r"zero|one|two|three|five|eight|ten|eleven|twelve|thirteen|fifteen|"
    r"(?:four|six|seven|nine|eigh)(?:teen|ty)?|(?:twen|thir|for|fif)ty|hundred|thousand|million"
)
WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
SENTENCE = re.compile(r"[.,!]")

Voice = TypeVar("Voice", bound=Hashable)


@dataclass(frozen=True)
class SideModel:
    """Log-odds that phrases lend to the rep, and how turns add up to a call."""

    weights: dict[str, float]  # by phrase, as in phrases_of
    bias: float
    call_scale: float
    call_power: float  # turns of a call lean the same way: their sum counts over turns ** power

    def turn_odds(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Log-odds that the rep says it, for each turn; 0 for a turn without words."""
        return np.array([self._odds(phrases_of(text)) for text in texts], dtype=np.float64)

    def rep_probabilities(
        self, said: Mapping[Voice, Sequence[str]], *, reps: int | None = None
    ) -> dict[Voice, float]:
        """The probability that a voice is a rep's, for each voice of one call with its turns.

        Of the voices that say something at least one is a rep's and one a buyer's, so where only
        one speaks nothing can be told: 0.5. No more than `reps` are reps', if that is known.
        """
        heard = {voice: [t for t in turns if words_of(t)] for voice, turns in said.items()}
        heard = {voice: turns for voice, turns in heard.items() if turns}
        probabilities = dict.fromkeys(said, UNDECIDED)
        if len(heard) < 2:
            return probabilities
        sums = np.array([self.turn_odds(turns).sum() for turns in heard.values()])
        count = sum(len(turns) for turns in heard.values())
        words = sum(len(words_of(turn)) for turns in heard.values() for turn in turns)
        scale = self.call_scale * min(1.0, words / FEWEST_WORDS)
        leaning = scale * sums / count**self.call_power
        return probabilities | dict(zip(heard, _both_present(leaning, reps), strict=True))

    def _odds(self, phrases: set[str]) -> float:
        if not phrases:
            return 0.0
        return self.bias + sum(self.weights.get(phrase, 0.0) for phrase in sorted(phrases))

    def digest(self) -> str:
        """12 hex digits that name this head."""
        fitted = repr((list(self.weights.items()), self.bias, self.call_scale, self.call_power))
        return hashlib.sha256(fitted.encode()).hexdigest()[:12]

    def save(self, path: Path = HEAD) -> None:
        """Write the head; the same head gives the same bytes."""
        arrays: dict[str, Any] = {
            "phrases": np.frombuffer("\n".join(self.weights).encode(), dtype=np.uint8),
            "weights": np.array(list(self.weights.values())),
            "bias": np.array(self.bias),
            "call_scale": np.array(self.call_scale),
            "call_power": np.array(self.call_power),
        }
        np.savez(path, **arrays)


def load_sides(path: Path = HEAD) -> SideModel:
    """Read the head that comes with the program; it is read once."""
    return _load(path)


def turn_odds(texts: Sequence[str]) -> NDArray[np.float64]:
    """Log-odds that the rep says it, for each turn, by the head that comes with the program."""
    return load_sides().turn_odds(texts)


def rep_probabilities(
    said: Mapping[Voice, Sequence[str]], *, reps: int | None = None
) -> dict[Voice, float]:
    """SideModel.rep_probabilities by the head that comes with the program."""
    return load_sides().rep_probabilities(said, reps=reps)


def phrases_of(text: str) -> set[str]:
    """What the head looks at: phrases of up to three words, the length, and whether it asks.

    Case and commas do not count, all numbers are one word, and `<` and `>` are the ends of the
    turn. A recogniser that writes no punctuation says nothing about asking.
    """
    words = words_of(text)
    if not words:
        return set()
    line = ["<", *words, ">"]
    phrases = {
        " ".join(line[start : start + length])
        for length in range(1, LONGEST + 1)
        for start in range(len(line) - length + 1)
    } - {"<", ">"}
    phrases.add(f"length {len(words).bit_length()}")
    if "?" in text:
        phrases.add("asks ?")
    elif SENTENCE.search(text):
        phrases.add("tells .")
    return phrases


def words_of(text: str) -> list[str]:
    """Words in lower case without apostrophes; a number is `#`, spelled or not."""
    words = [word.replace("'", "").replace("’", "") for word in WORD.findall(text.lower())]
    return [NUMBER if word[0].isdigit() or NUMBERS.fullmatch(word) else word for word in words]


def _both_present(leaning: NDArray[np.float64], reps: int | None) -> list[float]:
    """P(rep) of voices that are each a rep's by these log-odds, given how many can be.

    At least one is, and one is not, and no more than `reps` are: the weight of each number of reps
    is a sum over all choices of that many voices (the elementary symmetric polynomials of the odds).
    """
    odds = np.exp(np.clip(leaning, -SUREST, SUREST))
    most = min(len(odds) - 1, reps or len(odds))
    total = _choices(odds)[1 : most + 1].sum()
    others = [_choices(np.delete(odds, voice))[:most].sum() for voice in range(len(odds))]
    return [float(own * rest / total) for own, rest in zip(odds, others, strict=True)]


def _choices(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each number of voices, the sum over all choices of that many of the product of odds."""
    sums = np.ones(1)
    for own in odds:
        sums = np.append(sums, 0.0) + own * np.insert(sums, 0, 0.0)
    return sums


@cache
def _load(path: Path) -> SideModel:
    with np.load(path) as file:
        phrases = file["phrases"].tobytes().decode().split("\n")
        return SideModel(
            weights=dict(zip(phrases, file["weights"].tolist(), strict=True)),
            bias=float(file["bias"]),
            call_scale=float(file["call_scale"]),
            call_power=float(file["call_power"]),
        )
