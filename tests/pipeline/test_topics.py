"""Topics last: ids are never given anew, labels stay, what no topic explains makes new ones."""

import dataclasses
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from material import ROOT
from sqlite_utils import Database
from themes import SMALL_TALK, turns_of
from typer.testing import CliRunner

from callinsight import store
from callinsight.cli import app
from callinsight.config import Config, load_config, settings_text
from callinsight.errors import InputError
from callinsight.pipeline import topics as step
from callinsight.pipeline.curating import list_topics, rename_topic, restore_topic, retire_topic
from callinsight.pipeline.topics import rebuild_topics, update_topics
from callinsight.progress import silent
from callinsight.records import Call, Topic, TopicChange, Utterance
from callinsight.taxonomy import Taxonomy, TopicDefinition, load_taxonomy

pytestmark = pytest.mark.filterwarnings("ignore:Tensorflow not installed:ImportWarning")

CALLS = 10
FIRST = ("forklift", "audit")
OWN = TopicDefinition(
    id="border",
    label="Delays at the border",
    description="Goods are held up by customs.",
    examples=tuple(turns_of("customs")[::4]),
    patterns=("duty free",),
)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    folder = tmp_path_factory.mktemp("topics")
    shutil.copy(ROOT / "pipelines" / "taxonomy.toml", folder / "taxonomy.toml")
    (folder / "sales_calls.toml").write_text(
        '[calls]\nmanifest = "calls.csv"\n[tagging]\ntaxonomy = "taxonomy.toml"\n'
        f"[topics]\nmin_calls = {CALLS}\n"
    )
    return load_config(folder / "sales_calls.toml")


@pytest.fixture(scope="module")
def taxonomy(config: Config) -> Taxonomy:
    return load_taxonomy(config.tagging.taxonomy)


@pytest.fixture(scope="module")
def first_month(tmp_path_factory, config: Config, taxonomy: Taxonomy) -> Path:
    """A database after its first month: ten calls about forklifts and audits, and their topics."""
    path = tmp_path_factory.mktemp("store") / "callinsight.db"
    with store.opened(path, create=True) as db:
        add_calls(db, "2026-09", *FIRST)
        store.save_setting(db, "settings", settings_text(config))
        update_topics(db, config, taxonomy, progress=silent)
    return path


@pytest.fixture
def path(first_month: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(first_month, tmp_path / "callinsight.db"))


@pytest.fixture
def db(path: Path) -> Iterator[Database]:
    with store.opened(path) as opened:
        yield opened


def add_calls(db: Database, month: str, *themes: str, calls: int = CALLS) -> None:
    """Calls in which buyers say all turns of the themes, between small talk."""
    turns = [turn for theme in themes for turn in turns_of(theme)]
    for number in range(calls):
        id_ = f"{month}-{number}"
        call = Call(
            id=id_, file=f"{id_}.vtt", recorded_at=f"{month}-05T10:00:00+00:00", deal=f"D{number}"
        )
        texts = [SMALL_TALK[number % 6], *turns[number::calls], SMALL_TALK[(number + 1) % 6]]
        said = [
            Utterance(
                id=f"{id_}:{position:04d}",
                call=id_,
                position=position,
                start_s=position * 61.0,
                end_s=position * 61.0 + 5,
                channel=None,
                speaker="Ann Lee",
                side="buyer",
                side_confidence=1.0,
                persona="champion",
                text=text,
            )
            for position, text in enumerate(texts)
        ]
        store.save_call(db, dataclasses.replace(call, stage="decision"), [], said)


def ids_of(db: Database) -> dict[str, str]:
    """The topic of each utterance."""
    return {tag.utterance: tag.label for tag in store.topic_tags(db)}


def vector(topic: Topic) -> np.ndarray:
    return np.frombuffer(topic.centroid, dtype=np.float32)


