"""Applications: projects that serve somebody themselves, and how much their servers let a process do at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.syntax.file_kinds import is_test
from poolint.syntax.purposes import fits, is_lambda, library_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from poolint.models.framework_rows import Hook, Purpose
    from poolint.syntax.project import Module
    from poolint.types.evaluator import Evaluator


class Applications:
    """Answers for the modules of one project."""

    def __init__(self, ev: Evaluator) -> None:
        self._ev = ev
        self._found: dict[tuple[str, str], tuple[Purpose, ...]] = {}

    def serves(self, near: Module) -> bool:
        """Whether the project of a module serves somebody itself: who uses a library may bring what it lacks."""
        return bool(self._by(near))

    def serves_in_turn(self, near: Module) -> bool:
        """Whether all that the project of a module serves by handles one message or task after the other on an event loop, as it
        is started by default, or makes one for each that needs it."""
        return self._serves_by_only(near, self._roots(lambda hook: hook.in_workers or hook.own_loop))

    def serves_messages(self, near: Module) -> bool:
        """Whether all that the project of a module serves by handles messages, as those to a bot, and no requests."""
        requests = self._roots(lambda hook: hook.runs == "request")
        return self._serves_by_only(near, self._roots(lambda hook: hook.runs == "message") - requests)

    def _roots(self, is_such: Callable[[Hook], bool]) -> set[str]:
        """The libraries that have a hook which is such."""
        every = (one for rows in self._ev.models.hooks.values() for one in rows)
        return {root for around, hook in every if is_such(hook) for root in around}

    def _serves_by_only(self, near: Module, libraries: set[str]) -> bool:
        """Whether the project of a module serves, and by these libraries alone."""
        found = {name.partition(".")[0] for row in self._by(near) for name in row.names}
        return bool(found) and found <= libraries

    def at_once(self, near: Module) -> int | None:
        """How many requests or tasks a process takes at once, at most, with the servers and workers of what the project of a
        module serves by, as they are when nobody tells them otherwise; None where there is no such number, or the project
        does."""
        found = [row.at_once for row in self._by(near)]
        if not found or not all(found):
            return None
        telling = sorted(self._ev.models.words("serves-many"))
        return None if any(self._ev.project.saying(one, near) for one in telling) else max(found)

    def is_called_in_turn(self, near: Module) -> bool:
        """Whether a platform without servers runs the project of a module, one request after the other in a process: it has a
        function as AWS Lambda calls it, under the name that is given there, and serves by nothing else."""
        if self._by(near):
            return False
        project = self._ev.project
        for name in sorted(self._ev.models.words("platform-handler")):
            for path in project.defining(name, near):
                module = project.module(path)
                if module is not None and any(one.name == name and is_lambda(one) for one in module.scope.children):
                    return True
        return False

    def is_for_a_platform(self, near: Module) -> bool:
        """Whether the project of a module gives its application to such a platform, whatever else it serves by."""
        return bool(self._by(near, "called-in-turn"))

    def _is_made(self, name: str, near: Module) -> bool:
        """Whether something of a name is called in the project of a module, tests aside."""
        project = self._ev.project
        modules = (project.module(path) for path, _ in project.calling(name, near))
        return any(
            any(True for _ in scope.calls_named({name}))
            for module in modules
            if module is not None and not is_test(module, project)
            for scope in module.scopes_with(name)
        )

    def _by(self, near: Module, purpose: str = "serves") -> tuple[Purpose, ...]:
        """What the project of a module serves by, or uses for another purpose, tests aside; kept for each that asks, as who asks
        rests on what is told."""
        if (near.path, purpose) not in self._found:
            project = self._ev.project
            rows = [row for row in self._ev.models.purposes if (row.purpose, row.by) == (purpose, "call")]
            names = {(name.rpartition(".")[2], name.partition(".")[0].encode()) for row in rows for name in row.names}
            paths = (path for name, root in sorted(names) for path in self._using(name, root, near))
            modules = [one for path in dict.fromkeys(paths) if (one := project.module(path)) is not None]
            serving = [library_names(one) for one in modules if not is_test(one, project)]
            self._found[near.path, purpose] = tuple(row for row in rows if any(fits(row, one) for one in serving))
        return self._found[near.path, purpose]

    def _using(self, name: str, root: bytes, near: Module) -> Iterator[str]:
        """The files of a module's project in which something of a library is called, or a class derived from it that is made
        somewhere."""
        project = self._ev.project
        yield from (path for path, data in project.calling(name, near) if root in data)
        for path, heir in project.heirs(name, near):
            if root in project.bytes_of(path) and self._is_made(heir, near):
                yield path
