from __future__ import annotations

import csv
import dataclasses
import itertools
import os
import re
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from material import write_wave

from callinsight import config, starter
from callinsight.calls import manifest
from callinsight.config import load_config
from callinsight.content import inventory
from callinsight.errors import ConfigError, InputError
from callinsight.starter import write_starter
from callinsight.starter.crm import EXAMPLE, load_mapping
from callinsight.starter.names import read_name
from callinsight.taxonomy import load_taxonomy

ROOT = Path(__file__).parents[1]
WRITTEN = [
    "sales_calls.toml",
    "calls.csv",
    "participants.csv",
    "taxonomy.toml",
    "items.csv",
    "usage.csv",
]
EXPORT = """\
Opportunity ID,Account Name,Stage,Amount,Currency,Status,Loss Reason,Primary Contact,Contact Title
D-1,Acme Corp.,Proposal,"12,500.50",EUR,Open,,Ana Ruiz,CFO
D-1,Acme Corp.,Proposal,"12,500.50",EUR,Open,,Bo Lindqvist,IT Director
D-2,Acme,Demo,900,EUR,Closed Lost,Price,Cy Wade,Owner
D-3,Globex,Demo,100,USD,Open,,Di Katz,COO
D-4,Globex,Demo,200,USD,Open,,Di Katz,COO
"""


