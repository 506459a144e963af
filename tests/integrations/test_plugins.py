"""Rules of other packages: found by their entry points, run, listed and explained like ours; broken ones are named."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import subprocess

Command = Callable[..., "subprocess.CompletedProcess[str]"]

RULE = '''
import libcst as cst

from poolint.rules.base import Meta, Rule, Subscription, Verdict

NAME = "sqlalchemy.ext.asyncio.AsyncSession.refresh"


class NoRefresh(Rule):
    """Finds rows that are read again.

    ## What it does
    Finds every `AsyncSession.refresh`.

    ## Why is this bad?
    This house has agreed to do without.

    ## Example
    ```python
    await session.refresh(user)
    ```

    ## Use instead
    ```python
    user = await session.get(User, user.id)
    ```

    ## When to ignore
    Never.
    """

    meta = Meta(
        code="XYZ101",
        name="no-refresh",
        summary="a row is read again",
        subscription=Subscription(names=frozenset({NAME})),
    )

    def visit_Call(self, node: cst.Call) -> None:
        call = self.facts.call(node)
        if call is not None and call.name == NAME:
            self.report(node, Verdict(f"`{call.receiver}` reads a row again", resource=call.receiver))
'''

APP = """\
from sqlalchemy.ext.asyncio import AsyncSession


async def save(session: AsyncSession, user: object) -> None:
    session.commit()
    await session.refresh(user)
"""


class Site:
    """A directory on the path of Python into which packages are installed by hand, as pip would leave them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()

    def install(self, distribution: str, module: str, code: str, **rules: str) -> None:
        (self.path / f"{module}.py").write_text(code)
        info = self.path / f"{module}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
        points = "".join(f"{name} = {module}:{attribute}\n" for name, attribute in rules.items())
        (info / "entry_points.txt").write_text(f"[poolint.rules]\n{points}")

    @property
    def env(self) -> dict[str, str]:
        return {"PYTHONPATH": os.pathsep.join(filter(None, [str(self.path), os.environ.get("PYTHONPATH")]))}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "site")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    path = tmp_path / "project"
    path.mkdir()
    (path / "app.py").write_text(APP)
    return path


def codes(ran: subprocess.CompletedProcess[str]) -> list[tuple[str, int, int]]:
    return [(one["code"], one["location"]["row"], one["location"]["column"]) for one in json.loads(ran.stdout)]


def test_its_rule_runs_beside_ours(poolint: Command, site: Site, project: Path) -> None:
    site.install("xyz-rules", "xyz_rules", RULE, XYZ101="NoRefresh")
    ran = poolint("check", "--output-format=json", "app.py", cwd=project, env=site.env)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert not ran.stderr
    assert codes(ran) == [("POL102", 5, 5), ("XYZ101", 6, 11)]
    found = json.loads(ran.stdout)[1]
    assert (found["name"], found["message"]) == ("no-refresh", "`session` reads a row again")


def test_it_is_selected_and_silenced_like_ours(poolint: Command, site: Site, project: Path) -> None:
    site.install("xyz-rules", "xyz_rules", RULE, XYZ101="NoRefresh")
    ran = poolint("check", "--select=XYZ", "--output-format=json", "app.py", cwd=project, env=site.env)
    assert codes(ran) == [("XYZ101", 6, 11)]
    (project / "app.py").write_text(APP.rstrip() + "  # poolint: ignore[XYZ101] agreed\n")
    ran = poolint("check", "--select=XYZ", "app.py", cwd=project, env=site.env)
    assert ran.returncode == 0


def test_it_is_listed_and_explained(poolint: Command, site: Site, project: Path) -> None:
    site.install("xyz-rules", "xyz_rules", RULE, XYZ101="NoRefresh")
    listed = poolint("rule", "--all", cwd=project, env=site.env)
    assert "XYZ101" in listed.stdout
    assert "no-refresh" in listed.stdout
    explained = poolint("rule", "XYZ101", cwd=project, env=site.env)
    assert explained.returncode == 0
    assert "This house has agreed to do without." in explained.stdout


def test_it_runs_under_flake8_where_flake8_selects_it(command: Command, site: Site, project: Path) -> None:
    site.install("xyz-rules", "xyz_rules", RULE, XYZ101="NoRefresh")
    ran = command(sys.executable, "-m", "flake8", "--isolated", "--select=POL,XYZ", "app.py", cwd=project, env=site.env)
    assert [line.split()[1] for line in ran.stdout.splitlines()] == ["POL102", "XYZ101"]


