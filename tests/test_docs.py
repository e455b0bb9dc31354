"""The README is true: its commands run, its help is the program's, its tables name what is there."""

import csv
import json
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import typer
from material import DEMO, ROOT, write_vtt, write_wave
from typer.testing import CliRunner

from callinsight.calls.audio import SAMPLE_RATE, decode
from callinsight.calls.manifest import (
    CALL_COLUMNS,
    CALL_COLUMNS_NEEDED,
    PARTICIPANT_COLUMNS,
    PARTICIPANT_COLUMNS_NEEDED,
)
from callinsight.cli import app

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
GUIDE = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
CALLS = (ROOT / "docs" / "calls.md").read_text(encoding="utf-8")
HELP = re.search(r"<!-- help -->\n```\n(.*?)```\n<!-- end of help -->", README, re.DOTALL)[1]
runner = CliRunner()


def commands() -> list[list[str]]:
    """The callinsight commands of the code blocks of README and docs, without the help."""
    blocks = re.findall(r"^```\n(.*?)^```", GUIDE.replace(HELP, ""), re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines()]
    return [shlex.split(line)[1:] for line in lines if line.startswith("callinsight ")]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as a newcomer has it: recordings, and an export of the CRM."""
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    sound = decode(DEMO / "recordings" / "rec-01.flac")
    cut = sound.read(14 * SAMPLE_RATE, 26 * SAMPLE_RATE)
    write_wave(recordings / "2026-10-05 Acme security.wav", cut)
    write_vtt(
        recordings / "2026-10-06 Globex pricing.vtt",
        [("Bo", "That is too expensive for our budget.")],
    )
    (tmp_path / "deals.csv").write_text(
        "Id,Account Name,Stage\nD-1,Acme,Demo\nD-2,Globex,Proposal\n"
    )
    (tmp_path / "mapping.toml").write_text(
        '[deals]\ndeal = "Id"\naccount = "Account Name"\ndeal_stage = "Stage"\n'
        '[match]\nfile_contains = "Account Name"\n'
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def fill_in_consent(sheet: Path) -> None:
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    with sheet.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(row | {"consent": "notice"} for row in rows)


@pytest.mark.parametrize("with_crm", [False, True])
def test_a_newcomer_follows_the_readme_to_a_report(desk: Path, with_crm: bool) -> None:
    first, second, *others = [
        [arg.replace("/path/to/recordings", str(desk / "recordings")) for arg in command]
        for command in commands()
        if command[0] in ("init", "run", "report")
    ]
    assert [first[0], second[0]] == ["init", "init"]

    result = runner.invoke(app, second if with_crm else first)
    assert result.exit_code == 0, result.stderr
    fill_in_consent(desk / "my-calls" / "calls.csv")
    for command in others:
        result = runner.invoke(app, command)
        assert result.exit_code == 0, result.stderr

    page = (desk / "reports" / "2026-10" / "index.html").read_text(encoding="utf-8")
    assert "October 2026" in page
    assert result.stdout == "reports/2026-10/index.html\n"


def test_the_helps_options_are_the_readmes() -> None:
    told = {}
    for entry in re.split(r"^callinsight ", HELP, flags=re.MULTILINE)[1:]:
        name = re.match(r"[a-z]+(?: [a-z]+)?", entry)[0]
        told[name] = set(re.findall(r"--[a-z-]+", entry))
    real = {}
    group = typer.main.get_command(app)
    for name, command in group.commands.items():
        parts = getattr(command, "commands", {})
        alone = not parts or command.invoke_without_command
        for part, one in (parts | ({"": command} if alone else {})).items():
            if not one.hidden:
                options = {o for p in one.params for o in p.opts if o.startswith("--")}
                real[f"{name} {part}".strip()] = options

    assert told == real


def test_transcribe_prints_the_keys_that_the_docs_show(desk: Path) -> None:
    sample = json.loads(re.search(r"```json\n(.*?)```", CALLS, re.DOTALL)[1])
    recording = str(next((desk / "recordings").glob("*.wav")))

    result = runner.invoke(
        app, ["transcribe", recording, "--model", "tiny.en", "--rep-channel", "0"]
    )

    line = json.loads(result.stdout)
    assert line.keys() == sample.keys()
    assert line["utterances"][0].keys() == sample["utterances"][0].keys()


def test_the_tables_of_columns_name_each_column() -> None:
    for title, columns in (
        ("calls.csv", (*CALL_COLUMNS_NEEDED, *CALL_COLUMNS)),
        ("participants.csv", (*PARTICIPANT_COLUMNS_NEEDED, *PARTICIPANT_COLUMNS)),
    ):
        table = re.search(rf"^\| {title} \|.*\n\|[-|]+\n((?:\|.*\n)+)", CALLS, re.MULTILINE)[1]
        named = re.findall(r"[a-z_]+", " ".join(row.split("|")[1] for row in table.splitlines()))
        assert set(named) - {"or"} == set(columns)


def test_each_dependency_has_its_line() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    declared = [*project["dependencies"], *(line for extra in extras for line in extra)]
    table = README.split("## What it stands on")[1].split("\n## ")[0]
    named = {
        name
        for row in table.splitlines()
        if row.startswith("| ")
        for name in re.split(r",\s*", row.split("|")[1].strip())
    }

    assert {re.match(r"[a-z0-9.-]+", line)[0] for line in declared} == named - {"package"}


@pytest.mark.parametrize(
    "target", ["setup", "demo", "test", "test-all", "check", "bench", "sbom", "audit", "fuzz"]
)
def test_each_target_of_make_is_there(target: str) -> None:
    told = subprocess.run(
        ["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert told.returncode == 0, told.stderr


def test_help_is_quick_and_imports_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from typer.testing import CliRunner\n"
        "from callinsight.cli import app\n"
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0\n"
        "print([m for m in ('torch', 'spacy', 'bertopic', 'whisper', 'sklearn', 'numpy', 'sqlite_utils')"
        " if m in sys.modules])\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert told.stdout == "[]\n"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_and_heading_that_is_linked_to_is_there(page: Path) -> None:
    broken = []
    for link in re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8")):
        name, _, heading = link.partition("#")
        target = page.parent / name if name else page
        if "://" not in link and not (
            target.exists() and (not heading or heading in headings(target))
        ):
            broken.append(link)

    assert broken == []


def headings(page: Path) -> set[str]:
    """The headings of a page as links name them."""
    found = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", one.casefold()).replace(" ", "-") for one in found}
