"""What is planted in calls is found in no file that a run leaves behind."""

import logging
import sqlite3
from collections import Counter
from pathlib import Path

import pytest
from material import Project, call_row, write_vtt
from typer.testing import CliRunner

from callinsight import store
from callinsight.cli import app
from callinsight.pipeline import mend
from callinsight.records import Correction

TURNS = [
    ("Dana Whitfield", "What is the best way to reach you?"),
    ("Ann Lee", "Write to ann.lee-mail@globexmail.com or call me on 415-555-0134, it is too expensive."),
    ("Ann Lee", "Or ask my colleague, zebrafish dot lee at globexmail dot com."),
    ("Dana Whitfield", "And the card for the trial?"),
    ("Ann Lee", "It is five five five five, five five five five,"),
    ("Ann Lee", "five five five five, quadruple four."),
    ("Ann Lee", "The IBAN is GB82 WEST 1234 5698 7654 32 and my social security number is 219-09-9999."),
    ("Ann Lee", "Ship the contract to 4821 Marigold Avenue, Springfield, IL 62704 for legal."),
    ("Ann Lee", "Open https://globex.example.com/reset?token=zx81qqv7 and the password is Quokka77!"),
    ("Ann Lee", "Could you send me a pricing sheet with the discount in it?"),
]  # fmt: skip
PLANTED = (  # no four figures alone: hashes and times have such, too
    *("globexmail", "zebrafish", "555-0134", "five five five five", "quadruple", "5698 7654"),
    *("219-09", "09-9999", "Marigold", "IL 62704", "zx81qqv7", "Quokka77", "title-secret"),
)  # fmt: skip


STAMP = {"who": "Mara", "at": "2026-10-06T10:00Z"}


@pytest.fixture
def planted(project: Project) -> Project:
    write_vtt(project.folder / "files" / "talk-1.vtt", TURNS)
    row = call_row("talk-1", "talk-1.vtt", title="Call with title-secret@globexmail.com")
    project.write_calls([row])
    return project


