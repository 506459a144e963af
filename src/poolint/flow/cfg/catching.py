"""Which handlers take what comes by which way, judged by the names that stand after ``except``."""

from __future__ import annotations

import ast
from enum import Enum
from typing import TYPE_CHECKING

from poolint.flow.cfg.jumps import CANCELLATIONS, INTERRUPTS, is_from_futures, last_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poolint.flow.cfg.graph import Unwinding


class Catches(Enum):
    """What a handler does with what is raised."""

    NEVER = 0
    PERHAPS = 1
    ALWAYS = 2


_CANCELLED = CANCELLATIONS | {"get_cancelled_exc_class"}  # anyio's


def catches(handler: ast.ExceptHandler, way: Unwinding) -> Catches:
    """Whether ``handler`` takes what comes by ``way``."""
    if handler.type is None:
        return Catches.ALWAYS
    return catching(handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type], way)


def catching(classes: Sequence[ast.expr], way: Unwinding) -> Catches:
    """Whether one of some classes takes what comes by ``way``."""
    return max((_of_class(cls, way) for cls in classes), key=lambda one: one.value, default=Catches.NEVER)


def _of_class(cls: ast.expr, way: Unwinding) -> Catches:
    name = last_name(cls.func if isinstance(cls, ast.Call) else cls)
    if name == "BaseException":
        return Catches.ALWAYS
    cancelled = name in _CANCELLED and not is_from_futures(cls)
    if way == "cancel":
        return Catches.ALWAYS if cancelled else Catches.NEVER
    if way == "generator-exit":
        return Catches.ALWAYS if name == "GeneratorExit" else Catches.NEVER
    if way == "interrupt":
        return Catches.PERHAPS if name in INTERRUPTS else Catches.NEVER
    if name == "Exception":
        return Catches.ALWAYS
    return Catches.NEVER if cancelled or name == "GeneratorExit" or name in INTERRUPTS else Catches.PERHAPS
