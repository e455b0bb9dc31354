"""Turns of a sheet to tags; what reads turns here is the real model."""

import contextlib
import csv
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from callinsight.cli import app
from callinsight.config import TaggingConfig
from callinsight.errors import InputError
from callinsight.pipeline.tag import BATCH, Line, Options, _read, tag_file
from callinsight.pipeline.tagger import load_tagger
from callinsight.progress import silent
from callinsight.tagging.encoder import Turn
from callinsight.tagging.heads import load_heads
from callinsight.tagging.labelled import load_turns
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

DEAR = "It is far too expensive for us, we do not have the budget for that."
SEND = "Could you send me a case study? We are looking at Brandix, too."
EMPTY = {
    "concerns": [],
    "stance": {"label": "none", "score": 1.0},
    "ask": {
        "value": False,
        "kind": "",
        "kinds": [],
        "score": 0.0,
        "status": "sure",
        "evidence": "",
    },
    "competitors": [],
}
MEMORY = 500  # megabytes that tagging takes at most
MEASURED = """
import sys
from pathlib import Path
from callinsight.cli import app
app(sys.argv[1:], standalone_mode=False)
print("torch" in sys.modules, Path("/proc/self/status").read_text())
"""
runner = CliRunner()


def write(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "turns.csv"
    path.write_bytes(text.encode(encoding))
    return path


def lines_of(path: Path, **options) -> list[Line]:
    return list(tag_file(path, Options(**options), progress=silent))


def rows_of(lines: list[Line]) -> list[dict]:
    return [json.loads(line.text) for line in lines if line.text]


def refusal(path: Path, **options) -> str:
    with pytest.raises(InputError) as caught:
        tag_file(path, Options(**options), progress=silent)
    return str(caught.value)


def test_a_line_for_each_row_in_order_with_all_its_columns(tmp_path: Path) -> None:
    sheet = write(
        tmp_path,
        f"Nr;Vorher;Text;Größe\n007;What about the price?;{DEAR};3,5 €\n2;;;\n3;Hi!;Yeah.;x\n",
        "cp1252",
    )

    lines = lines_of(sheet, context="vorher")

    first, second, third = rows_of(lines)
    answers = ["concerns", "stance", "ask", "competitors"]
    assert list(first) == ["Nr", "Vorher", "Text", "Größe", *answers]
    assert (first["Nr"], first["Größe"]) == ("007", "3,5 €")
    dear = next(c for c in first["concerns"] if c["label"] == "price_budget")
    assert list(dear) == ["label", "score", "status", "evidence", "why"]
    assert (dear["status"], dear["evidence"]) == ("sure", DEAR)
    assert 0 < dear["score"] <= 1
    assert first["stance"]["label"] == "objection"
    assert second == {"Nr": "2", "Vorher": "", "Text": "", "Größe": "", **EMPTY}
    assert third == {"Nr": "3", "Vorher": "Hi!", "Text": "Yeah.", "Größe": "x", **EMPTY}
    assert lines[-1] == Line(message="Rows: 3; 1 without text")


def test_rivals_are_known_by_the_names_given(tmp_path: Path) -> None:
    sheet = write(tmp_path, f"text\n{SEND}\n".replace(",", ""))

    [plain], [named] = (rows_of(lines_of(sheet, competitors=names)) for names in ((), ("Brandix",)))

    said = {c["label"]: c for c in named["concerns"]}["competitor"]
    assert (said["status"], said["why"]) == ("sure", "says “Brandix”")
    assert "says “Brandix”" not in [c["why"] for c in plain["concerns"]]
    [rival] = named["competitors"]
    assert (rival["label"], rival["status"], rival["evidence"]) == (
        "Brandix",
        "sure",
        "We are looking at Brandix too.",
    )
    assert named["ask"]["value"] is True
    assert (named["ask"]["kind"], named["ask"]["kinds"]) == ("case_study", ["case_study"])
    assert named["ask"]["status"] == "sure"


def test_a_column_with_the_name_of_an_answer_is_kept_under_another(tmp_path: Path) -> None:
    sheet = write(tmp_path, "text,stance,ask\nYes.,objection,1\n")

    lines = lines_of(sheet)

    assert rows_of(lines) == [
        {"text": "Yes.", "sheet_stance": "objection", "sheet_ask": "1", **EMPTY}
    ]
    assert [line.message for line in lines[1:]] == [
        "Renamed in the output, as an answer has the name: stance to sheet_stance, ask to sheet_ask",
        "Rows: 1",
    ]


def test_a_row_that_cannot_be_read_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    sheet = write(tmp_path, "id,text\n1,Yes, and no\n2,Yes.\n")

    lines = lines_of(sheet)

    assert [row["id"] for row in rows_of(lines)] == ["2"]
    [failed] = [line for line in lines if line.failed]
    assert failed.message == (
        "failed: turns.csv:2: the row has more cells than the header; "
        "put quotes around a cell that holds a separator"
    )


def test_the_sheet_is_read_as_lines_are_asked_for(tmp_path: Path) -> None:
    sheet = write(tmp_path, "text\n" + "Yes.\n" * (3 * BATCH))
    done = []

    @contextlib.contextmanager
    def counting(_step: str, total: int) -> Iterator:
        done.append(total)
        yield done.append

    lines = tag_file(sheet, Options(), progress=counting)
    for _ in range(BATCH + 1):
        next(lines)

    assert done == [3 * BATCH, *[0.0] * BATCH]


def test_a_turn_that_comes_again_is_read_once() -> None:
    definitions = load_taxonomy(DEFAULT_TAXONOMY)
    tagger = load_tagger(TaggingConfig(DEFAULT_TAXONOMY), definitions, load_heads())
    known: dict = {}
    turns = [Turn("", "Yes."), Turn("So?", "Yes."), Turn("", "Yes.")]

    first = _read(tagger, turns, known)

    assert list(known) == turns[:2]
    assert first[0] is first[2]
    assert _read(tagger, turns[1:2], known)[0] is first[1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"text": "tex"},
            (
                "there is no column 'tex'; did you mean 'text'? There are id, text; name the one to "
                "read with --text NAME"
            ),
        ),
        (
            {"text": "words"},
            "there is no column 'words'; there are id, text; name the one to read with --text NAME",
        ),
        (
            {"context": "before"},
            "there is no column 'before'; there are id, text; name the one to read with --context NAME",
        ),
    ],
)
def test_a_column_that_is_not_there_is_told_at_once(tmp_path: Path, options, message) -> None:
    sheet = write(tmp_path, "Id;Text\n1;Yes.\n")

    assert refusal(sheet, **options) == f"turns.csv: {message}"


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    sheet = write(tmp_path, "text,note,Note\nYes.,1,2\n")

    assert refusal(sheet) == "turns.csv: the column 'note' stands there twice; rename one"


