"""Months as numbers, for tests of what changed between them."""

from callinsight.reports.numbers import Count, MonthNumbers
from callinsight.reports.wording import Names
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

NAMES = Names(load_taxonomy(DEFAULT_TAXONOMY), {"3": "invoices, abroad"})
MEANINGS = {
    "concern/need_fit": "aa",
    "concern/price_budget": "bb",
    "persona/champion": "cc",
    "stage/decision": "dd",
}


def cell(
    raising, eligible, verdict="too_few_calls", *, concern="need_fit", persona="champion", **more
):
    facts = {"stage": "decision", "raising": raising, "eligible": eligible, "verdict": verdict}
    return Count(concern=concern, persona=persona, **{**facts, **more})


def numbers(*cells, month="2026-10", **changes):
    facts = {
        "as_of": f"{month}-30",
        "calls": 40,
        "deals": 30,
        "accounts": 28,
        "definitions": "1 abc",
        "tagger": "t1",
        "speech": "faster-whisper base",
        "meanings": MEANINGS,
        "cells": cells,
        "live": 9,
    }
    return MonthNumbers(month=month, **{**facts, **changes})
