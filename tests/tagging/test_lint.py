from __future__ import annotations

from pathlib import Path

import pytest

from callinsight import weights
from callinsight.tagging.embed import Embedder
from callinsight.tagging.labelled import load_turns
from callinsight.tagging.lint import ERROR, WARNING, Finding, has_own_examples, lint_file
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

STARTER = DEFAULT_TAXONOMY.read_text(encoding="utf-8")
UNASKED = Finding(
    WARNING,
    "[content_types]",
    "no ask is answered by blog, ebook, infographic, talk_track, newsletter",
    "name them under an ask that they answer; if none asks for them, leave it so",
)
GREEN = """
[concerns.green]
label = "Sustainability"
description = "Emissions, energy and waste."
"""
EXAMPLES = """
examples = [
  "What is the carbon footprint of your product?", "Is the packaging recyclable?",
  "Do you publish a sustainability report?", "Our board has set a net zero target.",
  "Are your data centres run on renewable energy?",
]
"""


@pytest.fixture
def lint(tmp_path):
    """The findings of the starter with more definitions, without those of the starter itself."""

    def lint_more(
        more: str = "", *, replace: tuple[str, str] = ("", ""), **options
    ) -> list[Finding]:
        path = tmp_path / "taxonomy.toml"
        path.write_text(STARTER.replace(*replace) + more, encoding="utf-8")
        return [finding for finding in lint_file(path, **options) if finding != UNASKED]

    return lint_more


def test_the_starter_has_nothing_to_mend_but_types_that_nobody_asks_for():
    assert lint_file(DEFAULT_TAXONOMY) == [UNASKED]


def test_a_file_that_cannot_be_read(tmp_path):
    path = tmp_path / "taxonomy.toml"
    assert lint_file(path) == [
        Finding(
            ERROR,
            "the file",
            "there is no such taxonomy file",
            "name one under [tagging] in the pipeline file",
        )
    ]
    path.write_text("version = 1", encoding="utf-8")
    assert lint_file(path) == [
        Finding(
            ERROR,
            "the file",
            "the top level needs the setting 'concerns'",
            "mend it and lint again",
        )
    ]


def test_too_few_examples_are_an_error_without_a_phrase_and_a_warning_with_one(lint):
    assert lint(GREEN) == [
        Finding(
            ERROR,
            "[concerns.green]",
            "has no examples",
            "write 5 to 10 sentences under examples or a phrase under patterns",
        )
    ]
    assert lint(GREEN + 'patterns = ["landfill|compost"]\nexamples = ["One."]')[0] == Finding(
        WARNING, "[concerns.green]", "has 1 example, so only its phrases count", "write 5 to 10"
    )


def test_a_phrase_that_cannot_be_read(lint):
    assert lint(GREEN + 'patterns = ["net ze*ro"]') == [
        Finding(
            ERROR,
            "[concerns.green]",
            "the phrase 'net ze*ro' cannot be read at 'ze*ro'",
            "write words, a|b, (a), a~, ... or #",
        )
    ]


def test_phrases_that_stand_twice_or_in_two_concerns(lint):
    found = lint(GREEN + 'patterns = ["cheaper", "is it green", "is it  green"]')

    assert (
        Finding(
            WARNING,
            "[concerns.green]",
            "the phrase 'cheaper' stands in [concerns.price_budget] too",
            "keep it where it is meant",
        )
        in found
    )
    assert (
        Finding(
            WARNING, "[concerns.green]", "the phrase 'is it green' stands here twice", "remove one"
        )
        in found
    )


def test_phrases_that_match_nothing_too_much_or_what_another_concern_has(lint):
    found = lint(GREEN + 'patterns = ["zebra crossing", "the", "contracts|contract", "recyclable"]')

    said = {finding.problem.split("'")[1]: finding for finding in found}
    turns = len(load_turns())
    assert said["zebra crossing"] == Finding(
        WARNING,
        "[concerns.green]",
        f"the phrase 'zebra crossing' matches none of the {turns} turns at hand",
        "say it aloud: would a buyer say it so?",
    )
    assert said["the"].problem.startswith("the phrase 'the' matches ")
    assert said["the"].problem.endswith(f" of {turns} turns")
    assert said["the"].advice == "make it longer, so that it tells more"
    assert said["contracts|contract"] == Finding(
        WARNING,
        "[concerns.green]",
        "the phrase 'contracts|contract' matches what phrases of [concerns.legal_procurement] match",
        "keep it where it is meant",
    )


