"""The report to look at: whole, escaped, asking nobody for anything; what its script does, in a browser where there is one."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from poolint.cli.main import main
from poolint.diagnostics import Diagnostic, Place, Position, Range, Silence, Step
from poolint.output import html
from poolint.output.formats import renderer
from poolint.output.report import Report
from poolint.output.survey import Blind, Budget, Held, Pool, Survey, Unseen, Wait

EXAMPLE = Path(__file__).parents[2] / "examples" / "orders"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
AXE = os.environ.get("POOLINT_AXE", "")
"""The file ``axe.min.js`` of the npm package axe-core."""
VALIDATE = os.environ.get("POOLINT_HTML_VALIDATE", "")
"""The command of the npm package html-validate."""
VOID = {"meta", "input", "br", "link", "img", "hr"}
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&\x1b[31m\u202e\udcff`"
CODE = 'import asyncpg\n\n\nasync def f(pool: asyncpg.Pool) -> None:\n\tconn = await pool.acquire()  # <b>"\n    x = "</code>"\n'

needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on the path")


def made(row: int = 5, **changes: Any) -> Diagnostic:
    one = Diagnostic(
        "POL402",
        "external-call-while-held",
        "`charge` waits",
        "/app/orders.py",
        Range(Position(row, 9), Position(row, 29)),
        function="f",
        path=(
            Step("`conn` is taken", "/app/orders.py", Range(Position(5, 9), Position(5, 29))),
            Step("calls `post`", "/app/pay.py", Range(Position(1, 1), Position(1, 7))),
        ),
        fingerprint="0123456789abcdef",
    )
    return replace(one, **changes)


SURVEY = Survey(
    (Held("/app/orders.py", HOSTILE, HOSTILE, HOSTILE, 4, 6, True, 2, 1, (Wait(5, ("charge", HOSTILE), "http"),)),),
    Unseen(
        3,
        1,
        1,
        1,
        (("a parameter", (Blind("/app/orders.py", 4, HOSTILE, 2),)),),
        (("acme", (Blind("/a.py", 1, "b"),)),),
    ),
    (
        Budget(
            HOSTILE,
            (Pool(HOSTILE, HOSTILE, "90", (("each", "15", HOSTILE),)),),
            (("195", "in all", HOSTILE),),
            "over by 48",
            True,
            (HOSTILE,),
        ),
    ),
    (HOSTILE,),
)


def page(*found: Diagnostic, survey: Survey | None = SURVEY, **more: Any) -> str:
    report = Report(found, lambda _: CODE.splitlines(True), survey=lambda: survey, roots=("/app",), **more)
    return "\n".join(renderer("html")(report))


class Reader(HTMLParser):
    """Holds a page to what a browser does not: every element is closed where it was opened, ids are unique."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.handlers: list[str] = []
        self.labelled: list[str] = []
        self.elements: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in ("src", "href", "srcset", "action", "data", "poster"):
                self.addresses.append(value or "")
            if name.startswith("on") or name == "style":
                self.handlers.append(name)
            if name in ("aria-labelledby", "for"):
                self.labelled.append(value or "")

    def handle_startendtag(self, tag: str, _: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)  # of the pictures

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert not reader.open
    assert len(reader.ids) == len(set(reader.ids))
    assert set(reader.labelled) <= set(reader.ids)
    return reader


@pytest.mark.parametrize("count", [0, 1, 1000])
def test_a_page_is_whole_and_asks_nobody_for_anything(count: int) -> None:
    text = page(*(made(number % 5 + 1) for number in range(count)))
    reader = read(text)
    assert text.count('<details class="finding') == count
    assert all(one.startswith("#") and one[1:] in reader.ids for one in reader.addresses)
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org)|\bfetch\(|XMLHttpRequest|import\(", text)
    assert (count == 0) == ("Nothing was found." in text)
    assert text.count(" open>") == (count if count <= 30 else 0)
    text.encode("utf-8")


def test_nothing_runs_and_nothing_loads_but_what_the_page_brings() -> None:
    text = page(made())
    [style] = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    [script] = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    [policy] = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    digests = [b64encode(sha256(one.encode()).digest()).decode() for one in (style, script)]
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digests[0]}'; script-src 'sha256-{digests[1]}'; base-uri 'none'; "
        "form-action 'none'"
    )
    reader = read(text)
    assert reader.elements.count("script") == 1
    assert reader.handlers == []


