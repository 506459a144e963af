"""What is seen of pools while a program runs: in a test run, and in a service that asks for it.

Nothing here imports LibCST, the analysis, or a library that the program has not imported itself.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from poolint.runtime.watching import Watch as Watch
    from poolint.runtime.watching import watch as watch

__all__ = ["Watch", "watch"]


def __getattr__(name: str) -> object:
    if name in __all__:
        from poolint.runtime import watching

        return getattr(watching, name)
    raise AttributeError(name)
