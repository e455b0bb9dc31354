"""Which module may import which: cli → pipeline → store → records; the flow takes plain values."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "callinsight"
FOUNDATION = {"addresses", "records", "errors", "months", "taxonomy", "sheets", "shares", "toml"}
FLOW = {"calls", "tagging", "content", "reports"}
ALLOWED = {
    "__init__": set(),
    "records": set(),
    "errors": set(),
    "imports": set(),
    "months": {"errors"},
    "toml": {"errors"},
    "taxonomy": {"errors", "records", "toml"},
    "encoding": {"errors"},
    "sheets": {"encoding", "errors", "months", "records"},
    "shares": set(),
    "temporary": set(),
    "addresses": {"errors", "temporary"},
    "config": {"addresses", "errors", "toml"},
    "networks": set(),
    "conversion": {"errors", "networks"},
    "downloads": {"errors"},
    "weights": {"conversion", "downloads", "errors"},
    "migrations": {"imports"},
    "store": {"errors", "imports", "migrations", "records", "store"},
    "progress": set(),
    "journal": {"errors", "progress"},
    "deadlines": set(),
    "remote": {"deadlines", "errors"},
    "cluster": {"deadlines", "errors", "remote"},
    "calls": FOUNDATION | {"calls", "networks"},
    "tagging": FOUNDATION | {"tagging", "imports", "networks"},
    "content": FOUNDATION | {"content"},
    "reports": FOUNDATION | {"reports"},
    "starter": FOUNDATION | {"starter", "calls"},
    "pipeline": FOUNDATION
    | FLOW
    | {"pipeline", "store", "config", "weights", "cluster", "progress", "remote", "temporary"}
    | {"deadlines", "journal"},
    "web": FOUNDATION
    | FLOW
    | {"web", "pipeline", "store", "config", "weights", "progress", "temporary"},
    "cli": {
        *(
            "cli",
            "cluster",
            "config",
            "errors",
            "journal",
            "months",
            "pipeline",
            "progress",
            "starter",
            "store",
            "web",
        ),
        *("calls", "tagging", "weights"),  # of the flow only what developers train
    },
}


def imports_of(path: Path) -> set[str]:
    """The parts of callinsight that a module imports, wherever in the file."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are written in full"
            names = [node.module]
            if node.module == "callinsight":
                names = [f"callinsight.{alias.name}" for alias in node.names]
        else:
            continue
        found |= {name.split(".")[1] for name in names if name.startswith("callinsight.")}
    return found


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE))
)
def test_a_module_imports_only_what_lies_below_it(path: Path) -> None:
    part = part_of(path)

    assert part in ALLOWED, f"{part} is new: say in this table what it may import"
    assert imports_of(path) <= ALLOWED[part]


def test_the_rule_sees_an_import_inside_a_function(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text("def f():\n    from callinsight import store\n    import callinsight.cli\n")

    assert imports_of(module) == {"store", "cli"}


@pytest.mark.parametrize(
    ("heavy", "user"),
    [
        ("torch", "from callinsight.tagging.patterns import PhraseMatcher as P; P({'a': ['b']})"),
        ("pandas", "import callinsight.store"),
    ],
)
def test_a_heavy_library_that_is_not_needed_is_left_out_and_can_still_be_had(heavy, user) -> None:
    lines = (
        f"import sys\n{user}\nprint('{heavy}' in sys.modules)\nimport {heavy}\n{heavy}.__version__"
    )

    done = subprocess.run([sys.executable, "-c", lines], check=True, capture_output=True, text=True)

    assert done.stdout == "False\n"
