"""How to read a report: what its words mean."""

from __future__ import annotations

from callinsight.reports.demand import INTERVAL
from callinsight.reports.wording import count, percent


def definitions(min_deals: int, min_share: float) -> tuple[tuple[str, str], ...]:
    """Each word with its meaning, by the rules by which the gaps were found."""
    found = {
        "Objection": "A buyer resists: the concern stands between them and buying.",
        "Question": "A buyer wants to know, without resistance. Questions are demand too.",
        "Demand": (
            "The share of deals in which a buyer of the role, heard at the stage this month, raised the "
            "concern as an objection or a question. Deals are counted, not mentions; a deal can do both."
        ),
        "Supply": (
            "Assets that are live, neither stale nor expired, name the concern, are made for the role "
            "and the stage or for any, and can be found: by an address, an owner or recent use. What "
            "people confirmed or denied goes before what tags say."
        ),
        "Vouched for": (
            "Nobody vouches for an asset of which nothing says when it was checked, or whose concern was "
            "accepted among many without a look at it: it makes a gap weak, and nothing covered, unless "
            "the pipeline file counts it in full, a person confirms it, or a date or tag is filled in."
        ),
        INTERVAL: (
            "Where the true share may well lie, given how few deals were heard. "
            "The wider it is, the less is known."
        ),
        "Unresolved": (
            "The raising deals that are lost, open but silent for long, or in which the concern came "
            "back in another call. Only the score adds half a deal on each side, so that a few deals "
            "never count as none or all. A disqualified deal was no fit: it is not lost, and not unresolved."
        ),
        "At stake": (
            "The money in raising deals that are open: won, lost and disqualified deals are no pipeline. "
            "What lost deals were worth is said apart."
        ),
        "Gap": (
            f"More than {percent(min_share)} of deals raise it, more surely than chance explains in "
            "so many cells, and no asset fits."
        ),
        "Weak": "The same demand, but fewer fitting assets than the target that somebody vouches for.",
        "Covered": "The same demand, and assets enough.",
        "Too few calls": (
            f"Fewer than {count(min_deals, 'deal')}, or a share that chance could have made as well. "
            "The number of further deals is a lower limit, if they raise it as often."
        ),
        "Low demand": "Deals enough were heard, and few of them raise it.",
        "Oversupplied": "Low demand, and more assets than it needs.",
        "More than chance": (
            "A change from month to month that so few deals would hardly show by themselves, judged "
            "over all cells at once. What is not, may still be one: it is not known."
        ),
        "Balance of the funnel": (
            "What buyers raise: deals, each once for every concern it raises at the stage. Assets: "
            "live and not known to be out of date, counted at each stage they serve. Both as parts of "
            "all stages."
        ),
    }
    return tuple(found.items())