def left_in(
    folder: Path, *, without: tuple[str, ...] = ("files", "calls.csv")
) -> dict[str, list[str]]:
    """What is planted and found in the bytes of a folder's files, by file."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.relative_to(folder).parts[0] not in without:
            content = path.read_bytes().lower()
            held = [one for one in PLANTED if one.lower().encode() in content]
            if held:
                found[str(path.relative_to(folder))] = held
    return found


def set_kinds(project: Project, kinds: str) -> None:
    text = project.pipeline.read_text(encoding="utf-8").partition("[privacy]")[0]
    project.pipeline.write_text(f"{text}[privacy]\nredact = {kinds}\n", encoding="utf-8")


def test_nothing_planted_is_left_behind(planted, capfd, caplog, monkeypatch, tmp_path):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "project"))
    planted.run(workers=1)
    keeper = sqlite3.connect(planted.database)  # an open reader keeps the log from being merged
    keeper.execute("SELECT count(*) FROM calls").fetchall()
    planted.run(workers=1)

    assert left_in(planted.folder) == {}
    keeper.close()
    told = capfd.readouterr()
    printed = (told.out + told.err + caplog.text).lower()
    assert [one for one in PLANTED if one.lower() in printed] == []
    with store.opened(planted.database) as db:
        kinds = Counter(one.kind for one in store.redactions_of(db, "talk-1"))
        assert store.search_utterances(db, "email")
        assert not store.search_utterances(db, "globexmail")
    assert kinds == {
        "email": 2,
        "phone": 1,
        "card": 2,
        "bank": 1,
        "government": 1,
        "address": 1,
        "link": 1,
        "password": 1,
    }
    page = (planted.folder / "report" / "2026-10" / "index.html").read_text(encoding="utf-8")
    assert (
        "Nine pieces of personal data were removed: 2 e-mail addresses, 1 phone number, "
        "1 card number, 1 bank number, 1 government number, 1 address, 1 link with a secret "
        "and 1 password or PIN." in page
    )


@pytest.mark.parametrize("format_", ["json", "txt", "srt", "vtt"])
def test_transcribe_prints_nothing_planted(planted, format_):
    file = str(planted.folder / "files" / "talk-1.vtt")

    told = CliRunner().invoke(app, ["transcribe", file, "--format", format_, "--workers", "1"])

    assert "[card 1]" in told.stdout
    assert [one for one in PLANTED if one.lower() in told.output.lower()] == []


def test_turning_it_on_cleans_what_is_stored_without_reading_it_again(planted):
    set_kinds(planted, "[]")
    planted.run(workers=1)
    assert left_in(planted.folder)
    with store.opened(planted.database) as db:
        before = store.utterances_of(db, "talk-1")[1]
        with store.transaction(db):
            store.add_correction(
                db,
                Correction(
                    call="talk-1", utterance=before.id, context=TURNS[0][1], text=before.text,
                    at="2026-10-06T10:00Z", who="Mara", action="change", before="/none/",
                    after="price_budget/objection/",
                ),
            )  # fmt: skip
        written = "Or ask my colleague, zebrafish.lee@globexmail.com is mine."
        mend.set_words(db, planted.config(), "talk-1:0002", "zebrafish@globexmail.com", **STAMP)
        mend.set_words(db, planted.config(), "talk-1:0002", written, **STAMP)
    # the transcript is gone: only what is stored can be cleaned
    (planted.folder / "files" / "talk-1.vtt").unlink()
    set_kinds(
        planted, '["email", "phone", "card", "bank", "government", "address", "link", "password"]'
    )

    planted.run(workers=1)

    assert left_in(planted.folder) == {}
    with store.opened(planted.database) as db:
        (correction,) = store.all_corrections(db)
        said = store.utterances_of(db, "talk-1")
        mendings = store.all_mendings(db)
        redacted = [one.placeholder for one in store.redactions_of(db, "talk-1")]
        heard = store.heard_of(db, "talk-1")
    assert correction.text == said[1].text
    assert "[phone 1]" in said[1].text
    assert said[2].text == "Or ask my colleague, [email 2] is mine."
    assert [one.text for one in heard] == ["Or ask my colleague, [email 2]."]
    assert [one.text for one in mendings] == ["Or ask my colleague, [email 2]."] * 2
    assert [one.after for one in mendings] == [
        "[email 1]",
        "Or ask my colleague, [email 2] is mine.",
    ]
    assert redacted.count("[email 2]") == 1


def test_leaving_a_kind_out_reads_the_calls_that_had_it_again(planted):
    planted.run(workers=1)
    set_kinds(planted, '["email"]')

    planted.run(workers=1)

    with store.opened(planted.database) as db:
        said = store.utterances_of(db, "talk-1")[1].text
        assert {one.kind for one in store.redactions_of(db, "talk-1")} == {"email"}
    assert said == "Write to [email 1] or call me on 415-555-0134, it is too expensive."


def test_names_of_buyers_are_kept_nowhere(planted):
    text = planted.pipeline.read_text(encoding="utf-8")
    planted.pipeline.write_text(f"{text}[privacy]\nredact_names = true\n", encoding="utf-8")

    planted.run(workers=1)

    with store.opened(planted.database) as db:
        speakers = {(u.speaker, u.side) for u in store.utterances_of(db, "talk-1")}
    assert speakers == {("Dana Whitfield", "rep"), ("[name 1]", "buyer")}
    content = b"".join(p.read_bytes() for p in planted.folder.glob("callinsight.db*"))
    assert b"Ann Lee" not in content


def test_names_go_from_what_the_sheets_say_of_a_call(planted):
    text = planted.pipeline.read_text(encoding="utf-8")
    planted.pipeline.write_text(f"{text}[privacy]\nredact_names = true\n", encoding="utf-8")
    planted.write_calls(
        [
            call_row(
                "talk-1", "talk-1.vtt", account="Hansen", title="Hansen: ann lee meets Peter Novak",
                vocabulary="Peppol;Ánn Lee;Lee",
            )
        ]
    )  # fmt: skip

    planted.run(workers=1)

    with store.opened(planted.database) as db:
        call = store.get_call(db, "talk-1")
    assert call.title == "Hansen: [name 1] meets [name 2]"
    assert call.vocabulary == "Peppol"


def test_what_people_mended_stays_when_names_go(planted):
    planted.run(workers=1)
    with store.opened(planted.database) as db:
        config = planted.config()
        person = store.participant(db, "talk-1", "Ann Lee")
        mend.set_person(
            db, config, "talk-1", "Ann Lee", title="CISO", persona=person.persona, **STAMP
        )
        mend.set_side(db, config, "talk-1", "Ann Lee", "buyer", **STAMP)
        mend.set_words(db, config, "talk-1:0009", "Ask Ann Lee for a pricing sheet.", **STAMP)
    text = planted.pipeline.read_text(encoding="utf-8")
    planted.pipeline.write_text(f"{text}[privacy]\nredact_names = true\n", encoding="utf-8")

    planted.run(workers=1)
    planted.run(workers=1)

    with store.opened(planted.database) as db:
        (buyer,) = [p for p in store.participants_of(db, "talk-1") if p.side == "buyer"]
        said = store.utterances_of(db, "talk-1")
        assert (buyer.name, buyer.title) == ("[name 1]", "CISO")
        assert {(u.speaker, u.side, u.side_source) for u in said if u.side == "buyer"} == {
            ("[name 1]", "buyer", "people")
        }
        assert said[9].text == "Ask [name 1] for a pricing sheet."
        # what is written now is told from those who are known by placeholders only
        mend.set_words(db, planted.config(), "talk-1:0009", "Ask Ann Lee to call.", **STAMP)
        assert "Ann Lee" not in store.utterances_of(db, "talk-1")[9].text
        assert store.utterances_of(db, "talk-1")[9].speaker == "[name 1]"
    content = b"".join(p.read_bytes() for p in planted.folder.glob("callinsight.db*"))
    assert b"Ann Lee" not in content


def test_who_dials_in_by_a_number_is_known_by_a_placeholder(project: Project) -> None:
    number, address = "+1 415 555 0132", "otto@zebrafish.example"
    write_vtt(
        project.folder / "files" / "talk-1.vtt",
        [
            ("Dana Whitfield", "What did you think of the proposal?"),
            (number, "It is far too expensive for us, we do not have the budget for that."),
            (address, "Could you send me a pricing sheet?"),
        ],
    )
    project.write_calls([call_row("talk-1", "talk-1.vtt")])
    (project.folder / "participants.csv").write_text(
        "call_id,name,side,title\ntalk-1,Dana Whitfield,rep,\n"
        f"talk-1,{number},buyer,Chief Financial Officer (415-555-0199)\n",
        encoding="utf-8",
    )

    project.run(workers=1)
    project.run(workers=1)

    with store.opened(project.database) as db:
        said = [(u.speaker, u.voice, u.side) for u in store.utterances_of(db, "talk-1")]
        people = [(one.name, one.title) for one in store.participants_of(db, "talk-1")]
    assert said[1:] == [
        ("[phone 1]", "[phone 1]", "buyer"),
        ("[email 1]", "[email 1]", "unknown"),
    ]
    assert ("[phone 1]", "Chief Financial Officer ([phone 1])") in people
    for path in project.folder.rglob("*"):
        if path.is_file() and path.parent.name != "files" and path.suffix != ".csv":
            content = path.read_bytes()
            assert not any(held in content for held in (b"0132", b"zebrafish", b"555-0199")), path


BROKEN = {
    "cue.srt": "1\n00:00:01,000 --> 4111 1111 1111 1111\nHello.\n",
    "cue.vtt": "WEBVTT\n\n00:01.000 --> my card is 4111 1111 1111 1111\nHello.\n",
    "setting.vtt": "WEBVTT\n\n00:01.000 --> 00:02.000 card:4111111111111111\nHello.\n",
    "end.json": '{"segments": [{"start": 0, "end": "4111 1111 1111 1111", "text": "Hello."}]}',
    "number.json": '{"segments": [{"start": 0, "end": 1, "text": 4111111111111111}]}',
}


def test_what_is_said_of_a_broken_transcript_quotes_nothing_of_it(
    project: Project, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for name, text in BROKEN.items():
        (project.folder / "files" / name).write_text(text, encoding="utf-8")
    project.write_calls([call_row(name.replace(".", "-"), name) for name in BROKEN])

    summary = project.run(workers=1)

    assert summary.statuses == {"failed": 4, "done": 1}  # a setting that is none changes no word
    told = capfd.readouterr()
    assert "4111" not in told.out + told.err + caplog.text
    for path in project.folder.rglob("*"):
        if path.is_file() and path.parent.name != "files":
            assert b"4111" not in path.read_bytes(), path
