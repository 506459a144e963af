"""The formats for other programs: what each of them says of one finding, of none, and of names that mean something to it."""

from __future__ import annotations

import importlib.metadata
import io
import json
import xml.etree.ElementTree as ET
from importlib.metadata import EntryPoint
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from msgspec.structs import replace

from poolint.cli.main import main
from poolint.config import ConfigError
from poolint.diagnostics import Applicability, Diagnostic, Edit, Fix, Position, Range, Step
from poolint.output import style
from poolint.output.formats import FOR_MACHINES, FOR_PEOPLE, FORMATS, GROUP, outputs, renderer
from poolint.output.report import Report
from poolint.rules import registry

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA = Path(__file__).parent / "schemas" / "sarif-schema-2.1.0.json"
"""The official one, of the OASIS committee for SARIF, 2.1.0 with its errata."""

LEAK = """\
import asyncpg


async def total(pool: asyncpg.Pool) -> int:
    conn = await pool.acquire()
    naïve = "é"; conn.close()
    return await conn.fetchval("SELECT 1")
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_ACTIONS", "FORCE_COLOR", "POOLINT_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def made(root: Path, file: str = "app/a.py", **changes: Any) -> Diagnostic:
    place = Range(Position(6, 18), Position(6, 30))
    fix = Fix(Applicability.SAFE, "Add `await`", (Edit(Range(Position(6, 18), Position(6, 18)), "await "),))
    one = Diagnostic(
        "POL101",
        "unawaited-release",
        "`conn.close()` is never awaited: 100 % <sure>, a|b",
        str(root / file),
        place,
        function="total",
        resource="conn",
        path=(Step("checked out here", str(root / file), Range(Position(5, 5), Position(5, 32))),),
        fix=fix,
        fingerprint="0123456789abcdef",
    )
    return replace(one, **changes)


def written(name: str, *found: Diagnostic) -> str:
    return "\n".join(renderer(name)(Report(found, lambda _: LEAK.splitlines())))


def test_lines_for_servers(tmp_path: Path) -> None:
    one = made(tmp_path)
    over_rows = made(tmp_path, range=Range(Position(6, 18), Position(8, 2)))
    odd = made(tmp_path, "a,b:c;d].py")
    message = "`conn.close()` is never awaited: 100 % <sure>, a|b"
    assert written("pylint", one) == f"app/a.py:6: [POL101] {message}"
    percent = message.replace("%", "%25")
    head = "::error title=poolint (POL101),file=app/a.py,line=6"
    assert written("github", one) == f"{head},endLine=6,col=18,endColumn=30::POL101 {percent}"
    assert written("github", over_rows) == f"{head},endLine=8::POL101 {percent}"
    assert "file=a%2Cb%3Ac;d].py," in written("github", odd)
    assert written("github", made(tmp_path, severity="note")).startswith("::notice ")
    assert written("azure", one) == (
        "##vso[task.logissue type=error;sourcepath=app/a.py;linenumber=6;columnnumber=18;code=POL101;]"
        + message.replace("%", "%AZP25")
    )
    assert "sourcepath=a,b:c%3Bd%5D.py;" in written("azure", odd)
    rule, inspection = written("teamcity", one, one).splitlines()[:2]
    assert rule == (
        "##teamcity[inspectionType id='POL101' name='unawaited-release' category='poolint' description='unawaited-release']"
    )
    found = message.replace("|", "||")
    place = "file='app/a.py' line='6' SEVERITY='ERROR'"
    assert inspection == f"##teamcity[inspection typeId='POL101' message='{found}' {place}]"
    *_, last = written("teamcity", made(tmp_path, message="it's [é] 𝒳", severity="note")).splitlines()
    assert "message='it|'s |[|0x00e9|] |0xd835|0xdcb3' " in last
    assert last.endswith("SEVERITY='INFO']")
    [line] = written("json-lines", one).splitlines()
    assert json.loads(line) == json.loads(written("json", one))[0]


def test_grouped(tmp_path: Path) -> None:
    second = made(tmp_path, range=Range(Position(16, 5), Position(16, 9)), fix=None)
    message = second.message
    assert written("grouped", made(tmp_path), second, made(tmp_path, "b.py")).splitlines() == [
        "app/a.py:",
        f"  6:18  POL101 [*] {message}",
        f"  16:5  POL101 {message}",
        "",
        "b.py:",
        f"  6:18  POL101 [*] {message}",
    ]


def test_gitlab(tmp_path: Path) -> None:
    found = json.loads(written("gitlab", made(tmp_path), made(tmp_path), made(tmp_path, fingerprint="")))
    assert found[0] == {
        "description": "POL101: `conn.close()` is never awaited: 100 % <sure>, a|b",
        "check_name": "unawaited-release",
        "fingerprint": "0123456789abcdef",
        "severity": "major",
        "location": {
            "path": "app/a.py",
            "positions": {"begin": {"line": 6, "column": 18}, "end": {"line": 6, "column": 30}},
        },
    }
    assert len({one["fingerprint"] for one in found}) == 3
    assert json.loads(written("gitlab")) == []


def test_columns_of_rdjson_count_bytes(tmp_path: Path) -> None:
    [one] = json.loads(written("rdjson", made(tmp_path)))["diagnostics"]
    assert one["location"]["range"]["start"] == {"line": 6, "column": 20}  # two characters before it take two bytes
    assert one["suggestions"] == [
        {"range": {"start": {"line": 6, "column": 20}, "end": {"line": 6, "column": 20}}, "text": "await "}
    ]
    assert (one["code"], one["severity"]) == ({"value": "POL101"}, "ERROR")


@pytest.mark.parametrize("name", ["junit", "checkstyle"])
def test_documents_of_xml(name: str, tmp_path: Path) -> None:
    odd = made(tmp_path, 'a"<&>.py', message="a\x00 & <b> \x1b[31m")
    root = ET.fromstring(written(name, made(tmp_path), odd))
    if name == "junit":
        assert [suite.get("name") for suite in root] == ["app/a.py", 'a"<&>.py']
        assert (root.get("tests"), root.get("failures")) == ("2", "2")
        [case] = root[0]
        assert (case.get("name"), case.get("line")) == ("POL101 unawaited-release:6:18", "6")
        [failure] = case
        assert (failure.text or "").startswith("app/a.py:6:18: POL101 `conn.close()`")
    else:
        assert [file.get("name") for file in root] == ["app/a.py", 'a"<&>.py']
        assert root[0][0].attrib == {
            "line": "6",
            "column": "18",
            "severity": "error",
            "message": f"POL101 {made(tmp_path).message}",
            "source": "poolint.POL101",
        }
    noted = ET.fromstring(written(name, made(tmp_path, severity="note")))[0][0]
    if name == "junit":
        assert (noted[0].get("message") or "").startswith("note: `conn.close()`")
    else:
        assert noted.get("severity") == "info"
    empty = ET.fromstring(written(name))
    assert [one.get("failures") for one in empty] == (["0"] if name == "junit" else [])


def test_markdown(tmp_path: Path) -> None:
    *_, row = written("markdown", made(tmp_path)).splitlines()
    assert row == (
        r"| `app/a.py:6` | POL101 unawaited-release | `conn.close()` is never awaited: 100 % \<sure\>, a\|b |"
    )
    assert "| warning: `conn.close()`" in written("markdown", made(tmp_path, severity="warning"))
    assert written("pylint", made(tmp_path, severity="note")).startswith("app/a.py:6: [POL101] note: `conn.close()`")
    assert written("markdown") == "### poolint found nothing"


def test_sarif_is_valid_and_tells_all(tmp_path: Path) -> None:
    schema = json.loads(SCHEMA.read_bytes())
    elsewhere = made(tmp_path.parent, "é x.py", code="XYZ001", name="of-a-plugin", fix=None, path=())
    crash = made(tmp_path, code="POL900", name="crash", fix=None, path=(), fingerprint="")
    for found in ([], [made(tmp_path), elsewhere, made(tmp_path)], [crash]):
        log = json.loads(written("sarif", *found))
        jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker()).validate(log)
        [run] = log["runs"]
        assert [one["ruleId"] for one in run["results"]] == [one.code for one in found]
        assert run["invocations"] == [{"executionSuccessful": crash not in found}]
        for one in run["results"]:
            assert run["tool"]["driver"]["rules"][one["ruleIndex"]]["id"] == one["ruleId"]
    log = json.loads(written("sarif", made(tmp_path), elsewhere))
    [run] = log["runs"]
    ours, theirs = run["tool"]["driver"]["rules"]
    assert "Why is this bad" in ours["help"]["markdown"]
    assert theirs == {"id": "XYZ001", "name": "of-a-plugin"}
    one, other = run["results"]
    assert one["partialFingerprints"] == {"poolint/v1": "0123456789abcdef"}
    region = {"startLine": 6, "startColumn": 18, "endLine": 6, "endColumn": 30}
    artifact = {"uri": "app/a.py", "uriBaseId": "SRCROOT"}
    assert one["locations"] == [{"physicalLocation": {"artifactLocation": artifact, "region": region}}]
    [flow] = one["codeFlows"]
    [step] = flow["threadFlows"][0]["locations"]
    assert step["location"]["message"] == {"text": "checked out here"}
    assert one["relatedLocations"] == [{"id": 0, **step["location"]}]
    [change] = one["fixes"][0]["artifactChanges"]
    assert change["replacements"][0]["insertedContent"] == {"text": "await "}
    uri = other["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == (tmp_path.parent / "é x.py").as_uri()


def test_sarif_tells_what_is_suppressed(here: Path) -> None:
    (here / "pyproject.toml").write_text("[tool.poolint]\n")
    (here / "leak.py").write_text(LEAK, encoding="utf-8")
    assert main(["baseline", "leak.py"]) == 0
    comment = "  # poolint: ignore[POL101] it is, below"
    (here / "other.py").write_text(LEAK.replace("conn.close()", f"conn.close(){comment}"), encoding="utf-8")
    ranged = LEAK.replace("    naïve", "    # poolint: disable[POL101]\n    naïve").replace(
        "    return", "    # poolint: enable[POL101]\n    return"
    )
    (here / "ranged.py").write_text(ranged, encoding="utf-8")
    (here / "tests").mkdir()
    (here / "tests" / "test_pool.py").write_text(LEAK, encoding="utf-8")
    for _ in "cold", "warm":
        main(["check", "--select=POL101,POL202", "--output-format=sarif=report.sarif", "."])
        log = json.loads((here / "report.sarif").read_bytes())
        schema = json.loads(SCHEMA.read_bytes())
        jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker()).validate(log)
        found = {
            (one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], one["ruleId"]): one["suppressions"]
            for one in log["runs"][0]["results"]
        }
        assert found["leak.py", "POL101"] == [
            {"kind": "external", "justification": "known by poolint-baseline.txt"},
        ]
        assert found["other.py", "POL101"] == [{"kind": "inSource", "justification": "it is, below"}]
        assert found["ranged.py", "POL101"] == [{"kind": "inSource"}]
        assert found["tests/test_pool.py", "POL101"] == [], "all results have the key, or none"


class Described:
    """A distribution that says where its rules are documented."""

    name = "poolint"

    @property
    def metadata(self) -> Described:
        return self

    def get_all(self, key: str) -> list[str]:
        return ["Home, https://example.org", "Rules, https://example.org/rules.html"] if key == "Project-URL" else []


@pytest.fixture
def documented(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where the rules of poolint are documented, for this test."""
    real = registry._points()[0]
    point = SimpleNamespace(name="POL101", value=real.value, dist=Described(), load=real.load)
    monkeypatch.setattr(registry, "_points", lambda: [point])
    registry.addresses.cache_clear()
    yield "https://example.org/rules.html#pol101-unawaited-release"
    registry.addresses.cache_clear()


