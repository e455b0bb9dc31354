"""Job title to persona; what people say never decides it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callinsight.records import UNKNOWN

if TYPE_CHECKING:
    from callinsight.taxonomy import Taxonomy


def persona_of_title(title: str, taxonomy: Taxonomy) -> str:
    """The persona of the first rule that fits the title, else `unknown`."""
    return next((rule.persona for rule in taxonomy.titles if rule.fits(title)), UNKNOWN)
