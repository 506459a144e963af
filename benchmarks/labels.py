"""Compare poolint's findings on real packages with the labels that they were given: what was gained, what was lost."""

from __future__ import annotations

import collections
import json
import subprocess
import sys
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LABELS = Path(__file__).with_name("labels.toml")
MOST = 15
"""Labels of one package: the habits of one team shall not decide what is said of a rule."""


def findings(package: Path) -> list[dict[str, object]]:
    """All findings in one unpacked distribution, with paths relative to it."""
    command = [sys.executable, "-m", "poolint", "check", "--isolated", "--exit-zero", "--output-format", "json", "."]
    ran = subprocess.run(command, cwd=package, capture_output=True, text=True, check=True)
    found: list[dict[str, object]] = json.loads(ran.stdout)
    for one in found:
        one["filename"] = Path(str(one["filename"])).relative_to(package).as_posix()
    return found


def told_with(one: dict[str, object]) -> list[tuple[str, int, str]]:
    """The places of what is told with a finding, as one decision: they have labels of their own."""
    also = one["also"]
    assert isinstance(also, list)
    return [(str(one["filename"]), int(place["location"]["row"]), str(one["code"])) for place in also]


def main(folder: str) -> int:
    """Compare all packages below ``folder`` that have been labelled, or that have findings."""
    labels = {(one["package"], one["fingerprint"]): one for one in tomllib.loads(LABELS.read_text())["finding"]}
    read = collections.Counter(package for package, _ in labels)
    counts: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    seen = set()
    together: set[tuple[str, str, int, str]] = set()
    for package in sorted(path for path in Path(folder).resolve().iterdir() if path.is_dir()):
        for one in findings(package):
            key = (package.name, str(one["fingerprint"]))
            seen.add(key)
            together.update((package.name, *place) for place in told_with(one))
            label = labels.get(key)
            is_new = label is None and read[package.name] < MOST
            counts[str(one["code"])]["new" if is_new else "unread" if label is None else label["verdict"]] += 1
            if is_new:
                location = one["location"]
                assert isinstance(location, dict)
                print(
                    "\n[[finding]]",
                    f'package = "{package.name}"',
                    f'path = "{one["filename"]}"',
                    f"row = {location['row']}",
                    f'code = "{one["code"]}"',
                    f'fingerprint = "{one["fingerprint"]}"',
                    f"# {one['message']}",
                    'verdict = ""',
                    'reason = ""',
                    sep="\n",
                )
    lost = [
        one
        for key, one in labels.items()
        if key not in seen
        and (one["package"], one["path"], one["row"], one["code"]) not in together
        and (Path(folder) / one["package"]).is_dir()
    ]
    for one in lost:
        print(f"lost ({one['verdict']}): {one['package']} {one['path']}:{one['row']} {one['code']}")
    for code in sorted(counts):
        parts = ", ".join(f"{number} {verdict}" for verdict, number in sorted(counts[code].items()))
        print(f"{code}: {parts}")
    verdicts = collections.Counter(one["verdict"] for one in labels.values())
    is_false_too_often = verdicts["false"] > 0.03 * verdicts.total()
    return int(is_false_too_often or any(counter["new"] for counter in counts.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