def sound(path: Path, seconds: float = 1.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_wave(path, np.zeros((1, round(seconds * 8000)), dtype=np.float32), rate=8000)
    return path


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def filled(row: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in row.items() if value}


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    sound(tmp_path / "recordings" / "2026-10-31_14-30_Acme-Corp pricing.wav")
    return tmp_path / "recordings"


@pytest.fixture
def crm(tmp_path: Path) -> Path:
    (tmp_path / "deals.csv").write_text(EXPORT, encoding="utf-8")
    return tmp_path / "deals.csv"


def mapped(tmp_path: Path, text: str) -> Path:
    (tmp_path / "mapping.toml").write_text(text, encoding="utf-8")
    return tmp_path / "mapping.toml"


def refusal(kind: type[Exception], folder: Path, **options: Path) -> str:
    with pytest.raises(kind) as caught:
        write_starter(folder, **options)
    assert not folder.exists()
    return str(caught.value)


class TestNames:
    @pytest.mark.parametrize(
        ("name", "moment", "words"),
        [
            ("2026-10-31", "2026-10-31T00:00:00", ""),
            ("20261031 Acme", "2026-10-31T00:00:00", "Acme"),
            ("call_2026-1-5", "2026-01-05T00:00:00", "call"),
            ("2026-10-31_14-30_Acme-pricing", "2026-10-31T14:30:00", "Acme pricing"),
            ("acme_20261031_143000", "2026-10-31T14:30:00", "acme"),
            ("20261031143000", "2026-10-31T14:30:00", ""),
            ("Acme 31.10.2026 14.30", "2026-10-31T14:30:00", "Acme"),
            ("03.04.2026 R&D sync", "2026-04-03T00:00:00", "R&D sync"),
            ("31-10-2026 O'Brien", "2026-10-31T00:00:00", "O'Brien"),
            ("10-31-2026", "2026-10-31T00:00:00", ""),
            ("04-04-2026", "2026-04-04T00:00:00", ""),
            ("2-2026-10-31", "2026-10-31T00:00:00", "2"),
            ("GMT20261031-143000_Recording", "2026-10-31T14:30:00+00:00", "Recording"),
            ("Acme-20261031_143000UTC-Meeting", "2026-10-31T14:30:00+00:00", "Acme Meeting"),
            ("Acme (2026-10-31 at 14:30 GMT+1)", "2026-10-31T14:30:00+01:00", "Acme"),
            ("2026-10-31 at 2.30.05 PM", "2026-10-31T14:30:05", ""),
            ("2026-10-31 at 12.05 am", "2026-10-31T00:05:00", ""),
        ],
    )
    def test_a_date_is_read_and_removed(self, name, moment, words):
        found = read_name(name)
        assert (found.moment.isoformat(), found.words) == (moment, words)

    @pytest.mark.parametrize(
        ("name", "words"),
        [
            ("2026-10-31_1920x1080", "1920x1080"),
            ("2026-10-31_1234567", "1234567"),
            ("2026-10-31 12 min", "12 min"),
            ("2026-10-31 25-10", "25 10"),
        ],
    )
    def test_other_numbers_after_a_date_are_no_time(self, name, words):
        found = read_name(name)
        assert (found.moment.isoformat(), found.words) == ("2026-10-31T00:00:00", words)

    @pytest.mark.parametrize(
        "name",
        [
            "03-04-2026 Acme",  # March or April
            "03-04-2026-10-15 Acme",  # nor 15 October
            "20261331",
            "2026-02-30",
            "120261031",
            "2026103112345678",
            "Acme",
        ],
    )
    def test_what_is_no_date_or_may_be_two_is_not_guessed(self, name):
        assert read_name(name).moment is None


class TestTemplates:
    def test_the_example_pipeline_is_valid(self):
        loaded = load_config(ROOT / "pipelines" / "sales_calls.toml")
        assert loaded.calls.manifest == ROOT / "pipelines" / "calls.csv"
        assert loaded.tagging.taxonomy.is_file()

    def test_the_example_pipeline_has_every_setting_with_its_default(self, tmp_path):
        text = (ROOT / "pipelines" / "sales_calls.toml").read_text(encoding="utf-8")
        whole = tmp_path / "whole.toml"
        whole.write_text(re.sub(r"^# (\w+ = )", r"\1", text, flags=re.M), encoding="utf-8")
        shown = load_config(whole)
        least = tmp_path / "least.toml"
        least.write_text('calls.manifest = "calls.csv"\ntagging.taxonomy = "taxonomy.toml"\n')
        default = load_config(least)
        # a path that is written down is relative to the file, a default to where one works
        assert shown.database == tmp_path / default.database
        assert shown.report.folder == tmp_path / default.report.folder
        assert shown.report == dataclasses.replace(default.report, folder=shown.report.folder)
        assert shown.speech == dataclasses.replace(default.speech, rep_channel=0)
        for name in ("company", "timezone", "tagging", "topics", "gaps", "unused", "requests"):
            assert getattr(shown, name) == getattr(default, name)
        for section in dataclasses.fields(config.Config):
            settings = getattr(shown, section.name)
            if not dataclasses.is_dataclass(settings):
                assert section.name == "path" or re.search(rf"^# {section.name} = ", text, re.M)
                continue
            table = re.search(rf"^\[{section.name}\]\n(.*?)(?=^\[|\Z)", text, re.M | re.S)[1]
            written = re.findall(r"^(?:# )?(\w+) = ", table, re.M)
            assert written == [field.name for field in dataclasses.fields(settings)]

    def test_every_setting_says_what_it_does(self):
        lines = (ROOT / "pipelines" / "sales_calls.toml").read_text(encoding="utf-8").splitlines()
        for above, line in itertools.pairwise(lines):
            if re.match(r"(# )?\w+ = ", line):
                assert re.match(r"# [A-Z\w].*\.$", above), line

    @pytest.mark.parametrize(
        ("name", "columns"),
        [
            ("calls.csv", manifest.CALL_COLUMNS_NEEDED + manifest.CALL_COLUMNS),
            (
                "participants.csv",
                manifest.PARTICIPANT_COLUMNS_NEEDED + manifest.PARTICIPANT_COLUMNS,
            ),
            ("items.csv", inventory.ITEM_COLUMNS_NEEDED + inventory.ITEM_COLUMNS),
            ("usage.csv", inventory.USAGE_COLUMNS_NEEDED + inventory.USAGE_COLUMNS),
        ],
    )
    def test_a_sheet_has_all_columns_that_can_be_read(self, name, columns):
        header = (starter.TEMPLATES / name).read_text(encoding="utf-8").strip().split(",")
        assert sorted(header) == sorted(columns)

    def test_the_mapping_shown_as_an_example_is_valid(self):
        mapping = load_mapping(EXAMPLE)
        assert mapping.file_contains == "Account Name"
        assert mapping.outcomes == {"closed won": "won", "closed lost": "lost"}


class TestFiles:
    def test_all_files_are_written_and_the_pipeline_finds_them(self, tmp_path, recordings):
        folder = tmp_path / "new" / "pipeline"
        written = write_starter(folder, recordings=recordings)
        assert written.files == tuple(folder / name for name in WRITTEN)
        assert sorted(path.name for path in folder.iterdir()) == sorted(WRITTEN)
        loaded = load_config(folder / "sales_calls.toml")
        assert loaded.calls.manifest == folder / "calls.csv"
        assert loaded.calls.participants == folder / "participants.csv"
        assert loaded.calls.files == recordings
        assert loaded.content.items == (folder / "items.csv",)
        assert loaded.content.usage == (folder / "usage.csv",)
        assert load_taxonomy(loaded.tagging.taxonomy).version == "2026-11.1"
        assert not (folder / "taxonomy.toml").is_symlink()
        assert rows(folder / "participants.csv") == []

    def test_a_relative_folder_of_recordings_is_seen_from_the_pipeline(
        self, tmp_path, recordings, monkeypatch
    ):
        monkeypatch.chdir(tmp_path)
        write_starter(Path("a/b"), recordings=Path("recordings"))
        assert 'files = "../../recordings"\n' in Path("a/b/sales_calls.toml").read_text("utf-8")
        loaded = load_config(Path("a/b/sales_calls.toml"))
        assert loaded.calls.files.resolve() == recordings

    def test_quotes_in_a_path_are_kept(self, tmp_path):
        odd = tmp_path / 'calls "2026" \\ Zürich'
        sound(odd / "a.wav")
        write_starter(tmp_path / "new", recordings=odd)
        assert load_config(tmp_path / "new" / "sales_calls.toml").calls.files == odd

    @pytest.mark.parametrize("name", WRITTEN)
    def test_an_existing_file_is_kept_and_nothing_is_written(self, tmp_path, recordings, name):
        folder = tmp_path / "new"
        folder.mkdir()
        (folder / name).write_text("mine")
        with pytest.raises(InputError) as caught:
            write_starter(folder, recordings=recordings)
        assert str(caught.value) == (
            f"{folder / name}: the file exists already; move it away, or name another folder"
        )
        assert [path.name for path in folder.iterdir()] == [name]
        assert (folder / name).read_text() == "mine"

    def test_a_file_in_the_place_of_the_folder_is_refused(self, tmp_path, recordings):
        taken = tmp_path / "taken"
        taken.write_text("")
        for folder, message in (
            (taken, f"{taken}: this is a file; name a folder to write the pipeline into"),
            (
                taken / "below",
                (
                    f"{taken / 'below'}: it cannot be written into (Not a directory); "
                    "name another folder"
                ),
            ),
        ):
            with pytest.raises(InputError) as caught:
                write_starter(folder, recordings=recordings)
            assert str(caught.value) == message

    def test_recordings_must_be_there(self, tmp_path):
        nowhere = tmp_path / "nowhere"
        assert refusal(InputError, tmp_path / "new", recordings=nowhere) == (
            f"{nowhere}: there is no such folder; name the folder of your recordings"
        )
        nowhere.mkdir()
        (nowhere / "notes.txt").write_text("")
        assert refusal(InputError, tmp_path / "new", recordings=nowhere) == (
            f"{nowhere}: no recording or transcript lies in this folder or below; "
            "name the folder of your recordings"
        )

    def test_a_name_that_is_no_text_is_refused(self, tmp_path):
        folder = tmp_path / "recordings"
        folder.mkdir()
        try:
            Path(os.fsdecode(os.fsencode(folder) + b"/M\xfcller.wav")).touch()
        except OSError:
            pytest.skip("this file system takes no such names")
        assert refusal(InputError, tmp_path / "new", recordings=folder) == (
            f"{folder}: the name 'M\\udcfcller.wav' cannot be written down; rename the file"
        )


class TestCalls:
    def test_text_and_json_are_listed_if_they_can_be_read_as_transcripts(self, tmp_path):
        folder = tmp_path / "recordings"
        folder.mkdir()
        (folder / "2026-10-01 text.txt").write_text("Jo: Hi.\nDana: Hello.\n")
        (folder / "2026-10-02 gong.json").write_text(
            '[{"speakerId": "1", "sentences": [{"start": 0, "end": 90000, "text": "Hi."}]}]'
        )
        (folder / "2026-10-03 captions.srt").write_text("no captions")
        (folder / "2026-10-04 notes.md").write_text("We met, we spoke, we parted.\n")
        (folder / "2026-10-05 other.json").write_text('{"device": 7}')
        write_starter(tmp_path / "new", recordings=folder)
        assert [(r["file"], r["title"]) for r in rows(tmp_path / "new" / "calls.csv")] == [
            ("2026-10-01 text.txt", "text"),
            ("2026-10-02 gong.json", "gong"),
            ("2026-10-03 captions.srt", "captions"),
        ]

    def test_rows_come_from_names_and_dates(self, tmp_path):
        folder = tmp_path / "recordings"
        sound(folder / "2026-10-31_14-30_Acme-pricing.WAV", 12 * 60 + 20)
        sound(folder / "Globex" / "2026-11-02.wav", 59.4)
        sound(folder / "2026-11-03 Initech" / "audio.wav", 59.6)
        sound(folder / "20261104.wav", 0.2)
        (folder / "GMT20261105-090000_Umbrella.vtt").write_text(
            "WEBVTT\n\n00:00.000 --> 00:02.000\nHello.\n\n01:59:00.000 --> 02:00:10.000\nBye.\n"
        )
        (folder / "README.md").write_text("Our calls, as we keep them.\n")
        (folder / "sidecar.json").write_text('{"device": 7}')
        for hidden in (".a.wav", ".trash/b.wav", "notes.txt"):
            (folder / hidden).parent.mkdir(exist_ok=True)
            (folder / hidden).touch()
        (folder / "folder.wav").mkdir()
        written = write_starter(tmp_path / "new", recordings=folder)
        assert written.calls == 5
        assert written.length_s == pytest.approx(740 + 59.4 + 59.6 + 0.2 + 7210)
        assert written.undated == written.unmatched == ()
        assert [filled(row) for row in rows(tmp_path / "new" / "calls.csv")] == [
            {
                "file": "2026-10-31_14-30_Acme-pricing.WAV",
                "recorded_at": "2026-10-31T14:30:00",
                "title": "Acme pricing",
            },
            {
                "file": "2026-11-03 Initech/audio.wav",
                "recorded_at": "2026-11-03T00:00:00",
                "title": "audio",
            },
            {
                "file": "20261104.wav",
                "recorded_at": "2026-11-04T00:00:00",
                "title": "Call",
            },
            {
                "file": "GMT20261105-090000_Umbrella.vtt",
                "recorded_at": "2026-11-05T09:00:00+00:00",
                "title": "Umbrella",
            },
            {
                "file": "Globex/2026-11-02.wav",
                "recorded_at": "2026-11-02T00:00:00",
                "title": "Globex",
            },
        ]

    def test_every_kind_of_recording_is_found(self, tmp_path):
        folder = tmp_path / "recordings"
        folder.mkdir()
        kinds = [
            "wav",
            "mp3",
            "m4a",
            "mp4",
            "ogg",
            "opus",
            "flac",
            "webm",
            "mkv",
            "mov",
            "wma",
            "aac",
            "amr",
            "3gp",
        ]
        for kind in [*kinds, "txt", "csv", "pdf"]:
            (folder / f"lower.{kind}").touch()
            (folder / f"UPPER.{kind.upper()}").touch()
        (folder / "words.vtt").touch()
        write_starter(tmp_path / "new", recordings=folder)
        assert [row["file"] for row in rows(tmp_path / "new" / "calls.csv")] == sorted(
            [f"lower.{kind}" for kind in kinds]
            + [f"UPPER.{kind.upper()}" for kind in kinds]
            + ["words.vtt"]
        )

    def test_a_recording_beside_its_transcript_is_the_same_call(self, tmp_path):
        folder = tmp_path / "recordings"
        for name in ("a.wav", "a.vtt", "b.wav", "c.mp4", "c.M4A", "c.srt"):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).touch()
        write_starter(tmp_path / "new", recordings=folder)
        files = [row["file"] for row in rows(tmp_path / "new" / "calls.csv")]
        assert files == ["a.vtt", "b.wav", "c.mp4", "c.srt"]  # the sound of c is in c.M4A

    def test_without_a_date_in_the_name_the_file_says_when(self, tmp_path):
        file = sound(tmp_path / "recordings" / "03-04-2026 Zürich.wav")
        os.utime(file, (1_790_000_000.7, 1_790_000_000.7))
        written = write_starter(tmp_path / "new", recordings=file.parent)
        assert written.undated == ("03-04-2026 Zürich.wav",)
        (row,) = rows(tmp_path / "new" / "calls.csv")
        assert filled(row) == {
            "file": "03-04-2026 Zürich.wav",
            "recorded_at": "2026-09-21T14:13:20+00:00",
            "title": "03 04 2026 Zürich",
        }
        assert (tmp_path / "new" / "calls.csv").read_bytes().startswith(b"\xef\xbb\xbfcall_id,file")

    def test_what_cannot_be_read_is_listed_and_adds_nothing_to_the_length(self, tmp_path):
        folder = tmp_path / "recordings"
        folder.mkdir()
        (folder / "2026-10-01 empty.mp3").touch()
        (folder / "2026-10-02 noise.m4a").write_bytes(b"no sound at all" * 100)
        (folder / "2026-10-03 words.vtt").write_bytes(b"\xff\xff no transcript")
        (folder / "lost.wav").symlink_to(folder / "nowhere.wav")
        written = write_starter(tmp_path / "new", recordings=folder)
        titles = [row["title"] for row in rows(tmp_path / "new" / "calls.csv")]
        assert titles == ["empty", "noise", "words", "lost"]
        assert (written.undated, written.length_s) == (("lost.wav",), 0.0)

    def test_once_consent_is_filled_in_the_calls_can_be_read(self, tmp_path, recordings, crm):
        sound(recordings / "2026-11-02 Globex.wav", 2.0)
        folder = tmp_path / "new"
        write_starter(folder, recordings=recordings, crm=crm, mapping=EXAMPLE)
        loaded = load_config(folder / "sales_calls.toml")

        def read() -> manifest.Manifest:
            return manifest.read_manifest(
                loaded.calls.manifest,
                loaded.calls.participants,
                loaded.calls.files,
                taxonomy=load_taxonomy(loaded.tagging.taxonomy),
                persona_of=str.casefold,
                zone=ZoneInfo("Europe/Berlin"),
            )

        assert [entry.call.status for entry in read().entries] == ["refused", "refused"]
        listed = rows(loaded.calls.manifest)
        with loaded.calls.manifest.open("w", encoding="utf-8", newline="") as file:
            sheet = csv.DictWriter(file, listed[0])
            sheet.writeheader()
            sheet.writerows(row | {"consent": "verbal"} for row in listed)
        usable = read()
        assert usable.problems == ()
        acme, globex = usable.entries
        assert acme.call.recorded_at == "2026-10-31T14:30:00+01:00"
        assert (acme.call.deal, acme.call.amount, acme.call.stage) == ("D-1", 12500.5, "decision")
        assert [(p.name, p.side, p.persona) for p in acme.participants] == [
            ("Ana Ruiz", "buyer", "cfo"),
            ("Bo Lindqvist", "buyer", "it director"),
        ]
        assert (globex.call.deal, globex.call.outcome, globex.participants) == ("", "open", ())
        assert {entry.call.status for entry in usable.entries} == {"done"}
        items = inventory.read_items(loaded.content.items, load_taxonomy(loaded.tagging.taxonomy))
        assert items == inventory.read_usage(loaded.content.usage, []) == ([], [])


