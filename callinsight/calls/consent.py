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

NOT_YET = (
    "open",
    "requested",
    "asked",
    "sent",
    "offen",
    "angefragt",
)  # if nothing is granted after
NONE = """
none not without n/a na - ? unknown unclear missing todo tbd tbc pending awaiting expired invalid refused
declined denied rejected objected withdrawn revoked opted null nil void falsch forbidden prohibited
cancelled canceled lapsed nein kein keine nicht ohne ausstehend abgelehnt verweigert widerrufen
zurückgezogen unbekannt
"""
NO_CONSENT = ("", *NO, *NOT_YET, *NONE.split())
DENIED = re.compile(  # wherever it stands, for what was given may be taken back
    r"\b(?:(?:withdr[ae]w|withh[eo]ld|revok|rescind|declin|refus|reject|object|disput|disagree|forbid|prohibit"
    r"|fehl|kein|widerr[ua]f|widerspr|wait(?!ing room))\w*|denied|opt(?:ed)?[ -]?out|never|nope|not|no|non"
    r"|awaiting|in progress|zurückgezogen|abgelehnt|verweigert|nicht|nein|\w+n['’]t|cannot|void|cancell?ed"
    r"|lapsed|expired|unsigned|outstanding|incomplete|to (?:do|confirm)|sin|sans|pas|senza"
    r"|to be (?:ask|check|clarif|confirm|determin|don|giv|got|obtain|request|sign|sought)\w*"
    r"|needs? (?:consent|approval|confirmation|a signature))\b|\?"
)
GRANTED = re.compile(
    r"\b(?:granted|given|agreed|accepted|approved|consented|confirmed|obtained|received|signed|yes|ok|okay"
    r"|ja|erteilt|zugestimmt|unterschrieben)\b"
)
BASIS = re.compile(  # how the bases of law and of practice are written down: by their stems
    r"(?:consent|agree|accept|grant|allow|permi[ts]|approv|authori[sz]|confirm|obtain|collect|inform|notif"
    r"|notice|announc|disclos|disclaim|acknowledg|sign|docusign|writ|verbal|oral|spoken|explicit|implied"
    r"|implicit|express|legitimate|contract|statut|regulat|obligation|terms|policy|waive|releas|checkbox"
    r"|tick|click|letter|portal|banner|prompt|beep|invit|schriftlich|mündlich|muendlich|einwillig|einverst"
    r"|zustimm|zugestimmt|vertrag|berechtigt|hinweis|unterschrieben|accord|écrit|ecrit|escrit|acuerdo|aviso"
    r"|scritt|accett)\w*"
    r"|yes|ok|okay|ja|oui|si|sí|sì|law|art|article|public|vital|gdpr|dsgvo|dpa|msa|nda|t&c|opt-in|e-?mail|tone"
    r"|ivr|given|(?:all|one|two|both)-party|erteilt|ansage|avis|✓|✔|☑"
)
YES = ("1", "true", "v", "y")  # if nothing else is written
BESIDE = """
a an the this that it its they we us he she i and or by at on in of to for from with via per through over as
is are was were be been being has have had see ref under since until before during after when start beginning
opening joining date dated valid expires file crm section clause para lit abs nr call meeting record recorded
recording recordings tape taped audio form page text chat phone zoom teams legal basis interest interests room
own full prior both all each every side sides party parties participant participants attendee attendees
everyone everybody waiting service buyer buyers customer customers client clients prospect prospects guest
guests host rep reps seller received asked requested sent today
january february march april may june july august september october november december
jan feb mar apr jun jul aug sep sept oct nov dec
am im vom von durch mit zu zur zum der die das den dem und beim vor seit bis liegt ist wurde gespräch
aufnahme aufzeichnung kunde kunden alle beide januar februar märz mai juni juli oktober dezember
par avec du le la les con por de del el
"""  # what a basis is told with
KNOWN = frozenset(BESIDE.split())
NAME = r"[^\W\d_a-zß-ÿ][\w.'’-]*"
WHO = re.compile(rf"\b((?i:by|from|of|with|von|durch|par|por)) {NAME}(?:(?: and| und| &)? {NAME})*")
REFERENCE = re.compile(r"\S*[\d@]\S*|(?<![\w-])[a-z](?![\w-])")
MEND = (
    "write it out, such as written, verbal or notice, with its date and by whom, or name it with accepted "
    "under [consent]"
)


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

    A cell has to name a basis, and nothing that the rules do not know: `consent bounced` may be none. What
    says anywhere that it was denied, or only that it was asked for, is none. What is refused wrongly is
    listed and mended with a word; what is accepted wrongly is heard. A region without rules of its own has
    those of `accepted`; without these, where others have rules, none. Of the cell only words that the
    rules know are quoted: the refusal is stored, and what else stands there may be a name.
    """
    said = _plain(consent)
    here = region or rules.region
    known = {_plain(name): (name, bases) for name, bases in rules.regions.items()}
    name, bases = known.get(_plain(here), ("", rules.accepted))
    refused = {*NO_CONSENT, *map(_plain, rules.refused)}
    if said in refused or (_denies(said, refused) and said not in map(_plain, bases)):
        return f"consent is {_shown(consent, refused)}"
    if bases and said not in map(_plain, bases):
        where = f" in {name}" if name else ""
        elsewhere = map(_plain, chain(rules.accepted, *rules.regions.values()))
        told = f"consent is {_shown(consent, {*refused, *elsewhere})}"
        return f"{told}, which is no basis{where} ({' or '.join(bases)} is)"
    if not bases and known:
        told = f"region is '{here}'" if here else "region is empty"
        return f"{told}, for which no rule under [consent.regions] says what is a basis"
    if not bases and not _is_basis(consent):
        return f"consent is {_shown(consent, refused)}, which names no basis that is known ({MEND})"
    return ""


def _denies(said: str, refused: set[str]) -> bool:
    """Whether a cell says anywhere that there is no consent, or at its end not yet."""
    words = _words(said)
    waits = max((n for n, word in enumerate(words) if word in NOT_YET), default=None)
    asked = waits is not None and not GRANTED.search(" ".join(words[waits:]))
    phrase = f" {' '.join(words)} "
    no = any(
        f" {' '.join(_words(one))} " in phrase
        for one in refused.difference(NOT_YET, ("", "-", "?"))
    )
    return asked or no or DENIED.search(said) is not None or not re.search(r"[\w✓✔☑]", said)


def _is_basis(consent: str) -> bool:
    """Whether a cell names a basis, and besides only who, when, and where that is written."""
    words = _words(REFERENCE.sub(" ", _plain(WHO.sub(r"\1", _seen(consent)))))
    bases = [word for word in words if BASIS.fullmatch(word)]
    return _plain(consent) in YES or (bool(bases) and KNOWN.union(bases).issuperset(words))


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


def _words(said: str) -> list[str]:
    """Its words, in the form that the rules have them: `opted in` is one."""
    return re.findall(
        r"[\w&'’-]*\w|[✓✔☑]", re.sub(r"opt(?:ed)?[ -]in\b", "opt-in", said).replace("_", " ")
    )


def _plain(text: str) -> str:
    return _seen(text).casefold()


def _seen(text: str) -> str:
    return " ".join("".join(sign for sign in text if unicodedata.category(sign) != "Cf").split())


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
