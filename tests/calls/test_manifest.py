from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from callinsight.calls.consent import NO_CONSENT, NO_RULES, Rules, why_refused
from callinsight.calls.manifest import fingerprint, read_manifest
from callinsight.errors import InputError
from callinsight.records import Problem
from callinsight.tagging.personas import persona_of_title
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

TAXONOMY = load_taxonomy(DEFAULT_TAXONOMY)
DAY = "2026-10-31T14:30"
OPENED: list[str] | None = None  # paths opened while a test looks


def _note_opening(event: str, arguments: tuple[object, ...]) -> None:
    if OPENED is not None and event == "open":
        OPENED.append(str(arguments[0]))


sys.addaudithook(_note_opening)


@pytest.fixture
def opened():
    global OPENED
    OPENED = []
    yield OPENED
    OPENED = None


class Sheets:
    """calls.csv, participants.csv and the folder of the recordings."""

    def __init__(self, folder):
        self.folder = folder
        self.recordings = folder / "recordings"
        self.recordings.mkdir()

    def record(self, *names, content: bytes | None = None):
        for name in names:
            (self.recordings / name).write_bytes(name.encode() if content is None else content)

    def read(self, calls: str, people: str | None = None, **options):
        (self.folder / "calls.csv").write_text(calls, encoding="utf-8")
        if people is not None:
            (self.folder / "participants.csv").write_text(people, encoding="utf-8")
        return read_manifest(
            self.folder / "calls.csv",
            None if people is None else self.folder / "participants.csv",
            self.recordings,
            taxonomy=TAXONOMY,
            persona_of=lambda title: persona_of_title(title, TAXONOMY),
            zone=ZoneInfo("Europe/London"),
            **options,
        )


@pytest.fixture
def sheets(tmp_path):
    return Sheets(tmp_path)


def errors(manifest) -> list[str]:
    assert all(problem.error.startswith(f"{problem.subject}: ") for problem in manifest.problems)
    assert {problem.stage for problem in manifest.problems} <= {"manifest"}
    return [problem.error for problem in manifest.problems]


def calls(manifest) -> list[tuple[str, str, str]]:
    return [(e.call.id, e.call.status, e.call.reason) for e in manifest.entries]


def people(manifest) -> dict[str, list[str]]:
    return {e.call.id: [p.name for p in e.participants] for e in manifest.entries}


class TestCalls:
    def test_a_whole_row(self, sheets):
        sheets.record("a.wav")
        manifest = sheets.read(
            "call_id,file,recorded_at,title,account,deal,deal_stage,amount,currency,outcome,"
            "outcome_reason,language,consent,consent_ref,rep_channel,retention_until,legal_hold,"
            "vocabulary\n"
            f'c-1,a.wav,{DAY},Demo,Acme,D-1,NEGOTIATION,"12,500.50",GBP,Won,price,en,verbal,R-1,1,'
            "2027-10-31,yes,Acme;Initech\n"
        )
        (entry,) = manifest.entries
        call = entry.call
        assert (entry.where, entry.path) == ("calls.csv:2", sheets.recordings / "a.wav")
        assert (call.id, call.file, call.recorded_at) == ("c-1", "a.wav", f"{DAY}:00+00:00")
        assert (call.title, call.account, call.deal) == ("Demo", "Acme", "D-1")
        assert (call.deal_stage, call.stage) == ("NEGOTIATION", "decision")
        assert (call.amount, call.currency) == (12500.5, "GBP")
        assert (call.outcome, call.outcome_reason, call.language) == ("won", "price", "en")
        assert (call.consent, call.consent_ref, call.rep_channel) == ("verbal", "R-1", 1)
        assert (call.retention_until, call.legal_hold) == ("2027-10-31", True)
        assert call.vocabulary == "Acme;Initech"
        assert call.fingerprint == hashlib.sha256(b"a.wav").hexdigest()
        assert (call.status, call.reason, manifest.problems) == ("done", "", ())

    def test_a_call_without_an_id_is_named_by_its_bytes(self, sheets):
        sheets.record("a.wav")
        before = sheets.read(f"file,recorded_at,consent\na.wav,{DAY},verbal\n")
        (sheets.recordings / "a.wav").rename(sheets.recordings / "b.wav")
        after = sheets.read(f"file,recorded_at,consent\nb.wav,{DAY},verbal\n")
        name = hashlib.sha256(b"a.wav").hexdigest()[:16]
        assert calls(before) == calls(after) == [(name, "done", "")]
        assert fingerprint(sheets.recordings / "b.wav")[:16] == name

    @pytest.mark.parametrize(
        ("written", "moment"),
        [
            ("2026-07-01T09:00", "2026-07-01T09:00:00+01:00"),
            ("2026-12-01 09:00", "2026-12-01T09:00:00+00:00"),
            ("2026-07-01T09:00+09:00", "2026-07-01T09:00:00+09:00"),
            ("2026-07-01T09:00Z", "2026-07-01T09:00:00+00:00"),
        ],
    )
    def test_a_moment_without_an_offset_is_in_the_pipelines_zone(self, sheets, written, moment):
        manifest = sheets.read(f"file,recorded_at,consent\na.wav,{written},verbal\n")
        assert manifest.entries[0].call.recorded_at == moment

    def test_a_calls_own_rep_channel_goes_before_the_pipelines(self, sheets):
        sheet = f"file,recorded_at,consent,rep_channel\na,{DAY},v,0\nb,{DAY},v,\n"
        own, pipelines = sheets.read(sheet, rep_channel=1).entries
        assert (own.call.rep_channel, pipelines.call.rep_channel) == (0, 1)
        own, none = sheets.read(sheet).entries
        assert (own.call.rep_channel, none.call.rep_channel) == (0, None)