def test_everything_that_is_not_ours_is_escaped() -> None:
    hostile = made(
        message=HOSTILE,
        filename=f"/app/{HOSTILE}.py",
        name=HOSTILE,
        function=HOSTILE,
        url=f"javascript:{HOSTILE}",
        also=(Place(HOSTILE, made().range),),
        path=(Step(HOSTILE, f"/else/{HOSTILE}", Range(Position(99, 1), Position(99, 2))), *made().path),
    )
    silenced = (replace(hostile, silence=Silence("comment", HOSTILE)),)
    text = page(hostile, made(), silenced=silenced)
    reader = read(text)
    assert reader.elements.count("script") == 1
    assert "img" not in reader.elements
    assert reader.handlers == []
    assert not any(one.startswith("javascript") for one in reader.addresses)
    assert "\x1b" not in text
    assert "\u202e" not in text
    text.encode("utf-8")
    assert "suppressed by a comment: " in text


def test_a_rule_is_linked_where_it_has_an_address() -> None:
    assert 'href="https://docs.example.org/rules.html#pol402"' in page(
        made(url="https://docs.example.org/rules.html#pol402")
    )


def test_a_path_is_drawn_over_its_code() -> None:
    calls = Step("calls `post`", "/app/orders.py", Range(Position(6, 5), Position(6, 6)))
    text = page(made(path=(made().path[0], calls, made().path[1])))
    frame = re.findall(r'<div class="code".*?</div>', text, re.DOTALL)[0]
    assert frame.count('<b class="step">') == 2
    assert frame.count('class="tip"') == 1, "one line, from the first step to the second"
    assert '<mark class="hit">' in frame
    assert '<i class="a">await</i>' in frame
    # What is held is told where it is: rows 4 to 6 of this function by the survey of another one, so not here.
    assert "legend" not in frame
    held = replace(SURVEY, held=(replace(SURVEY.held[0], function="f"),))
    assert page(made(), survey=held).count('class="legend"') == 1


def test_a_file_that_is_gone_or_binary_leaves_the_words() -> None:
    report = Report((made(),), survey=lambda: None)
    text = "\n".join(renderer("html")(report))
    read(text)
    assert "calls <code>post</code>" in text
    assert "What is held" not in text


def test_the_command_line_writes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "orders"
    shutil.copytree(EXAMPLE, copy)
    monkeypatch.chdir(copy)
    assert main(["check", "--no-cache", "--output-format", "html=report.html", "."]) == 1
    text = (copy / "report.html").read_text(encoding="utf-8")
    reader = read(text)
    assert text.count('<details class="finding') == 8
    assert {"held", "unseen", "budget", "findings"} <= set(reader.ids)
    assert "over by 48" in text
    assert "settle" in text
    assert str(tmp_path) not in text, "places are told from the working directory"
    first = text
    assert main(["check", "--no-cache", "--output-format", "html", "."]) == 1
    assert first in capsys.readouterr().out


def browse(tmp_path: Path, text: str, script: str) -> Any:
    """What a script gives that runs behind the page's own, in a headless browser."""
    assert CHROMIUM is not None
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
    file = tmp_path / "page.html"
    run = f"<script>(async () => {{ {script} }})().then((it) => {{ document.title = JSON.stringify(it); }})</script>"
    file.write_text(text.replace("</body>", f"{run}</body>"), encoding="utf-8")
    ran = subprocess.run(
        [
            CHROMIUM, "--headless", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-quic",
            "--no-first-run", "--disable-sync",
            "--disable-background-networking", "--disable-component-update", f"--user-data-dir={tmp_path / 'profile'}",
            "--virtual-time-budget=60000", "--dump-dom", file.as_uri(),
        ],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=240,
        check=False,
    )  # fmt: skip
    [title] = re.findall(r"<title>(.*?)</title>", ran.stdout, re.DOTALL)[:1] or [ran.stderr]
    return json.loads(title.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))


KEYS = """
const press = (key) => document.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
const shown = () => document.querySelectorAll(".finding:not([hidden])").length;
const later = (ms) => new Promise((done) => setTimeout(done, ms));
const heads = () => Array.from(document.querySelectorAll(".group:not([hidden]) h3 .title"), (one) => one.textContent);
"""


