"""From a folder to its deployments: which files there are, which belong together, and what they say."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from poolint import recording
from poolint.bounds import MAX_PROBLEMS, MAX_UNITS, OverBoundError, grouped
from poolint.deployment import blueprint, compose, dockerfile, helm, kubernetes, platforms, postgres, procfile
from poolint.deployment.commands import Commands
from poolint.deployment.declared import Declared
from poolint.deployment.documents import load, text_of
from poolint.deployment.find import find, is_for_deployment, named
from poolint.deployment.values import Deployment, Figure, Place, Problem, Server, Service, Unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poolint.deployment.documents import Node
    from poolint.deployment.find import Found


class Reader:
    """Reads all deployments below a folder. ``problems`` says what could not be read or understood on the way."""

    def __init__(self, root: str, declared: Declared | None = None) -> None:
        self.root = root
        self.declared = declared or Declared()
        self._commands = Commands()
        self._problems: list[Problem] = []

    @property
    def problems(self) -> list[Problem]:
        """What is wrong with files, each once, in the order of files and rows; of each file the first only."""
        found: list[Problem] = []
        counts: dict[str, int] = {}
        for one in sorted(set(self._problems + self._commands.problems)):
            counts[one.place.path] = count = counts.get(one.place.path, 0) + 1
            if count <= MAX_PROBLEMS:
                found.append(one)
            elif count == MAX_PROBLEMS + 1:
                found.append(one._replace(message="there is more in this file that cannot be understood"))
        return found

    def deployments(self) -> list[Deployment]:
        """The deployments: compose, Procfile, blueprint, platform, charts, manifests; a lone Dockerfile where that is all."""
        if self.declared.files is None:
            found = find(self.root)
        else:
            found, missing = named(self.root, self.declared.files)
            place = Place(os.path.join(self.root, "pyproject.toml"), 1)
            self._problems += [
                Problem(place, f"[tool.poolint.budget] 'files': no file is {name!r}") for name in missing
            ]
        if not found:
            return []
        result = [
            one
            for one in (
                *self._composed(found),
                *self._processes(found),
                *self._charts(found),
                *self._manifests(found),
            )
            if one.services or one.servers or one.others
        ]
        if any(one.services for one in result):
            return list(_distinct(self._with_server(found, [one for one in result if one.services])))
        built = [one for one in self._images(found) if one.services or one.others]
        return self._with_server(found, [one for one in built if one.services]) or [
            one for one in (*result, *built) if one.others
        ]

    def _with_server(self, found: Found, deployments: list[Deployment]) -> list[Deployment]:
        """The deployments with the server that a `postgresql.conf` configures, where none of them brings one: else it
        is the configuration of that."""
        if any(one.servers for one in deployments):
            return deployments
        servers = [server for path in found.configurations if (server := self._configured(path)) is not None]
        return [one._replace(servers=tuple(servers)) for one in deployments]

    def _composed(self, found: Found) -> Iterator[Deployment]:
        for folder, names in found.composes.items():
            files = compose.Compose(folder, names)
            for way in files.ways():
                started, others = [], []
                for unit in files.units(way):
                    profile = files.profile(way, unit.name)
                    if profile:
                        others.append((unit.name, unit.place, f"started with the profile {profile} only"))
                    else:
                        started.append(unit)
                paths = tuple(os.path.join(folder, name) for name in way)
                yield self._deployment(paths, started, others)
            self._problems += files.problems

    def _processes(self, found: Found) -> Iterator[Deployment]:
        for path in found.procfiles:
            units, files, problems = procfile.read(path)
            self._problems += problems
            yield self._deployment(tuple(files), units)
        for path in found.blueprints:
            units, problems = blueprint.read(path)
            self._problems += problems
            yield self._deployment((path,), units)
        for path in found.platforms:
            units, problems = platforms.read(path)
            self._problems += problems
            yield self._deployment((path,), units)

    def _charts(self, found: Found) -> Iterator[Deployment]:
        for folder in found.charts:
            chart = helm.Chart(folder)
            for way in chart.ways():
                values = chart.values(way)
                around = os.path.dirname(folder) if os.path.dirname(folder).startswith(self.root) else folder
                cluster = kubernetes.Kubernetes(chart.documents(values), self.root, self._image(found, around))
                server = postgres.in_parameters("values", values)
                servers = [*cluster.servers(), *([server] if server is not None else [])]
                paths = tuple(os.path.join(folder, name) for name in way) or (os.path.join(folder, "Chart.yaml"),)
                one = self._deployment(paths, self._units_of(cluster, paths[0]), [], servers)
                yield one._replace(servers=tuple(map(postgres.stated, one.servers)))
            self._problems += chart.problems

    def _manifests(self, found: Found) -> Iterator[Deployment]:
        for folders in _trees(list(found.manifests)):
            documents: list[Node] = []
            paths = []
            for folder in folders:
                for name in found.manifests[folder]:
                    path = os.path.join(folder, name)
                    loaded, problems = load(path)
                    self._problems += problems if problems and _is_manifest(path) else []
                    resources = [one for one in loaded if one.get("kind").text and one.get("apiVersion").text]
                    if resources:
                        documents += resources
                        paths.append(path)
            if documents:
                cluster = kubernetes.Kubernetes(documents, self.root, self._image(found, self.root))
                units = self._units_of(cluster, paths[0])
                yield self._deployment((folders[-1], *paths), units, [], list(cluster.servers()))

    def _units_of(self, cluster: kubernetes.Kubernetes, path: str) -> list[Unit]:
        """The containers of a cluster; none, and a problem is put down, where they come to too much."""
        try:
            return list(cluster.units())
        except OverBoundError as error:
            self._problems.append(Problem(Place(path, 1), f"{error}; they are not counted", True))
            return []
        finally:
            self._problems += cluster.problems

    def _images(self, found: Found) -> Iterator[Deployment]:
        """Dockerfiles by themselves: nothing says how many containers of them run."""
        for folder, names in found.dockerfiles.items():
            path = dockerfile.sole(folder, tuple(names))
            if path is not None:
                image, problems = dockerfile.read(path)
                self._problems += problems
                place = image.words[-1].place if image.words else Place(path, 1)
                replicas = Figure(None, "a Dockerfile does not say how many containers run", place)
                is_below = is_for_deployment(os.path.basename(folder)) or not _has_copied(image, folder)
                context = self.root if is_below else folder
                yield self._deployment((path,), [Unit("app", place, image.words, image.environment, replicas, context)])

    def _image(self, found: Found, folder: str) -> dockerfile.Image:
        """The image that manifests mean which say nothing of what their containers run: the only one there is."""
        for each in (folder, self.root):
            path = dockerfile.sole(each, tuple(found.dockerfiles.get(each, ())))
            if path is not None:
                image, problems = dockerfile.read(path)
                self._problems += problems
                return image
        return dockerfile.Image()

    def _configured(self, path: str) -> Server | None:
        server, problems = postgres.configured(path)
        self._problems += problems
        return server

    def _deployment(
        self,
        files: tuple[str, ...],
        units: list[Unit],
        others: list[tuple[str, Place, str]] | None = None,
        servers: list[Server] | None = None,
    ) -> Deployment:
        if len(units) > MAX_UNITS:
            why = (
                f"there are more than {grouped(MAX_UNITS)} services, process types and containers; no more are counted"
            )
            self._problems.append(Problem(units[MAX_UNITS].place, why, True))
        found: list[Service] = []
        servers = list(servers or ())
        others = list(others or ())
        for unit in units[:MAX_UNITS]:
            server = postgres.server(unit)
            if server is not None:
                servers.append(server)
                continue
            services = self._commands.services(unit)
            found += services
            if not services and unit.is_own:
                told = " ".join(word.text for word in unit.words)
                why = (
                    f"`{told if len(told) <= 200 else told[:200] + '…'}` is no program that is known to take connections"
                    if told
                    else "nothing says what it runs"
                )
                others.append((unit.name, unit.place, why))
        return Deployment(files, tuple(_named(found)), tuple(servers), tuple(others))


def _has_copied(image: dockerfile.Image, folder: str) -> bool:
    """Whether a folder has the files that an image copies, as the one does that it is built in."""
    names = [source for _, source in image.copied if "." in source]
    return not names or any(recording.is_file(os.path.join(folder, one)) for one in names)


def _distinct(deployments: Iterable[Deployment]) -> Iterator[Deployment]:
    """Those that differ from all before in more than the places of their figures: variants for tests often do not."""
    seen = set()
    for one in deployments:
        services = tuple(
            (each[:3], each.processes.value, each.threads.value, each.replicas.value, each.targets, each.folder,
             tuple((name, word.text) for name, word in sorted(each.environment.items())))
            for each in one.services
        )  # fmt: skip
        servers = tuple((each.name, each.max_connections.value, each.reserved.value) for each in one.servers)
        if (services, servers) not in seen:
            seen.add((services, servers))
            yield one


def _named(services: list[Service]) -> Iterator[Service]:
    """The only service in a pod of several containers has the name of the pod."""
    pods = [one.name.partition("/")[0] for one in services if one.kind != "migration"]
    for one in services:
        pod = one.name.partition("/")[0]
        is_alone = pods.count(pod) == 1 and one.kind != "migration"
        yield one._replace(name=pod) if is_alone else one


def _trees(folders: list[str]) -> Iterator[tuple[str, ...]]:
    """The folders of manifests that are applied together: each overlay with its base, all others by their tree."""
    bases = [one for one in folders if os.path.basename(one) == "base"]
    overlays = [one for one in folders if os.path.basename(os.path.dirname(one)) == "overlays"]
    for overlay in overlays:
        beside = os.path.dirname(os.path.dirname(overlay))
        yield (*[one for one in bases if os.path.dirname(one) == beside], overlay)
    used = {*overlays, *(bases if overlays else ())}
    rest = [one for one in folders if one not in used]
    while rest:
        top = rest[0]
        tree = [one for one in rest if one == top or one.startswith(top + os.sep)]
        rest = [one for one in rest if one not in tree]
        yield tuple(reversed(tree))


def _is_manifest(path: str) -> bool:
    """Any YAML may lie in a folder of manifests: what is broken is reported where it speaks of Kubernetes, or is named
    and cannot be read at all."""
    try:
        return "apiVersion:" in text_of(path)
    except OSError:
        return True