class TestRowsThatCannotBeUsed:
    @pytest.mark.parametrize(
        ("row", "message"),
        [
            (f",{DAY},verbal", "file is empty; fill it in"),
            ("x.wav,,verbal", "recorded_at is empty; fill it in"),
            (
                "x.wav,31/10/2026,verbal",
                (
                    "recorded_at is '31/10/2026'; "
                    "write date and time such as 2026-10-31T14:30 or 2026-10-31T14:30+01:00"
                ),
            ),
            (
                f"x.wav,{DAY},verbal,c 1",
                "call_id is 'c 1'; use letters, digits, '-', '_' and '.' only",
            ),
            (
                f"x.wav,{DAY},verbal,ä",
                "call_id is 'ä'; use letters, digits, '-', '_' and '.' only",
            ),
            (f"x.wav,{DAY},verbal,,wonn", "outcome is 'wonn'; did you mean 'won'?"),
            (
                f"x.wav,{DAY},verbal,,zzz",
                "outcome is 'zzz'; it must be one of open, won, lost, disqualified",
            ),
            (
                f"x.wav,{DAY},verbal,,,12.500",
                "amount is '12.500'; write a number such as 12500.50",
            ),
            (
                f"x.wav,{DAY},verbal,,,,left",
                "rep_channel is 'left'; write a whole number such as 1",
            ),
            (
                f"x.wav,{DAY},verbal,,,,,31/10/2027",
                "retention_until is '31/10/2027'; write a date such as 2026-10-31",
            ),
            (
                f"x.wav,{DAY},verbal,,,,,,,more",
                (
                    "the row has more cells than the header; "
                    "put quotes around a cell that holds a separator"
                ),
            ),
            *(
                (
                    f"{file},{DAY},verbal",
                    (
                        f"file is '{file}'; "
                        "name it relative to the folder of the recordings, without '..'"
                    ),
                )
                for file in (
                    *("/etc/passwd", "../x.wav", "a/../../x.wav", "..", "C:\\calls\\x.wav"),
                    *("..\\x.wav", "\\\\server\\calls\\x.wav"),
                )
            ),
        ],
    )
    def test_the_row_is_named_and_the_others_go_on(self, sheets, row, message):
        sheets.record("a.wav", "b.wav")
        manifest = sheets.read(
            "file,recorded_at,consent,call_id,outcome,amount,rep_channel,retention_until,legal_hold\n"
            f"a.wav,{DAY},verbal,c1\n{row}\nb.wav,{DAY},verbal,c2\n"
        )
        assert calls(manifest) == [("c1", "done", ""), ("c2", "done", "")]
        assert manifest.problems == (
            Problem(stage="manifest", subject="calls.csv:3", error=f"calls.csv:3: {message}"),
        )

    def test_a_repeated_call_id(self, sheets):
        sheets.record("a.wav", "b.wav", "c.wav")
        manifest = sheets.read(
            "call_id,file,recorded_at,consent\n"
            f"c1,a.wav,{DAY},verbal\nc1,b.wav,{DAY},verbal\nc2,c.wav,{DAY},verbal\n"
        )
        assert [entry.call.file for entry in manifest.entries] == ["a.wav", "c.wav"]
        assert errors(manifest) == [
            "calls.csv:3: call_id 'c1' stands in calls.csv:2 already; give each call its own"
        ]

    @pytest.mark.parametrize(("id_", "consent"), [("c1", "verbal"), ("", ""), ("c1", "")])
    def test_a_row_pasted_twice(self, sheets, id_, consent):
        sheets.record("a.wav")
        row = f"{id_},a.wav,{DAY},{consent}\n"
        manifest = sheets.read(f"call_id,file,recorded_at,consent\n{row}{row}")
        assert len(manifest.entries) == 1
        assert errors(manifest) == [
            "calls.csv:3: file 'a.wav' stands in calls.csv:2 already; remove one of the rows"
        ]

    def test_sheets_that_cannot_be_used_as_a_whole(self, sheets):
        with pytest.raises(InputError) as caught:
            sheets.read("file,recorded_at,consent,dealstage\n")
        assert str(caught.value).startswith(
            "calls.csv: there is no column 'dealstage'; did you mean 'deal_stage'? "
            "The columns are file, recorded_at, consent, call_id, title, account, deal, deal_stage, "
        )
        with pytest.raises(InputError) as caught:
            sheets.read("file,recorded_at\n")
        assert str(caught.value).startswith("calls.csv: the column consent is missing; ")
        with pytest.raises(InputError) as caught:
            sheets.read("file,recorded_at,consent\n", "call,name,side\n")
        assert str(caught.value) == (
            "participants.csv: there is no column 'call'; did you mean 'call_id'? "
            "The columns are name, side, call_id, file, person, title, persona, channel"
        )

    def test_sheets_that_are_missing(self, sheets):
        advice = "there is no such file; mend the path in the pipeline file"
        options = {"taxonomy": TAXONOMY, "persona_of": str, "zone": ZoneInfo("UTC")}
        gone = sheets.folder / "gone.csv"
        with pytest.raises(InputError) as caught:
            read_manifest(gone, None, sheets.recordings, **options)
        assert str(caught.value) == f"{gone}: {advice}"
        sheets.read("file,recorded_at,consent\n")
        with pytest.raises(InputError) as caught:
            read_manifest(sheets.folder / "calls.csv", gone, sheets.recordings, **options)
        assert str(caught.value) == f"{gone}: {advice}"