@needs_browser
def test_in_a_browser(tmp_path: Path) -> None:
    one = made(filename="/app/other.py", code="POL101", name="unawaited-release", message="is never awaited", path=())
    found = browse(
        tmp_path,
        page(made(), made(6), one),
        f"""{KEYS}
        const said = {{ controls: !document.querySelector(".controls").hidden, heads: heads() }};
        press("2"); said.files = heads();
        press("/"); said.searching = document.activeElement.id;
        const search = document.getElementById("search");
        search.value = "AWAITED other"; search.dispatchEvent(new Event("input")); await later(200);
        said.matches = shown(); said.status = document.getElementById("status").textContent;
        search.dispatchEvent(new KeyboardEvent("keydown", {{ key: "Escape", bubbles: true }})); said.all = shown();
        press("c"); said.folded = document.querySelectorAll(".finding[open]").length;
        press("j"); press("j"); said.here = document.activeElement.parentElement.id;
        press("k"); said.before = document.activeElement.parentElement.id;
        press("e"); said.unfolded = document.querySelectorAll(".finding[open]").length;
        press("t"); press("t"); said.theme = document.documentElement.dataset.theme;
        press("?"); said.help = document.getElementById("keys").open; document.getElementById("keys").close();
        dispatchEvent(new Event("beforeprint")); said.printed = document.querySelectorAll("details:not([open])").length;
        said.requests = performance.getEntriesByType("resource").length;
        return said;""",
    )
    assert found == {
        "controls": True,
        "heads": ["POL101 unawaited-release", "POL402 external-call-while-held"],
        "files": ["/app/other.py", "/app/orders.py"],
        "searching": "search",
        "matches": 1,
        "status": "1 of 3 findings",
        "all": 3,
        "folded": 0,
        "here": "f2",
        "before": "f1",
        "unfolded": 3,
        "theme": "dark",
        "help": True,
        "printed": 0,
        "requests": 0,
    }


@needs_browser
def test_in_a_browser_with_a_thousand_findings(tmp_path: Path) -> None:
    found = browse(
        tmp_path,
        page(*(made(number % 5 + 1, filename=f"/app/{number % 40}.py") for number in range(1000))),
        f"""{KEYS} press("2"); return [heads().length, shown(), document.querySelectorAll(".finding[open]").length];""",
    )
    assert found == [40, 1000, 0]


@needs_browser
@pytest.mark.skipif(not AXE, reason="POOLINT_AXE does not name axe.min.js of the npm package axe-core")
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("count", [0, 1, 40])
def test_it_is_accessible(tmp_path: Path, count: int, theme: str) -> None:
    text = page(*(made(number % 5 + 1) for number in range(count)), silenced=(made(silence=Silence("baseline")),))
    axe = Path(AXE).read_text(encoding="utf-8").replace("</script>", "<\\/script>")
    wrong = browse(
        tmp_path,
        text.replace("</body>", f"<script>{axe}</script></body>"),
        f"""document.documentElement.dataset.theme = "{theme}";
        for (const one of document.querySelectorAll("#held details, #unseen details")) one.open = true;
        const ran = await axe.run(document, {{ resultTypes: ["violations"] }});
        return ran.violations.map((one) => [one.id, one.nodes[0].html]);""",
    )
    assert wrong == []


@pytest.mark.skipif(
    not VALIDATE, reason="POOLINT_HTML_VALIDATE does not name the command of the npm package html-validate"
)
@pytest.mark.parametrize("count", [0, 1, 1000])
def test_it_is_valid_html(tmp_path: Path, count: int) -> None:
    file = tmp_path / "report.html"
    file.write_text(page(*(made(number % 5 + 1) for number in range(count))), encoding="utf-8")
    ran = subprocess.run(
        [VALIDATE, str(file)], capture_output=True, text=True, check=False, shell=sys.platform == "win32"
    )
    assert ran.returncode == 0, ran.stdout


def test_paper_has_the_colours_of_the_light_theme() -> None:
    """Whichever theme was chosen on the screen: the same values stand in the part for print."""
    style = (Path(str(html.__file__)).parent / "report.css").read_text(encoding="utf-8")
    colours = re.findall(r"--(?!mono)[\w-]+: #\w+;", style.partition("}")[0])
    printed = style.partition("@media print {")[2]
    assert colours
    assert re.findall(r"--[\w-]+: #\w+;", printed.partition("}")[0]) == colours