def test_asks_without_phrases_or_content_types(lint):
    assert lint('\n[asks.horse]\nlabel = "Horse"\ncontent_types = []\npatterns = []\n') == [
        Finding(
            ERROR,
            "[asks.horse]",
            "has no phrase, so it is never found",
            "write phrases under patterns, or remove the ask",
        ),
        Finding(
            WARNING,
            "[asks.horse]",
            "has no content types",
            "name those that answer it, or nothing ever will",
        ),
    ]


def test_names_of_rivals(lint):
    rival = '\n[competitors.front]\nlabel = "Front"\n'

    assert lint(
        rival + 'names = ["Front", "Fx"]\nexamples = ["We use Frontly.", "Front is dear."]'
    ) == [
        Finding(
            WARNING,
            "[competitors.front]",
            "the name 'Front' is a word that buyers use anyway",
            "it counts only with a capital or where a firm stands; add longer forms",
        ),
        Finding(
            WARNING,
            "[competitors.front]",
            "the name 'Fx' is very short",
            "add a longer form and remove this one",
        ),
        Finding(
            WARNING,
            "[competitors.front]",
            "the example 'We use Frontly.' has none of its names",
            "add the name as it is said there",
        ),
    ]


def test_a_rival_that_is_a_product_too(lint):
    both = '\n[competitors.a]\nlabel = "A"\nnames = ["Sable"]\n[products.b]\nlabel = "B"\nnames = ["sable"]'

    assert lint(both) == [
        Finding(
            ERROR,
            "[competitors.a]",
            "has the name 'Sable', which [products.b] has too",
            "remove it from one of them",
        )
    ]


def test_what_is_not_read(lint):
    assert lint(
        replace=(
            'label = "Value and return"',
            'label = "Value"\nnames = ["X"]\nexamples = ["One."]',
        )
    ) == [
        Finding(
            WARNING,
            "[concerns.value_roi]",
            "has examples, which are not read",
            "remove them; the tagger has learnt this concern from labelled turns",
        ),
        Finding(
            WARNING,
            "[concerns.value_roi]",
            "has names, which are not read",
            "write rivals as [competitors.ID] with a label and names",
        ),
    ]


def test_definitions_that_changed_under_their_version(lint):
    taxonomy = load_taxonomy(DEFAULT_TAXONOMY)

    assert lint(stored=f"{taxonomy.version} {taxonomy.digest}") == []
    assert lint(stored="an older one 0123456789ab") == []
    assert lint(stored="") == []
    assert lint(stored=f"{taxonomy.version} 0123456789ab") == [
        Finding(
            ERROR,
            "version",
            f"the definitions are not those that version '{taxonomy.version}' was last used with",
            "write a new version, for it stands on each tag",
        )
    ]


def test_examples_that_read_as_another_concern_or_say_the_same(lint):
    embed = Embedder(weights.folder(weights.EMBEDDING)).encode
    more = EXAMPLES.replace(
        '"Our board has set a net zero target."',
        '"How much does it cost?", "What’s the carbon footprint of your product?"',
    )

    assert lint(GREEN + EXAMPLES, embed=embed) == []
    assert lint(GREEN + more, embed=embed) == [
        Finding(
            WARNING,
            "[concerns.green]",
            "the example 'How much does it cost?' reads as [concerns.price_budget]",
            "say what sets this one apart",
        ),
        Finding(
            WARNING,
            "[concerns.green]",
            (
                "the example 'What’s the carbon footprint of your product?' says what "
                "'What is the carbon footprint of your product?' says"
            ),
            "write another one",
        ),
    ]


@pytest.mark.parametrize(("more", "own"), [("", False), (GREEN + EXAMPLES, True), ("[", False)])
def test_a_model_is_needed_for_examples_only(tmp_path, more, own):
    path = Path(tmp_path / "taxonomy.toml")
    path.write_text(STARTER + more, encoding="utf-8")

    assert has_own_examples(path) is own