class TestMoments:
    @pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "1969-07-20", "2999-10-05"])
    def test_a_year_of_no_call_is_a_problem_of_its_row(self, sheets, moment):
        sheets.record("a.wav", "b.wav")
        manifest = sheets.read(
            f"file,recorded_at,consent\na.wav,{DAY},notice\nb.wav,{moment},notice\n"
        )
        assert [entry.call.file for entry in manifest.entries] == ["a.wav"]
        assert errors(manifest) == [
            f"calls.csv:3: recorded_at is '{moment}'; write a moment from 1990 to 2199"
        ]

    def test_a_call_that_is_yet_to_come_is_a_problem_of_its_row(self, sheets):
        sheets.record("a.wav", "b.wav", "c.wav")
        manifest = sheets.read(
            "file,recorded_at,consent\na.wav,2026-11-03T23:00+14:00,notice\n"
            "b.wav,2026-11-05,notice\nc.wav,2026-11-06,notice\n",
            today="2026-11-03",
        )
        assert [entry.call.file for entry in manifest.entries] == ["a.wav", "b.wav"]
        (error,) = errors(manifest)
        assert error == (
            "calls.csv:4: recorded_at is '2026-11-06', and today is 2026-11-03; mend it, or the "
            "clock of this machine"
        )


class TestConsent:
    def test_without_consent_a_recording_is_not_opened(self, sheets, opened):
        sheets.record("secret.wav", "a.wav")
        opened.clear()
        manifest = sheets.read(
            "call_id,file,recorded_at,consent,title,account,deal\n"
            f"c1,secret.wav,{DAY}, ,Title,Acme,D-1\nc2,a.wav,{DAY},verbal,,,\n",
            "call_id,name,side\nc1,Ana,buyer\nc2,Bo,buyer\n",
        )
        assert str(sheets.recordings / "a.wav") in opened
        assert str(sheets.recordings / "secret.wav") not in opened
        reason = (
            "calls.csv:2: consent is empty, so secret.wav was not opened; "
            "fill in the basis of consent, or remove the row"
        )
        assert calls(manifest) == [("c1", "refused", reason), ("c2", "done", "")]
        refused = manifest.entries[0]
        assert (refused.participants, refused.call.fingerprint) == ((), "")
        assert (refused.call.title, refused.call.account, refused.call.deal) == ("", "", "")
        assert people(manifest)["c2"] == ["Bo"]
        assert manifest.problems == ()

    @pytest.mark.parametrize("word", [word for word in NO_CONSENT if word])
    def test_a_no_is_no_basis_of_consent(self, sheets, opened, word):
        sheets.record("a.wav")
        opened.clear()
        manifest = sheets.read(f"file,recorded_at,consent\na.wav,{DAY},{word.upper()}\n")
        assert str(sheets.recordings / "a.wav") not in opened
        assert [reason for _, _, reason in calls(manifest)] == [
            (
                f"calls.csv:2: consent is '{word.upper()}', so a.wav was not opened; "
                "fill in the basis of consent, or remove the row"
            )
        ]

    @pytest.mark.parametrize(
        ("words", "kept"),
        [
            ("withdrawn on 3 May", "withdrawn …"),
            ("No, she declined", "No, … declined"),
            ("refused by Mark Grant, m.grant@kestrel.example", "refused …"),
            ("yes (withdrawn 3 May)", "yes (withdrawn …"),
            ("buyer objected", "… objected"),
            ("requested 3 May", "requested …"),
            ("she didn't agree", "… didn't agree"),
            ("consent expired 2025", "consent expired …"),
            ("Widerruf am 3.5.", "Widerruf …"),
            ("asked, no answer", "asked, no …"),
            *((words, words) for words in ("pending", "consent withdrawn", "opted-out")),
            *((words, words) for words in ("verbally refused", "never", "waiting", "consent: no")),
            *(
                (words, words)
                for words in ("'no", "—", "✗", "n\u200bo", "cannot", "to be obtained")
            ),
            *(
                (words, words)
                for words in ("disagreed", "lapsed", "needs consent", "FALSCH", "NULL")
            ),
        ],
    )
    def test_a_cell_that_says_a_no_is_no_basis_and_only_its_words_of_consent_are_kept(
        self, sheets, opened, words, kept
    ):
        sheets.record("a.wav")
        opened.clear()
        manifest = sheets.read(f'file,recorded_at,consent\na.wav,{DAY},"{words}"\n')
        assert str(sheets.recordings / "a.wav") not in opened
        assert manifest.entries[0].call.reason == (
            f"calls.csv:2: consent is '{kept}', so a.wav was not opened; "
            "fill in the basis of consent, or remove the row"
        )

    @pytest.mark.parametrize(
        "words", ["Opted in, then withdrawn", "don’t record", "pending (legal)"]
    )
    def test_a_basis_that_was_taken_back_is_none(self, sheets, words):
        sheets.record("a.wav")
        manifest = sheets.read(f'file,recorded_at,consent\na.wav,{DAY},"{words}"\n')
        assert manifest.entries[0].call.status == "refused"

    @pytest.mark.parametrize(
        "words",
        [
            *("notice", "opted in", "asked and agreed", "Art. 6 (1) f", "verbal, 3 May", "✓ yes"),
            *("agreed to be recorded", "written, expires 2027", "recorded with notice", "Yes"),
            *("legitimate interest", "all-party", "IVR announcement", "signed DPA of 3 May", "✓"),
            *("schriftlich", "mündlich erteilt", "contract 4711", "by e-mail", "opt-in form"),
            *(
                "requested 3 May, granted 5 May",
                "verbal consent by Ann Lee, 3 May 2026",
                "Opted-in",
            ),
            *("signed by Dr. Ann O'Neill and Bo", "GDPR Art. 6(1)(a)", "consent form on file", "1"),
            *("Einwilligung vom 3.5.2026 durch Anna Müller", "accepted in the Zoom waiting room"),
        ],
    )
    def test_words_of_law_and_practice_are_a_basis(self, sheets, words):
        sheets.record("a.wav")
        manifest = sheets.read(f'file,recorded_at,consent\na.wav,{DAY},"{words}"\n')
        assert manifest.entries[0].call.status == "done"

    @pytest.mark.parametrize(
        "cell", ["consent {}", "Consent: {}", "written ({})", "yes, {}", "{} consent"]
    )
    @pytest.mark.parametrize("word", [word for word in NO_CONSENT if word not in ("", "-")])
    def test_a_no_beside_a_basis_is_none(self, cell, word):
        for said in (word, word.title(), word.upper()):
            assert why_refused(cell.format(said), "", NO_RULES).startswith("consent is ")

    @pytest.mark.parametrize(
        "words",
        [
            *(
                "consent form sent",
                "email bounced",
                "written?",
                "Y/N",
                "contract unsigned",
                "recorded",
            ),
            *("consent ended", "written (lost)", "verbal (disputed)", "legal review", "legal hold"),
            *("stopped recording", "dont record", "Einwilligung fehlt", "Accord en attente"),
            *(
                "asked to agree",
                "will agree",
                "agreed if anonymised",
                "signed by Ann Lee, withdrawn",
            ),
            *(
                "Consent Withheld",
                "consent, but for quality only",
                "1 May 2026",
                "Vertrag gekündigt",
            ),
        ],
    )
    def test_a_basis_beside_words_that_are_not_known_is_none(self, words):
        assert why_refused(words, "", NO_RULES).startswith("consent is ")

    @pytest.mark.parametrize("words", ["see CRM", "Jones", "2026-05-03", "x"])
    def test_words_that_name_no_basis_are_none_unless_they_are_accepted(
        self, sheets, opened, words
    ):
        sheets.record("a.wav")
        opened.clear()
        sheet = f"file,recorded_at,consent\na.wav,{DAY},{words}\n"
        refused, accepted = sheets.read(sheet), sheets.read(sheet, consent=Rules(accepted=(words,)))
        assert refused.entries[0].call.reason == (
            "calls.csv:2: consent is '…', which names no basis that is known (write it out, such as "
            "written, verbal or notice, with its date and by whom, or name it with accepted under "
            "[consent]), so a.wav was not opened; fill in the basis of consent, or remove the row"
        )
        assert accepted.entries[0].call.status == "done"

    @pytest.mark.parametrize(("region", "told"), [("Germny", "'Germny'"), ("", "empty")])
    def test_a_region_without_rules_is_refused_where_others_have_some(
        self, sheets, opened, region, told
    ):
        sheets.record("a.wav")
        opened.clear()
        sheet = f"file,recorded_at,consent,region\na.wav,{DAY},written,{region}\n"
        manifest = sheets.read(sheet, consent=Rules(regions={"DE": ("written",)}))
        assert str(sheets.recordings / "a.wav") not in opened
        assert manifest.entries[0].call.reason == (
            f"calls.csv:2: region is {told}, for which no rule under [consent.regions] says what is "
            "a basis, so a.wav was not opened; fill in the basis of consent, or remove the row"
        )

    def test_rules_go_by_the_region_of_a_call(self, sheets, opened):
        sheets.record(*(f"{name}.wav" for name in "abcdef"))
        opened.clear()
        rules = Rules(
            refused=("by e-mail",),
            accepted=("notice", "written"),
            regions={"DE": ("written",), "US-CA": ("all-party",)},
            region="DE",
        )
        manifest = sheets.read(
            "call_id,file,recorded_at,consent,region\n"
            f"a,a.wav,{DAY},Written,de\nb,b.wav,{DAY},notice,DE\nc,c.wav,{DAY},notice,FR\n"
            f"d,d.wav,{DAY},notice,\ne,e.wav,{DAY},all-party,US-CA\nf,f.wav,{DAY},by e-mail,FR\n",
            consent=rules,
        )
        assert [(id_, status) for id_, status, _ in calls(manifest)] == [
            *(("a", "done"), ("b", "refused"), ("c", "done")),
            *(("d", "refused"), ("e", "done"), ("f", "refused")),
        ]
        advice = "fill in the basis of consent, or remove the row"
        assert [reason for _, _, reason in calls(manifest) if reason] == [
            (
                "calls.csv:3: consent is 'notice', which is no basis in DE (written is), "
                f"so b.wav was not opened; {advice}"
            ),
            (
                "calls.csv:5: consent is 'notice', which is no basis in DE (written is), "
                f"so d.wav was not opened; {advice}"
            ),
            f"calls.csv:7: consent is 'by e-mail', so f.wav was not opened; {advice}",
        ]
        assert {Path(path).name for path in opened if path.endswith(".wav")} == {
            *("a.wav", "c.wav", "e.wav")
        }

    def test_what_was_to_be_kept_until_yesterday_is_not_opened(self, sheets, opened):
        sheets.record("a.wav", "b.wav", "c.wav")
        opened.clear()
        manifest = sheets.read(
            "call_id,file,recorded_at,consent,title,retention_until,legal_hold\n"
            f"a,a.wav,{DAY},v,T,2026-11-01,\nb,b.wav,{DAY},v,T,2026-11-02,\n"
            f"c,c.wav,{DAY},v,T,2026-11-01,yes\n",
            today="2026-11-02",
        )
        assert calls(manifest) == [
            (
                "a",
                "refused",
                (
                    "calls.csv:2: retention_until is 2026-11-01, which has passed, so a.wav was not "
                    "opened; remove the row"
                ),
            ),
            ("b", "done", ""),
            ("c", "done", ""),
        ]
        assert manifest.entries[0].call.title == ""
        assert str(sheets.recordings / "a.wav") not in opened

    def test_without_consent_and_id_a_call_is_named_by_its_file_name(self, sheets):
        manifest = sheets.read(f"file,recorded_at,consent\na.wav,{DAY},\nb.wav,{DAY},\n")
        assert [(id_, status) for id_, status, _ in calls(manifest)] == [
            (hashlib.sha256(name).hexdigest()[:16], "refused") for name in (b"a.wav", b"b.wav")
        ]


