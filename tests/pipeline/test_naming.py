"""Who spoke: told by sheets, words and known voices, and told anew without hearing a call again."""

import dataclasses
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from material import DEMO, ROOT, DemoRun, Project, call_row
from sqlite_utils import Database

from callinsight import store, weights
from callinsight.calls.manifest import Entry
from callinsight.calls.speakers import utterances_of
from callinsight.calls.turns import Turn
from callinsight.calls.vocabulary import text_of
from callinsight.pipeline.naming import name_speakers
from callinsight.records import Call, Participant, Utterance, Voice, Word

PEOPLE = (
    "call_id,name,side,title\n"
    "rec-07,Marcus Oyelaran,rep,Account Executive\n"
    "rec-07,Elsa Drummond,buyer,Information Security Manager\n"
)


@pytest.fixture(scope="session")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A recording of the demo with one channel, heard once; tests work on copies."""
    made = Project(tmp_path_factory.mktemp("naming") / "heard")
    (made.folder / "files").mkdir(parents=True)
    shutil.copy(DEMO / "recordings" / "rec-07.opus", made.folder / "files")
    shutil.copy(ROOT / "pipelines" / "taxonomy.toml", made.folder)
    made.write_calls([call_row("rec-07", "rec-07.opus", rep_channel="")])
    (made.folder / "participants.csv").write_text(PEOPLE)
    made.pipeline.write_text(
        '[calls]\nmanifest = "calls.csv"\nparticipants = "participants.csv"\nfiles = "files"\n'
        '[tagging]\ntaxonomy = "taxonomy.toml"\n[speech]\nmodel = "tiny.en"\n'
    )
    made.run(workers=1)
    return made


@pytest.fixture
def mono(heard: Project, tmp_path: Path) -> Project:
    shutil.copytree(heard.folder, tmp_path / "project")
    return Project(tmp_path / "project")


def said(project: Project, call: str = "rec-07") -> list[Utterance]:
    with store.opened(project.database) as db:
        return store.utterances_of(db, call)


def plain(utterance: Utterance) -> Utterance:
    """The utterance with the texts of its words only."""
    words = tuple(Word(0.0, 0.0, word.text, heard=word.heard) for word in utterance.words)
    return dataclasses.replace(utterance, words=words)


def finished(project: Project, stage: str) -> dict[str, tuple[str, str]]:
    with store.opened(project.database) as db:
        rows = db.execute(
            "SELECT subject, settings_hash, finished_at FROM runs WHERE stage = ?", [stage]
        ).fetchall()
    return {subject: (hash_, when) for subject, hash_, when in rows}


def test_one_channel_has_voices_sides_and_words(mono: Project) -> None:
    utterances = said(mono)

    voices = {u.voice for u in utterances}
    assert voices == {"voice 1", "voice 2"}
    assert {u.channel for u in utterances} == {None}
    sides = {u.voice: (u.side, u.speaker) for u in utterances if u.side != "unknown"}
    assert sides == {"voice 1": ("buyer", "Elsa Drummond"), "voice 2": ("rep", "Marcus Oyelaran")}
    for utterance in utterances:
        known = utterance.side != "unknown"
        assert utterance.side_source == ("words" if known else "unknown")
        assert (0.6 < utterance.side_confidence < 1) if known else utterance.side_confidence == 0
        assert utterance.persona == (
            "security_compliance" if utterance.side == "buyer" else "unknown"
        )
        assert text_of(utterance.words) == utterance.text
        assert [w.start_s for w in utterance.words] == sorted(w.start_s for w in utterance.words)
        assert (utterance.start_s, utterance.end_s) == (
            utterance.words[0].start_s,
            utterance.words[-1].end_s,
        )
    buyer = " ".join(u.text for u in utterances if u.side == "buyer")
    assert "encryption keys" in buyer


@pytest.mark.parametrize("call", ["rec-06", "rec-07", "rec-08"])
def test_the_rep_of_each_mono_recording_of_the_demo_is_known(demo: DemoRun, call: str) -> None:
    script = (DEMO / "scripts" / f"{call}.txt").read_text(encoding="utf-8")
    rep = re.search(r"^# rep: (.+)$", script, re.MULTILINE)[1]
    with store.opened(demo.summary.database) as db:
        utterances = store.utterances_of(db, call)

    assert all(u.voice.startswith("voice ") and u.words for u in utterances)
    assert {u.speaker for u in utterances if u.side == "rep"} == {rep}
    assert len({u.voice for u in utterances if u.side == "rep"}) == 1
    assert rep not in {u.speaker for u in utterances if u.side != "rep"}
    assert {u.side_source for u in utterances if u.side != "unknown"} == {"words"}


@pytest.mark.parametrize(
    ("call", "buyer"), [("rec-07", "Elsa Drummond"), ("rec-08", "Samuel Vance")]
)
def test_the_buyer_of_a_mono_recording_counts(demo: DemoRun, call: str, buyer: str) -> None:
    with store.opened(demo.summary.database) as db:
        spoken = [u for u in store.utterances_of(db, call) if u.side == "buyer"]
        tags = store.tags_of_call(db, call)

    assert {u.speaker for u in spoken} == {buyer}
    assert sum(len(u.words) for u in spoken) > 100
    sure = {u.id for u in spoken}
    assert {tag.utterance in sure for tag in tags if tag.status == "sure"} <= {True}


def test_what_the_buyer_of_a_mono_recording_objects_to_is_evidence(demo: DemoRun) -> None:
    with store.opened(demo.summary.database) as db:
        tags = store.tags_of_call(db, "rec-07")
        gaps = store.gaps_of_month(db, "2026-10")

    raised = {tag.utterance for tag in tags if tag.label == "security_compliance"}
    assert raised & {id_ for gap in gaps for id_ in gap.evidence}


def test_a_sheet_that_changes_renames_without_hearing_a_call_again(mono: Project) -> None:
    before, hashes = said(mono), finished(mono, "speech")
    people = mono.folder / "participants.csv"
    people.write_text(PEOPLE.replace("Elsa Drummond,buyer,Information Sec", "Elsa Dee,buyer,CF"))

    mono.run(workers=1)

    assert {u.speaker for u in said(mono) if u.side == "buyer"} == {"Elsa Dee"}
    assert [u.words for u in said(mono)] == [u.words for u in before]
    assert finished(mono, "speech") == hashes


def test_a_mishearing_is_mended_everywhere_and_undone_without_hearing_again(mono: Project) -> None:
    before, hashes = said(mono), finished(mono, "speech")
    rows, text = mono.rows(), mono.pipeline.read_text()
    spoken = " ".join(u.text for u in before)
    assert "data breach" in spoken
    assert "Databridge" not in spoken
    mono.pipeline.write_text(f'{text}[speech.mishearings]\n"Data Breach" = "Databridge"\n')

    mono.run(workers=1)

    mended = next(u for u in said(mono) if "Databridge" in u.text)
    word = next(w for w in mended.words if "Databridge" in w.text)
    assert (word.text.strip(" ,.?"), word.heard.strip(" ,.?")) == ("Databridge", "data breach")
    assert "data breach" not in " ".join(u.text for u in said(mono))
    with store.opened(mono.database) as db:
        assert store.search_utterances(db, "databridge") == [mended]
    assert finished(mono, "speech") == hashes

    mono.pipeline.write_text(text)
    mono.run(workers=1)

    # all is as before, but that the words of the phrase now share its time evenly
    assert [plain(u) for u in said(mono)] == [plain(u) for u in before]
    assert finished(mono, "speech") == hashes
    kept = {"tags", "participants", "calls", "gaps"}
    assert {k: v for k, v in mono.rows().items() if k in kept} == {k: rows[k] for k in kept}


def test_another_person_in_a_stereo_call_needs_no_hearing_again(project: Project) -> None:
    project.run()
    hashes = finished(project, "speech")
    people = project.folder / "participants.csv"
    people.write_text(people.read_text() + "rec-01,Dana Whitfield,rep,Account Executive\n")

    project.run()

    assert finished(project, "speech") == hashes
    assert {u.speaker for u in said(project, "rec-01")} == {"Ingrid Halvorsen", "Dana Whitfield"}


def test_without_the_reps_channel_sides_are_told_by_what_is_said(project: Project) -> None:
    sheet = project.folder / "calls.csv"
    project.run()
    told = [(u.side, u.side_source, u.side_confidence) for u in said(project, "rec-01")]
    sheet.write_text(sheet.read_text().replace(",notice,0", ",notice,"))

    project.run()

    assert {(source, sure) for _, source, sure in told} == {("sheets", 1.0)}
    found = said(project, "rec-01")
    assert [u.side for u in found] == [side for side, _, _ in told]
    assert {u.side_source for u in found} == {"words"}
    assert all(0.9 <= u.side_confidence < 1 for u in found)


# Reps that are known by their voice: calls whose words tell nothing, and voices made up


NOTHING = ("Hello.", "Hello.")
TELLING = (
    "Thanks for joining. I can show you how our customers use the platform, and then send pricing.",
    "We use spreadsheets today, and my worry is that your price is too high for our budget.",
)
MARCUS, ELSA, BO, DANA = np.eye(4, 256, dtype=np.float32)


def unit(vector: np.ndarray) -> np.ndarray:
    return (vector / np.linalg.norm(vector)).astype(np.float32)


class Shelf:
    """A database with calls as they are before anybody is named."""

    def __init__(self, db: Database, project: Project) -> None:
        self.db, self.project = db, project
        self.entries: list[Entry] = []

    def call(
        self,
        id_: str,
        texts: tuple[str, str],
        voices: tuple[np.ndarray, np.ndarray],
        *,
        rep: str = "Marcus",
        rep_channel: int | None = None,
        model: str = weights.fingerprint(weights.VOICES),
    ) -> None:
        """A rep and a buyer speak in turns; on two channels if one is the rep's."""
        stereo = rep_channel is not None
        turns = [
            Turn(
                number % 2 if stereo else None,
                5.0 * number,
                5.0 * number + 4,
                texts[number % 2],
                "" if stereo else f"voice {number % 2 + 1}",
            )
            for number in range(6)
        ]
        call = Call(id=id_, file=id_, recorded_at=f"2026-10-{id_}", rep_channel=rep_channel)
        people = (
            Participant(call=id_, name=rep, side="rep"),
            Participant(call=id_, name="Elsa", side="buyer"),
        )
        known = dataclasses.replace(call, channels=2 if stereo else 1)
        store.save_call(self.db, known, people, utterances_of(id_, turns, (), None))
        names = ("channel 0", "channel 1") if stereo else ("voice 1", "voice 2")
        store.replace_voices(
            self.db,
            id_,
            [
                Voice(call=id_, voice=name, vector=vector.tobytes(), seconds=30.0, model=model)
                for name, vector in zip(names, voices, strict=True)
            ],
        )
        self.entries.append(Entry(call, people, self.project.folder / id_, f"calls.csv:{id_}"))

    def sides(self, id_: str) -> list[tuple[str, str]]:
        """The side of both voices and what it was told by, once everybody is named."""
        name_speakers(self.db, self.project.config(), self.entries)
        return [(u.side, u.side_source) for u in store.utterances_of(self.db, id_)][:2]


