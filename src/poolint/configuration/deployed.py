"""Whether a project is one that is deployed from its repository, and what that has of texts that are no Python.

It is where deployment files on the way from a file up to the root of its repository start a program that is there, and
nothing on that way is built as a distribution for others (see :func:`poolint.roots.declared.is_distributed`), unless
deployments of its own start that: of fifteen services that say for whom they are all were run so. What such a project does not
call itself nobody calls, unless a text that is no Python names it: a script, a chart, a workflow. The same is true of an
application that lies there as a whole, with what it needs or as a repository, and of which no deployment is known: people start
what makes it, and what their texts say how to start.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from poolint import recording
from poolint.configuration.fleet import PROJECTS
from poolint.deployment.programs import GREEN, PROGRAMS, THREADED
from poolint.files import read_regular
from poolint.syntax.project import NOT_SOURCES
from poolint.syntax.texts import pairs_in, words_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from poolint.configuration.engines import EngineSpec
    from poolint.configuration.fleet import Fleet
    from poolint.deployment.values import Service
    from poolint.syntax.project import Project

_ENDINGS = (
    ".bat", ".cfg", ".conf", ".env", ".ini", ".ps1", ".service", ".sh", ".tf", ".toml", ".yaml", ".yml", ".Dockerfile",
    ".html", ".htm", ".j2", ".jinja", ".jinja2", ".mako",
)  # fmt: skip
"""Of files in which a program may be started, and of templates, which may call methods of what they are rendered with."""

_MANIFESTS = PROJECTS | {"Pipfile"}
"""Names of files that say what a project needs, beside those of requirements."""

_WORKFLOWS = ".github"
_MAX_BYTES = 1_000_000
_MAX_DATA = 20_000
"""Bytes of a JSON that is read: what is larger holds data."""
_MAX_FILES = 3_000

_IN_THREADS = b"pool=threads"
"""What stands among the words of texts for a worker's pool of threads that one asks for."""
_AT_ONCE = (*GREEN, _IN_THREADS.decode())
"""What stands there for workers that have more than one request or task at a time in a process."""