def test_each_format_that_can_links_the_rule(tmp_path: Path, documented: str) -> None:
    one = made(tmp_path)
    [rule] = json.loads(written("sarif", one))["runs"][0]["tool"]["driver"]["rules"]
    assert rule["helpUri"] == documented
    assert json.loads(written("json", one))[0]["url"] == documented
    assert json.loads(written("json-lines", one))["url"] == documented
    assert documented in json.loads(written("gitlab", one))[0]["content"]["body"]
    assert json.loads(written("rdjson", one))["diagnostics"][0]["code"] == {"value": "POL101", "url": documented}
    assert f"[POL101]({documented})" in written("markdown", one)
    assert written("github", one).endswith(f"%0A{documented}")
    assert (ET.fromstring(written("junit", one))[0][0][0].text or "").endswith(documented)
    assert f"description='{documented}'" in written("teamcity", one)
    for name in ("azure", "checkstyle", "pylint", "full", "concise", "grouped"):
        assert documented not in written(name, one), "these have no place for it"
    theirs = made(tmp_path, url="https://other.example/x")
    assert json.loads(written("json", theirs))[0]["url"] == "https://other.example/x"
    assert json.loads(written("json", made(tmp_path, code="POL900", name="crash")))[0]["url"].endswith("#pol900-crash")


