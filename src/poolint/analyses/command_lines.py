"""Functions that are run for a command line: by what they ask for, which is what `argparse` has read of it, in a class of its
own or in one of the project that it is told to fill; or since a parser gives them for a command."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.syntax.commands import takes_a_command_line, what_is_asked
from poolint.syntax.scopes import Scope, reads_of
from poolint.syntax.surroundings import call_taking
from poolint.types.annotated import annotation
from poolint.types.members import lineage
from poolint.types.values import ClassObject, Instance
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.types.evaluator import Evaluator


class CommandLines:
    """Answers for the functions of one project."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._classes = ev.models.manners["command-line"]
        self._reading = ev.models.words("reads-command-line")
        self._registering = ev.models.words("registers-command")
        self._filling = ev.models.words("fills-argument")
        self._filled: dict[Scope, bool] = {}

    def takes(self, scope: Scope) -> bool:
        """Whether a function asks for what has been read of a command line, and for nothing else that it has to be passed, or
        is what a parser gives for a command and nothing else."""
        if takes_a_command_line(scope.node, self.ev.models) or self._is_registered(scope):
            return True
        declared = what_is_asked(scope.node)
        found = annotation(self.ev, declared, scope.parent or scope) if declared is not None else None
        return isinstance(found, Instance) and isinstance(found.cls, Scope) and self._is_filled(found.cls)

    def _is_registered(self, scope: Scope) -> bool:
        """Whether a function, or a lambda, is only ever passed to a parser: ``parser.set_defaults(run=export)``."""
        if isinstance(scope.node, ast.Lambda):
            return self._registers(scope.node)
        home = scope.parent
        if home is None or home.kind == "class":
            return False
        loads = [load for _, load in reads_of(scope.name, home)]
        is_only_passed = bool(loads) and all(map(self._registers, loads))
        return is_only_passed and next(iter(self.ev.callers.of(scope)), None) is None

    def _registers(self, node: ast.expr) -> bool:
        taking = call_taking(node)
        return taking is not None and taking[1] is not None and last_name(taking[0].func) in self._registering

    def _is_filled(self, cls: Scope) -> bool:
        filled = self._filled.get(cls)
        if filled is None:
            family = lineage(self.ev, ClassObject(cls, None))
            bases = ((base, one) for one in family for base in one.node.bases)  # type: ignore[attr-defined]
            names = (self.ev.qualified_name(self.ev.type_of(base, one.parent or one)) for base, one in bases)
            filled = any(one in self._classes for one in names) or any(
                isinstance(found := self.ev.type_of(given, where), Instance) and found.cls is cls
                for given, where in self._given(cls)
            )
            if self.ev.is_idle:
                self._filled[cls] = filled
        return filled

    def _given(self, cls: Scope) -> list[tuple[ast.expr, Scope]]:
        """What `argparse` is told to fill in the project of a class."""
        project = self.ev.project
        paths = dict.fromkeys(path for name in sorted(self._reading) for path, _ in project.calling(name, cls.module))
        modules = [one for one in map(project.module, paths) if one is not None]
        return [
            (keyword.value, scope)
            for module in modules
            for scope in module.scope.descendants()
            for call in scope.calls_named(self._reading)
            for keyword in call.keywords
            if keyword.arg in self._filling
        ]
