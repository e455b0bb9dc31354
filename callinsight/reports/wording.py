"""How reports say numbers, dates, money and names; and texts of others made harmless."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from callinsight.months import month_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from callinsight.taxonomy import Taxonomy

ANY = "any"  # in the place of a persona or stage: all of them together
TOPIC = "topic:"  # begins the id of a theme in the place of a concern
NBSP = "\N{NO-BREAK SPACE}"
WORDS = (
    *("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten"),
    *("Eleven", "Twelve"),
)
SYMBOLS = {"GBP": "£", "EUR": "€", "USD": "$"}
ACRONYMS = {"api", "faq", "it", "roi"}
ROLES = {  # ids of the starter taxonomy that do not read well as they stand
    "security_compliance": "Information security",
    "legal_procurement": "Legal and procurement",
    "unknown": "Unknown role",
}
DATE = re.compile(r"\b(\d{4})-(\d\d)-(\d\d)(?:[T ][\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?")
ENTITY = re.compile(r"&(?=#?\w+;)")  # else it is a sign like any other, and stays readable
MARKDOWN = re.compile(r"[\\`*_{}\[\]#|~!^]")
BLANKS = re.compile(r"[ \t\n\r\f\v\x1c-\x1e\x85\u2028\u2029]+")  # all but no-break spaces
LIST_MARK = re.compile(r"^( ?\d*)([-+=.)])")
ODD = re.compile(  # what any of these, or of the marks of an address, would change
    r"[&<>\\`*_{}\[\]#|~!^@\t\n\r\f\v\x1c-\x1e\x85\u2028\u2029]|  |://|www\.|^ ?\d*[-+=.)]"
)
URL_SAFE = ":/?#@!$&'*+,;=%~"  # brackets and quotes are written in code


@dataclass(frozen=True)
class Names:
    """Readable names for the ids of a taxonomy."""

    taxonomy: Taxonomy
    topics: Mapping[str, str] = field(default_factory=dict)  # labels by id

    def concern(self, id_: str) -> str:
        """Its label; that of a theme where it is one."""
        if id_.startswith(TOPIC):
            number = id_.removeprefix(TOPIC)
            return f"Theme: {self.topics.get(number, number)}"
        known = self.taxonomy.concerns.get(id_)
        return known.label if known else readable(id_)

    def persona(self, id_: str) -> str:
        """A name made from the id; the taxonomy holds only its meaning."""
        return ROLES.get(id_) or readable(id_)

    def stage(self, id_: str) -> str:
        """Its label."""
        known = self.taxonomy.stages.get(id_)
        return known.label if known else readable(id_)

    def place(self, persona: str, stage: str) -> str:
        """Who and where, as in `Economic buyer at Decision`."""
        who = "All roles" if persona == ANY else self.persona(persona)
        return f"{who}, all stages" if stage == ANY else f"{who} at {self.stage(stage)}"

    def sentence(self, text: str) -> str:
        """A text of the analysis with ids as names and dates as people write them."""
        names = self._places
        if names:
            text = self._placed.sub(lambda m: f"{m[1]} {names[m[2]]}", text)
        return DATE.sub(lambda m: day(m[0]), text)

    @functools.cached_property
    def _places(self) -> dict[str, str]:
        """The names of stages and personas, by id."""
        names = {id_: self.stage(id_) for id_ in self.taxonomy.stages}
        return names | {id_: self.persona(id_) for id_ in self.taxonomy.personas}

    @functools.cached_property
    def _placed(self) -> re.Pattern[str]:
        """Where the analysis puts an id, and nowhere else: a stage may well be called `review`."""
        ids = "|".join(map(re.escape, sorted(self._places, key=len, reverse=True)))
        return re.compile(rf"\b(for|by|at|and) ({ids})(?![\w-])")


def readable(id_: str) -> str:
    """`case_study` as `Case study`."""
    words = [w.upper() if w in ACRONYMS else w for w in id_.replace("_", " ").split()]
    text = " ".join(words)
    return text[:1].upper() + text[1:]


def slug(id_: str) -> str:
    """An id in the letters that file names and anchors take everywhere."""
    return re.sub(r"[^a-z0-9_]+", "-", id_.lower()).strip("-")


def day(moment: str) -> str:
    """The day of an ISO 8601 date or moment, as `6 October 2026`; empty stays empty."""
    if not moment:
        return ""
    month, _, number = moment[:10].rpartition("-")
    return f"{int(number)} {month_name(month)}"


def clock(seconds: float, *, estimated: bool = False) -> str:
    """A time inside a call, as `04:07` or `1:04:07`; `about 04:07` if it is estimated."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    time = f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes:02d}:{rest:02d}"
    return f"about {time}" if estimated else time


def talk(seconds: float) -> str:
    """A length of talk, as `14.2 hours` or `42 minutes`."""
    if seconds >= 3600:
        hours = f"{seconds / 3600:,.1f}".removesuffix(".0")
        return "1 hour" if hours == "1" else f"{hours} hours"
    minutes = round(seconds / 60)
    return count(minutes, "minute") if minutes or not seconds else "under 1 minute"


def percent(share: float) -> str:
    """`80 %`, with a space that does not break."""
    if 0 < share < 0.005:
        return f"under 1{NBSP}%"
    if 0.995 <= share < 1:
        return f"over 99{NBSP}%"
    return f"{share * 100:.0f}{NBSP}%"


def count(number: int, noun: str, plural: str = "") -> str:
    """`1 deal`, `2 deals`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def many(number: int, noun: str, plural: str = "") -> str:
    """The same at the start of a sentence: `Three gaps`, `14 gaps`."""
    word = WORDS[number] if number < len(WORDS) else f"{number:,}"
    return f"{word} {noun if number == 1 else plural or noun + 's'}"


def money(amount: float, currency: str) -> str:
    """`£310,000`, `CHF 310,000`, or the bare number where the currency is not known."""
    symbol = SYMBOLS.get(currency.upper())
    if symbol:
        return f"{symbol}{amount:,.0f}"
    return f"{currency}{NBSP}{amount:,.0f}" if currency else f"{amount:,.0f}"


def listing(words: Sequence[str]) -> str:
    """`a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def sentence_case(text: str) -> str:
    """The text with a capital at its start."""
    return text[:1].upper() + text[1:]


def web_address(url: str) -> str:
    """A link that a reader may follow safely; anything but http and https is dropped."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return ""
    return quote(url.strip(), safe=URL_SAFE)


def markdown(text: str) -> str:
    """A text that Markdown shows as it is: no markup, HTML, table cell, heading or link comes of it."""
    if not ODD.search(text):
        return text  # as most are
    plain = BLANKS.sub(" ", text)
    plain = ENTITY.sub("&amp;", plain).replace("<", "&lt;").replace(">", "&gt;")
    plain = MARKDOWN.sub(r"\\\g<0>", plain)
    plain = LIST_MARK.sub(r"\1\\\2", plain)
    for mark, harmless in (("://", "&#58;//"), ("www.", "www&#46;"), ("@", "&#64;")):
        plain = plain.replace(mark, harmless)  # bare addresses become links otherwise
    return plain
