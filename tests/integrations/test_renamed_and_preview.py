"""Rules that had another code before, and rules that are on trial, as another distribution brings them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.integrations.test_plugins import APP, RULE, Site

from poolint.rules.renamed import RENAMED

if TYPE_CHECKING:
    from tests.integrations.test_plugins import Command

NOW = "XYZ1 is called XYZ101 now"
REFRESH = ("XYZ101", 6)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    path = tmp_path / "project"
    path.mkdir()
    (path / "app.py").write_text(APP)
    return path


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "site")


def renamed(site: Site) -> Site:
    """A rule with a code that it has not always had."""
    site.install("house", "house", RULE, XYZ101="NoRefresh")
    points = site.path / "house-1.0.dist-info" / "entry_points.txt"
    points.write_text(points.read_text() + "[poolint.renamed]\nXYZ1 = XYZ101\nno-reload = XYZ101\n")
    return site


def on_trial(site: Site) -> Site:
    """A rule that runs only in preview."""
    site.install(
        "house", "house", RULE.replace('name="no-refresh",', 'name="no-refresh", preview=True,'), XYZ101="NoRefresh"
    )
    return site


def found(poolint: Command, project: Path, site: Site, *arguments: str) -> tuple[list[tuple[str, int]], str]:
    ran = poolint("check", "--no-cache", "--output-format=json", *arguments, cwd=project, env=site.env)
    assert ran.returncode in (0, 1), ran.stderr
    rows = json.loads(ran.stdout)
    return [(one["code"], one["location"]["row"]) for one in rows if one["code"].startswith("XYZ")], ran.stderr


@pytest.mark.parametrize(
    ("arguments", "is_on"),
    [
        (["--select=XYZ1"], True),
        (["--select=no-reload"], True),
        (["--ignore=XYZ1"], False),
        (["--select=XYZ,POL", "--extend-ignore=XYZ1"], False),
        (["--per-file-ignores=app.py:XYZ1"], False),
        (["--config", "select = ['XYZ1']"], True),
    ],
)
def test_an_old_code_selects_what_it_has_become(
    poolint: Command, site: Site, project: Path, arguments: list[str], is_on: bool
) -> None:
    codes, told = found(poolint, project, renamed(site), *arguments)
    assert codes == ([REFRESH] if is_on else [])
    assert told.count(" is called XYZ101 now") == 1


def test_the_line_says_where_the_old_code_stands(poolint: Command, site: Site, project: Path) -> None:
    (project / "poolint.toml").write_text('ignore = ["XYZ1"]\n')
    assert found(poolint, project, renamed(site)) == ([], f"poolint: warning: poolint.toml: ignore: {NOW}\n")


@pytest.mark.parametrize("comment", ["# poolint: ignore[XYZ1]", "# noqa: XYZ1", "# poolint: ignore[no-reload] why"])
def test_a_comment_with_an_old_code_silences(poolint: Command, site: Site, project: Path, comment: str) -> None:
    text = APP.replace("refresh(user)", f"refresh(user)  {comment}")
    for name in ("app.py", "more.py"):
        (project / name).write_text(text)
    codes, told = found(poolint, project, renamed(site))
    assert codes == []
    assert told.startswith("poolint: warning: app.py:6: ")
    assert told.count(" is called XYZ101 now") == 1, "once, however many files have it"
    (project / "more.py").unlink()
    (project / "app.py").write_text(text.replace("await session.refresh", "await session.flush"))
    ran = poolint("check", "--no-cache", "--output-format=concise", "--ignore=POL1", cwd=project, env=site.env)
    assert "POL902" in ran.stdout


def test_the_rule_is_explained_by_its_old_code(poolint: Command, site: Site, project: Path) -> None:
    ran = poolint("rule", "XYZ1", cwd=project, env=renamed(site).env)
    assert ran.stdout.startswith("# no-refresh (XYZ101)")
    assert NOW in ran.stderr


def test_a_rule_on_trial_waits_for_preview(poolint: Command, site: Site, project: Path) -> None:
    on_trial(site)
    assert found(poolint, project, site) == ([], "")
    codes, told = found(poolint, project, site, "--extend-select=XYZ101")
    assert codes == []
    assert "--extend-select: rule XYZ101 is on trial, and runs only with `preview`" in told
    assert found(poolint, project, site, "--select=ALL") == ([], ""), "a prefix asks for nothing in particular"
    assert found(poolint, project, site, "--preview") == ([REFRESH], "")
    (project / "poolint.toml").write_text("preview = true\n")
    assert found(poolint, project, site) == ([REFRESH], "")
    assert found(poolint, project, site, "--no-preview") == ([], "")
    assert found(poolint, project, site, "--ignore=XYZ") == ([], "")


def test_it_is_said_why_a_rule_on_trial_is_silent(poolint: Command, site: Site, project: Path) -> None:
    ran = poolint("rule", "XYZ101", cwd=project, env=on_trial(site).env)
    assert "On trial: it runs only with `preview = true` or `--preview`" in ran.stdout


def test_our_own_table_leads_to_rules_that_there_are() -> None:
    from poolint.docs import own_rules

    codes = {rule.meta.code for rule in own_rules()}
    assert set(RENAMED.values()) <= codes
    assert not codes & RENAMED.keys()
