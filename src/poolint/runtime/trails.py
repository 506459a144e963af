"""The innermost frame of the project, for a service that is at work: where it was found before, it is looked for first.

To walk there makes an object of each frame in between, and takes longer than all else that is done for a checkout. So the way
is remembered: how far it was, which instruction it came from, and which code it led to.
"""

from __future__ import annotations

import sys
from sys import _getframe

from poolint.runtime.frames import Step, has_own, is_caller, is_own

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FrameType
    from typing import Any

_MOST_DEPTHS = 8
_MOST_TRAILS = 1024

_NEAR, _FAR = 3, 24
"""Frames from which on a way is kept, and up to which. What is further away calls whatever it was told to, as a server calls
handlers: the same way out of that says less of what is in between."""


class _Trail:
    """The way from a checkout out to ``step``, as it was walked once, or to where a greenlet begins. Its instruction is part of
    the key; what it has called there has called ``next``."""

    __slots__ = ("code", "next", "step")

    def __init__(self, codes: list[CodeType], step: Step | None) -> None:
        self.code = codes[-1]
        self.next = codes[-3]
        self.step = step


_Trails = dict[int, _Trail]
"""By the id of the code and the instruction, added up: which two they are says the code of the trail."""

_depths: tuple[tuple[int, _Trails], ...] = ()
"""How far places were, nearest first: with two of them on one way, the inner one is the place."""

_steps: dict[int, Step] = {}
"""Places around greenlets, by the same key."""


def nearest() -> Step | None:
    """The innermost frame of the project around the caller; where there is none, who called the driver."""
    try:
        for depth, known in _depths:
            frame = _getframe(depth)
            code = frame.f_code
            trail = known.get(id(code) + frame.f_lasti)
            if trail is not None and trail.code is code and _getframe(depth - 2).f_code is trail.next:
                if trail.step is not None:
                    return trail.step
                if frame.f_back is None:
                    return _around(is_own) or _around(is_caller)
    except ValueError:
        pass  # there are not that many frames
    return _walked(_getframe())


def _walked(begin: FrameType) -> Step | None:
    """The same, by looking at each frame from that of :func:`nearest` on. The way is kept for the next time."""
    codes = []
    ways = []
    frame: FrameType | None = begin
    while frame is not None:
        codes.append(frame.f_code)
        ways.append(frame)
        if is_own(frame.f_code):
            step = Step(frame)
            _keep(codes, frame, step)
            return step
        frame = frame.f_back
    around = _around(is_own)
    if around is not None:
        _keep(codes, ways[-1], None)
        return around
    for depth, last in enumerate(ways):
        if is_caller(last.f_code):
            step = Step(last)
            # Where something is of the project, what calls a driver may be called by that another time.
            if not has_own():
                _keep(codes[: depth + 1], last, step)
            return step
    return _around(is_caller)


def _keep(codes: list[CodeType], last: FrameType, step: Step | None) -> None:
    global _depths
    depth = len(codes) - 1
    if not _NEAR <= depth <= _FAR:
        return
    trails = dict(_depths).get(depth, {})
    if len(trails) >= _MOST_TRAILS:
        trails.clear()
    trails[id(last.f_code) + last.f_lasti] = _Trail(codes, step)
    others = [one for one in _depths if one[0] != depth][-_MOST_DEPTHS + 1 :]
    _depths = tuple(sorted((*others, (depth, trails)), key=lambda one: one[0]))


def _around(is_it: Callable[[CodeType], bool]) -> Step | None:
    """What runs in a greenlet, as SQLAlchemy's drivers do, was begun by its parent."""
    greenlets: Any = sys.modules.get("greenlet")
    within = greenlets.getcurrent().parent if greenlets is not None else None
    while within is not None:
        frame = within.gr_frame
        while frame is not None:
            code = frame.f_code
            step = _steps.get(id(code) + frame.f_lasti)
            if step is not None and step.code is code:
                return step
            if is_it(code):
                step = Step(frame)
                if is_it is is_own:
                    if len(_steps) >= _MOST_TRAILS:
                        _steps.clear()
                    _steps[id(code) + frame.f_lasti] = step
                return step
            frame = frame.f_back
        within = within.parent
    return None
