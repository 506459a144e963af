"""Imports across the packages of a repository, as its tools lay them out, from wherever poolint is started."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from poolint.config import ConfigError, load
from poolint.roots.finder import Finder
from poolint.screen import Ready

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LIBRARIES = Ready().libraries
SESSIONS = """\
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

maker = async_sessionmaker(create_async_engine("postgresql+asyncpg://db/orders"))
"""
LEAK = """\
from {module} import maker


async def first():
    session = maker()
    return await session.get(object, 1)
"""


def write(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def found(root: Path, dotted: str, importer: str, *src: str) -> str | None:
    path = Finder(LIBRARIES, src).find(dotted, str(root / importer))
    return None if path is None else os.path.relpath(path, root).replace(os.sep, "/")


def toml(name: str, more: str = "", *needs: str) -> str:
    return f'[project]\nname = "{name}"\nversion = "1"\ndependencies = {json.dumps(needs)}\n{more}'


API = "services/api/src/shop_api/report.py"
LAYOUTS: dict[str, dict[str, str]] = {
    "uv workspace": {
        "pyproject.toml": '[tool.uv.workspace]\nmembers = ["libs/*", "services/*"]\n',
        "libs/db/pyproject.toml": toml("shop-db"),
        "libs/db/src/shop_db/__init__.py": SESSIONS,
        "services/api/pyproject.toml": toml(
            "shop-api", "[tool.uv.sources]\nshop-db = { workspace = true }\n", "shop-db"
        ),
        API: "",
    },
    "uv build backend": {
        "pyproject.toml": '[tool.uv.workspace]\nmembers = ["services/*", "libs/db"]\n',
        "libs/db/pyproject.toml": toml("shop-db", '[tool.uv.build-backend]\nmodule-root = "python"\n'),
        "libs/db/python/shop_db/__init__.py": SESSIONS,
        "services/api/pyproject.toml": toml("shop-api", "", "shop-db"),
        API: "",
    },
    "poetry path": {
        "libs/db/pyproject.toml": '[tool.poetry]\nname = "shop-db"\npackages = [{ include = "shop_db", from = "lib" }]\n',
        "libs/db/lib/shop_db/__init__.py": SESSIONS,
        "services/api/pyproject.toml": '[tool.poetry]\nname = "shop-api"\n[tool.poetry.dependencies]\n'
        'python = "^3.11"\nshop-db = { path = "../../libs/db", develop = true }\n',
        API: "",
    },
    "pdm": {
        ".git/HEAD": "",
        "libs/db/pyproject.toml": toml("shop-db", '[tool.pdm.build]\npackage-dir = "python"\n'),
        "libs/db/python/shop_db/__init__.py": SESSIONS,
        "services/api/pyproject.toml": toml(
            "shop-api", '[tool.pdm.dev-dependencies]\ndev = ["-e file:///${PROJECT_ROOT}/../../libs/db#egg=shop-db"]\n'
        ),
        API: "",
    },
    "hatch packages": {
        ".git/HEAD": "",
        "libs/db/pyproject.toml": toml(
            "shop-db", '[tool.hatch.build.targets.wheel]\npackages = ["python/inner/shop_db"]\n'
        ),
        "libs/db/python/inner/shop_db/sessions.py": "",
        "libs/db/python/inner/shop_db/__init__.py": SESSIONS,
        "services/api/pyproject.toml": toml("shop-api", "", "shop-db @ {root:uri}/../../libs/db"),
        API: "",
    },
    "hatch sources": {
        ".git/HEAD": "",
        "libs/db/pyproject.toml": toml("shop-db", '[tool.hatch.build.targets.wheel]\nsources = ["python"]\n'),
        "libs/db/python/shop_db/__init__.py": SESSIONS,
        "services/api/pyproject.toml": toml("shop-api"),
        API: "",
    },
    "setuptools package-dir": {
        ".git/HEAD": "",
        "libs/db/pyproject.toml": toml("shop-db", '[tool.setuptools.package-dir]\nshop_db = "python/core"\n'),
        "libs/db/python/core/__init__.py": SESSIONS,
        "services/api/pyproject.toml": toml("shop-api", "", "shop_db"),
        API: "",
    },
    "setuptools find": {
        ".git/HEAD": "",
        "libs/db/pyproject.toml": toml("shop-db", '[tool.setuptools.packages.find]\nwhere = ["python"]\n'),
        "libs/db/python/shop_db/__init__.py": SESSIONS,
        "services/api/pyproject.toml": toml("shop-api"),
        API: "",
    },
    "setup.cfg": {
        ".git/HEAD": "",
        "libs/db/setup.cfg": "[metadata]\nname = shop-db\n[options]\npackage_dir =\n    = python\n",
        "libs/db/python/shop_db/__init__.py": SESSIONS,
        "services/api/setup.cfg": "[metadata]\nname = shop-api\n[options]\ninstall_requires =\n    shop-db\n",
        API: "",
    },
    "setup.py": {
        ".git/HEAD": "",
        "libs/db/setup.py": "from setuptools import setup, find_packages\n"
        'setup(name="shop-db", package_dir={"": "python"}, packages=find_packages("python"))\n',
        "libs/db/python/shop_db/__init__.py": SESSIONS,
        "services/api/setup.py": 'from setuptools import setup\nsetup(name="shop-api", install_requires=["shop-db"])\n',
        API: "",
    },
    "plain folders": {
        ".git/HEAD": "",
        "libs/db/shop_db/__init__.py": SESSIONS,
        API: "",
    },
    "backend below the root": {
        ".git/HEAD": "",
        "backend/shop_db/__init__.py": SESSIONS,
        "backend/tests/test_orders.py": "",
        API: "",
    },
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_package_of_another_project_is_found(name: str, tmp_path: Path) -> None:
    write(tmp_path, LAYOUTS[name])
    path = found(tmp_path, "shop_db", API)
    assert path is not None
    assert (tmp_path / path).read_text(encoding="utf-8") == SESSIONS


def test_a_package_in_a_folder_of_another_name_has_its_modules_there(tmp_path: Path) -> None:
    write(tmp_path, LAYOUTS["setuptools package-dir"] | {"libs/db/python/core/pools.py": ""})
    assert found(tmp_path, "shop_db.pools", API) == "libs/db/python/core/pools.py"


def test_namespace_packages_are_put_together(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            ".git/HEAD": "",
            "libs/db/pyproject.toml": toml("acme-db"),
            "libs/db/src/acme/db/sessions.py": SESSIONS,
            "services/api/pyproject.toml": toml("acme-api", "", "acme-db"),
            "services/api/src/acme/api/report.py": "",
            "services/api/src/acme/api/words.py": "",
        },
    )
    importer = "services/api/src/acme/api/report.py"
    assert found(tmp_path, "acme.db.sessions", importer) == "libs/db/src/acme/db/sessions.py"
    assert found(tmp_path, "acme.api.words", importer) == "services/api/src/acme/api/words.py"
    assert found(tmp_path, "acme", importer) is None


TWINS = {
    ".git/HEAD": "",
    "libs/one/pyproject.toml": toml("one"),
    "libs/one/app/__init__.py": "",
    "libs/two/pyproject.toml": toml("two"),
    "libs/two/app/__init__.py": "",
    "libs/two/app/only.py": "",
    "services/a/pyproject.toml": toml("a", "", "two"),
    "services/a/web/views.py": "",
    "services/b/pyproject.toml": toml("b"),
    "services/b/web/views.py": "",
    "services/c/pyproject.toml": toml("c", "", "two"),
    "services/c/app/__init__.py": "",
    "services/c/app/main.py": "",
}


@pytest.mark.parametrize(
    ("importer", "module", "expected"),
    [
        ("services/c/app/main.py", "app", "services/c/app/__init__.py"),  # its own
        ("services/a/web/views.py", "app", "libs/two/app/__init__.py"),  # what it depends upon
        ("services/b/web/views.py", "app", None),  # one of three
        ("services/b/web/views.py", "app.only", "libs/two/app/only.py"),  # there is one
    ],
)
def test_of_several_packages_of_a_name(importer: str, module: str, expected: str | None, tmp_path: Path) -> None:
    assert found(write(tmp_path, TWINS), module, importer) == expected


def test_what_was_asked_before_changes_nothing(tmp_path: Path) -> None:
    write(tmp_path, TWINS)
    asked = [
        (one, module) for one in sorted(TWINS) if one.endswith(".py") for module in ("app", "app.only", "web.views")
    ]
    forth, back = Finder(LIBRARIES), Finder(LIBRARIES)
    told = {(one, module): forth.find(module, str(tmp_path / one)) for one, module in asked}
    assert told == {(one, module): back.find(module, str(tmp_path / one)) for one, module in reversed(asked)}


def test_settings_decide(tmp_path: Path) -> None:
    write(tmp_path, TWINS | {"pyproject.toml": '[tool.poolint]\nsrc = ["libs/o*", "services/b"]\n'})
    src = load(str(tmp_path)).src
    assert found(tmp_path, "app", "services/b/web/views.py", *src) == "libs/one/app/__init__.py"
    assert found(tmp_path, "app.only", "services/b/web/views.py", *src) is None


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ('["lib"]', "'src' names 'lib'"),
        ('[""]', "'src' names ''"),
        ('"lib"', "'src' must be a list"),
        ("[1]", "a number"),
    ],
)
def test_settings_that_name_no_folder(value: str, reason: str, tmp_path: Path) -> None:
    write(tmp_path, {"pyproject.toml": f"[tool.poolint]\nsrc = {value}\n"})
    with pytest.raises(ConfigError, match=r"pyproject\.toml") as error:
        load(str(tmp_path))
    assert reason in str(error.value)


@pytest.mark.parametrize(
    ("files", "importer", "module", "expected"),
    [
        # A file is called like the library that it imports, and so is one beside it.
        ({"shop/__init__.py": "", "shop/redis.py": "import redis"}, "shop/redis.py", "redis", None),
        ({"shop/__init__.py": "", "shop/redis.py": "", "shop/a.py": ""}, "shop/a.py", "redis", None),
        ({"redis.py": "import redis", "a.py": ""}, "redis.py", "redis", None),
        ({"redis.py": "import redis", "a.py": ""}, "a.py", "redis", None),
        ({"redis/__init__.py": "", "a.py": ""}, "a.py", "redis", None),
        # A part of a package is of the project's own, unless that depends upon the library, or makes it.
        ({"redis/__init__.py": "", "redis/pool.py": "", "a.py": ""}, "a.py", "redis.pool", "redis/pool.py"),
        (
            {"pyproject.toml": toml("shop", "", "redis"), "redis/__init__.py": "", "redis/pool.py": "", "a.py": ""},
            "a.py",
            "redis.pool",
            None,
        ),
        (
            {"pyproject.toml": toml("redis", ""), "redis/__init__.py": "", "redis/pool.py": "", "tests/a.py": ""},
            "tests/a.py",
            "redis.pool",
            None,
        ),
        # The same for one that has no model.
        ({"partnerkit.py": "import partnerkit", "a.py": ""}, "partnerkit.py", "partnerkit", None),
        ({"partnerkit.py": "from partnerkit import x", "a.py": ""}, "a.py", "partnerkit", None),
        ({"s/__init__.py": "", "s/kit.py": "import kit", "s/a.py": ""}, "s/a.py", "kit", None),
        ({"kit.py": "", "a.py": ""}, "a.py", "kit", "kit.py"),
        # A folder beside it is meant by what it imports.
        ({"kit.py": "from kit.pools import x", "kit/pools.py": "", "a.py": ""}, "a.py", "kit", "kit.py"),
        # And for one of the standard library, from below the package that has it.
        ({"shop/__init__.py": "", "shop/typing.py": "", "shop/jobs/a.py": ""}, "shop/jobs/a.py", "typing", None),
        ({"queue.py": "", "a.py": ""}, "a.py", "queue", None),
        # Beside a script Python looks first, and a folder may be the library itself.
        ({"queue.py": "", "a.py": 'if __name__ == "__main__":\n    pass\n'}, "a.py", "queue", "queue.py"),
        ({"queue.py": "", "a.py": 'text = """\nif __name__ == "__main__":\n"""\n'}, "a.py", "queue", None),
        ({"platform/__init__.py": "", "platform/db.py": "", "a.py": ""}, "a.py", "platform.db", "platform/db.py"),
        ({"redis/__init__.py": "", "redis/client.py": ""}, "redis/client.py", "redis", "redis/__init__.py"),
        (
            {"google/cloud/spanner/a.py": "", "google/cloud/spanner/b.py": ""},
            "google/cloud/spanner/a.py",
            "google.cloud.spanner.b",
            "google/cloud/spanner/b.py",
        ),
        # A folder of the services is only called so.
        ({"services/redis/__init__.py": "", "services/redis/a.py": ""}, "services/redis/a.py", "redis", None),
        # A stray `__init__` at the root of the repository.
        ({"__init__.py": "", "app/__init__.py": "", "app/a.py": ""}, "app/a.py", "app", "app/__init__.py"),
        # A folder of a package that is run as a script's.
        ({"app/__init__.py": "", "app/a.py": "", "app/words.py": ""}, "app/a.py", "words", "app/words.py"),
    ],
)
def test_a_module_called_like_a_library(
    files: dict[str, str], importer: str, module: str, expected: str | None, tmp_path: Path
) -> None:
    assert found(write(tmp_path, {".git/HEAD": "", **files}), module, importer) == expected


def test_a_name_that_the_project_depends_upon_is_no_folder_of_the_repository(tmp_path: Path) -> None:
    files = {".git/HEAD": "", "pyproject.toml": toml("shop", "", "kit"), "stubs/kit/__init__.py": "", "shop/a.py": ""}
    assert found(write(tmp_path, files), "kit", "shop/a.py") is None
    (tmp_path / "pyproject.toml").write_text(toml("shop"), encoding="utf-8")
    assert found(tmp_path, "kit", "shop/a.py") == "stubs/kit/__init__.py"


@pytest.mark.parametrize("mark", [".gitignore", ".github/workflows/ci.yml"])
def test_files_that_were_taken_out_of_a_repository_have_its_root(mark: str, tmp_path: Path) -> None:
    files = {"cron/setup.py": "", "cron/src/cron/mail.py": "", "cron/.gitignore": ""}
    files |= {"api/setup.py": "", "api/src/api/__init__.py": "", "api/src/api/mail.py": ""}
    write(tmp_path, files)
    assert found(tmp_path, "api.mail", "cron/src/cron/mail.py") is None
    assert found(write(tmp_path, {mark: ""}), "api.mail", "cron/src/cron/mail.py") == "api/src/api/mail.py"


def test_what_a_repository_installs_of_itself(tmp_path: Path) -> None:
    installed = "-e git+https://git.example/shop.git#egg=api&subdirectory=api\n"
    files = {".git/HEAD": "", "cron/requirements.txt": installed, "cron/src/cron/mail.py": "", "old/api/mail.py": ""}
    files |= {"api/src/api/__init__.py": "", "api/src/api/mail.py": "", "old/api/__init__.py": ""}
    files |= {"api/setup.py": 'setup(name="api", package_dir={"": "src"})', "api/setup.cfg": "[metadata]\nname = app\n"}
    files |= {"cron/setup.py": 'setup(name="cron", package_dir={"": "src"})', "old/setup.py": 'setup(name="api-old")'}
    assert found(write(tmp_path, files), "api.mail", "cron/src/cron/mail.py") == "api/src/api/mail.py"
    (tmp_path / "cron/requirements.txt").write_text("", encoding="utf-8")
    assert found(tmp_path, "api.mail", "cron/src/cron/mail.py") is None  # either of two


@pytest.mark.parametrize("text", ["[project", "\0", '[project]\nname = 1\n[tool]\nuv = "x"\n', "[[[[" * 10_000, "\xff"])
def test_project_files_that_are_broken_say_nothing(text: str, tmp_path: Path) -> None:
    files = {".git/HEAD": "", "libs/db/shop_db/__init__.py": "", "libs/db/pyproject.toml": text, API: ""}
    files |= {"libs/db/setup.cfg": text, "libs/db/setup.py": text}
    assert found(write(tmp_path, files), "shop_db", API) == "libs/db/shop_db/__init__.py"


def test_folders_are_listed_once_and_packages_not_walked_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {".git/HEAD": "", **{f"shop/sub{n}/deep/{m}.py": "" for n in range(20) for m in "abc"}}
    files |= {f"shop/sub{n}/__init__.py": "" for n in range(20)} | {"shop/__init__.py": "", "a/x.py": ""}
    write(tmp_path, files)
    listed: list[str] = []
    real = os.listdir
    monkeypatch.setattr(os, "listdir", lambda folder: [listed.append(folder), real(folder)][1])  # type: ignore[func-returns-value]
    finder = Finder(LIBRARIES)
    for number in range(200):
        finder.find(f"unknown{number}", str(tmp_path / "a/x.py"))
    assert len(listed) == len(set(listed))
    assert not any("sub" in os.path.relpath(one, tmp_path) for one in listed)


def checked(cwd: Path, *arguments: str) -> list[tuple[str, str, int]]:
    command = [sys.executable, "-m", "poolint", "check", "--output-format", "json", "--exit-zero", *arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=True, timeout=60)
    told = json.loads(done.stdout)
    return sorted((os.path.realpath(cwd / one["filename"]), one["code"], one["location"]["row"]) for one in told)


@pytest.mark.parametrize("name", ["uv workspace", "poetry path", "backend below the root"])
def test_findings_are_the_same_from_everywhere(name: str, tmp_path: Path) -> None:
    root = write(tmp_path / "real" / "repo", LAYOUTS[name] | {API: LEAK.format(module="shop_db")})
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "service").symlink_to(root / "services/api")
    told = checked(root, ".")
    assert [code for _, code, _ in told] == ["POL201"]
    assert checked(tmp_path, "real/repo") == told
    assert checked(tmp_path, "link/repo") == told
    assert checked(tmp_path / "link" / "repo") == told
    assert checked(root / "services", "./api") == told
    assert checked(root / "services/api", "../api/src/shop_api/report.py") == told
    assert checked(root / "services/api/src/shop_api") == told
    assert checked(tmp_path, str(root / API), str(root)) == told
    assert checked(tmp_path, "service/src/shop_api/report.py") == told


@pytest.mark.parametrize("folder", ["my-shop", "shop"])
def test_a_project_whose_own_folder_has_an_init(tmp_path: Path, folder: str) -> None:
    """Somebody has put an ``__init__`` beside the requirements; the project is run from there all the same."""
    root = write(tmp_path, {f"{folder}/{name}": "" for name in ("__init__.py", "requirements.txt", "api/db.py")})
    write(root, {f"{folder}/api/v1/{name}": "" for name in ("__init__.py", "routes.py")})
    assert found(root, "api.db", f"{folder}/api/v1/routes.py") == f"{folder}/api/db.py"
    assert found(root, "v1", f"{folder}/api/v1/routes.py") == f"{folder}/api/v1/__init__.py"


def test_a_folder_of_sources_with_an_init(tmp_path: Path) -> None:
    """Imports begin in a ``src`` although that has an ``__init__``; where that is meant itself, it is a package as well."""
    root = write(
        tmp_path, dict.fromkeys(("pyproject.toml", "src/__init__.py", "src/core/__init__.py", "src/core/db.py"), "")
    )
    write(root, dict.fromkeys(("src/api/__init__.py", "src/api/routes.py"), ""))
    assert found(root, "core.db", "src/api/routes.py") == "src/core/db.py"
    assert found(root, "src.core.db", "src/api/routes.py") == "src/core/db.py"


SERVED_INSIDE = {
    "pyproject.toml": "",
    "app/__init__.py": "",
    "app/config.py": "",
    "app/main.py": "from fastapi import FastAPI\nfrom config import settings\n",
    "app/db/__init__.py": "",
    "app/db/connection.py": "",
    "app/api/v1/orders.py": "",
}


def test_a_package_in_which_a_server_is_started(tmp_path: Path) -> None:
    """Its modules import each other without its name, from any depth, whatever folders have no ``__init__``."""
    write(tmp_path, SERVED_INSIDE)
    assert found(tmp_path, "db.connection", "app/api/v1/orders.py") == "app/db/connection.py"
    assert found(tmp_path, "config", "app/api/v1/orders.py") == "app/config.py"
    assert found(tmp_path, "db.engine", "app/api/v1/orders.py") is None


def test_a_package_in_which_nothing_is_started(tmp_path: Path) -> None:
    """What its own modules import by its name is no more a module of its own than others are."""
    write(tmp_path, SERVED_INSIDE | {"app/main.py": "from app.config import settings\n"})
    assert found(tmp_path, "db.connection", "app/api/v1/orders.py") is None


def test_a_part_of_a_package_is_no_module_of_its_own(tmp_path: Path) -> None:
    root = write(tmp_path, dict.fromkeys(("shop/__init__.py", "shop/yaml/__init__.py", "shop/api/__init__.py"), ""))
    assert found(root, "yaml", "shop/api/routes.py") is None


BESIDE = {
    ".git/HEAD": "",
    "src/common/db/Database.py": SESSIONS,
    "src/common/db/model.py": "",
    "src/api/app/__init__.py": "",
    "src/api/app/main.py": "",
    "src/scheduler/model.py": "",
}


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("Database", "src/common/db/Database.py"),
        ("model", None),
        ("json", None),
    ],
    ids=["the only one", "one of two", "a library's"],
)
def test_a_module_that_lies_in_no_package_is_found_where_it_is_the_only_one(
    module: str, expected: str | None, tmp_path: Path
) -> None:
    """An image copies it beside what imports it, or is told to search its folder."""
    write(tmp_path, BESIDE)
    assert found(tmp_path, module, "src/api/app/main.py") == expected


def test_a_module_that_a_project_depends_upon_is_no_file_that_lies_in_no_package(tmp_path: Path) -> None:
    write(tmp_path, {**BESIDE, "src/api/pyproject.toml": toml("shop-api", "", "Database")})
    assert found(tmp_path, "Database", "src/api/app/main.py") is None
