"""Words of titles and of talk, compared without their endings."""

from __future__ import annotations

import re

WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")
YEAR = re.compile("(?:19|20)[0-9]{2}")
STOP = frozenset(
    """
    a an the and or of to in on at by for with from as is are be was were it its this that
    these those i you we he she they me us him her them my your our his their what which who
    whose where when how why do does did have has had can could will would should may might
    must not no so than then if but all any some one two three four five six seven eight nine
    ten more most own up out over under into about just really very too also only your's it's
    that's what's there here new
    """.split()  # noqa: SIM905 - a list of words
)


def stem(word: str) -> str:
    """A word without possessive and plural."""
    word = word.removesuffix("'s").replace("'", "")
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-3] + "y" if word.endswith("ies") and len(word) > 4 else word[:-1]
    return word


def telling(text: str) -> list[str]:
    """The stems of a text's words, but for those that tell nothing."""
    words = WORD.findall(text.casefold().replace("-", " "))
    return [stem(word) for word in words if word not in STOP and not YEAR.fullmatch(word)]


def stems_of(text: str) -> tuple[str, ...]:
    """The stems of a text's words, in order."""
    return tuple(stem(word) for word in WORD.findall(text.casefold().replace("-", " ")))
