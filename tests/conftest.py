"""The demo, run once for all tests, and a small project to change and run."""

from pathlib import Path

import pytest
from material import ROOT, DemoRun, Project, small_project

from callinsight.config import load_config
from callinsight.pipeline.run import run
from callinsight.progress import silent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Hand a file's tests to one worker, and all tests of the demo, which goes first, to one."""
    items.sort(key=lambda item: "demo" not in getattr(item, "fixturenames", ()))
    for item in items:
        group = "demo" if "demo" in getattr(item, "fixturenames", ()) else item.path
        item.add_marker(pytest.mark.xdist_group(str(group)))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Two cut recordings of the demo and two short transcripts, on the small English model."""
    return small_project(tmp_path / "project")


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
