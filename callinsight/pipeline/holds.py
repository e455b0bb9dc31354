"""Legal hold: as the last run read it, and as the list of calls has it since."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight.calls.manifest import held_calls
from callinsight.errors import InputError

if TYPE_CHECKING:
    from callinsight.config import Config
    from callinsight.records import Call


@dataclass(frozen=True)
class Holds:
    """Which calls the list of calls holds at this moment."""

    ids: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()
    unread: str = ""  # why the list could not be read

    def cover(self, call: Call) -> bool:
        """Whether a call is under legal hold; one whose hold was lifted is until a run reads that."""
        return call.legal_hold or call.id in self.ids or call.file in self.files


def holds_now(config: Config) -> Holds:
    """A hold that was typed in a minute ago counts, too.

    Without a list that can be read holds are those of the last run: erasing must not depend on a
    file that is long gone.
    """
    try:
        ids, files = held_calls(config.calls.manifest)
    except InputError as error:
        return Holds(unread=f"legal hold is as the last run read it, for {error}")
    return Holds(frozenset(ids), frozenset(files))
