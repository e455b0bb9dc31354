"""Numbers that people read out: of phones, cards, bank accounts, authorities and PINs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from callinsight.calls.redaction import checks
from callinsight.calls.redaction.contexts import (
    ABROAD,
    ANY_NUMBER,
    BANK,
    CARD,
    CORRECTED,
    CVV,
    GOVERNMENT,
    HARMLESS,
    LEADS,
    LINK,
    LINKS,
    MEETING,
    NEAR_WORDS,
    PASSWORD,
    PHONE,
    TRAILING,
    UNIT,
)
from callinsight.calls.redaction.spoken import Run, is_said_between, runs_of
from callinsight.calls.redaction.talk import Found

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from callinsight.calls.redaction.spoken import Atom
    from callinsight.calls.redaction.talk import Talk

FORMATTED = re.compile(
    r"(?<![\d.,/-])(?:\(\d{3}\) ?\d{3}[-. ]\d{4}|\d{3}([-. ])\d{3}\1\d{4}|1[-. ]\d{3}[-. ]\d{3}[-. ]\d{4}"
    r"|0\d{2,4}[ -]\d{3,4}[ -]?\d{3,4}|\(0\d{2,4}\) ?\d{3,4}[ -]?\d{3,4}"
    r"|07\d{9}|0\d{4} ?\d{6})(?![\d,/]|-\d|\.\d)"
)
SOCIAL_SECURITY = re.compile(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])")
MOST_DIGITS, MOST_CORRECTED = (
    18,
    26,
)  # of a phone number, and of one that is dictated with corrections
MOSTLY = 0.5  # so much of a number is said digit by digit by somebody who reads it out
CARD_STARTS = "23456"
LONGEST_READ_OUT = (
    14  # digits; whoever says more, one by one, reads from a card, also with mistakes
)
ENDING = re.compile(r"\b(?:ending|ends|finishing|finishes)(?: in| with)?\W*$")
ACCOUNT = re.compile(r"\baccount\W*(?:that's |is )?(?:\w+\W*)?$|\bbank\b")
PAID = re.compile(
    r"\bcards?\b|\bvisa\b|master ?card|\bamex\b|\bcharge|\bpay(?:ment)?\b|\bbill(?:ing|ed)? (?:it|to)\b"
)
PART_OF_PHONE = re.compile(  # before three or four digits that belong to a phone number
    r"\b(?:area code|extension|ext\.?)(?: there| number)?(?: is|'s)?\W*$"
)
AT_THE_END = re.compile(r"\W*(?:at|on|for) the end\b")
OF_PHONE = re.compile(r"\[phone \d+\]|\b(?:phone|mobile|cell)\b")
SORT_CODE = re.compile(r"\d\d([- ])\d\d\1\d\d(?!\d)")
ACCOUNT_BEHIND = re.compile(r"\W{0,3}(?:and |account |account number )?(?:is )?\d{4} ?\d{4}(?!\d)")
PAYMENT = re.compile(  # where an account may be read out that nobody names
    r"\b(?:refund|direct debit|standing order|wire|bank|pay (?:it|me|us|you|into|by)|payout|reimburse)"
)


def find_numbers(talk: Talk, kinds: Collection[str]) -> Iterator[Found]:
    """Numbers of the given kinds; a number counts as one kind only."""
    for run in runs_of(talk.text):
        for found in _numbers(talk, run):
            if found.kind in kinds:
                yield found


def _numbers(talk: Talk, run: Run) -> list[Found]:
    """What a run is; where it is nothing as a whole, what each turn of it is.

    Somebody who was asked for a code and then for a phone number goes on with the one as it seems.
    """
    if whole := _number(talk, run):
        return [whole]
    turns = by_turn(talk.text, run)
    if len(turns) == 1:
        return []
    for place in range(1, len(turns)):
        halves = [_number(talk, _joined(half)) for half in (turns[:place], turns[place:])]
        if all(halves):
            return [found for found in halves if found]
    return [found for turn in turns if (found := _number(talk, turn))]


def _joined(runs: Sequence[Run]) -> Run:
    return Run(tuple(atom for run in runs for atom in run.atoms), runs[0].plus, runs[0].large)


def by_turn(text: str, run: Run) -> list[Run]:
    """The digits of each turn."""
    turns: list[list[Atom]] = [[]]
    for before, atom in zip((None, *run.atoms), run.atoms, strict=False):
        if before and "\n" in text[before.end : atom.start]:
            turns.append([])
        turns[-1].append(atom)
    return [Run(tuple(t), run.plus and not n, run.large) for n, t in enumerate(turns)]


def _number(talk: Talk, run: Run) -> Found | None:
    digits = run.value
    if len(digits) < 3:
        return None
    kind = _kind(talk, run)
    if kind is None:
        return None
    start = run.start
    if talk.text[start - 1 : start] in ("(", "+"):
        start -= 1
    value = phone_value(digits, plus=run.plus) if kind == PHONE else digits
    return Found(start, run.end, kind, value)


def _kind(talk: Talk, run: Run) -> str | None:
    """What a run of digits is, if it is personal."""
    digits, length = run.value, len(run.value)
    context = context_of(talk, run)
    if _is_card(digits, context, run):
        return CARD
    amount = run.large or is_amount(talk.text, run)
    if not amount and _is_end_of_account(talk, run):
        return BANK
    if not run.large and MEETING.search(talk.lead(run.start)) and talk.tells_secret_at(run.start):
        return LINK if 6 <= length <= 12 else None
    if amount or context == HARMLESS:
        return PHONE if run.plus and not run.large and _is_phone(digits, plus=True) else None
    if context == CVV and 5 <= length <= 8:
        return PASSWORD
    if (context == CVV and length in (3, 4)) or _is_end_of_card(talk, run):
        return CARD
    if _is_part_of_phone(talk, run):
        return PHONE
    shortest = {GOVERNMENT: 4, ABROAD: 8}.get(context)
    if shortest and shortest <= length <= 15:
        return GOVERNMENT
    if context == BANK and 5 <= length <= 18:
        return BANK
    if context == PASSWORD and 3 <= length <= 12:
        return PASSWORD
    if SOCIAL_SECURITY.fullmatch(talk.text[run.start : run.end]):
        return GOVERNMENT if checks.is_social_security(digits) else None
    if _is_account_alone(talk, run):
        return BANK
    longest = MOST_CORRECTED if run.digitwise >= 0.7 else MOST_DIGITS
    if context == PHONE and 7 <= length <= longest and not _looks_like_years(run):
        return PHONE
    return PHONE if context != PASSWORD and _is_phone_alone(talk, run) else None


def context_of(talk: Talk, run: Run) -> str:
    """What the words around a number say it is: those nearest before it, else those behind.

    Of two that end together the longer one counts: an identity card is no card.
    """
    lead = talk.lead(run.start)
    nearest = {}
    for name, pattern in LEADS.items():
        last = next(reversed([*pattern.finditer(lead)]), None)
        if last and _reaches(name, lead[last.end() :]):
            nearest[name] = last.end(), -last.start()
    if CORRECTED.search(lead):
        return PASSWORD
    if not nearest and ANY_NUMBER.search(lead[-70:]):
        nearest[PHONE] = 0, 0
    behind = next((n for n, p in TRAILING.items() if p.match(talk.trail(run.end))), "")
    named = behind or max(nearest, key=lambda name: nearest[name], default="")
    said_before = named == HARMLESS and not LEADS[HARMLESS].search(talk.own(run.start).casefold())
    if (not named or said_before) and _answers(talk, run):
        return talk.asked_at(run.start) or named
    return named


def _answers(talk: Talk, run: Run) -> bool:
    """Whether a number is read out as what somebody was asked for."""
    sentence = re.split(r"[.?!]\s", talk.own(run.start))[-1]
    return run.digitwise >= MOSTLY or is_said_between(sentence)


def _reaches(name: str, between: str) -> bool:
    """Whether a word that names a number speaks of the one that follows so far behind it."""
    if name == PASSWORD and not LINKS.fullmatch(re.sub(r"\[[a-z]+ \d+\]", "", between)):
        return False
    words = re.findall(r"\w+", between)
    return len(words) <= NEAR_WORDS[name]


def _is_card(digits: str, context: str, run: Run) -> bool:
    length = len(digits)
    if context in (CARD, CVV) and 12 <= length <= 26 and not run.plus:
        return True
    if context == CARD and length >= 8 and (run.digitwise > 0.7 or _is_in_fours(run)):
        return True
    if length >= LONGEST_READ_OUT and run.digitwise >= 0.7 and context in ("", CARD):
        return True
    if length < (15 if context == PHONE else 13) or run.plus or digits[0] not in CARD_STARTS:
        return False
    firsts = {digits} if length <= 19 else set()
    firsts |= {digits[:size] for size in (15, 16) if length > size}
    return any(checks.has_luhn(first) for first in firsts)


def _is_in_fours(run: Run) -> bool:
    """Whether figures are written as on a card: `5212 3400`, but no years."""
    return all(len(atom.value) == 4 for atom in run.atoms) and not _looks_like_years(run)


def is_amount(text: str, run: Run) -> bool:
    """Whether it is so many of something."""
    before = text[max(0, run.start - 1) : run.start]
    return bool(UNIT.match(text, run.end)) or (before != "" and before in "$£€#")


def _is_account_alone(talk: Talk, run: Run) -> bool:
    """Whether it is a sort code with its account, or an account where payment was spoken of."""
    code = SORT_CODE.match(talk.text, run.start)
    if code and ACCOUNT_BEHIND.match(talk.text, code.end()):
        return True
    if not PAYMENT.search(talk.lead(run.start)):
        return False
    pairs = len(run.value) == 6 and run.digitwise >= 0.3
    one = len(run.value) == 8 and len(run.atoms) == 1
    return pairs or one or (8 <= len(run.value) <= 26 and run.digitwise >= 0.5)


def _is_end_of_card(talk: Talk, run: Run) -> bool:
    """Whether they are the last four of a card that somebody pays with."""
    lead = talk.lead(run.start)
    return len(run.value) == 4 and bool(ENDING.search(lead)) and bool(PAID.search(lead))


def _is_end_of_account(talk: Talk, run: Run) -> bool:
    """Whether they are the last figures of an account, or the first that somebody reads out of one."""
    lead = talk.lead(run.start)
    account = talk.asked_at(run.start) == BANK
    ends = len(run.value) in (3, 4) and bool(ENDING.search(lead))
    ends = ends and (account or bool(ACCOUNT.search(lead)))
    asked = account and run.digitwise == 1.0
    return ends or (asked and len(run.value) == 4 and context_of(talk, run) in ("", BANK))


def _is_part_of_phone(talk: Talk, run: Run) -> bool:
    """Whether they are an area code, an extension or the end of a number that is spoken of."""
    lead = talk.lead(run.start)
    named = PART_OF_PHONE.search(lead) or AT_THE_END.match(talk.trail(run.end))
    return len(run.value) in (3, 4, 5) and bool(named) and bool(OF_PHONE.search(lead))


def _looks_like_years(run: Run) -> bool:
    return all(re.fullmatch("(?:19|20)\\d\\d", atom.value) for atom in run.atoms)


def _is_phone_alone(talk: Talk, run: Run) -> bool:
    """Whether a number is a phone's though nothing around it says so."""
    digits = run.value
    if run.plus:
        return _is_phone(digits, plus=True)
    if 10 <= len(digits) <= 13 and run.digitwise >= 0.7:
        return True
    start = run.start - (talk.text[run.start - 1 : run.start] == "(")
    if FORMATTED.fullmatch(talk.text[start : run.end]):
        return _is_phone(digits)
    return False


def _is_phone(digits: str, *, plus: bool = False) -> bool:
    import phonenumbers

    regions = (None,) if plus else ("US", "GB", "DE")
    for region in regions:
        try:
            number = phonenumbers.parse(f"+{digits}" if plus else digits, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(number) and len(digits) >= 8:
            return True
    return False


def phone_value(digits: str, *, plus: bool) -> str:
    """A phone number in one form, with or without its country's code."""
    import phonenumbers

    for code in ("00", "011"):
        if not plus and digits.startswith(code):
            plus, digits = True, digits.removeprefix(code)
    if len(digits) < 10:
        return digits
    region = None if plus else "GB" if digits.startswith("0") else "US"
    try:
        number = phonenumbers.parse(f"+{digits}" if plus else digits, region)
    except phonenumbers.NumberParseException:
        return digits
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
