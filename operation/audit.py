"""Known vulnerabilities of the libraries in .venv: `make audit`.

pip-audit passes what it cannot look up; this says so, so that no network does not look like no finding.
Ends with 1 if a vulnerability is known, else with 0.
"""

from __future__ import annotations

import json
import subprocess
import sys


def main(program: str, libraries: str) -> int:
    """Run `program`, which is pip-audit, over a folder of installed libraries."""
    command = [program, "--path", libraries, "--format", "json", "--progress-spinner", "off"]
    told = subprocess.run(
        [*command, "--timeout", "15"], capture_output=True, text=True, check=False
    )
    try:
        found = json.loads(told.stdout)["dependencies"]
    except (ValueError, KeyError):
        print(told.stderr.strip())
        found = []
    audited = [one for one in found if "vulns" in one]
    known = [(one, vuln) for one in audited for vuln in one["vulns"]]
    for one, vuln in known:
        fixed = ", ".join(vuln["fix_versions"]) or "no version yet"
        print(f"{one['name']} {one['version']}: {vuln['id']}, mended in {fixed}")
    if not audited:
        print("NOTHING WAS AUDITED: the list of vulnerabilities is out of reach (no network?).")
        return 0
    skipped = len(found) - len(audited)
    print(f"{len(audited)} libraries audited, {skipped} not known there, {len(known)} findings")
    return int(bool(known))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
