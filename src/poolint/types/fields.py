"""The fields of classes that write no ``__init__``, and what those pass for them who make such objects."""

from __future__ import annotations

import ast
from itertools import islice
from typing import TYPE_CHECKING

from poolint.syntax.expressions import argument_for, last_name, tells_all
from poolint.types.members import bases_of, lineage
from poolint.types.overrides import Heirs
from poolint.types.values import ClassObject

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Instance

_MAX_MAKERS = 20
"""Calls that make objects of one class; what more of them pass is not asked."""


def fields_of(family: list[Scope]) -> list[str]:
    """The fields of a class that has no ``__init__`` of its own, in the order in which one is made for it. Those that are passed
    by their names alone, or not at all, stand behind all others: what a call passes by its place is for none of them."""
    placed: dict[str, bool] = {}
    for cls in reversed(family):
        told = [*getattr(cls.node, "keywords", ()), *_keywords(getattr(cls.node, "decorator_list", ()))]
        is_placed = not _says(told, "kw_only", truth=True)
        for name, bound in cls.bindings.items():
            if bound[0].kind == "annotated":
                declared = _declared(bound[0].annotation)
                is_placed = is_placed and declared != "KW_ONLY"
                placed[name] = is_placed and declared not in ("KW_ONLY", "ClassVar") and _has_place(bound[0].value)
    return sorted(placed, key=lambda name: not placed[name])


def _declared(annotation: ast.expr | None) -> str:
    """The last name of what a field is declared as, without what stands in its brackets."""
    head = annotation.value if isinstance(annotation, ast.Subscript) else annotation
    return last_name(head) if head is not None else ""


def _has_place(value: ast.expr | None) -> bool:
    """Whether a field may be passed by its place, as far as what declares it says: ``field(init=False)`` may not."""
    told = _keywords([value])
    return not (_says(told, "init", truth=False) or _says(told, "kw_only", truth=True))


def _keywords(nodes: Iterable[ast.expr | None]) -> list[ast.keyword]:
    return [keyword for one in nodes if isinstance(one, ast.Call) for keyword in one.keywords]


def _says(keywords: Iterable[ast.keyword], name: str, *, truth: bool) -> bool:
    values = (one.value for one in keywords if one.arg == name)
    return any(isinstance(one, ast.Constant) and one.value is truth for one in values)


def constructor_of(ev: Evaluator, cls: ClassObject | Instance) -> Scope | None:
    """The ``__init__`` by which objects of a class are made, its own or one of a class of the project above it."""
    inits = (one for each in lineage(ev, cls) for one in each.children if one.name == "__init__")
    return next(inits, None)


def kept_parameter(classes: Iterable[Scope], name: str) -> tuple[str, Scope] | None:
    """The parameter that an object keeps under a name, and the method that puts it there; None where methods of these classes put
    something else there, or more than once."""
    kept = [one for cls in classes for one in cls.self_assignments.get(name, ())]
    value, method = (kept[0].value, kept[0].scope) if len(kept) == 1 else (None, None)
    if not isinstance(value, ast.Name) or method is None or len(method.bindings.get(value.id, ())) != 1:
        return None
    return value.id, method


def passed_for_field(ev: Evaluator, owner: Scope, name: str) -> list[tuple[ast.expr | None, Scope]]:
    """What all pass for a field who make an object of a class, or of one below it, each with the scope that it stands in; None
    for who leaves it as it is. Nothing where that is not known: nobody is seen to make one, or something else may fill it."""
    found: list[tuple[ast.expr | None, Scope]] = []
    for cls in (owner, *ev.derived(Heirs).below(owner)):
        family = lineage(ev, ClassObject(cls, None))
        if not all(is_made_by_its_fields(ev, one) for one in family):
            return []
        order = fields_of(family)
        makers = list(islice(ev.callers.making(cls), _MAX_MAKERS + 1))
        if len(makers) > _MAX_MAKERS or not all(tells_all(call) for call, _ in makers):
            return []
        found += [
            (argument_for(call, name, order.index(name) if name in order else -1), scope) for call, scope in makers
        ]
    return found


def is_made_by_its_fields(ev: Evaluator, cls: Scope) -> bool:
    """Whether a class has no ``__init__``, its own or one of a library's class, which would say what objects are made of."""
    bases = bases_of(ev, cls)
    is_ours = len(bases) == len(getattr(cls.node, "bases", ())) and all(one.base is None for one in bases)
    return is_ours and "__init__" not in cls.bindings
