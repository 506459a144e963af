"""What a unit runs: its command line taken apart down to the programs that are known, with their numbers."""

from __future__ import annotations

import os
import re
from itertools import dropwhile
from typing import TYPE_CHECKING, NamedTuple

from poolint.bounds import MAX_COMMANDS, MAX_SCRIPTS, Allowance, OverBoundError
from poolint.deployment import console, gunicorn, inside, paste, serving, supervisor
from poolint.deployment.documents import text_of, unread
from poolint.deployment.options import TARGET, last_value, module_of, pooled
from poolint.deployment.options import number as number_of
from poolint.deployment.options import targets as targets_of
from poolint.deployment.programs import GREEN, MIGRATIONS, PROGRAMS, WRAPPERS, Option
from poolint.deployment.shell import expanded, simple_commands
from poolint.deployment.values import Environment, Figure, Place, Problem, Service, Unit, Word

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHELLS = frozenset({"sh", "bash", "ash", "dash", "zsh"})
_PYTHON = re.compile(r"python(?:\d(?:\.\d+)?)?")
_ASYNC_WORKERS = ("uvicorn", *GREEN, "tornado", "aiohttp")
"""What the names of gunicorn's workers have in them that serve many requests at once in one thread."""
_MAX_DEPTH = 4


class Started(NamedTuple):
    """A program that a command line starts: the words after its name, and what is set where it runs.

    ``label`` is what the command line calls it where that is another name, ``copies`` how many of it are started.
    """

    name: str
    arguments: tuple[Word, ...]
    environment: Environment
    place: Place
    in_background: bool
    label: str = ""
    copies: int = 1


