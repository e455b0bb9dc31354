"""Look for a file that breaks a reader, guided by which lines of ours each file reaches.

    python tests/hostile/fuzz.py --seconds 60 [READER ...]

Each reader has a process of its own (libFuzzer, by atheris) with at most 2 GB of memory and 10
seconds a file. What was found before lies in --corpus and is the start of the next time. A finding
is written to --findings, and the exit code is 1.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
MOST_MB = 2048
LONGEST_S = 10
LARGEST = 1 << 16  # bytes of a file
CASES = re.compile(r"stat::number_of_executed_units:\s*(\d+)")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("readers", nargs="*")
    parser.add_argument("--seconds", type=int, default=60, help="for each reader")
    parser.add_argument("--corpus", type=Path, default=Path("out/fuzz/corpus"))
    parser.add_argument("--findings", type=Path, default=Path("out/fuzz/findings"))
    parser.add_argument("--alone", action="store_true", help="fuzz in this process")
    options, given = parser.parse_known_args()
    sys.path[:0] = [str(HERE), str(HERE.parent)]
    if options.alone:
        _fuzz(options.readers[0], given)
        return 0
    from readers import READERS

    found = False
    print(f"{'reader':16}{'files tried':>14}{'seconds':>10}  result", flush=True)
    for name in options.readers or READERS:
        found |= _told(name, options)
    return 1 if found else 0


def _told(name: str, options: argparse.Namespace) -> bool:
    """Fuzz one reader in a process of its own and print what came of it."""
    corpus = options.corpus / name
    corpus.mkdir(parents=True, exist_ok=True)
    options.findings.mkdir(parents=True, exist_ok=True)
    command = [
        *(sys.executable, __file__, "--alone", name, f"-max_total_time={options.seconds}"),
        *(f"-rss_limit_mb={MOST_MB}", f"-timeout={LONGEST_S}", f"-max_len={LARGEST}"),
        *("-print_final_stats=1", f"-artifact_prefix={options.findings}/{name}-", str(corpus)),
    ]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    cases = CASES.search(done.stderr)
    result = "nothing found" if done.returncode == 0 else f"FOUND: see {options.findings}/{name}-*"
    tried = f"{int(cases[1]):,}" if cases else "?"
    print(f"{name:16}{tried:>14}{options.seconds:>10}  {result}", flush=True)
    if done.returncode:
        print(done.stderr[-3000:], file=sys.stderr)
    return done.returncode != 0


def _fuzz(name: str, given: list[str]) -> None:
    import atheris

    with atheris.instrument_imports(include=["callinsight", "tomllib", "csv", "frontmatter"]):
        from readers import READERS, attempt

    reader = READERS[name]
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as seeds:
        for number, seed in enumerate(reader.seeds):
            (Path(seeds) / str(number)).write_bytes(seed[:LARGEST])
        atheris.Setup(
            [sys.argv[0], *given, seeds], lambda content: attempt(reader, content, Path(folder))
        )
        atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