class TestFiles:
    def test_the_same_bytes_under_two_names(self, sheets):
        sheets.record("a.wav", "b.wav")
        sheets.record("copy.wav", content=b"a.wav")
        manifest = sheets.read(
            "call_id,file,recorded_at,consent\n"
            f"c1,a.wav,{DAY},verbal\nc2,b.wav,{DAY},verbal\nc3,copy.wav,{DAY},verbal\n"
            f",copy.wav,{DAY},verbal\n"
        )
        reason = "holds the same bytes as 'a.wav' (calls.csv:2); remove one of the rows"
        own = f"{hashlib.sha256(b'a.wav').hexdigest()[:12]}-5"
        assert calls(manifest) == [
            ("c1", "done", ""),
            ("c2", "done", ""),
            ("c3", "refused", f"calls.csv:4: 'copy.wav' {reason}"),
            (own, "refused", f"calls.csv:5: 'copy.wav' {reason}"),
        ]
        assert manifest.problems == ()

    def test_a_call_without_consent_makes_no_other_a_duplicate(self, sheets):
        sheets.record("a.wav", "copy.wav", content=b"same")
        manifest = sheets.read(
            f"call_id,file,recorded_at,consent\nc1,a.wav,{DAY},\nc2,copy.wav,{DAY},verbal\n"
        )
        assert [(id_, status) for id_, status, _ in calls(manifest)] == [
            ("c1", "refused"),
            ("c2", "done"),
        ]

    def test_files_that_cannot_be_read_are_left_for_the_step_that_reads_them(self, sheets):
        sheets.record("a.wav")
        (sheets.recordings / "folder").mkdir()
        (sheets.recordings / "loop.wav").symlink_to("loop.wav")
        os.mkfifo(sheets.recordings / "pipe.wav")
        names = ["gone.wav", "folder", "loop.wav", "pipe.wav", "x" * 300, "nul\0l.wav"]
        rows = "".join(f"{name},{DAY},verbal\n" for name in [*names, "a.wav"])
        manifest = sheets.read(f"file,recorded_at,consent\n{rows}")
        assert [(e.call.status, e.call.fingerprint) for e in manifest.entries] == [
            *[("done", "")] * len(names),
            ("done", hashlib.sha256(b"a.wav").hexdigest()),
        ]
        assert [e.call.id for e in manifest.entries] == [
            hashlib.sha256(name.encode()).hexdigest()[:16] for name in [*names, "a.wav"]
        ]
        assert manifest.problems == ()

    @pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="Linux only")
    def test_a_file_that_breaks_off_stops_no_other(self, sheets):
        sheets.record("a.wav")
        (sheets.recordings / "broken.wav").symlink_to("/proc/self/mem")  # an error at first read
        with pytest.raises(OSError, match="Input/output error"):
            fingerprint(sheets.recordings / "broken.wav")
        manifest = sheets.read(
            f"call_id,file,recorded_at,consent\nc1,broken.wav,{DAY},v\nc2,a.wav,{DAY},v\n"
        )
        assert [bool(entry.call.fingerprint) for entry in manifest.entries] == [False, True]


