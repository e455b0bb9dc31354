"""The writer's brief of a content request, in Markdown: who asks, what buyers say, what is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight.months import month_name
from callinsight.reports.wording import (
    ANY,
    Names,
    clock,
    count,
    day,
    listing,
    markdown,
    money,
    percent,
    readable,
    sentence_case,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from callinsight.records import Call, ContentItem, ContentRequest, Gap, Utterance
    from callinsight.taxonomy import Taxonomy

QUOTES = 12  # more than a writer reads; one of each account goes first
VERDICTS = {
    "gap": "no asset answers it",
    "weak": "too few assets answer it",
    "covered": "enough assets answer it",
}


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a buyer said, and where."""

    utterance: Utterance
    call: Call
    stance: str = ""  # objection | question, where it is known
    score: float = 0.0  # probability that it is about the concern; 0 where none is told
    doubtful: bool = False  # it counts, and may be about something else


@dataclass(frozen=True, kw_only=True)
class Asset:
    """An asset that comes near, and what keeps it from answering."""

    item: ContentItem
    obstacle: str


@dataclass(frozen=True, kw_only=True)
class Deal:
    """A deal behind the request, as its latest call has it."""

    id: str
    account: str
    stage: str
    outcome: str
    amount: float | None
    currency: str


@dataclass(frozen=True, kw_only=True)
class Brief:
    """Everything that a writer is told."""

    request: ContentRequest
    concern: str  # its label
    voters: tuple[str, ...]
    due: str  # date by which it is promised; empty before it is accepted
    deals: tuple[Deal, ...]
    said: tuple[Said, ...]
    unheard: int  # turns of the evidence that are not as they were
    gap: Gap | None
    assets: tuple[Asset, ...]


def write_brief(brief: Brief, taxonomy: Taxonomy) -> str:
    """The brief as Markdown; whatever people wrote or said stands in it as plain text."""
    names = Names(taxonomy)
    request = brief.request
    parts = [
        [f"# Brief R-{request.id}: {markdown(request.title)}"],
        list(_facts(brief)),
        ["## Who asks"],
        list(_askers(brief, names)),
        ["## What buyers say"],
        list(_quotes(brief, names)),
        ["## What exists, and why it is not enough"],
        list(_assets(brief, names)),
        ["## What it must say"],
        [f"- {markdown(line)}" for line in request.claims.splitlines()]
        or ["Nothing is prescribed."],
        ["## For whom and when"],
        list(_definitions(brief, names)),
        ["## When it is done"],
        [_handing_in(request)],
    ]
    return "\n\n".join("\n".join(part).strip() for part in parts) + "\n"


def _handing_in(request: ContentRequest) -> str:
    return (
        "List the asset in items.csv, run `callinsight run`, then "
        f"`callinsight requests deliver R-{request.id} --asset ID`. Later reports say whether the "
        "demand fell."
    )


def _facts(brief: Brief) -> Iterator[str]:
    request = brief.request
    yield f"- State: {request.state.replace('_', ' ')}, priority {request.priority}"
    if request.content_type:
        yield f"- Type: {markdown(readable(request.content_type))}"
    if request.owner:
        yield f"- Written by: {markdown(request.owner)}"
    yield f"- Due: {day(brief.due) if brief.due else 'told once it is accepted'}"
    if request.needed_by:
        yield f"- Needed by: {day(request.needed_by)}"
    if request.use:
        yield f"- What for: {markdown(request.use)}"
    if request.competitor:
        yield f"- Competitor: {markdown(request.competitor)}"


def _askers(brief: Brief, names: Names) -> Iterator[str]:
    request = brief.request
    asked = f"{markdown(request.requester)} asked on {day(request.created_at)}."
    if brief.voters:
        voters = listing([markdown(voter) for voter in brief.voters])
        need = "needs" if len(brief.voters) == 1 else "need"
        asked += f" {voters} {need} it too."
    yield asked
    if brief.gap is not None:
        yield ""
        yield _demand(brief.gap, names)
    if brief.deals:
        yield ""
        yield f"{sentence_case(_stakes(brief.deals))}:"
        yield ""
        yield from (_deal(deal, names) for deal in brief.deals)


def _demand(gap: Gap, names: Names) -> str:
    where = names.place(gap.persona, gap.stage)
    verdict = f"; {VERDICTS[gap.verdict]}" if gap.verdict in VERDICTS else ""
    return (
        f"{markdown(where)}, {_period(gap.month)}: {gap.raising} of {count(gap.eligible, 'deal')} raise it "
        f"({percent(gap.share)}; the true share is likely between {percent(gap.share_low)} and "
        f"{percent(gap.share_high)}){verdict}."
    )


