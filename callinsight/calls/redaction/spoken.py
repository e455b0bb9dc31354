"""Numbers and spelled letters as people say them: `double seven`, `oh`, `forty two`, `D A N A`."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from callinsight.records import PLACEHOLDER

if TYPE_CHECKING:
    from collections.abc import Sequence


def words_in(text: str) -> frozenset[str]:
    """The words of a list that is written as one text."""
    return frozenset(text.split())


def pairs_in(text: str) -> dict[str, str]:
    """What each word of a list of `word=meaning` stands for."""
    return dict(re.findall(r"(\S+)=(\S+)", text))


BREAK = "\f"  # between turns that nothing spoken can span
TOKEN = re.compile(rf"{PLACEHOLDER}|{BREAK}|[^\W\d_]+(?:['’][^\W\d_]+)*|\d+|[^\w\s]|_")
UNITS = pairs_in(
    """
    zero=0 nought=0 naught=0 one=1 two=2 three=3 four=4 five=5 six=6
    seven=7 eight=8 nine=9 niner=9
    """
)
OH = ("oh", "o")
TEENS = pairs_in(
    """
    ten=10 eleven=11 twelve=12 thirteen=13 fourteen=14 fifteen=15 sixteen=16 seventeen=17 eighteen=18
    nineteen=19
    """
)
TENS = pairs_in(
    """
    twenty=2 thirty=3 forty=4 fourty=4 fifty=5 sixty=6 seventy=7 eighty=8 ninety=9
    """
)
SEVERAL = pairs_in(
    """
    zeros=0 zeroes=0 ohs=0 noughts=0 ones=1 twos=2 threes=3 fours=4 fives=5 sixes=6 sevens=7
    eights=8 nines=9
    """
)
TIMES = {"double": 2, "triple": 3, "treble": 3, "quadruple": 4}
HOMOPHONES = {"to": "2", "too": "2", "for": "4", "ate": "8", "won": "1"}
NUMBER_WORDS = frozenset((*UNITS, *TEENS, *TENS, *TIMES))
MAGNITUDES = ("thousand", "million", "billion", "trillion", "grand")
FILLERS = words_in(
    """
    um uh er erm ah eh hm hmm mm then okay ok and so dash hyphen space yes yeah right alright
    again got that it extension ext like sorry now followed by comma well no next finally lastly
    """
)
PAUSES = re.compile(
    r"\b(?:one|two) (?:second|sec|moment|minute)\b|\b(?:hang|hold) on\b|\blet me (?:see|look|check)\b"
    r"|\b(?:no,? )?wait\b|\bi lost my place\b|\bscratch that\b|\bi mean\b|\bmy bad\b|\bis that\b"
    r"|\b(?:sorry|no),? (?:it's|it is|not|that's)\b|\bmy glasses\b",
    re.I,
)
MARKS = set("-–—.,()…~")
MOST_FILLERS = 4
LONGEST_CODE = 5  # letters that stand together in a code,
LONGEST_BEFORE_FIGURES = 6  # and of one that goes on with figures in the same word
ACRONYMS = words_in(
    """
    iban bic ssn ni nino pin uk us usa nhs id is no my it our the and cvv cvc itin eu ok
    cpf cnpj dni nie nif nir tfn bsn sin pan pesel insee curp ifsc bsb blz
    """
)
BEHIND_PRONOUN = words_in("ending that which who is was with of in you we they he she i")
NATO = pairs_in(
    """
    alpha=a alfa=a bravo=b charlie=c delta=d echo=e foxtrot=f golf=g hotel=h
    india=i juliet=j juliett=j kilo=k lima=l mike=m november=n oscar=o papa=p
    quebec=q romeo=r sierra=s tango=t uniform=u victor=v whiskey=w whisky=w xray=x
    yankee=y zulu=z
    """
)
# letters by their names, where another letter stands beside them
LETTER_NAMES = pairs_in(
    """
    aitch=h haitch=h jay=j kay=k el=l ell=l em=m en=n ess=s es=s tee=t vee=v zed=z zee=z bee=b cee=c dee=d
    ef=f eff=f gee=g ar=r ex=x oh=o ay=a pee=p cue=q you=u why=y wye=y see=c sea=c tea=t eye=i
    """
)
JOINTS = ("underscore", "dash", "hyphen", "dot")
SPELLS = words_in("as for and at dot dash hyphen underscore then")  # goes on from a letter
LETTERS_AROUND = 4  # a name of a letter is told by so many on each side
SURE_LETTERS = words_in(
    "aitch haitch jay kay ell em en ess vee zed zee cee dee eff gee tee ef el es ar"
)
# figures that are no digits of a number that somebody reads out
AMOUNTS = re.compile(
    r"[$£€¥]\s?\d[\d,.]*|\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|(?<!\d)\d++(?:\.\d++)?\s?%|\b\d{1,2}:\d\d\b"
    r"|\b\d{4}-\d\d-\d\d\b|(?<![\d/])(?:0[1-9]|1[0-2])/\d\d\b(?!/)|\b\d{1,2}/\d{1,2}/(?:\d\d){1,2}\b|\b\d{1,3}(?:\.\d{1,3}){3}\b"
    r"|(?<![\d.])\d+\.\d{1,2}(?![\d.]*\d)"
)


class Token(NamedTuple):
    """A word, number, mark or placeholder of a text, with its place in characters."""

    start: int
    end: int
    text: str
    plain: str  # in lower case, with a plain apostrophe


@dataclass(frozen=True)
class Atom:
    """Digits or letters that are said or written as one."""

    start: int
    end: int
    value: str
    spoken: bool


@dataclass(frozen=True)
class Run:
    """Digits, or letters and digits, that follow each other."""

    atoms: tuple[Atom, ...]
    plus: bool = False  # a + or `plus` stands before it
    large: bool = False  # a thousand or a million of something

    @property
    def start(self) -> int:
        """Its first character."""
        return self.atoms[0].start

    @property
    def end(self) -> int:
        """The character behind its last."""
        return self.atoms[-1].end

    @property
    def value(self) -> str:
        """All its digits and letters."""
        return "".join(atom.value for atom in self.atoms if atom.value != "+")

    @property
    def digitwise(self) -> float:
        """The share that is said digit by digit."""
        single = sum(len(a.value) for a in self.atoms if a.spoken and len(set(a.value)) == 1)
        return single / max(1, len(self.value))


def part_of(run: Run, span: tuple[int, int]) -> tuple[int, int]:
    """From where to where the part of a run's value is said."""
    inside, place = [], 0
    for atom in run.atoms:
        size = len(atom.value) * (atom.value != "+")
        if place < span[1] and place + size > span[0]:
            inside.append(atom)
        place += size
    return inside[0].start, inside[-1].end


