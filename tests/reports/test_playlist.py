"""Moments to listen to: clear, typical, of different deals and calls, within the time there is."""

from dataclasses import replace

import numpy as np
import pytest
from material import ROOT

from callinsight.records import Call, Tag, Utterance, Word
from callinsight.reports.pages import write_playlist
from callinsight.reports.playlist import is_clear, m3u, pick_moments, spoken_length, tracks_of
from callinsight.reports.wording import Names
from callinsight.taxonomy import load_taxonomy

NAMES = Names(load_taxonomy(ROOT / "pipelines" / "taxonomy.toml"))


def call(number: int) -> Call:
    return Call(
        id=f"c{number}",
        file=f"c{number}.wav",
        recorded_at="2026-10-06T10:00:00+00:00",
        title="Price talk",
        account=f"Firm {number}",
        duration_s=300.0,
    )


def said(
    call: int, position: int, *, length_s: float = 8.0, text: str = "It is too dear."
) -> Utterance:
    start_s = position * 20.0
    return Utterance(
        id=f"c{call}:{position:04d}",
        call=f"c{call}",
        position=position,
        start_s=start_s,
        end_s=start_s + length_s,
        channel=1,
        speaker="Ann Lee",
        side="buyer",
        side_confidence=1.0,
        text=text,
    )


def tag(
    of: Utterance, *, persona: str = "champion", stage: str = "decision", deal: str = "", **fields
) -> Tag:
    facts = {
        "kind": "concern",
        "label": "price_budget",
        "stance": "objection",
        "score": 0.9,
        "status": "sure",
        "source": "tagger",
        "evidence": of.text,
        "month": "2026-10",
    }
    return Tag(
        utterance=of.id,
        call=of.call,
        deal=deal or of.call,
        persona=persona,
        stage=stage,
        **(facts | fields),
    )


def pick(tags: list[Tag], utterances: list[Utterance], vectors: dict | None = None, **options):
    calls = {f"c{n}": call(n) for n in range(9)}
    random = np.random.default_rng(3)
    near = random.normal(size=8)
    unit = {}
    for one in utterances:
        vector = near + random.normal(size=8)
        unit[one.id] = (vector / np.linalg.norm(vector)).astype(np.float32)
    return pick_moments(
        tags, {u.id: u for u in utterances}, calls, unit | (vectors or {}), **options
    )


def test_each_place_is_heard_and_different_deals_come_first() -> None:
    turns = [said(n, 2) for n in range(4)] + [said(0, 6), said(5, 3)]
    tags = [tag(u, deal="d0" if u.call in ("c0", "c1") else "") for u in turns[:5]]
    tags.append(tag(turns[5], persona="end_user", stage="awareness"))

    moments = pick(tags, turns, length_s=33.0)

    assert [m.place for m in moments] == [("champion", "decision")] * 2 + [
        ("end_user", "awareness")
    ]
    assert len({m.tag.deal for m in moments}) == 3


def test_all_together_last_no_longer_than_is_asked() -> None:
    turns = [said(n, 2, length_s=25.0) for n in range(8)]

    moments = pick([tag(u) for u in turns], turns, length_s=60.0)

    assert len(moments) == 2
    assert sum(m.end_s - m.start_s for m in moments) <= 60.0
    assert pick([tag(u) for u in turns], turns, length_s=5.0) == []


def test_a_moment_begins_with_the_turn_before_if_there_is_room() -> None:
    before, turn = said(0, 1, length_s=18.0), said(0, 2)

    (moment,) = pick([tag(turn)], [before, turn])
    assert (moment.start_s, moment.before) == (19.6, before)

    (alone,) = pick([tag(turn)], [replace(before, start_s=2.0), turn])
    assert (alone.start_s, alone.before) == (39.6, None)


def test_the_most_typical_comes_first_and_nothing_twice() -> None:
    turns = [said(n, 2) for n in range(4)]
    directions = [(1.0, 0.1), (1.0, 0.0), (1.0, 0.01), (0.0, 1.0)]
    vectors = {
        u.id: np.array(d, np.float32) / np.linalg.norm(d)
        for u, d in zip(turns, directions, strict=True)
    }

    moments = pick([tag(u) for u in turns], turns, vectors)

    assert [m.call.id for m in moments] == ["c0", "c3"]  # the second and third repeat the first


@pytest.mark.parametrize(
    "change",
    [
        {"status": "unsure"},
        {"stance": "mention"},
        {"kind": "topic"},
        {"persona": "unknown"},
        {"stage": "unknown"},
    ],
)
def test_only_sure_demand_of_a_known_place_counts(change: dict[str, str]) -> None:
    turn = said(0, 2)

    assert len(pick([tag(turn)], [turn])) == 1
    assert pick([tag(turn, **change)], [turn]) == []


@pytest.mark.parametrize(
    "change",
    [
        {"overlaps": True},
        {"estimated": True},
        {"voice_confidence": 0.5},
        {"end_s": 40.5},
        {"words": (Word(40.0, 41.0, " Hm", 0.3),)},
    ],
)
def test_what_cannot_be_followed_by_ear_is_not_clear(change: dict) -> None:
    assert is_clear(said(0, 2))
    assert not is_clear(replace(said(0, 2), **change))


def test_the_page_and_the_playlist_name_each_sound(tmp_path) -> None:
    turn = said(0, 2, text="It is <b>too dear</b> for us.\n#EXTM3U")
    (moment,) = pick([tag(turn, evidence="too dear")], [turn])
    tracks = tracks_of([(moment, b"sound")], NAMES, {("c0", "Ann Lee"): "Buyer,\nHead"})

    page = write_playlist(tracks, [b"sound"], tmp_path, month="2026-10", company="Tallybrook")

    html = page.read_text(encoding="utf-8")
    name = tracks[0].clip_name
    assert (tmp_path / "clips" / name).read_bytes() == b"sound"
    assert f'src="clips/{name}"' in html
    assert "It is &lt;b&gt;<mark>too dear</mark>&lt;/b&gt; for us." in html
    assert (tmp_path / "playlist.m3u").read_text(encoding="utf-8") == (
        "#EXTM3U\n#PLAYLIST:Buyers to listen to, October 2026\n"
        f"#EXTINF:10,Champion at Decision: Price and budget\nclips/{name}\n"
    )
    assert m3u(tracks, "a\nb").splitlines()[1] == "#PLAYLIST:a b"
    assert spoken_length(tracks) == "1 minute"


def test_clips_of_an_earlier_playlist_go(tmp_path) -> None:
    for sound in (b"one", b"two"):
        turn = said(0, 2)
        (moment,) = pick([tag(turn)], [turn])
        tracks = tracks_of([(moment, sound)], NAMES, {})
        write_playlist(tracks, [sound], tmp_path, month="2026-10", company="")

    assert [path.read_bytes() for path in (tmp_path / "clips").iterdir()] == [b"two"]