class Deployed:
    """What is known of the deployment of one project."""

    def __init__(self, project: Project, fleet: Callable[[], Fleet]) -> None:
        self._project = project
        self._fleet = fleet
        self._starts: dict[str, frozenset[str] | None] = {}
        self._at_once: dict[tuple[str, bool], int | None] = {}
        self._deployed: dict[str, bool] = {}
        self._words: dict[tuple[str, tuple[str, ...]], frozenset[bytes] | None] = {}

    def starts(self, path: str) -> frozenset[str] | None:
        """The files that the deployments of a file's project start; None where it is none that is deployed, or where
        others may install it."""
        folder = os.path.dirname(path)
        if folder not in self._starts:
            self._starts[folder] = self._started(self._around(path))
        return self._starts[folder]

    def at_once(self, path: str, *, is_sync: bool) -> int | None:
        """How many requests or tasks a process takes at once, at most, of all services by which a file's project is deployed:
        0 where none is known, None where that is not known of each, or where others may install it.

        Synchronous code holds up the loop that it runs on, so programs of the project of which nothing says what they have
        threads for do not count beside a server that is known; nor do servers for developers beside others, nor what starts
        other files, which come to none in the folder of this one.
        """
        folder = os.path.dirname(path)
        key = (folder, is_sync)
        if key not in self._at_once:
            around = self._around(path)
            services = [one for one in self._services(around) if self._fleet().may_run(one, folder)]
            self._at_once[key] = None if self._is_for_others(around) else _most(services, is_sync)
        return self._at_once[key]

    def answers(self, path: str) -> bool:
        """Whether one of the services by which a file's project is deployed answers requests: where none is seen to, others may,
        of which the files say nothing."""
        return any(one.kind == "web" for one in self._services(self._around(path)))

    def answers_developers(self, path: str) -> bool:
        """Whether all that answers requests there are servers that are made for developers alone: what serves others by then is
        not told."""
        found = [one.program for one in self._services(self._around(path)) if one.kind == "web"]
        return bool(found) and all(one in PROGRAMS and PROGRAMS[one].is_for_developers for one in found)

    def is_deployed(self, path: str) -> bool:
        """Whether there are deployment files for a file's project, whatever they start, and others may not install it."""
        folder = os.path.dirname(path)
        if folder not in self._deployed:
            self._deployed[folder] = not self._is_for_others(self._around(path)) and self.has_files(path)
        return self._deployed[folder]

    def has_files(self, path: str) -> bool:
        """Whether there are deployment files for a file's project, whoever else may install it."""
        return any(map(self._fleet().has_files, self._around(path)))

    def may_serve_many(self, path: str) -> bool:
        """Whether a text in the repository of a file that is no Python names a kind of worker that serves as many as come, or
        asks for a worker's pool of threads."""
        return self._is_any_named(_AT_ONCE, path)

    def works_in_turn(self, path: str) -> bool:
        """Whether all workers that the deployments of a file's project start run one task after the other in each process, as
        those do which nobody tells otherwise: where none is known, nothing in the repository of an application may. Programs of
        the project are told by it."""
        workers = (
            one for one in self._services(self._around(path)) if one.kind == "worker" and one.program in PROGRAMS
        )
        found = [one.threads.value for one in workers]
        if found:
            return all(one == 1 for one in found)
        if self.starts(path) is None and not self.is_whole(path):
            return False
        return not self._is_any_named(_AT_ONCE, path)

    def has_pooler(self, path: str) -> bool:
        """Whether the deployments of a file's project bring what keeps connections for it, such as PgBouncer."""
        return any(map(self._fleet().has_pooler, self._around(path)))

    def databases(self, spec: EngineSpec) -> frozenset[str]:
        """The dialects of the databases that the deployments of an engine's project name for it, in the environment that it
        takes its URL from."""
        return frozenset[str]().union(*(self._fleet().databases(spec, one) for one in self._around(spec.path)))

    def _is_any_named(self, words: Iterable[str], path: str) -> bool:
        top = self._project.finder.top(path)
        return any(self.names(one, top) for one in words)

    def _services(self, folders: list[str]) -> Iterator[Service]:
        """The services of the deployments in some folders, but for what only migrates."""
        for one in folders:
            yield from (each for each in self._fleet().services(one) if each.kind != "migration")

    def is_whole(self, path: str) -> bool:
        """Whether a file is of an application that lies there as a whole: something says what that needs, or it is a repository,
        and it is not built as a distribution, which others may install."""
        around = self._around(path)
        is_there = not recording.REPOSITORY.isdisjoint(self._project.finder.marks(around[-1])) or any(
            map(self._says_what_it_needs, around)
        )
        return is_there and not self._is_for_others(around)

    def is_run_here(self, path: str) -> bool:
        """Whether a file's project is deployed from its repository, or an application that lies there as a whole."""
        return self.is_deployed(path) or self.is_whole(path)

    def _says_what_it_needs(self, folder: str) -> bool:
        marks = self._project.finder.marks(folder)
        return not _MANIFESTS.isdisjoint(marks) or self._lists_what_it_needs(folder)

    def _lists_what_it_needs(self, folder: str) -> bool:
        marks = self._project.finder.marks(folder)
        return any(one.startswith("requirements") and not one.endswith(".py") for one in marks)

    def _started(self, folders: list[str]) -> frozenset[str] | None:
        if self._is_for_others(folders):
            return None
        return frozenset[str]().union(*(self._fleet().starts(one) for one in folders)) or None

    def _is_for_others(self, folders: list[str]) -> bool:
        """Whether a project in one of some folders is built as a distribution, which others may install: but for an application,
        which deployments of its own start, whatever else it could be built for."""
        return any(self._project.is_distributed(one) and not self._fleet().starts(one) for one in folders)

    def _around(self, path: str) -> list[str]:
        """The folder of a file and those around it up to the root of its repository."""
        top = self._project.finder.top(path)
        found = [os.path.dirname(path)]
        while found[-1] != top:
            found.append(os.path.dirname(found[-1]))
        return found

    def names(self, word: str, top: str) -> bool:
        """Whether a text that is no Python names something, below the root of a repository."""
        return self._stands(word, top, ())

    def _stands(self, word: str, top: str, endings: tuple[str, ...]) -> bool:
        """Whether a word, or a pair of words, stands in such a text (see :func:`_texts`), or may, as there are too many."""
        if (top, endings) not in self._words:
            self._words[top, endings] = self._read(top, endings)
        known = self._words[top, endings]
        return known is None or word.encode() in known

    def names_module(self, path: str, *, is_described: bool) -> bool:
        """Whether such a text may name a module: one of a package within a package by what it lies in, ``orders/tasks`` or
        ``orders.tasks``, or as a file, ``tasks.py``, any other by its name alone; one for people only by the former."""
        folder, stem = os.path.dirname(path), os.path.basename(path).rpartition(".")[0]
        whole = [f"{os.path.basename(folder)}.{stem}", f"{stem}.py"]
        is_inner = all("__init__.py" in self._project.finder.marks(one) for one in (folder, os.path.dirname(folder)))
        if self._is_any_named(whole if is_inner else [stem], path):
            return True
        top = self._project.finder.top(path)
        return is_described and any(self._stands(one, top, recording.DESCRIPTIONS) for one in whole)

    def _read(self, top: str, endings: tuple[str, ...]) -> frozenset[bytes] | None:
        """The words in the texts of a repository, and pairs of them as paths and dotted names have, ``orders.tasks``; None where
        there are too many texts. Those with some ``endings``, or those of programs."""
        found: set[bytes] = set()
        for number, path in enumerate(_texts(top, endings)):
            if number >= _MAX_FILES:
                return None
            try:
                data = read_regular(path, _MAX_DATA if path.endswith(".json") else _MAX_BYTES)
            except OSError:
                continue
            found |= words_in(data) | pairs_in(data)
            if THREADED.search(data) is not None:
                found.add(_IN_THREADS)
        return frozenset(found)


def _most(services: list[Service], is_sync: bool) -> int | None:
    """How many requests or tasks a process takes at once, at most, of some services (see :meth:`Deployed.at_once`)."""
    serving = [one for one in services if one.program in PROGRAMS]
    lasting = [one for one in serving if not PROGRAMS[one.program].is_for_developers]
    is_served = any(one.kind == "web" for one in lasting)
    known = [one.threads.value for one in (lasting if is_sync and is_served else services)]
    return max((one for one in known if one is not None), default=0) if None not in known else None


def _texts(top: str, endings: tuple[str, ...]) -> Iterator[str]:
    """The texts below a folder that are no Python, in a stable order: those with some ``endings``, or those of programs."""
    recording.looked("entries", top)
    recording.looked("type", os.path.join(top, _WORKFLOWS))
    for folder, folders, files in os.walk(top):
        if endings:
            recording.looked("descriptions", folder)
        folders[:] = sorted(one for one in folders if one not in NOT_SOURCES and (one[0] != "." or one == _WORKFLOWS))
        for each in folders:
            recording.looked("entries", os.path.join(folder, each))
        yield from (
            os.path.join(folder, one) for one in sorted(files) if (one.endswith(endings) if endings else _is_text(one))
        )


def _is_text(name: str) -> bool:
    if name.startswith("."):
        return False
    return name.endswith((*_ENDINGS, ".json")) or "." not in name or name.startswith(("Dockerfile.", "Procfile."))
