"""The innermost frame of the project, for a service that is at work: where it was found before, it is looked for first.

To walk there makes an object of each frame in between, and takes longer than all else that is done for a checkout. So the way
is remembered: how far it was, which instruction it came from, and which code it led to.
"""

from __future__ import annotations

import sys
from sys import _getframe
from typing import Any

from poolint.runtime.frames import Step, has_own, is_caller, is_own

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType

_MOST_DEPTHS = 8
_MOST_TRAILS = 1024
_MOST_OTHERS = 32

_NEAR, _FAR = 2, 24
"""Frames from which on a way is kept, and up to which. What is further away calls whatever it was told to, as a server calls
handlers: the same way out of that says less of what is in between."""


class Trail:
    """The way from a checkout out to ``step``, as it was walked once, or to where a greenlet begins (``is_inner``). It goes over
    ``depth`` frames, to the instruction ``at`` of ``code``; what was called there has called ``next``, which is ``near``.
    ``other`` is one of the same length from the same instruction of other code, or that led to other code. Where ``is_first``,
    no shorter one is known: one that is like it need not be looked for among others."""

    __slots__ = ("at", "code", "depth", "generates", "hops", "is_first", "is_inner", "near", "next", "other", "step")

    def __init__(self, frames: list[FrameType], step: Step | None, is_inner: bool = False) -> None:
        self.depth = len(frames) - 1
        self.near = max(self.depth - 2, 0)
        self.hops = (None,) * self.near
        self.at = frames[-1].f_lasti
        self.code = frames[-1].f_code
        self.next = frames[self.near].f_code
        self.step = step
        self.generates = step is not None and step.generates
        self.is_inner = is_inner
        self.is_first = False
        self.other: Trail | None = None

    def of(self, code: CodeType, next: CodeType) -> Trail | None:
        """Among this one and others that one."""
        trail: Trail | None = self
        while trail is not None and not (trail.code is code and trail.next is next):
            trail = trail.other
        return trail


Trails = dict[int, Trail]
"""By instruction, which is a small number, and is asked for faster than the code that it is of."""

Ways = tuple[tuple[int, Trails], ...]
"""How far places were, nearest first: with two of them on one way, the inner one is the place."""

_ways: Ways = ()
"""The ways from whoever calls :func:`found`."""

_outer: Ways = ()
"""Those from where the parent of a greenlet stands."""

NOWHERE = Trail([_getframe()], None)
NOWHERE.depth = 1_000_000  # no frame is there: one that is near would be asked for, and might keep itself


_last = NOWHERE
"""What :func:`beyond` found last."""


def found() -> Trail:
    """The way to the innermost frame of the project around the caller, or to who called the driver where there is none. If it
    is an inner one, :func:`beyond` is the rest of it."""
    for depth, trails in _ways:
        try:
            frame = _getframe(depth + 1)
        except ValueError:
            break  # there are not that many frames
        trail = trails.get(frame.f_lasti)
        if trail is None or (trail := trail.of(frame.f_code, _getframe(trail.near + 1).f_code)) is None:
            continue
        if not trail.is_inner or frame.f_back is None:
            return trail
    return _walked(_getframe(1))


def _walked(first: FrameType) -> Trail:
    """The same, by looking at each frame. The way is kept for the next time."""
    global _ways
    frames: list[FrameType] = []
    frame: FrameType | None = first
    while frame is not None:
        frames.append(frame)
        if is_own(frame.f_code):
            trail = Trail(frames, Step(frame))
            _ways = _kept(_ways, trail)
            return trail
        frame = frame.f_back
    around = beyond()
    if around.step is not None and is_own(around.step.code):
        trail = Trail(frames, None, is_inner=True)
        _ways = _kept(_ways, trail)
        return trail
    for depth, last in enumerate(frames):
        if is_caller(last.f_code):
            trail = Trail(frames[: depth + 1], Step(last))
            # Where something is of the project, what calls a driver may be called by that another time.
            if not has_own():
                _ways = _kept(_ways, trail)
            return trail
    return around


def beyond() -> Trail:
    """The same around the greenlet that runs: what runs in one, as SQLAlchemy's drivers do, was begun by its parent."""
    global _last
    within = _current().parent if _current is not None else _parent()
    if within is None:
        return NOWHERE
    trail = _last
    called = within.gr_frame
    try:
        for _ in trail.hops:
            called = called.f_back
        frame = called.f_back.f_back
        if frame.f_lasti == trail.at and frame.f_code is trail.code and called.f_code is trail.next and trail.is_first:
            return trail
    except AttributeError:
        pass  # there are not that many frames
    trail = _found_beyond(within.gr_frame) or _walked_beyond(within)
    if trail.depth > 1:
        _last = trail
    return trail


def _found_beyond(frame: FrameType | None) -> Trail | None:
    called = calls = frame
    hops = 0
    for distance, trails in _outer:
        while frame is not None and hops < distance:
            called, calls, frame = calls, frame, frame.f_back
            hops += 1
        if frame is None or called is None:
            break
        trail = trails.get(frame.f_lasti)
        if trail is not None and (trail := trail.of(frame.f_code, called.f_code)) is not None:
            return trail
    return None


_current: Any = None
"""What tells which greenlet runs, once that is imported."""


def _parent() -> Any:
    global _current
    _current = getattr(sys.modules.get("greenlet"), "getcurrent", None)
    return _current().parent if _current is not None else None


def _walked_beyond(first: Any) -> Trail:
    global _outer
    caller: Trail | None = None
    within = first
    while within is not None:
        frames: list[FrameType] = []
        frame = within.gr_frame
        while frame is not None:
            frames.append(frame)
            if is_own(frame.f_code):
                trail = Trail(frames, Step(frame))
                if within is first:
                    _outer = _kept(_outer, trail, least=0)
                return trail
            if caller is None and is_caller(frame.f_code):
                caller = Trail(frames, Step(frame))
            frame = frame.f_back
        within = within.parent
    return caller or NOWHERE


def _kept(ways: Ways, trail: Trail, least: int = _NEAR) -> Ways:
    """The ways with one more."""
    if not least <= trail.depth <= _FAR:
        return ways
    trails = dict(ways).get(trail.depth, {})
    many = 0
    other = trails.get(trail.at)
    while other is not None:
        many, other = many + 1, other.other
    if len(trails) >= _MOST_TRAILS or many >= _MOST_OTHERS:
        for one in trails.values():
            one.is_first = False
        trails.clear()
    trail.other = trails.get(trail.at)
    trails[trail.at] = trail
    rest = [one for one in ways if one[0] != trail.depth][-_MOST_DEPTHS + 1 :]
    kept = tuple(sorted((*rest, (trail.depth, trails)), key=lambda one: one[0]))
    for depth, these in kept:
        for one in these.values():
            first: Trail | None = one
            while first is not None:
                first.is_first = depth == kept[0][0]
                first = first.other
    return kept