@pytest.fixture
def shelf(mono: Project, tmp_path: Path):
    with store.opened(tmp_path / "shelf.db", create=True) as db:
        yield Shelf(db, mono)


KNOWN_BY_VOICE = [("rep", "voice"), ("buyer", "voice")]
NOT_KNOWN = [("unknown", "unknown")] * 2


def test_a_rep_is_known_by_the_voice_of_an_earlier_call(shelf: Shelf) -> None:
    shelf.call("05", NOTHING, (MARCUS, BO), rep_channel=0)
    shelf.call("06", NOTHING, (unit(MARCUS + 0.4 * DANA), ELSA))
    shelf.call("07", NOTHING, (ELSA, unit(MARCUS + 0.4 * BO)))

    assert shelf.sides("05") == [("rep", "sheets"), ("buyer", "sheets")]
    assert shelf.sides("06") == KNOWN_BY_VOICE
    assert shelf.sides("07") == KNOWN_BY_VOICE[::-1]
    rep, buyer, *_ = store.utterances_of(shelf.db, "06")
    assert (rep.speaker, buyer.speaker) == ("Marcus", "Elsa")
    assert rep.side_confidence > 0.9


def test_a_rep_told_surely_by_words_lends_a_voice_too(shelf: Shelf) -> None:
    shelf.call("05", TELLING, (MARCUS, BO))
    shelf.call("06", NOTHING, (MARCUS, ELSA))

    assert shelf.sides("05") == [("rep", "words"), ("buyer", "words")]
    assert shelf.sides("06") == KNOWN_BY_VOICE


