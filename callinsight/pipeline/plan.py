"""What is to be erased: calls, and a person as calls know them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from callinsight.records import Call


@dataclass(frozen=True, kw_only=True)
class Person:
    """A buyer as calls know them."""

    names: tuple[str, ...]  # wherever they stand
    turns: Mapping[str, tuple[str, ...]]  # their own, by call; those that may be with them
    doubtful: int = 0  # how many of these may be somebody else's
    placeholders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # for names, by call

    def names_in(self, call: str) -> tuple[str, ...]:
        """What they are called in a call."""
        return (*self.names, *self.placeholders.get(call, ()))


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to go, and what stays all the same."""

    what: str  # see Receipt
    calls: tuple[Call, ...] = ()  # go whole
    person: Person | None = None  # goes out of these calls and all words that name them
    account: str = ""  # whose name goes out of requests
    held: tuple[str, ...] = ()  # calls that stay, with the reason
    touched: tuple[Call, ...] = field(default=())  # stay without the person
    doubt: str = ""  # why more calls may be under legal hold than are known to be
