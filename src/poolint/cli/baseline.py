"""``poolint baseline``: what is found now is known from now on, and what has been mended is known no more."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from poolint.baseline import NAME, Baseline, Entry
from poolint.config import shown
from poolint.diagnostics import Silence
from poolint.output.text import printable
from poolint.selection import INTERNAL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poolint.cli.check import Arguments
    from poolint.diagnostics import Diagnostic
    from poolint.outcome import Outcome


def baseline(arguments: Arguments, renew: bool) -> int:
    """Write the baselines of the settings that govern ``paths`` and return the exit code: 0, or 2 where something could not
    be checked. Where there is one, it only shrinks, unless it is to be renewed. Raises ``ConfigError``, ``OSError``."""
    from poolint.cli.check import run
    from poolint.cli.printing import lines_of

    outcome = run(arguments)
    if outcome.refused or outcome.crashed:
        for line in outcome.refused or ["something crashed: run `poolint check` to see what; no baseline is written"]:
            sys.stderr.write(f"poolint: error: {printable(line)}\n")
        return 2
    lines = lines_of(outcome)
    for path, root, found in _by_root(outcome, arguments):
        before = None if renew else Baseline.read(path, root)
        if before is None:
            made = Baseline(path, root, [Entry.of(one, root, lines) for one in found])
            made.write()
            _say(f"{shown(path)}: {_count(len(made.entries))} written")
            continue
        new, known, stale = before.divide(found, lines)
        gone = _checked(stale, outcome, root)
        kept = [Entry.of(one, root, lines) for one in known]
        before.entries = [*kept, *(one for one in stale if one not in gone)]
        before.write()
        _say(f"{shown(path)}: {_count(len(before.entries))} left, {len(gone)} gone")
        if new:
            _say(f"{_count(len(new))} not in it, and reported: `poolint baseline --renew` takes them in")
    return 0


def apply(outcome: Outcome, arguments: Arguments) -> Iterator[str]:
    """Take what is known out of the findings; the lines that there are to say of it."""
    from poolint.cli.printing import lines_of

    lines = lines_of(outcome)
    for path, root, mine in _by_root(outcome, arguments):
        if not arguments.baseline and not os.path.lexists(path):
            continue
        one = Baseline.read(path, root)
        if one is None:
            from poolint.config import ConfigError

            raise ConfigError(f"{shown(path)}: there is no such baseline; `poolint baseline` writes one")
        _, known, stale = one.divide(mine, lines)
        reported = set(map(id, outcome.diagnostics))
        known = [each for each in known if id(each) in reported]
        outcome.drop(known, Silence("baseline", f"known by {shown(path)}"))
        gone = _checked(stale, outcome, root)
        if known:
            yield f"{_count(len(known))} known by {shown(path)}."
        if gone:
            yield f"{_count(len(gone))} of {shown(path)} no more: `poolint baseline` takes them out."


def _by_root(outcome: Outcome, arguments: Arguments) -> Iterator[tuple[str, str, list[Diagnostic]]]:
    """Each file with what is known, the root that it concerns, and the findings that it may know: first those that a revision
    has as well, of which none is new, so that what is new beside them is not taken for them."""
    there = [one for one in outcome.silenced if one.silence is not None and one.silence.by == "revision"]
    found = [*there, *(one for one in outcome.diagnostics if one.code not in INTERNAL)]
    if arguments.baseline:
        yield os.path.abspath(arguments.baseline), os.getcwd(), found
        return
    for root in sorted(set(outcome.roots), key=len, reverse=True):  # the innermost governs what lies below it
        inside = os.path.join(root, "")
        yield os.path.join(root, NAME), root, [one for one in found if one.filename.startswith(inside)]
        found = [one for one in found if not one.filename.startswith(inside)]


def _checked(stale: Sequence[Entry], outcome: Outcome, root: str) -> set[Entry]:
    """Those of files that were checked, or are not there any more: of others nothing is known."""
    checked = {os.path.relpath(path, root).replace(os.sep, "/") for path in outcome.paths}
    return {one for one in stale if one.path in checked or not os.path.lexists(os.path.join(root, one.path))}


def _count(number: int) -> str:
    return f"{number} finding{'' if number == 1 else 's'}"


def _say(line: str) -> None:
    sys.stdout.write(f"{printable(line)}\n")
