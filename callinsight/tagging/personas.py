"""Job title to persona; what people say never decides it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callinsight.records import UNKNOWN
from callinsight.taxonomy import ANY, OTHER

if TYPE_CHECKING:
    from callinsight.taxonomy import Taxonomy, TitleRule


def persona_of_title(title: str, taxonomy: Taxonomy) -> str:
    """The persona by what somebody looks after and how high, else `unknown`.

    What the table says of any function goes first, then the function's own row.
    """
    if not title.strip():
        return UNKNOWN
    titles = taxonomy.titles
    seniority = _first(titles.seniority, title)
    for function in (ANY, _first(titles.functions, title)):
        row = titles.personas.get(function, {})
        if persona := row.get(seniority) or row.get(ANY):
            return persona
    return UNKNOWN


def _first(rules: dict[str, TitleRule], title: str) -> str:
    return next((rule.id for rule in rules.values() if rule.fits(title)), OTHER)
