"""What the pytest plugin says of a connection."""

from __future__ import annotations

import linecache
import os
from typing import TYPE_CHECKING, NamedTuple

from _pytest._code.code import ReprEntryNative, ReprExceptionInfo, ReprFileLocation, ReprTraceback

from poolint.integrations.places import finding_at
from poolint.runtime.sampling import shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poolint.runtime.frames import Step
    from poolint.runtime.holds import Hold

MOST = 5
"""Holds that the summary tells of."""

SHORT = 0.01
"""Seconds below which a hold is not worth telling, and a wait neither."""


class Seen(NamedTuple):
    """A hold as plain values, for the summary: where it was checked out, by which task, in which test, and where the
    program was meanwhile, with the seconds."""

    seconds: float
    place: str
    by: str
    test: str
    waits: list[tuple[float, str]]


def seen(hold: Hold, root: str) -> Seen:
    """What the summary needs of a hold."""
    waits = sorted(((s, _line(code.co_filename, row, root)) for (code, row), s in hold.waits.items()), reverse=True)
    return Seen(hold.seconds, _at(hold, root), hold.by, getattr(hold.owner, "name", ""), waits[:3])


def longest(holds: Iterable[Seen]) -> list[str]:
    """The longest of all holds, as lines."""
    lines = []
    for one in sorted(holds, key=lambda each: -each[0])[:MOST]:
        if one.seconds >= SHORT:
            lines.append(
                f"{_duration(one.seconds):>9}  {one.place}, by {one.by}" + (f", in {one.test}" if one.test else "")
            )
            lines += [f"{_duration(s):>18} at {where}" for s, where in one.waits if s >= SHORT]
    return lines


def told(hold: Hold, root: str) -> str:
    """What is wrong with a hold, for the report of its test."""
    lines = [_headline(hold, root), f"  from {hold.pool}, by {hold.by}, held for {_duration(hold.seconds)}", ""]
    lines += _steps(hold.place, root)
    if hold.shared is not None:
        place, by = hold.shared
        lines += ["", f"  and used meanwhile by {by}:", *_steps(place, root)]
    found = finding_at(hold.place, root, is_shared=hold.shared is not None)
    if found:
        lines += ["", f"  poolint says there: {found}"]
    return "\n".join(lines)


def crash(hold: Hold, texts: list[str], root: str) -> ReprExceptionInfo:
    """The report of a test that fails for these."""
    place = hold.place[0] if hold.place else None
    where = ReprFileLocation(place.file if place else "", place.row if place else 0, _headline(hold, root))
    entry = ReprEntryNative([f"{text}\n" for text in "\n\n".join(texts).splitlines()])
    return ReprExceptionInfo(reprtraceback=ReprTraceback([entry], None, style="native"), reprcrash=where)


def _headline(hold: Hold, root: str) -> str:
    at = _at(hold, root)
    if hold.shared is not None:
        return f"two tasks use one connection at once, checked out at {at}"
    if hold.how == "collected":
        return f"nobody gave back the connection that was checked out at {at}: the garbage collector did"
    if hold.how == "closed":
        return f"the pool was closed before the connection was given back that was checked out at {at}"
    whose = getattr(hold.owner, "name", "")
    whose = whose if whose.startswith("the fixture") else "the test"
    return f"{whose} ends with a connection still checked out, at {at}"


def _at(hold: Hold, root: str) -> str:
    return f"{shown(hold.place[0].file, root)}:{hold.place[0].row}" if hold.place else "an unknown place"


def _steps(place: tuple[Step, ...], root: str) -> list[str]:
    lines = []
    for step in reversed(place):
        lines.append(f"  {shown(step.file, root)}:{step.row}: in {step.function}")
        text = linecache.getline(step.file, step.row).strip()
        lines += [f"    {text}"] if text else []
    return lines


def _line(file: str, row: int, root: str) -> str:
    file = os.path.abspath(file)
    text = linecache.getline(file, row).strip()
    return f"{shown(file, root)}:{row}" + (f": {text}" if text else "")


def _duration(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"
