"""``poolint budget``: deployments as a table and as JSON, and what the command does with what it cannot use.

The projects stand in ``tests/fixtures/budget``, with what is expected of them beside.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from poolint.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable

    Budget = Callable[..., str]

ROOT = Path(__file__).parents[2]
PROJECTS = ROOT / "tests" / "fixtures" / "budget"
NAMES = sorted(path.name for path in PROJECTS.iterdir() if path.is_dir())


@pytest.fixture
def budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Budget:
    """``budget("compose", "--surge")`` copies a project and gives what is written for it, with the exit code."""
    monkeypatch.setenv("NO_COLOR", "1")

    def ask(project: str, *options: str, code: int = 0) -> str:
        here = tmp_path / project
        if not here.exists():
            shutil.copytree(PROJECTS / project, here)
        monkeypatch.chdir(here)
        capsys.readouterr()
        assert main(["budget", *options]) == code
        return capsys.readouterr().out

    return ask


def as_json(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(text)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_the_table(name: str, budget: Budget) -> None:
    expected = (PROJECTS / f"{name}.txt").read_text(encoding="utf-8")
    assert budget(name, code=int("over by" in expected)) == expected


@pytest.mark.parametrize("name", NAMES)
def test_the_json(name: str, budget: Budget, tmp_path: Path) -> None:
    found = as_json(
        budget(name, "--output-format", "json", code=int("over by" in (PROJECTS / f"{name}.txt").read_text()))
    )
    expected = (PROJECTS / f"{name}.json").read_text(encoding="utf-8").replace("ROOT", str(tmp_path / name))
    assert found == as_json(expected)


def test_workers_and_migrations_count(budget: Budget) -> None:
    """Each process of the web service and of the worker has size and overflow, and the migration takes one."""
    [found] = as_json(budget("compose", "--output-format", "json", code=1))
    parts = {(one["service"]): one for one in found["pools"]}
    assert parts["backend"]["connections"] == 2 * 4 * (15 + 5)
    assert parts["worker"]["connections"] == 8 * (15 + 5)
    assert parts["worker"]["kind"] == "worker"
    assert found["migrations"]["value"] == 1
    assert found["available"] == 200 - 3 - 1
    assert found["total"] == sum(one["connections"] for one in found["pools"]) > found["available"]


def test_a_rolling_update_starts_more(budget: Budget) -> None:
    before, _ = as_json(budget("chart", "--output-format", "json"))
    after, _ = as_json(budget("chart", "--output-format", "json", "--surge"))
    assert [one["replicas"]["value"] for one in before["pools"]] == [8, 3]
    assert [one["replicas"]["value"] for one in after["pools"]] == [9, 4]


def test_what_is_said_overrides_what_is_found(budget: Budget, tmp_path: Path) -> None:
    budget("procfile")
    with (tmp_path / "procfile" / "pyproject.toml").open("a") as file:
        file.write(
            "\n[tool.poolint.budget.services.mailer]\nprocesses = 1\nthreads = 3\nreplicas = 2\n"
            "\n[tool.poolint.budget.services.nightly]\nprocesses = 1\nreplicas = 1\nengines = ['engine']\n"
        )
    [found] = as_json(budget("procfile", "--output-format", "json"))
    parts = {(one["service"], one["pool"]): one["connections"] for one in found["pools"]}
    assert parts["mailer", "store.mail.engine"] == 6
    assert parts["nightly", "store.db.engine"] == 4
    assert found["unknown"] == [
        {
            "key": "services.nightly.threads",
            "why": "nothing bounds `engine`, and nothing says it",
            "filename": str(tmp_path / "procfile" / "store" / "mail.py"),
            "location": {"row": 7},
        }
    ]


def test_a_table_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app.py").write_text(
        "from sqlalchemy import create_engine\nengine = create_engine('postgresql://db/app', pool_size=50)\n"
    )
    (tmp_path / "pyproject.toml").write_text(
        "[tool.poolint.budget]\nmax-connections = 100\n"
        "services.web = {processes = 2, replicas = 1, engines = ['app.engine']}\n"
    )
    assert main(["budget", "."]) == 1
    out = capsys.readouterr().out
    assert re.search(r"^ +120 +60 +2 +1  web: app.engine$", out, re.MULTILINE)
    assert "processes: `processes` (pyproject.toml:3)" in out
    assert main(["check", "."]) == 1
    assert "POL505" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("table", "error"),
    [
        ("max-connections = 'x'", "'max-connections' must be a number from 0, not 'x'"),
        (
            "services.web.workers = 1",
            "services.web: unknown key 'workers'; there are processes, threads, replicas, engines",
        ),
        ("limit = 1", "unknown key 'limit'; there are max-connections, reserve, migrations, surge, files, services"),
        ("surge = 1", "'surge' must be true or false, not a number"),
        ("services = 1", "'services' must be a table, not a number"),
        ("services.web = 1", "services.web: it must be a table, not a number"),
        ("files = 'a'", "'files' must be a list of strings"),
    ],
)
def test_a_bad_table_is_told(
    table: str, error: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text(f"[tool.poolint.budget]\n{table}\n")
    assert main(["budget"]) == 2
    assert capsys.readouterr().err == f"poolint: error: pyproject.toml: [tool.poolint.budget] {error}\n"


def test_how_far_an_engine_grows_can_be_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app.py").write_text(
        "from sqlalchemy import create_engine\n\n\ndef make(size):\n"
        "    return create_engine('postgresql://db/app', pool_size=size, max_overflow=0)\n"
    )
    (tmp_path / "compose.yaml").write_text("services:\n  web:\n    build: .\n    command: gunicorn -w 2 app:app\n")
    assert main(["budget", "--output-format", "json"]) == 0
    [found] = as_json(capsys.readouterr().out)
    assert [one["key"] for one in found["unknown"]] == ['services.web.engines = {"app.make" = …}', "max-connections"]
    (tmp_path / "pyproject.toml").write_text(
        "[tool.poolint.budget]\nmax-connections = 50\n[tool.poolint.budget.services.web.engines]\n'app.make' = 30\n"
    )
    assert main(["budget", "--output-format", "json"]) == 1
    [found] = as_json(capsys.readouterr().out)
    assert [(one["connections"], one["each"]["location"]) for one in found["pools"]] == [(60, {"row": 4})]


def test_nothing_says_how_it_is_deployed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["budget"]) == 0
    assert capsys.readouterr().out.startswith("Nothing says how this is deployed: ")
    assert main(["budget", "--output-format", "json"]) == 0
    assert capsys.readouterr().out == "[]\n"
    assert main(["budget", "nowhere"]) == 2
    assert capsys.readouterr().err == "poolint: error: nowhere: no such file or directory\n"


def test_broken_files_are_named_and_the_others_count(
    budget: Budget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    budget("procfile")
    here = tmp_path / "procfile"
    (here / "compose.yaml").write_text("services:\n  web:\n    image: 'app\n")
    (here / "Dockerfile").write_text("FROM x\nENV A='b\n")
    monkeypatch.chdir(here)
    assert main(["budget", "--output-format", "json"]) == 1
    out, err = capsys.readouterr()
    assert [Path(one["files"][0]).name for one in as_json(out)] == ["Procfile"]
    assert err.startswith("poolint: error: compose.yaml:4: broken YAML: ")


def test_a_folder_inside_asks_those_around_it(budget: Budget) -> None:
    whole = budget("procfile", "--output-format", "json")
    assert budget("procfile", "store", "--output-format", "json") == whole


def test_the_readme_of_the_example_is_true(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.chdir(ROOT / "examples" / "orders")
    assert main(["budget"]) == 1
    readme = (ROOT / "examples" / "orders" / "README.md").read_text(encoding="utf-8")
    assert f"```text\n$ poolint budget\n{capsys.readouterr().out}```\n" in readme


def test_the_readme_is_true(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.chdir(ROOT)
    main(["budget", "examples/orders"])
    out = capsys.readouterr().out.splitlines()
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.findall(r"\$ poolint budget examples/orders\n(.*?)```", readme, re.DOTALL)[0].splitlines()
    for line in shown:
        beginning = line.removesuffix("…").rstrip()
        assert any(each.startswith(beginning) for each in out), line


def test_neither_yaml_nor_dockerfiles_are_read_in_a_run_without_a_deployment(tmp_path: Path) -> None:
    import subprocess
    import sys

    (tmp_path / "app.py").write_text(
        "from sqlalchemy import create_engine\nengine = create_engine('postgresql://db/app', pool_size=50)\n"
    )
    code = "import sys; from poolint.cli.main import main; main(['.']); print(sorted(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "'yaml'" not in ran.stdout
    assert "'dockerfile_parse'" not in ran.stdout


def test_check_says_which_deployment_file_it_has_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No finding and no exit code comes of it: nothing is wrong with the code."""
    here = tmp_path / "compose"
    shutil.copytree(PROJECTS / "compose", here)
    monkeypatch.chdir(here)
    path = here / "compose.yaml"
    assert main(["check", "--select=POL505", "--certainty=possible", "."]) == 1
    assert "left out" not in capsys.readouterr().err
    path.write_text(path.read_text() + "x-deep: " + "[" * 500 + "]" * 500 + "\n")
    assert main(["check", "--select=POL505", "--certainty=possible", "."]) == 0
    row = len(path.read_text().splitlines())
    told = f"compose.yaml:{row}: lists and mappings stand in each other more than 100 deep; it is not read"
    assert capsys.readouterr().err.splitlines()[0] == f"poolint: warning: {told}"
