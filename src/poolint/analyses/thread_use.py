"""What threads get: the synchronous sessions and connections that a call hands to a thread, and those that a function of
the project hands to threads when it is called.

The latter are a problem of summaries: places of a function (``session``, ``self.session``) that it hands to a thread itself
or by a function that it calls. Each thread that it starts may have ended when it returns; but who runs it several times at
once has several threads with one session.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.arguments import arguments_of, bound_to
from poolint.analyses.joined import run_in_thread
from poolint.analyses.kept_classes import kept_class
from poolint.analyses.made_places import made_at
from poolint.analyses.places import MAX_PATH
from poolint.analyses.process_locks import lets_in_several, process_locks
from poolint.analyses.spared import Spared
from poolint.analyses.submitted import Submitted, Work
from poolint.flow.flags import name_of
from poolint.flow.summaries import Summaries
from poolint.models.schema import HANDLES
from poolint.types.call_sites import callees_of, text_of
from poolint.types.members import lineage
from poolint.types.values import ClassObject, Function, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.session_use import Using
    from poolint.flow.summaries import Components
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope, ScopeKey
    from poolint.types.evaluator import Evaluator

Shared = frozenset[tuple[str, str]]
"""Places of a function, each with the name of the class of what is there."""


class Threading:
    """Answers for the functions of one project; ``using`` says what a function that runs in a thread uses."""

    def __init__(self, ev: Evaluator, using: Using, components: Components | None = None) -> None:
        self.ev = ev
        self.using = using
        self._submitted = ev.derived(Submitted)
        self._spared = ev.derived(Spared)
        self._words = frozenset(ev.models.threaded)
        self._handed: Summaries[ScopeKey, Shared] = Summaries(
            "hands-to-threads", self._hands, bottom=frozenset(), join=frozenset.union, components=components
        )

    # One call

    def work(self, call: ast.Call, scope: Scope) -> Work | None:
        """What an awaitable call runs in a thread, and what that is called with: ``asyncio.to_thread(work, session)``."""
        found = run_in_thread(self.ev.models, call)
        return self._submitted.work_of(*found, call.keywords, scope) if found is not None else None

    def resources(self, work: Work, scope: Scope) -> Iterator[tuple[str, Class]]:
        """The sessions and connections that a function gets in its thread, by their places in ``scope``: those that it is
        passed, unless it leaves them alone, those that its object keeps or that it takes from the function around it, as far as
        it surely uses them."""
        function, given, keywords = work.function, work.given, work.keywords
        run = ast.Call(function, given, keywords)
        passed = [one for name, one in arguments_of(run) if not self._spared.argument(run, one, name, scope)]
        for one in [*([function.value] if isinstance(function, ast.Attribute) else []), *passed]:
            cls = of_threads(kept_class(self.ev.type_of(one, scope))) if name_of(one) else None
            if cls is not None:
                yield self.using.places.first(text_of(one, scope), scope), cls
        for callee in alternatives(self.ev.type_of(function, scope)):
            if isinstance(callee, Function) and callee.scope.parent is scope:
                for name in callee.scope.loads:
                    if name in scope.bindings and self.using.around(callee.scope, name):
                        cls = of_threads(kept_class(self.ev.scope_name(name, scope)))
                        if cls is not None:
                            yield name, cls
                yield from self._by_objects(callee.scope, scope)
        for place, used in self.using.of_call(run, scope).items():
            if of_threads(used) is not None:
                yield place, used

    def _by_objects(self, inner: Scope, scope: Scope) -> Iterator[tuple[str, Class]]:
        """The sessions of objects of a function that one inside it uses by their methods: ``lambda: readings.forget(meter)``."""
        for call in inner.calls:
            for place, used in self.using.of_call(call, inner).items():
                root, dot, _ = place.partition(".")
                if dot and root in scope.bindings and root not in inner.bindings and of_threads(used) is not None:
                    yield self.using.places.first(place, scope), used

    # Objects that are threads

    def run_by(self, node: ast.Call, scope: Scope) -> Function | None:
        """What an object runs in a thread that a call makes: ``run`` of a class that derives from the library's."""
        made = self.ev.type_of(node.func, scope)
        if not isinstance(made, ClassObject) or made.cls is made.base or not self._is_thread(made):
            return None
        run = self.ev.type_of_member(made.instance(), "run")
        return run if isinstance(run, Function) and run.receiver is not None else None

    def _is_thread(self, cls: ClassObject) -> bool:
        return any(
            self.ev.models.ends("starts-thread", self.ev.qualified_name(self.ev.type_of(base, one.parent or one)))
            for one in lineage(self.ev, cls)
            if isinstance(one.node, ast.ClassDef)
            for base in one.node.bases
        )

    def of_object(self, node: ast.Call, run: Function, scope: Scope) -> Iterator[tuple[str, Class]]:
        """The sessions and connections that the thread has which a call makes and that surely uses them in its ``run``."""
        made = self.using.places.of(node, scope)
        for path, cls in self.using.members(run).items():
            if path in made and of_threads(cls) is not None:
                yield self.using.places.first(made[path], scope), cls

    # Functions

    def of_call(self, call: ast.Call, scope: Scope) -> dict[str, Class]:
        """The places in ``scope`` that functions of the project which are called hand to threads."""
        found: dict[str, Class] = {}
        for callee in callees_of(self.ev, call, scope):
            if isinstance(callee, Function) and callee.scope.kind == "function":
                found.update(self._of_callee(callee, call, scope))
        return found

    def _of_callee(self, callee: Function, call: ast.Call, scope: Scope) -> Iterator[tuple[str, Class]]:
        yield from self.placed(self._handed.of(callee.scope.key), callee, call, scope)

    def placed(self, handed: Shared, callee: Function, call: ast.Call, scope: Scope) -> Iterator[tuple[str, Class]]:
        """What places of a function are in ``scope``, which calls it."""
        if not handed:
            return
        given = bound_to(callee.scope, call, is_method=callee.receiver is not None)
        if callee.receiver is not None and isinstance(call.func, ast.Attribute):
            given["self"] = call.func.value
        for place, name in sorted(handed):
            root, dot, path = place.partition(".")
            cls = self.ev.models.classes[name]
            if root in given:
                made = self.using.places.of(given[root], scope) if path else {}
                text = name_of(given[root])
                outer = made_at(made, path) or (f"{text}{dot}{path}" if text else "")
                if outer:
                    yield self.using.places.first(outer, scope), cls
            elif root not in callee.scope.bindings and root in scope.bindings and callee.scope.parent is scope:
                yield place, cls

    def _hands(self, key: ScopeKey) -> Shared:
        function = self.ev.project.scope(key)
        if any(not lets_in_several(self.ev, one, function) for one in process_locks(self.ev, function)):
            return frozenset()
        found: dict[str, Class] = {}
        for call in function.calls:
            work = self.work(call, function)
            if work is not None:
                found.update(self.resources(work, function))
            elif last_name(call.func) not in self._words:
                found.update(self.of_call(call, function))
        return of_caller(found, function)


def of_threads(cls: Class | None) -> Class | None:
    """A class whose objects one thread at a time may use."""
    is_one = cls is not None and cls.mode == "sync" and cls.kind in HANDLES and not cls.for_threads
    return cls if is_one else None


def of_caller(found: dict[str, Class], function: Scope) -> Shared:
    """Those of some places of a function that are its caller's."""
    return frozenset((place, cls.name) for place, cls in found.items() if _is_of_caller(place, function))


def _is_of_caller(place: str, function: Scope) -> bool:
    """Whether a place in a function is one of its caller: of a parameter, or of the function around it."""
    root = place.partition(".")[0]
    bindings = function.bindings.get(root, ())
    return place.count(".") <= MAX_PATH and all(one.kind in ("parameter", "narrowed") for one in bindings)
