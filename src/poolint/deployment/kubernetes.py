"""Kubernetes manifests: workloads with their containers and replicas, and what scales them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.bounds import MAX_VARIABLES, Allowance, OverBoundError, clipped, whole
from poolint.deployment import postgres
from poolint.deployment.dockerfile import Image
from poolint.deployment.documents import UNKNOWN, Node, merged
from poolint.deployment.programs import INFRASTRUCTURE
from poolint.deployment.shell import expanded
from poolint.deployment.values import Environment, Figure, Place, Problem, Server, Unit, Word, overlaid

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_WORKLOADS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Rollout", "Pod", "Job", "CronJob"})
_CLUSTERS = frozenset({"Cluster", "postgresql", "PostgresCluster", "PerconaPGCluster"})
"""Custom resources of the operators that run PostgreSQL."""

_SURGE = 25
"""Percent of a Deployment's replicas that Kubernetes starts above their number unless told otherwise."""


class Kubernetes:
    """The manifests of one deployment. A later one with the kind and name of an earlier one lies over it."""

    def __init__(self, documents: Sequence[Node], folder: str, image: Image) -> None:
        self._folder = folder
        self._image = image
        self._resources: dict[tuple[str, str], Node] = {}
        self._counts: dict[str, Node] = {}
        self._has_unknown_scalers = False
        self._texts: tuple[Word, ...] = ()
        self._allowance = Allowance(MAX_VARIABLES, "the variables of all containers")
        self.problems: list[Problem] = []
        for document in documents:
            for one in document.get("items").items if document.get("kind").text == "List" else (document,):
                self._add(one)

    def _add(self, one: Node) -> None:
        kind, name = one.get("kind").text or "", one.get("metadata", "name").text or ""
        if kind == "Kustomization":
            for item in one.get("replicas").items:
                self._counts[item.get("name").text or ""] = item.get("count")
        elif UNKNOWN in name:
            self._resources[kind, f"{name}@{one.place.path}:{one.place.row}"] = one
        elif kind and name:
            known = self._resources.get((kind, name))
            self._resources[kind, name] = one if known is None else merged(known, one)

    def units(self) -> Iterator[Unit]:
        """A unit for each container of each workload. Raises ``OverBoundError`` where they come to too much."""
        self._texts = tuple(self._settings())
        scalers = dict(self._scalers())
        for (kind, name), one in self._resources.items():
            if kind not in _WORKLOADS:
                continue
            title = name.partition("@")[0].replace(UNKNOWN, kind.lower()) if UNKNOWN in name else name
            spec = one.get("spec")
            template = spec.get("jobTemplate", "spec") if kind == "CronJob" else spec
            pod = template.get("template", "spec") if kind != "Pod" else spec
            replicas = self._replicas(kind, name, one, scalers.get((kind, name)))
            surge = _surge(one, replicas) if kind in ("Deployment", "Rollout") else None
            containers = pod.get("containers").items
            for container in (*pod.get("initContainers").items, *containers):
                inner = container.get("name").text or ""
                is_alone = len(containers) == 1 and container is containers[0]
                yield self._unit(title if is_alone else f"{title}/{inner}", container, replicas, surge)

    def servers(self) -> Iterator[Server]:
        """The servers that operators are asked for."""
        for (kind, name), one in self._resources.items():
            if (
                kind in _CLUSTERS
                and "postgres" in f"{one.get('apiVersion').text} {kind} {one.get('spec').fields.keys()}"
            ):
                found = postgres.in_parameters(name, one)
                default = Figure(postgres.MAX_CONNECTIONS, postgres.DEFAULT, one.place)
                yield found or postgres.of_figures(name, {}, default)

    def _unit(self, name: str, container: Node, replicas: Figure, surge: Figure | None) -> Unit:
        image = container.get("image").text or ""
        last = image.rpartition("/")[2].partition(":")[0]
        is_own = last not in INFRASTRUCTURE and not postgres.is_server(image)
        built = self._image if is_own else Image()
        environment = overlaid(built.environment, self._environment(container))
        command, arguments = (container.get(key) for key in ("command", "args"))
        if command:
            words = (*command.words(), *arguments.words())
        else:
            words = (*built.entrypoint, *(arguments.words() if arguments else built.command))
        self._allowance.spend(len(environment))
        words = tuple(self._expanded(word, environment) if "$(" in word.text else word for word in words)
        return Unit(
            name, container.place, words, environment, replicas, self._folder, image, is_own, self._texts, surge
        )

    def _expanded(self, word: Word, environment: Environment) -> Word:
        try:
            return expanded(word, environment)
        except OverBoundError as error:
            self.problems.append(Problem(word.place, f"cannot be understood as a command: {error}", True))
            return word

    def _environment(self, container: Node) -> Environment:
        found: Environment = {}
        for item in container.get("envFrom").items:
            name = item.get("configMapRef", "name").text or ""
            data = self._data_of(name, item).fields
            self._allowance.spend(len(data))
            for key, node in data.items():
                found[key] = Word(node.text or "", node.place)
        for item in container.get("env").items:
            name, value = item.get("name").text or "", item.get("value")
            reference = item.get("valueFrom", "configMapKeyRef")
            if reference:
                value = self._data_of(reference.get("name").text or "", item).get(reference.get("key").text or "")
            if name and value.text is not None:
                found[name] = Word(value.text, value.place)
            elif name and item.get("valueFrom"):
                found[name] = Word("", item.place, name)
        return found

    def _data_of(self, name: str, item: Node) -> Node:
        return self._resources.get(("ConfigMap", name), Node(item.place)).get("data")

    def _settings(self) -> Iterator[Word]:
        for (kind, _), one in self._resources.items():
            if kind == "ConfigMap":
                for node in one.get("data").fields.values():
                    if node.text and "\n" in node.text:
                        yield Word(node.text, Place(node.place.path, node.place.row + 1))

    def _scalers(self) -> Iterator[tuple[tuple[str, str], Figure]]:
        """The most replicas that an autoscaler may ask for, by the workload that it scales."""
        for (kind, _), one in self._resources.items():
            key = {"HorizontalPodAutoscaler": "maxReplicas", "ScaledObject": "maxReplicaCount"}.get(kind)
            if key is not None:
                target = one.get("spec", "scaleTargetRef")
                if UNKNOWN in (target.get("name").text or ""):
                    self._has_unknown_scalers = True
                    continue
                most = one.get("spec", key).figure(f"`{key}`")
                if most is not None:
                    yield (target.get("kind").text or "Deployment", target.get("name").text or ""), most

    def _replicas(self, kind: str, name: str, one: Node, scaled: Figure | None) -> Figure:
        if kind in ("Job", "CronJob"):
            key = ("spec", "jobTemplate", "spec", "parallelism") if kind == "CronJob" else ("spec", "parallelism")
            return one.get(*key).figure("`parallelism`") or Figure(1, "a job runs once", one.place)
        if scaled is not None:
            return scaled
        if self._has_unknown_scalers and UNKNOWN in name:
            return Figure(None, "an autoscaler may start more", one.place)
        if name in self._counts:
            return self._counts[name].figure("`replicas` of the kustomization") or Figure(None, "`count`", one.place)
        if kind == "DaemonSet":
            return Figure(None, "a DaemonSet runs once on each node", one.place)
        return one.get("spec", "replicas").figure("`replicas`") or Figure(1, "Kubernetes starts one", one.place)


def _surge(one: Node, replicas: Figure) -> Figure | None:
    """How many more pods there are while a new version is rolled out, in whole pods, rounded up."""
    if one.get("spec", "strategy", "type").text == "Recreate":
        return Figure(0, "`Recreate` stops the old ones first", one.get("spec", "strategy", "type").place)
    given = one.get("spec", "strategy", "rollingUpdate", "maxSurge")
    text = given.text or f"{_SURGE}%"
    how = "`maxSurge`" if given else "`maxSurge`, 25% by default"
    number = text.removesuffix("%").strip()
    count = whole(number)
    if count is None:
        return Figure(None, f"{how} is {clipped(text)}", given.place)
    if not text.endswith("%"):
        return Figure(count, how, given.place)
    if replicas.value is None:
        return Figure(None, f"{how} of an unknown number", given.place if given else one.place)
    return Figure(-(-replicas.value * count // 100), how, given.place if given else one.place)
