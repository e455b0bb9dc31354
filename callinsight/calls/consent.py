"""Whether what the sheet says of a call's consent is a basis to open it."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from callinsight.sheets import NO

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NOT_YET = ("open", "requested", "asked", "sent", "offen", "angefragt")  # if nothing follows
NO_CONSENT = (
    *("", *NO, *NOT_YET),
    *("none", "not", "without", "n/a", "na", "-", "?", "unknown", "unclear", "missing", "todo"),
    *("tbd", "tbc", "pending", "awaiting", "expired", "invalid", "refused", "declined", "denied"),
    *("rejected", "objected", "withdrawn", "revoked", "opted", "nein", "kein", "keine", "nicht"),
    *(
        "null",
        "nil",
        "void",
        "falsch",
        "forbidden",
        "prohibited",
        "cancelled",
        "canceled",
        "lapsed",
    ),
    *("ohne", "ausstehend", "abgelehnt", "verweigert", "widerrufen", "zurückgezogen", "unbekannt"),
)
OPTED_IN = ("opted in", "opted-in")
DENIED = re.compile(  # wherever it stands, for what was given may be taken back
    r"\b(?:(?:withdr[ae]w|revok|declin|refus|reject|object)\w*|denied|opt(?:ed)?[ -]?out|never|nope|not|no"
    r"|non|wait\w*|awaiting|in progress|widerr[ua]f\w*|widerspr\w*|zurückgezogen|abgelehnt|verweigert|nicht"
    r"|kein\w*|nein|\w+n['’]t|cannot|disagree\w*|forbid\w*|prohibit\w*|void|cancell?ed|lapsed"
    r"|expired|to (?:do|confirm)|to be (?:ask|check|clarif|confirm|determin|don|giv|got|obtain|request|sign"
    r"|sought)\w*"
    r"|needs? (?:consent|approval|confirmation|a signature)|sin|sans|pas|senza)\b"
)
GRANTED = re.compile(
    r"\b(?:grant\w*|given|agree\w*|accept\w*|yes|ok|okay|consented|ja|erteilt|zugestimmt)\b"
)


@dataclass(frozen=True)
class Rules:
    """Which words are a basis of consent, by the region that a call is from."""

    refused: tuple[str, ...] = ()  # more words that are none
    accepted: tuple[str, ...] = ()  # the only ones that are; all that are not refused if empty
    regions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # the same, by region
    region: str = ""  # of calls that name none


NO_RULES = Rules()


def why_refused(consent: str, region: str, rules: Rules) -> str:
    """What keeps a call from being opened, to be said after file and row; empty if nothing does.

    A cell that begins with a word that is no consent is none: `withdrawn on 3 May`; nor is one that
    says anywhere that it was denied, or that only says it was asked for, or says nothing. What is refused
    wrongly is listed and mended with a word; what is accepted wrongly is heard.
    """
    said = _plain(consent)
    refused = {*NO_CONSENT, *map(_plain, rules.refused)}
    first = re.split(r"[\s,;:.(/]", said, maxsplit=1)[0]
    begins = (first in refused and first not in NOT_YET) or _is_phrase_of(said, refused)
    asked = first in NOT_YET and not GRANTED.search(said)
    if said.startswith(OPTED_IN):
        begins = False
    if said in refused or begins or asked or DENIED.search(said) or not re.search(r"\w", said):
        return f"consent is {_shown(consent)}"
    here = region or rules.region
    known = {_plain(name): (name, bases) for name, bases in rules.regions.items()}
    name, bases = known.get(_plain(here), ("", rules.accepted))
    if bases and said not in map(_plain, bases):
        where = f" in {name}" if name else ""
        return f"consent is {_shown(consent)}, which is no basis{where} ({' or '.join(bases)} is)"
    return ""


def without_rules(regions: Iterable[str], rules: Rules) -> str:
    """Which regions of calls no rule names, and what holds there; empty without rules by region.

    `regions` has one for each call, empty where the sheet names none.
    """
    known = {_plain(name) for name in rules.regions}
    others = Counter(one for one in regions if one and known and _plain(one) not in known)
    if not others:
        return ""
    named = ", ".join(
        f"'{name}' ({calls} call{'' if calls == 1 else 's'})" for name, calls in others.items()
    )
    basis = " or ".join(rules.accepted) or "anything that is no refusal"
    return f"no rule under [consent.regions] is for {named}, so {basis} is a basis of consent there"


def _is_phrase_of(said: str, refused: set[str]) -> bool:
    """Whether a cell begins with refused words of the user's own, several of them."""
    return any(said.startswith(f"{phrase} ") for phrase in refused if " " in phrase)


def _plain(text: str) -> str:
    seen = "".join(sign for sign in text if unicodedata.category(sign) != "Cf")
    return " ".join(seen.split()).casefold()


def _shown(consent: str) -> str:
    return f"'{consent}'" if consent else "empty"
