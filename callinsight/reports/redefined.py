"""What became of the shared definitions and thresholds since another month was reported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight.reports.definitions import changes_between
from callinsight.reports.revision import RULES
from callinsight.reports.wording import readable, sentence_case

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class Redefined:
    """What the words and thresholds of a report mean that they did not mean then."""

    since: str  # from when on, in words
    sentence: str
    changes: tuple[str, ...]  # a sentence each; empty where none changed


def redefined_since(
    since: str,
    before: str,
    after: str,
    *,
    rules_before: Mapping[str, float],
    rules_now: Mapping[str, float],
) -> Redefined:
    """What differs between two contents of definitions, as JSON, and between two sets of thresholds.

    `since` says from when the former are, in words. Thresholds are compared where both are known.
    """
    known = sorted(rules_before.keys() & rules_now.keys())
    rules = [
        f"{sentence_case(RULES.get(name, readable(name)))}: "
        f"{_said(rules_before[name])} before, {_said(rules_now[name])} now."
        for name in known
        if rules_before[name] != rules_now[name]
    ]
    changes = (*changes_between(before, after), *rules)
    what = "definition or threshold" if known else "definition"
    if not changes:
        return Redefined(since=since, sentence=f"No {what} changed since {since}.", changes=())
    return Redefined(
        since=since,
        sentence=f"Changed since {since}. A number before and after may mean different things.",
        changes=changes,
    )


def _said(value: float | str) -> str:
    """A setting in words: a number, a word, or yes or no."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else f"{value:g}"
