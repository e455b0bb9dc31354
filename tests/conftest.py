"""The demo, run once for all tests, and a small project to change and run."""

import fcntl
import os
import pickle
from pathlib import Path

import pytest
from material import ROOT, DemoRun, Project, small_project

from callinsight.config import load_config
from callinsight.pipeline.run import run
from callinsight.progress import silent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the demo, which takes longest; leave what else needs it until it is there."""
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    if item.path.name == "test_demo.py":
        return 0
    return 2 if "demo" in getattr(item, "fixturenames", ()) else 1


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Two cut recordings of the demo and two short transcripts, on the small English model."""
    return small_project(tmp_path / "project")


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DemoRun:
    """The demo pipeline from its recordings to its report, run once for all tests.

    Of the processes that run tests, the first that needs it runs it, and others wait for that.
    """
    shared = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent
    left = shared / "demo.pickle"
    with (shared / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not left.exists():
            left.write_bytes(pickle.dumps(_run_demo(shared / "demo")))
    made: DemoRun = pickle.loads(left.read_bytes())  # noqa: S301  # written above
    return made


def _run_demo(folder: Path) -> DemoRun:
    text = (ROOT / "pipelines" / "demo.toml").read_text(encoding="utf-8")
    pipelines = folder / "pipelines"
    pipelines.mkdir(parents=True)
    for name in ("demo", "taxonomy.toml"):
        (pipelines / name).symlink_to(ROOT / "pipelines" / name)
    (folder / "content_inventory").symlink_to(ROOT / "content_inventory")
    (pipelines / "demo.toml").write_text(text, encoding="utf-8")
    config = load_config(pipelines / "demo.toml")
    summary = run(config, database=config.database, workers=2, retry_failed=False, progress=silent)
    return DemoRun(summary, config, folder)
