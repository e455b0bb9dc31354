"""From files to utterances: what reaches the engine, what is redone, languages, voices that are kept."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from material import DEMO, Project, call_row, write_vtt, write_wave

from callinsight import store, weights
from callinsight.calls.audio import SAMPLE_RATE, decode
from callinsight.calls.manifest import Entry
from callinsight.errors import InputError
from callinsight.pipeline.hearing import Heard, SpeechJob, has_graphics_card, hear, lack, repeats
from callinsight.pipeline.speech import _jobs as jobs_of
from callinsight.records import Call, Participant, Utterance


def set_speech(project: Project, settings: str) -> None:
    """Add settings to [speech]; those that are there are replaced."""
    names = {line.partition(" = ")[0] for line in settings.splitlines()}
    lines = project.pipeline.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line.partition(" = ")[0] not in names]
    kept.insert(kept.index("[speech]") + 1, settings)
    project.pipeline.write_text("\n".join(kept) + "\n", encoding="utf-8")


def finished(project: Project) -> dict[str, str]:
    """The settings with which each call was heard or read."""
    with store.opened(project.database) as db:
        rows = db.execute("SELECT subject, settings_hash FROM runs WHERE stage = 'speech'")
        return dict(rows.fetchall())


def said(project: Project, call: str) -> list[Utterance]:
    with store.opened(project.database) as db:
        return store.utterances_of(db, call)


def text_of(project: Project, call: str) -> str:
    return " ".join(utterance.text for utterance in said(project, call))


class TestWhatReachesTheEngine:
    def job(self, project: Project, *people: Participant, **facts: str) -> SpeechJob:
        call = Call(id="rec-01", file="rec-01.wav", recorded_at="2026-10-05", **facts)
        path = project.folder / "files" / "rec-01.wav"
        entry = Entry(call, people, path, "calls.csv:2", vocabulary=call.vocabulary)
        (job,) = jobs_of([entry], project.config())
        return job

    def test_what_the_pipeline_file_says(self, project):
        set_speech(project, 'vocabulary = ["Tallybrook", " Peppol ", ""]\nbeam_size = 2')
        job = self.job(project)
        engine = job.engine
        assert (engine.engine, engine.model, engine.folder) == (
            *("faster-whisper", "tiny.en"),
            weights.folder("tiny.en"),
        )
        assert (engine.language, engine.beam_size, engine.device) == ("en", 2, "cpu")
        assert engine.vocabulary == ("Tallybrook", "Peppol")
        assert job.voice_model == weights.folder(weights.VOICES)
        assert not job.enroll

    def test_what_a_call_says_goes_first(self, project):
        set_speech(project, 'vocabulary = ["Tallybrook", "Peppol"]\nmodel = "base"')
        job = self.job(project, vocabulary="Inverleith; Peppol;", language="de")
        assert job.engine.vocabulary == ("Inverleith", "Peppol", "Tallybrook")
        assert job.engine.language == "de"

    def test_so_many_voices_as_people_if_both_sides_are_named(self, project):
        ann, bo = (Participant(call="rec-01", name=name, side="buyer") for name in ("Ann", "Bo"))
        rep = Participant(call="rec-01", name="Dana", side="rep")
        assert self.job(project, ann, bo).speakers is None
        assert self.job(project, ann, rep, bo).speakers == 3


class TestWhatIsRedone:
    def test_a_name_to_expect_has_the_recordings_heard_again_and_no_transcript(self, project):
        set_speech(project, 'vocabulary = ["Peppol"]')
        project.run()
        before = finished(project)
        set_speech(project, 'vocabulary = ["Peppol", "Inverleith"]')

        project.run()

        changed = {call for call, hash_ in finished(project).items() if before[call] != hash_}
        assert changed == {"rec-01", "rec-02"}

    def test_a_calls_own_name_has_that_call_heard_again(self, project):
        project.run()
        before = finished(project)
        project.write_calls(
            [
                call_row("rec-01", "rec-01.wav", vocabulary="Inverleith"),
                call_row("rec-02", "rec-02.wav"),
                call_row("talk-1", "talk-1.vtt", vocabulary="Inverleith"),
                call_row("talk-2", "talk-2.vtt"),
            ]
        )

        project.run()

        changed = {call for call, hash_ in finished(project).items() if before[call] != hash_}
        assert changed == {"rec-01"}

    def test_a_mishearing_has_transcripts_read_again_and_no_recording_heard(self, project):
        project.run()
        before, read = finished(project), text_of(project, "talk-2")
        text = project.pipeline.read_text()
        project.pipeline.write_text(text + '[speech.mishearings]\n"the lake" = "Lake Como"\n')

        project.run()

        changed = {call for call, hash_ in finished(project).items() if before[call] != hash_}
        assert changed == {"talk-1", "talk-2"}
        assert text_of(project, "talk-2") == read.replace("the lake", "Lake Como")
        project.pipeline.write_text(text)
        project.run()
        assert text_of(project, "talk-2") == read

    @pytest.mark.skipif(has_graphics_card("faster-whisper"), reason="there is a graphics card")
    def test_a_graphics_card_that_is_not_there_is_told_before_anything_is_heard(self, project):
        project.run()
        rows = project.rows()
        set_speech(project, 'device = "cuda"')

        with pytest.raises(InputError) as caught:
            project.run()

        assert str(caught.value) == (
            "device is 'cuda', but faster-whisper finds no graphics card that it can use here; "
            "mend its driver, or set device to 'cpu'"
        )
        assert project.rows() | {"settings": []} == rows | {"settings": []}


class TestLanguages:
    def test_a_call_is_heard_in_its_language(self, project):
        project.write_calls(
            [
                call_row("rec-01", "rec-01.wav", language="de"),
                call_row("talk-1", "talk-1.vtt", language="DE"),
            ]
        )
        (project.folder / "participants.csv").write_text(
            "call_id,name,side\ntalk-1,Ann Lee,buyer\nrec-01,Ingrid Halvorsen,buyer\n"
        )
        set_speech(project, 'model = "base"')
        assert project.run().statuses == {"done": 2}
        german = text_of(project, "rec-01")
        with store.opened(project.database) as db:
            assert [call.language for call in store.all_calls(db)] == ["de", "de"]
            assert store.tags_of_call(db, "rec-01") == store.tags_of_call(db, "talk-1") == []

        text = (project.folder / "calls.csv").read_text()
        (project.folder / "calls.csv").write_text(text.replace(",de,", ",,"))
        project.run()

        with store.opened(project.database) as db:
            assert store.get_call(db, "rec-01").language == "en"
        assert text_of(project, "rec-01") != german

    def test_auto_stores_what_is_heard(self, project):
        set_speech(project, 'model = "base"\nlanguage = "auto"')

        project.run()

        with store.opened(project.database) as db:
            heard = {call.id: call.language for call in store.all_calls(db)}
            assert store.tags_of_call(db, "rec-01")
        assert heard == {"rec-01": "en", "rec-02": "en", "talk-1": "", "talk-2": ""}

    def test_a_language_that_the_model_does_not_know_fails_that_call_only(self, project):
        project.write_calls(
            [
                call_row("rec-01", "rec-01.wav", language="de"),
                call_row("rec-02", "rec-02.wav", language="xx"),
                call_row("talk-1", "talk-1.vtt", language="de"),
                call_row("talk-2", "talk-2.vtt"),
            ]
        )

        summary = project.run()

        assert summary.statuses == {"done": 2, "failed": 2}
        assert [problem.error for problem in summary.problems] == [
            "calls.csv:2: model 'tiny.en' hears English only; take 'base' for 'de'",
            (
                "calls.csv:3: 'xx' is no language that the models know; "
                "write a code such as en or de, or auto"
            ),
        ]


@pytest.fixture
def marcus(project: Project) -> Project:
    """The same rep on two channels, and a week later on one that has just begun."""
    files = project.folder / "files"
    later = decode(DEMO / "recordings" / "rec-07.opus").read(0, 22 * SAMPLE_RATE)
    write_wave(files / "later.wav", later)
    for name in ("rec-02.wav", "talk-1.vtt", "talk-2.vtt"):
        (files / name).unlink()
    project.write_calls(
        [
            call_row("rec-01", "rec-01.wav"),
            call_row("later", "later.wav", recorded_at="2026-10-12T10:00", rep_channel=""),
        ]
    )
    (project.folder / "participants.csv").write_text(
        "call_id,name,side,title\n"
        "rec-01,Marcus Oyelaran,rep,\nrec-01,Ingrid Halvorsen,buyer,CISO\n"
        "later,Marcus Oyelaran,rep,\nlater,Elsa Drummond,buyer,CISO\n"
    )
    return project


class TestVoices:
    def voices(self, project: Project) -> dict[tuple[str, str], np.ndarray]:
        with store.opened(project.database) as db:
            kept = store.all_voices(db)
        assert all(v.model == weights.fingerprint(weights.VOICES) for v in kept)
        assert all(v.seconds > 2 for v in kept)
        return {(v.call, v.voice): np.frombuffer(v.vector, dtype=np.float32) for v in kept}

    def sure(self, project: Project) -> dict[tuple[str, str], float]:
        """How sure the side of each voice is in the later call."""
        told = [u for u in said(project, "later") if u.side != "unknown"]
        return {(u.voice, u.side): u.side_confidence / u.voice_confidence for u in told}

    def test_voices_are_kept_only_if_the_pipeline_file_says_so(self, marcus):
        marcus.run()
        assert self.voices(marcus) == {}
        by_words = self.sure(marcus)

        set_speech(marcus, "enroll_reps = true")
        marcus.run()

        kept = self.voices(marcus)
        assert kept.keys() == {
            *(("rec-01", "channel 0"), ("rec-01", "channel 1")),
            *(("later", "voice 1"), ("later", "voice 2")),
        }
        assert all(np.linalg.norm(vector) == pytest.approx(1) for vector in kept.values())
        rep = kept["rec-01", "channel 0"]
        assert rep @ kept["later", "voice 2"] > rep @ kept["later", "voice 1"] + 0.1
        known = self.sure(marcus)
        assert known.keys() == {("voice 1", "buyer"), ("voice 2", "rep")}
        assert all(known[key] > by_words.get(key, 0.0) for key in known)

        (marcus.folder / "files" / "rec-01.wav").unlink()  # what cannot be heard again goes too
        set_speech(marcus, "enroll_reps = false")
        marcus.run()

        assert self.voices(marcus) == {}
        assert self.sure(marcus) == by_words

    def test_voices_go_before_anything_is_heard_again(self, marcus):
        set_speech(marcus, "enroll_reps = true")
        marcus.run()
        set_speech(marcus, 'enroll_reps = false\nlanguage = "xx"')

        with pytest.raises(InputError):
            marcus.run()

        assert self.voices(marcus) == {}


class TestMessages:
    def heard(self, **facts: object) -> Heard:
        return Heard(turns=(), duration_s=90.0, status="partial", **{"missing_s": 0.0, **facts})

    def test_what_lacks_of_a_file(self):
        undecoded = "2.0 s of a.wav cannot be decoded"
        assert lack("a.wav", self.heard(missing_s=2.04)) == undecoded
        assert lack("a.wav", self.heard(cut_off=True)) == (
            "a.wav: the file ends before its end: it was cut off"
        )
        assert lack("a.wav", self.heard(missing_s=2.04, cut_off=True)) == (
            f"{undecoded}, and the file ends before its end: it was cut off"
        )

    def test_where_the_engine_repeated_itself(self):
        assert repeats("a.wav", self.heard(loops=(5.2, 3725.0))) == (
            "a.wav: near 0:05, 62:05 the speech engine repeated the same words over and over; "
            "only the first round is kept. Listen there before you quote it"
        )

    def test_a_recording_that_is_cut_off_is_used_and_named(self, project):
        content = (DEMO / "recordings" / "rec-07.opus").read_bytes()
        (project.folder / "files" / "cut.opus").write_bytes(content[:40_000])
        project.write_calls([call_row("cut", "cut.opus", rep_channel="")])
        (project.folder / "participants.csv").write_text("call_id,name,side\n")

        summary = project.run()

        assert summary.statuses == {"partial": 1}
        assert summary.problems == ()
        assert [call.reason for call in summary.noted] == [
            (
                "calls.csv:2: cut.opus: the file ends before its end: it was cut off; "
                "the rest is used. Export the call again if you need all of it"
            )
        ]
        assert "Marcus" in text_of(project, "cut")


def test_words_of_a_transcript_are_mended_where_they_have_no_times(tmp_path: Path) -> None:
    write_vtt(tmp_path / "a.vtt", [("Ann", "We use paper lane. Paper, lane!")])

    heard = hear(SpeechJob("a", tmp_path / "a.vtt", None, mishearings={"Paper Lane": "Paperlane"}))

    assert [turn.text for turn in heard.turns] == ["We use Paperlane. Paperlane!"]


def test_a_second_run_hears_nothing_again(marcus: Project) -> None:
    shutil.rmtree(marcus.folder / "report", ignore_errors=True)
    set_speech(marcus, "enroll_reps = true")
    marcus.run()
    rows = marcus.rows()

    marcus.run()

    assert marcus.rows() == rows
