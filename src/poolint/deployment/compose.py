"""Compose files: services with their command, environment and number, and the images that they are built from."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from poolint import recording
from poolint.bounds import MAX_UNITS, MAX_VARIABLES, Allowance, OverBoundError, grouped
from poolint.deployment import dockerfile, dotenv
from poolint.deployment.documents import Node, load, merged, text_of, unread
from poolint.deployment.programs import INFRASTRUCTURE
from poolint.deployment.shell import expanded, split
from poolint.deployment.values import Environment, Figure, Place, Problem, Unit, Word, overlaid

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BASE = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
OVERRIDE = re.compile(r"(?:docker-)?compose\.override\.ya?ml")

_ENDED = "service_completed_successfully"
"""The condition by which a service is started when another one has ended."""
_MOUNT = re.compile(r"((?:\.|\.\.|~)?/?[^:]*):(/[^:]*)(?::.*)?")


class Compose:
    """The compose files of one folder: each way in which they are meant to be used is a list of files."""

    def __init__(self, folder: str, names: Sequence[str]) -> None:
        self.folder = folder
        self.problems: list[Problem] = []
        self.unread: set[str] = set()
        """Names of compose files of which nothing could be read."""
        self._trees: dict[str, Node] = {}
        for name in sorted(names):
            path = os.path.join(folder, name)
            documents, problems = load(path)
            self.problems += problems
            if documents and not problems:
                self._trees[name] = documents[0]
            else:
                self.unread.add(name)
        self._allowance = Allowance(MAX_VARIABLES, "the variables of all services")
        self._dotenvs: dict[str, Environment] = {}
        self._images: dict[tuple[str, str], dockerfile.Image] = {}
        self._variables = self._dotenv(".env")

    def ways(self) -> Iterator[tuple[str, ...]]:
        """The files that belong together: the base with its override, and each other file, over the base where it
        cannot stand alone. The file that tells the ways apart comes first."""
        base = next((name for name in BASE if name in self._trees), None)
        override = next((name for name in self._trees if OVERRIDE.fullmatch(name)), None)
        if base is not None:
            yield (base, override) if override is not None else (base,)
        for name, tree in self._trees.items():
            if name in (base, override) or name in BASE:
                continue
            if base is not None and not _stands_alone(tree):
                yield (name, base)
            elif tree.get("services"):
                yield (name,)

    def _dotenv(self, name: str) -> Environment:
        if name not in self._dotenvs:
            self._dotenvs[name], problems = dotenv.read(os.path.join(self.folder, name))
            self.problems += problems
        return self._dotenvs[name]

    def units(self, way: tuple[str, ...]) -> list[Unit]:
        """The services of one way of using the files; none, and a problem is put down, where they come to too much."""
        try:
            return self._units(way)
        except OverBoundError as error:
            self.problems.append(
                Problem(Place(os.path.join(self.folder, way[0]), 1), f"{error}; it is not counted", True)
            )
            return []

    def _units(self, way: tuple[str, ...]) -> list[Unit]:
        layers = sorted(way, key=lambda name: (name not in BASE, name))
        tree = self._trees[layers[0]]
        environments: dict[str, Environment] = {}
        for name in layers:
            over = self._trees[name]
            services = over.get("services").fields
            if len(services) > MAX_UNITS:
                raise OverBoundError(f"there are more than {grouped(MAX_UNITS)} services")
            for service, node in services.items():
                environments.setdefault(service, {}).update(self._environment(node, over))
            tree = over if over is tree else merged(tree, over)
        return [
            self._unit(name, self._extended(node, tree), environments.get(name, {}), tree)
            for name, node in tree.get("services").fields.items()
        ]

    def profile(self, way: tuple[str, ...], service: str) -> str:
        """The profile without which a service is not started; empty for those that always are."""
        for name in way:
            profiles = self._trees[name].get("services", service, "profiles").words()
            if profiles:
                return profiles[0].text
        return ""

    def _extended(self, node: Node, tree: Node, depth: int = 0) -> Node:
        extends = node.get("extends")
        name = extends.text or extends.get("service").text
        if name is None or depth > 5 or (extends.get("file") and extends.get("file").text not in self._trees):
            return node
        source = tree if not extends.get("file") else self._trees[extends.get("file").text or ""]
        return merged(self._extended(source.get("services", name), source, depth + 1), node)

    def _unit(self, name: str, node: Node, environment: Environment, tree: Node) -> Unit:
        image = self._word(node.get("image"))
        build = node.get("build") or self._build_of(image, tree)
        is_built, (folder, built) = bool(build), self._built(build)
        entrypoint = self._words(node.get("entrypoint"))
        command = self._words(node.get("command"))
        if entrypoint is None:
            words = (*built.entrypoint, *(built.command if command is None else command))
        else:
            words = (*entrypoint, *(command or ()))
        last = (image.text if image else built.base).rpartition("/")[2].partition(":")[0]
        return Unit(
            name,
            node.place,
            built.located(words),
            overlaid(built.environment, self._environment(node, tree), environment),
            self._replicas(node),
            folder,
            image.text if image and not is_built else "",
            is_built or last not in INFRASTRUCTURE,
            tuple(self._texts(node, tree)),
            is_over_first=_is_waited_for(name, tree),
        )

    def _build_of(self, image: Word | None, tree: Node) -> Node:
        """How an image is built that another service of the file builds under that name; nothing where none does."""
        for one in tree.get("services").fields.values():
            named = self._word(one.get("image")) if one.get("build") else None
            if image is not None and named is not None and named.text == image.text:
                return one.get("build")
        return Node(tree.place)

    def _built(self, build: Node) -> tuple[str, dockerfile.Image]:
        """The folder that a service is built in, and its image."""
        context = self._said(build) or (self._said(build.get("context")) if build.fields else "")
        folder = os.path.normpath(os.path.join(self.folder, context)) if context else self.folder
        if not build:
            return folder, dockerfile.Image()
        named = self._said(build.get("dockerfile")) or "Dockerfile"
        path = os.path.join(folder, named)
        if not recording.is_file(path):
            return folder, dockerfile.Image()
        key = path, self._said(build.get("target"))
        if key not in self._images:
            self._images[key], problems = dockerfile.read(*key)
            self.problems += problems
        self._allowance.spend(len(self._images[key].environment))
        return folder, self._images[key]

    def _replicas(self, node: Node) -> Figure:
        for found in (node.get("deploy", "replicas"), node.get("scale")):
            if found:
                word = self._word(found)
                key = "`deploy.replicas`" if found is node.get("deploy", "replicas") else "`scale`"
                if word is not None and word.missing:
                    return Figure(None, f"{key} is `${word.missing}`, which nothing sets", word.place)
                return Node(word.place if word else found.place, word.text if word else None).figure(key) or Figure(
                    None, f"{key} is no number", found.place
                )
        if node.get("deploy", "mode").text == "global":
            return Figure(None, "`deploy.mode: global`: one on each node", node.get("deploy", "mode").place)
        return Figure(1, "compose starts one", node.place)

    def _environment(self, node: Node, tree: Node) -> Environment:
        found: Environment = {}
        files = node.get("env_file")
        for item in files.items or ((files,) if files else ()):
            name = item.text or item.get("path").text
            if name:
                found.update(self._dotenv(name))
                self._allowance.spend(len(found))
        listed = self._extended(node, tree).get("environment") if node.get("extends") else node.get("environment")
        self._allowance.spend(len(listed.fields) + len(listed.items))
        for key, value in listed.fields.items():
            word = self._word(value)
            if word is not None:
                found[key] = word
        for item in listed.items:
            word = self._word(item)
            if word is not None:
                name, equals, text = word.text.partition("=")
                if equals:
                    found[name] = word._replace(text=text)
                elif name in self._variables:
                    found[name] = self._variables[name]
        return found

    def _texts(self, node: Node, tree: Node) -> Iterator[Word]:
        """The configuration files that are mounted, as far as they are in the repository or in the compose file."""
        for item in (*node.get("volumes").items, *node.get("configs").items):
            source = item.get("source").text
            if source is None and item.text is not None:
                match = _MOUNT.fullmatch(item.text)
                source = match[1] if match is not None else item.text
            config = tree.get("configs", source or "")
            if config.get("content").text is not None:
                place = config.get("content").place
                yield Word(config.get("content").text or "", Place(place.path, place.row + 1))
                continue
            path = os.path.normpath(os.path.join(self.folder, config.get("file").text or source or ""))
            if path.endswith((".conf", ".ini")) and recording.is_file(path):
                try:
                    yield Word(text_of(path), Place(path, 1))
                except OSError as error:
                    self.problems.append(unread(path, error))

    def _said(self, node: Node) -> str:
        """The text of a scalar with the variables of compose replaced; empty for none."""
        word = self._word(node)
        return word.text if word is not None else ""

    def _word(self, node: Node) -> Word | None:
        """A scalar with the variables of compose replaced; ``$$`` is a dollar that the container sees."""
        if node.text is None:
            return None
        try:
            word = expanded(Word(node.text.replace("$$", "\0"), node.place), self._variables)
        except OverBoundError as error:
            self.problems.append(Problem(node.place, f"cannot be understood: {error}", True))
            return None
        return word._replace(text=word.text.replace("\0", "$"))

    def _words(self, node: Node) -> tuple[Word, ...] | None:
        """A command: a list of words, or a text that compose takes apart."""
        if node.items:
            return tuple(word for item in node.items if (word := self._word(item)) is not None)
        word = self._word(node)
        if word is None:
            return None
        try:
            return tuple(word._replace(text=text) for text in split(word.text))
        except ValueError as error:
            self.problems.append(Problem(node.place, f"cannot be understood as a command: {error}"))
            return ()


def _is_waited_for(service: str, tree: Node) -> bool:
    """Whether others of a file are started when a service has ended: ``condition: service_completed_successfully``."""
    services = tree.get("services").fields.values()
    return any(one.get("depends_on", service, "condition").text == _ENDED for one in services)


def _stands_alone(tree: Node) -> bool:
    """Whether each service of a file says what it runs: then the file is used without the base."""
    services = tree.get("services").fields.values()
    return all(node.get("image") or node.get("build") or node.get("extends") for node in services)