@functools.lru_cache(maxsize=2)  # each kind of personal data is looked for in the same talk
def tokens_of(text: str) -> tuple[Token, ...]:
    """The words, numbers, marks and placeholders of a text."""
    return tuple(
        Token(*found.span(), found[0], found[0].casefold().replace("’", "'"))
        for found in TOKEN.finditer(text)
    )


def number_at(tokens: Sequence[Token], index: int) -> tuple[str, int] | None:
    """The digits that are said at a token, and the index of the token behind them."""
    word = tokens[index].plain
    if word.isascii() and word.isdigit():
        return word, index + 1
    if word not in NUMBER_WORDS:
        return None
    following = tokens[index + 1].plain if index + 1 < len(tokens) else ""
    if word in TIMES and (digit := _digit(following)):
        return digit * TIMES[word], index + 2
    if word in UNITS and following in SEVERAL:
        return SEVERAL[following] * int(UNITS[word]), index + 2
    if word in UNITS and following == "hundred":
        return _hundred(UNITS[word], tokens, index + 2)
    if word in UNITS:
        return UNITS[word], index + 1
    if word in TEENS:
        hundred = following == "hundred"
        return TEENS[word] + ("00" if hundred else ""), index + 2 if hundred else index + 1
    if word not in TENS:
        return None
    behind = index + 2 if following == "-" else index + 1
    unit = tokens[behind].plain if behind < len(tokens) else ""
    if unit in UNITS and UNITS[unit] != "0":
        return TENS[word] + UNITS[unit], behind + 1
    return TENS[word] + "0", index + 1


def _hundred(unit: str, tokens: Sequence[Token], index: int) -> tuple[str, int]:
    """`two hundred and five` is 205; `eight hundred five five five` is 800 and 555."""
    if index + 1 < len(tokens) and tokens[index].plain == "and":
        rest = number_at(tokens, index + 1)
        if rest and not tokens[index + 1].text.isdigit() and len(rest[0]) <= 2:
            return unit + rest[0].zfill(2), rest[1]
    return unit + "00", index