class Commands:
    """Reads the command lines of units; puts down what is wrong with scripts and configuration on the way."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._allowance = Allowance(MAX_COMMANDS, "the commands that it leads to")
        self._texts = Allowance(MAX_SCRIPTS, "the scripts that are read")

    def services(self, unit: Unit) -> list[Service]:
        """The services that a unit runs, none where it runs no program that is known.

        A command line that goes on to another program when the first has ended runs one at a time: of those that serve
        or work, the one with most processes counts, and what Python runs before them prepares (``python -m app.seed &&
        uvicorn app:app``), the last one excepted where there is nothing else. Those that are sent to the background run
        beside it.
        """
        migrations: list[Service] = []
        beside: list[tuple[Started, Service]] = []
        one_of: list[tuple[Started, Service]] = []
        for started in self._all_started(unit):
            service = self._service(started, unit)
            if service is not None and service.kind == "migration":
                migrations.append(service)
            elif service is not None:
                (beside if started.in_background else one_of).append((started, service))
        found = [*beside]
        if one_of:
            known = [one for one in one_of if one[0].name != "python"]
            found.append(max(known or one_of[::-1], key=lambda one: one[1].processes.least))
        named = [
            one._replace(
                name=one.name if len(found) == 1 else f"{one.name}-{started.label or one.program}",
                processes=_times(one.processes, started.copies),
            )
            for started, one in found
        ]
        return [*named, *(one._replace(name=f"{one.name}-migrations") if found else one for one in migrations[:1])]

    def _all_started(self, unit: Unit) -> list[Started]:
        """All that a unit starts; nothing, and a problem is put down, where that goes on and on."""
        self._allowance = Allowance(MAX_COMMANDS, "the commands that it leads to")
        try:
            return list(self.started(unit.words, unit.environment, unit.folder, 0))
        except OverBoundError as error:
            place = unit.words[0].place if unit.words else unit.place
            self.problems.append(Problem(place, f"the command of `{unit.name}` is not followed: {error}", True))
            return []

    def started(
        self, words: tuple[Word, ...], environment: Environment, folder: str, depth: int, in_background: bool = False
    ) -> Iterator[Started]:
        """The known programs that a command line starts, also through shells, scripts and wrappers."""
        self._allowance.spend(1)
        words = tuple(expanded(word, environment) for word in words)
        given: Environment = {}
        for word in words:
            name, equals, text = word.text.partition("=")
            if not equals or not name.isidentifier():
                break
            given[name] = word._replace(text=text)
        if given:
            environment = {**environment, **given}
            words = tuple(dropwhile(lambda word: word.text.partition("=")[0] in given, words))
        if not words or depth > _MAX_DEPTH:
            return
        first, rest = words[0], words[1:]
        name = os.path.basename(first.text)
        if name in _SHELLS:
            yield from self._in_shell(rest, environment, folder, depth)
        elif _PYTHON.fullmatch(name):
            yield from self._python(rest, environment, first.place, in_background)
        elif name in PROGRAMS:
            yield Started(name, rest, environment, first.place, in_background)
        elif name == "supervisord":
            yield from self._supervised(rest, environment, folder, depth)
        elif name in WRAPPERS or first.text in WRAPPERS:
            inner = next((number for number, word in enumerate(rest) if _is_program(word.text)), None)
            file = next((number for number, word in enumerate(rest) if _is_run(word.text, rest[:number])), None)
            if file is not None and (inner is None or file < inner):
                yield Started("python", rest[file:], environment, rest[file].place, in_background)
            elif inner is not None:
                yield from self.started(rest[inner:], environment, folder, depth + 1, in_background)
        elif name == "manage.py" or name == "django-admin":
            yield from self._python(words, environment, first.place, in_background)
        elif (script := console.script(name, folder)) is not None:
            yield Started("python", (first._replace(text=script), *rest), environment, first.place, in_background, name)
        else:
            yield from self._script(first, rest, environment, folder, depth)

    def _supervised(
        self, words: tuple[Word, ...], environment: Environment, folder: str, depth: int
    ) -> Iterator[Started]:
        """What supervisord starts, all of it side by side."""
        given = last_value(words, ("-c", "--configuration"))
        path = inside.found(given.text if given is not None else supervisor.DEFAULT, folder)
        programs, problems = supervisor.programs(path) if path is not None else ([], [])
        self.problems += problems
        for one in programs:
            around = {**environment, **one.environment}
            for started in self._text(one.command.text, one.command.place, around, (), folder, depth):
                yield started._replace(in_background=True, label=one.name, copies=one.copies)

    def _in_shell(
        self, words: tuple[Word, ...], environment: Environment, folder: str, depth: int
    ) -> Iterator[Started]:
        for number, word in enumerate(words):
            if word.text.startswith("-"):
                if "c" in word.text.lstrip("-") and not word.text.startswith("--") and len(words) > number + 1:
                    text, arguments = words[number + 1], words[number + 3 :]
                    yield from self._text(text.text, text.place, environment, arguments, folder, depth)
                    return
            else:
                yield from self._script(word, words[number + 1 :], environment, folder, depth)
                return

    def _text(
        self,
        text: str,
        place: Place,
        environment: Environment,
        arguments: tuple[Word, ...],
        folder: str,
        depth: int,
        *,
        follows_rows: bool = False,
    ) -> Iterator[Started]:
        self._texts.spend(len(text))
        simple, problems = simple_commands(text, place, environment, arguments, follows_rows=follows_rows)
        self.problems += problems
        for one in simple:
            yield from self.started(one.words, one.environment, folder, depth + 1, one.in_background)

    def _script(
        self, word: Word, arguments: tuple[Word, ...], environment: Environment, folder: str, depth: int
    ) -> Iterator[Started]:
        """What a shell script of the repository starts. One that the image brings runs the command that it is given, as those
        scripts do by which containers are entered."""
        path = inside.script(word.text, folder)
        if path is None:
            if word.text.endswith(".sh") and arguments and _is_program(arguments[0].text):
                yield from self.started(arguments, environment, folder, depth + 1)
            return
        try:
            text = text_of(path)
        except OSError as error:
            self.problems.append(unread(path, error))
            return
        place = Place(path, 1)
        yield from self._text(text, place, environment, arguments, folder, depth, follows_rows=True)

    def _python(
        self, words: tuple[Word, ...], environment: Environment, place: Place, in_background: bool
    ) -> Iterator[Started]:
        for number, word in enumerate(words):
            rest = words[number + 1 :]
            if word.text == "-m" and rest:
                name = rest[0].text
                if name in PROGRAMS:
                    yield Started(name, rest[1:], environment, place, in_background)
                else:
                    yield Started("python", rest, environment, place, in_background)
                return
            if word.text.startswith("-"):
                if word.text in ("-c", "-V", "--version"):
                    return
                continue
            yield Started("python", words[number:], environment, place, in_background)
            return

    def _service(self, started: Started, unit: Unit) -> Service | None:
        words = [word.text for word in started.arguments]
        line = [started.name, *words] if started.name != "python" else [os.path.basename(words[0]), *words[1:]]
        line = [line[0], *(word for word in line[1:] if not word.startswith("-"))]
        if any(tuple(line[: len(one)]) == one for one in MIGRATIONS):
            once = Figure(1, "a migration", started.place)
            targets: tuple[str, ...] = ()
            return _made(unit, started, "migration", started.name, once, once, targets)
        if started.name == "python":
            return self._module(started, unit)
        if started.name == "pserve":
            return self._pasted(started, unit)
        program = PROGRAMS[started.name]
        if program.within and not any(word in words for word in program.within):
            return None
        processes, threads = (self._option(one, started, unit) for one in (program.processes, program.threads))
        if started.name == "gunicorn":
            processes, threads = self._gunicorn(started, unit, processes, threads)
        if program.pool:
            processes, threads = pooled(program, started.arguments, started.place, processes)
        targets = targets_of(program, started.arguments)
        pasted = last_value(started.arguments, ("--paste", "--paster")) if started.name == "gunicorn" else None
        if pasted is not None and (found := paste.described(pasted.text, unit.folder)) is not None and found.target:
            targets = (found.target,)
        return _made(unit, started, program.kind, started.name, processes, threads, targets)

    def _pasted(self, started: Started, unit: Unit) -> Service | None:
        """An application of PasteDeploy, with the server that its file names: waitress in most."""
        named = next((word.text for word in started.arguments if not word.text.startswith("-")), "")
        found = paste.described(named, unit.folder) if named else None
        if found is None or not found.target:
            return None
        server = found.server.get("use")
        program = paste.SERVERS.get(server.text if server is not None else "", "pserve")
        processes = Figure(1, f"`pserve {named}` is one process", started.place)
        threads = Figure(None, f"nothing says how many threads the server of {named} has", started.place)
        if program != "pserve":
            options = PROGRAMS[program]
            given = found.server.get("threads")
            default = Figure(options.threads.default, f"the default of `{program}`", started.place)
            threads = number_of(given, f"{named} with `threads`") if given is not None else default
        return _made(unit, started, "web", program, processes, threads, (found.target,))

    def _module(self, started: Started, unit: Unit) -> Service | None:
        """A module or a file that Python runs, or a command of the project: one process, unless it asks a server for
        more."""
        name = started.arguments[0].text
        kind = "worker"
        if os.path.basename(name) in ("manage.py", "django-admin"):
            if not any(word.text == "runserver" for word in started.arguments):
                return None
            kind = "web"
        target = name if name.endswith(".py") or TARGET.fullmatch(name) else ""
        if not target:
            return None
        said = f"`{started.label}`" if started.label else f"`python {name}`"
        asked = serving.asked(target, unit.folder, started.environment)
        processes = asked.processes if asked is not None else None
        given = last_value(started.arguments, ("--workers",))
        if given is not None:
            processes = number_of(given, f"{said} with `--workers`")
        if processes is None:
            processes = Figure(1, f"{said} is one process", started.place)
        threads = Figure(None, "nothing says how many threads it has", started.place)
        if asked is not None and asked.threads is not None:
            threads = asked.threads
            if not started.label:
                return _made(unit, started, PROGRAMS[asked.program].kind, asked.program, processes, threads, (target,))
        served = [word.text for word in started.arguments[1:] if ":" in word.text and TARGET.fullmatch(word.text)]
        targets = (target, *map(module_of, served))
        return _made(unit, started, kind, started.label or "python", processes, threads, targets)

    def _option(self, option: Option, started: Started, unit: Unit) -> Figure:
        del unit
        given = last_value(started.arguments, option.names)
        name = option.names[-1] if option.names else ""
        for each in option.names:
            if each.startswith("--"):
                name = each
                break
        if given is not None:
            return number_of(given, f"`{started.name} {name}`")
        for variable in option.variables:
            if variable in started.environment:
                return number_of(started.environment[variable], f"`{variable}`")
        if option.default is None:
            without = f" without {name}" if name else ""
            return Figure(None, f"`{started.name}`{without}: {option.otherwise}", started.place)
        what = f" without {name}" if name else ""
        return Figure(option.default, f"`{started.name}`{what}", started.place)

    def _gunicorn(self, started: Started, unit: Unit, processes: Figure, threads: Figure) -> tuple[Figure, Figure]:
        """gunicorn is told by its command line, then by ``GUNICORN_CMD_ARGS``, then by a file of settings."""
        given = last_value(started.arguments, ("-c", "--config"))
        found, problems = gunicorn.settings(unit.folder, given.text if given else "", started.environment)
        self.problems += problems
        program = PROGRAMS["gunicorn"]
        extra = started.environment.get("GUNICORN_CMD_ARGS")
        more = tuple(Word(text, extra.place) for text in extra.text.split()) if extra is not None else ()
        result = []
        kind = last_value(started.arguments, ("-k", "--worker-class"))
        named = kind.text if kind is not None else found.get("worker_class", Figure(None, "")).how
        if any(word in named for word in _ASYNC_WORKERS):
            how = f"a worker of the class {named} serves many requests at once"
            threads = Figure(None, how, kind.place if kind is not None else started.place)
            found.pop("threads", None)
        for option, figure, key in ((program.processes, processes, "workers"), (program.threads, threads, "threads")):
            if last_value(started.arguments, option.names) is not None:
                result.append(figure)
            elif (word := last_value(more, option.names)) is not None:
                result.append(number_of(word, "`GUNICORN_CMD_ARGS`"))
            else:
                result.append(found.get(key, figure))
        return result[0], result[1]


def _times(figure: Figure, copies: int) -> Figure:
    """A number of processes of each of several copies."""
    if copies == 1 or figure.value is None:
        return figure
    return figure._replace(value=figure.value * copies, how=f"{copies} × {figure.how}")


def _made(
    unit: Unit,
    started: Started,
    kind: str,
    program: str,
    processes: Figure,
    threads: Figure,
    targets: tuple[str, ...],
) -> Service:
    return Service(
        unit.name,
        "migration" if unit.is_over_first else kind,
        program,
        started.place,
        processes,
        threads,
        unit.replicas,
        targets,
        unit.folder,
        started.environment,
        unit.surge,
    )


def _is_run(word: str, before: tuple[Word, ...]) -> bool:
    """Whether a word after a wrapper is a file that it runs as Python does: ``uv run main.py``."""
    return word.endswith(".py") and bool(before) and before[-1].text == "run"


def _is_program(word: str) -> bool:
    name = os.path.basename(word)
    return (
        name in PROGRAMS or name in _SHELLS or name in WRAPPERS or word.endswith(".sh") or bool(_PYTHON.fullmatch(name))
    )
