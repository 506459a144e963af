"""Dockerfiles: the command, the environment and the base of the image that is built.

dockerfile-parse reads them: it knows continuations, comments and parser directives, and says where each instruction
stands. What a stage inherits from another is put together here.
"""

from __future__ import annotations

import io
import json
import os
import posixpath
import re
from typing import Any, NamedTuple

from poolint import recording
from poolint.bounds import MAX_ROWS, OverBoundError, clipped, grouped
from poolint.deployment.documents import text_of, unread
from poolint.deployment.find import is_dockerfile
from poolint.deployment.shell import expanded, split
from poolint.deployment.values import Environment, Place, Problem, Word

_NO_PATH = re.compile(r"^-|\s|=|://")
"""What no word of a command line has that is a path."""

_MAX_ABOVE = 3
"""How far above its Dockerfile an image may be built, the folder of that counted."""


class Image(NamedTuple):
    """What a container of the image runs unless told otherwise; ``base`` is the image it is built from.

    ``folder`` is where it runs that, ``copied`` are the files of the repository by the paths to which they were copied,
    ``unfolded`` what may be a folder there, by the path to which what is in it was copied; ``home`` is the folder of the
    Dockerfile.
    """

    entrypoint: tuple[Word, ...] = ()
    command: tuple[Word, ...] = ()
    environment: Environment = {}  # noqa: RUF012
    base: str = ""
    folder: str = "/"
    copied: tuple[tuple[str, str], ...] = ()
    unfolded: tuple[tuple[str, str], ...] = ()
    home: str = ""

    @property
    def words(self) -> tuple[Word, ...]:
        """The command line."""
        return self.located((*self.entrypoint, *self.command))

    def located(self, words: tuple[Word, ...]) -> tuple[Word, ...]:
        """The words of a command line, each that is the path of such a file with the name that this has in the repository."""
        return tuple(word._replace(text=self._located(word.text)) for word in words)

    def _located(self, text: str) -> str:
        path = posixpath.normpath(posixpath.join(self.folder, text))
        name = dict(self.copied).get(path, "")
        if name or _NO_PATH.search(text) or "/" not in text:
            return name or text
        below = ((source, path[len(target) + 1 :]) for target, source in self.unfolded if path.startswith(f"{target}/"))
        # What is copied later takes the place of what was there.
        found = [one for one in (posixpath.join(source, rest) for source, rest in below) if self._is_there(one)]
        return found[-1] if found else text

    def _is_there(self, name: str) -> bool:
        """Whether the repository has a file: what is built from is the folder of the Dockerfile, or one above."""
        folder = self.home
        for _ in range(_MAX_ABOVE):
            if recording.is_file(os.path.join(folder, name)):
                return True
            folder = os.path.dirname(folder)
        return False


def read(path: str, target: str = "") -> tuple[Image, list[Problem]]:
    """The image of the last stage, or of the stage called ``target``."""
    from dockerfile_parse import DockerfileParser

    try:
        data = text_of(path).encode()
    except OSError as error:
        return Image(), [unread(path, error)]
    if data.count(b"\n") > MAX_ROWS:
        return Image(), [Problem(Place(path, 1), f"it has more than {grouped(MAX_ROWS)} rows; it is not read", True)]
    try:
        stream: Any = io.BytesIO(data)
        structure: Any = DockerfileParser(fileobj=stream).structure
    except (ValueError, IndexError, KeyError) as error:
        return Image(), [Problem(Place(path, 1), f"broken Dockerfile: {error}")]
    problems: list[Problem] = []
    stages: dict[str, Image] = {}
    image, name = Image(), ""
    home = os.path.dirname(path)
    for one in structure:
        place = Place(path, one["startline"] + 1)
        instruction, value = one["instruction"].upper(), one["value"]
        if instruction == "FROM":
            if name and name == target:
                break
            image, name = _stage(value, stages, home)
            stages[str(len(stages))] = image
        else:
            try:
                image = _with(image, instruction, value, place)
            except ValueError as error:
                is_bound = isinstance(error, OverBoundError)
                problems.append(Problem(place, f"{instruction} cannot be understood: {error}", is_bound))
        if name:
            stages[name] = image
    return image, problems