def _digit(word: str) -> str:
    if word in OH:
        return "0"
    return word if len(word) == 1 and word.isdigit() else UNITS.get(word, "")


def is_said_between(text: str) -> bool:
    """Whether a text is only what people say between numbers: `yes`, `okay and`."""
    return all(token.text in MARKS or token.plain in FILLERS for token in tokens_of(text))


@functools.lru_cache(maxsize=4)  # each kind of personal data is looked for in the same talk
def runs_of(text: str, *, letters: bool = False) -> tuple[Run, ...]:
    """Every run of digits, or of letters and digits, whatever fillers stand between them."""
    paused = _places(PAUSES, text)
    barred = set() if letters else _places(AMOUNTS, text)
    tokens = [token for token in tokens_of(text) if token.start not in paused]
    tokens = spelled_out(tokens) if letters else tokens
    runs: list[Run] = []
    atoms: list[Atom] = []
    fillers, index, plus = 0, 0, False
    while index <= len(tokens):
        token = tokens[index] if index < len(tokens) else Token(len(text), len(text), BREAK, BREAK)
        found = None if token.start in barred else atom_at(tokens, index, text, atoms, letters)
        if found:
            if not atoms and index and tokens[index - 1].plain in ("+", "plus"):
                plus = True
                atoms.append(Atom(tokens[index - 1].start, tokens[index - 1].end, "+", False))
            atoms.append(found[0])
            fillers, index = 0, found[1]
            continue
        fillers += token.text != ","
        if not atoms or fillers > MOST_FILLERS or not _is_filler(token, atoms):
            runs += [Run(tuple(atoms), plus, token.plain in MAGNITUDES)] if atoms else []
            atoms, fillers, plus = [], 0, False
        index += 1
    return tuple(runs)


def _places(pattern: re.Pattern[str], text: str) -> set[int]:
    """The characters that a pattern covers."""
    return {place for found in pattern.finditer(text) for place in range(*found.span())}


def _is_filler(token: Token, atoms: Sequence[Atom]) -> bool:
    if token.plain in ("extension", "ext"):
        return sum(len(atom.value) for atom in atoms) >= 7
    return token.text in MARKS or token.plain in FILLERS


def atom_at(
    tokens: Sequence[Token], index: int, text: str, atoms: Sequence[Atom], letters: bool
) -> tuple[Atom, int] | None:
    """The digits, or letters, that are said at a token, and the index behind them."""
    if index >= len(tokens):
        return None
    token = tokens[index]
    if letters and (found := _letters_at(tokens, index, text)):
        return found
    number = None if _is_pronoun(tokens, index) else number_at(tokens, index)
    if token.plain in OH and _meets_digit(tokens, index, atoms, text):
        number = "0", index + 1
    elif token.plain in HOMOPHONES and _is_misheard(tokens, index, atoms):
        number = HOMOPHONES[token.plain], index + 1
    if number is None or (not letters and _is_part_of_word(token, text)):
        return None
    digits, behind = number
    return Atom(token.start, tokens[behind - 1].end, digits, not token.text.isdigit()), behind


def _meets_digit(tokens: Sequence[Token], index: int, atoms: Sequence[Atom], text: str) -> bool:
    """Whether `oh` is a digit: another one stands behind it, or before it in the same turn."""
    if index + 1 < len(tokens) and _digit(tokens[index + 1].plain):
        return True
    between = text[atoms[-1].end : tokens[index].start] if atoms else "\n"
    near = len(between) <= 3 and not re.search(r"[\n.?!]", between)
    return near and not _is_letter(tokens[index - 1])


def _is_pronoun(tokens: Sequence[Token], index: int) -> bool:
    """Whether `one` is no figure: `and one ending in`, `the one that`."""
    following = tokens[index + 1].plain if index + 1 < len(tokens) else ""
    return tokens[index].plain == "one" and following in BEHIND_PRONOUN


def _is_misheard(tokens: Sequence[Token], index: int, atoms: Sequence[Atom]) -> bool:
    """Whether `to` or `for` can only be a digit: digits stand all around it."""
    before = [atom for atom in atoms[-3:] if len(atom.value) == 1 and atom.spoken]
    following = [_digit(token.plain) for token in tokens[index + 1 : index + 3]]
    return len(before) == 3 and len(following) == 2 and all(following)


