"""Counts in memory are those that one would count by hand."""

import random
from collections import Counter

import numpy as np
import pytest

from callinsight.web.facets import (
    FACETS,
    MANY,
    NEWEST,
    SUREST,
    Said,
    Shelf,
    count,
    empty_shelf,
    ordered,
    restocked,
)

VALUES = {
    "concern": ["price", "trust", "effort"],
    "ask": ["pricing", "case"],
    "topic": ["1", "2"],
    "competitor": ["Invoq"],
    "rep": ["Dana", "Priya"],
}


def said(number: int, rng: random.Random, call: str = "") -> Said:
    return Said(
        row=number,
        call=call or f"c{number % 7}",
        position=number,
        moment=rng.randrange(1000),
        score=rng.random(),
        facts={
            "stance": rng.choice(["objection", "question"]),
            "persona": rng.choice(["champion", "end_user"]),
            "stage": rng.choice(["decision", "awareness"]),
            "month": rng.choice(["2026-09", "2026-10"]),
            "account": rng.choice(["A", "B", "C"]),
            "outcome": "open",
            "confidence": rng.choice(["high", "low"]),
            "sound": rng.choice(["recording", "words"]),
        },
        lists={f: rng.sample(v, rng.randint(0, len(v))) for f, v in VALUES.items()},
    )


def fits(one: Said, choice: dict[str, tuple[str, ...]], *, but: str = "") -> bool:
    for facet, names in choice.items():
        own = one.lists[facet] if facet in MANY else [one.facts[facet]]
        if facet != but and not set(names) & set(own):
            return False
    return True


@pytest.fixture
def excerpts() -> list[Said]:
    rng = random.Random(1)
    return [said(number, rng) for number in range(200)]


@pytest.fixture
def shelf(excerpts: list[Said]) -> Shelf:
    return restocked(empty_shelf(), excerpts, [])


@pytest.mark.parametrize(
    "choice",
    [
        {},
        {"concern": ("price",)},
        {"concern": ("price", "trust"), "stance": ("objection",)},
        {"rep": ("Dana",), "account": ("A", "B"), "sound": ("recording",), "ask": ("case",)},
        {"concern": ("nobody raises this",)},
    ],
)
def test_every_facet_counts_what_the_others_leave(
    shelf: Shelf, excerpts: list[Said], choice: dict[str, tuple[str, ...]]
) -> None:
    counted = count(shelf, choice)

    assert counted.total == sum(fits(one, choice) for one in excerpts)
    assert counted.calls == len({one.call for one in excerpts if fits(one, choice)})
    for facet in FACETS:
        expected: Counter[str] = Counter()
        for one in excerpts:
            if fits(one, choice, but=facet):
                expected.update(one.lists[facet] if facet in MANY else [one.facts[facet]])
        assert {name: n for name, n in counted.facets[facet] if n} == dict(expected)


def test_what_is_chosen_is_listed_even_if_nothing_has_it(shelf: Shelf) -> None:
    counted = count(shelf, {"account": ("Z",)})

    assert ("Z", 0) in counted.facets["account"]


def test_a_search_narrows_all_counts(shelf: Shelf, excerpts: list[Said]) -> None:
    found = np.isin(shelf.row, np.arange(50))

    counted = count(shelf, {"stance": ("objection",)}, found)

    assert counted.total == sum(one.facts["stance"] == "objection" for one in excerpts[:50])


def test_orders(shelf: Shelf, excerpts: list[Said]) -> None:
    every = np.ones(len(shelf), np.bool_)
    by_row = {one.row: one for one in excerpts}

    def rows(order: str) -> list[Said]:
        return [by_row[int(shelf.row[row])] for row in ordered(shelf, every, order)]

    first = [(one.facts["sound"] != "recording", -one.moment) for one in rows("recordings")]
    assert first == sorted(first)
    newest = [one.moment for one in rows(NEWEST)]
    assert newest == sorted(newest, reverse=True)
    surest = [np.float32(one.score) for one in rows(SUREST)]
    assert surest == sorted(surest, reverse=True)


def test_a_call_that_changed_is_put_in_place_of_itself(shelf: Shelf, excerpts: list[Said]) -> None:
    rng = random.Random(2)
    changed = [said(number, rng, call="c3") for number in range(500, 510)]
    now = [one for one in excerpts if one.call not in ("c3", "c4")] + changed

    anew = restocked(shelf, changed, ["c3", "c4"])

    assert sorted(anew.row.tolist()) == sorted(one.row for one in now)
    assert count(anew, {"concern": ("price",)}).total == sum(
        fits(one, {"concern": ("price",)}) for one in now
    )
    assert anew.find("c3", 505) is not None
    assert anew.find("c4", 4) is None
