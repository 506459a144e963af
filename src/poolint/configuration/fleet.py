"""The services of a project with the engines and pools that each of them makes: what a budget is summed up from."""

from __future__ import annotations

import ast
import os
import re
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from poolint import recording
from poolint.budget import NOT_POSTGRESQL, Budget, Pool, budget, is_limited
from poolint.configuration.reach import Loaded, Reach
from poolint.crashes import Crashes
from poolint.deployment.declared import Declared
from poolint.deployment.values import Deployment, Environment, Figure, Place, Problem
from poolint.syntax.expressions import last_name
from poolint.syntax.file_kinds import kinds_of
from poolint.syntax.scopes import parent_of, reads_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from poolint.configuration.engines import Engines, EngineSpec, Quantity
    from poolint.configuration.reach import Reached
    from poolint.deployment.values import Server, Service, Word
    from poolint.models.loader import Models
    from poolint.syntax.project import Module, Project
    from poolint.syntax.scopes import Scope

PROJECTS = frozenset({"pyproject.toml", "setup.py", "setup.cfg"})
"""Names of files that make a folder the folder of a project."""

_URL = re.compile(r"([a-z][a-z0-9_]*)(?:\+\w+)?://(?:[^@/\s]*@)?([\w.-]*)", re.IGNORECASE)
_DIALECTS = {"postgres": "postgresql", "postgis": "postgresql"}
_RELAXED = frozenset({"tests", "alembic"})


class Settled(NamedTuple):
    """All budgets of a folder, and what was wrong with the files that they were read from."""

    budgets: tuple[Budget, ...]
    problems: tuple[Problem, ...]


