"""What `callinsight evaluate` prints; the last tests read turns with the real model."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from callinsight.cli import app
from callinsight.pipeline.evaluate import evaluation_json, evaluation_text
from callinsight.tagging.evaluate import Evaluation, evaluate
from callinsight.tagging.gold import Gold
from callinsight.tagging.reading import Reading, Scored

runner = CliRunner()


def gold(id_: str, concerns: str, stance: str) -> Gold:
    agreed = frozenset(concerns.split())
    return Gold(
        id=id_,
        context="What do you think?",
        text=f"Words of {id_}.",
        concerns=agreed,
        acceptable=agreed,
        stance=stance,
        acceptable_stances=frozenset({stance}),
        ask=False,
    )


def read(concerns: str, stance: str) -> Reading:
    scored = tuple(Scored(c, 0.75, "sure", "", "") for c in concerns.split())
    return Reading(scored, stance, 0.6, False, (), 0.1)


@pytest.fixture
def evaluation() -> Evaluation:
    turns = [gold(f"t{i}", "price", "objection") for i in range(4)] + [gold("t4", "", "none")]
    readings = [read("price", "objection")] * 3 + [read("trust", "question"), read("", "none")]
    return evaluate(turns, readings, ["price", "trust"])


def test_tables_say_what_their_numbers_mean(evaluation: Evaluation) -> None:
    lines = evaluation_text(evaluation, missed=False).splitlines()

    assert lines[0].startswith("Turns: 5. ")
    row = next(line for line in lines if line.startswith("price"))
    assert " ".join(row.split()) == (
        "price 4 3 0 1 1.00 (1.00-1.00) 0.75 (0.25-1.00) 0.86 (0.40-1.00)"
    )
    few = next(line for line in lines if line.startswith("trust"))
    assert few.endswith("  fewer than 3: not in the average")
    assert [line.split()[:3] for line in lines if line.startswith("average")] == [
        ["average", "of", "1"],
        ["average", "of", "1"],
    ]
    assert "price                     trust 1" in lines
    assert lines[-2:] == [
        "MISSED OBJECTIONS: 1 of 4; taken for: question 1",
        "'--missed' lists them.",
    ]


def test_missed_objections_are_listed_with_their_words(evaluation: Evaluation) -> None:
    text = evaluation_text(evaluation, missed=True)

    assert text.endswith(
        "MISSED OBJECTIONS: 1 of 4; taken for: question 1\n"
        "\n"
        "t3: Words of t3.\n"
        "    after: What do you think?\n"
        "    annotators: price\n"
        "    tagger: question 0.60; trust 0.75 (sure)"
    )


def test_what_cannot_be_judged_is_null_for_programs(evaluation: Evaluation) -> None:
    table = json.loads(evaluation_json(evaluation, missed=False))

    assert table["asks"]["rates"]["f1"] == {"value": None, "low": None, "high": None}
    assert table["lenient"]["concerns"]["price"]["rates"]["recall"]["value"] == 0.75
    assert table["confusion"] == {"price": {"trust": 1}}
    assert "missed_objections" not in table
    listed = json.loads(evaluation_json(evaluation, missed=True))["missed_objections"]
    assert [one["id"] for one in listed] == ["t3"]


def test_a_file_that_is_not_there_ends_with_2(tmp_path: Path) -> None:
    result = runner.invoke(app, ["evaluate", str(tmp_path / "none.csv")])

    assert result.exit_code == 2
    assert result.stderr == f"Error: {tmp_path}/none.csv: there is no such file; mend the path\n"


def test_a_label_that_is_not_defined_ends_with_2(tmp_path: Path) -> None:
    sheet = tmp_path / "gold.csv"
    sheet.write_text("text,subjects\nToo dear,price\n", encoding="utf-8")

    result = runner.invoke(app, ["evaluate", str(sheet)])

    assert result.exit_code == 2
    assert result.stderr.startswith("Error: gold.csv:2: subjects is 'price'")


def test_the_command_judges_the_real_tagger(tmp_path: Path) -> None:
    sheet = tmp_path / "gold.csv"
    sheet.write_text(
        "id,text,subjects,stance\n"
        '1,"It is far too expensive for us, we do not have the budget for that.",price_budget,'
        "objection\n"
        "2,Thanks and have a lovely weekend with the children.,,none\n",
        encoding="utf-8",
    )

    printed = runner.invoke(app, ["evaluate", str(sheet)])
    table = json.loads(runner.invoke(app, ["evaluate", str(sheet), "--format", "json"]).stdout)

    assert printed.exit_code == 0
    assert printed.stdout.startswith("Turns: 2. ")
    assert table["lenient"]["concerns"]["price_budget"]["right"] == 1
    assert table["stances"]["turns"] == 2