BROKEN = {
    "cannot be imported": ("import no_such_module\n", "no_such_module"),
    "is no rule": ("NoRefresh = 3\n", "is not a subclass of poolint.rules.base.Rule"),
    "is undocumented": (
        RULE.replace("## When to ignore", "## Whatever"),
        "lacks documentation: no section When to ignore",
    ),
    "has another code": (RULE.replace('"XYZ101"', '"XYZ102"'), "XYZ102"),
    "exits": ("raise SystemExit(3)\n", "SystemExit"),
    "takes a code of ours": (RULE.replace('"XYZ101"', '"POL102"'), "POL102"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_one_is_named_and_the_others_run(poolint: Command, site: Site, project: Path, how: str) -> None:
    code, reason = BROKEN[how]
    name = "POL102" if how == "takes a code of ours" else "XYZ101"
    site.install("broken-rules", "broken_rules", code, **{name: "NoRefresh"})
    site.install("good-rules", "good_rules", RULE.replace("XYZ101", "XYZ103"), XYZ103="NoRefresh")
    ran = poolint("check", "--output-format=json", "app.py", cwd=project, env=site.env)
    assert codes(ran) == [("POL102", 5, 5), ("XYZ103", 6, 11)]
    [line] = ran.stderr.splitlines()
    assert "broken-rules" in line
    assert repr(name) in line
    assert reason in line


def test_a_rule_that_crashes_is_a_finding_that_names_it(poolint: Command, site: Site, project: Path) -> None:
    crashing = RULE.replace("if call is not None and", "if call is not None and 1 / 0 and")
    site.install("xyz-rules", "xyz_rules", crashing, XYZ101="NoRefresh")
    ran = poolint("check", "--output-format=json", "app.py", cwd=project, env=site.env)
    assert ran.returncode == 2
    told = {one["code"]: one["message"] for one in json.loads(ran.stdout)}
    assert set(told) == {"POL102", "POL900"}
    assert "XYZ101" in told["POL900"]


def test_the_rule_of_the_documentation_is_one(poolint: Command, site: Site, project: Path) -> None:
    """The example in the documentation is taken out of it and installed as it stands there."""
    page = (Path(__file__).parents[2] / "docs" / "extending.md").read_text(encoding="utf-8")
    _, _, after = page.partition("## Rules of your own")
    code = after.partition("````python\n")[2].partition("````")[0]
    assert code
    site.install("our-rules", "our_rules", code, OUR101="ServerSideCursor")
    (project / "app.py").write_text(
        "from sqlalchemy.ext.asyncio import AsyncSession\nfrom sqlalchemy import text\n\n\n"
        'async def read(session: AsyncSession) -> None:\n    await session.stream(text("SELECT 1"))\n'
    )
    ran = poolint("check", "--select=OUR", "--output-format=json", "app.py", cwd=project, env=site.env)
    assert not ran.stderr
    assert codes(ran) == [("OUR101", 6, 11)]


def test_a_selected_rule_that_cannot_run_stops_the_run(poolint: Command, site: Site, project: Path) -> None:
    site.install("broken", "broken", "import nowhere_to_be_found\n", XYZ900="NoRefresh")
    for selection in ("--select=XYZ", "--select=ALL", "--extend-select=XYZ900"):
        ran = poolint("check", selection, "app.py", cwd=project, env=site.env)
        assert (ran.returncode, ran.stdout) == (2, "")
        assert "rule XYZ900 is selected and cannot run: broken 1.0: rule 'XYZ900' (broken:NoRefresh)" in ran.stderr
        assert "No module named 'nowhere_to_be_found'" in ran.stderr
    ran = poolint("check", "--select=ALL", "--ignore=XYZ900", "app.py", cwd=project, env=site.env)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "poolint: warning: broken 1.0" in ran.stderr


def test_flake8_names_a_broken_one_too(command: Command, site: Site, project: Path) -> None:
    site.install(
        "broken-rules", "broken_rules", RULE.replace("names=frozenset({NAME})", "roles={'strem'}"), XYZ101="NoRefresh"
    )
    ran = command(sys.executable, "-m", "flake8", "--isolated", "--select=POL,XYZ", "app.py", cwd=project, env=site.env)
    assert [line.split()[1] for line in ran.stdout.splitlines()] == ["POL102"]
    assert ran.stderr.startswith(
        "poolint: warning: broken-rules 1.0: rule 'XYZ101' (broken_rules:NoRefresh) subscribes to"
    )
    assert "the role 'strem' (did you mean 'stream'?)" in ran.stderr
