"""Streets as they are written elsewhere: `Hauptstraße 12`, `12 rue de Rivoli`, `Calle Mayor 5`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from callinsight.calls.redaction.contexts import UNIT

if TYPE_CHECKING:
    from collections.abc import Iterator

CAPITAL = r"(?-i:[A-ZÀ-ÖØ-Þ])(?:\w?\.(?= )|[\w'’-]+)"
OF = r"(?:de|del|della|delle|dei|du|des|da|do|dos|das|la|le|les|los|las|el)\b|[dl]['’](?=\w)"
NAME = (  # a word of a street's name: none that a sentence is held together by
    r"(?!(?:of|the|on|in|at|to|and|or|for|from|an?|is|are|was|has|have|with|by|our|we|you|i|it|they)\b)"
    r"[^\W\d_](?:\w?\.|[\w'’-]*)"
)
NUMBER = (
    r"(?:n[ºo°.]\.? ?|n[úu]mero |nr\.? )?\d{1,4}(?: ?[-–/] ?\d{1,4})?"
    r"(?:[a-h]\b| (?:bis|ter)\b| [a-h](?=[,.]|$))?(?![.,]?\d)"
)
BEFORE_NAME = r"(?<![\d.,$£€])\d{1,4}(?: ?(?:bis|ter|[a-d])\b)?,? "
FRENCH_NAME = rf"(?:(?:{OF}) ?){{0,3}}[^\W\d_][\w'’-]*(?: {CAPITAL}){{0,3}}"
TOWN = rf"{CAPITAL}(?: {CAPITAL})?"
CODE = (
    rf"(?:(?:[A-Z]{{1,2}}-)?(?:\d{{5}}(?:-\d{{3}})?|\d{{4}} ?(?-i:[A-Z]{{2}})\b|\d{{3}} \d\d|\d\d-\d{{3}}"
    rf"|\d{{4}}-\d{{3}}|\d{{4}}(?= {CAPITAL}))(?![\d.,]*\d))"
)
ENDINGS = (  # of a name that says itself that it is a street's
    r"stra(?:ß|ss)e|str\.?|straat|gracht|gatan|vägen|gasse|weg|platz|allee|plein|laan|damm|ufer|chaussee"
)
SURE = r"(?:calle|avenida|avda\.?|carrer|viale|ulica|ul\.)"
FLAT = r"(?:flat|house|plot|door|shop)(?: no\.?| number)?"
ARTICLES = r"D(?:ie|er|as|en|em)\b"
YEAR = r"(?:19|20)\d\d\b"
UNSURE = (  # also names of people, or words of English
    r"(?:rue|rua|paseo|piazza|piazzale|vicolo|corso|largo|travessa|pra[çc]a|(?:plaza|strada)(?= d))"
)
ITALIAN = rf"(?-i:Via) (?:(?:{OF}) )?{CAPITAL}(?: {CAPITAL}){{0,3}}"
BEHIND = rf"(?=,? (?:[A-Z]-)?\d{{5}} {CAPITAL})"  # a postcode and a town
_STREETS = (
    rf"(?<![\w-])[\w-]*[^\W\d_]{{2}}(?:{ENDINGS}) (?!{YEAR}){NUMBER}",
    rf"(?<![\w-])(?!{ARTICLES})(?:{CAPITAL} ){{1,3}}(?:stra(?:ß|ss)e|str\.|platz|allee) (?!{YEAR}){NUMBER}",
    rf"\b{SURE} (?:{NAME} ){{0,4}}{NAME},? {NUMBER}",
    rf"\b{UNSURE} (?=(?:{OF})|{CAPITAL})(?:(?:{OF})? ?{NAME} ){{0,3}}(?:{OF})? ?{NAME},? {NUMBER}",
    rf"\b{ITALIAN},? {NUMBER}",
    rf"{BEFORE_NAME}(?:rue|chemin|quai|impasse|all[ée]e|cours) (?=(?:{OF})|{CAPITAL}){FRENCH_NAME}",
    rf"{BEFORE_NAME}(?:avenue|av\.|boulevard|bd\.?|place|route|square) (?=(?:{OF})){FRENCH_NAME}",
    rf"{BEFORE_NAME}(?:avenue|av\.|boulevard|bd\.?|place) {FRENCH_NAME}{BEHIND}",
    rf"(?<![\w.'’-])(?:{CAPITAL} )(?:(?:{CAPITAL}|de[nrm]?) ){{0,3}}{NUMBER}{BEHIND}",
    rf"\b{FLAT} \d{{1,4}}[a-z]?,? (?:{NAME},? ){{3,9}}[1-9]\d\d ?\d{{3}}(?!\d)",
)
STREETS = tuple(re.compile(pattern, re.I) for pattern in _STREETS)
FLOOR = r"(?:primero|segundo|tercero|cuarto|quinto|sexto|bajo|[áa]tico|\d\. (?:stock|og|etage))"
REST = re.compile(  # the floor, the postcode and the town in either order
    rf"(?:,? (?:\d{{1,2}}[ºª°] ?\w{{0,3}}|{FLOOR}(?: [a-z])?)\b)?"
    rf"(?:(?:,|,? (?:in|à|a|en))? {CODE}(?: {TOWN})?"
    rf"|,? {TOWN}(?:, {TOWN})?,? {CODE}|, {TOWN})?",
    re.I,
)
NO_KIND = re.compile(rf"(?:via|{UNSURE}) (?!{OF})", re.I)
GOES_ON = re.compile(r"(?: |,)+\w")


def streets_in(text: str) -> Iterator[tuple[int, int, bool]]:
    """Where streets stand with their number, and whether they need more to be sure of.

    The postcode and the town behind belong to them.
    """
    for pattern in STREETS:
        for found in pattern.finditer(text):
            if UNIT.match(text, found.end()):
                continue
            rest = REST.match(text, found.end())
            end = rest.end() if rest else found.end()
            alone = end == found.end() and GOES_ON.match(text, end)
            yield found.start(), end, bool(alone and NO_KIND.match(found[0]))