class Fleet:
    """Budgets of one project. ``declared`` is what the project says itself, ``root`` the folder that says it.

    ``makes`` says of a text whether it may make an engine or a pool at all, ``uses`` of what is made whether a program may
    take a connection from it.
    """

    def __init__(
        self,
        project: Project,
        engines: Engines,
        makes: Callable[[bytes], bool],
        uses: Callable[[Loaded], Callable[[ast.expr, Scope], bool]],
        declared: Declared | None,
        root: str,
    ) -> None:
        self._project = project
        self._engines = engines
        self._makes = makes
        self._uses = uses
        self._declared = declared or Declared()
        self._root = root
        self._reach = Reach(project)
        self._read: dict[str, tuple[list[Deployment], tuple[Problem, ...]]] = {}
        self._budgets: dict[tuple[tuple[str, ...], tuple[Server, ...], bool], Budget] = {}
        self._used: dict[frozenset[str], Callable[[ast.expr, Scope], bool]] = {}
        self.crashed: list[Problem] = []
        """What crashed on the way, by file; what that file makes is in no sum."""
        self._there: dict[str, bool] = {}
        self._made: dict[tuple[str, str], list[tuple[Module, EngineSpec]]] = {}

    def over(self, path: str) -> Iterator[Budget]:
        """The budgets that are over, of all deployments that are found on the way from a file up to the root of its
        project. Where nothing says what the server takes, nothing is added up."""
        seen = set()
        for folder in self.folders(path):
            for one in self._deployments(folder)[0]:
                recording.asked(recording.own(path), "everything", "")
                if one.files not in seen:
                    seen.add(one.files)
                    for part in self._parts(one):
                        if is_limited(part, self._declared) and self._budget(part, folder, made=True).is_over:
                            found = self._budget(part, folder)
                            if found.is_over:
                                yield found

    def folders(self, path: str) -> Iterator[str]:
        """The folders that a deployment of a file may be found in: its project, and those around up to the root."""
        finder = self._project.finder
        tops = {self._root, finder.top(path)}
        folder = os.path.dirname(path)
        is_project = False
        while True:
            is_project = is_project or folder in tops or not PROJECTS.isdisjoint(finder.marks(folder))
            if is_project:
                yield folder
            parent = os.path.dirname(folder)
            if parent == folder or not any(parent == top or parent.startswith(top + os.sep) for top in tops):
                return
            folder = parent

    @property
    def left_out(self) -> list[str]:
        """A line for each deployment file that was asked for and is over a bound: what it says is in no budget."""
        problems = sorted({one for _, found in self._read.values() for one in found if one.is_left_out})
        return [f"{one.place.path}:{one.place.row}: {one.message}" for one in problems]

    def of(self, folder: str) -> Settled:
        """The budgets of the deployments in a folder."""
        deployments, problems = self._deployments(folder)
        return Settled(tuple(self._budget(part, folder) for one in deployments for part in self._parts(one)), problems)

    def starts(self, folder: str) -> frozenset[str]:
        """The files of the project that the deployments in a folder start."""
        services = (service for one in self._deployments(folder)[0] for service in one.services)
        return frozenset(path for service in services for path in self._reach.starts(service))

    def services(self, folder: str) -> Iterator[Service]:
        """What the deployments in a folder run, as far as programs are known."""
        for one in self._deployments(folder)[0]:
            yield from one.services

    def has_pooler(self, folder: str) -> bool:
        """Whether the deployments in a folder bring what stands in front of servers and shares their connections out."""
        return any(server.pooler for one in self._deployments(folder)[0] for server in one.servers)

    def may_run(self, service: Service, folder: str) -> bool:
        """Whether a service comes to a file of a folder, as far as it is known what it starts."""
        reached = self._reach.of(service)
        return reached is None or any(os.path.dirname(one) == folder for one in reached.files)

    def databases(self, spec: EngineSpec, folder: str) -> frozenset[str]:
        """The dialects of the databases that the deployments in a folder name for an engine, where that takes its URL from the
        environment; what only migrates aside."""
        texts = (
            text
            for one in self.services(folder)
            if one.kind != "migration"
            for text in _urls_in(spec, Given(one.environment, ("",)))
        )
        return frozenset(match[0] for match in map(_address_in, texts) if match is not None)

    def has_files(self, folder: str) -> bool:
        """Whether there are deployment files in a folder, whatever they start."""
        if folder not in self._there:
            from poolint.deployment.find import find

            self._there[folder] = bool(find(folder))
        return self._there[folder]

    def _parts(self, deployment: Deployment) -> tuple[Deployment, ...]:
        return (deployment,) if self._declared.max_connections is not None else deployment.parts()

    def _deployments(self, folder: str) -> tuple[list[Deployment], tuple[Problem, ...]]:
        if folder not in self._read:
            self._read[folder] = self._found(folder)
        return self._read[folder]

    def _found(self, folder: str) -> tuple[list[Deployment], tuple[Problem, ...]]:
        is_root = folder == self._root
        said = self._declared.services if is_root else {}
        if not said and not (is_root and self._declared.files is not None) and not self.has_files(folder):
            return [], ()
        from poolint.deployment.read import Reader

        reader = Reader(folder, self._declared if is_root else self._declared._replace(files=None))
        deployments = reader.deployments()
        if not deployments and said:
            deployments = [Deployment((os.path.join(folder, "pyproject.toml"),), (), ())]
        return deployments, tuple(reader.problems)

    def _budget(self, deployment: Deployment, folder: str, *, made: bool = False) -> Budget:
        """The sum of what services use, or of all that is ``made``, which is no smaller and found at once."""
        key = (deployment.files, deployment.servers, made)
        if key not in self._budgets:
            self._budgets[key] = budget(
                deployment,
                self._declared,
                lambda service: self._pools_of(service, folder, made=made),
                lambda service: self._everything(service, folder),
            )
        return self._budgets[key]

    def _pools_of(self, service: Service, folder: str, *, made: bool) -> Sequence[Pool] | None:
        """The pools that a service makes and uses, or all that it may have made; None where its command leads to no module."""
        reached = self._reach.of(service)
        if reached is None:
            return None
        given = Given(service.environment, self._reach.prefixes(reached))
        found: dict[object, Pool] = {}
        for path in reached.files:
            for module, spec in self._specs(path, folder):
                if self._reach.uses(reached, path, spec.row) and (made or self._is_used(spec, reached)):
                    pool = _pool(module, spec, given, self._engines.ev.models)
                    # What goes to one name, or is made for one function, is made in one branch or the other.
                    key = (path, spec.function, spec.name) if spec.name or spec.scope.kind == "function" else spec
                    known = found.get(key)
                    if known is None or _weight(known) < _weight(pool):
                        found[key] = pool
        return list(found.values())

    def _is_used(self, spec: EngineSpec, reached: Reached) -> bool:
        """Whether a service may take a connection from an engine that one of its modules makes."""
        files = frozenset(reached.files)
        if files not in self._used:
            self._used[files] = self._uses(Loaded(self._reach, files))
        return self._used[files](spec.node, spec.scope)

    def _everything(self, service: Service, folder: str) -> list[Pool]:
        """All pools of the project, as the service would have them."""
        given = Given(service.environment, ("",))
        return [
            _pool(module, spec, given, self._engines.ev.models)
            for path in self._project.files(folder)
            for module, spec in self._specs(path, folder)
        ]

    def _specs(self, path: str, folder: str) -> list[tuple[Module, EngineSpec]]:
        """The engines and pools that a file makes, none for tests and for environments of migrations."""
        key = (path, folder)
        if key not in self._made:
            self._made[key] = []
            module = self._project.module(path) if self._makes(self._project.bytes_of(path)) else None
            if module is not None and _RELAXED.isdisjoint(
                kinds_of(module, os.path.relpath(path, folder), self._engines.ev.models, self._project, path)
            ):
                crashes = Crashes()
                nothing: list[EngineSpec] = []
                specs = crashes.guarded("the search for engines", partial(self._engines_of, module), nothing)
                self._made[key] = [(module, spec) for spec in specs]
                self.crashed += [Problem(Place(path, 1), message) for message in crashes.messages()]
        return self._made[key]

    def _engines_of(self, module: Module) -> list[EngineSpec]:
        return list(self._engines.of_module(module))