def test_what_says_nothing_of_its_documentation_has_no_link(tmp_path: Path) -> None:
    assert json.loads(written("json", made(tmp_path, code="XYZ001")))[0]["url"] is None


@pytest.mark.parametrize("name", FOR_PEOPLE)
def test_hyperlinks_on_terminals(name: str, tmp_path: Path, documented: str) -> None:
    text = "\n".join(renderer(name)(Report([made(tmp_path, "a b;.py")], lambda _: LEAK.splitlines(), links=True)))
    assert f"\x1b]8;;{documented}\x1b\\POL101\x1b]8;;\x1b\\" in text
    assert f"\x1b]8;;{(tmp_path / 'a b;.py').as_uri()}\x1b\\a b;.py" in text


@pytest.mark.parametrize(
    ("variables", "is_terminal", "shown"),
    [
        ({}, True, False),
        ({"VTE_VERSION": "7600"}, True, True),
        ({"TERM_PROGRAM": "vscode"}, True, True),
        ({"TERM": "xterm-kitty"}, True, True),
        ({"TERM": "xterm-kitty"}, False, False),
        ({"TERM": "xterm-kitty", "CI": "true"}, True, False),
        ({"TERM": "xterm-kitty", "FORCE_HYPERLINK": "0"}, True, False),
        ({"FORCE_HYPERLINK": "1"}, False, True),
    ],
)
def test_which_terminals_take_them(
    variables: dict[str, str], is_terminal: bool, shown: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (*style._SHOW_LINKS, "TERM_PROGRAM", "TERM", "CI", "FORCE_HYPERLINK", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: is_terminal)
    assert style.wants_links(stream) is shown


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_from_the_command_line(name: str, here: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (here / "leak.py").write_text(LEAK, encoding="utf-8")
    assert main(["check", f"--output-format={name}", "leak.py"]) == 1
    shown = capfd.readouterr().out
    assert "POL101" in shown
    assert ("Found " in shown) is (name in FOR_PEOPLE)
    assert main(["check", f"--output-format={name}=report.txt", "leak.py"]) == 1
    said = capfd.readouterr().out
    report = (here / "report.txt").read_text(encoding="utf-8")
    assert report in shown
    assert (report != "") is ("POL101" in shown)
    assert said.startswith("Found ")
    (here / "leak.py").write_text("import asyncpg\n")
    assert main(["check", f"--output-format={name}", "leak.py"]) == 0
    clean = capfd.readouterr().out
    if name in FOR_PEOPLE:
        assert clean == "All checks passed!\n"
    elif name in ("github", "azure", "pylint", "json-lines", "teamcity"):
        assert clean == ""
    else:
        assert clean


def test_several_formats_at_once(here: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (here / "leak.py").write_text(LEAK, encoding="utf-8")
    formats = ["--output-format=concise", "--output-format=sarif=a.sarif", "--output-format", "junit=b.xml"]
    assert main(["check", *formats, "leak.py"]) == 1
    assert "leak.py:6:18: POL101" in capfd.readouterr().out
    assert json.loads((here / "a.sarif").read_bytes())["version"] == "2.1.0"
    assert ET.fromstring((here / "b.xml").read_bytes()).tag == "testsuites"
    assert main(["check", "--output-format=json", "--output-file=all.json", "leak.py"]) == 1
    assert [one["code"] for one in json.loads((here / "all.json").read_bytes())] == ["POL101"]
    assert capfd.readouterr().out.startswith("Found 1 error.")
    assert main(["merge", "all.json", "--output-format=github"]) == 1
    assert capfd.readouterr().out.startswith("::error title=poolint (POL101),file=leak.py,line=6,")


@pytest.mark.parametrize(
    ("given", "file", "said"),
    [
        (["sariff"], None, "unknown format 'sariff' (did you mean 'sarif'?)"),
        (["json", "full"], None, "json and full both go to standard output; give one as full=FILE"),
        (["json=a", "sarif=a"], None, "json and sarif both go to a"),
        (["json="], None, "'json=' names no file"),
        (["json=no/such/place.json"], None, "no/such/place.json: there is no such directory to write into"),
        (["json=a.json"], "b.json", "--output-file: each format has a file of its own"),
    ],
)
def test_what_cannot_be_meant(given: list[str], file: str | None, said: str, here: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        outputs(given, file)
    assert said in str(raised.value)
    assert list(here.iterdir()) == []


def test_a_report_that_cannot_be_written(here: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (here / "leak.py").write_text(LEAK, encoding="utf-8")
    (here / "report").mkdir()
    assert main(["check", "--output-format=json=report", "leak.py"]) == 2
    assert "report: cannot be written" in capfd.readouterr().err
    assert sorted(one.name for one in here.iterdir() if not one.name.startswith(".")) == ["leak.py", "report"]


def test_colours_as_asked(here: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (here / "leak.py").write_text(LEAK, encoding="utf-8")
    main(["check", "--color=always", "--output-format=concise", "leak.py"])
    assert "\x1b[" in capfd.readouterr().out
    main(["check", "--color=never", "--output-format=grouped", "leak.py"])
    assert "\x1b[" not in capfd.readouterr().out


def codes(report: Report) -> list[str]:
    return ["codes:", *(one.code for one in report.diagnostics)]


def test_reporters_of_others(here: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    points = [
        EntryPoint("codes", f"{__name__}:codes", GROUP),
        EntryPoint("broken", "no.such.module:render", GROUP),
    ]
    real = importlib.metadata.entry_points

    def with_ours(group: str) -> list[EntryPoint]:
        return points if group == GROUP else list(real(group=group))

    monkeypatch.setattr(importlib.metadata, "entry_points", with_ours)
    (here / "leak.py").write_text(LEAK, encoding="utf-8")
    assert main(["check", "--select=POL101", "--output-format=codes", "leak.py"]) == 1
    assert capfd.readouterr().out.splitlines()[:2] == ["codes:", "POL101"]
    assert main(["check", "--output-format=broken", "leak.py"]) == 2
    assert "the reporter 'broken' cannot be loaded: ModuleNotFoundError" in capfd.readouterr().err


def test_every_format_has_a_module() -> None:
    assert set(FORMATS) == {*FOR_PEOPLE, *FOR_MACHINES}
    for name in FORMATS:
        assert callable(renderer(name))
