"""The Action for GitHub and the template for GitLab: their own scripts, run as the servers run them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
LEAK = "import asyncpg\n\n\nasync def f(pool: asyncpg.Pool) -> None:\n    pool.close()\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / "app").mkdir(parents=True)
    (root / "app/leak.py").write_text(LEAK)
    (root / "app/also.py").write_text(LEAK)
    return root


def shell(project: Path, script: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a script with bash as runners do: it ends with the first command that fails."""
    bin_of_poolint = Path(sys.executable).parent
    env = {**os.environ, "PATH": f"{bin_of_poolint}{os.pathsep}{os.environ['PATH']}", **variables}
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, check=False)


def action(project: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    told = yaml.safe_load((ROOT / "action.yml").read_text())
    given = {name: str(one["default"]) for name, one in told["inputs"].items()} | inputs
    [check] = [one for one in told["runs"]["steps"] if one["name"] == "Check"]
    env = {}
    for name, value in check["env"].items():
        assert value.startswith("${{ inputs.")
        env[name] = given[value[len("${{ inputs.") : -len(" }}")]]
    assert "${{" not in check["run"], "what somebody else has written must not become a part of the script"
    return shell(project, check["run"], GITHUB_STEP_SUMMARY=str(project / "summary.md"), **env)


def test_the_action_annotates_and_writes_reports(project: Path) -> None:
    ran = action(project)
    assert ran.returncode == 1, ran.stderr
    assert "::error title=poolint (POL101),file=app/leak.py,line=5," in ran.stdout
    results = json.loads((project / "poolint.sarif").read_bytes())["runs"][0]["results"]
    assert [one["ruleId"] for one in results] == ["POL101", "POL101"]
    assert "| `app/leak.py:5` | POL101 " in (project / "summary.md").read_text()


def test_the_action_takes_options_and_paths(project: Path) -> None:
    ran = action(project, paths="app/leak.py", args="--exit-zero --select POL1", sarif="")
    assert (ran.returncode, ran.stdout.count("::error")) == (0, 1), ran.stderr
    assert not (project / "poolint.sarif").exists()
    (project / "app/leak.py").write_text("import asyncpg\n")
    assert action(project, paths="app/leak.py").returncode == 0
    assert action(project, args="--select NOPE").returncode == 2
    hostile = action(project, paths="app; touch owned", args="$(touch owned)")
    assert hostile.returncode != 0
    assert not (project / "owned").exists()


def test_the_action_names_what_it_uses() -> None:
    told: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
    steps = {one["name"]: one for one in told["runs"]["steps"]}
    assert told["runs"]["using"] == "composite"
    assert all(one.get("shell") == "bash" for one in steps.values() if "run" in one)
    assert steps["Upload"]["with"]["sarif_file"] == "${{ inputs.sarif }}"
    assert "always()" in steps["Upload"]["if"], "findings are what makes the step before fail"


def test_the_template_for_gitlab_writes_its_report(project: Path) -> None:
    job = yaml.safe_load((ROOT / "templates/gitlab.yml").read_text())["poolint"]
    install, check = job["script"]
    assert install == 'python -m pip install --quiet --disable-pip-version-check "$POOLINT_PACKAGE"'
    ran = shell(project, check, **job["variables"])
    assert ran.returncode == 1
    assert "POL101" in ran.stdout
    found = json.loads((project / job["artifacts"]["reports"]["codequality"]).read_bytes())
    assert [one["location"]["path"] for one in found] == ["app/also.py", "app/leak.py"]
    assert (project / job["cache"]["paths"][0]).is_dir()
