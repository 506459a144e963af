"""Where the version of a library is looked for, and what comes before what."""

from __future__ import annotations

from pathlib import Path

import pytest

from poolint.models.api_rows import Fact
from poolint.models.loader import load
from poolint.roots.finder import Finder
from poolint.screen import Ready
from poolint.versions import ANY, Range, Versions
from poolint.versions.ranges import allowed, exactly, release

LOCK = '[[package]]\nname = "{}"\nversion = "{}"\n\n[[package]]\nname = "other"\nversion = "1.0"\n'
PROJECT = '[project]\nname = "shop"\ndependencies = ["FastAPI[all]{}"]\n'


def one(version: str) -> Range:
    return exactly(release(version))


class Folder:
    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, name: str, text: str) -> Folder:
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return self

    @property
    def versions(self) -> Versions:
        return Versions(Finder(Ready().libraries))

    def allowed(self, library: str = "fastapi", file: str = "shop/api.py") -> Range:
        return self.versions.allowed(library, str(self.root / file))


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path).write("shop/api.py", "")


@pytest.mark.parametrize("fact", load().facts.values(), ids=lambda fact: fact.name)
def test_facts_of_the_models_are_told_for_versions_in_order(fact: Fact) -> None:
    told = [release(version) for version in fact.since]
    assert told == sorted(told)
    assert told[0] == ()


def test_nothing_is_said(folder: Folder) -> None:
    assert folder.allowed() == ANY


def test_a_lock_comes_before_a_pin_and_that_before_a_range(folder: Folder) -> None:
    folder.write("pyproject.toml", PROJECT.format(">=0.100"))
    assert folder.allowed() == allowed(">=0.100")
    folder.write("requirements.txt", "fastapi==0.110.2\n")
    assert folder.allowed() == one("0.110.2")
    folder.write("requirements.txt", "fastapi>=0.110.2\n").write("uv.lock", LOCK.format("fastapi", "0.120.0"))
    assert folder.allowed() == one("0.120.0")


@pytest.mark.parametrize("name", ["uv.lock", "poetry.lock", "pdm.lock"])
def test_lock_files(folder: Folder, name: str) -> None:
    assert folder.write(name, LOCK.format("fastapi", "0.112.1")).allowed() == one("0.112.1")
    assert folder.allowed("sqlalchemy") == ANY


def test_a_lock_of_the_standard(folder: Folder) -> None:
    folder.write("pylock.toml", 'lock-version = "1.0"\n[[packages]]\nname = "fastapi"\nversion = "0.112.1"\n')
    assert folder.allowed() == one("0.112.1")


@pytest.mark.parametrize("version", ['"²"', '"latest"', "3", '""', f'"{"9" * 5000}"', "[1]"])
def test_a_lock_with_a_version_that_is_none(folder: Folder, version: str) -> None:
    folder.write("uv.lock", f'[[package]]\nname = "fastapi"\nversion = {version}\n')
    folder.write("requirements.txt", "fastapi==0.2\n")
    assert folder.allowed() in (one("0.2"), one("3"))


def test_a_lock_with_one_version_for_each_platform(folder: Folder) -> None:
    folder.write("uv.lock", LOCK.format("fastapi", "0.112.1") + LOCK.format("fastapi", "0.119"))
    assert folder.allowed() == (*one("0.112.1"), *one("0.119"))


def test_a_lock_that_contradicts_what_is_nearer_is_of_something_else(folder: Folder) -> None:
    folder.write("uv.lock", LOCK.format("fastapi", "0.120.0"))
    folder.write("pyproject.toml", "[tool.other]\n").write("shop/pyproject.toml", PROJECT.format("<0.110"))
    assert folder.allowed() == allowed("<0.110")


def test_the_nearest_counts(folder: Folder) -> None:
    folder.write("requirements.txt", "fastapi==0.1.0\n").write("shop/requirements-dev.txt", "fastapi==0.2.0\n")
    assert folder.allowed() == one("0.2.0")
    assert folder.allowed(file="other/api.py") == one("0.1.0")


