"""Which deployment files there are. Only names are looked at: most projects have none, and this is asked of each."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from poolint import recording
from poolint.deployment.platforms import FILES, PASSENGER

if TYPE_CHECKING:
    from collections.abc import Iterable

COMPOSE = re.compile(r"(?:docker-)?compose(?:[.-][\w.-]+)?\.ya?ml")
BLUEPRINTS = frozenset({"render.yaml", "render.yml"})
VALUES = re.compile(r"values(?:[.-][\w.-]+)?\.ya?ml")

FOLDERS = frozenset(
    {
        "chart", "charts", "compose", "config", "containers", "deploy", "deployment", "deployments", "devops", "docker",
        "environments", "envs", "helm", "infra", "infrastructure", "k8s", "kube", "kubernetes", "manifests", "ops", "overlays",
        "base", "postgres", "db", "database",
    }
)  # fmt: skip
"""Names of folders in which deployment files are kept, wherever they stand, also as ``.docker``, ``_infra`` or ``Deployment``.
Below them every folder is looked at."""

_SKIPPED = frozenset({"node_modules", "venv", "site-packages", "__pycache__", "dist", "build", "tests", "test", "docs"})
_MAXFOLDERS = 200
_MAX_DEPTH = 5
_ENDINGS = (".yaml", ".yml")


class Found:
    """The deployment files below a folder, by kind: (folder, names) each."""

    def __init__(self) -> None:
        self.procfiles: list[str] = []
        self.blueprints: list[str] = []
        self.platforms: list[str] = []
        self.composes: dict[str, list[str]] = {}
        self.dockerfiles: dict[str, list[str]] = {}
        self.charts: list[str] = []
        self.manifests: dict[str, list[str]] = {}
        self.configurations: list[str] = []

    def __bool__(self) -> bool:
        files = self.procfiles or self.blueprints or self.platforms or self.composes or self.dockerfiles
        return bool(files or self.charts or self.manifests)


def find(root: str) -> Found:
    """What there is in a folder and in those below it that are called as folders of deployments are."""
    found = Found()
    queue = [(root, 0, False)]
    looked_at = 0
    while queue and looked_at < _MAXFOLDERS:
        folder, depth, is_inside = queue.pop(0)
        looked_at += 1
        recording.looked("entries", folder)
        try:
            with os.scandir(folder) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError:
            continue
        names = [entry.name for entry in listed if entry.is_file()]
        is_chart = "Chart.yaml" in names
        _file(found, folder, names, is_inside and not is_chart)
        if is_chart:
            found.charts.append(folder)
        for entry in listed:
            goes_down = depth < _MAX_DEPTH and entry.is_dir(follow_symlinks=False) and entry.name not in _SKIPPED
            is_kept = is_inside and not is_chart and not entry.name.startswith(".")
            if goes_down and (is_for_deployment(entry.name) or is_kept):
                queue.append((entry.path, depth + 1, True))
    return found


def _file(found: Found, folder: str, names: list[str], may_have_manifests: bool) -> None:
    for name in names:
        path = os.path.join(folder, name)
        if name == "Procfile" or name.startswith("Procfile."):
            found.procfiles.append(path)
        elif name in BLUEPRINTS:
            found.blueprints.append(path)
        elif name in FILES or name == PASSENGER:
            found.platforms.append(path)
        elif COMPOSE.fullmatch(name):
            found.composes.setdefault(folder, []).append(name)
        elif is_dockerfile(name):
            found.dockerfiles.setdefault(folder, []).append(name)
        elif name == "postgresql.conf":
            found.configurations.append(path)
        elif may_have_manifests and name.endswith(_ENDINGS) and not VALUES.fullmatch(name):
            found.manifests.setdefault(folder, []).append(name)


def named(root: str, files: Iterable[str]) -> tuple[Found, list[str]]:
    """The files that a project names itself, relative to its root, patterns too; and the names that mean none."""
    import glob

    found, missing = Found(), []
    for written in files:
        recording.looked("glob", f"{root}{recording.QUESTION}{written}")
        paths = sorted(glob.glob(written, root_dir=root, recursive=True))
        if not paths:
            missing.append(written)
        for path in (os.path.normpath(os.path.join(root, one)) for one in paths):
            if recording.is_folder(path):
                recording.looked("names", path)
                names = sorted(os.listdir(path))
                if "Chart.yaml" in names:
                    found.charts.append(path)
                else:
                    _file(found, path, [name for name in names if recording.is_file(os.path.join(path, name))], True)
            else:
                _file(found, os.path.dirname(path), [os.path.basename(path)], True)
    return found, missing


def is_for_deployment(name: str) -> bool:
    """Whether a folder is called like one that deployment files are kept in."""
    return name.strip("._").lower() in FOLDERS


def is_dockerfile(name: str) -> bool:
    """Whether a file is called like one."""
    return name in ("Dockerfile", "Containerfile") or name.startswith("Dockerfile.") or name.endswith(".Dockerfile")
