"""Whether what the sheet says of a call's consent is a basis to open it."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from itertools import chain, groupby
from typing import TYPE_CHECKING

from callinsight.sheets import NO

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NOT_YET = ("open", "requested", "asked", "sent", "offen", "angefragt")  # if nothing follows
NONE = """
none not without n/a na - ? unknown unclear missing todo tbd tbc pending awaiting expired invalid refused
declined denied rejected objected withdrawn revoked opted null nil void falsch forbidden prohibited
cancelled canceled lapsed nein kein keine nicht ohne ausstehend abgelehnt verweigert widerrufen
zurückgezogen unbekannt
"""
NO_CONSENT = ("", *NO, *NOT_YET, *NONE.split())
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


BASIS = re.compile(  # how the bases of law and of practice are written down: by their stems
    r"\b(?:y|v|yes|true|1|ok|okay|ja|oui|si|sí|sì"
    r"|(?:consent|agree|accept|grant|allow|permi[ts]|approv|authori[sz]|confirm|obtain|receiv|collect"
    r"|inform|notif|notice|announc|disclos|disclaim|acknowledg|sign|docusign|writ|verbal|oral|spoken"
    r"|record|explicit|implied|implicit|express|legitimate|contract|clause|statut|regulat|legal|law"
    r"|public interest|vital interest|art(?:icle)?\.? ?6|gdpr|dsgvo|dpa\b|msa\b|nda\b|terms|t&c|policy"
    r"|opt(?:ed)?[ -]?in|waive|releas|form\b|checkbox|tick|click|e-?mail|letter|portal|banner|prompt|beep"
    r"|tone\b|ivr|invit|waiting room|given|on file|all[- ]part|one[- ]part|two[- ]part|both[- ]part"
    r"|schriftlich|mündlich|muendlich|einwillig|einverst|zustimm|zugestimmt|erteilt|vertrag|berechtigt"
    r"|hinweis|ansage|unterschrieben|accord|écrit|ecrit|avis|escrit|acuerdo|aviso|scritt|accett)\w*)"
    r"|[✓✔☑]"
)
MEND = "write it out, such as written, verbal or notice, or name it with accepted under [consent]"


@dataclass(frozen=True)
class Rules:
    """Which words are a basis of consent, by the region that a call is from."""

    refused: tuple[str, ...] = ()  # more words that are none
    accepted: tuple[str, ...] = ()  # the only ones that are; those of BASIS if empty
    regions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # the same, by region
    region: str = ""  # of calls that name none


NO_RULES = Rules()


def why_refused(consent: str, region: str, rules: Rules) -> str:
    """What keeps a call from being opened, to be said after file and row; empty if nothing does.

    A cell that begins with a word that is no consent is none: `withdrawn on 3 May`; nor is one that
    says anywhere that it was denied, or that only says it was asked for, or names no basis. What is
    refused wrongly is listed and mended with a word; what is accepted wrongly is heard. A region without
    rules of its own has those of `accepted`; without these, where others have rules, none. Of the cell only
    words that the rules know are quoted: the refusal is stored, and what else stands there may be a name.
    """
    said = _plain(consent)
    refused = {*NO_CONSENT, *map(_plain, rules.refused)}
    first = re.split(r"[\s,;:.(/]", said, maxsplit=1)[0]
    begins = (first in refused and first not in NOT_YET) or _is_phrase_of(said, refused)
    asked = first in NOT_YET and not GRANTED.search(said)
    if said.startswith(OPTED_IN):
        begins = False
    if said in refused or begins or asked or DENIED.search(said) or not re.search(r"[\w✓✔☑]", said):
        return f"consent is {_shown(consent, refused)}"
    here = region or rules.region
    known = {_plain(name): (name, bases) for name, bases in rules.regions.items()}
    name, bases = known.get(_plain(here), ("", rules.accepted))
    if bases and said not in map(_plain, bases):
        where = f" in {name}" if name else ""
        elsewhere = map(_plain, chain(rules.accepted, *rules.regions.values()))
        told = f"consent is {_shown(consent, {*refused, *elsewhere})}"
        return f"{told}, which is no basis{where} ({' or '.join(bases)} is)"
    if not bases and known:
        told = f"region is '{here}'" if here else "region is empty"
        return f"{told}, for which no rule under [consent.regions] says what is a basis"
    if not bases and not BASIS.search(said):
        return f"consent names no basis that is known ({MEND})"
    return ""


def without_rules(regions: Iterable[str], rules: Rules) -> str:
    """Which regions of calls no rule names, though `accepted` lets them in; empty without rules by region.

    `regions` has one for each call, empty where the sheet names none.
    """
    known = {_plain(name) for name in rules.regions}
    others = Counter(one for one in regions if one and known and _plain(one) not in known)
    if not others or not rules.accepted:
        return ""
    named = ", ".join(
        f"'{name}' ({calls} call{'' if calls == 1 else 's'})" for name, calls in others.items()
    )
    basis = " or ".join(rules.accepted)
    return f"no rule under [consent.regions] is for {named}, so {basis} is a basis of consent there"


def _is_phrase_of(said: str, refused: set[str]) -> bool:
    """Whether a cell begins with refused words of the user's own, several of them."""
    return any(said.startswith(f"{phrase} ") for phrase in refused if " " in phrase)


def _plain(text: str) -> str:
    seen = "".join(sign for sign in text if unicodedata.category(sign) != "Cf")
    return " ".join(seen.split()).casefold()


def _shown(consent: str, known: set[str]) -> str:
    """The cell, with an ellipsis for all that is neither a phrase of the rules nor a word of theirs."""
    said = _plain(consent)
    if not consent or said in known:
        return f"'{consent}'" if consent else "empty"
    denying = {word for found in DENIED.finditer(said) for word in found[0].split()}
    words = [word if _is_known(word, known | denying) else "…" for word in consent.split()]
    return f"'{' '.join(word for word, _ in groupby(words))}'"


def _is_known(word: str, known: set[str]) -> bool:
    """Whether a word of a cell says something of consent; with a capital it may be a name, such as Grant."""
    bare = re.sub(r"^\W+|\W+$", "", _plain(word))
    says = BASIS.fullmatch(bare) or GRANTED.fullmatch(bare)
    return not bare or bare in known or (word.islower() and says is not None)