def test_the_root_of_the_repository_ends_the_search(tmp_path: Path) -> None:
    folder = Folder(tmp_path).write("requirements.txt", "fastapi==0.1.0\n").write("repo/.git/HEAD", "")
    assert folder.allowed(file="repo/shop/api.py") == ANY
    assert folder.allowed(file="elsewhere/shop/api.py") == one("0.1.0")


def test_a_repository_above_the_working_directory(tmp_path: Path) -> None:
    folder = Folder(tmp_path).write(".git/HEAD", "").write("uv.lock", LOCK.format("fastapi", "0.2"))
    inner = Versions(Finder(Ready().libraries))
    assert inner.allowed("fastapi", str(folder.root / "service/api.py")) == one("0.2")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fastapi == 0.110.2 ; python_version > '3.8'\n", one("0.110.2")),
        ("FastAPI[standard]==0.110.2 \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\n", one("0.110.2")),
        ("# fastapi==0.1\nfastapi (>=0.100)  # why\n", allowed(">=0.100")),
        ("-e .\n--index-url https://x\nfastapi-users==1.0\n", ANY),
        ("fastapi @ https://x/fastapi-0.110.2.whl\n", ANY),
        ("fastapi==0.110.*\n", allowed("==0.110.*")),
    ],
)
def test_requirements(folder: Folder, text: str, expected: Range) -> None:
    assert folder.write("requirements.txt", text).allowed() == expected


def test_requirements_that_include_others(folder: Folder) -> None:
    folder.write("requirements.txt", "-r deps/base.txt\n-c missing.txt\n")
    folder.write("deps/base.txt", "-r ../requirements.txt\n--requirement more.txt\n").write(
        "deps/more.txt", "fastapi==0.2"
    )
    assert folder.allowed() == one("0.2")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_requirements_that_powershell_has_written(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "requirements.txt").write_bytes("fastapi==0.2\r\nredis==5.0\r\n".encode(encoding))
    versions = Versions(Finder(Ready().libraries))
    assert versions.allowed("fastapi", str(tmp_path / "api.py")) == one("0.2")
    assert not versions.problems


def test_a_folder_of_requirements(folder: Folder) -> None:
    folder.write("requirements/base.in", "fastapi>=0.1").write("requirements/base.txt", "fastapi==0.2\n")
    assert folder.allowed() == one("0.2")


@pytest.mark.parametrize(
    "text",
    [
        PROJECT.format(">=0.1,<0.2"),
        '[project.optional-dependencies]\nweb = ["fastapi>=0.1,<0.2"]\n',
        '[dependency-groups]\nweb = [{include-group = "x"}, "fastapi>=0.1,<0.2"]\n',
        '[project]\ndependencies = ["fastapi>=0.1"]\n[tool.uv]\nconstraint-dependencies = ["fastapi<0.2"]\n',
        '[tool.pdm.dev-dependencies]\nweb = ["fastapi>=0.1,<0.2"]\n',
        '[tool.poetry.dependencies]\nfastapi = "~0.1"\n',
        '[tool.poetry.group.web.dependencies]\nFastAPI = {version = "^0.1", extras = ["all"]}\n',
        '[tool.poetry.dependencies]\nfastapi = [{version = ">=0.1,<0.2", python = ">3.8"}]\n',
    ],
)
def test_ranges_in_a_pyproject(folder: Folder, text: str) -> None:
    assert folder.write("pyproject.toml", text).allowed() == allowed(">=0.1,<0.2")


