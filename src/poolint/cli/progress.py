"""A progress bar on standard error, for people who wait; drawn by tqdm, which is loaded when there is something to draw."""

from __future__ import annotations

import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tqdm import tqdm


PATIENCE = 0.5
"""Seconds in which nobody misses a bar. Most runs are over by then."""


class Progress:
    """Counts files; draws a bar as soon as counting has taken more than half a second."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._count = 0
        self._bar: tqdm[Any] | None = None

    def __call__(self, total: int) -> None:
        """One file more of ``total`` is done."""
        self._count += 1
        if self._bar is not None:
            self._bar.update()
        elif time.monotonic() - self._begun > PATIENCE and self._count < total:
            self._bar = self._drawn(total)

    def close(self) -> None:
        """Erase the bar."""
        if self._bar is not None:
            self._bar.close()

    def _drawn(self, total: int) -> tqdm[Any]:
        from threading import RLock

        from tqdm import tqdm

        # No thread that watches the bar and no lock between processes: workers may be forked after this.
        tqdm.monitor_interval = 0
        tqdm.set_lock(RLock())
        return tqdm(total=total, initial=self._count, desc="Checking", unit=" files", leave=False, file=sys.stderr)


def is_wanted() -> bool:
    """Whether somebody looks at standard error who can see a bar."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("CI")
