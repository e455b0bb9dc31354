"""Presidio's pattern recognisers and validators, which reach for no network and log nothing."""

from __future__ import annotations

import functools
import logging
import re
from dataclasses import dataclass
from typing import Any

_NAME = r"[\w.!#$%&'*+/=?^`{|}~-]"
# a run of signs is tried from its beginning only, so that a long one costs little
EMAIL = re.compile(rf"(?<!{_NAME}){_NAME}++@[\w-]++(?:\.[\w-]+)*\.[^\W\d_]{{2,}}")


@dataclass(frozen=True)
class Recognisers:
    """What tells a number, an address or a code from anything that only looks so."""

    email: Any
    card: Any
    iban: Any
    social_security: Any
    national_insurance: Any
    fiscal_code: Any
    foreigner: Any
    postcode: Any


@functools.cache
def recognisers() -> Recognisers:
    """Presidio's recognisers, loaded once a process: that takes some seconds."""
    logging.getLogger("presidio-analyzer").disabled = True  # it logs what it cannot validate
    import tldextract
    from presidio_analyzer import predefined_recognizers as presidio

    # the list of domains it comes with: by default it fetches another one
    suffixes = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)

    class Email(presidio.EmailRecognizer):  # type: ignore[misc]
        def validate_result(self, pattern_text: str) -> bool:
            return bool(suffixes(pattern_text).fqdn)

    return Recognisers(
        email=Email(),
        card=presidio.CreditCardRecognizer(),
        iban=presidio.IbanRecognizer(),
        social_security=presidio.UsSsnRecognizer(),
        national_insurance=presidio.UkNinoRecognizer(),
        fiscal_code=presidio.ItFiscalCodeRecognizer(),
        foreigner=presidio.EsNieRecognizer(),
        postcode=presidio.UkPostcodeRecognizer(),
    )


def emails_in(text: str) -> list[tuple[int, int]]:
    """Where e-mail addresses stand, under any domain: a company's own, or one that was misspelt."""
    return [found.span() for found in EMAIL.finditer(text)]


def is_email(text: str) -> bool:
    """Whether the whole text is an e-mail address under a domain that there can be."""
    return (0, len(text)) in _spans(recognisers().email, text)


def is_domain(text: str) -> bool:
    """Whether the whole text is a domain that there can be."""
    return is_email(f"a@{text}")


def has_luhn(digits: str) -> bool:
    """Whether the last digit checks the others, as on payment cards."""
    return bool(recognisers().card.validate_result(digits))


def iban_in(text: str) -> tuple[int, int] | None:
    """Where an IBAN with right check digits stands in capitals and figures without spaces."""
    return next(iter(_spans(recognisers().iban, text)), None)


def is_social_security(digits: str) -> bool:
    """Whether nine digits can be a social security number of the US."""
    return not recognisers().social_security.invalidate_result(digits)


def national_insurance_in(text: str) -> tuple[int, int] | None:
    """Where a British national insurance number stands."""
    return next(iter(_spans(recognisers().national_insurance, text)), None)


def is_fiscal_code(value: str) -> bool:
    """Whether it is an Italian tax code with its right check letter."""
    code = recognisers().fiscal_code
    return (0, len(value)) in _spans(code, value) and bool(code.validate_result(value))


def is_foreigner_of_spain(value: str) -> bool:
    """Whether it is the number of a foreigner in Spain with its right check letter."""
    return (0, len(value)) in _spans(recognisers().foreigner, value)


def is_country(code: str) -> bool:
    """Whether there is a country of two letters."""
    import phonenumbers

    return code in phonenumbers.SUPPORTED_REGIONS


def is_postcode(text: str) -> bool:
    """Whether the whole text is a British postcode."""
    return (0, len(text)) in _spans(recognisers().postcode, text)


def _spans(recogniser: Any, text: str) -> list[tuple[int, int]]:
    found = recogniser.analyze(text, recogniser.supported_entities)
    return [(one.start, one.end) for one in found or () if one.score > 0]