class TestCrm:
    def test_a_call_takes_the_deal_its_name_speaks_of(self, tmp_path, crm):
        folder = tmp_path / "recordings"
        for name in (
            "2026-10-01 AcmeCorp.wav",  # longer than Acme
            "2026-10-02 acme_call.wav",
            "2026-10-03 Globex.wav",  # two deals
            "2026-10-04 acmeology.wav",  # another word
            "2026-10-05 Initech.wav",
            "Acme/2026-10-06 second.wav",
            "Acme/2026-10-07 acme-corp.wav",  # the file's own name goes first
        ):
            sound(folder / name)
        written = write_starter(tmp_path / "new", recordings=folder, crm=crm, mapping=EXAMPLE)
        calls = rows(tmp_path / "new" / "calls.csv")
        assert [row["deal"] for row in calls] == ["D-1", "D-2", "", "", "", "D-2", "D-1"]
        assert filled(calls[1]) == {
            "file": "2026-10-02 acme_call.wav",
            "recorded_at": "2026-10-02T00:00:00",
            "title": "acme call",
            "account": "Acme",
            "deal": "D-2",
            "deal_stage": "Demo",
            "amount": "900",
            "currency": "EUR",
            "outcome": "lost",
            "outcome_reason": "Price",
        }
        assert written.unmatched == (
            "2026-10-03 Globex.wav",
            "2026-10-04 acmeology.wav",
            "2026-10-05 Initech.wav",
        )
        people = rows(tmp_path / "new" / "participants.csv")
        assert [(p["file"][-13:], p["name"], p["title"], p["side"]) for p in people] == [
            (" AcmeCorp.wav", "Ana Ruiz", "CFO", "buyer"),
            (" AcmeCorp.wav", "Bo Lindqvist", "IT Director", "buyer"),
            ("acme_call.wav", "Cy Wade", "Owner", "buyer"),
            ("06 second.wav", "Cy Wade", "Owner", "buyer"),
            ("acme-corp.wav", "Ana Ruiz", "CFO", "buyer"),
            ("acme-corp.wav", "Bo Lindqvist", "IT Director", "buyer"),
        ]

    def test_two_accounts_of_one_length_are_not_guessed(self, tmp_path):
        sound(tmp_path / "recordings" / "2026-10-01 Beta and Acme.wav")
        (tmp_path / "deals.csv").write_text("Account,Id\nAcme,D-1\nBeta,D-2\n")
        mapping = mapped(tmp_path, '[deals]\ndeal = "Id"\n[match]\nfile_contains = "Account"\n')
        written = write_starter(
            tmp_path / "new",
            recordings=tmp_path / "recordings",
            crm=tmp_path / "deals.csv",
            mapping=mapping,
        )
        assert written.unmatched == ("2026-10-01 Beta and Acme.wav",)

    def test_a_date_in_the_name_is_no_deal(self, tmp_path):
        sound(tmp_path / "recordings" / "2026-10-31 intro.wav")
        (tmp_path / "deals.csv").write_text("Id,\n10,\n")
        mapping = mapped(tmp_path, '[deals]\ndeal = "Id"\n[match]\nfile_contains = "Id"\n')
        written = write_starter(
            tmp_path / "new",
            recordings=tmp_path / "recordings",
            crm=tmp_path / "deals.csv",
            mapping=mapping,
        )
        assert written.unmatched == ("2026-10-31 intro.wav",)

    @pytest.mark.parametrize(
        ("text", "encoding"),
        [
            ("Konto;Wert;Notiz\nMüller & Söhne;12.500,50 €;x,y\n", "cp1252"),
            ("KONTO\tWert\nMüller & Söhne\t12500,50\n", "utf-16"),
            ("Konto,Wert\r\nMüller & Söhne,12'500.50\r\n", "utf-8-sig"),
        ],
    )
    def test_any_separator_encoding_and_number_is_read(self, tmp_path, text, encoding):
        sound(tmp_path / "recordings" / "2026-10-01_mu\u0308ller-söhne.wav")
        (tmp_path / "deals.csv").write_text(text, encoding=encoding, newline="")
        mapping = mapped(
            tmp_path,
            '[deals]\naccount = "Konto"\namount = "Wert"\n[match]\nfile_contains = "konto"\n',
        )
        write_starter(
            tmp_path / "new",
            recordings=tmp_path / "recordings",
            crm=tmp_path / "deals.csv",
            mapping=mapping,
        )
        (row,) = rows(tmp_path / "new" / "calls.csv")
        assert (row["account"], row["amount"]) == ("Müller & Söhne", "12500.50")

    def test_an_export_with_nothing_in_it(self, tmp_path):
        sound(tmp_path / "recordings" / "2026-10-01 Acme.wav")
        (tmp_path / "deals.csv").write_text("")
        mapping = mapped(tmp_path, '[deals]\ndeal = "Id"\n[match]\nfile_contains = "Id"\n')
        with pytest.raises(InputError) as caught:
            write_starter(
                tmp_path / "new",
                recordings=tmp_path / "recordings",
                crm=tmp_path / "deals.csv",
                mapping=mapping,
            )
        assert str(caught.value) == (
            f"{tmp_path / 'deals.csv'}: there is nothing in this file; export it again, with a first "
            "line that names the columns"
        )

    def test_an_export_needs_a_mapping_and_the_other_way_round(self, tmp_path, recordings, crm):
        folder = tmp_path / "new"
        assert refusal(InputError, folder, recordings=recordings, crm=crm) == (
            f"{crm}: which of its columns is which? Write a file such as this one, "
            "and name it with --map:\n\n" + EXAMPLE.read_text(encoding="utf-8")
        )
        assert refusal(InputError, folder, recordings=recordings, mapping=EXAMPLE) == (
            f"{EXAMPLE}: a mapping needs an export to map; name that with --crm"
        )

    def test_the_export_must_be_there_and_be_text(self, tmp_path, recordings):
        nowhere, book = tmp_path / "nowhere.csv", tmp_path / "deals.xlsx"
        book.touch()
        for crm, message in (
            (nowhere, "there is no such file; name the export of your CRM after --crm"),
            (book, "this is a workbook; save the sheet as CSV, and name that"),
        ):
            assert (
                refusal(
                    InputError, tmp_path / "new", recordings=recordings, crm=crm, mapping=EXAMPLE
                )
                == f"{crm}: {message}"
            )

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("deals = 3", "'deals' must be a table: write [deals] above its settings"),
            ("[deal]", "the top level has no setting 'deal'; did you mean 'deals'?"),
            (
                '[deals]\nacount = "A"',
                "[deals] has no setting 'acount'; did you mean 'account'?",
            ),
            (
                '[deals]\nclosed = "A"',
                (
                    "[deals] has no setting 'closed'; it may have account, deal, deal_stage, amount, "
                    "currency, outcome, outcome_reason"
                ),
            ),
            ("[deals]\namount = 3", "[deals] amount must be text in quotes, not 3"),
            ('[match]\nfile_contains = "A"', "the section [deals] is missing or empty"),
            ('[deals]\ndeal = "A"', "the section [match] is missing or empty"),
            (
                '[deals]\ndeal = "A"\n[match]\nfile_contains = "A"\n[participants]\ntitle = "A"',
                "[participants] needs the setting 'name'",
            ),
            ('[outcomes]\n"Won!" = "wun"', "[outcomes] Won! is 'wun'; did you mean 'won'?"),
            (
                '[outcomes]\nDead = "zzz"',
                "[outcomes] Dead is 'zzz'; it must be one of open, won, lost, disqualified",
            ),
            (
                "[deals\n",
                (
                    "this is not valid TOML: Expected ']' at the end of a table declaration "
                    "(at line 1, column 7)"
                ),
            ),
        ],
    )
    def test_a_mapping_is_checked(self, tmp_path, recordings, crm, text, message):
        mapping = mapped(tmp_path, text)
        options = {"recordings": recordings, "crm": crm, "mapping": mapping}
        assert refusal(ConfigError, tmp_path / "new", **options) == f"{mapping}: {message}"

    def test_a_missing_mapping_is_named(self, tmp_path, recordings, crm):
        mapping = tmp_path / "nowhere.toml"
        options = {"recordings": recordings, "crm": crm, "mapping": mapping}
        assert refusal(ConfigError, tmp_path / "new", **options) == (
            f"{mapping}: the mapping cannot be read (No such file or directory); "
            "mend the path after --map"
        )

    @pytest.mark.parametrize(
        ("before", "after", "message"),
        [
            (
                "Loss Reason",
                "Lost Reason",
                (
                    "{crm}: there is no column 'Loss Reason', which [deals] of {mapping} names; "
                    "did you mean 'lost reason'?"
                ),
            ),
            (
                "Primary Contact",
                "Zed",
                (
                    "{crm}: there is no column 'Primary Contact', which [participants] of {mapping} "
                    "names; its columns are opportunity id, account name, stage, amount, currency, "
                    "status, loss reason, zed, contact title"
                ),
            ),
            ("Currency", "amount", "{crm}: the column 'Amount' stands there twice; remove one"),
            (
                "Globex,Demo,100",
                "Globex,Demo,1,000",
                (
                    "deals.csv:5: the row has more cells than the header; "
                    "put quotes around a cell that holds a separator"
                ),
            ),
            (
                '"12,500.50"',
                "12.500",
                (
                    "deals.csv:2: Amount is '12.500'; write it such as 12500.50, "
                    "or remove 'amount' from {mapping}"
                ),
            ),
            (
                '"12,500.50"',
                "12k",
                (
                    "deals.csv:2: Amount is '12k'; write it such as 12500.50, "
                    "or remove 'amount' from {mapping}"
                ),
            ),
            (
                "EUR,Open",
                "EUR,Stalled",
                (
                    "deals.csv:2: Status is 'Stalled'; write what it means below [outcomes] in "
                    '{mapping}, such as "Stalled" = "lost" (or open, won, disqualified)'
                ),
            ),
        ],
    )
    def test_an_export_is_checked(self, tmp_path, recordings, crm, before, after, message):
        crm.write_text(EXPORT.replace(before, after), encoding="utf-8")
        options = {"recordings": recordings, "crm": crm, "mapping": EXAMPLE}
        assert refusal(InputError, tmp_path / "new", **options) == message.format(
            crm=crm, mapping=EXAMPLE
        )