def names_of(db: Database) -> dict[int, str]:
    return {topic.id: topic.label for topic in store.all_topics(db)}


def about(db: Database, theme: str) -> set[str]:
    """The topics of what buyers say of a theme."""
    ids = ids_of(db)
    wanted = set(turns_of(theme))
    said = [u for call in store.all_calls(db) for u in store.utterances_of(db, call.id)]
    return {ids[u.id] for u in said if u.text in wanted and u.id in ids}


def test_topics_surface_without_any_tag_and_without_small_talk(db: Database) -> None:
    ids = ids_of(db)

    assert about(db, "forklift")
    assert about(db, "audit")
    assert not about(db, "forklift") & about(db, "audit")
    said = store.utterances_by_id(db, ids)
    assert not {u.text for u in said.values()} & set(SMALL_TALK)
    assert {topic.first_seen for topic in store.all_topics(db)} == {"2026-09"}
    assert min(names_of(db)) == 1
    sizes = {topic.id: topic.size for topic in store.all_topics(db)}
    assert sizes == {i: list(ids.values()).count(str(i)) for i in sizes}


def test_the_same_database_gives_the_same_topics(
    db: Database, tmp_path: Path, config: Config, taxonomy: Taxonomy
) -> None:
    with store.opened(tmp_path / "again.db", create=True) as again:
        add_calls(again, "2026-09", *FIRST)
        update_topics(again, config, taxonomy, progress=silent)

        assert store.all_topics(again) == store.all_topics(db)
        assert store.topic_tags(again) == store.topic_tags(db)


