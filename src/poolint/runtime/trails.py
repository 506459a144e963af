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
    from types import CodeType, FrameType
    from typing import Any

_MOST_DEPTHS = 8
_MOST_TRAILS = 1024

_NEAR, _FAR = 2, 24
"""Frames from which on a way is kept, and up to which. What is further away calls whatever it was told to, as a server calls
handlers: the same way out of that says less of what is in between."""


class Trail:
    """The way from a checkout out to ``step``, as it was walked once, or to where a greenlet begins (``is_inner``). Its
    instruction is part of the key; what it has called there has called ``next``."""

    __slots__ = ("code", "generates", "is_inner", "next", "step")

    def __init__(self, code: CodeType | None, next: CodeType | None, step: Step | None, is_inner: bool = False) -> None:
        self.code = code
        self.next = next
        self.step = step
        self.generates = step is not None and step.generates
        self.is_inner = is_inner


Trails = dict[int, Trail]
"""By the id of the code and the instruction, added up: which two they are says the code of the trail."""

Ways = tuple[tuple[int, Trails], ...]
"""How far places were, nearest first: with two of them on one way, the inner one is the place."""

known: Ways = ()
"""The ways from whoever calls :func:`walked`."""

_outer: Ways = ()
"""Those from where the parent of a greenlet stands."""

_NOWHERE = Trail(None, None, None)


def walked() -> Trail:
    """The way to the innermost frame of the project around the caller, or to who called the driver where there is none, by
    looking at each frame. It is kept for the next time. Whoever calls this has asked :data:`known` before."""
    global known
    ways: list[FrameType] = []
    frame: FrameType | None = _getframe(1)
    while frame is not None:
        ways.append(frame)
        if is_own(frame.f_code):
            trail = _trail(ways, Step(frame))
            known = _kept(known, ways, trail)
            return trail
        frame = frame.f_back
    trail = beyond()
    if trail.step is not None and is_own(trail.step.code):
        inner = _trail(ways, None, is_inner=True)
        known = _kept(known, ways, inner)
        return trail
    for depth, last in enumerate(ways):
        if is_caller(last.f_code):
            trail = _trail(ways[: depth + 1], Step(last))
            # Where something is of the project, what calls a driver may be called by that another time.
            if not has_own():
                known = _kept(known, ways[: depth + 1], trail)
            return trail
    return trail


def beyond() -> Trail:
    """The same around the greenlet that runs: what runs in one, as SQLAlchemy's drivers do, was begun by its parent."""
    greenlets: Any = sys.modules.get("greenlet")
    within = greenlets.getcurrent().parent if greenlets is not None else None
    if within is None:
        return _NOWHERE
    called = calls = frame = within.gr_frame
    hops = 0
    for distance, trails in _outer:
        while frame is not None and hops < distance:
            called, calls, frame = calls, frame, frame.f_back
            hops += 1
        if frame is None:
            break
        code = frame.f_code
        trail = trails.get(id(code) + frame.f_lasti)
        if trail is not None and trail.code is code and called.f_code is trail.next:
            return trail
    return _walked_beyond(within)


def _walked_beyond(first: Any) -> Trail:
    global _outer
    caller: Trail | None = None
    within = first
    while within is not None:
        ways: list[FrameType] = []
        frame = within.gr_frame
        while frame is not None:
            ways.append(frame)
            if is_own(frame.f_code):
                trail = _trail(ways, Step(frame))
                if within is first:
                    _outer = _kept(_outer, ways, trail, near=0)
                return trail
            if caller is None and is_caller(frame.f_code):
                caller = _trail(ways, Step(frame))
            frame = frame.f_back
        within = within.parent
    return caller or _NOWHERE


def _trail(ways: list[FrameType], step: Step | None, is_inner: bool = False) -> Trail:
    return Trail(ways[-1].f_code, ways[max(len(ways) - 3, 0)].f_code, step, is_inner)


def _kept(ways: Ways, frames: list[FrameType], trail: Trail, near: int = _NEAR) -> Ways:
    """The ways with one more, which leads over these frames."""
    depth = len(frames) - 1
    if not near <= depth <= _FAR:
        return ways
    trails = dict(ways).get(depth, {})
    if len(trails) >= _MOST_TRAILS:
        trails.clear()
    trails[id(frames[-1].f_code) + frames[-1].f_lasti] = trail
    others = [one for one in ways if one[0] != depth][-_MOST_DEPTHS + 1 :]
    return tuple(sorted((*others, (depth, trails)), key=lambda one: one[0]))
