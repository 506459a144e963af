"""Who is at work: the task of asyncio, or the thread. Nothing here imports asyncio where the program has not."""

from __future__ import annotations

import gc
import sys
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from types import CodeType
    from typing import Any


_running: Callable[[], Any] | None = None
_current: Callable[[Any], Any] | None = None

running: dict[Any, Any] | None = None
"""By loop the tasks that run at present, one of each thread at most. None as long as asyncio is not imported, and in versions
that have it elsewhere: then :func:`current_task` is asked."""


def current_task() -> Any:
    """The task of asyncio that runs at present, None outside of one."""
    if _running is None or _current is None:
        return current_task() if "asyncio.tasks" in sys.modules and _find() else None
    loop = _running()
    return _current(loop) if loop is not None else None


def _find() -> bool:
    """Keep what is asked, so that a checkout has not to look for it; False as long as asyncio is not imported."""
    global _running, _current, running
    asyncio: Any = sys.modules.get("asyncio")
    tasks: Any = sys.modules["asyncio.tasks"]
    _running = getattr(asyncio, "_get_running_loop", None)
    _current = getattr(tasks, "current_task", None)
    if sys.version_info < (3, 14):
        running = getattr(tasks, "_current_tasks", None)
        if sys.version_info < (3, 12) and running is not None:
            _current = running.get  # which is all that the other does, in Python there
    return _running is not None and _current is not None


class _Thread(threading.local):
    """What is known of the thread at hand."""

    name = ""
    """Empty as long as nobody has asked."""


thread = _Thread()


def thread_name() -> str:
    """The name of the thread that runs at present."""
    # Not `threading.current_thread()`: of threads that it does not know, it makes entries that stay.
    name = thread.name
    if not name:
        one = threading._active.get(threading.get_ident())  # type: ignore[attr-defined]
        name = thread.name = one.name if one is not None else "foreign"
    return name


def is_abandoned(codes: Collection[CodeType]) -> bool:
    """Whether the event loop closes a generator of one of these codes that nobody has used to its end. The loop alone makes
    tasks of an ``aclose()``: when the collector finds the generator, or when the loop ends. What gives the connection back
    may be a further task that it has begun."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is None or current_task() is None:
        return False
    for task in asyncio.all_tasks():
        closing = task.get_coro()
        is_by_loop = type(closing).__name__ == "async_generator_athrow"
        if is_by_loop and any(getattr(one, "ag_code", None) in codes for one in gc.get_referents(closing)):
            return True
    return False
