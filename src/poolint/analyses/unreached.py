"""Code that nobody runs, in a project that is started from its repository: nobody outside can call it.

A module is reached if it is started or run by itself, or if what is reached imports it; a function of it if what is
reached names it, a method of a class if what is reached may mean it by its name. Where anything loads modules, or
looks attributes up, by names that no text has, nobody knows. Tests are no reason for anything: what only they call is
dead as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from poolint import recording
from poolint.analyses.importable import Importable
from poolint.analyses.loading import Loading
from poolint.analyses.mentioned_methods import is_said, may_mean
from poolint.analyses.mounting import Mounting
from poolint.analyses.named_files import NamedFiles, stem, whole
from poolint.analyses.occasions import Occasions
from poolint.flow.summaries import Summaries
from poolint.syntax.expressions import is_implied
from poolint.types.decorated import is_plainly_made
from poolint.types.known_bases import has_known_bases
from poolint.types.members import lineage
from poolint.types.returns import decorators
from poolint.types.values import ClassObject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poolint.analyses.loading import Deployment, Program
    from poolint.syntax.bindings import ScopeKey
    from poolint.syntax.naming import Named
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

_FOUND = "__init_subclass__"
_FINDS = "__subclasses__"
"""How a class is told of those that derive from it, and how it finds them."""

_SHORTEST = 3
"""Letters of a string that a name may be put together of."""


class Dead(NamedTuple):
    """What nobody runs: a module that nothing imports which runs, or that cannot be imported, or a class or function that
    nothing names."""

    kind: Literal["module", "broken", "class", "function"]
    name: str


class Unreached:
    """Answers for the functions of one project; asked only of what there is something to tell about.

    With a ``program``, one of those that are started, it is about what that runs: what only others run nobody runs there.
    """

    def __init__(self, ev: Evaluator, deployment: Deployment, program: Program | None = None) -> None:
        self.ev = ev
        self._deployment = deployment
        self._program = program
        self._files = NamedFiles(ev, program)
        self._loading = Loading(ev, self._files, deployment, self._asks, program)
        self._mounting = Mounting(ev, self._files, self._asks, self._loading.is_at_hand)
        self._occasions = ev.derived(Occasions)
        self._importable = ev.derived(Importable)
        self._lookups = ev.models.words("looks-up")
        self._quiet = ev.models.words("registers-nothing")
        self._reached: Summaries[ScopeKey, bool] = Summaries(
            "reached", self._is_reached, bottom=False, join=bool.__or__
        )

    def why(self, scope: Scope) -> Dead | None:
        """What nobody runs of what a scope stands in; None where somebody may."""
        module = scope.module
        if self._files.is_test(module.path) or module.source.cells is not None:
            return None
        recording.answered(recording.own(module.path), [recording.runs(module.path)])
        if not self._loading.starts(module):
            return None
        if not self._reached.of(module.scope.key):
            return Dead("broken" if self._importable.fails(module) else "module", module.name)
        function = scope.outermost_function
        if function is None or self._reached.of(function.key):
            return None
        owner = function.enclosing_class
        if owner is not None and not self._reached.of(owner.key):
            return Dead("class", owner.name)
        return Dead("function", function.name)

    def _is_reached(self, key: ScopeKey) -> bool:
        scope = self._part(key)
        if scope is None:
            return True
        if scope.kind == "module":
            return self._loading.is_loaded(scope.module) and not self._importable.fails(scope.module)
        around = scope.parent
        if around is None or not self._asks(scope, scope.module.scope.key):
            return False
        if around.kind == "class" and not self._asks(scope, around.key):
            return False
        if scope.kind == "class":
            return not self._is_plain(scope) or self._is_named(scope)
        if self._mounting.is_left_out(scope):
            return False
        return not self._is_own(scope) or self._is_named(scope)

    def _part(self, key: ScopeKey) -> Scope | None:
        """A part of a file; None of one that cannot be read, or is read otherwise for its version of Python."""
        try:
            return self.ev.project.scope(key)
        except KeyError:
            return None

    def _asks(self, scope: Scope, key: ScopeKey) -> bool:
        """Whether something else is reached, on behalf of the file of a scope: what that rests on, this does as well."""
        if key.path != scope.module.path:
            recording.answered(recording.runs(scope.module.path), (recording.words(key.path), recording.runs(key.path)))
        return self._reached.of(key)

    # Functions and classes

    def _is_own(self, scope: Scope) -> bool:
        """Whether nobody but the project can call a function, and only by its name."""
        name, owner = scope.name, scope.enclosing_class
        if getattr(scope.node, "decorator_list", ()) or owner is not None:
            recording.answered(recording.runs(scope.module.path), [scope.module.path])
        if is_implied(name):
            return False
        known = decorators(self.ev, scope)
        written = getattr(scope.node, "decorator_list", ())
        if len(known) < len(written) or any(one.partition(".")[0] not in self._quiet for one in known):
            return False
        if not self._occasions.calls.is_called_by_name(scope):
            return False
        if owner is None:
            return self._files.is_imported(scope.module)
        return self._is_for_the_project(scope, owner)

    def _is_for_the_project(self, scope: Scope, owner: Scope) -> bool:
        """Whether the methods of a class are there for the project, which calls another one by its name: a library may be
        given objects of which it calls methods that nothing here names."""
        if not is_plainly_made(self.ev, owner):
            return False
        others = {one.name for one in owner.children if one.kind == "function" and not one.name.startswith("_")}
        own = {one.key for one in owner.children}
        for name in sorted(others - {scope.name}):
            for key in self._mentions(name, scope):
                if key not in own and key != owner.key:
                    return True
        return False

    def _is_plain(self, scope: Scope) -> bool:
        """Whether a class stands at the top of its module, and nothing is told of it by what it is made from: that is of the
        project as well, and finds no classes that derive from it."""
        if scope.parent is None or scope.parent.kind != "module":
            return False
        node = scope.node
        if not any(getattr(node, field, None) for field in ("bases", "keywords", "decorator_list")):
            return True
        recording.answered(recording.runs(scope.module.path), [scope.module.path])
        if not has_known_bases(self.ev, scope):
            return False
        above = lineage(self.ev, ClassObject(scope, None))
        if not all(_FOUND not in one.bindings and is_plainly_made(self.ev, one) for one in above):
            return False
        return not self._files.naming(_FINDS, scope.module)

    def _is_named(self, scope: Scope) -> bool:
        """Whether something that is reached names a function or class, or may look it up by a name that is put together."""
        own = scope.key
        if any(
            key != own and not _is_within(key, scope) and self._may_mean(scope, key) and self._asks(scope, key)
            for key in self._mentions(scope.name, scope)
        ):
            return True
        if self._deployment.names(scope.name, self._files.top(scope.module.path)):
            return True
        return scope.kind == "function" and self._may_be_looked_up(scope)

    def _may_mean(self, scope: Scope, key: ScopeKey) -> bool:
        """Whether a part of a file that has the name of a function or class in it may mean that one."""
        if scope.enclosing_class is None:
            return self._program is None or self._may_have(scope, key, self._program)
        if key.path != scope.module.path:
            recording.answered(recording.runs(scope.module.path), [key.path])
        part = self._part(key)
        return part is None or may_mean(self._occasions, scope, part)

    def _may_have(self, scope: Scope, key: ScopeKey, program: Program) -> bool:
        """Whether a part of a file has a function or class of a module at hand, or says its name to what may: things of other
        modules are called so as well."""
        if key.path == scope.module.path or program.may_have(key.path, scope.name, scope.module.path):
            return True
        part = self._part(key)
        return part is None or is_said(scope.name, part)

    def _mentions(self, word: str, scope: Scope) -> Iterator[ScopeKey]:
        """The parts of files, tests aside, that name something, the nearest first."""
        own = scope.module.path
        for path in sorted(self._files.naming(word, scope.module), key=lambda one: one != own):
            named = self._files.of(path)
            yield from sorted(named.words.get(word, ())) if named is not None else [whole(path)]

    def _may_be_looked_up(self, scope: Scope) -> bool:
        """Whether a name may be put together somewhere, or anything of its module be looked up; or called by a name that comes
        from outside where its class or its module is at hand."""
        own, owner = scope.module.path, scope.enclosing_class
        homes = {own}
        if owner is not None:
            homes |= {one.module.path for one in lineage(self.ev, ClassObject(owner, None))}
        for lookup in sorted(self._lookups):
            for path in self._files.naming(lookup, scope.module):
                named = self._files.of(path)
                if named is None or (path in homes and named.computes):
                    return True
                is_at_hand = path in homes or (owner is not None and owner.name in named.words)
                if named.calls and (is_at_hand or self._has_module(path, named, scope.module)):
                    return True
                if any(_is_part(one, scope.name) for one in named.joined):
                    return True
        return False

    def _has_module(self, path: str, named: Named, module: Module) -> bool:
        """Whether a file may have a module as an object."""
        name = stem(module.path)
        imports = (one for one in named.imports if one.dotted.rpartition(".")[2] == name)
        return (
            bool(named.loads)
            or bool(named.naming(name))
            or any(self._files.may_mean(one, path, module) for one in imports)
        )


def _is_within(key: ScopeKey, scope: Scope) -> bool:
    """Whether a part of a file is of a class: what only its own methods name, nobody else does."""
    return scope.kind == "class" and key.path == scope.module.path and key.name.startswith(f"{scope.name}.")


def _is_part(text: str, name: str) -> bool:
    """Whether a name may be put together of a string and something else."""
    before, _, after = text.partition("%s")
    parts: Iterable[tuple[str, bool]] = ((before, name.startswith(before)), (after, name.endswith(after)))
    return any(len(one) >= _SHORTEST and fits for one, fits in parts) or (
        len(text) >= _SHORTEST and name.endswith(text)
    )