def _weight(pool: Pool) -> tuple[bool, int]:
    """By what one of several alternatives counts: that it may reach the server, then how far it grows."""
    return pool.dialect not in NOT_POSTGRESQL, pool.limit.value or 0


class Given:
    """What the environment of a service sets, by the names that code has for it: those of variables, and of fields of
    settings with one of the prefixes that its settings classes have."""

    def __init__(self, environment: Environment, prefixes: tuple[str, ...]) -> None:
        self._variables = {name.upper(): word for name, word in environment.items()}
        self._prefixes = prefixes

    def of(self, name: str) -> Word | None:
        """What is set under a name."""
        names = (f"{prefix}{name}".upper() for prefix in self._prefixes) if name else ()
        return next((self._variables[one] for one in names if one in self._variables), None)

    def read_by(self, node: ast.expr | None) -> Word | None:
        """What an expression reads that names a variable itself: ``int(os.environ["POOL_SIZE"])``."""
        texts = [one.value for one in ast.walk(node) if isinstance(one, ast.Constant)] if node is not None else []
        found = [self._variables[one] for one in texts if isinstance(one, str) and one in self._variables]
        return found[0] if len(found) == 1 else None


def _pool(module: Module, spec: EngineSpec, given: Given, models: Models) -> Pool:
    """An engine as a service has it in whose processes these variables are set."""
    place = Place(spec.path, spec.row)
    size = _figure(spec.size, spec.maker.size, place, given)
    overflow = _figure(spec.overflow, spec.maker.overflow, place, given)
    limit = spec.limit
    if limit.unlimited:
        each = Figure(None, f"`{limit.why}` keeps no limit", place)
    elif limit.parts and (limit.most is not None or spec.pools or spec.maker.makes == "pool"):
        known = size.value is not None and overflow.value is not None
        total = (size.value or 0) + (overflow.value or 0)
        each = Figure(total, "size and overflow", place) if known else Figure(None, _unknown(size, overflow), place)
    else:
        each = Figure(limit.most, limit.why or "the class of its pool is not known", place)
    name = spec.name or (spec.function if spec.function != "<module>" else f"{os.path.basename(spec.path)}:{spec.row}")
    is_async = spec.kind == "async"
    dialect, host = _address(spec, given)
    is_of_one_call = _is_of_one_call(spec, models)
    return Pool(
        name, module.name, place, dialect, is_async, size, overflow, each, limit.unlimited, host, is_of_one_call
    )