def _stage(value: str, stages: dict[str, Image], home: str) -> tuple[Image, str]:
    """What a stage begins with, and its name."""
    words = [word for word in value.split() if not word.startswith("--")]
    base = words[0] if words else ""
    name = words[2] if len(words) > 2 and words[1].lower() == "as" else ""
    return stages.get(base, Image(base=base, home=home)), name


def _with(image: Image, instruction: str, value: str, place: Place) -> Image:
    """The image after one instruction. Raises ``ValueError``."""
    if instruction == "CMD":
        return image._replace(command=_words(value, place))
    if instruction == "ENTRYPOINT":
        return image._replace(entrypoint=_words(value, place), command=())
    if instruction == "WORKDIR":
        return image._replace(folder=posixpath.join(image.folder, expanded(Word(value, place), image.environment).text))
    if instruction in ("COPY", "ADD"):
        files, folders = _copied(value, place, image.folder)
        return image._replace(copied=(*image.copied, *files), unfolded=(*image.unfolded, *folders))
    if instruction == "ENV":
        return image._replace(environment={**image.environment, **_variables(value, place, image.environment)})
    if instruction == "ARG":
        name, equals, text = value.partition("=")
        known = name in image.environment
        if equals and not known:
            return image._replace(environment={**image.environment, name.strip(): Word(text.strip("\"' "), place)})
    return image


def _copied(value: str, place: Place, folder: str) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """What an instruction copies of the repository, by the paths that it gets if it is a file, and if it is a folder."""
    files: list[tuple[str, str]] = []
    folders: list[tuple[str, str]] = []
    try:
        words = [word.text for word in _words(value, place)] if value.lstrip().startswith("[") else split(value)
    except ValueError:
        return files, folders  # it is about files, and no command is lost
    names = [word for word in words if not word.startswith("--")]
    if len(names) < 2 or any(word.startswith("--from") for word in words):
        return files, folders  # of another image
    *sources, target = names
    is_folder = len(sources) > 1 or target.endswith("/") or posixpath.basename(target) in (".", "..")
    for source in sources:
        name, below = posixpath.basename(source), posixpath.normpath(posixpath.join("/", source)).lstrip("/")
        if name not in ("", ".", "..") and "*" not in name:
            path = posixpath.join(folder, target, name) if is_folder else posixpath.join(folder, target)
            files.append((posixpath.normpath(path), below))
        if "*" not in below and (whole := posixpath.normpath(posixpath.join(folder, target))) != "/":
            folders.append((whole, below))
    return files, folders


def _words(value: str, place: Place) -> tuple[Word, ...]:
    """The words of the exec form, or a shell with what is written in the shell form."""
    if value.lstrip().startswith("["):
        try:
            items = json.loads(value)
        except (ValueError, RecursionError):
            items = None  # Docker takes what is no JSON for the shell form as well
        if isinstance(items, list):
            return tuple(Word(item if isinstance(item, str) else clipped(item), place) for item in items)
    return tuple(Word(text, place) for text in ("/bin/sh", "-c", value))


def _variables(value: str, place: Place, environment: Environment) -> Environment:
    """``ENV A=1 B="2"`` and the old ``ENV A 1``."""
    parts = split(value)
    if parts and "=" not in parts[0]:
        parts = [f"{parts[0]}={' '.join(parts[1:])}"]
    found: Environment = {}
    for part in parts:
        name, equals, text = part.partition("=")
        if equals:
            found[name] = expanded(Word(text, place), environment)
    return found


def sole(folder: str, names: tuple[str, ...]) -> str | None:
    """The one Dockerfile among the files of a folder; None where there are several, or none."""
    found = [name for name in names if is_dockerfile(name)]
    if "Dockerfile" in found:
        return os.path.join(folder, "Dockerfile")
    return os.path.join(folder, found[0]) if len(found) == 1 else None
