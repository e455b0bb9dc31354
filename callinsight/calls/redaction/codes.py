"""Codes of letters and figures that people read out: of bank accounts, banks and authorities."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from callinsight.calls.redaction import checks
from callinsight.calls.redaction.contexts import ABROAD, BANK, GOVERNMENT, HARMLESS, LINKS
from callinsight.calls.redaction.numbers import context_of
from callinsight.calls.redaction.spoken import part_of, runs_of
from callinsight.calls.redaction.talk import Found

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from callinsight.calls.redaction.spoken import Run
    from callinsight.calls.redaction.talk import Talk

NATIONAL_ID = re.compile(r"[A-Z]{0,6}\d[A-Z0-9]{3,13}")
BIC = re.compile(r"\b[A-Z]{4}(?P<country>[A-Z]{2})[A-Z0-9]{2}(?:[A-Z0-9]{3})?\b", re.I)
BIC_NAMED = re.compile(
    r"\b(?:bic|swift(?:[ /-]?(?:bic|code|number|address)|(?= is\b|'s|[:?])))(?: (?:code|number))?"
    r"(?P<between>[^.!]{0,60})$"
)
TELLS = re.compile(r"(?:bic|code|number|address)\b.*(?:[:=?]|'s\b|\bis\b)", re.S)  # not `a swift`
COMPANY_OR_PERSON = re.compile(  # of Brazil, whose marks no other number has
    r"(?<![\d.])(?:\d{3}\.\d{3}\.\d{3}|\d\d\.\d{3}\.\d{3}/\d{4})-\d\d(?!\d)"
)


def find_codes(talk: Talk, kinds: Collection[str]) -> Iterator[Found]:
    """Codes of the given kinds, written in one word or in groups, or spelled."""
    for found in (*_written(talk), *(_said(talk, run) for run in runs_of(talk.text, letters=True))):
        if found and found.kind in kinds:
            yield found


def _written(talk: Talk) -> Iterator[Found]:
    """What can be told by its look as it is written."""
    for found in COMPANY_OR_PERSON.finditer(talk.text):
        yield Found(*found.span(), GOVERNMENT, re.sub(r"\D", "", found[0]))
    for found in BIC.finditer(talk.text):
        if _is_bank(talk, found.start(), found[0]):
            yield Found(*found.span(), BANK, found[0].upper())


def _said(talk: Talk, run: Run) -> Found | None:
    value = run.value.upper()
    if BIC.fullmatch(value) and _is_bank(talk, run.start, value):
        return Found(run.start, run.end, BANK, value)
    if not 6 <= len(value) <= 44 or not re.search(r"\d{2}", value):
        return None
    if len(value) >= 15 and (span := _iban(value)):
        return _found(run, span, BANK, value)
    insured = re.search(r"[A-Z]{2}\d{6}[A-D]", value)
    if insured and checks.national_insurance_in(insured[0]):
        return _found(run, insured.span(), GOVERNMENT, value)
    named = NATIONAL_ID.search(value)
    if value.isdigit() or not named:
        return None
    context = context_of(talk, run)
    checked = checks.is_fiscal_code(value) or checks.is_foreigner_of_spain(value)
    if checked and context != HARMLESS:
        return Found(run.start, run.end, GOVERNMENT, value)
    if context in (GOVERNMENT, ABROAD):
        return _found(run, named.span(), GOVERNMENT, value)
    if context == BANK and len(named[0]) >= 8:
        return _found(run, named.span(), BANK, value)
    return None


def _is_bank(talk: Talk, start: int, value: str) -> bool:
    """Whether a word is the BIC of a bank: one of a country there is, and it was called so."""
    found = BIC.fullmatch(value)
    if not found or not checks.is_country(found["country"].upper()):
        return False
    named = BIC_NAMED.search(talk.lead(start))
    if not named or not LINKS.fullmatch(named["between"]):
        return False
    return value.isupper() or bool(TELLS.search(named[0]))


def _iban(value: str) -> tuple[int, int] | None:
    """Where an IBAN starts in letters and figures that were said in one go."""
    for start in re.finditer(r"(?=[A-Z]{2}\d\d)", value):
        if found := checks.iban_in(value[start.start() :]):
            return start.start() + found[0], start.start() + found[1]
    return None


def _found(run: Run, span: tuple[int, int], kind: str, value: str) -> Found:
    return Found(*part_of(run, span), kind, value[slice(*span)])
