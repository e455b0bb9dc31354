"""How a name may be written: in any case, with accents or without."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict

SHORTEST = 3  # letters of a name that is known in any case; shorter ones are as they are written
NAMES_AND_WORDS = """
agent amber an angel april archer art august autumn baker bang banks basil bell berry best
bill bird bishop black bob bolt bond booth bowl brook brooks brown buck bush butler buyer
caller camp can candy cannon carter case cash chance charity chase cherry chip christian
church clay client cliff coin constance cook cooper crane cross crystal curry customer daisy
dale dash dawn day dean der diamond do drake drew drum duke earl early fair faith fang farmer
field fields finch fine fisher flower flowers ford forest foster fox frank free frost gates
gene ginger glass glen gold golden good grace grant gray green grey guest guy hall hand hands
hardy harmony harper hawk he head heath high hill holiday hon honey hope host house hull hunt
hunter hurt in iris ivy jack joy june keen key keys king knight lake lamb lane law let lily
little long lord love low major man march mark marsh marshall mason masters max may means
melody mercy miles miller mills min moody moon more moss my nice night no noble norm north
olive on one page pan paradise park parker parks participant pat patience peace pearl peck
penny pepper pierce ping plant pond pool pope porter post potter power powers price pride
prince prior queen rain ray read reed rep rice rich ring rivers rob robin rock rose ruby rush
rusty sage sales salt sandy sang savage say see seller shade sharp she shepherd ship shore
short silver singer sky small smart snow so son song south speaker spring square star steel
sterling still stone storm stout street strong sue summer sun sunny swan sweet swift tan
taylor tell temple ten the thorn to tower towns tree trip true turner unknown user usher vale
van victor violet von wade walker wall ward watch waters weeks well wells west wheeler white
wild will wing winter wise wish wolf wood woods worth wright yard you young
"""
ALSO_WORDS = frozenset(NAMES_AND_WORDS.split())
WITHOUT = {
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ð": "d",
    "þ": "th",
    "ß": "ss",
    "æ": "ae",
    "œ": "oe",
    "ı": "i",
}
TWO_LETTERS = {
    "ä": "ae",
    "ö": "oe",
    "ü": "ue",
    "å": "aa",
    "ø": "oe",
    "ñ": "ny",
}  # how they are typed
MARKS = "[\u0300-\u036f]*"  # accents that stand as letters of their own
BETWEEN = r"\s+"  # the words of a name


def whole_name(name: str) -> str:
    """A pattern that finds a whole name."""
    return rf"(?i:{BETWEEN.join(map(_spelt, name.split()))})"


def part_of_name(part: str) -> str:
    """A pattern that finds a first or last name alone.

    One that is a word as well is found only as it is written, and in capitals: Grace and GRACE are
    somebody, grace is not.
    """
    if is_word(part) or len(part) < SHORTEST:
        return f"(?:{_exactly(part)}|{_exactly(part.upper())})"
    return f"(?i:{_spelt(part)})"


def is_word(part: str) -> bool:
    """Whether a part of a name is a word of its own."""
    return part.casefold() in ALSO_WORDS


def _spelt(text: str) -> str:
    return "".join(map(_letter, unicodedata.normalize("NFC", text.casefold())))


def _exactly(text: str) -> str:
    return re.escape(unicodedata.normalize("NFC", text))


def _letter(letter: str) -> str:
    """A letter with any accent or none, or as those type it who have no such key."""
    plain = _plain(letter)
    if not plain.isalpha():
        return re.escape(letter)
    ways = [letter, plain] if len(plain) > 1 else [f"[{''.join(_ACCENTED[plain]) or plain}]"]
    ways += [TWO_LETTERS[letter]] if letter in TWO_LETTERS else []
    return f"(?:{'|'.join(dict.fromkeys(ways))}){MARKS}"


def _plain(letter: str) -> str:
    return WITHOUT.get(letter) or unicodedata.normalize("NFD", letter)[0]


def _accented() -> dict[str, list[str]]:
    """The letters of Latin scripts by the plain letter they come from, that letter first."""
    found: dict[str, list[str]] = defaultdict(list)
    for letter in (*map(chr, range(0x61, 0x7B)), *map(chr, range(0xDF, 0x250))):
        if letter.islower() and len(_plain(letter)) == 1:
            found[_plain(letter)].append(letter)
    return found


_ACCENTED = _accented()
