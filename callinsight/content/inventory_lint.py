"""What is wrong with an inventory, or could be better, each with its place."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from callinsight.content.exports import plain
from callinsight.content.matching import is_expired, is_stale

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from callinsight.records import ContentItem, Problem
    from callinsight.taxonomy import Taxonomy

ERROR, ADVICE = "error", "advice"
TRACKING = re.compile(  # parameters that tell a visitor's way and change no page
    r"(?:utm_\w+|gclid|gbraid|wbraid|fbclid|msclkid|li_fat_id|mc_[ce]id|mkt_tok|igshid|_hs\w+|hsa_\w+"
    r"|__hs\w+|_ga|_gl)=",
    re.IGNORECASE,
)
MANY = 3  # pieces of advice of a kind; more are told together
RULES = (  # in the order of a list
    *(
        "unusable row",
        "same id twice",
        "unknown word",
        "same url",
        "same title",
        "mapped to everything",
    ),
    *("expired", "review overdue", "no date", "no owner", "no concern", "no summary"),
    *("tagged in bulk", "no word on product"),
)


class Finding(NamedTuple):
    """One thing to mend (error) or to think about (advice)."""

    level: str
    rule: str  # one of RULES
    where: str  # file and row; of an import before rows were kept, its name and the id
    asset: str
    problem: str
    advice: str


def lint(
    items: Iterable[ContentItem],
    problems: Iterable[Problem],
    places: Mapping[str, Sequence[str]],
    taxonomy: Taxonomy,
    *,
    bulk: Mapping[str, Collection[str]],
    as_of: date,
) -> list[Finding]:
    """All findings, errors first, then by rule and place.

    `problems` are rows that could not be used, `places` the rows in which sheets list each id,
    `bulk` by asset the concerns that were accepted among many.
    """
    items = sorted(items, key=lambda item: item.id)
    found = [
        Finding(ERROR, "unusable row", one.subject, "", *_parted(one.error, one.subject))
        for one in problems
    ]
    found += _twice(places)
    found += _same(items, places)
    for item in items:
        where = _where(item, places)
        found += [
            Finding(level, rule, where, item.id, problem, advice)
            for level, rule, problem, advice in (
                *_wrong(item, taxonomy),
                *_better(item, taxonomy, as_of),
                *_unlooked(item, bulk.get(item.id, ())),
            )
        ]
    return sorted(found, key=lambda f: (f.level != ERROR, RULES.index(f.rule), _by_row(f.where)))


def lint_lines(findings: Iterable[Finding], *, every: bool = False) -> Iterator[str]:
    """Findings as text: each error, and of advice that many assets get one line with their rows.

    With `every` each finding has its own line.
    """
    findings = list(findings)
    for title, level in (("Errors", ERROR), ("Advice", ADVICE)):
        some = [finding for finding in findings if finding.level == level]
        if some:
            yield f"{title}:"
        for rule in dict.fromkeys(finding.rule for finding in some):
            alike = [finding for finding in some if finding.rule == rule]
            if every or level == ERROR or len(alike) <= MANY:
                yield from map(_line, alike)
            else:
                yield from _together(alike)


def _line(finding: Finding) -> str:
    asset = "" if finding.asset in ("", finding.where) else f"{finding.asset}: "
    asset = "" if finding.where.endswith(f": {finding.asset}") else asset
    advice = f"; {finding.advice}" if finding.advice else ""
    return f"{finding.where}: {asset}{finding.problem}{advice}"


def _together(alike: Sequence[Finding]) -> Iterator[str]:
    """What many assets get, then where they stand, a line a file."""
    problems = {finding.problem for finding in alike}
    told = f": {problems.pop()}" if len(problems) == 1 else ""
    yield f"{alike[0].rule}, {len({f.asset for f in alike}):,} assets{told}; {alike[0].advice}"
    places: dict[str, list[str]] = defaultdict(list)
    for finding in alike:
        file, mark, row = finding.where.rpartition(":")
        places[file if mark else ""].append(row.strip())
    for file, rows in places.items():
        head = f"{file}: " if file else ""
        yield f"  {head}{_ranges(rows) if all(map(str.isdecimal, rows)) else ', '.join(rows)}"


def _ranges(rows: Iterable[str]) -> str:
    """Rows in their order, such as `2, 4 to 9`."""
    runs: list[list[int]] = []
    for row in sorted(set(map(int, rows))):
        if runs and row == runs[-1][1] + 1:
            runs[-1][1] = row
        else:
            runs.append([row, row])
    return ", ".join(f"{a}" if a == b else f"{a} to {b}" for a, b in runs)


def _wrong(item: ContentItem, taxonomy: Taxonomy) -> Iterable[tuple[str, str, str, str]]:
    """Words that nobody has agreed on: they make the asset serve nobody."""
    known = {
        "content_type": list(taxonomy.content_types),
        "concerns": list(taxonomy.concerns),
        "personas": list(taxonomy.personas),
        "stages": list(taxonomy.stages),
    }
    for name, words in known.items():
        value = getattr(item, name)
        for word in (value,) if isinstance(value, str) else value:
            if word not in words:
                yield (
                    *(
                        ERROR,
                        "unknown word",
                        f"{name} has '{word}', which the definitions do not know",
                    ),
                    f"write one of {', '.join(words)}",
                )


def _better(
    item: ContentItem, taxonomy: Taxonomy, as_of: date
) -> Iterable[tuple[str, str, str, str]]:
    """What keeps a live asset from being found, trusted or counted."""
    if item.status != "live":
        return
    if is_expired(item, as_of):
        yield (
            *(ADVICE, "expired", f"it expired on {item.expires_on}"),
            "refresh it and move expires_on, or set its status to archived",
        )
    elif is_stale(item, as_of):
        last = item.updated_on or item.published_on
        yield (
            *(
                ADVICE,
                "review overdue",
                f"last checked on {last}, due every {item.review_period_days} days",
            ),
            "check it and set updated_on",
        )
    if not (item.updated_on or item.published_on):
        yield (
            *(ADVICE, "no date", "nothing says when it was published or checked"),
            "fill in published_on or updated_on; without them nobody knows whether it is fresh",
        )
    if not item.owner:
        yield ADVICE, "no owner", "it has no owner", "name who keeps it true"
    if not item.summary:
        yield ADVICE, "no summary", "it has no summary", "say in a sentence what is in it"
    if not item.concerns:
        yield (
            *(ADVICE, "no concern", "it names no concern, so it answers nothing"),
            "name the concerns it answers, or see 'callinsight inventory suggest'",
        )
    if item.product_specific is None:
        yield (
            *(ADVICE, "no word on product", "nothing says whether it is about the product"),
            "write yes or no in product_specific; the report shows the share that is",
        )
    yield from _everything(item, taxonomy)


def _unlooked(item: ContentItem, concerns: Collection[str]) -> Iterable[tuple[str, str, str, str]]:
    if item.status == "live" and concerns:
        told = " and ".join(sorted(concerns))
        yield (
            *(ADVICE, "tagged in bulk", f"{told} was accepted with --all"),
            "look at it, then 'callinsight inventory accept ID', or 'reject ID FIELD=VALUE'",
        )


def _everything(item: ContentItem, taxonomy: Taxonomy) -> Iterable[tuple[str, str, str, str]]:
    half = len(taxonomy.concerns) / 2
    if len(set(item.concerns)) >= max(3, half):
        yield (
            *(ADVICE, "mapped to everything"),
            f"it is mapped to {len(set(item.concerns))} of {len(taxonomy.concerns)} concerns",
            "keep those that a buyer would send it round for",
        )
    if len(taxonomy.personas) > 1 and set(taxonomy.personas) <= set(item.personas):
        yield (
            *(ADVICE, "mapped to everything", "it is made for every persona"),
            "name whom it is written for; empty means anybody",
        )


def _twice(places: Mapping[str, Sequence[str]]) -> list[Finding]:
    return [
        Finding(
            *(ERROR, "same id twice", rows[-1], id_),
            f"the asset_id '{id_}' stands in {' and '.join(rows[:-1])} too; only this row counts",
            "give each asset an id of its own, or remove a row",
        )
        for id_, rows in places.items()
        if len(rows) > 1
    ]


def _same(items: Sequence[ContentItem], places: Mapping[str, Sequence[str]]) -> list[Finding]:
    """Assets that share an address, which counts supply twice, or a title."""
    found = []
    for level, rule, name, advice in (
        (ERROR, "same url", "url", "keep one; two count as twice the supply"),
        (
            ADVICE,
            "same title",
            "title",
            "rename one, or archive it, so that people find the right one",
        ),
    ):
        groups: dict[str, list[ContentItem]] = defaultdict(list)
        for item in items:
            value = getattr(item, name)
            key = _address(value) if name == "url" else plain(value)
            if key and item.status != "archived":
                groups[key].append(item)
        for first, *others in groups.values():
            found += [
                Finding(
                    *(level, rule, _where(item, places), item.id),
                    f"its {name} is that of {first.id} ({_where(first, places)})",
                    advice,
                )
                for item in others
            ]
    return found


def _address(url: str) -> str:
    """What an address opens: without what only tells where a visitor came from or scrolls to.

    A fragment that begins with / or ! is a page of its own, as is any other parameter.
    """
    whole = url.strip()
    try:
        parts = urlsplit(whole if "//" in whole else f"//{whole}")
    except ValueError:  # no address, such as http://[
        return whole.casefold()
    host = parts.netloc.casefold().removeprefix("www.")
    asked = sorted(p for p in parts.query.split("&") if p and not TRACKING.match(p))
    page = parts.fragment if parts.fragment.startswith(("/", "!")) else ""
    path = parts.path.casefold().rstrip("/")
    return "#".join(filter(None, ("?".join(filter(None, (host + path, "&".join(asked)))), page)))


def _where(item: ContentItem, places: Mapping[str, Sequence[str]]) -> str:
    """The row that lists an asset in a sheet, else in the export that was imported last."""
    rows = places.get(item.id)
    return rows[-1] if rows else item.listed_at or f"{item.source or 'inventory'}: {item.id}"


def _parted(error: str, subject: str) -> tuple[str, str]:
    """What is wrong and what to do, of a message that says both."""
    problem, _, advice = error.removeprefix(f"{subject}: ").partition("; ")
    return problem, advice


def _by_row(where: str) -> tuple[str, int, str]:
    """Files in their order, rows by number."""
    file, _, row = where.rpartition(":")
    return (file, int(row), "") if row.isdecimal() else (where, 0, "")
