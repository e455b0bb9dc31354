from __future__ import annotations

import dataclasses

import pytest

from callinsight.tagging.personas import persona_of_title
from callinsight.taxonomy import DEFAULT_TAXONOMY, TitleRule, load_taxonomy

TITLES = [
    # who decides on the money
    ("CFO", "economic_buyer"),
    ("Group Finance Director", "economic_buyer"),
    ("VP of Finance", "economic_buyer"),
    ("Senior Vice President, Finance", "economic_buyer"),
    ("Vice President of Finance", "economic_buyer"),
    ("Co-Founder & CEO", "economic_buyer"),
    ("President", "economic_buyer"),
    ("Managing Partner", "economic_buyer"),
    ("Geschäftsführerin", "economic_buyer"),
    ("GESCHÄFTSFÜHRER", "economic_buyer"),
    ("Kaufmännische Leiterin", "economic_buyer"),
    ("Leiter Finanzen", "economic_buyer"),
    ("Finanzvorstand", "economic_buyer"),
    # not everybody whose title has such a word
    ("Executive Assistant to the CEO", "end_user"),
    ("Assistentin der Geschäftsführung", "end_user"),
    ("Vice President Sales", "executive_sponsor"),
    ("VP Sales", "executive_sponsor"),
    ("Product Owner", "unknown"),
    ("HR Business Partner", "unknown"),
    # at the top
    ("Chief Operating Officer", "executive_sponsor"),
    ("Mitglied des Vorstands", "executive_sponsor"),
    ("Bereichsleiterin Produktion", "executive_sponsor"),
    # what they look after goes before how high they stand
    ("Chief Information Security Officer", "security_compliance"),
    ("IT Security Manager", "security_compliance"),
    ("Data Protection Officer", "security_compliance"),
    ("Externer Datenschutzbeauftragter", "security_compliance"),
    ("Leiterin Informationssicherheit", "security_compliance"),
    ("General Counsel", "legal_procurement"),
    ("VP Procurement", "legal_procurement"),
    ("Einkaufsleiter", "legal_procurement"),
    ("Strategische Einkäuferin", "legal_procurement"),
    ("Rechtsanwältin", "legal_procurement"),
    ("Head of IT", "technical_evaluator"),
    ("IT-Leiter", "technical_evaluator"),
    ("Leiter EDV", "technical_evaluator"),
    ("CTO", "technical_evaluator"),
    ("Softwareentwickler", "technical_evaluator"),
    ("Senior Software Engineer", "technical_evaluator"),
    ("Technischer Leiter", "technical_evaluator"),
    # `it` is a word, not a syllable
    ("Head of Digital", "champion"),
    ("Capital Projects Director", "champion"),
    ("Audit Manager", "end_user"),
    # seniority
    ("Sales Director", "champion"),
    ("Head of Operations", "champion"),
    ("Vertriebsleiter", "champion"),
    ("Leitung Kundendienst", "champion"),
    ("Teamleiter Kundendienst", "end_user"),
    ("Sales Manager", "end_user"),
    ("Team Lead", "end_user"),
    ("Accounts Payable Clerk", "end_user"),
    ("Data Entry Clerk", "end_user"),
    ("Finanzbuchhalterin", "end_user"),
    ("Sachbearbeiter Buchhaltung", "end_user"),
    # nothing to go by
    ("Account Executive", "unknown"),
    ("Werkstudent", "unknown"),
    ("Flugbegleiterin", "unknown"),
    ("", "unknown"),
]


@pytest.fixture(scope="module")
def taxonomy():
    return load_taxonomy(DEFAULT_TAXONOMY)


@pytest.mark.parametrize(("title", "persona"), TITLES)
def test_titles(taxonomy, title, persona):
    assert persona_of_title(title, taxonomy) == persona


def test_every_persona_has_a_title(taxonomy):
    assert {persona for _, persona in TITLES} == {*taxonomy.personas, "unknown"}


def test_the_first_rule_that_fits_wins(taxonomy):
    rules = (
        TitleRule("champion", ("head",), unless=("deputy",)),
        TitleRule("end_user", ("head", "clerk")),
    )
    mine = dataclasses.replace(taxonomy, titles=rules)
    assert persona_of_title("Head clerk", mine) == "champion"
    assert persona_of_title("Deputy head clerk", mine) == "end_user"
    assert persona_of_title("Nobody", mine) == "unknown"
