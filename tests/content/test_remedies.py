"""What answers a gap with the least work, by what keeps the nearest assets from it."""

from __future__ import annotations

import pytest
from asking import gap

from callinsight.content.remedies import remedy_of


def remedy(*obstacles: str, **changes: object) -> tuple[str, str]:
    items = tuple(f"A-{number}" for number in range(1, len(obstacles) + 1))
    return tuple(remedy_of(gap(candidates=items, candidate_obstacles=obstacles, **changes)))


@pytest.mark.parametrize(
    ("obstacles", "expected"),
    [
        ((), ("write", "")),
        (("stale",), ("refresh", "A-1")),
        (("expired",), ("refresh", "A-1")),
        (("draft",), ("finish", "A-1")),
        (("not yet published",), ("finish", "A-1")),
        (("unfindable",), ("place", "A-1")),
        (("stale, unfindable",), ("refresh", "A-1")),
        (("for end_user",), ("widen", "A-1")),
        (("for end_user, for awareness",), ("widen", "A-1")),
        (("archived",), ("write", "")),
        (("stale, judged not to answer",), ("write", "")),
        (("stale, for end_user",), ("write", "")),
        (("archived", "for end_user", "stale"), ("refresh", "A-3")),
        (("archived", "for end_user"), ("widen", "A-2")),
    ],
)
def test_what_needs_least_work_comes_first(
    obstacles: tuple[str, ...], expected: tuple[str, str]
) -> None:
    assert remedy(*obstacles) == expected


def test_what_fits_is_looked_at_where_nobody_vouches_for_it_and_joined_where_it_is_too_few() -> (
    None
):
    doubtful = remedy("fits, but without a date", "stale", verdict="weak", supply=1, unvouched=1)

    assert doubtful == ("vouch", "A-1")
    assert remedy("fits", "stale", verdict="weak", supply=1) == ("add", "A-1")
