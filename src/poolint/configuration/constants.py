"""What a value is, as far as the code says it: literals, and what is put together from them.

The answer is a small set of alternatives. Of a text that is only partly known, the beginning is kept: a URL shows its
driver there. What cannot be known is left out, and the answer says that it is not complete.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, TypeAlias

import msgspec
from msgspec.structs import replace

from poolint.configuration.sources import Following
from poolint.syntax.expressions import call_arguments
from poolint.syntax.scopes import parent_of
from poolint.types.followed import MAX_SOURCES
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.followed import Source

Scalar: TypeAlias = "str | int | float | bool | None"

_MAX_DEPTH = 8
_MAX_STEPS = 500
"""Values that are looked at on behalf of one that calls functions."""

_SAYS_URL = re.compile(r"(?:Dsn|Url|URL)$")
"""What classes of URLs are called, of whatever library or project: Pydantic alone has twenty."""

_SCHEMES = {"create": "drivername", "build": "scheme", "set": "drivername"}
"""Methods that put a URL together, and the argument that is its beginning."""

_FIELD = re.compile(r"\{[^{}]*\}")
_PERCENT = re.compile(r"%(?:\(\w+\))?[sdr]")


class Known(msgspec.Struct, frozen=True):
    """One value that an expression may have, and where it is written.

    ``whole`` is false where only the beginning of a text is known, ``given`` where the value holds only until something
    from outside says otherwise (see :class:`~poolint.types.followed.Source`).
    """

    value: Scalar
    node: ast.expr
    module: Module
    whole: bool = True
    given: bool = True
    name: str = ""


class Folded(msgspec.Struct, frozen=True):
    """The values that an expression may have; ``complete`` says that there are no others, ``is_remade`` that one of them is
    made of a known text in a way that nobody follows: ``re.sub(pattern, "", url)``."""

    known: tuple[Known, ...] = ()
    complete: bool = False
    is_remade: bool = False

    @property
    def only(self) -> Known | None:
        """The only value there is, where that is sure."""
        return self.known[0] if self.complete and len(self.known) == 1 and self.known[0].whole else None


class Folder:
    """Folds the constants of one project."""

    def __init__(self, ev: Evaluator) -> None:
        self.following = Following(ev)
        self._same_text = ev.models.words("same-text")
        self._same_text_methods = ev.models.words("same-text-method")
        self._memo: dict[ast.expr, Folded] = {}
        self._parts: dict[ast.expr, Folded] = {}
        """Those of the question that is being answered. The next one finds them anew: they may have been cut short."""
        self._steps = 0

    def fold(self, node: ast.expr, scope: Scope) -> Folded:
        """The values of ``node``, which stands in ``scope``."""
        found = self._memo.get(node)
        if found is None:
            self._parts, self._steps = {}, 0
            found = self._memo[node] = self._folded(node, scope, 0)
        return found

    def _folded(self, node: ast.expr, scope: Scope, depth: int) -> Folded:
        """The values of a part."""
        if self.following.frame is not None:
            # What is found holds for one call only.
            self._steps += 1
            return self._fold(node, scope, depth) if depth <= _MAX_DEPTH and self._steps < _MAX_STEPS else Folded()
        found = self._parts.get(node)
        if found is None:
            if depth > _MAX_DEPTH:
                return Folded()
            self._parts[node] = Folded()  # whoever meets itself knows nothing
            found = self._parts[node] = self._fold(node, scope, depth)
        return found

    def _fold(self, node: ast.expr, scope: Scope, depth: int) -> Folded:
        sources = self.following.sources(node, scope)
        values: list[Known] = []
        complete, is_remade = sources.complete, isinstance(node, ast.Name) and _is_added_to(node.id, scope)
        for source in sources.found:
            one = self._at(source, depth)
            complete, is_remade = complete and one.complete, is_remade or one.is_remade
            for known in one.known:
                given = known.given and source.given
                # What the environment calls it is nearer to the value than the constant that it is kept in.
                name = known.name if known.name and not known.given else source.name or known.name
                values.append(replace(known, given=given, name=name))
        distinct = tuple(dict.fromkeys(values))
        return Folded(distinct[:MAX_SOURCES], complete and 0 < len(distinct) <= MAX_SOURCES, is_remade)

    def _at(self, source: Source, depth: int) -> Folded:
        """The values of an expression that is not followed any further."""
        outer, self.following.frame = self.following.frame, source.frame
        try:
            return self._of(source.node, source.scope, depth)
        finally:
            self.following.frame = outer

    def _of(self, node: ast.expr, scope: Scope, depth: int) -> Folded:
        module = scope.module
        if isinstance(node, ast.Constant):
            if isinstance(node.value, (str, int, float, bool)) or node.value is None:
                return Folded((Known(node.value, node, module),), True)
            return Folded()
        if isinstance(node, ast.JoinedStr):
            parts = [one.value if isinstance(one, ast.FormattedValue) else one for one in node.values]
            return self._joined(parts, node, scope, depth)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return _mapped(self._folded(node.operand, scope, depth + 1), node, _negative)
        if isinstance(node, ast.BinOp):
            return self._operation(node, scope, depth)
        if isinstance(node, ast.Call):
            return self._call(node, scope, depth)
        return Folded()

    def _operation(self, node: ast.BinOp, scope: Scope, depth: int) -> Folded:
        left = self._folded(node.left, scope, depth + 1)
        if isinstance(node.op, ast.Mod):
            return self._template(left, _PERCENT, node)
        right = self._folded(node.right, scope, depth + 1)
        one, other = left.only, right.only
        if one is not None and other is not None and _is_number(one.value) and _is_number(other.value):
            value = _calculated(node.op, one.value, other.value)
            given = one.given and other.given
            return Folded((Known(value, node, scope.module, given=given),), True) if value is not None else Folded()
        if isinstance(node.op, ast.Add):
            return self._joined([node.left, node.right], node, scope, depth)
        return Folded()

    def _joined(self, parts: Iterable[ast.expr], node: ast.expr, scope: Scope, depth: int) -> Folded:
        """Texts one behind the other, up to where they are not known any more."""
        texts = [Known("", node, scope.module)]
        complete = True
        for part in parts:
            found = self._folded(part, scope, depth + 1)
            open_ends = [one for one in texts if one.whole]
            if not open_ends:
                break
            ends = [one for one in texts if not one.whole]
            # Behind a scheme anything may follow, and the address is still one of these.
            is_told = all(map(_is_address, open_ends))
            for one in open_ends:
                if not found.known or (is_told and not found.complete):
                    ends.append(replace(one, whole=False))
                for other in found.known:
                    # Nobody puts None into a text: it stands for what is found elsewhere.
                    text = "" if other.value is None else str(other.value)
                    literal = one.node if one.value else other.node
                    given = one.given and (other.given or is_told)
                    whole = other.whole and other.value is not None
                    ends.append(Known(f"{one.value}{text}", literal, one.module, whole, given, other.name or one.name))
            complete = complete and (found.complete or not found.known or is_told)
            texts = ends[:MAX_SOURCES]
        return Folded(tuple(one for one in texts if one.value), complete)

    def _template(self, found: Folded, pattern: re.Pattern[str], node: ast.expr) -> Folded:
        """A text with places to fill: what stands before the first of them."""

        def beginning(one: Known) -> Known | None:
            if not isinstance(one.value, str):
                return None
            place = pattern.search(one.value)
            return one if place is None else replace(one, value=one.value[: place.start()], whole=False)

        del node
        known = tuple(filter(None, map(beginning, found.known)))
        return Folded(tuple(one for one in known if one.value), found.complete and len(known) == len(found.known))

    # Calls

    def _call(self, node: ast.Call, scope: Scope, depth: int) -> Folded:
        name = last_name(node.func)
        if isinstance(node.func, ast.Attribute):
            found = self._method(node, node.func, name, scope, depth)
            if found is not None:
                return found
        if len(node.args) == 1 and not isinstance(node.args[0], ast.Starred):
            inner = node.args[0]
            if name in ("int", "float", "bool"):
                return _mapped(self._folded(inner, scope, depth + 1), node, _CONVERSIONS[name])
            if name in self._same_text or _SAYS_URL.search(name):
                return self._folded(inner, scope, depth + 1)
        return self._remade(node, scope, depth)

    def _remade(self, node: ast.Call, scope: Scope, depth: int) -> Folded:
        """What a call gives of which nothing is known but what it is given."""
        given = call_arguments(node)
        parts = (
            self._folded(one, scope, depth + 1) for one in given if not isinstance(one, (ast.Constant, ast.Starred))
        )
        return Folded(is_remade=any(one.is_remade or any(map(_is_address, one.known)) for one in parts))

    def _method(self, node: ast.Call, func: ast.Attribute, name: str, scope: Scope, depth: int) -> Folded | None:
        if name in self._same_text_methods:
            return self._folded(func.value, scope, depth + 1)
        if name == "format":
            return self._template(self._folded(func.value, scope, depth + 1), _FIELD, node)
        if name == "replace" and len(node.args) in (2, 3):
            return self._replaced(node, func, scope, depth)
        if name in _SCHEMES:
            named = [one.value for one in node.keywords if one.arg == _SCHEMES[name]]
            if not named and name == "create" and node.args and last_name(func.value) == "URL":
                named = [node.args[0]]
            if named:
                schemes = self._folded(named[0], scope, depth + 1)
                found = tuple(
                    replace(one, value=f"{one.value}://", whole=False)
                    for one in schemes.known
                    if isinstance(one.value, str) and one.whole
                )
                return Folded(found, schemes.complete, schemes.is_remade or not found)
            return self._folded(func.value, scope, depth + 1) if name == "set" else None
        return None

    def _replaced(self, node: ast.Call, func: ast.Attribute, scope: Scope, depth: int) -> Folded:
        """``url.replace("postgresql://", "postgresql+asyncpg://")``, also where only that much is known."""
        old, new = (self._folded(one, scope, depth + 1).only for one in node.args[:2])
        texts = self._folded(func.value, scope, depth + 1)
        if old is None or new is None or not isinstance(old.value, str) or not isinstance(new.value, str):
            return Folded(is_remade=texts.is_remade or any(map(_is_address, texts.known)))
        before, after = old.value, new.value
        if not texts.known and "://" in after:
            return Folded((replace(new, whole=False, given=False),))
        return Folded(
            tuple(
                replace(one, value=one.value.replace(before, after), node=new.node if before in one.value else one.node)
                for one in texts.known
                if isinstance(one.value, str)
            ),
            texts.complete,
        )


def _is_added_to(name: str, scope: Scope) -> bool:
    """Whether a function puts something behind what a name stands for: ``scheme += "+asyncpg"``."""
    return any(isinstance(parent_of(one.node), ast.AugAssign) for one in scope.bindings.get(name, ()))


def _is_address(known: Known) -> bool:
    return isinstance(known.value, str) and "://" in known.value


def _mapped(found: Folded, node: ast.expr, convert: Callable[[Scalar], Scalar]) -> Folded:
    """The same values converted; those that cannot be are left out."""
    known = []
    for one in found.known:
        try:
            known.append(replace(one, value=convert(one.value), node=node if one.node is not node else one.node))
        except (TypeError, ValueError):
            continue
    return Folded(tuple(known), found.complete and len(known) == len(found.known))


def _negative(value: Scalar) -> Scalar:
    if isinstance(value, (int, float)):
        return -value
    raise TypeError


def _to_int(value: Scalar) -> Scalar:
    return int(value) if value is not None else None


def _to_float(value: Scalar) -> Scalar:
    return float(value) if value is not None else None


_CONVERSIONS: dict[str, Callable[[Scalar], Scalar]] = {"int": _to_int, "float": _to_float, "bool": bool}


def _is_number(value: Scalar) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _calculated(operator: ast.operator, left: Scalar, right: Scalar) -> Scalar:
    if not isinstance(left, (int, float)) or not isinstance(right, (int, float)):
        return None
    if isinstance(operator, ast.Add):
        return left + right
    if isinstance(operator, ast.Sub):
        return left - right
    if isinstance(operator, ast.Mult) and abs(left) < 1e9 and abs(right) < 1e9:
        return left * right
    if isinstance(operator, ast.FloorDiv) and right:
        return left // right
    return None