def test_requirements_of_which_one_environment_has_only_one(folder: Folder) -> None:
    folder.write("pyproject.toml", '[project.optional-dependencies]\nold = ["fastapi<0.1"]\nnew = ["fastapi>=0.1"]\n')
    assert folder.allowed() == (*allowed("<0.1"), *allowed(">=0.1"))


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("pyproject.toml", 'fastapi = "\n', "it is broken TOML"),
        ("pyproject.toml", f"fastapi = {'[' * 9999}", "it is nested too deeply"),
        ("uv.lock", '[[package]]\nname = "fastapi"\n<<<<<<< HEAD\nversion = "1"\n', "it is broken TOML"),
        ("requirements.txt", b"fast\xff==0.1", "it is not UTF-8"),
    ],
)
def test_what_is_broken_is_told_once_and_passed_over(tmp_path: Path, name: str, text: str | bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    (tmp_path / "requirements-x.txt").write_text("fastapi==0.2\n")
    versions = Versions(Finder(Ready().libraries))
    assert versions.allowed("fastapi", str(tmp_path / "api.py")) == one("0.2")
    versions.allowed("sqlalchemy", str(tmp_path / "api.py"))
    assert [line.partition(": ")[0] for line in versions.problems] == [str(tmp_path / name)]
    assert reason in versions.problems[0]


@pytest.mark.parametrize(
    "text",
    [
        'project = "fastapi"\n',
        '[project]\ndependencies = "fastapi"\n',
        '[project]\ndependencies = [1, "fastapi>="]\n',
        'dependency-groups = ["fastapi"]\n[tool]\npoetry = 3\n',
        '[tool.poetry.dependencies]\nfastapi = {git = "https://x"}\n',
    ],
)
def test_tables_of_another_shape(folder: Folder, text: str) -> None:
    assert folder.write("pyproject.toml", text).allowed() == ANY


def test_nothing_is_read_twice(folder: Folder) -> None:
    folder.write("uv.lock", LOCK.format("fastapi", "0.2")).write("pyproject.toml", PROJECT.format(""))
    versions = folder.versions
    path = str(folder.root / "shop/api.py")
    assert versions.allowed("fastapi", path) == one("0.2")
    (folder.root / "uv.lock").unlink()
    assert versions.allowed("fastapi", path) == versions.allowed("fastapi", path.replace("api", "web")) == one("0.2")


ENDS = {"0": "late", "0.106": "early", "0.118": "late again"}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, {"late", "early", "late again"}),
        ({"requirements.txt": "fastapi\n"}, {"late again"}),
        ({"pyproject.toml": PROJECT.format(">=0.100,<1")}, {"late again"}),
        ({"requirements.txt": "fastapi>=0.100,<0.116\n"}, {"early"}),
        ({"requirements.txt": "fastapi @ https://x/fastapi-0.110.2.whl\n"}, {"late", "early", "late again"}),
        ({"requirements.txt": "fastapi\n", "constraints.txt": "fastapi==0.110.2\n"}, {"early"}),
        ({"requirements.in": "fastapi\n", "requirements.lock": "fastapi==0.110.2\n"}, {"early"}),
        ({"requirements.txt": "fastapi\n", "uv.lock": LOCK.format("fastapi", "0.100")}, {"late"}),
        (
            {"requirements.txt": "fastapi\n", "Pipfile.lock": '{"default": {"fastapi": {"version": "==0.110.2"}}}'},
            {"early"},
        ),
        (
            {"shop/requirements.txt": "fastapi>0.110\n", "uv.lock": LOCK.format("fastapi", "0.100")},
            {"early", "late again"},
        ),
    ],
)
def test_an_installer_takes_the_newest_of_an_open_range(
    folder: Folder, files: dict[str, str], expected: set[str]
) -> None:
    for name, text in files.items():
        folder.write(name, text)
    assert folder.versions.holding_anew(ENDS, "fastapi", str(folder.root / "shop/api.py")) == expected


def test_a_lock_of_pipenv_that_is_broken(folder: Folder) -> None:
    versions = folder.write("Pipfile", "").write("Pipfile.lock", "{").versions
    assert versions.allowed("fastapi", str(folder.root / "shop/api.py")) == ANY
    assert [line.rpartition(": ")[2] for line in versions.problems] == ["it is broken JSON"]