def _period(month: str) -> str:
    first, _, last = month.partition("..")
    return f"{month_name(first)} to {month_name(last)}" if last else month_name(first)


def _stakes(deals: Sequence[Deal]) -> str:
    """How many deals, and the money in those that are still open."""
    sums: dict[str, float] = {}
    for deal in deals:
        if deal.amount and deal.outcome == "open":
            sums[deal.currency] = sums.get(deal.currency, 0.0) + deal.amount
    told = [markdown(money(amount, currency)) for currency, amount in sorted(sums.items())]
    total = f", {listing(told)} in those that are open" if told else ""
    return f"{count(len(deals), 'deal')} behind it{total}"


def _deal(deal: Deal, names: Names) -> str:
    amount = money(deal.amount, deal.currency) if deal.amount else ""
    stage = names.stage(deal.stage)
    parts = (deal.id, deal.account, stage, deal.outcome, amount)
    return "- " + markdown(", ".join(filter(None, parts)))


def _quotes(brief: Brief, names: Names) -> Iterator[str]:
    sure = [said for said in brief.said if not said.doubtful]
    chosen = _varied(sure or brief.said)
    if chosen and not sure:
        yield "None of these turns is sure to be about the concern: hear them first."
        yield ""
    for said in chosen:
        spoken = said.utterance
        at = clock(spoken.start_s, estimated=spoken.estimated)
        role = names.persona(spoken.persona)
        call = said.call
        details = (
            role,
            call.title or call.id,
            "" if call.account in call.title else call.account,
            day(call.recorded_at),
            f"at {at}",
            said.stance,
        )
        yield f"> “{markdown(spoken.text.strip())}”"
        yield ">"
        yield f"> — {markdown(', '.join(filter(None, details)))} ({markdown(spoken.id)})"
        yield ""
    if not chosen:
        yield "No call stands behind this request."
    doubtful = len(brief.said) - len(sure) if sure else 0
    more = len(brief.said) - len(chosen) - doubtful
    if more:
        stand = "stands" if more == 1 else "stand"
        yield f"{count(more, 'more turn')} like these {stand} in the report."
    if doubtful:
        yield f"{count(doubtful, 'turn')} that may be about something else: left out here."
    if brief.unheard:
        is_ = "is" if brief.unheard == 1 else "are"
        yield f"{count(brief.unheard, 'turn')} of the evidence {is_} not as it was: heard anew, or removed."


def _varied(said: Sequence[Said]) -> list[Said]:
    """One of each account first, then the others, in the order given; what is said once, once."""
    first: list[Said] = []
    others: list[Said] = []
    accounts, words = set(), set()
    for one in said:
        text = " ".join(one.utterance.text.casefold().split())
        if text in words:
            continue
        words.add(text)
        account = one.call.account or one.call.deal or one.call.id
        (others if account in accounts else first).append(one)
        accounts.add(account)
    return [*first, *others][:QUOTES]


def _assets(brief: Brief, names: Names) -> Iterator[str]:
    for asset in brief.assets:
        item = asset.item
        told = f"{item.title} ({item.id}, {readable(item.content_type)})"
        yield f"- {markdown(told)}: {markdown(names.sentence(asset.obstacle))}"
    if not brief.assets:
        yield (
            "No asset in the inventory names this concern." if brief.concern else "Not looked for."
        )
    if brief.request.tried:
        yield ""
        yield f"Tried already: {markdown(names.sentence(brief.request.tried))}"


def _definitions(brief: Brief, names: Names) -> Iterator[str]:
    request, taxonomy = brief.request, names.taxonomy
    if brief.concern:
        known = taxonomy.concerns.get(request.concern)
        meaning = f": {known.description}" if known else ""
        yield f"- Concern: {markdown(brief.concern + meaning)}"
    if request.persona == ANY or not request.persona:
        yield "- Persona: all roles"
    else:
        meaning = taxonomy.personas.get(request.persona, "")
        yield f"- Persona: {markdown(names.persona(request.persona))}: {markdown(meaning)}"
    if request.stage == ANY or not request.stage:
        yield "- Stage: all stages"
    else:
        stage = taxonomy.stages.get(request.stage)
        words = f": in the CRM {', '.join(stage.crm)}" if stage and stage.crm else ""
        yield f"- Stage: {markdown(names.stage(request.stage) + words)}"
