"""Whether a part of a file that has the name of a method in it may mean that method: what it asks for it may be something else,
which has a method of that name as well."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from poolint.analyses.occasions import Occasions
    from poolint.syntax.scopes import Scope


def may_mean(occasions: Occasions, method: Scope, part: Scope) -> bool:
    """Whether a part of a file may call a method, hand it on, or say its name to what looks it up."""
    if part.kind != "function":
        return True
    return any(any(occasions.calls.meaning(method, one)) for one in part.descendants()) or is_said(method.name, part)


def is_said(name: str, part: Scope) -> bool:
    """Whether the name stands in a string of a part."""
    word = re.compile(rf"\b{re.escape(name)}\b")
    strings = (one.value for one in ast.walk(part.node) if isinstance(one, ast.Constant) and isinstance(one.value, str))
    return any(map(word.search, strings))
