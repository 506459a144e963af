"""The engines that an extension makes of options: those of a configuration, ``SQLALCHEMY_ENGINE_OPTIONS = {…}``, and those
that it is given itself, ``SQLAlchemy(engine_options={…})``.

They are no calls, and of several configurations only one holds, so they are not among those that a module makes.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.configuration.constants import Folded
from poolint.configuration.engines import target_of
from poolint.configuration.entries import Entries
from poolint.syntax.scopes import parent_of
from poolint.types.values import Instance, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.configuration.engines import Engines, EngineSpec
    from poolint.models import schema
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Binding, Scope


class Extensions:
    """Finds the engines that extensions make in one project."""

    def __init__(self, engines: Engines) -> None:
        self.ev = engines.ev
        self._engines = engines
        self._entries = Entries(self.ev, engines.folder)
        self._makers = [one for one in self.ev.models.makers.values() if one.settings is not None]

    def of_module(self, module: Module) -> Iterator[EngineSpec]:
        """Those whose options stand in one module."""
        for maker in self._makers:
            options, url = maker.settings or ("", "")
            if options.encode() in module.source.data:
                yield from self._of_settings(maker, options, url, module)
            yield from self._of_arguments(maker, options, module)

    def _of_settings(self, maker: schema.Maker, options: str, url: str, module: Module) -> Iterator[EngineSpec]:
        stored = module.stored_in("config")
        for scope in module.scope.descendants():
            named = [*scope.bindings.get(options, ()), *(one for one in stored if _is_item(one, options, scope))]
            located = [*scope.bindings.get(url, ()), *(one for one in stored if _is_item(one, url, scope))]
            for one in named:
                if one.kind in ("assign", "annotated", "stored") and one.value is not None:
                    arguments, complete = self._engines.keywords.items(one.value, scope)
                    address = located[0].value if len(located) == 1 else None
                    folded = self._engines.folder.fold(address, scope) if address is not None else Folded()
                    yield self._engines.spec(one.value, scope, maker, arguments, complete, folded)

    def _of_arguments(self, maker: schema.Maker, options: str, module: Module) -> Iterator[EngineSpec]:
        """Those that an extension is given the options of as it is made. Where a project's configuration has some, those hold."""
        classes = {name: one for name, one in self.ev.models.classes.items() if options in one.options_in}
        keywords = {name for one in classes.values() for name in one.options_in} - {options}
        if not any(module.mentions(one.encode()) for one in keywords) or self.ev.project.saying(options, module):
            return
        for scope in module.scope.descendants():
            for call in scope.calls:
                given = next((one.value for one in call.keywords if one.arg in keywords), None)
                made = alternatives(self.ev.type_of(call, scope)) if given is not None else ()
                cls = made[0].base if len(made) == 1 and isinstance(made[0], Instance) else None
                if given is not None and cls is not None and cls.name in classes:
                    arguments, complete = self._engines.keywords.items(given, scope)
                    known = tuple(one.known for one in self._entries.urls_of(cls.url_in, module))
                    address = Folded(known, bool(known))
                    yield self._engines.spec(given, scope, maker, arguments, complete, address, target_of(call))


def _is_item(binding: Binding, key: str, scope: Scope) -> bool:
    """Whether a binding puts something into a container under a key, in a scope."""
    parent = parent_of(binding.node)
    is_key = isinstance(parent, ast.Subscript) and isinstance(parent.slice, ast.Constant) and parent.slice.value == key
    return is_key and binding.scope is scope