def test_a_sheet_that_is_not_there_ends_with_2(tmp_path: Path) -> None:
    result = runner.invoke(app, ["tag", str(tmp_path / "none.csv")])

    assert result.exit_code == 2
    assert result.stderr == f"Error: {tmp_path}/none.csv: there is no such file; mend the path\n"


def test_the_command_writes_to_stdout_and_to_a_file_alike(tmp_path: Path) -> None:
    sheet = write(tmp_path, f'text,id\n"{DEAR}",ä\n')
    out = tmp_path / "out.jsonl"

    printed = runner.invoke(app, ["tag", str(sheet)])
    written = runner.invoke(app, ["tag", str(sheet), "--out", str(out)])

    assert (printed.exit_code, written.exit_code, written.stdout) == (0, 0, "")
    assert printed.stdout == out.read_text(encoding="utf-8")
    assert json.loads(printed.stdout)["id"] == "ä"
    assert printed.stderr.endswith("Rows: 1\n")


def test_the_sheet_itself_is_never_written_over(tmp_path: Path) -> None:
    sheet = write(tmp_path, "text\nYes.\n")

    result = runner.invoke(app, ["tag", str(sheet), "--out", str(sheet)])

    assert result.exit_code == 2
    assert result.stderr == (
        f"Error: {sheet}: this is the sheet that is read; name another file with --out\n"
    )
    assert sheet.read_text() == "text\nYes.\n"


def test_a_row_that_cannot_be_read_ends_the_command_with_1(tmp_path: Path) -> None:
    result = runner.invoke(app, ["tag", str(write(tmp_path, "text\nYes., no\nYes.\n"))])

    assert result.exit_code == 1
    assert json.loads(result.stdout) == {"text": "Yes.", **EMPTY}


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="it tells the peak on Linux")
def test_tagging_takes_little_memory(tmp_path: Path) -> None:
    sheet, out = tmp_path / "turns.csv", tmp_path / "out.jsonl"
    turns = [*load_turns()[::250], max(load_turns(), key=lambda turn: len(turn.text))]
    with sheet.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("text", "context"), (SEND, "")])
        csv.writer(stream).writerows((turn.text, turn.context) for turn in turns)

    tag = [sys.executable, "-c", MEASURED, "tag", str(sheet), "--out", str(out)]
    said = subprocess.run(tag, check=True, capture_output=True, text=True).stdout

    peak = int(re.search(r"VmHWM:\s+(\d+) kB", said)[1]) * 1024 / 1e6
    assert len(out.read_text(encoding="utf-8").splitlines()) == len(turns) + 1
    assert said.startswith("False")  # it is torch that would take most
    assert peak < MEMORY