def _is_of_one_call(spec: EngineSpec, models: Models) -> bool:
    """Whether a function makes an engine for itself and disposes of it: nobody else gets it, no task, no object and no block, and
    it is only asked for connections, one after the other, or a factory of sessions is."""
    scope = spec.scope
    if scope.kind != "function" or scope.is_async or scope.yields or spec.name not in scope.bindings:
        return False
    made_with = {name.rpartition(".")[2] for name, one in models.classes.items() if one.kind in ("factory", "session")}
    ending, is_disposed_of = models.words("shuts-down"), False
    for inner, load in reads_of(spec.name, scope):
        parent = parent_of(load)
        user = parent_of(parent) if isinstance(parent, (ast.Attribute, ast.keyword)) else parent
        if inner is not scope or not isinstance(user, ast.Call):
            return False
        if isinstance(parent, ast.Attribute):
            is_disposed_of = is_disposed_of or parent.attr in ending
        elif last_name(user.func) not in made_with:
            return False
    return is_disposed_of


def _unknown(size: Figure, overflow: Figure) -> str:
    return next(one.how for one in (size, overflow) if one.value is None)


def _figure(quantity: Quantity, name: str, place: Place, given: Given) -> Figure:
    """A number of the configuration: what the service's environment sets, what stands there, or the default."""
    if quantity.node is not None and quantity.module is not None:
        place = Place(quantity.module.path, quantity.node.lineno)
    word = given.of(quantity.name) if quantity.origin == "setting" and quantity.most is not None else None
    if word is None and not quantity.certain:
        word = given.read_by(quantity.value)
    if word is not None and word.text.isdecimal():
        return Figure(int(word.text), f"`{name}` from the environment", word.place)
    if quantity.origin == "default":
        return Figure(quantity.most, f"`{name}` by default" if name else "no overflow", place)
    if quantity.most is None:
        return Figure(None, f"the value of `{name}` is not known", place)
    unless = f", unless `{quantity.name}` says otherwise" if quantity.name and quantity.origin == "setting" else ""
    return Figure(quantity.most, f"`{name}`{unless}", place)


def _address(spec: EngineSpec, given: Given) -> tuple[str, str]:
    """The dialect and the host: those of the URL in the service's environment, where the code takes it from there."""
    texts = _urls_in(spec, given)
    if not texts and len(spec.urls) == 1 and spec.urls[0].known.whole:
        texts = [spec.urls[0].text]
    return next(filter(None, map(_address_in, texts)), (spec.dialect, ""))


def _urls_in(spec: EngineSpec, given: Given) -> list[str]:
    """The URLs that the environment of a service has for an engine, where the code takes it from there."""
    address = spec.arguments.get(spec.maker.address)
    words = [given.of(url.known.name) for url in spec.urls if not url.known.given]
    if not spec.urls and address is not None:
        words.append(given.read_by(address.node))
    return [word.text for word in words if word is not None]


def _address_in(url: str) -> tuple[str, str] | None:
    """The dialect and the host that a URL names."""
    match = _URL.match(url)
    return (_DIALECTS.get(match[1].lower(), match[1].lower()), match[2] or "") if match is not None else None
