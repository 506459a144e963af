"""A folder with some files in it, and what is read from it in a form that is easy to compare."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from poolint.deployment.declared import Declared
from poolint.deployment.read import Reader

if TYPE_CHECKING:
    from collections.abc import Callable

    from poolint.deployment.values import Deployment, Figure, Place, Service

    Write = Callable[..., None]


class Told:
    """What was read from a folder; places are told as ``file:row`` below it."""

    def __init__(self, root: Path, declared: Declared | None = None) -> None:
        self.root = root
        reader = Reader(str(root), declared)
        self.deployments = reader.deployments()
        self.problems = [f"{self.place(one.place)}: {one.message}" for one in reader.problems]

    def place(self, place: Place | None) -> str:
        return f"{Path(place.path).relative_to(self.root).as_posix()}:{place.row}" if place is not None else "-"

    def figure(self, figure: Figure) -> str:
        """``4 compose.yaml:3``."""
        return f"{'?' if figure.value is None else figure.value} {self.place(figure.place)}"

    @property
    def only(self) -> Deployment:
        [deployment] = self.deployments
        return deployment

    @property
    def services(self) -> dict[str, Service]:
        return {one.name: one for one in self.only.services}

    def numbers(self, name: str) -> tuple[str, str]:
        """Processes and replicas of a service of the only deployment."""
        service = self.services[name]
        return self.figure(service.processes), self.figure(service.replicas)

    @property
    def server(self) -> tuple[str, str]:
        """``max_connections`` and what is reserved, of the only server of the only deployment."""
        [server] = self.only.servers
        return self.figure(server.max_connections), self.figure(server.reserved)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """``write("compose.yaml", text)`` in an empty folder."""

    def call(name: str, text: str) -> None:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")

    return call


@pytest.fixture
def told(tmp_path: Path) -> Callable[..., Told]:
    """Reads the folder."""
    return lambda declared=None: Told(tmp_path, declared)