def test_what_is_done_is_not_done_again(
    db: Database, config: Config, taxonomy: Taxonomy, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = list(db["runs"].rows)
    monkeypatch.setattr(step, "_place", None)  # calling it would fail

    update_topics(db, config, taxonomy, progress=silent)

    assert list(db["runs"].rows) == before
    assert ("topics", "all") in {(run["stage"], run["subject"]) for run in before}


def test_a_new_theme_makes_new_topics_and_renumbers_none(
    db: Database, config: Config, taxonomy: Taxonomy
) -> None:
    before, ids = store.all_topics(db), ids_of(db)
    add_calls(db, "2026-10", "nurses")  # too few turns for a topic yet
    update_topics(db, config, taxonomy, progress=silent)
    assert names_of(db) == {topic.id: topic.label for topic in before}
    assert about(db, "nurses") == set()
    add_calls(db, "2026-11", "nurses", calls=9)
    add_calls(db, "2026-12", "nurses", calls=8)
    add_calls(db, "2027-01", "nurses", calls=7)

    update_topics(db, config, taxonomy, progress=silent)

    old = {topic.id for topic in before}
    new = [topic for topic in store.all_topics(db) if topic.id not in old]
    assert [topic.label for topic in store.all_topics(db) if topic.id in old] == [
        topic.label for topic in before
    ]
    assert new
    assert min(topic.id for topic in new) == max(old) + 1
    assert {topic.first_seen for topic in new} == {"2026-10"}
    assert about(db, "nurses") == {str(topic.id) for topic in new}
    assert {u: topic for u, topic in ids_of(db).items() if u in ids} == ids


def test_later_turns_join_the_nearest_topic(
    db: Database, config: Config, taxonomy: Taxonomy
) -> None:
    topics = about(db, "forklift")
    add_calls(db, "2026-10", "forklift", calls=3)

    update_topics(db, config, taxonomy, progress=silent)

    october = {t.label for t in store.topic_tags(db) if t.month == "2026-10"}
    assert october == topics


def test_too_few_calls_have_no_topics(tmp_path: Path, config: Config, taxonomy: Taxonomy) -> None:
    with store.opened(tmp_path / "few.db", create=True) as few:
        add_calls(few, "2026-09", *FIRST, calls=CALLS - 1)
        update_topics(few, config, taxonomy, progress=silent)

        assert store.all_topics(few) == []
        with pytest.raises(InputError) as raised:
            rebuild_topics(few, config, progress=silent)
        assert list_topics(few, config, None, as_json=False) == (
            "There are no topics yet. They are looked for once buyers say something of substance "
            "in 10 calls; you can also define your own in the taxonomy."
        )
    assert str(raised.value) == (
        "topics are looked for once buyers say something of substance in 10 calls "
        f"('min_calls' under [topics] in {config.path}); there are 9"
    )


def test_a_topic_of_ones_own_is_there_from_the_first_call_on(
    tmp_path: Path, config: Config, taxonomy: Taxonomy
) -> None:
    own = dataclasses.replace(taxonomy, topics={OWN.id: OWN})
    with store.opened(tmp_path / "own.db", create=True) as few:
        add_calls(few, "2026-09", "customs", calls=1)
        update_topics(few, config, own, progress=silent)

        (topic,) = store.all_topics(few)
        assert (topic.id, topic.label, topic.label_source) == (1, OWN.label, "user")
        assert (topic.defined_as, topic.status) == ("border", "active")
        assert about(few, "customs") == {"1"}
        with pytest.raises(InputError) as renamed:
            rename_topic(few, 1, "Customs")
        with pytest.raises(InputError) as retired:
            retire_topic(few, 1)

        update_topics(few, config, taxonomy, progress=silent)  # it is taken out of the taxonomy
        assert [t.status for t in store.all_topics(few)] == ["ended"]
        assert ids_of(few) == {}

        update_topics(few, config, own, progress=silent)  # and comes back
        assert [(t.id, t.status) for t in store.all_topics(few)] == [(1, "active")]
    assert str(renamed.value) == (
        "topic 1 is defined in the taxonomy; change its label there, under [topics.border]"
    )
    assert str(retired.value) == (
        "topic 1 is defined in the taxonomy; take [topics.border] out of it, and run again"
    )


def test_a_topic_of_ones_own_takes_what_has_its_phrase(
    db: Database, config: Config, taxonomy: Taxonomy
) -> None:
    text = "We sell perfume duty free at six small airports."
    call = Call(id="c", file="c.vtt", recorded_at="2026-10-05T10:00:00+00:00")
    said = Utterance(
        id="c:0000",
        call="c",
        position=0,
        start_s=0,
        end_s=5,
        channel=None,
        speaker="Bo",
        side="buyer",
        side_confidence=1.0,
        text=text,
    )
    store.save_call(db, call, [], [said])
    own = dataclasses.replace(taxonomy, topics={OWN.id: OWN})

    update_topics(db, config, own, progress=silent)

    topic = next(t for t in store.all_topics(db) if t.defined_as == "border")
    assert topic.id == max(names_of(db))  # found topics keep their ids
    assert ids_of(db)["c:0000"] == str(topic.id)


def test_a_label_of_ones_own_survives_new_calls_and_a_rebuild(
    db: Database, config: Config, taxonomy: Taxonomy
) -> None:
    was = store.all_topics(db)[0]

    told = rename_topic(db, was.id, "  Battery   trouble ")

    assert told == f"Topic {was.id} was called '{was.label}'; now it is called 'Battery trouble'."
    add_calls(db, "2026-10", *FIRST, calls=2)
    update_topics(db, config, taxonomy, progress=silent)
    assert names_of(db)[was.id] == "Battery trouble"
    assert f"{was.id}  'Battery trouble' lives on as {was.id}" in rebuild_topics(
        db, config, progress=silent
    )
    topic = store.all_topics(db)[0]
    assert (topic.id, topic.label, topic.label_source) == (was.id, "Battery trouble", "user")
    assert topic.first_seen == "2026-09"


def test_a_rebuild_says_what_became_of_each_topic(
    db: Database, config: Config, taxonomy: Taxonomy
) -> None:
    one, *others = store.all_topics(db)
    dead = dataclasses.replace(one, id=50, label="gone", centroid=(-vector(one)).tobytes())
    store.save_topics(db, [dead])

    told = rebuild_topics(db, config, progress=silent)

    kept = [t.id for t in store.all_topics(db) if t.status == "active"]
    assert kept == [one.id, *(t.id for t in others)]
    assert {t.id: t.status for t in store.all_topics(db)}[50] == "ended"
    lines = told.splitlines()
    assert lines[0] == (
        f"Topics were found anew: {len(kept)} of {len(kept) + 1} live on, 1 ended, 0 are new. "
        "Numbers in brackets: how alike they are, 1 is the same."
    )
    assert lines[1] == f"{one.id}  '{one.label}' lives on as {one.id} (1.00)"
    assert lines[-1].startswith("50  'gone' ended (nearest to a new one: ")
    changes = store.all_topic_changes(db)
    assert [c.topic for c in changes] == [*kept, 50]
    assert changes[0] == TopicChange(rebuild=1, topic=one.id, became=one.id, cosine=1.0)
    assert changes[-1].became is None
    with pytest.raises(InputError) as raised:
        rename_topic(db, 50, "back")
    assert str(raised.value) == (
        "topic 50 'gone' has ended: a rebuild found other topics in its place, or it is no longer "
        "defined; 'callinsight topics list' shows those that count"
    )


def test_a_rebuild_gives_new_themes_ids_that_none_had(
    db: Database, config: Config, taxonomy: Taxonomy
) -> None:
    store.save_topics(
        db, [dataclasses.replace(store.all_topics(db)[0], id=50, status="ended", label="gone")]
    )
    add_calls(db, "2026-10", "nurses")  # not enough to be found without a rebuild

    rebuild_topics(db, config, progress=silent)

    assert about(db, "nurses")
    assert min(map(int, about(db, "nurses"))) > 50


def test_a_retired_topic_counts_no_more_and_is_not_found_again(
    db: Database, config: Config, taxonomy: Taxonomy
) -> None:
    topic = next(t for t in store.all_topics(db) if str(t.id) in about(db, "audit"))
    ids = set(names_of(db))

    told = retire_topic(db, topic.id)

    assert told == (
        f"Topic {topic.id} '{topic.label}' is retired: no report shows it from now on. "
        f"'callinsight topics restore {topic.id}' brings it back."
    )
    assert str(topic.id) not in ids_of(db).values()
    update_topics(db, config, taxonomy, progress=silent)
    rebuild_topics(db, config, progress=silent)
    assert str(topic.id) not in ids_of(db).values()
    assert set(names_of(db)) == ids
    with pytest.raises(InputError, match=rf"^topic {topic.id} '.*' is retired already$"):
        retire_topic(db, topic.id)

    assert restore_topic(db, topic.id) == (
        f"Topic {topic.id} '{topic.label}' is back; the next 'callinsight run' counts what buyers "
        "say of it."
    )
    update_topics(db, config, taxonomy, progress=silent)
    assert str(topic.id) in ids_of(db).values()


@pytest.mark.parametrize(
    ("topic", "label", "message"),
    [
        (99, "x", "there is no topic 99; 'callinsight topics list' shows them all"),
        (1, "  ", "a label needs a word at least"),
    ],
)
def test_a_label_that_cannot_be(db: Database, topic: int, label: str, message: str) -> None:
    with pytest.raises(InputError) as raised:
        rename_topic(db, topic, label)

    assert str(raised.value) == message


def test_no_two_topics_have_one_label(db: Database) -> None:
    one, two, *_ = store.all_topics(db)

    with pytest.raises(InputError) as raised:
        rename_topic(db, two.id, one.label)

    assert str(raised.value) == (
        f"topic {one.id} is called '{one.label}' already; choose another label"
    )


def test_a_new_embedding_model_keeps_the_ids(
    db: Database, config: Config, taxonomy: Taxonomy
) -> None:
    ids, topics = ids_of(db), store.all_topics(db)
    store.save_setting(db, "topics_encoder", "an older one")
    store.save_topics(db, [dataclasses.replace(t, centroid=(-vector(t)).tobytes()) for t in topics])
    store.forget_run(db, "topics", "all")

    update_topics(db, config, taxonomy, progress=silent)

    assert names_of(db) == {topic.id: topic.label for topic in topics}
    assert len(set(ids.items()) & set(ids_of(db).items())) >= 0.9 * len(ids)


def test_the_list_says_how_many_say_it_who_when_and_in_which_words(
    path: Path, config: Config, taxonomy: Taxonomy
) -> None:
    with store.opened(path) as db:
        topic = next(t for t in store.all_topics(db) if str(t.id) in about(db, "audit"))
        rename_topic(db, topic.id, "Audits")
        add_calls(db, "2026-10", "audit", calls=2)
        update_topics(db, config, taxonomy, progress=silent)
        tags = [t for t in store.topic_tags(db) if (t.label, t.month) == (str(topic.id), "2026-09")]

    result = CliRunner().invoke(app, ["topics", "list", "--db", str(path), "--month", "2026-09"])

    assert result.exit_code == 0
    assert result.stdout.startswith("What buyers talked about in September 2026: ")
    block = next(b for b in result.stdout.split("\n\n") if b.startswith(f"{topic.id}  Audits"))
    lines = block.splitlines()
    calls = len({tag.call for tag in tags})
    assert lines[1] == (
        f"    {len(tags)} turns in {calls} calls of {calls} deals; first heard in September 2026"
    )
    assert lines[2] == f"    {calls} of 10 deals; no calls in August to compare with"
    assert lines[3] == f"    who: Champion {calls}"
    assert lines[4] == f"    when: Decision {calls}"
    excerpts = [line for line in lines if line.startswith("    - ")]
    assert len(excerpts) == 3
    assert len({line.split(" at ")[0] for line in excerpts}) == 3
    assert all(", Ann Lee: " in line for line in excerpts)

    result = CliRunner().invoke(app, ["topics", "list", "--db", str(path), "--format", "json"])
    table = json.loads(result.stdout)
    audits = next(t for t in table["topics"] if t["label"] == "Audits")
    assert (table["month"], table["month_before"]) == ("2026-10", "2026-09")
    assert audits["trend"]["direction"] == "too_few"
    assert (audits["trend"]["of"], audits["trend"]["of_before"]) == (2, 10)
    assert audits["label_source"] == "user"
    assert audits["personas"] == {"champion": audits["deals"]}
    assert {"call", "start_s", "estimated", "speaker", "text"} == set(audits["excerpts"][0])


def test_the_list_of_a_month_without_calls_names_those_with(db: Database, config: Config) -> None:
    with pytest.raises(InputError) as raised:
        list_topics(db, config, "2026-12", as_json=False)

    assert str(raised.value) == "there is no call in 2026-12; there are calls of 2026-09"


def test_the_commands_change_the_database(path: Path) -> None:
    runner = CliRunner()

    renamed = runner.invoke(app, ["topics", "rename", "1", "Mine", "--db", str(path)])
    retired = runner.invoke(app, ["topics", "retire", "1", "--db", str(path)])
    restored = runner.invoke(app, ["topics", "restore", "1", "--db", str(path)])
    rebuilt = runner.invoke(app, ["topics", "rebuild", "--db", str(path)])

    assert renamed.stdout.endswith("now it is called 'Mine'.\n")
    assert retired.stdout.startswith("Topic 1 'Mine' is retired")
    assert restored.stdout.startswith("Topic 1 'Mine' is back")
    assert "1  'Mine' lives on as 1 (" in rebuilt.stdout
    with store.opened(path) as db:
        assert names_of(db)[1] == "Mine"