class TestParticipants:
    CALLS = f"call_id,file,recorded_at,consent\nc1,a.wav,{DAY},verbal\nc2,b.wav,{DAY},verbal\n"

    def test_a_whole_row(self, sheets):
        manifest = sheets.read(
            self.CALLS,
            "call_id,person,name,side,title,persona,channel\n"
            "c1,P-1,Ana Ruiz,Buyer,Head of IT,Economic Buyer,1\n",
        )
        (person,) = manifest.entries[0].participants
        assert (person.call, person.person, person.name) == ("c1", "P-1", "Ana Ruiz")
        assert (person.side, person.title, person.channel) == ("buyer", "Head of IT", 1)
        assert (person.persona, person.persona_source) == ("economic_buyer", "manifest")
        assert manifest.entries[1].participants == ()

    @pytest.mark.parametrize(
        ("title", "persona", "known"),
        [
            ("Head of IT", "champion", ("champion", "manifest")),
            ("Head of IT", "", ("technical_evaluator", "title")),
            ("Account Executive", "", ("unknown", "unknown")),
            ("", "", ("unknown", "unknown")),
            ("Head of IT", "unknown", ("unknown", "unknown")),
        ],
    )
    def test_the_sheet_goes_before_the_title(self, sheets, title, persona, known):
        manifest = sheets.read(
            self.CALLS, f"call_id,name,side,title,persona\nc1,Ana,buyer,{title},{persona}\n"
        )
        (person,) = manifest.entries[0].participants
        assert (person.persona, person.persona_source) == known

    def test_a_call_may_be_named_by_its_file(self, sheets):
        sheet = f"file,recorded_at,consent\na.wav,{DAY},v\nb.wav,{DAY},v\n"
        sheets.record("a.wav", "b.wav")
        manifest = sheets.read(sheet, "file,name,side\nb.wav,Bo,rep\na.wav,Ana,buyer\n")
        assert list(people(manifest).values()) == [["Ana"], ["Bo"]]

    def test_the_id_goes_before_the_file(self, sheets):
        manifest = sheets.read(
            self.CALLS, "call_id,file,name,side\nc2,a.wav,Bo,rep\n,a.wav,Ana,rep\n"
        )
        assert people(manifest) == {"c1": ["Ana"], "c2": ["Bo"]}

    def test_a_person_named_twice_counts_once(self, sheets):
        manifest = sheets.read(self.CALLS, "call_id,name,side\nc1,Ana,buyer\nc1,Ana,buyer\n")
        assert people(manifest)["c1"] == ["Ana"]
        assert manifest.problems == ()

    @pytest.mark.parametrize(
        ("row", "message"),
        [
            (",,Ana,buyer", "call_id is empty; fill in call_id or file"),
            (
                "c3,,Ana,buyer",
                "there is no call 'c3' in the list of calls; mend call_id, or remove the row",
            ),
            (
                ",c.wav,Ana,buyer",
                "there is no call 'c.wav' in the list of calls; mend file, or remove the row",
            ),
            ("c1,,,buyer", "name is empty; fill it in"),
            ("c1,,Ana,", "side is empty; fill it in"),
            ("c1,,Ana,byer", "side is 'byer'; did you mean 'buyer'?"),
            ("c1,,Ana,us", "side is 'us'; it must be one of rep, buyer"),
            (
                "c1,,Ana,buyer,economic_byer",
                "persona is 'economic_byer'; did you mean 'economic_buyer'?",
            ),
            (
                "c1,,Ana,buyer,boss",
                (
                    "persona is 'boss'; it must be one of economic_buyer, executive_sponsor, champion, "
                    "technical_evaluator, security_compliance, legal_procurement, end_user, unknown"
                ),
            ),
            ("c1,,Ana,buyer,,-1", "channel is '-1'; write a whole number such as 1"),
            (
                "c1,,Ruiz, Ana,buyer,,1",
                (
                    "the row has more cells than the header; "
                    "put quotes around a cell that holds a separator"
                ),
            ),
        ],
    )
    def test_the_row_is_named_and_the_others_go_on(self, sheets, row, message):
        manifest = sheets.read(
            self.CALLS,
            f"call_id,file,name,side,persona,channel\nc1,,Cy,rep\n{row}\nc2,,Bo,buyer\n",
        )
        assert people(manifest) == {"c1": ["Cy"], "c2": ["Bo"]}
        assert errors(manifest) == [f"participants.csv:3: {message}"]

    def test_people_of_a_call_that_cannot_be_used_are_no_second_problem(self, sheets):
        manifest = sheets.read(
            "call_id,file,recorded_at,consent\n"
            f"c1,a.wav,soon,verbal\nc2,b.wav,{DAY},verbal\nc2,c.wav,{DAY},verbal\n"
            f"c4,d.wav,{DAY},verbal,,more\n",
            "call_id,file,name,side\nc1,,Ana,buyer\n,a.wav,Al,buyer\n,c.wav,Cy,buyer\nc4,,Di,rep\n"
            "c2,,Bo,buyer\nc1,,Ann,byer\n",
        )
        assert people(manifest) == {"c2": ["Bo"]}
        assert [problem.subject for problem in manifest.problems] == [
            "calls.csv:2",
            "calls.csv:5",
            "calls.csv:4",
            "participants.csv:7",  # its own mistake
        ]

    def test_of_two_calls_with_one_file_the_usable_one_has_the_people(self, sheets):
        sheets.record("a.wav", "b.wav")
        manifest = sheets.read(
            f"call_id,file,recorded_at,consent\nc1,a.wav,{DAY},verbal\nc2,a.wav,{DAY},verbal\n",
            "file,name,side\na.wav,Ana,buyer\n",
        )
        assert people(manifest) == {"c1": ["Ana"], "c2": []}

    def test_a_row_that_refuses_a_file_refuses_it_for_all_rows(self, sheets, opened):
        sheets.record("a.wav")
        (sheets.recordings / "b.wav").symlink_to("a.wav")
        opened.clear()
        manifest = sheets.read(
            "call_id,file,recorded_at,consent\n"
            f"c1,a.wav,{DAY},verbal\nc2,a.wav,{DAY},withdrawn\nc3,b.wav,{DAY},written\n"
        )
        assert not [name for name in opened if name.endswith(".wav")]
        assert [entry.call.reason for entry in manifest.entries] == [
            (
                "calls.csv:2: a.wav was not opened, as calls.csv:3 refuses the same file; "
                "remove one of the rows"
            ),
            (
                "calls.csv:3: consent is 'withdrawn', so a.wav was not opened; fill in the basis of consent, "
                "or remove the row"
            ),
            (
                "calls.csv:4: b.wav was not opened, as calls.csv:3 refuses the same file; "
                "remove one of the rows"
            ),
        ]

    @pytest.mark.parametrize(
        ("word", "held"),
        [("yes", True), ("on", True), ("hold until 2027", True), ("no", False), ("", False)],
    )
    def test_any_word_but_a_clear_no_is_a_legal_hold(self, sheets, word, held):
        sheets.record("a.wav")
        manifest = sheets.read(f"file,recorded_at,consent,legal_hold\na.wav,{DAY},verbal,{word}\n")
        assert manifest.entries[0].call.legal_hold is held
        assert manifest.problems == ()
