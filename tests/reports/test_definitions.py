"""The shared definitions in words, and what became different between two editions."""

from dataclasses import replace

from material import ROOT

from callinsight.reports.definitions import as_text, changes_between, content_of, sections_of
from callinsight.taxonomy import load_taxonomy

TAXONOMY = load_taxonomy(ROOT / "pipelines" / "taxonomy.toml")


def changes(**changed: object) -> list[str]:
    return changes_between(content_of(TAXONOMY), content_of(replace(TAXONOMY, **changed)))


def test_each_word_stands_with_its_meaning() -> None:
    text = as_text(TAXONOMY, sections_of(TAXONOMY, [("Acknowledged", "Within 1 business day")]))

    assert text.startswith(
        "# Definitions, version 2026-11.1\n\n## Concerns\n\n- **Price and budget**: Cost,"
    )
    assert "\n- **Economic buyer**: Decides on the money.\n" in text
    assert "- **Customer**: The contract is signed. Looked after by customer success.\n" in text
    assert "## Promises on content requests\n\n- **Acknowledged**: Within 1 business day.\n" in text
    for concern in TAXONOMY.concerns.values():
        assert f"- **{concern.label}**: {concern.description}\n" in text


def test_without_promises_or_lead_stages_there_is_no_empty_section() -> None:
    titles = [section.title for section in sections_of(replace(TAXONOMY, lead_stages={}))]

    assert "Lead stages" not in titles
    assert "Promises on content requests" not in titles


def test_the_same_definitions_have_not_changed() -> None:
    assert changes() == []
    assert changes(version="2027-01") == []


def test_changes_are_told_in_words() -> None:
    price = replace(TAXONOMY.concerns["price_budget"], description="Money.", patterns=("dear",))
    stage = replace(TAXONOMY.stages["decision"], crm=("paper",))
    lead = replace(TAXONOMY.lead_stages["mql"], owner="sales")
    concerns = {**TAXONOMY.concerns, "price_budget": price}
    del concerns["need_fit"]

    assert changes(
        concerns={**concerns, "green": replace(price, id="green", label="Footprint")},
        personas={**TAXONOMY.personas, "end_user": "Works with it every day"},
        stages={**TAXONOMY.stages, "decision": stage},
        lead_stages={**TAXONOMY.lead_stages, "mql": lead},
        cues={},
    ) == [
        "Concern “Price and budget”: its meaning and its phrases changed.",
        "New concern: “Footprint”.",
        "Concern “Need and fit” is gone.",
        "Role “End user”: its meaning changed.",
        "Stage “Decision”: the CRM words for it changed.",
        "Lead stage “Marketing-qualified lead”: who looks after it changed.",
        "The phrases that tell objections, questions and asks have changed.",
    ]
