"""The demo, run once for all tests, and a small project to change and run."""

import shutil
from pathlib import Path

import pytest
from material import DEMO, ROOT, DemoRun, Project, call_row, write_vtt, write_wave

from callinsight.calls.audio import SAMPLE_RATE, decode
from callinsight.config import load_config
from callinsight.pipeline.run import run
from callinsight.progress import silent


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Two cut recordings of the demo and two short transcripts, on the small English model."""
    folder = tmp_path / "project"
    (folder / "files").mkdir(parents=True)
    shutil.copy(ROOT / "pipelines" / "taxonomy.toml", folder / "taxonomy.toml")
    for name, start_s, end_s in (("rec-01", 14, 34), ("rec-02", 24, 44)):
        sound = decode(DEMO / "recordings" / f"{name}.flac")
        cut = sound.read(start_s * SAMPLE_RATE, end_s * SAMPLE_RATE)
        write_wave(folder / "files" / f"{name}.wav", cut)
    write_vtt(
        folder / "files" / "talk-1.vtt",
        [
            ("Dana Whitfield", "What did you think of the proposal?"),
            ("Ann Lee", "It is far too expensive for us, we do not have the budget for that."),
            ("Dana Whitfield", "I see. Anything else?"),
            ("Ann Lee", "Could you send me a pricing sheet with the discount in it?"),
        ],
    )
    write_vtt(
        folder / "files" / "talk-2.vtt",
        [("Dana Whitfield", "How was your holiday?"), ("Bo Berg", "Lovely, we went to the lake.")],
    )
    made = Project(folder)
    made.write_calls(
        [
            call_row("rec-01", "rec-01.wav"),
            call_row("rec-02", "rec-02.wav"),
            call_row("talk-1", "talk-1.vtt"),
            call_row("talk-2", "talk-2.vtt"),
        ]
    )
    (folder / "participants.csv").write_text(
        "call_id,name,side,title\n"
        "rec-01,Ingrid Halvorsen,buyer,CISO\n"
        "rec-02,Owen Castell,buyer,CFO\n"
        "talk-1,Dana Whitfield,rep,Account Executive\n"
        "talk-1,Ann Lee,buyer,Chief Financial Officer\n"
        "talk-2,Dana Whitfield,rep,Account Executive\n"
        "talk-2,Bo Berg,buyer,IT Director\n",
        encoding="utf-8",
    )
    (folder / "items.csv").write_text(
        "asset_id,title,content_type,concerns,owner,updated_on,published_on\n"
        "A-1,Price list,pricing_sheet,price_budget,Mara,2026-10-01,2026-01-10\n",
        encoding="utf-8",
    )
    (folder / "usage.csv").write_text(
        "asset_id,occurred_at,event\nA-1,2026-10-02,share\n", encoding="utf-8"
    )
    made.pipeline.write_text(
        'company = "Acme"\ntimezone = "Europe/London"\n'
        '[calls]\nmanifest = "calls.csv"\nparticipants = "participants.csv"\nfiles = "files"\n'
        '[speech]\nmodel = "tiny.en"\n'
        '[tagging]\ntaxonomy = "taxonomy.toml"\n'
        '[content]\nitems = ["items.csv"]\nusage = ["usage.csv"]\n',
        encoding="utf-8",
    )
    return made


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DemoRun:
    """The demo pipeline from its recordings to its report, run once for all tests."""
    folder = tmp_path_factory.mktemp("demo")
    text = (ROOT / "pipelines" / "demo.toml").read_text(encoding="utf-8")
    pipelines = folder / "pipelines"
    pipelines.mkdir()
    for name in ("demo", "taxonomy.toml"):
        (pipelines / name).symlink_to(ROOT / "pipelines" / name)
    (folder / "content_inventory").symlink_to(ROOT / "content_inventory")
    (pipelines / "demo.toml").write_text(text, encoding="utf-8")
    config = load_config(pipelines / "demo.toml")
    summary = run(config, database=config.database, workers=2, retry_failed=False, progress=silent)
    return DemoRun(summary, config, folder)
