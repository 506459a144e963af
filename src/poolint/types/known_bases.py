"""Whether all that a class derives from is known: then nobody outside of the project calls its methods of itself."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.types.members import lineage
from poolint.types.values import ClassObject

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def has_known_bases(ev: Evaluator, cls: Scope, *, for_coroutines: bool = False) -> bool:
    """Whether a class and all classes of the project that it derives from have no bases but classes of the project, and such as
    call none of its methods, as ``ABC``, or only that which is a command, as Django's; or, ``for_coroutines``, none that is a
    coroutine function, as what is synchronous."""
    return all(
        _is_known(ev, base, one, for_coroutines=for_coroutines)
        for one in lineage(ev, ClassObject(cls, None))
        for base in one.node.bases  # type: ignore[attr-defined]
    )


def _is_known(ev: Evaluator, base: ast.expr, derived: Scope, *, for_coroutines: bool) -> bool:
    written = base.value if isinstance(base, ast.Subscript) else base
    found = ev.type_of(written, derived.parent or derived)
    if isinstance(found, ClassObject) and found.cls is not found.base:
        return True
    modelled = found.base if isinstance(found, ClassObject) else None
    if for_coroutines and modelled is not None and modelled.mode == "sync":
        return True
    name = ev.qualified_name(found)
    commands = ev.models.manners.get("runs-command", ())
    return ev.models.ends("calls-nothing", name) or any(one.rpartition(".")[0] == name for one in commands)