def _is_part_of_word(token: Token, text: str) -> bool:
    """`A4`, `3rd` and `v2` are words with a figure in them."""
    before, behind = text[token.start - 1 : token.start], text[token.end : token.end + 1]
    return token.text.isdigit() and (before.isalpha() or behind.isalpha() or "_" in before + behind)


def _letters_at(tokens: Sequence[Token], index: int, text: str) -> tuple[Atom, int] | None:
    """A single letter, a few capitals, or a word that stands for a letter."""
    token = tokens[index]
    word = token.plain
    if len(word) > LONGEST_BEFORE_FIGURES and word not in TIMES and word not in NATO:
        return None
    following = tokens[index + 1].plain if index + 1 < len(tokens) else ""
    if word in TIMES and len(following) == 1 and following.isalpha() and following != "o":
        value, behind = following * TIMES[word], index + 2
    elif word in ("a", "i") and token.text != "A" and _goes_on(following):
        return None  # a word of its own
    elif len(word) == 1 and word.isascii() and word.isalpha():
        value, behind = word, index + 1
    elif word in NATO:
        value, behind = NATO[word], index + 1
    elif len(word) <= LONGEST_BEFORE_FIGURES and _is_code(token, text):
        value, behind = word, index + 1
    else:
        return None
    return Atom(token.start, tokens[behind - 1].end, value.upper(), len(token.text) < 2), behind


def _goes_on(following: str) -> bool:
    """Whether what follows is a word of a sentence: no letter, figure or mark."""
    known = following in NATO or following in NUMBER_WORDS or following in OH or following in TIMES
    return len(following) > 1 and following.isalpha() and not known and following not in SPELLS


def _is_code(token: Token, text: str) -> bool:
    """Whether letters are part of a code: capitals, or figures right behind them."""
    if token.text.isascii() and token.text.isupper() and token.plain not in ACRONYMS:
        return len(token.text) <= LONGEST_CODE or text[token.end : token.end + 1].isdigit()
    return token.text.isalpha() and text[token.end : token.end + 1].isdigit()


def spelled_out(tokens: Sequence[Token]) -> list[Token]:
    """The tokens with letters for their names, without what only explains or parts letters.

    `D as in Delta`, `B for Bravo` and `jay oh aitch en` are letters alone.
    """
    kept: list[Token] = []
    skip = 0
    for index, token in enumerate(tokens):
        if skip:
            skip -= 1
            continue
        parts = token.text == "," and kept and index + 1 < len(tokens)
        if parts and _parts_letters(kept[-1], tokens[index + 1]):
            continue
        letter = LETTER_NAMES.get(token.plain)
        if letter and _is_spelled(tokens, index):
            kept.append(token._replace(text=letter, plain=letter))
            continue
        skip = _explained(tokens, index)
        kept.append(token._replace(end=tokens[index + skip].end))
    return kept


def _parts_letters(before: Token, behind: Token) -> bool:
    """Whether a comma stands between letters, or between a letter and a sign that goes with it."""
    if _is_letter(before):
        return _is_letter(behind) or behind.plain in TIMES or behind.plain in ("at", *JOINTS)
    return before.plain in JOINTS and _is_letter(behind)


def _is_letter(token: Token) -> bool:
    return len(token.text) == 1 and token.text.isalpha()


def _is_spelled(tokens: Sequence[Token], index: int) -> bool:
    """Whether letters stand around a letter's name, one of them without any doubt."""
    start = end = index
    while start and index - start < LETTERS_AROUND and _may_be_letter(tokens[start - 1]):
        start -= 1
    while (
        end + 1 < len(tokens) and end - index < LETTERS_AROUND and _may_be_letter(tokens[end + 1])
    ):
        end += 1
    sure = [t for t in tokens[start : end + 1] if t.plain in SURE_LETTERS or _is_letter(t)]
    return end - start >= 2 and len(sure) >= 2


def _may_be_letter(token: Token) -> bool:
    return token.plain in LETTER_NAMES or _is_letter(token)


def _explained(tokens: Sequence[Token], index: int) -> int:
    """How many tokens behind a letter explain it."""
    letter = tokens[index].plain
    if len(letter) != 1 or not letter.isalpha():
        return 0
    rest = [token.plain for token in tokens[index + 1 : index + 6]]
    if len(rest) > 2 and rest[:2] == ["as", "in"]:
        return 5 if rest[3:4] == ["-"] and len(rest) == 5 else 3  # X as in X-ray
    return 2 if len(rest) > 1 and rest[0] == "for" and rest[1].startswith(letter) else 0