@pytest.mark.parametrize(
    ("earlier", "why"),
    [
        ({"rep": "Dana", "rep_channel": 0}, "it is the voice of another rep"),
        ({"rep_channel": 0, "model": "of last year"}, "vectors of two models do not compare"),
        ({"texts": NOTHING}, "who was the rep was not sure"),
        ({"id_": "09", "rep_channel": 0}, "it is a later call"),
        ({"voices": (BO, DANA), "rep_channel": 0}, "no voice is like it"),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "",
)
def test_a_voice_that_proves_nothing_names_nobody(shelf: Shelf, earlier: dict, why: str) -> None:
    first = {"id_": "05", "texts": NOTHING, "voices": (MARCUS, BO), **earlier}
    shelf.call(first.pop("id_"), first.pop("texts"), first.pop("voices"), **first)
    shelf.call("06", NOTHING, (MARCUS, ELSA))

    assert shelf.sides("06") == NOT_KNOWN, why


def test_a_voice_known_by_voice_only_is_not_lent_on(shelf: Shelf) -> None:
    between = unit(MARCUS + DANA)  # like both: each link is plausible, the chain is not
    shelf.call("05", NOTHING, (MARCUS, BO), rep_channel=0)
    shelf.call("06", NOTHING, (between, ELSA))
    shelf.call("07", NOTHING, (DANA, ELSA))

    assert shelf.sides("06") == KNOWN_BY_VOICE
    assert shelf.sides("07") == NOT_KNOWN


def test_an_earlier_call_that_is_mended_names_the_later_ones_anew(shelf: Shelf) -> None:
    shelf.call("05", NOTHING, (MARCUS, BO))
    shelf.call("06", NOTHING, (MARCUS, ELSA))
    assert shelf.sides("06") == NOT_KNOWN
    shelf.entries.clear()
    shelf.call("05", NOTHING, (MARCUS, BO), rep_channel=0)
    shelf.call("06", NOTHING, (MARCUS, ELSA))

    assert shelf.sides("06") == KNOWN_BY_VOICE
